// SPDX-License-Identifier: MIT
// Where a derivative jumps, is infinite or does not exist: first and second derivatives in every mode, on Scalars, on tensors and on dual
// numbers. All of them must say the same, and it is what the tables of the rules promise.
#include "autodiff/dual.hpp"
#include "tests/modes/modes.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <fmt/format.h>
#include <limits>

namespace {

using namespace autodiff;
using modes::By;
using modes::Word;

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

bool equal(const Tensor<double>& a, const Tensor<double>& b) { return a.shape() == b.shape() && count(a == b).item() == a.size(); }
bool same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

/// Any infinity or NaN: which of them depends on the order of multiplication.
struct NotFinite {};
constexpr NotFinite not_finite{};
bool same(double a, NotFinite) { return !std::isfinite(a); }
double shown(double expected) { return expected; }
const char* shown(NotFinite) { return "no finite number"; }

/// f in every mode up to the second order at x, which must be `first` and `second`.
template <class F, class Second>
void check(const char* name, const F& f, double x, double first, Second second) {
    const auto note = [&](const std::string& mode, double got, auto expected) {
        BOOST_TEST(same(got, expected), fmt::format("{} at {} by {}: got {}, expected {}", name, x, mode, got, shown(expected)));
    };
    using Dual2 = Dual<Dual<double>>;
    const Dual2 y = f(Dual2{Dual<double>{x, 1}, Dual<double>{1, 0}});
    note("duals", y.tangent.value, first);
    note("duals, second order", y.tangent.tangent, second);

    const modes::Map<Tensor<double>> on_tensors = [&f](const Tensor<double>& v) { return f(v); };
    const modes::Map<std::vector<Scalar>> on_scalars = [&f](const std::vector<Scalar>& v) { return std::vector<Scalar>{f(v[0])}; };
    const Tensor<double> one = Tensor<double>::of({1});
    const std::vector<Scalar> unit{1};
    const std::vector<Tensor<double>> ones(2, one);
    const std::vector<std::vector<Scalar>> units(2, unit);
    for (const Word& word : modes::words_up_to(2)) {
        const auto attempt = [&](const char* kind, const auto& run) {
            try {
                const std::string mode = fmt::format("{} on {}", modes::to_string(word), kind);
                word.size() == 1 ? note(mode, run(), first) : note(mode, run(), second);
            } catch (const std::exception& e) {
                BOOST_TEST(false, name << " at " << x << " by " << modes::to_string(word) << " on " << kind << " threw " << e.what());
            }
        };
        attempt("tensors",
                [&] { return modes::differentiated<Tensor<double>>(on_tensors, word, one, ones)(Tensor<double>::of({x})).at(0); });
        attempt("Scalars", [&] { return modes::differentiated<std::vector<Scalar>>(on_scalars, word, unit, units)({x})[0].value(); });
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(singular_points_in_every_mode)

BOOST_AUTO_TEST_CASE(kinks_and_steps_have_the_slope_of_least_norm_and_no_curvature) {
    for (const double zero : {0.0, -0.0}) {
        check(
            "relu", [](const auto& x) { return relu(x); }, zero, 0, 0);
        check(
            "abs", [](const auto& x) { return abs(x); }, zero, 0, 0);
        check(
            "sign", [](const auto& x) { return sign(x); }, zero, 0, 0);
        check(
            "floor", [](const auto& x) { return floor(x); }, zero, 0, 0);
        check(
            "max(x, 0)", [](const auto& x) { return maximum(x, 0); }, zero, 0.5, 0);
        check(
            "min(x, 0)", [](const auto& x) { return minimum(x, 0); }, zero, 0.5, 0);
    }
    check(
        "x relu x", [](const auto& x) { return x * relu(x); }, 0, 0, 0);
    check(
        "x |x|", [](const auto& x) { return x * abs(x); }, 0, 0, 0);
}

BOOST_AUTO_TEST_CASE(roots_logarithms_and_reciprocals_are_infinite_where_they_are) {
    check(
        "sqrt", [](const auto& x) { return sqrt(x); }, 0, inf, -inf);
    check(
        "log", [](const auto& x) { return log(x); }, 0, inf, -inf);
    check(
        "reciprocal", [](const auto& x) { return reciprocal(x); }, 0, -inf, inf);
    check(
        "1 / x", [](const auto& x) { return 1 / x; }, 0, -inf, inf);
    check(
        "asin", [](const auto& x) { return asin(x); }, 1, inf, not_finite);
    check(
        "acos", [](const auto& x) { return acos(x); }, 1, -inf, not_finite);
}

BOOST_AUTO_TEST_CASE(powers_at_0_follow_their_table) {
    check(
        "x^3", [](const auto& x) { return pow(x, 3); }, 0, 0, 0);
    check(
        "x^2", [](const auto& x) { return pow(x, 2); }, 0, 0, 2);
    check(
        "x^1.5", [](const auto& x) { return pow(x, 1.5); }, 0, 0, inf);
    check(
        "x^1", [](const auto& x) { return pow(x, 1); }, 0, 1, 0);
    check(
        "x^0.5", [](const auto& x) { return pow(x, 0.5); }, 0, inf, -inf);
    check(
        "x^0", [](const auto& x) { return pow(x, 0); }, 0, 0, 0);
    check(
        "x^-1", [](const auto& x) { return pow(x, -1); }, 0, -inf, inf);
    check(
        "0^p at 2", [](const auto& p) { return pow(0, p); }, 2, 0, 0);
    check(
        "x^2 at -3", [](const auto& x) { return pow(x, 2); }, -3, -6, 2);
    check(
        "x^3 at -2", [](const auto& x) { return pow(x, 3); }, -2, 12, -12);
    check(
        "(-2)^p", [](const auto& p) { return pow(-2, p); }, 2, undefined, undefined);
    check(
        "x^0 at 2", [](const auto& x) { return pow(x, 0); }, 2, 0, 0);
}

BOOST_AUTO_TEST_CASE(a_power_with_a_variable_exponent_of_0_keeps_its_mixed_derivative) {
    // d^2 a^b / da db = a^(b-1) (1 + b ln a), which is 1 / a at b = 0
    check(
        "(x + 2)^(x - x0)", [](const auto& x) { return pow(x + 2, x); }, 0, std::log(2.0), std::log(2.0) * std::log(2.0) + 1);
}

BOOST_AUTO_TEST_CASE(the_length_of_a_vanishing_vector_is_flat) {
    check(
        "hypot(x, 0)", [](const auto& x) { return hypot(x, 0); }, 0, 0, 0);
    check(
        "hypot(x, x)", [](const auto& x) { return hypot(x, x); }, 0, 0, 0);
}

BOOST_AUTO_TEST_CASE(saturated_functions_are_flat_in_every_order) {
    for (const double far : {-800.0, 800.0}) {
        check(
            "tanh", [](const auto& x) { return tanh(x); }, far, 0, 0);
        check(
            "sigmoid", [](const auto& x) { return sigmoid(x); }, far, 0, 0);
        check(
            "softplus", [](const auto& x) { return softplus(x); }, far, far > 0 ? 1 : 0, 0);
        check(
            "erf", [](const auto& x) { return erf(x); }, far, 0, 0);
    }
}

// The adjoint that arrives is exactly 0 and the partial infinite: nothing flows, in a sweep that records itself, too.
BOOST_AUTO_TEST_CASE(nothing_flows_into_what_was_not_chosen_in_any_order) {
    using T = Tensor<double>;
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
    using T = Tensor<double>;
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
    using T = Tensor<double>;
    const auto product = [](const T& x) { return prod(x); };
    const T one_zero = hessian(product, T::of({2, 0, 5})), two_zeros = hessian(product, T::of({0, 3, 0}));
    BOOST_TEST(equal(one_zero, T::from_rows({{0, 5, 0}, {5, 0, 2}, {0, 2, 0}})));
    BOOST_TEST(equal(two_zeros, T::from_rows({{0, 0, 3}, {0, 0, 0}, {3, 0, 0}})));
    BOOST_TEST(equal(hvp(product, T::of({2, 0, 5}), T::of({1, 1, 1})), T::of({5, 7, 2})));
}

BOOST_AUTO_TEST_SUITE_END()
