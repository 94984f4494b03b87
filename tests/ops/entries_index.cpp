// SPDX-License-Identifier: MIT
// Entries of reading and adding at given positions.
#include "tests/ops/registry.hpp"

#include <fmt/format.h>

namespace registry {

namespace {

Index from_the_front(Index index, Index extent) { return index < 0 ? index + extent : index; }

/// The position in x, where `axis` stands for the axes of the indices, that p in y belongs to.
Position taken_from(const Position& p, const Tensor<Index>& indices, Index axis, Index extent) {
    const auto first = p.begin() + axis, last = first + indices.rank();
    Position q(p.begin(), first);
    q.push_back(from_the_front(read(indices, Position(first, last)), extent));
    q.insert(q.end(), last, p.end());
    return q;
}
void add_at(Tensor<double>& y, const Position& p, double value) { y.fill_data()[y.offset_of(std::span<const Index>(p))] += value; }

}  // namespace

void add_indexing(std::vector<Entry>& to) {
    Draw draw(404);
    struct Case {
        Shape x, y;
        Tensor<Index> indices;
        Index axis;
    };
    const Tensor<Index> repeated = Tensor<Index>::of({1, 0, 3, 1}), square(Shape{2, 2}, {0, -1, 2, 2}),
                        none(Shape{0}, std::vector<Index>{});
    const std::vector<Case> cases{{{4, 3}, {4, 3}, repeated, 0},
                                  {{2, 4}, {2, 4}, repeated, 1},
                                  {{2, 3, 2}, {2, 2, 2, 2}, square, 1},
                                  {{3}, {2, 2}, square, 0},
                                  {{3, 2}, {2}, Tensor<Index>(Index{-1}), 0},
                                  {{3, 2}, {0, 2}, none, 0},
                                  {{0, 2}, {0, 2}, none, 0},
                                  {{1}, {1}, Tensor<Index>::of({0}), 0}};
    Entry takes{"take", {}}, scatters{"scatter_add", {}};
    for (const Case& c : cases) {
        const std::string what = fmt::format("{} at indices {} along {}", to_string(c.x), to_string(c.indices.shape()), c.axis);
        const Index extent = c.x[c.axis];
        takes.add(
            what, {draw.uniform(c.x)}, [c](const auto& x) { return take(x[0], c.indices, c.axis - c.x.rank()); },
            [c, extent](const Operands<double>& x) {
                return built(c.y, [&](const Position& p) { return read(x[0], taken_from(p, c.indices, c.axis, extent)); });
            });
        scatters.add(
            what, {draw.uniform(c.y)}, [c, extent](const auto& x) { return scatter_add(x[0], c.indices, extent, c.axis); },
            [c, extent](const Operands<double>& x) {
                Tensor<double> y = Tensor<double>::zeros(c.x);
                for_each_position(c.y, [&](const Position& p) { add_at(y, taken_from(p, c.indices, c.axis, extent), read(x[0], p)); });
                return y;
            });
    }
    scatters.add(
        "along -1", {draw.uniform({2, 4})}, [repeated](const auto& x) { return scatter_add(x[0], repeated, 5, -1); },
        [repeated](const Operands<double>& x) {
            Tensor<double> y = Tensor<double>::zeros({2, 5});
            for_each_position(x[0].shape(), [&](const Position& p) { add_at(y, {p[0], read(repeated, {p[1]})}, read(x[0], p)); });
            return y;
        });
    to.push_back(std::move(takes));
    to.push_back(std::move(scatters));

    const std::vector<Case> along{{{2, 3}, {2, 2}, Tensor<Index>(Shape{2, 2}, {2, 0, 1, -3}), 1},
                                  {{3, 2}, {4, 2}, Tensor<Index>(Shape{4, 2}, {0, 0, 2, 1, -1, 1, 0, 2}), 0},
                                  {{3}, {1}, Tensor<Index>::of({1}), 0},
                                  {{2, 3, 2}, {2, 1, 2}, Tensor<Index>(Shape{2, 1, 2}, {0, 1, 2, 2}), 1},
                                  {{2, 3}, {2, 0}, Tensor<Index>(Shape{2, 0}, std::vector<Index>{}), 1}};
    Entry gathers{"gather", {}}, back{"gather_transpose", {}};
    for (const Case& c : along) {
        const std::string what = fmt::format("{} at indices {} along {}", to_string(c.x), to_string(c.indices.shape()), c.axis);
        const Index extent = c.x[c.axis];
        const auto from = [c, extent](const Position& p) { return with(p, c.axis, from_the_front(read(c.indices, p), extent)); };
        gathers.add(
            what, {draw.uniform(c.x)}, [c](const auto& x) { return gather(x[0], c.indices, c.axis - c.x.rank()); },
            [c, from](const Operands<double>& x) { return built(c.y, [&](const Position& p) { return read(x[0], from(p)); }); });
        back.add(
            what, {draw.uniform(c.y)}, [c, extent](const auto& x) { return gather_transpose(x[0], c.indices, extent, c.axis); },
            [c, from](const Operands<double>& x) {
                Tensor<double> y = Tensor<double>::zeros(c.x);
                for_each_position(c.y, [&](const Position& p) { add_at(y, from(p), read(x[0], p)); });
                return y;
            });
    }
    to.push_back(std::move(gathers));
    to.push_back(std::move(back));
}

}  // namespace registry
