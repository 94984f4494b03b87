// SPDX-License-Identifier: MIT
/// Extents, strides and NumPy broadcasting: pure functions of integers, no values. Next: tensor.hpp.
#pragma once

#include "autodiff/error.hpp"
#include "autodiff/short_list.hpp"

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace autodiff {
inline namespace v1 {

/// Extents, strides, positions: always 64 bits, signed.
using Index = std::int64_t;

/// Integers, one per axis.
using Extents = ShortList<Index, 4>;

/// The extents of a tensor, row-major. Rank 0 is a single number; an extent of 0 is an empty tensor.
class Shape {
  public:
    Shape() = default;
    Shape(std::initializer_list<Index> extents) : Shape(std::span<const Index>(extents.begin(), extents.size())) {}
    /// throws ShapeError for a negative extent or a product above 2^62
    explicit Shape(std::span<const Index> extents);

    [[nodiscard]] Index rank() const noexcept { return static_cast<Index>(extents_.size()); }
    [[nodiscard]] Index size() const noexcept { return size_; }  ///< product of the extents
    /// axis may count from the end (-1 is the last); throws ShapeError outside [-rank, rank)
    [[nodiscard]] Index operator[](Index axis) const { return extents_[static_cast<std::size_t>(normalise_axis(axis))]; }
    [[nodiscard]] Index normalise_axis(Index axis, std::string_view operation = "shape") const {
        const Index n = rank();
        if (axis < -n || axis >= n) [[unlikely]]
            throw_axis(axis, operation);
        return axis < 0 ? axis + n : axis;
    }
    [[nodiscard]] std::span<const Index> extents() const noexcept { return {extents_.data(), extents_.size()}; }
    [[nodiscard]] auto begin() const noexcept { return extents_.begin(); }
    [[nodiscard]] auto end() const noexcept { return extents_.end(); }
    friend bool operator==(const Shape& a, const Shape& b) noexcept { return a.extents_ == b.extents_; }

  private:
    [[noreturn]] void throw_axis(Index axis, std::string_view operation) const;
    Extents extents_;
    Index size_ = 1;
};

using Strides = Extents;  ///< in elements, one per axis; 0 repeats, negative runs backwards

/// `[2, 3]`, `[]` for rank 0: the spelling of every message.
std::string to_string(const Shape& shape);

/// Strides of a contiguous row-major tensor.
Strides row_major(const Shape& shape);
/// Whether elements lie in row-major order without gaps (axes of extent 1 do not matter).
bool is_row_major(const Shape& shape, const Strides& strides);

/// The shape of `a op b` under NumPy's rule: aligned at the last axis, extents equal or 1.
/// throws ShapeError naming the operation and both shapes
Shape broadcast(const Shape& a, const Shape& b, std::string_view operation = "broadcast");
/// Whether `from` can be broadcast to `to`.
bool broadcasts_to(const Shape& from, const Shape& to);
/// Strides that read a tensor of shape `from` as if it had shape `to`; throws ShapeError if that cannot be.
Strides broadcast_strides(const Shape& from, const Strides& strides, const Shape& to);

/// Which axes a reduction runs over; every axis when none is named.
class Axes {
  public:
    Axes() = default;
    Axes(std::integral auto axis) : axes_{static_cast<Index>(axis)}, all_(false) {}
    Axes(std::initializer_list<Index> axes) : axes_(axes.begin(), axes.end()), all_(false) {}
    explicit Axes(std::span<const Index> axes) : axes_(axes.begin(), axes.end()), all_(false) {}
    /// Sorted, non-negative, checked; throws ShapeError for an axis out of range or named twice.
    [[nodiscard]] Extents resolve(const Shape& shape, std::string_view operation) const;

  private:
    Extents axes_;
    bool all_ = true;
};

/// The shape after reducing the (resolved) axes: removed, or kept with extent 1.
Shape reduced(const Shape& shape, const Extents& axes, bool keep_axes);
/// The axes over which an adjoint of shape `to` is summed to come back to `from`, the transpose of broadcasting.
Extents broadcast_axes(const Shape& from, const Shape& to);

/// Borrowed values with a layout: what kernels read and write. `T` is const for inputs.
template <class T>
struct View {
    T* data = nullptr;
    Shape shape;
    Strides strides;

    [[nodiscard]] bool contiguous() const { return is_row_major(shape, strides); }
    [[nodiscard]] View broadcast_to(const Shape& to) const { return {data, to, broadcast_strides(shape, strides, to)}; }
    operator View<const T>() const requires(!std::is_const_v<T>) { return {data, shape, strides}; }
};

/// Where an axis may be put in: one place more than there are axes, counted from the end if negative. throws ShapeError elsewhere
[[nodiscard]] Index new_axis(const Shape& shape, Index axis, std::string_view operation);

}  // namespace v1
}  // namespace autodiff
