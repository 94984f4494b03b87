// SPDX-License-Identifier: MIT
/// What the command line of `digits` says, checked before anything runs.
#pragma once

#include "autodiff/shape.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace digits {

struct Options {
    std::string model = "mlp";
    std::vector<autodiff::Index> layers;  ///< hidden units of the mlp, channels of the two convolutions of the cnn
    int epochs = 0;                       ///< 0 until `complete` has put in a default
    int batch = 32;
    double lr = 0;  ///< as epochs
    std::string data;
    std::uint64_t seed = 1;
    int threads = 0;      ///< 0: as many as the machine has
    std::string summary;  ///< empty: none
};

/// Nothing if only the help was asked for, which is then printed. throws BadInput
std::optional<Options> parse(int argc, const char* const* argv, const std::string& default_data);

/// Fills in the epochs and the learning rate that were not given: what trains the model well in seconds, fewer epochs for a larger set.
void complete(Options& options, autodiff::Index images, autodiff::Index pixels);

}  // namespace digits
