// SPDX-License-Identifier: MIT
/// What every file of tensors holds, and how much a reader takes from one. The formats: npy.hpp, npz.hpp, json.hpp, safetensors.hpp;
/// read_tensors.hpp reads them all.
#pragma once

#include "autodiff/node.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace autodiff {
inline namespace v1 {
namespace io {

using NamedTensors = std::vector<std::pair<std::string, AnyTensor>>;

/// What a file may ask for at most; a LoadError says which limit it was.
struct LoadLimits {
    std::uint64_t bytes = std::uint64_t{8} << 30;  ///< of the file, of all that it unpacks to, and of the tensors
    std::size_t tensors = 65535;
};

}  // namespace io
}  // namespace v1
}  // namespace autodiff
