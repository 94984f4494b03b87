// SPDX-License-Identifier: MIT
/// Products of matrices by a library, one thread a call: CBLAS, and for float oneDNN where this build has it. Next: gemm.hpp.
#pragma once

#include "autodiff/kernels/matrix.hpp"

namespace autodiff {
inline namespace v1 {
namespace kernels {

/// c (+)= a b        a and b by rows or by columns (b.transposed().by_rows()), c by rows; no extent 0        T: float, double
///
/// With accumulate = false `c` is only written. The caller holds a SerialBlas.
/// throws   ShapeError if an extent or a stride is above what a BLAS counts with (2^31 - 1)
template <class T>
void library_product(const Matrix<const T>& a, const Matrix<const T>& b, const Matrix<T>& c, bool accumulate);

enum class Library { blas, onednn };

/// What multiplies matrices of floats: oneDNN if it is there and the CPU has AVX-512, for which it is quicker than OpenBLAS (64x784x256: 242
/// against 197 GFLOP/s; with AVX2 a training step of an MLP takes a fifth longer); or what the environment variable WENGERT_GEMM names
/// (blas, onednn). It is decided at the first call, and stays.
/// throws   ValueError if WENGERT_GEMM is none of these names, or names one that is not available
[[nodiscard]] Library library_of_floats();

/// The library that a wish means: the usual one for none (a null pointer, an empty text). throws ValueError as library_of_floats
[[nodiscard]] Library wished_library(const char* wish);

/// Whether this build has it and can keep it to one thread: a oneDNN that uses OpenMP, whose number of threads a thread sets for itself.
[[nodiscard]] bool available(Library library) noexcept;

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff
