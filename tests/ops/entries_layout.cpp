// SPDX-License-Identifier: MIT
// Entries of the movement operations: the reference of each one says which element of x lands where.
#include "tests/ops/registry.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace registry {

namespace {

/// y[p] = x[from(p)]
template <class F>
auto read_at(const Shape& shape, F from) {
    return [shape, from](const Operands<double>& x) { return built(shape, [&](const Position& p) { return read(x[0], from(p)); }); };
}
/// The same elements in row-major order.
auto reshaped(const Shape& shape) {
    return [shape](const Operands<double>& x) {
        std::vector<double> values;
        for_each_position(x[0].shape(), [&](const Position& p) { values.push_back(read(x[0], p)); });
        return Tensor<double>(shape, values);
    };
}

void add_reshapes(std::vector<Entry>& to, Draw& draw) {
    Entry reshapes{"reshape", {}};
    for (const auto& [from, extents] : std::vector<std::pair<Shape, Shape>>{{{2, 3}, {3, 2}},
                                                                            {{2, 3}, {6}},
                                                                            {{2, 3}, {2, 3}},
                                                                            {{}, {1, 1}},
                                                                            {{1}, {}},
                                                                            {{0, 3}, {2, 0}},
                                                                            {{2, 3, 2}, {3, 4}},
                                                                            {{4}, {2, 1, 2, 1}}})
        reshapes.add(
            fmt::format("{} to {}", to_string(from), to_string(extents)), {draw.uniform(from)},
            [to = extents](const auto& x) { return reshape(x[0], to); }, reshaped(extents));
    reshapes.add(
        "[2, 6] to [3, -1]", {draw.uniform({2, 6})},
        [](const auto& x) {
            return reshape(x[0], {3, -1});
        },
        reshaped({3, 4}));
    reshapes.add(
        "[0] to [-1, 3]", {draw.uniform({0})},
        [](const auto& x) {
            return reshape(x[0], {-1, 3});
        },
        reshaped({0, 3}));
    to.push_back(std::move(reshapes));

    Entry identities{"identity", {}};
    for (const Shape& shape : {Shape{}, Shape{0}, Shape{2, 3}})
        identities.add(
            to_string(shape), {draw.uniform(shape)}, [](const auto& x) { return identity(x[0]); },
            [](const Operands<double>& x) { return x[0]; });
    to.push_back(std::move(identities));

    Entry flattens{"flatten", {}};
    flattens.add(
        "[2, 3, 2]", {draw.uniform({2, 3, 2})}, [](const auto& x) { return flatten(x[0]); }, reshaped({12}));
    flattens.add(
        "[2, 3, 2] from 1", {draw.uniform({2, 3, 2})}, [](const auto& x) { return flatten(x[0], 1); }, reshaped({2, 6}));
    flattens.add(
        "[2, 3, 2] from -1", {draw.uniform({2, 3, 2})}, [](const auto& x) { return flatten(x[0], -1); }, reshaped({2, 3, 2}));
    flattens.add(
        "[2, 0, 2] from 1", {draw.uniform({2, 0, 2})}, [](const auto& x) { return flatten(x[0], 1); }, reshaped({2, 0}));
    flattens.add(
        "[]", {draw.uniform({})}, [](const auto& x) { return flatten(x[0]); }, reshaped({1}));
    to.push_back(std::move(flattens));

    Entry axes{"unsqueeze, squeeze", {}};
    axes.add(
        "unsqueeze [2, 3] at 0", {draw.uniform({2, 3})}, [](const auto& x) { return unsqueeze(x[0], 0); }, reshaped({1, 2, 3}));
    axes.add(
        "unsqueeze [2, 3] at -1", {draw.uniform({2, 3})}, [](const auto& x) { return unsqueeze(x[0], -1); }, reshaped({2, 3, 1}));
    axes.add(
        "unsqueeze [] at 0", {draw.uniform({})}, [](const auto& x) { return unsqueeze(x[0], 0); }, reshaped({1}));
    axes.add(
        "squeeze [2, 1, 3] at 1", {draw.uniform({2, 1, 3})}, [](const auto& x) { return squeeze(x[0], 1); }, reshaped({2, 3}));
    axes.add(
        "squeeze [0, 1] at -1", {draw.uniform({0, 1})}, [](const auto& x) { return squeeze(x[0], -1); }, reshaped({0}));
    to.push_back(std::move(axes));
}

void add_transposes(std::vector<Entry>& to, Draw& draw) {
    Entry entry{"transpose, swap_axes", {}};
    for (const auto& [shape, order] : std::vector<std::pair<Shape, Indices>>{{{2, 3}, {1, 0}},
                                                                             {{2, 3, 4}, {2, 0, 1}},
                                                                             {{2, 3, 4}, {1, 2, 0}},
                                                                             {{2, 3}, {0, 1}},
                                                                             {{}, {}},
                                                                             {{3}, {0}},
                                                                             {{0, 2}, {1, 0}},
                                                                             {{2, 1, 3, 2}, {-1, 0, -2, 1}}}) {
        Position extents, wanted;
        for (const Index axis : order) {
            wanted.push_back(axis < 0 ? axis + shape.rank() : axis);
            extents.push_back(shape[axis]);
        }
        entry.add(
            fmt::format("{} in another order", to_string(shape)), {draw.uniform(shape)},
            [order = order](const auto& x) { return transpose(x[0], std::span<const Index>(order)); },
            read_at(shape_of(extents), [wanted](const Position& p) {
                Position from(p.size());
                for (std::size_t k = 0; k < p.size(); ++k) from[static_cast<std::size_t>(wanted[k])] = p[k];
                return from;
            }));
    }
    const auto backwards = [](const Position& p) { return Position(p.rbegin(), p.rend()); };
    entry.add(
        "[2, 3, 2] reversed", {draw.uniform({2, 3, 2})}, [](const auto& x) { return transpose(x[0]); }, read_at({2, 3, 2}, backwards));
    entry.add(
        "swap_axes [2, 3, 2], 0 and -1", {draw.uniform({2, 3, 4})}, [](const auto& x) { return swap_axes(x[0], 0, -1); },
        read_at({4, 3, 2}, backwards));
    to.push_back(std::move(entry));
}

void add_broadcasts(std::vector<Entry>& to, Draw& draw) {
    Entry larger{"broadcast_to", {}}, smaller{"sum_to", {}};
    for (const auto& [small, large] : std::vector<std::pair<Shape, Shape>>{{{3}, {2, 3}},
                                                                           {{2, 1}, {2, 3}},
                                                                           {{}, {2, 3}},
                                                                           {{1}, {0}},
                                                                           {{}, {}},
                                                                           {{2, 1, 2}, {3, 2, 2, 2}},
                                                                           {{1, 1}, {1, 1}},
                                                                           {{0, 1}, {2, 0, 3}}}) {
        larger.add(
            fmt::format("{} to {}", to_string(small), to_string(large)), {draw.uniform(small)},
            [shape = large](const auto& x) { return broadcast_to(x[0], shape); },
            [shape = large](const Operands<double>& x) {
                return built(shape, [&](const Position& p) { return read_broadcast(x[0], p); });
            });
        smaller.add(
            fmt::format("{} to {}", to_string(large), to_string(small)), {draw.uniform(large)},
            [shape = small](const auto& x) { return sum_to(x[0], shape); },
            [shape = small](const Operands<double>& x) {
                Tensor<double> y = Tensor<double>::zeros(shape);
                for_each_position(x[0].shape(), [&](const Position& p) {
                    Position own(p.end() - shape.rank(), p.end());
                    for (std::size_t axis = 0; axis < own.size(); ++axis)
                        if (shape.extents()[axis] == 1) own[axis] = 0;
                    y.fill_data()[y.offset_of(std::span<const Index>(own))] += read(x[0], p);
                });
                return y;
            });
    }
    to.push_back(std::move(larger));
    to.push_back(std::move(smaller));
}

void add_slices(std::vector<Entry>& to, Draw& draw) {
    struct Case {
        std::string what;
        Shape from;
        std::vector<Slice> slices;
        Shape result;
        Position start, step;  // by hand, for every axis
    };
    const std::vector<Case> cases{{"1:3", {4}, {{1, 3}}, {2}, {1}, {1}},
                                  {"::2", {5}, {{{}, {}, 2}}, {3}, {0}, {2}},
                                  {"::-1", {4}, {{{}, {}, -1}}, {4}, {3}, {-1}},
                                  {"-2:", {5}, {{-2, {}}}, {2}, {3}, {1}},
                                  {"3:0:-2", {5}, {{3, 0, -2}}, {2}, {3}, {-2}},
                                  {"-100:100 is clipped", {3}, {{-100, 100}}, {3}, {0}, {1}},
                                  {"2:1 is empty", {3}, {{2, 1}}, {0}, {0}, {1}},
                                  {":, 1:", {2, 3}, {all, {1, {}}}, {2, 2}, {0, 1}, {1, 1}},
                                  {"1:, then all", {3, 2}, {{1, {}}}, {2, 2}, {1, 0}, {1, 1}},
                                  {"::-2, ::3", {4, 4}, {{{}, {}, -2}, {{}, {}, 3}}, {2, 2}, {3, 0}, {-2, 3}},
                                  {"nothing", {}, {}, {}, {}, {}},
                                  {"of an empty tensor", {0, 2}, {all, {0, 1}}, {0, 1}, {0, 0}, {1, 1}}};
    Entry slices{"slice", {}}, back{"unslice", {}};
    for (const Case& c : cases) {
        const auto moved = [start = c.start, step = c.step](const Position& p) {
            Position q(p.size());
            for (std::size_t k = 0; k < p.size(); ++k) q[k] = start[k] + step[k] * p[k];
            return q;
        };
        slices.add(
            c.what, {draw.uniform(c.from)}, [s = c.slices](const auto& x) { return slice(x[0], std::span<const Slice>(s)); },
            read_at(c.result, moved));
        back.add(
            c.what, {draw.uniform(c.result)},
            [s = c.slices, from = c.from](const auto& x) { return unslice(x[0], from, std::span<const Slice>(s)); },
            [from = c.from, moved](const Operands<double>& x) {
                Tensor<double> y = Tensor<double>::zeros(from);
                for_each_position(x[0].shape(),
                                  [&](const Position& p) { y.fill_data()[y.offset_of(std::span<const Index>(moved(p)))] = read(x[0], p); });
                return y;
            });
    }
    to.push_back(std::move(slices));
    to.push_back(std::move(back));

    Entry selects{"select", {}};
    selects.add(
        "[3], 1", {draw.uniform({3})}, [](const auto& x) { return autodiff::select(x[0], 0, 1); },
        read_at({}, [](const Position&) { return Position{1}; }));
    selects.add(
        "[2, 3] axis 1, -1", {draw.uniform({2, 3})}, [](const auto& x) { return autodiff::select(x[0], 1, -1); },
        read_at({2}, [](const Position& p) {
            return Position{p[0], 2};
        }));
    selects.add(
        "[2, 3, 2] axis -2, 0", {draw.uniform({2, 3, 2})}, [](const auto& x) { return autodiff::select(x[0], -2, 0); },
        read_at({2, 2}, [](const Position& p) {
            return Position{p[0], 0, p[1]};
        }));
    to.push_back(std::move(selects));

    Entry flips{"flip", {}};
    flips.add(
        "all of [2, 3]", {draw.uniform({2, 3})}, [](const auto& x) { return flip(x[0]); }, read_at({2, 3}, [](const Position& p) {
            return Position{1 - p[0], 2 - p[1]};
        }));
    flips.add(
        "[2, 3] along 1", {draw.uniform({2, 3})}, [](const auto& x) { return flip(x[0], 1); }, read_at({2, 3}, [](const Position& p) {
            return Position{p[0], 2 - p[1]};
        }));
    flips.add(
        "[]", {draw.uniform({})}, [](const auto& x) { return flip(x[0]); }, reshaped({}));
    flips.add(
        "[0, 2]", {draw.uniform({0, 2})}, [](const auto& x) { return flip(x[0]); }, reshaped({0, 2}));
    to.push_back(std::move(flips));
}

void add_joins(std::vector<Entry>& to, Draw& draw) {
    using Width = std::pair<Index, Index>;
    Entry pads{"pad", {}};
    for (const auto& [shape, widths, value] :
         std::vector<std::tuple<Shape, std::vector<Width>, double>>{{{2, 3}, {{1, 0}, {0, 2}}, 0},
                                                                    {{2}, {{1, 1}}, -2.5},
                                                                    {{}, {}, 3},
                                                                    {{0}, {{1, 2}}, 1.5},
                                                                    {{2, 1}, {{0, 0}, {0, 0}}, 7},
                                                                    {{1, 2, 1}, {{1, 1}, {0, 1}, {2, 0}}, 0.5}}) {
        Position extents = extents_of(shape);
        for (std::size_t k = 0; k < extents.size(); ++k) extents[k] += widths[k].first + widths[k].second;
        pads.add(
            fmt::format("{} with {}", to_string(shape), value), {draw.uniform(shape)},
            [widths = widths, value = value](const auto& x) {
                using T = typename std::remove_cvref_t<decltype(x[0])>::value_type;
                return pad(x[0], std::span<const Width>(widths), static_cast<T>(value));
            },
            [shape = shape_of(extents), widths = widths, value = value](const Operands<double>& x) {
                return built(shape, [&](Position p) {
                    for (std::size_t k = 0; k < p.size(); ++k) {
                        p[k] -= widths[k].first;
                        if (p[k] < 0 || p[k] >= x[0].shape().extents()[k]) return value;
                    }
                    return read(x[0], p);
                });
            });
    }
    to.push_back(std::move(pads));

    const auto joined = [](Index axis, const Shape& shape) {
        return [axis, shape](const Operands<double>& x) {
            return built(shape, [&](const Position& p) {
                Index at = p[static_cast<std::size_t>(axis)];
                std::size_t part = 0;
                while (at >= x[part].shape()[axis]) at -= x[part++].shape()[axis];
                return read(x[part], with(p, axis, at));
            });
        };
    };
    Entry concats{"concat", {}};
    concats.add(
        "[2], [3], [1]", {draw.uniform({2}), draw.uniform({3}), draw.uniform({1})}, [](const auto& x) { return concat(x); },
        joined(0, {6}));
    concats.add(
        "[2, 3], [2, 1] along -1", {draw.uniform({2, 3}), draw.uniform({2, 1})}, [](const auto& x) { return concat(x, -1); },
        joined(1, {2, 4}));
    concats.add(
        "[2, 2], [2, 2] along 0", {draw.uniform({2, 2}), draw.uniform({2, 2})},
        [](const auto& x) {
            return concat({x[0], x[1]}, 0);
        },
        joined(0, {4, 2}));
    concats.add(
        "[0, 2], [1, 2]", {draw.uniform({0, 2}), draw.uniform({1, 2})}, [](const auto& x) { return concat(x); }, joined(0, {1, 2}));
    concats.add(
        "one", {draw.uniform({2, 2})}, [](const auto& x) { return concat(x, 1); }, joined(1, {2, 2}));
    to.push_back(std::move(concats));

    const auto stacked = [](std::size_t axis, const Shape& shape) {
        return [axis, shape](const Operands<double>& x) {
            return built(shape, [&](Position p) {
                const auto part = static_cast<std::size_t>(p[axis]);
                p.erase(p.begin() + static_cast<std::ptrdiff_t>(axis));
                return read(x[part], p);
            });
        };
    };
    Entry stacks{"stack", {}};
    stacks.add(
        "[3], [3]", {draw.uniform({3}), draw.uniform({3})}, [](const auto& x) { return stack(x); }, stacked(0, {2, 3}));
    stacks.add(
        "[2, 3] twice along 1", {draw.uniform({2, 3}), draw.uniform({2, 3})},
        [](const auto& x) {
            return stack({x[0], x[1]}, 1);
        },
        stacked(1, {2, 2, 3}));
    stacks.add(
        "[] three times along -1", {draw.uniform({}), draw.uniform({}), draw.uniform({})}, [](const auto& x) { return stack(x, -1); },
        stacked(0, {3}));
    to.push_back(std::move(stacks));
}

}  // namespace

void add_layouts(std::vector<Entry>& to) {
    Draw draw(303);
    add_reshapes(to, draw);
    add_transposes(to, draw);
    add_broadcasts(to, draw);
    add_slices(to, draw);
    add_joins(to, draw);
}

}  // namespace registry
