// SPDX-License-Identifier: MIT
/// Reductions over some axes of a view: the axes are sorted and checked (`Axes::resolve`), the others stay in their order, and
/// `y` is contiguous with the extents that stay. Loops follow the strides of `x`, so a transposed view costs what its copy would.
/// Every result is the same bits for any number of threads; another layout of `x` may round differently. Next: gemm.hpp.
#pragma once

#include "autodiff/shape.hpp"

namespace autodiff {
inline namespace v1 {
namespace kernels {

/// y[kept] = sum over axes of x; 0 for nothing to add. T: float, double, Index.
/// cost     one pass; blocks added pairwise: the error is below (32 + log2 n) eps sum |x|, whatever n
template <class T>
void sum(const View<const T>& x, const Extents& axes, T* y);

/// y[kept] = how many x are true along axes.
void count(const View<const bool>& x, const Extents& axes, Index* y);

/// y[kept] = product over axes of x; 1 for nothing to multiply. T: float, double.
template <class T>
void prod(const View<const T>& x, const Extents& axes, T* y);

/// y[kept] = largest x along axes; NaN if any is NaN. -inf for no element: callers throw before. T: float, double.
template <class T>
void amax(const View<const T>& x, const Extents& axes, T* y);

/// y[kept] = smallest x along axes; NaN if any is NaN. +inf for no element: callers throw before. T: float, double.
template <class T>
void amin(const View<const T>& x, const Extents& axes, T* y);

/// y[kept] = position along `axis` of the largest x, the first of equals; NaN counts as the largest. T: float, double.
/// The axis must have an element: callers throw before.
template <class T>
void argmax(const View<const T>& x, Index axis, Index* y);

/// y[kept] = log sum over axes of exp(x), computed as m + log sum exp(x - m) with m = amax x. T: float, double.
/// No overflow for large x; -inf if all x are -inf or there is none, +inf if one is +inf, NaN if one is NaN.
template <class T>
void logsumexp(const View<const T>& x, const Extents& axes, T* y);

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff
