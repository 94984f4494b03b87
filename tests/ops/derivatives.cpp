// SPDX-License-Identifier: MIT
// Over the whole registry, operand by operand: the reverse sweep against the tangent sweep and against differences. Higher orders and all
// modes: orders.cpp.
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

BOOST_AUTO_TEST_SUITE_END()
