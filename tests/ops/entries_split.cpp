// SPDX-License-Identifier: MIT
// Entries of cutting into pieces. A sample has one result, so the pieces are put together again in another order, and some of them are left
// out: their adjoints never arrive.
#include "tests/ops/registry.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace registry {

namespace {

/// Pieces of these extents along the axis, of which `order` says which ones come next to each other in the result.
struct Cutting {
    Shape from;
    Indices extents;
    Index axis;
    std::vector<std::size_t> order;
};

Tensor<double> rearranged(const Tensor<double>& x, const Cutting& c) {
    Indices positions;
    for (const std::size_t k : c.order) {
        Index start = 0;
        for (std::size_t before = 0; before < k; ++before) start += c.extents[before];
        for (Index i = 0; i < c.extents[k]; ++i) positions.push_back(start + i);
    }
    const Index axis = c.axis < 0 ? c.axis + c.from.rank() : c.axis;
    const Shape shape = shape_of(with(extents_of(c.from), axis, static_cast<Index>(positions.size())));
    return built(shape, [&](const Position& p) {
        return read(x, with(p, axis, positions[static_cast<std::size_t>(p[static_cast<std::size_t>(axis)])]));
    });
}

/// The chosen pieces by `cut`, joined by `join`.
template <class Cut, class Join>
auto chosen(const std::vector<std::size_t>& order, Cut cut, Join join) {
    return [order, cut, join](const auto& x) {
        const auto pieces = cut(x[0]);
        std::remove_cvref_t<decltype(pieces)> parts;
        for (const std::size_t k : order) parts.push_back(pieces[k]);
        return join(parts);
    };
}

}  // namespace

void add_splits(std::vector<Entry>& to) {
    Draw draw(606);
    Entry splits{"split", {}};
    for (const Cutting& c : std::vector<Cutting>{{{5}, {2, 3}, 0, {1, 0}},
                                                 {{6, 2}, {1, 2, 3}, 0, {2, 0}},
                                                 {{2, 6}, {3, 1, 2}, -1, {1, 2, 0}},
                                                 {{2, 4, 3}, {2, 0, 2}, 1, {2, 1, 0}},
                                                 {{3, 2}, {3}, 0, {0}},
                                                 {{4}, {1, 1, 1, 1}, 0, {2, 2, 3}}})
        splits.add(fmt::format("{} by {}", to_string(c.from), c.extents), {draw.uniform(c.from)},
                   chosen(
                       c.order, [c](const auto& x) { return split(x, std::span<const Index>(c.extents), c.axis); },
                       [c](const auto& parts) { return concat(parts, c.axis); }),
                   [c](const Operands<double>& x) { return rearranged(x[0], c); });
    splits.add("[2, 6] in three", {draw.uniform({2, 6})},
               chosen(
                   {2, 0}, [](const auto& x) { return split(x, 3, -1); }, [](const auto& parts) { return concat(parts, 1); }),
               [](const Operands<double>& x) {
                   return rearranged(x[0], {{2, 6}, {2, 2, 2}, 1, {2, 0}});
               });
    splits.add("a transposed [4, 2] in two", {draw.uniform({2, 4})},
               chosen(
                   {1, 0}, [](const auto& x) { return split(transpose(x), 2); }, [](const auto& parts) { return concat(parts, 0); }),
               [](const Operands<double>& x) {
                   return built({4, 2}, [&](const Position& p) { return read(x[0], {p[1], (p[0] + 2) % 4}); });
               });
    to.push_back(std::move(splits));

    Entry unstacks{"unstack", {}};
    for (const auto& [shape, axis, order] : std::vector<std::tuple<Shape, Index, std::vector<std::size_t>>>{
             {{3}, 0, {2, 0}}, {{3, 2}, 0, {1, 1, 0}}, {{2, 3}, -1, {2, 0, 1}}, {{2, 3, 2}, 1, {0}}}) {
        const Index from = axis < 0 ? axis + shape.rank() : axis;
        const Shape result = shape_of(with(extents_of(shape), from, static_cast<Index>(order.size())));
        unstacks.add(
            fmt::format("{} along {}", to_string(shape), axis), {draw.uniform(shape)},
            chosen(
                order, [axis = axis](const auto& x) { return unstack(x, axis); }, [from](const auto& parts) { return stack(parts, from); }),
            [result, from, order = order](const Operands<double>& x) {
                return built(result, [&](const Position& p) {
                    const std::size_t at = static_cast<std::size_t>(p[static_cast<std::size_t>(from)]);
                    return read(x[0], with(p, from, static_cast<Index>(order[at])));
                });
            });
    }
    to.push_back(std::move(unstacks));
}

}  // namespace registry
