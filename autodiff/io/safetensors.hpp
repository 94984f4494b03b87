// SPDX-License-Identifier: MIT
/// Tensors by name in a safetensors file: 8 bytes with the length of a JSON header, the header, the values.
/// The reader trusts no length: every number is checked against the size of the file before anything is allocated.
#pragma once

#include "autodiff/io/named_tensors.hpp"

#include <filesystem>

namespace autodiff {
inline namespace v1 {
namespace io {

/// Writes float and double tensors (F32, F64, little-endian, row-major), through a temporary file beside `path`, so that a failure
/// leaves an older file as it was. throws ValueError for a name twice or a tensor that is absent, std::system_error if writing fails
void write_safetensors(const std::filesystem::path& path, const NamedTensors& tensors);

/// Reads the tensors of a file in the order of their values: F64 as double, F32, F16 and BF16 as float, integers and BOOL as double.
/// throws LoadError naming what is wrong and at which byte, also for an integer beyond 2^53; std::system_error if the file cannot be read
/// source   the safetensors format, https://github.com/huggingface/safetensors
[[nodiscard]] NamedTensors read_safetensors(const std::filesystem::path& path, const LoadLimits& limits = {});

}  // namespace io
}  // namespace v1
}  // namespace autodiff
