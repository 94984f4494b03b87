// SPDX-License-Identifier: MIT
/// Reading and adding at positions that are data: lookups and their transposes. Indices are not negative and in range: callers
/// resolve and check them. Everything runs in the order of the indices: duplicates add up repeatably.
/// All throw ShapeError under their own name if the extents do not fit.
#pragma once

#include "autodiff/shape.hpp"

namespace autodiff {
inline namespace v1 {
namespace kernels {

/// y[before, i, after] = x[before, indices[i], after]        y: x's extents with `axis` replaced by the extents of indices
/// y is only written. T: float, double, Index, bool.
template <class T>
void take(const View<const T>& x, const View<const Index>& indices, Index axis, const View<T>& y);

/// y[before, indices[i], after] += updates[before, i, after]: the transpose of take. T: float, double.
template <class T>
void scatter_add(const View<T>& y, const View<const Index>& indices, Index axis, const View<const T>& updates);

/// y[before, i, after] = x[before, indices[before, i, after], after]        y and indices: x's extents but for `axis`
/// y is only written. T: float, double, Index, bool.
template <class T>
void take_along_axis(const View<const T>& x, const View<const Index>& indices, Index axis, const View<T>& y);

/// y[before, indices[before, i, after], after] += updates[before, i, after]: the transpose of take_along_axis. T: float, double.
template <class T>
void scatter_add_along_axis(const View<T>& y, const View<const Index>& indices, Index axis, const View<const T>& updates);

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff
