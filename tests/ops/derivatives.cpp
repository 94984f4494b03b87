// SPDX-License-Identifier: MIT
// Over the whole registry: the reverse sweep against the tangent sweep, against differences, and the second order against both.
#include "autodiff/sweep.hpp"
#include "tests/ops/registry.hpp"
#include "tests/support/compare.hpp"

#include <cmath>
#include <fmt/format.h>

namespace {

using namespace registry;

/// <a, b>, and the sum of the terms' sizes.
struct Product {
    long double value = 0, size = 0;
};
Product dot(const Tensor<double>& a, const Tensor<double>& b) {
    Product result;
    for_each_position(a.shape(), [&](const Position& p) {
        const long double term = static_cast<long double>(read(a, p)) * static_cast<long double>(read(b, p));
        result.value += term, result.size += std::abs(term);
    });
    return result;
}

Operands<double> directions(const Sample& s, unsigned seed) {
    Draw draw(seed);
    Operands<double> v;
    for (const Tensor<double>& operand : s.operands) v.push_back(draw.uniform(operand.shape()));
    return v;
}

unsigned differentiable(const Sample& s) { return ~0u << s.first_differentiable; }

/// J v by the tangent sweep over the recorded list.
Tensor<double> tangent(const Sample& s, const Operands<double>& v) {
    Tape tape(Detail::operations);
    Operands<double> x = s.operands;
    for (std::size_t k = s.first_differentiable; k < x.size(); ++k) x[k] = tape.variable(x[k]);
    const Tensor<double> y = s.in_double(x);
    if (!y.recorded()) return Tensor<double>::zeros(y.shape());
    std::vector<double> scalar(tape.stats().rows + 1, 0.0);
    Adjoints<double> tangents{scalar.data(), std::vector<AnyTensor>(tape.nodes().size())};
    for (std::size_t k = s.first_differentiable; k < x.size(); ++k) tangents.block[x[k].place().node] = v[k];
    tangent_sweep(tape.list(), tape.nodes(), tangents, y.place().row);
    const AnyTensor& ydot = tangents.block[y.place().node];
    return std::holds_alternative<std::monostate>(ydot) ? Tensor<double>::zeros(y.shape()) : std::get<Tensor<double>>(ydot);
}

/// The operands moved by t along v, only one of them.
Operands<double> moved(const Sample& s, std::size_t k, const Tensor<double>& v, long double t) {
    Operands<double> x = s.operands;
    x[k] = built(x[k].shape(), [&](const Position& p) {
        return static_cast<long double>(read(s.operands[k], p)) + t * static_cast<long double>(read(v, p));
    });
    return x;
}

/// Adjoints that are recorded themselves. There are no scalar rows with partials in the programs that come here.
struct NoPartials {
    const Scalar* operator()(std::uint32_t, std::uint32_t) const { return nullptr; }
};

/// <u, f(x)> has a second derivative only where f is not linear; <u, f(x)^2> has one everywhere, and it goes through all transposes.
Tensor<double> squared(const Sample& s, const Operands<double>& x) { return square(s.in_double(x)); }

/// H v for L = <u, f(x)^2>, by recording the reverse sweep and sweeping <v, xbar> again.
Operands<double> second_order(const Sample& s, const Tensor<double>& u, const Operands<double>& v) {
    Tape tape(Detail::operations);
    Operands<double> x = s.operands;
    for (std::size_t k = s.first_differentiable; k < x.size(); ++k) x[k] = tape.variable(x[k]);
    const Tensor<double> loss = sum(u * squared(s, x));
    std::vector<Scalar> scalar(tape.stats().rows + 1);
    Adjoints<Scalar> adjoints{scalar.data(), std::vector<AnyTensor>(tape.nodes().size())};
    adjoints.block[loss.place().node] = Tensor<double>::ones({});
    // Leaves are given up as soon as the sweep has passed, unless retained: variables are.
    reverse_sweep(tape.list(), tape.nodes(), adjoints, loss.place().row, NoPartials{});
    Tensor<double> along = Tensor<double>::zeros({});
    for (std::size_t k = s.first_differentiable; k < x.size(); ++k)
        if (const auto* adjoint = std::get_if<Tensor<double>>(&adjoints.block[x[k].place().node])) along += sum(v[k] * *adjoint);
    Operands<double> result;
    const Gradient g = along.recorded() ? tape.gradient(along) : Gradient();
    for (std::size_t k = 0; k < x.size(); ++k)
        result.push_back(along.recorded() && x[k].recorded() ? g[x[k]].constant() : Tensor<double>::zeros(s.operands[k].shape()));
    return result;
}

bool has_scalar_rows(const Sample& s) {
    Tape tape(Detail::operations);
    Operands<double> x;
    for (const Tensor<double>& operand : s.operands) x.push_back(tape.variable(operand));
    static_cast<void>(s.in_double(x));
    return tape.stats().operands > 0;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(every_operation)

BOOST_AUTO_TEST_CASE(has_adjoints_of_the_shapes_of_its_operands) {
    for_each_sample([](const Sample& s, Failures& failures) {
        const Tensor<double> u = cotangent<double>(s.in_double(s.operands).shape());
        const Swept<double> swept = sweep(s.in_double, s.operands, u, differentiable(s));
        for (std::size_t k = s.first_differentiable; k < s.operands.size(); ++k)
            if (swept.adjoint[k].shape() != s.operands[k].shape())
                failures.note(s, fmt::format("operand {} of shape {} has an adjoint of shape {}", k, to_string(s.operands[k].shape()),
                                             to_string(swept.adjoint[k].shape())));
    });
}

// <u, J v> = <J^T u, v>: the two sweeps share no line.
BOOST_AUTO_TEST_CASE(has_a_vjp_that_is_the_transpose_of_its_jvp) {
    for_each_sample([](const Sample& s, Failures& failures) {
        for (const unsigned seed : {11u, 12u}) {
            const Operands<double> v = directions(s, seed);
            const Tensor<double> ydot = tangent(s, v), u = cotangent<double>(ydot.shape());
            const Swept<double> swept = sweep(s.in_double, s.operands, u, differentiable(s));
            if (ydot.shape() != swept.y.shape()) failures.note(s, fmt::format("a tangent of shape {}", to_string(ydot.shape())));
            const Product forward = dot(u, ydot);
            Product backward;
            for (std::size_t k = s.first_differentiable; k < v.size(); ++k) {
                const Product part = dot(swept.adjoint[k], v[k]);
                backward.value += part.value, backward.size += part.size;
            }
            const long double tolerance = s.steps ? 1e-6L : 1e-13L;  // a cast to float rounds tangents and adjoints
            if (!(std::abs(forward.value - backward.value) <= tolerance * (forward.size + backward.size)))
                failures.note(s, fmt::format("<u, J v> = {:.17g}, <J^T u, v> = {:.17g}", forward.value, backward.value));
        }
    });
}

// One operand at a time, so that a failure names it; differences of doubles are good to some 1e-10 of the terms.
BOOST_AUTO_TEST_CASE(has_a_vjp_that_agrees_with_differences_of_its_value) {
    for_each_sample([](const Sample& s, Failures& failures) {
        if (s.steps) return;
        const Tensor<double> u = cotangent<double>(s.in_double(s.operands).shape());
        const Swept<double> swept = sweep(s.in_double, s.operands, u, differentiable(s));
        const Operands<double> v = directions(s, 21);
        for (std::size_t k = s.first_differentiable; k < v.size(); ++k) {
            const auto loss = [&](long double t) { return dot(u, s.in_double(moved(s, k, v[k], t))).value; };
            const Product got = dot(swept.adjoint[k], v[k]);
            const long double expected = test::ridders(loss, 0).derivative;
            if (!(std::abs(got.value - expected) <= 1e-9L * (got.size + std::abs(loss(0)))))
                failures.note(s, fmt::format("operand {}: {:.12g}, differences {:.12g}", k, got.value, expected));
        }
    });
}

BOOST_AUTO_TEST_CASE(has_a_second_order_that_agrees_with_differences_of_its_vjp) {
    for_each_sample([](const Sample& s, Failures& failures) {
        if (s.steps || has_scalar_rows(s)) return;
        const Call<double> f = [&s](const Operands<double>& x) { return squared(s, x); };
        const Tensor<double> u = cotangent<double>(s.in_double(s.operands).shape());
        const Operands<double> v = directions(s, 31), hv = second_order(s, u, v), w = directions(s, 32);
        for (std::size_t k = s.first_differentiable; k < v.size(); ++k) {
            const auto slope = [&](long double t) {
                const Swept<double> swept = sweep(f, moved(s, k, w[k], t), u, differentiable(s));
                Product sum;
                for (std::size_t j = s.first_differentiable; j < v.size(); ++j) {
                    const Product part = dot(swept.adjoint[j], v[j]);
                    sum.value += part.value, sum.size += part.size;
                }
                return sum;
            };
            if (hv[k].shape() != s.operands[k].shape()) {
                failures.note(s, fmt::format("operand {}: second order of shape {}", k, to_string(hv[k].shape())));
                continue;
            }
            const Product got = dot(hv[k], w[k]);
            const long double expected = test::ridders([&](long double t) { return slope(t).value; }, 0).derivative;
            if (!(std::abs(got.value - expected) <= 1e-8L * (got.size + slope(0).size)))
                failures.note(s, fmt::format("operand {}: {:.12g}, differences {:.12g}", k, got.value, expected));
        }
    });
}

BOOST_AUTO_TEST_SUITE_END()
