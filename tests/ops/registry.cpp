// SPDX-License-Identifier: MIT
// What the entries and the suites of the registry share: operands, plain loops, comparisons, one sweep.
#include "tests/ops/registry.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <numeric>

namespace registry {

const std::vector<Entry>& entries() {
    static const std::vector<Entry> all = [] {
        std::vector<Entry> list;
        add_elementwise(list);
        add_reductions(list);
        add_layouts(list);
        add_splits(list);
        add_indexing(list);
        add_linear(list);
        add_linear_algebra(list);
        add_scalars(list);
        add_control(list);
        return list;
    }();
    return all;
}

Tensor<double> Draw::uniform(const Shape& shape, double low, double high) {
    std::uniform_real_distribution<double> next(low, high);
    return built(shape, [&](const Position&) { return next(engine_); });
}

Tensor<double> Draw::distinct(const Shape& shape, int operand) {
    std::vector<Index> order(static_cast<std::size_t>(shape.size()));
    std::iota(order.begin(), order.end(), -shape.size() / 2);
    std::shuffle(order.begin(), order.end(), engine_);
    std::size_t next = 0;
    return built(shape, [&](const Position&) { return 0.25 * static_cast<double>(order[next++]) + (operand == 0 ? 0.0625 : 0.1875); });
}

Position extents_of(const Shape& shape) { return {shape.begin(), shape.end()}; }

Shape broadcast_shape(const Shape& a, const Shape& b) {
    const Index rank = std::max(a.rank(), b.rank());
    Position extents(static_cast<std::size_t>(rank));
    for (Index k = 1; k <= rank; ++k) {
        const Index in_a = k <= a.rank() ? a[-k] : 1, in_b = k <= b.rank() ? b[-k] : 1;
        extents[static_cast<std::size_t>(rank - k)] = in_a == 1 ? in_b : in_a;
    }
    return shape_of(extents);
}

Position with(Position p, Index axis, Index value) {
    p[static_cast<std::size_t>(axis)] = value;
    return p;
}

template <class T, class R>
std::string difference(const Tensor<T>& got, const Tensor<R>& expected, double tolerance) {
    if (got.shape() != expected.shape()) return fmt::format("shape {}, expected {}", to_string(got.shape()), to_string(expected.shape()));
    double scale = 1e-15;  // what is smaller is nothing but rounding
    for_each_position(expected.shape(), [&](const Position& p) {
        const double e = std::abs(static_cast<double>(read(expected, p)));
        if (std::isfinite(e)) scale = std::max(scale, e);
    });
    std::string first;
    for_each_position(expected.shape(), [&](const Position& p) {
        const double g = static_cast<double>(read(got, p)), e = static_cast<double>(read(expected, p));
        const bool same = g == e || (std::isnan(g) && std::isnan(e)) || std::abs(g - e) <= tolerance * scale;
        if (!same && first.empty())
            first = fmt::format("at ({}) {:.17g}, expected {:.17g}, error {:.2g} of the largest", fmt::join(p, ", "), g, e,
                                std::abs(g - e) / scale);
    });
    return first;
}
template std::string difference(const Tensor<double>&, const Tensor<double>&, double);
template std::string difference(const Tensor<float>&, const Tensor<double>&, double);
template std::string difference(const Tensor<float>&, const Tensor<float>&, double);

template <class T>
std::string bit_difference(const Tensor<T>& got, const Tensor<T>& expected) {
    if (got.shape() != expected.shape()) return fmt::format("shape {}, expected {}", to_string(got.shape()), to_string(expected.shape()));
    std::string first;
    for_each_position(expected.shape(), [&](const Position& p) {
        const T g = read(got, p), e = read(expected, p);
        if (std::memcmp(&g, &e, sizeof(T)) != 0 && first.empty())
            first = fmt::format("at ({}) {:.17g}, not the bits of {:.17g}", fmt::join(p, ", "), g, e);
    });
    return first;
}
template std::string bit_difference(const Tensor<double>&, const Tensor<double>&);
template std::string bit_difference(const Tensor<float>&, const Tensor<float>&);

template <class T>
Swept<T> sweep(const Call<T>& f, const Operands<T>& operands, const Tensor<T>& u, unsigned recorded, Detail detail) {
    Tape tape(detail);
    Operands<T> x;
    for (std::size_t k = 0; k < operands.size(); ++k) x.push_back((recorded >> k & 1u) != 0 ? tape.variable(operands[k]) : operands[k]);
    const Tensor<T> y = f(x);
    Swept<T> result{y.constant(), Operands<T>(operands.size())};
    const Tensor<T> loss = sum(u * y);
    if (!loss.recorded()) return result;
    const Gradient g = tape.gradient(loss);
    for (std::size_t k = 0; k < operands.size(); ++k)
        if (x[k].recorded()) result.adjoint[k] = g[x[k]];
    return result;
}
template Swept<double> sweep(const Call<double>&, const Operands<double>&, const Tensor<double>&, unsigned, Detail);
template Swept<float> sweep(const Call<float>&, const Operands<float>&, const Tensor<float>&, unsigned, Detail);

template <class T>
Tensor<T> cotangent(const Shape& shape) {
    return cast<T>(Draw(77).uniform(shape));
}
template Tensor<double> cotangent(const Shape&);
template Tensor<float> cotangent(const Shape&);

Operands<float> in_float(const Operands<double>& x) {
    Operands<float> result;
    for (const Tensor<double>& operand : x) result.push_back(cast<float>(operand));
    return result;
}

}  // namespace registry
