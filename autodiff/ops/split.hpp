// SPDX-License-Identifier: MIT
/// A tensor cut into pieces, as one operation with several results. Joining is layout.hpp's concat and stack.
///
/// Slices could do the same, but the adjoint of each slice is a tensor as large as x: n pieces would cost n times x in the sweep. Here the
/// adjoints of all pieces are put side by side, once.
#pragma once

#include "autodiff/tensor.hpp"

namespace autodiff {
inline namespace v1 {

/// y[k] = x from extents[0] + .. + extents[k-1] on, extents[k] long, along the axis; views
/// vjp      xbar += the ybar[k] joined along the axis, zeros where none has arrived
/// throws   ShapeError unless the extents are at least 0 and add up to that of the axis
template <class T>
std::vector<Tensor<T>> split(const Tensor<T>& x, std::span<const Index> extents, Index axis = 0);
template <class T>
std::vector<Tensor<T>> split(const Tensor<T>& x, std::initializer_list<Index> extents, Index axis = 0) {
    return split(x, std::span<const Index>(extents.begin(), extents.size()), axis);
}
/// The same into so many equal pieces.        throws ShapeError unless parts >= 1 divides the extent
template <class T>
std::vector<Tensor<T>> split(const Tensor<T>& x, Index parts, Index axis = 0);
/// y[k] = x at position k of the axis, which goes away: stack(unstack(x, axis), axis) is x
template <class T>
std::vector<Tensor<T>> unstack(const Tensor<T>& x, Index axis = 0);

}  // namespace v1
}  // namespace autodiff
