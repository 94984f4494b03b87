// SPDX-License-Identifier: MIT
/// One tensor in NumPy's file format: a magic number, a header that is a Python dictionary, the values.
/// The header is read by a grammar of its own size, nothing is evaluated; what the header says is compared with the size of the file
/// before anything is allocated. Several tensors in one file: npz.hpp.
#pragma once

#include "autodiff/io/named_tensors.hpp"

#include <filesystem>

namespace autodiff {
inline namespace v1 {
namespace io {

/// Reads what numpy.save wrote: <f4 as float; <f8, <i4, <i8, |u1 and |b1 as double, a mask as 0 and 1. In row-major order, whatever the
/// order in the file.
/// throws LoadError naming what is wrong and at which byte (another type, an integer beyond 2^53, bytes missing or left over),
///        std::system_error if the file cannot be read
/// source numpy.lib.format, versions 1.0, 2.0 and 3.0
[[nodiscard]] AnyTensor read_npy(const std::filesystem::path& path, const LoadLimits& limits = {});

/// Writes <f4 or <f8 in row-major order, for numpy.load, through a temporary file beside `path`.
/// throws ValueError for a tensor that is absent, std::system_error if writing fails
void write_npy(const std::filesystem::path& path, const AnyTensor& tensor);

}  // namespace io
}  // namespace v1
}  // namespace autodiff
