// SPDX-License-Identifier: MIT
// The right elements in the wrong places.
#include "autodiff/check/mistakes.hpp"

#include "autodiff/ops/layout.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace autodiff {
inline namespace v1 {
namespace check {

namespace {

constexpr Index most_axes = 4;       // whose orders are all tried
constexpr Index most_slices = 1024;  // that are matched with one another

Flat rolled(const Flat& x, const Shape& shape, Index axis, Index by) {
    Index inner = 1;
    for (Index k = axis + 1; k < shape.rank(); ++k) inner *= shape[k];
    const Index extent = shape[axis], block = extent * inner;
    Flat y(x.size());
    for (Index k = 0; k < shape.size(); ++k) {
        const Index outer = k / block, at = k % block / inner, rest = k % inner;
        y[static_cast<std::size_t>(outer * block + (at + by + extent) % extent * inner + rest)] = x[static_cast<std::size_t>(k)];
    }
    return y;
}

void offer_orders(const WrongStep& step, Candidates& candidates, const Tensor<double>& expected) {
    const Shape& shape = expected.shape();
    std::vector<Index> order(static_cast<std::size_t>(shape.rank()));
    std::iota(order.begin(), order.end(), 0);
    while (std::next_permutation(order.begin(), order.end())) {
        const Tensor<double> moved = transpose(expected, std::span<const Index>(order));
        const bool fits = moved.shape() == shape;
        const std::string text = fits ? shape.rank() == 2 ? "transposed" : fmt::format("axes in the order {}", fmt::join(order, ", "))
                                      : "transposed, then read as the shape asked for: rows and columns are stored the other way round";
        candidates.offer(of_layout,
                         {"transposed", text,
                          fmt::format("your {} equals the expected one with its axes exchanged", step.name(step.segment.target)), 0, 0},
                         flattened(moved));
    }
}

void offer_flips(Candidates& candidates, const Tensor<double>& expected) {
    const Index rank = expected.rank();
    for (unsigned axes = 1; axes < 1u << rank; ++axes) {
        std::vector<Index> over;
        for (Index axis = 0; axis < rank; ++axis)
            if ((axes >> axis & 1u) != 0) over.push_back(axis);
        candidates.offer(of_place,
                         {"flipped", fmt::format("reversed along ax{} {}", over.size() == 1 ? "is" : "es", fmt::join(over, ", ")),
                          "your elements are the expected ones, last to first", 0, 0},
                         flattened(flip(expected, Axes(std::span<const Index>(over)))));
    }
}

/// The slices of `yours` along an axis, each looked for among those expected.
void offer_permutation(const WrongStep& step, Candidates& candidates, const Shape& shape, Index axis) {
    const Index slices = shape[axis], size = shape.size() / slices;
    if (slices < 3 || slices > most_slices) return;  // two exchanged slices are a shift
    Index inner = 1;
    for (Index k = axis + 1; k < shape.rank(); ++k) inner *= shape[k];
    const auto place = [&](Index slice, Index k) {
        return static_cast<std::size_t>(k / inner * slices * inner + slice * inner + k % inner);
    };
    const auto equal = [&](Index mine, Index theirs) {
        double apart = 0, norm = 0;
        for (Index k = 0; k < size; ++k) {
            const double a = step.yours[place(mine, k)], b = step.expected[place(theirs, k)];
            apart += (a - b) * (a - b), norm += b * b;
        }
        return std::sqrt(apart) <= candidates.tolerance() * std::sqrt(norm);
    };
    std::vector<Index> from;
    std::vector<bool> taken(static_cast<std::size_t>(slices), false);
    for (Index mine = 0; mine < slices; ++mine) {
        Index found = -1;
        for (Index theirs = 0; theirs < slices && found < 0; ++theirs)
            if (!taken[static_cast<std::size_t>(theirs)] && equal(mine, theirs)) found = theirs;
        if (found < 0) return;
        taken[static_cast<std::size_t>(found)] = true;
        from.push_back(found);
    }
    Flat candidate(step.yours.size());
    for (Index mine = 0; mine < slices; ++mine)
        for (Index k = 0; k < size; ++k) candidate[place(mine, k)] = step.expected[place(from[static_cast<std::size_t>(mine)], k)];
    std::vector<Index> first(from.begin(), from.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(from.size(), 8)));
    candidates.offer(
        of_order,
        {"permuted", fmt::format("in another order along axis {}", axis),
         fmt::format("your slices are the expected ones number {}{}", fmt::join(first, ", "), from.size() > first.size() ? ", ..." : ""), 0,
         0},
        candidate);
}

}  // namespace

void offer_layouts(const WrongStep& step, Candidates& candidates) {
    const Shape shape = step.tape.shape(step.segment.target);
    if (shape.rank() == 0 || shape.size() < 2) return;
    const Tensor<double> expected(shape, step.expected);
    if (shape.rank() <= most_axes) {
        offer_orders(step, candidates, expected);
        offer_flips(candidates, expected);
    }
    for (Index axis = 0; axis < shape.rank(); ++axis) {
        if (shape[axis] < 2) continue;
        for (const Index by : {Index{1}, Index{-1}})
            candidates.offer(of_place,
                             {"shifted", fmt::format("shifted by {} along axis {}", by, axis),
                              "your elements are the expected ones, one place further", 0, 0},
                             rolled(step.expected, shape, axis, by));
        offer_permutation(step, candidates, shape, axis);
    }
}

}  // namespace check
}  // namespace v1
}  // namespace autodiff
