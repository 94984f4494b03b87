// SPDX-License-Identifier: MIT
/// A problem in a file, so that the same numbers can be computed by hand in any language:
///
///     {"layers": [2, 3, 2],
///      "activations": "sigmoid",                  one for all layers, or a list with one for each
///      "loss": "half_squared_error",              or "mse", "cross_entropy"
///      "input": [[0.5, -1]],                      a row for each sample
///      "target": [[1, 0]],                        the same; for cross_entropy also a list of labels
///      "parameters": {"W1": [[..], ..], "b1": [..], ..}}
///
/// Instead of numbers, input, target and parameters may name a file (.npy for the first two, .npz, .json or .safetensors) beside this one.
#pragma once

#include "examples/wengert/network.hpp"

#include <filesystem>

namespace wengert {

/// throws BadInput naming the file and the key that is wrong, or a path that leaves the folder
[[nodiscard]] Problem read_model(const std::filesystem::path& path);

/// Tensors by name from any format of autodiff/io. throws BadInput naming the file
[[nodiscard]] autodiff::io::NamedTensors read_tensors_file(const std::filesystem::path& path);

/// A problem as the text of such a file, everything inline.
[[nodiscard]] std::string model_text(const Problem& problem);

}  // namespace wengert
