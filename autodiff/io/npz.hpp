// SPDX-License-Identifier: MIT
/// Tensors by name in NumPy's archive: a zip file of npy files. zip.hpp says what is refused.
#pragma once

#include "autodiff/io/named_tensors.hpp"

#include <filesystem>

namespace autodiff {
inline namespace v1 {
namespace io {

/// Reads what numpy.savez and numpy.savez_compressed wrote: a tensor for every member "name.npy", in the order of the directory, with the
/// element types of read_npy. Unpacking stops where the member's own header says that the values end.
/// throws LoadError naming what is wrong and at which byte of the file, or of the member if that is packed;
///        std::system_error if the file cannot be read
[[nodiscard]] NamedTensors read_npz(const std::filesystem::path& path, const LoadLimits& limits = {});

/// Writes float and double tensors, not packed, for numpy.load; equal tensors give equal bytes. Through a temporary file beside `path`.
/// throws ValueError for a name that comes twice or cannot be that of a file, a tensor that is absent, and beyond 4 GiB;
///        std::system_error if writing fails
void write_npz(const std::filesystem::path& path, const NamedTensors& tensors);

}  // namespace io
}  // namespace v1
}  // namespace autodiff
