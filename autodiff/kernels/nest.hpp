// SPDX-License-Identifier: MIT
/// Loop nests: the axes of several views that share a shape, with every axis gone that the loops need not see.
/// How every kernel but BLAS walks memory. Next: elementwise.hpp.
#pragma once

#include "autodiff/shape.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace autodiff {
inline namespace v1 {
namespace kernels {

/// Axes outermost first, with the strides of N operands. An empty list of axes is one element.
template <std::size_t N>
struct Nest {
    Extents extents;
    std::array<Strides, N> strides;

    [[nodiscard]] std::size_t rank() const { return extents.size(); }
    [[nodiscard]] Index inner() const { return extents.empty() ? 1 : extents.back(); }
    /// (Inlined, because g++ 12 takes that of one N for another's, and then warns of an array's end.)
    [[nodiscard, gnu::always_inline]] Index inner_stride(std::size_t operand) const { return extents.empty() ? 1 : strides[operand].back(); }
    /// how often the innermost loop runs
    [[nodiscard]] Index rows() const {
        Index count = 1;
        for (std::size_t axis = 0; axis + 1 < rank(); ++axis) count *= extents[axis];
        return count;
    }

    /// Adds an axis inside the others; merges it with the last one if all operands run through both in one stride.
    void push(Index extent, const std::array<Index, N>& step) {
        if (extent == 1) return;
        bool merges = !extents.empty();
        for (std::size_t k = 0; k < N && merges; ++k) merges = strides[k].back() == step[k] * extent;
        if (merges)
            extents.back() *= extent;
        else
            extents.push_back(extent);
        for (std::size_t k = 0; k < N; ++k) merges ? void(strides[k].back() = step[k]) : strides[k].push_back(step[k]);
    }
};

/// The nest over the axes `first` to `last` (not included) of a shape.
template <std::size_t N>
Nest<N> make_nest(std::span<const Index> extents, const std::array<const Index*, N>& strides) {
    Nest<N> nest;
    for (std::size_t axis = 0; axis < extents.size(); ++axis) {
        std::array<Index, N> step;
        for (std::size_t k = 0; k < N; ++k) step[k] = strides[k][axis];
        nest.push(extents[axis], step);
    }
    return nest;
}

/// The same elements, with the axes in an order in which operand 0 walks memory with the smallest strides innermost.
template <std::size_t N>
Nest<N> ordered_by_stride(const Nest<N>& nest) {
    ShortList<std::size_t, 4> order(nest.rank());
    for (std::size_t axis = 0; axis < order.size(); ++axis) order[axis] = axis;
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return std::abs(nest.strides[0][a]) > std::abs(nest.strides[0][b]); });
    Nest<N> result;
    for (const std::size_t axis : order) {
        std::array<Index, N> step;
        for (std::size_t k = 0; k < N; ++k) step[k] = nest.strides[k][axis];
        result.push(nest.extents[axis], step);
    }
    return result;
}

/// row(offsets) for the rows `begin` to `end` (not included) in order; offsets[k] is where the row starts in operand k.
/// Counts like an odometer: no recursion, any rank.
template <std::size_t N, class Row>
void for_rows(const Nest<N>& nest, Index begin, Index end, const Row& row) {
    std::array<Index, N> offsets{};
    if (begin >= end) return;
    const std::size_t outer = nest.rank() < 2 ? 0 : nest.rank() - 1;
    Extents position(outer, 0);
    Index rest = begin;
    for (std::size_t axis = outer; axis-- > 0;) {
        position[axis] = rest % nest.extents[axis];
        rest /= nest.extents[axis];
        for (std::size_t k = 0; k < N; ++k) offsets[k] += position[axis] * nest.strides[k][axis];
    }
    for (Index r = begin;;) {
        row(offsets);
        if (++r == end) return;
        for (std::size_t axis = outer; axis-- > 0;) {
            for (std::size_t k = 0; k < N; ++k) offsets[k] += nest.strides[k][axis];
            if (++position[axis] < nest.extents[axis]) break;
            for (std::size_t k = 0; k < N; ++k) offsets[k] -= nest.strides[k][axis] * nest.extents[axis];
            position[axis] = 0;
        }
    }
}

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff
