// SPDX-License-Identifier: MIT
/// Reading and adding at positions given by integer tensors. Negative positions count from the end.
#pragma once

#include "autodiff/tensor.hpp"

namespace autodiff {
inline namespace v1 {

/// y = x with `axis` replaced by the axes of `indices`: y[.., i.., ..] = x[.., indices[i..], ..]
/// vjp      scatter_add of ybar (duplicates add)        saves: indices        throws IndexError
template <class T>
Tensor<T> take(const Tensor<T>& x, const Tensor<Index>& indices, Index axis = 0);
/// The transpose of take: zeros of extent `extent` along `axis`, to which the rows of `updates` are added, in their order.
/// updates: axis replaced by the axes of indices        vjp: take of ybar
template <class T>
Tensor<T> scatter_add(const Tensor<T>& updates, const Tensor<Index>& indices, Index extent, Index axis = 0);
/// y has the shape of indices: along the axis y[.., i, ..] = x[.., indices[.., i, ..], ..]; other extents agree with x
/// vjp      adds at the same positions
template <class T>
Tensor<T> gather(const Tensor<T>& x, const Tensor<Index>& indices, Index axis);
/// The transpose of gather.
template <class T>
Tensor<T> gather_transpose(const Tensor<T>& updates, const Tensor<Index>& indices, Index extent, Index axis);

}  // namespace v1
}  // namespace autodiff
