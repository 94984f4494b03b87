// SPDX-License-Identifier: MIT
#include "autodiff/dual.hpp"

#include "tests/support/compare.hpp"

#include <boost/test/unit_test.hpp>
#include <limits>

using namespace autodiff;
using test::close;

using D = Dual<double>;
using DD = Dual<D>;

namespace {

/// The variable of a second derivative.
DD twice(double x) { return {D{x, 1}, D{1, 0}}; }

template <class T>
T rosenbrock(const T& x, const T& y) {
    return (1 - x) * (1 - x) + 100 * (y - x * x) * (y - x * x);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(dual)

BOOST_AUTO_TEST_CASE(carries_the_directional_derivative_through_a_program) {
    const auto f = [](auto a, auto b) { return log(a) + a * b - sin(b); };
    BOOST_TEST(close(f(D{2, 1}, D{5, 0}).value, 11.652071455223083778, {.relative = 1e-15}));
    BOOST_TEST(close(f(D{2, 1}, D{5, 0}).tangent, 5.5, {.relative = 1e-15}));
    BOOST_TEST(close(f(D{2, 0}, D{5, 1}).tangent, 1.7163378145367737355, {.relative = 1e-15}));
    BOOST_TEST(close(f(D{2, 3}, D{5, -2}).tangent, 3 * 5.5 - 2 * 1.7163378145367737355, {.relative = 1e-15}));
}

BOOST_AUTO_TEST_CASE(nested_gives_the_hessian) {
    const auto entry = [](double xdot1, double ydot1, double xdot2, double ydot2) {
        return rosenbrock(DD{D{-1.2, xdot1}, D{xdot2, 0}}, DD{D{1, ydot1}, D{ydot2, 0}}).tangent.tangent;
    };
    BOOST_TEST(close(entry(1, 0, 1, 0), 1330.0, {.relative = 1e-14}));
    BOOST_TEST(close(entry(1, 0, 0, 1), 480.0, {.relative = 1e-14}));
    BOOST_TEST(close(entry(0, 1, 1, 0), 480.0, {.relative = 1e-14}));
    BOOST_TEST(close(entry(0, 1, 0, 1), 200.0, {.relative = 1e-14}));
}

BOOST_AUTO_TEST_CASE(nested_three_times_gives_the_third_derivative) {
    const Dual<DD> x{twice(0.7), DD{D{1, 0}, D{0, 0}}};
    BOOST_TEST(close(exp(2 * x).tangent.tangent.tangent, 8 * std::exp(1.4), {.relative = 1e-14}));
    BOOST_TEST(close((x * x * x).tangent.tangent.tangent, 6.0, {.relative = 1e-14}));
}

BOOST_AUTO_TEST_CASE(second_derivatives_stay_finite_where_the_function_saturates) {
    BOOST_TEST(sigmoid(twice(-800)).tangent.tangent == 0);
    BOOST_TEST(sigmoid(twice(800)).tangent.tangent == 0);
    BOOST_TEST(softplus(twice(-800)).tangent.tangent == 0);
    BOOST_TEST(tanh(twice(190)).tangent.tangent == 0);
    BOOST_TEST(abs(twice(0)).tangent.tangent == 0);
    BOOST_TEST(relu(twice(0)).tangent.tangent == 0);
    BOOST_TEST(pow(twice(0), 2).tangent.tangent == 2);
    BOOST_TEST(pow(twice(0), 3).tangent.tangent == 0);
    BOOST_TEST(pow(twice(0), 1).tangent.tangent == 0);
}

BOOST_AUTO_TEST_CASE(mixes_with_every_arithmetic_type) {
    const D x{3, 1};
    for (const D y : {x * 2, x * 2u, x * 2l, x * 2.0f, x * 2.0, x * 2.0L, 2 * x, 2.0f * x, x + x, x / 0.5f, 2 / (1 / x)}) {
        BOOST_TEST(close(y.value, 6.0, {.ulps = 1}));
        BOOST_TEST(close(y.tangent, 2.0, {.ulps = 1}));
    }
    D sum = 1;
    sum += x;
    sum -= 2;
    sum *= x;
    sum /= 2.0f;
    BOOST_TEST(sum.value == 3);
    BOOST_TEST(sum.tangent == 2.5);
    const Dual<float> narrow = 2.5 * Dual<float>{2.0f, 1.0f};
    BOOST_TEST(narrow.tangent == 2.5f);
    const DD mixed = twice(3) * D{2, 0};
    BOOST_TEST(mixed.tangent.value == 2);
    BOOST_TEST(pow(twice(3), D{2, 0}).tangent.tangent == 2);
}

BOOST_AUTO_TEST_CASE(compares_by_value) {
    const D small{1, 5}, large{2, -5};
    BOOST_TEST((small < large && large > small && small <= large && large >= small && small != large && small == D{1, 7}));
    BOOST_TEST((small < 2 && 2 > small && small == 1));
    BOOST_TEST(select(small < large, small, large).tangent == 5);
}

BOOST_AUTO_TEST_CASE(nothing_flows_where_nothing_arrives) {
    BOOST_TEST(sqrt(D{0, 0}).tangent == 0);
    BOOST_TEST((log(D{0, 0}) * 0).value != 0);  // -inf * 0 is NaN in the value: that stays visible
    BOOST_TEST(pow(D{0, 0}, D{0, 0}).tangent == 0);
    BOOST_TEST(sqrt(D{0, 1}).tangent == std::numeric_limits<double>::infinity());
    // 0 in value, but not in its own tangent: that does flow
    const DD x{D{2, 1}, D{0, 1}};
    BOOST_TEST((x * x).tangent.tangent == 4);
}

BOOST_AUTO_TEST_CASE(several_directions_at_once_are_each_direction_alone) {
    using Three = Dual<double, 3>;
    const auto f = [](auto a, auto b) { return atan2(exp(a) * b, 2 + a) - pow(b, a) / hypot(a, b) + tanh(a * b) * 3; };
    const Three a{0.7, {1, 0, -2}}, b{1.9, {0, 1, 0.5}};
    const Three y = f(a, b);
    for (std::size_t k = 0; k < 3; ++k) {
        const D alone = f(D{0.7, a.tangent[k]}, D{1.9, b.tangent[k]});
        BOOST_TEST(y.value == alone.value);
        BOOST_TEST(close(y.tangent[k], alone.tangent, {.ulps = 2}));
    }
}

BOOST_AUTO_TEST_CASE(an_infinite_partial_carries_only_the_directions_that_have_a_tangent) {
    const Dual<double, 2> x{0, {1, 0}};
    const auto y = sqrt(x);
    BOOST_TEST(y.tangent[0] == std::numeric_limits<double>::infinity());
    BOOST_TEST(y.tangent[1] == 0);
}

BOOST_AUTO_TEST_CASE(limits_and_classification_are_those_of_the_value) {
    BOOST_TEST(std::numeric_limits<D>::is_specialized);
    BOOST_TEST(std::numeric_limits<D>::epsilon().value == std::numeric_limits<double>::epsilon());
    BOOST_TEST(std::numeric_limits<D>::max().value == std::numeric_limits<double>::max());
    BOOST_TEST(std::numeric_limits<D>::max().tangent == 0);
    BOOST_TEST(std::numeric_limits<DD>::lowest().value.value == std::numeric_limits<double>::lowest());
    BOOST_TEST(isnan(std::numeric_limits<DD>::quiet_NaN()));
    BOOST_TEST(isinf(std::numeric_limits<D>::infinity()));
    BOOST_TEST(isfinite(D{1, std::numeric_limits<double>::infinity()}));
    BOOST_TEST(signbit(D{-1, 2}));
}

BOOST_AUTO_TEST_SUITE_END()
