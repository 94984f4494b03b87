// SPDX-License-Identifier: MIT
/// Tensors by name as JSON, which every language writes: {"dW1": [[0.1, 0.2], [0.3, 0.4]], "loss": 0.5}. A number is a tensor of rank 0,
/// lists of equal length are its axes.
#pragma once

#include "autodiff/io/named_tensors.hpp"

#include <filesystem>
#include <string_view>

namespace autodiff {
inline namespace v1 {
namespace io {

/// Reads an object of numbers and nested lists of numbers, as double, in the order of the file.
/// throws LoadError naming what is wrong and at which byte (lists of unequal length, a name twice, no number, NaN or an infinity, which
///        Python writes although JSON has none, anything after the object),
///        std::system_error if the file cannot be read
[[nodiscard]] NamedTensors read_json(const std::filesystem::path& path, const LoadLimits& limits = {});
/// The same from text.
[[nodiscard]] NamedTensors parse_json_tensors(std::string_view text, const LoadLimits& limits = {});

/// Writes one name a line; numbers come back bit for bit (float ones as double).
/// throws ValueError for a name twice, not in UTF-8, a tensor that is absent, or a value that JSON cannot write (infinite or NaN);
///        std::system_error if writing fails
void write_json(const std::filesystem::path& path, const NamedTensors& tensors);

}  // namespace io
}  // namespace v1
}  // namespace autodiff
