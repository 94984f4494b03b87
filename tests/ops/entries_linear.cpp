// SPDX-License-Identifier: MIT
// Entries of matrix products, convolutions and pooling, with their references as nested loops over the defining sums.
#include "tests/ops/registry.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace registry {

namespace {

/// sum_k a[.., i, k] b[.., k, j]
Tensor<double> product(const Operands<double>& x) {
    const Tensor<double>&a = x[0], &b = x[1];
    const Shape batch = broadcast_shape(Shape(a.shape().extents().first(static_cast<std::size_t>(a.rank() - 2))),
                                        Shape(b.shape().extents().first(static_cast<std::size_t>(b.rank() - 2))));
    Position extents = extents_of(batch);
    extents.push_back(a.shape()[-2]);
    extents.push_back(b.shape()[-1]);
    return built(shape_of(extents), [&](const Position& p) {
        Position left = p, right = p;
        double sum = 0;
        for (Index k = 0; k < a.shape()[-1]; ++k) {
            left[p.size() - 1] = k, right[p.size() - 2] = k;
            // The two last axes never repeat, the others do.
            const auto at = [](const Tensor<double>& t, const Position& q) {
                Position own(q.end() - t.rank(), q.end());
                for (std::size_t axis = 0; axis + 2 < own.size(); ++axis)
                    if (t.shape().extents()[axis] == 1) own[axis] = 0;
                return read(t, own);
            };
            sum += at(a, left) * at(b, right);
        }
        return sum;
    });
}

/// f(position in y, position in x, position in w) for every product of the convolution's sum that meets the image
template <class F>
void for_each_product(const Shape& y, const Shape& x, const Shape& w, const Conv2dGeometry& g, const F& f) {
    const Index in_a_group = w[1], out_of_a_group = w[0] / g.groups;
    for_each_position(y, [&](const Position& p) {
        for_each_position(Shape{w[1], w[2], w[3]}, [&](const Position& k) {
            const Index row = p[2] * g.stride[0] - g.padding[0] + k[1] * g.dilation[0],
                        column = p[3] * g.stride[1] - g.padding[1] + k[2] * g.dilation[1];
            if (row < 0 || row >= x[2] || column < 0 || column >= x[3]) return;
            f(p, Position{p[0], p[1] / out_of_a_group * in_a_group + k[0], row, column}, Position{p[1], k[0], k[1], k[2]});
        });
    });
}
void add_at(Tensor<double>& y, const Position& p, double value) { y.fill_data()[y.offset_of(std::span<const Index>(p))] += value; }

void add_convolutions(std::vector<Entry>& to, Draw& draw) {
    struct Case {
        Shape x, w, y;
        Conv2dGeometry geometry;
    };
    const std::vector<Case> cases{
        {{1, 1, 3, 3}, {1, 1, 2, 2}, {1, 1, 2, 2}, {}},
        {{2, 2, 4, 5}, {3, 2, 3, 2}, {2, 3, 2, 4}, {}},
        {{1, 2, 5, 5}, {2, 2, 3, 3}, {1, 2, 3, 3}, {.stride = {2, 2}, .padding = {1, 1}}},
        {{2, 4, 5, 6}, {4, 2, 2, 3}, {2, 4, 3, 6}, {.stride = {2, 1}, .padding = {1, 2}, .dilation = {2, 2}, .groups = 2}},
        {{1, 3, 3, 3}, {6, 1, 2, 2}, {1, 6, 4, 4}, {.padding = {1, 1}, .groups = 3}},
        {{2, 3, 2, 2}, {2, 3, 1, 1}, {2, 2, 2, 2}, {}},
        {{1, 1, 1, 1}, {1, 1, 1, 1}, {1, 1, 1, 1}, {}},
        {{0, 2, 3, 3}, {2, 2, 2, 2}, {0, 2, 2, 2}, {}}};
    Entry forward{"conv2d", {}}, input{"conv2d_input", {}}, weight{"conv2d_weight", {}};
    for (const Case& c : cases) {
        const auto& [x, w, y, g] = c;
        const std::string what = fmt::format("{} * {}, stride {} {}, padding {} {}, dilation {} {}, groups {}", to_string(x), to_string(w),
                                             g.stride[0], g.stride[1], g.padding[0], g.padding[1], g.dilation[0], g.dilation[1], g.groups);
        forward.add(
            what, {draw.uniform(x), draw.uniform(w)}, [c](const auto& v) { return conv2d(v[0], v[1], c.geometry); },
            [c](const Operands<double>& v) {
                Tensor<double> result = Tensor<double>::zeros(c.y);
                for_each_product(c.y, c.x, c.w, c.geometry, [&](const Position& p, const Position& q, const Position& k) {
                    add_at(result, p, read(v[0], q) * read(v[1], k));
                });
                return result;
            });
        input.add(
            what, {draw.uniform(y), draw.uniform(w)}, [c](const auto& v) { return conv2d_input(v[0], v[1], c.x, c.geometry); },
            [c](const Operands<double>& v) {
                Tensor<double> result = Tensor<double>::zeros(c.x);
                for_each_product(c.y, c.x, c.w, c.geometry, [&](const Position& p, const Position& q, const Position& k) {
                    add_at(result, q, read(v[0], p) * read(v[1], k));
                });
                return result;
            });
        weight.add(
            what, {draw.uniform(x), draw.uniform(y)}, [c](const auto& v) { return conv2d_weight(v[0], v[1], c.w, c.geometry); },
            [c](const Operands<double>& v) {
                Tensor<double> result = Tensor<double>::zeros(c.w);
                for_each_product(c.y, c.x, c.w, c.geometry, [&](const Position& p, const Position& q, const Position& k) {
                    add_at(result, k, read(v[0], q) * read(v[1], p));
                });
                return result;
            });
    }
    to.push_back(std::move(forward));
    to.push_back(std::move(input));
    to.push_back(std::move(weight));
}

void add_pools(std::vector<Entry>& to, Draw& draw) {
    struct Case {
        Shape x, y;
        Pool2dGeometry geometry;
    };
    const std::vector<Case> cases{{{1, 1, 4, 4}, {1, 1, 2, 2}, {}},
                                  {{2, 2, 5, 4}, {2, 2, 2, 2}, {}},
                                  {{1, 2, 5, 5}, {1, 2, 3, 3}, {.window = {3, 3}, .stride = {2, 2}, .padding = {1, 1}}},
                                  {{1, 1, 4, 5}, {1, 1, 3, 3}, {.window = {2, 3}, .stride = {1, 2}, .padding = {0, 1}}},
                                  {{1, 1, 1, 1}, {1, 1, 1, 1}, {.window = {1, 1}, .stride = {1, 1}}},
                                  {{0, 1, 2, 2}, {0, 1, 1, 1}, {}}};
    Entry maxima{"max_pool2d", {}}, means{"avg_pool2d", {}};
    for (const Case& c : cases) {
        // The elements of x under the window at p.
        const auto window = [c](const Tensor<double>& x, const Position& p) {
            std::vector<double> values;
            for (Index i = 0; i < c.geometry.window[0]; ++i)
                for (Index j = 0; j < c.geometry.window[1]; ++j) {
                    const Index row = p[2] * c.geometry.stride[0] - c.geometry.padding[0] + i,
                                column = p[3] * c.geometry.stride[1] - c.geometry.padding[1] + j;
                    if (row >= 0 && row < c.x[2] && column >= 0 && column < c.x[3]) values.push_back(read(x, {p[0], p[1], row, column}));
                }
            return values;
        };
        const std::string what =
            fmt::format("{}, window {} {}, stride {} {}, padding {} {}", to_string(c.x), c.geometry.window[0], c.geometry.window[1],
                        c.geometry.stride[0], c.geometry.stride[1], c.geometry.padding[0], c.geometry.padding[1]);
        maxima.add(
            what, {draw.distinct(c.x)}, [c](const auto& x) { return max_pool2d(x[0], c.geometry); },
            [c, window](const Operands<double>& x) {
                return built(c.y, [&](const Position& p) {
                    const std::vector<double> values = window(x[0], p);
                    return *std::max_element(values.begin(), values.end());
                });
            });
        for (const bool with_padding : {true, false})
            means.add(
                what + (with_padding ? ", padding counts" : ", padding does not count"), {draw.uniform(c.x)},
                [c, with_padding](const auto& x) { return avg_pool2d(x[0], c.geometry, with_padding); },
                [c, window, with_padding](const Operands<double>& x) {
                    return built(c.y, [&](const Position& p) {
                        const std::vector<double> values = window(x[0], p);
                        double sum = 0;
                        for (const double value : values) sum += value;
                        return sum / (with_padding ? static_cast<double>(c.geometry.window[0] * c.geometry.window[1])
                                                   : static_cast<double>(values.size()));
                    });
                });
    }
    to.push_back(std::move(maxima));
    to.push_back(std::move(means));
}

}  // namespace

void add_linear(std::vector<Entry>& to) {
    Draw draw(505);
    Entry products{"matmul", {}};
    for (const auto& [a, b] : std::vector<std::pair<Shape, Shape>>{{{2, 3}, {3, 2}},
                                                                   {{3, 3}, {3, 3}},
                                                                   {{1, 1}, {1, 1}},
                                                                   {{1, 4}, {4, 1}},
                                                                   {{2, 0}, {0, 3}},
                                                                   {{0, 2}, {2, 3}},
                                                                   {{2, 2, 3}, {3, 2}},
                                                                   {{2, 3}, {2, 3, 1}},
                                                                   {{2, 1, 2, 3}, {3, 3, 2}},
                                                                   {{1, 2, 1}, {3, 1, 2}},
                                                                   {{2, 2, 2}, {2, 2, 2}},
                                                                   {{0, 2, 2}, {1, 2, 2}}})
        products.add(
            fmt::format("{} x {}", to_string(a), to_string(b)), {draw.uniform(a), draw.uniform(b)},
            [](const auto& x) { return matmul(x[0], x[1]); }, product);
    to.push_back(std::move(products));
    add_convolutions(to, draw);
    add_pools(to, draw);
}

}  // namespace registry
