// SPDX-License-Identifier: MIT
#include "autodiff/shape.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace autodiff {
inline namespace v1 {

namespace {

constexpr Index largest_size = Index{1} << 62;

std::string listed(std::span<const Index> extents) { return fmt::format("[{}]", fmt::join(extents, ", ")); }

}  // namespace

Shape::Shape(std::span<const Index> extents) : extents_(extents.begin(), extents.end()) {
    bool empty = false;
    for (const Index extent : extents_) {
        if (extent < 0) throw ShapeError("shape", "extents that are not negative", listed(extents));
        empty |= extent == 0;
    }
    for (const Index extent : extents_)
        if (!empty && __builtin_mul_overflow(size_, extent, &size_)) throw ShapeError("shape", "at most 2^62 elements", listed(extents));
    if (size_ > largest_size) throw ShapeError("shape", "at most 2^62 elements", listed(extents));
    if (empty) size_ = 0;
}

void Shape::throw_axis(Index axis, std::string_view operation) const {
    const std::string range = rank() == 0 ? "which has none" : fmt::format("from {} to {}", -rank(), rank() - 1);
    throw ShapeError(operation, fmt::format("an axis of {}, {}", to_string(*this), range), fmt::format("axis {}", axis));
}

std::string to_string(const Shape& shape) { return listed(shape.extents()); }

Strides row_major(const Shape& shape) {
    Strides strides(static_cast<std::size_t>(shape.rank()));
    Index step = 1;
    for (std::size_t axis = strides.size(); axis-- > 0;) {
        strides[axis] = step;
        step *= std::max<Index>(shape.extents()[axis], 1);
    }
    return strides;
}

bool is_row_major(const Shape& shape, const Strides& strides) {
    if (shape.size() == 0) return true;
    Index step = 1;
    for (std::size_t axis = strides.size(); axis-- > 0;) {
        const Index extent = shape.extents()[axis];
        if (extent == 1) continue;
        if (strides[axis] != step) return false;
        step *= extent;
    }
    return true;
}

Shape broadcast(const Shape& a, const Shape& b, std::string_view operation) {
    if (a == b) return a;
    const Shape& longer = a.rank() >= b.rank() ? a : b;
    const Shape& shorter = a.rank() >= b.rank() ? b : a;
    Extents result(longer.begin(), longer.end());
    const std::size_t lead = result.size() - static_cast<std::size_t>(shorter.rank());
    for (std::size_t axis = lead; axis < result.size(); ++axis) {
        const Index extent = shorter.extents()[axis - lead];
        if (result[axis] == 1)
            result[axis] = extent;
        else if (extent != 1 && extent != result[axis])
            throw ShapeError(operation, "shapes that broadcast together", fmt::format("{} and {}", to_string(a), to_string(b)));
    }
    return Shape(std::span<const Index>(result.data(), result.size()));
}

bool broadcasts_to(const Shape& from, const Shape& to) {
    if (from.rank() > to.rank()) return false;
    const std::size_t lead = static_cast<std::size_t>(to.rank() - from.rank());
    for (std::size_t axis = 0; axis < static_cast<std::size_t>(from.rank()); ++axis) {
        const Index extent = from.extents()[axis];
        if (extent != 1 && extent != to.extents()[axis + lead]) return false;
    }
    return true;
}

Strides broadcast_strides(const Shape& from, const Strides& strides, const Shape& to) {
    if (!broadcasts_to(from, to))
        throw ShapeError("broadcast", fmt::format("a shape that broadcasts to {}", to_string(to)), to_string(from));
    Strides result(static_cast<std::size_t>(to.rank()), 0);
    const std::size_t lead = result.size() - strides.size();
    for (std::size_t axis = 0; axis < strides.size(); ++axis)
        if (from.extents()[axis] == to.extents()[axis + lead]) result[axis + lead] = strides[axis];
    return result;
}

Extents Axes::resolve(const Shape& shape, std::string_view operation) const {
    Extents result;
    if (all_) {
        for (Index axis = 0; axis < shape.rank(); ++axis) result.push_back(axis);
        return result;
    }
    for (const Index axis : axes_) result.push_back(shape.normalise_axis(axis, operation));
    std::sort(result.begin(), result.end());
    if (std::adjacent_find(result.begin(), result.end()) != result.end())
        throw ShapeError(operation, "every axis named once", listed({axes_.data(), axes_.size()}));
    return result;
}

Shape reduced(const Shape& shape, const Extents& axes, bool keep_axes) {
    Extents result;
    std::size_t next = 0;
    for (Index axis = 0; axis < shape.rank(); ++axis) {
        const bool gone = next < axes.size() && axes[next] == axis;
        next += gone;
        if (!gone)
            result.push_back(shape[axis]);
        else if (keep_axes)
            result.push_back(1);
    }
    return Shape(std::span<const Index>(result.data(), result.size()));
}

Extents broadcast_axes(const Shape& from, const Shape& to) {
    Extents axes;
    const Index lead = to.rank() - from.rank();
    for (Index axis = 0; axis < to.rank(); ++axis)
        if (axis < lead || (from[axis - lead] == 1 && to[axis] != 1)) axes.push_back(axis);
    return axes;
}

Index new_axis(const Shape& shape, Index axis, std::string_view operation) {
    const Index n = shape.rank() + 1;
    if (axis < -n || axis >= n) throw ShapeError(operation, fmt::format("an axis from {} to {}", -n, n - 1), fmt::format("{}", axis));
    return axis < 0 ? axis + n : axis;
}

}  // namespace v1
}  // namespace autodiff
