// SPDX-License-Identifier: MIT
// Every rule of the list at random points of its domain: the value against more digits, each partial against differences of the
// value, each partial's own derivatives (by dual numbers) against differences of the partial. A new rule is tested by being listed.
#include "autodiff/dual.hpp"
#include "tests/support/compare.hpp"

#include <array>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <functional>
#include <random>
#include <span>
#include <string_view>
#include <tuple>

namespace {

using namespace autodiff;
using test::close;
using test::ridders;

template <class... R>
std::tuple<R...> as_tuple(rules::List<R...>);
using AllRules = decltype(as_tuple(rules::All{}));

constexpr int points = 200;
constexpr unsigned seed = 20251;

/// A rule as a function of an array, whatever its arity.
template <class R>
constexpr std::size_t arity_of = static_cast<std::size_t>(arity(code_of<R>));

template <class R, class T, std::size_t N>
T value_of(const std::array<T, N>& x) {
    return std::apply([](const auto&... operand) { return R::value(operand...); }, x);
}
template <class R, std::size_t K, class T, std::size_t N>
T partial_of(const std::array<T, N>& x, const T& y) {
    if constexpr (N == 1)
        return R::partial(x[0], y);
    else
        return std::apply(
            [&y](const auto&... operand) {
                if constexpr (K == 0)
                    return R::partial_a(operand..., y);
                else if constexpr (K == 1)
                    return R::partial_b(operand..., y);
                else
                    return R::partial_c(operand..., y);
            },
            x);
}
template <class R, std::size_t K>
constexpr Interval domain_of() {
    if constexpr (arity_of<R> == 1)
        return R::domain;
    else if constexpr (K == 0)
        return R::domain_a;
    else if constexpr (K == 1)
        return R::domain_b;
    else
        return R::domain_c;
}
template <std::size_t N, class F>
void for_each_operand(const F& f) {
    const auto call = [&f]<std::size_t... K>(std::index_sequence<K...>) { (f(std::integral_constant<std::size_t, K>{}), ...); };
    call(std::make_index_sequence<N>{});
}

/// Differences must not straddle a kink or a step.
template <class R, std::size_t N>
bool near_a_kink(const std::array<double, N>& x) {
    constexpr double margin = 0.05;
    if constexpr (std::same_as<R, rules::Abs> || std::same_as<R, rules::Relu> || std::same_as<R, rules::Sign>)
        return std::abs(x[0]) < margin;
    else if constexpr (std::same_as<R, rules::Floor>)
        return std::abs(x[0] - std::round(x[0])) < margin;
    else if constexpr (std::same_as<R, rules::Where>)
        return std::abs(x[0]) < margin;
    else if constexpr (std::same_as<R, rules::Maximum> || std::same_as<R, rules::Minimum> || std::derived_from<R, rules::Relation>)
        return std::abs(x[0] - x[1]) < margin;
    else
        return false;
}

/// Where a check stands. It is not a template, so that what reports of it is compiled once.
struct Where {
    std::string_view rule;
    std::span<const double> x;
    int sampled;
};
void in_context(const Where& where, const std::function<void()>& f) {
    BOOST_TEST_CONTEXT(fmt::format("{} at {:.17g} (point {}, seed {})", where.rule, fmt::join(where.x, ", "), where.sampled, seed)) f();
}
void holds(const boost::test_tools::assertion_result& result, std::string_view what = "", std::size_t operand = 0) {
    BOOST_TEST(result, what << " operand " << operand << ": " << result.message());
}
/// One function for all that are differentiated here.
test::Difference slope(const std::function<long double(long double)>& f, long double x) { return ridders(f, x); }

/// Calls f(x) at random points of R's domain that are not near a kink.
template <class R, class F>
void at_random_points(const F& f) {
    constexpr std::size_t n = arity_of<R>;
    std::mt19937_64 random(seed);
    for (int sampled = 0; sampled < points;) {
        std::array<double, n> x;
        for_each_operand<n>([&]<std::size_t K>(std::integral_constant<std::size_t, K>) {
            constexpr Interval domain = domain_of<R, K>();
            x[K] = std::uniform_real_distribution<double>(domain.low, domain.high)(random);
        });
        if (near_a_kink<R>(x)) continue;
        ++sampled;
        in_context({R::name, x, sampled}, [&] { f(x); });
    }
}

template <class To, class From, std::size_t N>
std::array<To, N> convert(const std::array<From, N>& x) {
    std::array<To, N> result;
    for (std::size_t k = 0; k < N; ++k) result[k] = static_cast<To>(x[k]);
    return result;
}

template <class R, std::size_t K>
constexpr bool defined = derivative(code_of<R>, K) != "not defined";

/// What cancels in the value, at least 1: chain_sum rounds its product before it adds.
template <class R, class T, std::size_t N>
double cancelling(const std::array<T, N>& x) {
    if constexpr (std::same_as<R, rules::ChainSum>)
        return std::fmax(1.0, std::abs(static_cast<double>(x[0]) * static_cast<double>(x[1])));
    else
        return 1;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(rules)

// The reference is the same formula in 64 bits of mantissa; the absolute part is for results that cancel near a root of y (lgamma at 2).
BOOST_AUTO_TEST_CASE_TEMPLATE(value_in_double_agrees_with_long_double, R, AllRules) {
    at_random_points<R>([](const auto& x) {
        holds(close(value_of<R>(x), value_of<R>(convert<long double>(x)), {.absolute = 2e-16 * cancelling<R>(x), .ulps = 3}));
    });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(value_in_float_agrees_with_long_double, R, AllRules) {
    at_random_points<R>([](const auto& x) {
        const auto rounded = convert<float>(x);
        holds(close(value_of<R>(rounded), value_of<R>(convert<long double>(rounded)),
                    {.absolute = 1.2e-7 * cancelling<R>(rounded), .ulps = 3}));
    });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(partial_agrees_with_differences_of_the_value, R, AllRules) {
    at_random_points<R>([](const auto& sampled) {
        const auto x = convert<long double>(sampled);
        for_each_operand<arity_of<R>>([&]<std::size_t K>(std::integral_constant<std::size_t, K>) {
            const long double partial = partial_of<R, K>(x, value_of<R>(x));
            if constexpr (defined<R, K>) {
                const auto along = [&x](long double moved) {
                    auto at = x;
                    at[K] = moved;
                    return value_of<R>(at);
                };
                holds(close(partial, slope(along, x[K]).derivative, {.relative = 1e-12, .absolute = 1e-12}), "partial", K);
            } else
                holds(std::isnan(partial), "partial", K);
        });
    });
}

// Relative to the partial itself, so that double loses nothing but rounding; 1 - y^2 and y (1 - y) cancel, hence the absolute part.
BOOST_AUTO_TEST_CASE_TEMPLATE(partial_in_double_and_float_agrees_with_long_double, R, AllRules) {
    at_random_points<R>([](const auto& x) {
        for_each_operand<arity_of<R>>([&]<std::size_t K>(std::integral_constant<std::size_t, K>) {
            const auto agrees = [](const auto& at, test::Tolerance tolerance) {
                const auto wide = convert<long double>(at);
                return close(partial_of<R, K>(at, value_of<R>(at)), partial_of<R, K>(wide, value_of<R>(wide)), tolerance);
            };
            holds(agrees(x, {.relative = 4e-15, .absolute = 4e-16}), "double", K);
            holds(agrees(convert<float>(x), {.relative = 2e-6, .absolute = 2e-7}), "float", K);
        });
    });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(second_derivative_by_duals_agrees_with_differences_of_the_partial, R, AllRules) {
    constexpr std::size_t n = arity_of<R>;
    at_random_points<R>([](const auto& sampled) {
        const auto x = convert<long double>(sampled);
        for_each_operand<n>([&]<std::size_t K>(std::integral_constant<std::size_t, K>) {
            for_each_operand<n>([&]<std::size_t J>(std::integral_constant<std::size_t, J>) {
                if constexpr (defined<R, K> && defined<R, J>) {
                    std::array<Dual<long double>, n> dual = convert<Dual<long double>>(x);
                    dual[J].tangent = 1;
                    const auto y = std::apply([](const auto&... operand) { return apply(R{}, operand...); }, dual);
                    const auto along = [&x](long double moved) {
                        auto at = x;
                        at[J] = moved;
                        return partial_of<R, K>(at, value_of<R>(at));
                    };
                    const long double second = partial_of<R, K>(dual, y).tangent;
                    holds(close(second, slope(along, x[J]).derivative, {.relative = 1e-10, .absolute = 1e-10}), "partial of partial", J);
                }
            });
        });
    });
}

BOOST_AUTO_TEST_SUITE_END()
