// SPDX-License-Identifier: MIT
// Level 0, scalar part: value_and_gradient and gradient of functions, with no tape in sight.
#include "autodiff/gradient.hpp"

#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

namespace {

using autodiff::gradient;
using autodiff::Scalar;
using autodiff::value_and_gradient;

double near(double a, double b) { return std::abs(a - b) / std::max(1.0, std::abs(b)); }

struct Line {
    Scalar slope, intercept;
    Scalar operator()(const Scalar& x) const { return slope * x + intercept; }
};
struct Net {
    Line inner, outer;
    std::vector<Scalar> weights;
    std::array<Scalar, 2> pair;
    int power = 2;
    std::string label = "net";
};

Scalar free_function(Scalar x, Scalar y) { return x * y - sin(y); }

template <class T>
T generic(const T& x) {
    T w = x * 2.0;
    return sin(w) * w + w;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(functions)

BOOST_AUTO_TEST_CASE(the_first_line_of_the_manual) {
    const auto [y, g] = value_and_gradient([](auto a, auto b) { return a * b + sin(a); }, 1.3, 5.2);
    BOOST_TEST(y == 1.3 * 5.2 + std::sin(1.3));
    const auto [da, db] = g;
    BOOST_TEST(near(da, 5.2 + std::cos(1.3)) < 1e-15);
    BOOST_TEST(db == 1.3);
}

BOOST_AUTO_TEST_CASE(one_argument_gives_a_number_and_several_a_tuple) {
    const auto one = value_and_gradient([](auto x) { return x * x; }, 3.0);
    static_assert(std::is_same_v<decltype(one), const std::pair<double, double>>);
    BOOST_TEST(one.first == 9.0);
    BOOST_TEST(one.second == 6.0);
    const auto three = value_and_gradient([](auto x, auto y, auto z) { return (x + y) * z; }, -2, 5.0f, -4L);
    static_assert(std::is_same_v<decltype(three), const std::pair<double, std::tuple<double, double, double>>>);
    BOOST_TEST(three.first == -12.0);
    BOOST_TEST((three.second == std::tuple{-4.0, -4.0, 3.0}));
}

BOOST_AUTO_TEST_CASE(gradient_is_the_second_half) {
    const double slope = gradient([](auto x) { return exp(x); }, 0.5);
    BOOST_TEST(slope == std::exp(0.5));
    const auto [dx, dy] = gradient([](auto x, auto y) { return x / y; }, 3.0, 2.0);
    BOOST_TEST(dx == 0.5);
    BOOST_TEST(dy == -0.75);
}

BOOST_AUTO_TEST_CASE(whatever_can_be_called) {
    BOOST_TEST(std::get<0>(gradient(free_function, 2.0, 5.0)) == 5.0);
    const std::function<Scalar(const Scalar&)> f = [](const Scalar& x) { return x * x * x; };
    BOOST_TEST(gradient(f, 2.0) == 12.0);
    BOOST_TEST(near(gradient(generic<Scalar>, 1.1), 2 * (std::cos(2.2) * 2.2 + std::sin(2.2) + 1)) < 1e-14);
    auto counting = [calls = 0](const Scalar& x) mutable { return x * static_cast<double>(++calls); };
    BOOST_TEST(gradient(counting, 1.0) == 1.0);
    BOOST_TEST(gradient(counting, 1.0) == 2.0);  // the function itself is called, not a copy
    struct Poly {
        double c;
        Scalar operator()(const Scalar& x) const& { return c * x; }
        Scalar operator()(const Scalar& x) && { return -c * x; }
    };
    const Poly p{3.0};
    BOOST_TEST(gradient(p, 1.0) == 3.0);
    BOOST_TEST(gradient(Poly{3.0}, 1.0) == -3.0);
}

BOOST_AUTO_TEST_CASE(a_result_that_is_one_of_the_arguments) {
    const auto [y, g] = value_and_gradient([](auto x, auto) { return x; }, 4.0, 5.0);
    BOOST_TEST(y == 4.0);
    BOOST_TEST((g == std::tuple{1.0, 0.0}));
}

BOOST_AUTO_TEST_CASE(local_state_inside_the_function) {
    const auto f = [](auto x) {
        std::map<int, Scalar> cache;
        for (int i = 0; i < 5; ++i) cache[i] = i == 0 ? x : cache[i - 1] * x;
        std::optional<Scalar> total;
        for (const auto& [power, term] : cache) total = total ? *total + term * power : term;
        return *total;
    };
    // x + x^2 + 2 x^3 + 3 x^4 + 4 x^5
    BOOST_TEST(gradient(f, 2.0) == 1.0 + 4.0 + 24.0 + 96.0 + 320.0);
}

BOOST_AUTO_TEST_CASE(a_struct_of_scalars_gives_a_struct_of_gradients) {
    const auto [y, g] = value_and_gradient([](const Line& line) { return line(3.0) * line(3.0); }, Line{2.0, 1.0});
    static_assert(std::is_same_v<std::remove_const_t<decltype(g)>, Line>);
    BOOST_TEST(y == 49.0);
    BOOST_TEST(g.slope.value() == 42.0);
    BOOST_TEST(g.intercept.value() == 14.0);
    BOOST_TEST(!g.slope.recorded());
}

BOOST_AUTO_TEST_CASE(nested_structs_containers_and_plain_members) {
    const Net net{{2.0, 1.0}, {0.5, -1.0}, {3.0, 4.0, 5.0}, {6.0, 7.0}, 3, "three"};
    const auto [y, g] = value_and_gradient(
        [](const Net& n, const auto& x) {
            Scalar s = n.outer(n.inner(x));
            for (const Scalar& w : n.weights) s = s + w * x;
            return s * n.pair[0] + n.pair[1] * static_cast<double>(n.power);
        },
        net, 2.0);
    const auto& [dn, dx] = g;
    BOOST_TEST(y == (0.5 * 5 - 1 + 24) * 6 + 21);
    BOOST_TEST(dn.outer.slope.value() == 30.0);
    BOOST_TEST(dn.outer.intercept.value() == 6.0);
    BOOST_TEST(dn.inner.slope.value() == 6.0);
    BOOST_TEST(dn.inner.intercept.value() == 3.0);
    BOOST_REQUIRE(dn.weights.size() == 3u);
    for (const Scalar& w : dn.weights) BOOST_TEST(w.value() == 12.0);
    BOOST_TEST(dn.pair[0].value() == 25.5);
    BOOST_TEST(dn.pair[1].value() == 3.0);
    BOOST_TEST(dn.power == 3);
    BOOST_TEST(dn.label == "three");
    BOOST_TEST(dx == 6.0 * (1.0 + 12.0));
}

BOOST_AUTO_TEST_CASE(a_vector_of_scalars_is_an_argument) {
    const std::vector<Scalar> x{1.0, 2.0, 3.0, 4.0, 5.0};
    const auto [y, g] = value_and_gradient(
        [](const std::vector<Scalar>& v) {
            Scalar product = 1.0;
            for (const Scalar& each : v) product = product * each;
            return product;
        },
        x);
    BOOST_TEST(y == 120.0);
    const double expected[] = {120, 60, 40, 30, 24};
    for (std::size_t i = 0; i < x.size(); ++i) BOOST_TEST(g[i].value() == expected[i]);
}

BOOST_AUTO_TEST_CASE(an_exception_of_the_function_passes_and_leaves_nothing_behind) {
    BOOST_CHECK_THROW(static_cast<void>(value_and_gradient([](auto x) -> Scalar { throw std::domain_error(x > 0 ? "no" : "yes"); }, 1.0)),
                      std::domain_error);
    BOOST_TEST(!(Scalar(2.0) * 3.0).recorded());
    BOOST_TEST(gradient([](auto x) { return x * x; }, 3.0) == 6.0);
}

BOOST_AUTO_TEST_CASE(a_function_that_differentiates_inside) {
    // The inner slope is a number: nothing flows through it.
    const double slope = gradient([](const Scalar& x) { return x * gradient([](auto t) { return t * t; }, x.value()); }, 3.0);
    BOOST_TEST(slope == 6.0);
}

BOOST_AUTO_TEST_SUITE_END()
