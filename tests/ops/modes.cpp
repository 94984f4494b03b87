// SPDX-License-Identifier: MIT
// Over the whole registry: every way to a second derivative goes through the operation's VJP and JVP, plain and recorded, and all of
// them give the same. So no operation lacks a derivative in any mode.
#include "tests/ops/registry.hpp"

#include <cmath>
#include <fmt/format.h>

namespace {

using namespace registry;

/// <u, f(x)^2 + f(x)^3> as a function of the operands that have a derivative: powers, because many operations are linear, and two of them,
/// because roots of one are.
struct Loss {
    const Sample& sample;
    Tensor<double> u;
    explicit Loss(const Sample& s) : sample(s), u(cotangent<double>(s.in_double(s.operands).shape())) {}
    Tensor<double> operator()(const Operands<double>& x) const {
        Operands<double> all = sample.operands;
        for (std::size_t k = 0; k < x.size(); ++k) all[sample.first_differentiable + k] = x[k];
        const Tensor<double> y = sample.in_double(all);
        return sum(u * square(y) * (1.0 + y));
    }
    [[nodiscard]] Operands<double> point() const {
        const auto first = sample.operands.begin() + static_cast<std::ptrdiff_t>(sample.first_differentiable);
        return {first, sample.operands.end()};
    }
};

Operands<double> directions(const Operands<double>& x, unsigned seed) {
    Draw draw(seed);
    Operands<double> v;
    for (const Tensor<double>& each : x) v.push_back(draw.uniform(each.shape()));
    return v;
}

Tensor<double> dot(const Operands<double>& a, const Operands<double>& b) {
    Tensor<double> total = Tensor<double>::zeros({});
    for (std::size_t k = 0; k < a.size(); ++k) total = total + sum(a[k] * b[k]);
    return total;
}

bool has_derivative(const Loss& f, const Operands<double>& x) {
    Tape tape;
    Operands<double> variables;
    for (const Tensor<double>& each : x) variables.push_back(tape.variable(each));
    return f(variables).recorded();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(every_operation)

BOOST_AUTO_TEST_CASE(has_the_same_second_derivative_in_every_mixture_of_modes) {
    std::size_t compared = 0;
    for_each_sample([&compared](const Sample& s, Failures& failures) {
        const Loss f(s);
        const Operands<double> x = f.point();
        if (!has_derivative(f, x)) return;
        const Operands<double> v = directions(x, 41), w = directions(x, 42);
        const double tolerance = s.steps ? 1e-5 : 1e-11;  // a cast to float rounds tangents and adjoints
        const auto slope = [&](const Operands<double>& at) { return jvp(f, at, v).second; };
        const auto slope_by_rows = [&](const Operands<double>& at) { return dot(gradient(f, at), v); };
        const Operands<double> expected = hvp(f, x, v);
        const Operands<double> reverse_over_forward = gradient(slope, x), reverse_over_reverse = gradient(slope_by_rows, x);
        const Operands<double> forward_over_reverse = jvp([&](const Operands<double>& at) { return gradient(f, at); }, x, v).second;
        const auto note = [&](const char* mixture, std::size_t k, const Operands<double>& got) {
            const std::string what = difference(got[k], expected[k], tolerance);
            if (!what.empty()) failures.note(s, fmt::format("operand {}, {}: {}", k, mixture, what));
        };
        for (std::size_t k = 0; k < x.size(); ++k) {
            note("reverse over forward", k, reverse_over_forward);
            note("reverse over reverse", k, reverse_over_reverse);
            note("forward over recorded reverse", k, forward_over_reverse);
        }
        const double forward_over_forward = jvp(slope, x, w).second.item(), along = dot(expected, w).item();
        double size = 0;
        for (std::size_t k = 0; k < x.size(); ++k) size += sum(abs(expected[k] * w[k])).item();
        if (!(std::abs(forward_over_forward - along) <= tolerance * size))
            failures.note(s, fmt::format("forward over forward: {:.17g}, expected {:.17g}", forward_over_forward, along));
        ++compared;
    });
    BOOST_TEST(compared > 200u);
}

// Through recorded tangents and recorded adjoints once more: d/dx of v^T H v.
BOOST_AUTO_TEST_CASE(has_the_same_third_derivative_forward_and_backward) {
    for_each_sample([](const Sample& s, Failures& failures) {
        if (s.steps) return;
        const Loss f(s);
        const Operands<double> x = f.point();
        if (!has_derivative(f, x)) return;
        const Operands<double> v = directions(x, 51), w = directions(x, 52);
        const auto slope = [&](const Operands<double>& at) { return jvp(f, at, v).second; };
        const auto curvature = [&](const Operands<double>& at) { return jvp(slope, at, v).second; };
        const auto curvature_by_rows = [&](const Operands<double>& at) { return dot(hvp(f, at, v), v); };
        const Operands<double> backward = gradient(curvature_by_rows, x), mixed = gradient(curvature, x);
        const double forward = jvp(curvature, x, w).second.item();
        for (std::size_t k = 0; k < x.size(); ++k)
            failures.note(s, difference(mixed[k], backward[k], 1e-10));
        double size = 0;
        for (std::size_t k = 0; k < x.size(); ++k) size += sum(abs(backward[k] * w[k])).item();
        if (!(std::abs(forward - dot(backward, w).item()) <= 1e-10 * size))
            failures.note(s, fmt::format("forward {:.17g}, backward {:.17g}", forward, dot(backward, w).item()));
    });
}

BOOST_AUTO_TEST_SUITE_END()
