// SPDX-License-Identifier: MIT
// Where a derivative jumps, is infinite or does not exist: first and second derivatives in every mode, on Scalars, on tensors and on dual
// numbers. All of them must say the same, and it is what the tables of the rules promise.
#include "autodiff/dual.hpp"
#include "tests/modes/modes.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <fmt/format.h>
#include <functional>
#include <limits>
#include <optional>

namespace {

using namespace autodiff;
using modes::By;
using modes::Word;

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

bool equal(const Tensor<double>& a, const Tensor<double>& b) { return a.shape() == b.shape() && count(a == b).item() == a.size(); }
bool same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

/// Any infinity or NaN: which of them depends on the order of multiplication.
constexpr std::nullopt_t not_finite = std::nullopt;

using Dual2 = Dual<Dual<double>>;
using Scalars = std::vector<Scalar>;
using T = Tensor<double>;

/// A function at a point, and what its first two derivatives are there.
struct Point {
    template <class F>
    Point(const char* its_name, F f, double at, double slope, std::optional<double> bend)
        : name(its_name),
          on_duals(f),
          on_tensors(f),
          on_scalars([f](const Scalars& v) { return Scalars{f(v[0])}; }),
          x(at),
          first(slope),
          second(bend) {}
    const char* name;
    std::function<Dual2(const Dual2&)> on_duals;
    modes::Map<T> on_tensors;
    modes::Map<Scalars> on_scalars;
    double x, first;
    std::optional<double> second;
};

void note(const Point& p, const std::string& mode, double got, std::optional<double> expected) {
    const bool right = expected ? same(got, *expected) : !std::isfinite(got);
    BOOST_TEST(right, fmt::format("{} at {} by {}: got {}, expected {}", p.name, p.x, mode, got,
                                  expected ? fmt::format("{}", *expected) : "no finite number"));
}

/// Every mode up to the second order.
void check(const std::vector<Point>& points) {
    const std::vector<T> ones(2, T::of({1}));
    const std::vector<Scalars> units(2, Scalars{1});
    for (const Point& p : points) {
        const Dual2 y = p.on_duals(Dual2{Dual<double>{p.x, 1}, Dual<double>{1, 0}});
        note(p, "duals", y.tangent.value, p.first);
        note(p, "duals, second order", y.tangent.tangent, p.second);
        for (const Word& word : modes::words_up_to(2)) {
            const std::string mode = modes::to_string(word);
            const std::optional<double> expected = word.size() == 1 ? p.first : p.second;
            BOOST_TEST_CONTEXT(p.name << " at " << p.x << " by " << mode) {
                note(p, mode + " on tensors", modes::differentiated<T>(p.on_tensors, word, ones[0], ones)(T::of({p.x})).at(0), expected);
                note(p, mode + " on Scalars", modes::differentiated<Scalars>(p.on_scalars, word, units[0], units)({p.x})[0].value(),
                     expected);
            }
        }
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(singular_points_in_every_mode)

BOOST_AUTO_TEST_CASE(kinks_and_steps_have_the_slope_of_least_norm_and_no_curvature) {
    for (const double zero : {0.0, -0.0}) {
        check({{"relu", [](const auto& x) { return relu(x); }, zero, 0, 0},
               {"abs", [](const auto& x) { return abs(x); }, zero, 0, 0},
               {"sign", [](const auto& x) { return sign(x); }, zero, 0, 0},
               {"floor", [](const auto& x) { return floor(x); }, zero, 0, 0},
               {"max(x, 0)", [](const auto& x) { return maximum(x, 0); }, zero, 0.5, 0},
               {"min(x, 0)", [](const auto& x) { return minimum(x, 0); }, zero, 0.5, 0}});
    }
    check({{"x relu x", [](const auto& x) { return x * relu(x); }, 0, 0, 0}, {"x |x|", [](const auto& x) { return x * abs(x); }, 0, 0, 0}});
}

BOOST_AUTO_TEST_CASE(roots_logarithms_and_reciprocals_are_infinite_where_they_are) {
    check({{"sqrt", [](const auto& x) { return sqrt(x); }, 0, inf, -inf},
           {"log", [](const auto& x) { return log(x); }, 0, inf, -inf},
           {"reciprocal", [](const auto& x) { return reciprocal(x); }, 0, -inf, inf},
           {"1 / x", [](const auto& x) { return 1 / x; }, 0, -inf, inf},
           {"asin", [](const auto& x) { return asin(x); }, 1, inf, not_finite},
           {"acos", [](const auto& x) { return acos(x); }, 1, -inf, not_finite}});
}

BOOST_AUTO_TEST_CASE(powers_at_0_follow_their_table) {
    check({{"x^3", [](const auto& x) { return pow(x, 3); }, 0, 0, 0},
           {"x^2", [](const auto& x) { return pow(x, 2); }, 0, 0, 2},
           {"x^1.5", [](const auto& x) { return pow(x, 1.5); }, 0, 0, inf},
           {"x^1", [](const auto& x) { return pow(x, 1); }, 0, 1, 0},
           {"x^0.5", [](const auto& x) { return pow(x, 0.5); }, 0, inf, -inf},
           {"x^0", [](const auto& x) { return pow(x, 0); }, 0, 0, 0},
           {"x^-1", [](const auto& x) { return pow(x, -1); }, 0, -inf, inf},
           {"0^p at 2", [](const auto& p) { return pow(0, p); }, 2, 0, 0},
           {"x^2 at -3", [](const auto& x) { return pow(x, 2); }, -3, -6, 2},
           {"x^3 at -2", [](const auto& x) { return pow(x, 3); }, -2, 12, -12},
           {"(-2)^p", [](const auto& p) { return pow(-2, p); }, 2, undefined, undefined},
           {"x^0 at 2", [](const auto& x) { return pow(x, 0); }, 2, 0, 0}});
}

BOOST_AUTO_TEST_CASE(a_power_with_a_variable_exponent_of_0_keeps_its_mixed_derivative) {
    // d^2 a^b / da db = a^(b-1) (1 + b ln a), which is 1 / a at b = 0
    check({{"(x + 2)^(x - x0)", [](const auto& x) { return pow(x + 2, x); }, 0, std::log(2.0), std::log(2.0) * std::log(2.0) + 1}});
}

BOOST_AUTO_TEST_CASE(the_length_of_a_vanishing_vector_is_flat) {
    check({{"hypot(x, 0)", [](const auto& x) { return hypot(x, 0); }, 0, 0, 0},
           {"hypot(x, x)", [](const auto& x) { return hypot(x, x); }, 0, 0, 0}});
}

BOOST_AUTO_TEST_CASE(saturated_functions_are_flat_in_every_order) {
    for (const double far : {-800.0, 800.0}) {
        check({{"tanh", [](const auto& x) { return tanh(x); }, far, 0, 0},
               {"sigmoid", [](const auto& x) { return sigmoid(x); }, far, 0, 0},
               {"softplus", [](const auto& x) { return softplus(x); }, far, far > 0 ? 1.0 : 0.0, 0},
               {"erf", [](const auto& x) { return erf(x); }, far, 0, 0}});
    }
}

// The adjoint that arrives is exactly 0 and the partial infinite: nothing flows, in a sweep that records itself, too.
BOOST_AUTO_TEST_CASE(nothing_flows_into_what_was_not_chosen_in_any_order) {
    const T x = T::of({-1, 0, 4});
    const auto masked = [](const T& v) { return where(v > 0, sqrt(v), 0 * v); };
    const T ones = T::ones({3});
    const modes::Map<T> f = masked;
    for (const Word& word : modes::words_up_to(2)) {
        const T got = modes::differentiated<T>(f, word, ones, std::vector<T>{ones, ones})(x);
        const double at_4 = word.size() == 1 ? 0.25 : -1.0 / 32;
        BOOST_TEST((got.at(0) == 0 && got.at(1) == 0 && got.at(2) == at_4),
                   fmt::format("{}: {}, {}, {}", modes::to_string(word), got.at(0), got.at(1), got.at(2)));
    }
}

BOOST_AUTO_TEST_CASE(equal_maxima_share_and_do_not_bend) {
    const T x = T::of({3, 1, 3});
    for (const Word& word : modes::words_up_to(2)) {
        const T ones = T::ones({1}), v = T::of({1, 1, 0});
        const modes::Map<T> f = [](const T& a) { return reshape(amax(a), {1}); };
        const T got = modes::differentiated<T>(f, word, ones, std::vector<T>{v, v})(x);
        const bool open = modes::has_vjp(word);
        const T expected = word.size() == 2 ? T::zeros({open ? 3 : 1}) : open ? T::of({0.5, 0, 0.5}) : T::of({0.5});
        BOOST_TEST(equal(got, expected), modes::to_string(word));
    }
}

BOOST_AUTO_TEST_CASE(a_product_with_zeros_has_the_hessian_of_the_products_of_the_others) {
    const auto product = [](const T& x) { return prod(x); };
    const T one_zero = hessian(product, T::of({2, 0, 5})), two_zeros = hessian(product, T::of({0, 3, 0}));
    BOOST_TEST(equal(one_zero, T::from_rows({{0, 5, 0}, {5, 0, 2}, {0, 2, 0}})));
    BOOST_TEST(equal(two_zeros, T::from_rows({{0, 0, 3}, {0, 0, 0}, {3, 0, 0}})));
    BOOST_TEST(equal(hvp(product, T::of({2, 0, 5}), T::of({1, 1, 1})), T::of({5, 7, 2})));
}

BOOST_AUTO_TEST_SUITE_END()
