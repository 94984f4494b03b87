// SPDX-License-Identifier: MIT
/// One reader for all formats of tensors by name.
#pragma once

#include "autodiff/io/named_tensors.hpp"

#include <filesystem>

namespace autodiff {
inline namespace v1 {
namespace io {

/// Reads .npz, .safetensors, .json, or .npy, whose one tensor has the name of the file.
/// throws ValueError for another extension, and what the reader of the format throws
[[nodiscard]] NamedTensors read_tensors(const std::filesystem::path& path, const LoadLimits& limits = {});

}  // namespace io
}  // namespace v1
}  // namespace autodiff
