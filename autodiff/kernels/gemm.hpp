// SPDX-License-Identifier: MIT
/// Matrix products of strided views: lanes (products.hpp) where an extent is small, a library (blas.hpp) for the rest. Next: conv.hpp.
#pragma once

#include "autodiff/shape.hpp"

namespace autodiff {
inline namespace v1 {
namespace kernels {

/// c[i,j] (+)= sum_k a[i,k] b[k,j]        a: [m, k]   b: [k, n]   c: [m, n]        T: float, double
///
/// Any strides: transposed views are read where they lie, a view without a unit stride (or with a negative or zero one) may be
/// copied first. `c` must not overlap `a` or `b`, nor itself. With accumulate = false `c` is only written, never read.
/// k = 0 gives zeros. NaN and inf propagate by the formula, 0 * NaN included.
/// Bits: the same for any number of threads, with one library on one kind of CPU.
/// cost     m n k multiply-adds
/// throws   ShapeError unless the three have rank 2 and fit, or if an extent or stride is above what BLAS counts with (2^31 - 1)
template <class T>
void matmul(const View<const T>& a, const View<const T>& b, const View<T>& c, bool accumulate);

/// c[..., i,j] (+)= sum_k a[..., i,k] b[..., k,j]        leading axes alike in all three, already broadcast (stride 0 repeats)
///
/// One product where the leading axes of `a` and `c` are rows of a matrix and `b` repeats; else one a batch, in parallel. The rest
/// as for matmul.
template <class T>
void batched_matmul(const View<const T>& a, const View<const T>& b, const View<T>& c, bool accumulate);

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff
