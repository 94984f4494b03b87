// SPDX-License-Identifier: MIT
/// Movement: each operation's VJP is another one of them. Views share memory; concat, stack and pad copy.
#pragma once

#include "autodiff/tensor.hpp"

#include <optional>

namespace autodiff {
inline namespace v1 {

/// x as a value of its own: the same elements, another row, so that what flows to it is known apart.        vjp: ybar
template <class T>
Tensor<T> identity(const Tensor<T>& x);

/// The same elements in row-major order under another shape; one extent may be -1 (what is left).
/// A view if x is contiguous.        vjp: reshape back        throws ShapeError unless the sizes agree
template <class T>
Tensor<T> reshape(const Tensor<T>& x, std::initializer_list<Index> extents);
template <class T>
Tensor<T> reshape(const Tensor<T>& x, const Shape& shape);
/// All axes from `first` on as one.
template <class T>
Tensor<T> flatten(const Tensor<T>& x, Index first = 0);
/// Axes in reverse order; a view.        vjp: transpose back
template <class T>
Tensor<T> transpose(const Tensor<T>& x);
/// y's axis k is x's axis order[k]; a view.
template <class T>
Tensor<T> transpose(const Tensor<T>& x, std::initializer_list<Index> order);
template <class T>
Tensor<T> transpose(const Tensor<T>& x, std::span<const Index> order);
/// Two axes exchanged; a view.
template <class T>
Tensor<T> swap_axes(const Tensor<T>& x, Index a, Index b);
/// An axis of extent 1 put in, or taken out (throws ShapeError if its extent is not 1).
template <class T>
Tensor<T> unsqueeze(const Tensor<T>& x, Index axis);
template <class T>
Tensor<T> squeeze(const Tensor<T>& x, Index axis);
/// x repeated to a larger shape without copying.        vjp: sum over the repeated axes
template <class T>
Tensor<T> broadcast_to(const Tensor<T>& x, const Shape& shape);
/// The transpose of broadcast_to: summed back to a smaller shape.
template <class T>
Tensor<T> sum_to(const Tensor<T>& x, const Shape& shape);

/// start:stop:step along one axis, as in NumPy: negative positions count from the end, out-of-range ones are clipped,
/// a negative step runs backwards. throws ValueError for step 0
struct Slice {
    std::optional<Index> start{}, stop{};
    Index step = 1;
};
inline constexpr Slice all{};
/// A view: one Slice per leading axis, the rest whole.        vjp: ybar spread into zeros
template <class T>
Tensor<T> slice(const Tensor<T>& x, std::initializer_list<Slice> slices);
template <class T>
Tensor<T> slice(const Tensor<T>& x, std::span<const Slice> slices);
/// One position along an axis, which goes away; a view.        throws IndexError
template <class T>
Tensor<T> select(const Tensor<T>& x, Index axis, Index index);
/// The transpose of slice: zeros of `shape` with y at the slices' positions.
template <class T>
Tensor<T> unslice(const Tensor<T>& y, const Shape& shape, std::span<const Slice> slices);
/// Backwards along the axes; a view.        vjp: flip
template <class T>
Tensor<T> flip(const Tensor<T>& x, const Axes& axes = {});
/// `value` before and after each axis, one pair {before, after} per axis.        vjp: slice
template <class T>
Tensor<T> pad(const Tensor<T>& x, std::span<const std::pair<Index, Index>> widths, T value = T{});
template <class T>
Tensor<T> pad(const Tensor<T>& x, std::initializer_list<std::pair<Index, Index>> widths, T value = T{}) {
    return pad(x, std::span<const std::pair<Index, Index>>(widths.begin(), widths.size()), value);
}
/// Joined along an existing axis.        vjp: slices        throws ShapeError unless all other extents agree
template <class T>
Tensor<T> concat(std::span<const Tensor<T>> parts, Index axis = 0);
template <class T>
Tensor<T> concat(std::initializer_list<Tensor<T>> parts, Index axis = 0) {
    return concat(std::span<const Tensor<T>>(parts.begin(), parts.size()), axis);
}
template <class T>
Tensor<T> concat(const std::vector<Tensor<T>>& parts, Index axis = 0) {
    return concat(std::span<const Tensor<T>>(parts), axis);
}
/// Joined along a new axis.
template <class T>
Tensor<T> stack(std::span<const Tensor<T>> parts, Index axis = 0);
template <class T>
Tensor<T> stack(std::initializer_list<Tensor<T>> parts, Index axis = 0) {
    return stack(std::span<const Tensor<T>>(parts.begin(), parts.size()), axis);
}
template <class T>
Tensor<T> stack(const std::vector<Tensor<T>>& parts, Index axis = 0) {
    return stack(std::span<const Tensor<T>>(parts), axis);
}

}  // namespace v1
}  // namespace autodiff
