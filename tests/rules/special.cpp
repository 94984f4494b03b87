// SPDX-License-Identifier: MIT
#include "autodiff/rules/list.hpp"
#include "tests/support/compare.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <numbers>
#include <random>
#include <tuple>

using namespace autodiff;
using test::close;

namespace {

constexpr long double pi = std::numbers::pi_v<long double>, ln2 = std::numbers::ln2_v<long double>;
constexpr long double euler = std::numbers::egamma_v<long double>;
constexpr long double zeta3 = 1.202056903159594285399738L;
using Types = std::tuple<float, double, long double>;

}  // namespace

BOOST_AUTO_TEST_SUITE(special)

BOOST_AUTO_TEST_CASE_TEMPLATE(values_with_a_closed_form, T, Types) {
    const test::Tolerance rounding{.ulps = 4};
    BOOST_TEST(close(digamma(T{1}), -euler, rounding));
    BOOST_TEST(close(digamma(T(0.5)), -euler - 2 * ln2, rounding));
    BOOST_TEST(close(digamma(T(-0.5)), 2 - euler - 2 * ln2, {.relative = 32 * std::numeric_limits<T>::epsilon()}));  // near a root
    BOOST_TEST(close(polygamma(0, T{1}), -euler, rounding));
    BOOST_TEST(close(polygamma(1, T{1}), pi * pi / 6, rounding));
    BOOST_TEST(close(polygamma(1, T(0.5)), pi * pi / 2, rounding));
    BOOST_TEST(close(polygamma(1, T(-0.5)), pi * pi / 2 + 4, rounding));
    BOOST_TEST(close(polygamma(2, T{1}), -2 * zeta3, rounding));
    BOOST_TEST(close(polygamma(2, T(0.5)), -14 * zeta3, rounding));
    BOOST_TEST(close(polygamma(3, T{1}), pi * pi * pi * pi / 15, rounding));
    BOOST_TEST(close(log_gamma(T{5}), std::log(24.0L), rounding));
    BOOST_TEST(close(log_gamma(T(-0.5)), std::log(2 * std::sqrt(pi)), rounding));
    BOOST_TEST(log_gamma(T{1}) == 0);
    BOOST_TEST(log_gamma(T{2}) == 0);
}

// psi_n(x + 1) = psi_n(x) + (-1)^n n! / x^(n+1)
BOOST_AUTO_TEST_CASE(polygamma_of_any_order_obeys_its_recurrence) {
    constexpr unsigned seed = 7;
    std::mt19937_64 random(seed);
    long double factorial = 1;
    for (int n = 0; n <= 6; ++n) {
        if (n > 0) factorial *= -n;
        for (int point = 0; point < 100; ++point) {
            const double x = std::uniform_real_distribution<double>(0.2, 20)(random);
            const long double step = factorial / std::pow(static_cast<long double>(x), n + 1);
            BOOST_TEST_CONTEXT("order " << n << " at " << x << ", seed " << seed)
            BOOST_TEST(close(polygamma(n, static_cast<long double>(x) + 1) - polygamma(n, static_cast<long double>(x)), step,
                             {.absolute = 1e-17 * static_cast<double>(std::abs(polygamma(n, x)) + 1)}));
        }
    }
}

// psi_1(x) = (pi / sin(pi x))^2 - psi_1(1 - x), psi_2(x) = psi_2(1 - x) - 2 pi^3 cos(pi x) / sin(pi x)^3, where whole periods are taken off
// before the sine. Beyond 2^31 an int does not hold them, as the library underneath would have it.
BOOST_AUTO_TEST_CASE(far_below_zero_polygamma_repeats_from_pole_to_pole) {
    for (const long double whole : {-1e3L, -0x1p30L, -0x1p30L - 1, -0x1p31L, -0x1p31L - 1, -0x1p32L, -6358640000001.0L, -0x1p47L})
        for (const long double part : {0.25L, 0.5L, -0.25L, 0.375L, -0.4375L}) BOOST_TEST_CONTEXT(whole << " and " << part) {
                const long double sine = std::sin(pi * part), cosine = std::cos(pi * part), x = whole + part, z = 1 - x;
                const long double first = pi * pi / (sine * sine) - (1 / z + 1 / (2 * z * z) + 1 / (6 * z * z * z));
                const long double second = -1 / (z * z) - 1 / (z * z * z) - 2 * pi * pi * pi * cosine / (sine * sine * sine);
                const double rounding = 1e-17 + 1e-9 / std::abs(static_cast<double>(whole));
                BOOST_TEST(close(polygamma(1, x), first, {.relative = rounding}));
                BOOST_TEST(close(polygamma(2, x), second, {.relative = rounding, .absolute = rounding}));
                BOOST_TEST(close(polygamma(1, static_cast<double>(x)), first, {.relative = rounding, .ulps = 2}));
            }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(poles_give_the_limit_or_nan, T, Types) {
    constexpr T inf = std::numeric_limits<T>::infinity();
    BOOST_TEST(digamma(T{0}) == -inf);
    BOOST_TEST(digamma(-T{0}) == inf);
    for (const T pole : {T{-1}, T{-2}, T{-100}}) {
        BOOST_TEST(std::isnan(digamma(pole)));
        BOOST_TEST(polygamma(1, pole) == inf);
        BOOST_TEST(std::isnan(polygamma(2, pole)));
        BOOST_TEST(log_gamma(pole) == inf);
    }
    BOOST_TEST(polygamma(1, T{0}) == inf);
    BOOST_TEST(polygamma(1, -T{0}) == inf);
    BOOST_TEST(polygamma(2, T{0}) == -inf);
    BOOST_TEST(polygamma(2, -T{0}) == inf);
    BOOST_TEST(log_gamma(T{0}) == inf);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(at_infinity, T, Types) {
    constexpr T inf = std::numeric_limits<T>::infinity();
    BOOST_TEST(digamma(inf) == inf);
    BOOST_TEST(polygamma(1, inf) == 0);
    BOOST_TEST(polygamma(2, inf) == 0);
    BOOST_TEST(log_gamma(inf) == inf);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(an_order_that_is_none_gives_nan, T, Types) {
    BOOST_TEST(std::isnan(polygamma(-1, T{1})));
    BOOST_TEST(std::isnan(polygamma(101, T{1})));
    BOOST_TEST(std::isnan(polygamma(T(0.5), T{1})));
    BOOST_TEST(std::isnan(polygamma(std::numeric_limits<T>::quiet_NaN(), T{1})));
    BOOST_TEST(std::isnan(polygamma(std::numeric_limits<T>::infinity(), T{1})));
}

// Overflow to the left of a pole and to the right has the sign of (-1)^(n+1) / (x - pole)^(n+1), whatever the library underneath says.
BOOST_AUTO_TEST_CASE_TEMPLATE(beside_a_pole_overflow_has_the_right_sign, T, Types) {
    constexpr T inf = std::numeric_limits<T>::infinity(), tiny = std::numeric_limits<T>::denorm_min();
    BOOST_TEST(digamma(tiny) == -inf);
    BOOST_TEST(digamma(-tiny) == inf);
    for (const int n : {1, 2, 3, 4, 7}) BOOST_TEST_CONTEXT("order " << n) {
            BOOST_TEST(polygamma(n, tiny) == (n % 2 == 1 ? inf : -inf));
            BOOST_TEST(polygamma(n, -tiny) == inf);
        }
}

BOOST_AUTO_TEST_CASE(high_orders_overflow_beside_every_pole) {
    constexpr double inf = std::numeric_limits<double>::infinity();
    BOOST_TEST(polygamma(100, 0.001) == -inf);
    BOOST_TEST(polygamma(100, -2.999) == -inf);
    BOOST_TEST(polygamma(100, -3.001) == inf);
    BOOST_TEST(polygamma(99, -3.001) == inf);
    BOOST_TEST(close(polygamma(100, -0.5), polygamma(100, 1.5), {.relative = 1e-13}));  // the two nearest poles cancel
}

BOOST_AUTO_TEST_CASE_TEMPLATE(no_argument_throws, T, Types) {
    for (const T magnitude : {T{0}, std::numeric_limits<T>::denorm_min(), std::numeric_limits<T>::min(), T(1e-8), T(0.3), T{1}, T(1.5),
                              T(30.25), T(170.5), T(1000.5), T(1e6), T(1e30), std::numeric_limits<T>::max(),
                              std::numeric_limits<T>::infinity(), std::numeric_limits<T>::quiet_NaN()})
        for (const T x : {magnitude, -magnitude}) {
            BOOST_TEST_CONTEXT("x = " << x) {
                BOOST_CHECK_NO_THROW(static_cast<void>(log_gamma(x)));
                BOOST_CHECK_NO_THROW(static_cast<void>(digamma(x)));
                for (const int n : {0, 1, 2, 3, 10, 50, 100, 101}) BOOST_CHECK_NO_THROW(static_cast<void>(polygamma(n, x)));
                if (x > 0) BOOST_TEST(!std::isnan(digamma(x)));
                if (x > 0) BOOST_TEST(!std::isnan(polygamma(1, x)));
                if (x > 0) BOOST_TEST(!std::isnan(polygamma(2, x)));
            }
        }
}

BOOST_AUTO_TEST_SUITE_END()
