// SPDX-License-Identifier: MIT
// A Scalar as a C++ number: conversions, mixed arithmetic, comparisons, limits, printing, constants. Next: eigen.cpp.
#include "autodiff/gradient.hpp"

#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <compare>
#include <concepts>
#include <cstdint>
#include <iomanip>
#include <limits>
#include <map>
#include <numeric>
#include <set>
#include <sstream>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

namespace {

using autodiff::Detail;
using autodiff::Gradient;
using autodiff::Scalar;
using autodiff::Tape;

// Constants exist before main, in read-only or at least initialised memory.
constexpr Scalar pi = 3.25;
constinit Scalar counter = 7;
const Scalar computed_before_main = pi * 2 + 1;
constexpr std::array<Scalar, 3> weights{0.5, 1, 2.0f};

static_assert(sizeof(Scalar) == 16);
static_assert(std::is_trivially_destructible_v<Scalar>);
static_assert(std::is_nothrow_move_constructible_v<Scalar> && std::is_nothrow_move_assignable_v<Scalar>);
static_assert(std::is_nothrow_copy_constructible_v<Scalar> && std::is_nothrow_copy_assignable_v<Scalar>);
static_assert(std::regular<Scalar> && std::totally_ordered<Scalar>);
static_assert(std::convertible_to<double, Scalar> && std::convertible_to<int, Scalar> && std::convertible_to<bool, Scalar>);
static_assert(!std::is_convertible_v<Scalar, double> && !std::is_constructible_v<double, Scalar>);
static_assert(!std::is_convertible_v<Scalar, bool> && !std::is_constructible_v<bool, Scalar>);
static_assert(!std::is_constructible_v<Scalar, const char*> && !std::is_constructible_v<Scalar, std::string>);
static_assert(!std::is_copy_constructible_v<Tape> && !std::is_move_constructible_v<Tape>);
static_assert(!std::is_copy_assignable_v<Tape> && !std::is_move_assignable_v<Tape>);

// Every operator returns a number, never an expression.
template <class A, class B>
concept EveryOperatorGivesAScalar = requires(A a, B b) {
    { a + b } -> std::same_as<Scalar>;
    { a - b } -> std::same_as<Scalar>;
    { a* b } -> std::same_as<Scalar>;
    { a / b } -> std::same_as<Scalar>;
    { a == b } -> std::convertible_to<bool>;
    { a != b } -> std::convertible_to<bool>;
    { a < b } -> std::convertible_to<bool>;
    { a <= b } -> std::convertible_to<bool>;
    { a > b } -> std::convertible_to<bool>;
    { a >= b } -> std::convertible_to<bool>;
    { a <=> b } -> std::same_as<std::partial_ordering>;
};
template <class N>
concept MixesWithScalar = EveryOperatorGivesAScalar<Scalar, N> && EveryOperatorGivesAScalar<N, Scalar> && requires(Scalar a, N n) {
    { a += n } -> std::same_as<Scalar&>;
    { a -= n } -> std::same_as<Scalar&>;
    { a *= n } -> std::same_as<Scalar&>;
    { a /= n } -> std::same_as<Scalar&>;
    a = n;
};
static_assert(MixesWithScalar<Scalar> && MixesWithScalar<double> && MixesWithScalar<float> && MixesWithScalar<long double>);
static_assert(MixesWithScalar<int> && MixesWithScalar<long> && MixesWithScalar<unsigned> && MixesWithScalar<short> &&
              MixesWithScalar<bool>);
static_assert(MixesWithScalar<std::uint64_t> && MixesWithScalar<signed char>);
template <class A, class B>
concept Adds = requires(A a, B b) {
    a + b;
};
template <class A>
concept HasRemainder = requires(A a) {
    a % a;
};
template <class A>
concept Increments = requires(A a) {
    ++a;
};
static_assert(!Adds<Scalar, std::string> && !Adds<Scalar, const char*> && !HasRemainder<Scalar> && !Increments<Scalar>);

}  // namespace

BOOST_AUTO_TEST_SUITE(language)

BOOST_AUTO_TEST_CASE(mixed_arithmetic_is_arithmetic_of_doubles) {
    for (const Detail detail : {Detail::derivatives, Detail::operations}) {
        Tape tape(detail);
        const Scalar x = tape.variable(3.0);
        const auto check = [&x](const Scalar& y, double value, double slope) {
            BOOST_TEST(y.value() == value);
            BOOST_TEST(gradient(y)[x] == slope);
        };
        check(x + 1, 4, 1);
        check(1L + x, 4, 1);
        check(x - 1u, 2, 1);
        check(1.5f - x, -1.5, -1);
        check(x * 4, 12, 4);
        check(0.25f * x, 0.75, 0.25);
        check(x / 2, 1.5, 0.5);
        check(6 / x, 2, -6.0 / 9.0);
        check(x * true, 3, 1);
        check(x + false, 3, 1);
        check(x * std::uint64_t{1} * short{2}, 6, 2);
        check(x / 4.0L, 0.75, 0.25);
        check(x - 4u, -1, 1);  // no wrapping around
        check(7u - x, 4, -1);
        check(+x, 3, 1);
        check(-x, -3, -1);
        check(x * static_cast<signed char>(-2), -6, -2);
    }
}

BOOST_AUTO_TEST_CASE(integers_are_not_divided_as_integers) {
    const Scalar a = 7;
    BOOST_TEST((a / 2).value() == 3.5);
    BOOST_TEST((1 / a * 7).value() == 1.0);
}

BOOST_AUTO_TEST_CASE(constants_need_no_tape) {
    BOOST_TEST(pi.value() == 3.25);
    BOOST_TEST(counter.value() == 7.0);
    BOOST_TEST(computed_before_main.value() == 7.5);
    BOOST_TEST(weights[2].value() == 2.0);
    BOOST_TEST(!computed_before_main.recorded());
    BOOST_TEST(Scalar().value() == 0.0);
    BOOST_TEST((sin(pi) * pi / computed_before_main).value() == std::sin(3.25) * 3.25 / 7.5);
    counter += 1;
    BOOST_TEST(counter.value() == 8.0);
    counter = 7;
}

BOOST_AUTO_TEST_CASE(constants_work_with_variables) {
    Tape tape(Detail::derivatives);
    const Scalar x = tape.variable(2.0);
    const Scalar y = pi * x + weights[0] * x * x + computed_before_main;
    BOOST_TEST(gradient(y)[x] == 3.25 + 2.0);
    BOOST_TEST(x.recorded());
    BOOST_TEST(y.recorded());
}

BOOST_AUTO_TEST_CASE(comparisons_are_of_values) {
    Tape tape;
    const Scalar a = tape.variable(1.0), b = tape.variable(2.0), same = tape.variable(1.0);
    BOOST_TEST((a < b && a <= b && b > a && b >= a && a != b && a == same && a <= same && a >= same));
    BOOST_TEST(!(a > b || a >= b || b < a || b <= a || a == b || a != same || a < same || a > same));
    BOOST_TEST((a < 2 && 2 > a && a == 1 && 1 == a && a != 2u && 1.5f > a && a <= 1.0 && 0L < a && a >= true));
    BOOST_TEST(!(a > 2 || 2 < a || a != 1 || 2 == a));
    BOOST_TEST(((a <=> b) == std::partial_ordering::less));
    BOOST_TEST(((b <=> 1) == std::partial_ordering::greater));
    BOOST_TEST(((1.0 <=> a) == std::partial_ordering::equivalent));
}

BOOST_AUTO_TEST_CASE(nan_is_unordered) {
    const Scalar nan = std::numeric_limits<double>::quiet_NaN(), one = 1;
    BOOST_TEST(!(nan == nan));
    BOOST_TEST((nan != nan));
    BOOST_TEST(!(nan < one || nan > one || nan <= one || nan >= one || one < nan || one > nan || one == nan));
    BOOST_TEST(((nan <=> one) == std::partial_ordering::unordered));
    BOOST_TEST(
        (isnan(nan) && !isnan(one) && isfinite(one) && !isfinite(nan) && !isinf(one) && isinf(one / 0) && signbit(-one) && !signbit(one)));
}

BOOST_AUTO_TEST_CASE(comparing_records_nothing_and_disturbs_nothing) {
    Tape tape(Detail::derivatives);
    const Scalar x = tape.variable(3.0);
    Scalar t = x * x;
    const auto rows = tape.stats().rows;
    BOOST_TEST((t > 1 && t < 10.0 && t == 9 && t >= x));
    BOOST_TEST(tape.stats().rows == rows);
    t = std::move(t) * 2;
    BOOST_TEST(tape.stats().rows == rows);
    BOOST_TEST(gradient(t)[x] == 12.0);
}

BOOST_AUTO_TEST_CASE(maximum_minimum_and_clamp_of_the_standard_library_choose_an_argument) {
    Tape tape;
    const Scalar x = tape.variable(3.0), y = tape.variable(4.0);
    const Scalar larger = std::max(x, y), smaller = std::min(x, y), inside = std::clamp(x, Scalar(0), Scalar(1)),
                 most = std::max({x, y, x * y});
    BOOST_TEST(gradient(larger * 2)[y] == 2.0);
    BOOST_TEST(!gradient(larger * 2).reaches(x));
    BOOST_TEST(gradient(smaller * 2)[x] == 2.0);
    BOOST_TEST(inside.value() == 1.0);
    BOOST_TEST(!inside.recorded());
    BOOST_TEST(gradient(most)[x] == 4.0);
}

BOOST_AUTO_TEST_CASE(limits_are_those_of_double) {
    using Limits = std::numeric_limits<Scalar>;
    using Double = std::numeric_limits<double>;
    static_assert(Limits::is_specialized && Limits::is_iec559 && !Limits::is_integer && Limits::has_infinity && Limits::digits == 53);
    static_assert(Limits::max_exponent == Double::max_exponent && Limits::digits10 == 15);
    static_assert(std::same_as<decltype(Limits::max()), Scalar>);
    BOOST_TEST(Limits::max().value() == Double::max());
    BOOST_TEST(Limits::min().value() == Double::min());
    BOOST_TEST(Limits::lowest().value() == -Double::max());
    BOOST_TEST(Limits::epsilon().value() == Double::epsilon());
    BOOST_TEST(Limits::infinity().value() == Double::infinity());
    BOOST_TEST(Limits::denorm_min().value() == Double::denorm_min());
    BOOST_TEST(Limits::round_error().value() == 0.5);
    BOOST_TEST(isnan(Limits::quiet_NaN()));
}

BOOST_AUTO_TEST_CASE(printing_prints_the_value_with_the_streams_own_format) {
    Tape tape;
    const Scalar x = tape.variable(2.5);
    std::ostringstream out;
    out << x << ' ' << std::setprecision(3) << x / 3 << ' ' << Scalar(7) << ' ' << std::setw(6) << -x;
    BOOST_TEST(out.str() == "2.5 0.833 7   -2.5");
}

BOOST_AUTO_TEST_CASE(using_the_namespace_leaves_the_streams_of_numbers_alone) {
    using namespace autodiff;
    std::ostringstream out;
    out << 2.5 << ' ' << 3 << ' ' << Scalar(4);
    BOOST_TEST(out.str() == "2.5 3 4");
}

BOOST_AUTO_TEST_CASE(containers_of_scalars) {
    Tape tape;
    const Scalar x = tape.variable(2.0);
    const std::vector<Scalar> zeros(3);
    BOOST_TEST(std::accumulate(zeros.begin(), zeros.end(), Scalar()).value() == 0.0);
    std::vector<Scalar> filled(3, x * x);
    BOOST_TEST(gradient(std::accumulate(filled.begin(), filled.end(), Scalar(0)))[x] == 12.0);
    const std::set<Scalar> ordered{x * 3, x, x * 2, 4};
    BOOST_TEST(ordered.size() == 3u);  // 2 x is 4
    std::map<Scalar, int> keyed;
    keyed[x] = 1, keyed[x * 2] = 2, keyed[2.0] = 3;
    BOOST_TEST(keyed.size() == 2u);
    BOOST_TEST(keyed[x] == 3);
    const auto [a, b] = std::tuple<Scalar, Scalar>{1, x};
    BOOST_TEST((a < b));
    BOOST_TEST((std::tuple{a, b} < std::tuple{b, a}));
    BOOST_TEST((filled == std::vector<Scalar>{4, 4, 4}));
}

BOOST_AUTO_TEST_CASE(a_moved_from_value_is_not_a_number_but_can_be_assigned) {
    Tape tape;
    const Scalar x = tape.variable(2.0);
    Scalar a = x * x;
    const Scalar b = std::move(a);
    BOOST_TEST(gradient(b)[x] == 4.0);
    a = x;
    BOOST_TEST(gradient(a * b)[x] == 12.0);
    Scalar& same = a;
    a = std::move(same);
    BOOST_TEST(a.value() == 2.0);
}

BOOST_AUTO_TEST_SUITE_END()
