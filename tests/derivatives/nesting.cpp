// SPDX-License-Identifier: MIT
// Derivatives inside functions that are differentiated: any order, both modes, scalars and tensors; against nested dual numbers and
// closed formulas. Next: identities.cpp.
#include "autodiff/autodiff.hpp"
#include "autodiff/dual.hpp"
#include "tests/support/compare.hpp"

#include <array>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <functional>
#include <vector>

namespace {

using namespace autodiff;
using T = Tensor<double>;
using test::close;

using Function = std::function<Scalar(const Scalar&)>;

/// The n-th derivative by n nested calls; bit k of `forward` says whether level k goes forward.
Scalar nth(unsigned n, unsigned forward, const Function& f, const Scalar& x) {
    if (n == 0) return f(x);
    const Function inner = [&f, n, forward](const Scalar& t) { return nth(n - 1, forward, f, t); };
    return (forward >> (n - 1) & 1u) != 0 ? jvp(inner, x, Scalar(1)).second : gradient(inner, x);
}
/// The same with a plain outermost level.
double derivative(unsigned n, unsigned forward, const Function& f, double x) {
    const Function inner = [&f, n, forward](const Scalar& t) { return nth(n - 1, forward, f, t); };
    return (forward >> (n - 1) & 1u) != 0 ? jvp(inner, x, 1.0).second : gradient(inner, x);
}

template <unsigned n>
struct Nested {
    using type = Dual<typename Nested<n - 1>::type>;
};
template <>
struct Nested<0> {
    using type = double;
};
/// The n-th derivative by dual numbers of dual numbers.
template <unsigned n>
auto dual_at(double x) {
    if constexpr (n == 0)
        return x;
    else
        return typename Nested<n>::type{dual_at<n - 1>(x), typename Nested<n - 1>::type(1)};
}
template <unsigned n, class F>
double by_duals(const F& f, double x) {
    const auto part = [](const auto& self, const auto& y) -> double {
        if constexpr (std::is_same_v<std::remove_cvref_t<decltype(y)>, double>)
            return y;
        else
            return self(self, y.tangent);
    };
    return part(part, f(dual_at<n>(x)));
}

const auto wave = [](const auto& x) { return sin(x) * exp(0.5 * x) / (1 + x * x); };

/// u(x) = sum_j v_j tanh(w_j x + b_j)
struct Net {
    T v, w, b;
    Scalar operator()(const Scalar& x) const { return Scalar(sum(v * tanh(w * x + b))); }
};
const Net net{T::of({0.7, -1.1, 0.4}), T::of({1.3, 0.6, -0.9}), T::of({0.1, -0.2, 0.5})};

}  // namespace

BOOST_AUTO_TEST_SUITE(nesting)

BOOST_AUTO_TEST_CASE(derivatives_up_to_the_fourth_in_every_mixture_of_modes_are_those_of_nested_duals) {
    const double x = 0.7;
    BOOST_TEST(close(derivative(1, 0, wave, x), by_duals<1>(wave, x), {.relative = 1e-14}));
    for (unsigned modes = 0; modes < 4; ++modes)
        BOOST_TEST(close(derivative(2, modes, wave, x), by_duals<2>(wave, x), {.relative = 1e-13}), "modes " << modes);
    for (unsigned modes = 0; modes < 8; ++modes)
        BOOST_TEST(close(derivative(3, modes, wave, x), by_duals<3>(wave, x), {.relative = 1e-12}), "modes " << modes);
    for (unsigned modes = 0; modes < 16; ++modes)
        BOOST_TEST(close(derivative(4, modes, wave, x), by_duals<4>(wave, x), {.relative = 1e-11}), "modes " << modes);
}

BOOST_AUTO_TEST_CASE(every_rule_has_the_third_derivative_of_nested_duals_in_both_modes) {
    rules::for_each<rules::Unary>([]<class R>(R) {
        const double at = 0.5 * (R::domain.low + R::domain.high) + 0.1371 * (R::domain.high - R::domain.low);
        const auto f = [](const auto& x) { return apply(R{}, x); };
        const double expected = by_duals<3>(f, at), scale = std::abs(by_duals<2>(f, at));
        BOOST_TEST_CONTEXT(R::name) {
            BOOST_TEST(close(derivative(3, 0b000, f, at), expected, {.relative = 1e-11, .absolute = 1e-12 * scale}));
            BOOST_TEST(close(derivative(3, 0b110, f, at), expected, {.relative = 1e-11, .absolute = 1e-12 * scale}));
        }
    });
}

BOOST_AUTO_TEST_CASE(what_comes_from_outside_is_a_constant_inside_and_keeps_its_own_derivative) {
    // d/dx [ x * d/dy (x + y) ] = 1: an engine that confuses the two perturbations says 2
    const auto confusing = [](const Scalar& x) { return x * gradient([&x](const Scalar& y) { return x + y; }, Scalar(1)); };
    BOOST_TEST(gradient(confusing, 1.0) == 1.0);
    BOOST_TEST(jvp(confusing, 1.0, 1.0).second == 1.0);
    const auto forward = [](const Scalar& x) { return x * jvp([&x](const Scalar& y) { return x + y; }, Scalar(1), Scalar(1)).second; };
    BOOST_TEST(gradient(forward, 1.0) == 1.0);
    BOOST_TEST(jvp(forward, 1.0, 1.0).second == 1.0);
    // d/dx [ x * d/dy (x y) ] = 2 x, also at y = x
    BOOST_TEST(gradient([](const Scalar& x) { return x * gradient([&x](const Scalar& y) { return x * y; }, Scalar(1)); }, 3.0) == 6.0);
    BOOST_TEST(gradient([](const Scalar& x) { return x * gradient([&x](const Scalar& y) { return x * y; }, x); }, 3.0) == 6.0);
    // d/dx [ x * d/dy (x y^2) at y = x ] = d/dx 2 x^3
    BOOST_TEST(gradient([](const Scalar& x) { return x * gradient([&x](const Scalar& y) { return x * y * y; }, x); }, 3.0) == 54.0);
    const auto of_tensors = [](const T& x) { return sum(x * gradient([&x](const T& y) { return sum(x * y * y); }, x)); };
    BOOST_TEST(gradient(of_tensors, T::of({3, 1})).at(0) == 54.0);
    BOOST_TEST(gradient(of_tensors, T::of({3, 1})).at(1) == 6.0);
}

BOOST_AUTO_TEST_CASE(a_derivative_that_is_constant_has_derivative_0) {
    const auto linear = [](const Scalar& x) { return 3.0 * x + 1.0; };
    BOOST_TEST((derivative(2, 0b00, linear, 2.0)) == 0.0);
    BOOST_TEST((derivative(3, 0b01, linear, 2.0)) == 0.0);
    BOOST_TEST(hessian(linear, 2.0) == 0.0);
    BOOST_TEST(hvp([](const T& x) { return sum(2.0 * x); }, T::of({1, 2}), T::of({1, 1})).at(1) == 0.0);
    const auto second = [](const T& x) { return sum(gradient([](const T& t) { return sum(relu(t)); }, x)); };
    BOOST_TEST(gradient(second, T::of({1, -2})).at(0) == 0.0);
}

BOOST_AUTO_TEST_CASE(a_network_of_physics_has_its_closed_forms) {
    const double x = 0.37;
    double u_x = 0, u_xx = 0;
    std::vector<double> u_xx_w, u_xx_v, u_xx_b;
    for (Index j = 0; j < 3; ++j) {
        const double v = net.v.at(j), w = net.w.at(j), t = std::tanh(w * x + net.b.at(j));
        const double f1 = 1 - t * t, f2 = -2 * t * f1, f3 = f1 * (6 * t * t - 2);
        u_x += v * w * f1, u_xx += v * w * w * f2;
        u_xx_w.push_back(v * (2 * w * f2 + w * w * x * f3)), u_xx_v.push_back(w * w * f2), u_xx_b.push_back(v * w * w * f3);
    }
    BOOST_TEST(close(gradient(net, x), u_x, {.relative = 1e-12}));
    const auto curvature = [](const Net& n, const Scalar& at) {
        return gradient([&n](const Scalar& s) { return gradient([&n](const Scalar& r) { return n(r); }, s); }, at);
    };
    const auto forward = [](const Net& n, const Scalar& at) {
        return jvp([&n](const Scalar& s) { return jvp([&n](const Scalar& r) { return n(r); }, s, Scalar(1)).second; }, at, Scalar(1))
            .second;
    };
    const auto check = [&](const auto& second) {
        const auto [value, g] = value_and_gradient([&](const Net& n) { return second(n, Scalar(x)); }, net);
        BOOST_TEST(close(value, u_xx, {.relative = 1e-12}));
        for (Index j = 0; j < 3; ++j) {
            const auto k = static_cast<std::size_t>(j);
            BOOST_TEST(close(g.w.at(j), u_xx_w[k], {.relative = 1e-12}));
            BOOST_TEST(close(g.v.at(j), u_xx_v[k], {.relative = 1e-12}));
            BOOST_TEST(close(g.b.at(j), u_xx_b[k], {.relative = 1e-12}));
        }
    };
    check(curvature);
    check(forward);
    check([](const Net& n, const Scalar& at) { return hessian([&n](const Scalar& r) { return n(r); }, at); });
}

// The points of a batch as one tensor: u_x for all of them is one tangent in the direction of ones.
BOOST_AUTO_TEST_CASE(a_batch_of_points_of_a_network_of_physics_goes_forward_at_once) {
    const T points = T::from_rows({{-0.5}, {0.2}, {0.9}}), ones = T::ones({3, 1});
    const auto u = [](const Net& n, const T& x) { return sum(n.v * tanh(x * n.w + n.b), 1); };
    const auto residual = [&](const Net& n) {
        const auto u_x = [&](const T& x) { return jvp([&](const T& s) { return u(n, s); }, x, ones).second; };
        const auto [slope, curvature] = jvp(u_x, points, ones);
        return sum(square(curvature + slope * u(n, points)));
    };
    const auto one_by_one = [&](const Net& n) {
        Scalar total = 0;
        for (Index i = 0; i < 3; ++i) {
            const auto slope = [&n](const Scalar& s) { return gradient([&n](const Scalar& r) { return n(r); }, s); };
            const Scalar x = points.at(i, 0);
            total += square(gradient(slope, x) + slope(x) * n(x));
        }
        return total;
    };
    const auto [at_once, g] = value_and_gradient(residual, net);
    const auto [singly, expected] = value_and_gradient(one_by_one, net);
    BOOST_TEST(close(at_once, singly, {.relative = 1e-13}));
    for (Index j = 0; j < 3; ++j) {
        BOOST_TEST(close(g.w.at(j), expected.w.at(j), {.relative = 1e-11}));
        BOOST_TEST(close(g.v.at(j), expected.v.at(j), {.relative = 1e-11}));
        BOOST_TEST(close(g.b.at(j), expected.b.at(j), {.relative = 1e-11}));
    }
}

BOOST_AUTO_TEST_CASE(a_gradient_step_inside_is_differentiated_through) {
    // theta' = theta - a g(theta): d L(theta') = (I - a H) grad L(theta')
    const T X = T::from_rows({{0.5, -1}, {1.5, 0.25}, {-0.3, 0.8}}), t = T::from_rows({{1}, {-1}, {0.5}}),
            start = T::from_rows({{0.2}, {-0.4}});
    const auto task = [&](const T& w) { return sum(square(tanh(matmul(X, w)) - t)); };
    const auto test_loss = [](const T& w) { return sum(exp(w) * w); };
    const double rate = 0.1;
    const T meta = gradient([&](const T& w) { return test_loss(w - rate * gradient(task, w)); }, start);
    const T stepped = start - rate * gradient(task, start), outer = gradient(test_loss, stepped);
    const T expected = outer - rate * hvp(task, start, outer);
    for (Index i = 0; i < 2; ++i) BOOST_TEST(close(meta.at(i, 0), expected.at(i, 0), {.relative = 1e-13}));
}

BOOST_AUTO_TEST_CASE(every_function_works_inside_every_other) {
    // f(x) = x0^2 x1 + x1^3 in a tensor; its derivatives of order 2 to 4 in closed form
    const auto f = [](const T& x) { return x(0) * x(0) * x(1) + x(1) * x(1) * x(1); };
    const T x = T::of({2, 3}), v = T::of({1, -1});
    // d/dx of v^T H v with H = [[2 x1, 2 x0], [2 x0, 6 x1]], v = (1, -1): 2 x1 - 4 x0 + 6 x1
    const auto check = [](const T& g) {
        BOOST_TEST(g.at(0) == -4.0);
        BOOST_TEST(g.at(1) == 8.0);
    };
    check(gradient([&](const T& at) { return sum(v * hvp(f, at, v)); }, x));
    check(gradient([&](const T& at) { return sum(v * jvp([&](const T& s) { return gradient(f, s); }, at, v).second); }, x));
    check(gradient([&](const T& at) { return sum(reshape(v, {2, 1}) * hessian(f, at) * v); }, x));
    check(gradient([&](const T& at) { return sum(reshape(v, {2, 1}) * jacobian([&](const T& s) { return gradient(f, s); }, at) * v); }, x));
    check(gradient(
        [&](const T& at) {
            return sum(reshape(v, {2, 1}) * jacobian([&](const T& s) { return gradient(f, s); }, at, Mode::forward) * v);
        },
        x));
    check(gradient([&](const T& at) { return sum(v * vjp([&](const T& s) { return gradient(f, s); }, at).second(v)); }, x));
    check(jacobian([&](const T& at) { return sum(v * hvp(f, at, v)); }, x));
    const auto [value, pullback] = vjp([&](const T& at) { return sum(v * hvp(f, at, v)); }, x);
    BOOST_TEST(value.item() == 2 * 3 - 4 * 2 + 6 * 3.0);
    check(pullback(1.0));
    // third derivatives by a Hessian of a slope: d^2/dx^2 of df/dx0 = 2 x0 x1
    const T third = hessian([&](const T& at) { return gradient(f, at)(0); }, x);
    BOOST_TEST(third.at(0, 0) == 0.0);
    BOOST_TEST(third.at(0, 1) == 2.0);
    BOOST_TEST(third.at(1, 0) == 2.0);
    BOOST_TEST(third.at(1, 1) == 0.0);
}

BOOST_AUTO_TEST_CASE(a_struct_of_recorded_tensors_is_an_argument_inside) {
    struct Pair {
        T a;
        Scalar b;
    };
    const auto f = [](const Pair& p) { return Scalar(sum(p.a * p.a * p.a)) * p.b * p.b; };
    const Pair g = gradient(
        [&](const Pair& p) {
            const Pair inner = gradient(f, p);
            return Scalar(sum(inner.a)) * inner.b;  // 3 (a0^2 + a1^2) b^2 * 2 (a0^3 + a1^3) b
        },
        Pair{T::of({1, 2}), 3});
    BOOST_TEST(g.b.value() == 3 * 5 * 2 * 9 * 3 * 9.0);
    BOOST_TEST(g.a.at(0) == 27 * 6 * (2 * 1 * 9 + 5 * 3 * 1.0));
    BOOST_TEST(g.a.at(1) == 27 * 6 * (2 * 2 * 9 + 5 * 3 * 4.0));
}

BOOST_AUTO_TEST_CASE(stop_gradient_holds_at_every_level) {
    const auto f = [](const Scalar& x) { return x * x * stop_gradient(x); };  // derivative 2 x s, with s = x
    BOOST_TEST(gradient(f, 3.0) == 18.0);
    BOOST_TEST((derivative(2, 0b00, f, 3.0)) == 6.0);
    BOOST_TEST((derivative(2, 0b11, f, 3.0)) == 6.0);
    BOOST_TEST(gradient([&](const Scalar& x) { return x * stop_gradient(gradient(f, x)); }, 3.0) == 18.0);
}

BOOST_AUTO_TEST_CASE(masked_branches_stay_masked_in_derivatives_of_derivatives) {
    const auto f = [](const T& x) { return sum(where(x > 0.0, sqrt(x) * x, 0.0 * x)); };  // x^(3/2), its branch infinite at 0
    const T x = T::of({4, 0, 0});
    const auto twice = [&](const T& at) { return sum(gradient(f, at)); };
    BOOST_TEST(gradient(twice, x).at(0) == 0.375);
    BOOST_TEST(gradient(twice, x).at(1) == 0.0);
    BOOST_TEST(jvp([&](const T& at) { return gradient(f, at); }, x, T::ones({3})).second.at(2) == 0.0);
    BOOST_TEST(hvp(f, x, T::ones({3})).at(1) == 0.0);
}

BOOST_AUTO_TEST_SUITE_END()
