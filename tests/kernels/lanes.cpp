// SPDX-License-Identifier: MIT
// Every rule of the list on packs of every instruction set that this CPU runs, against the rule on scalars. How many units in the last
// place each function is off is printed by `test_lanes --run_test=lanes/accuracy* --log_level=message`.
#include "tests/kernels/lanes_on_rules.hpp"
#include "tests/support/compare.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <concepts>
#include <limits>
#include <numbers>
#include <random>
#include <string>
#include <tuple>

using namespace autodiff;
using lanes::Points;
using test::close;

namespace {

using Floats = std::tuple<float, double>;
constexpr unsigned seed = 2025;
constexpr std::size_t samples = 4000;

template <class R>
constexpr std::size_t arity_of = static_cast<std::size_t>(arity(code_of<R>));

template <class R>
std::vector<Interval> domains() {
    if constexpr (rules::UnaryRule<R>)
        return {R::domain};
    else if constexpr (rules::BinaryRule<R>)
        return {R::domain_a, R::domain_b};
    else
        return {R::domain_a, R::domain_b, R::domain_c};
}

template <class R, class T>
Points<T> points_of_domain(std::size_t count) {
    std::mt19937_64 random(seed);
    Points<T> x;
    for (const Interval& domain : domains<R>()) {
        std::uniform_real_distribution<double> uniform(domain.low, domain.high);
        auto& operand = x.emplace_back(count);
        std::generate(operand.begin(), operand.end(), [&] { return static_cast<T>(uniform(random)); });
    }
    return x;
}

/// Of every size, denormal ones included, of both signs; many of them near 1 and where exponentials live.
template <class R, class T>
Points<T> points_of_every_size(std::size_t count) {
    std::mt19937_64 random(seed);
    const auto uniform = [&random](double low, double high) { return std::uniform_real_distribution<double>(low, high)(random); };
    constexpr double least = std::numeric_limits<T>::min_exponent - std::numeric_limits<T>::digits,
                     most = std::numeric_limits<T>::max_exponent;
    Points<T> x(arity_of<R>, std::vector<T>(count));
    for (auto& operand : x)
        for (T& value : operand) {
            const double sign = random() % 2 ? 1 : -1;
            const unsigned kind = static_cast<unsigned>(random() % 5);
            value = static_cast<T>(sign * (kind == 0   ? std::exp2(uniform(least, most))
                                           : kind == 1 ? std::exp2(uniform(-20, 20))
                                           : kind == 2 ? 1 + uniform(-1, 1) * std::exp2(-uniform(1, 50))
                                           : kind == 3 ? uniform(0, 40)
                                                       : uniform(0, 800)));
        }
    return x;
}

/// Where functions have kinks, poles, steps and limits, and where results overflow or underflow; pairs in all combinations.
template <class R, class T>
Points<T> singular_points() {
    std::vector<T> points;
    for (const double magnitude : {0.0,   5e-324, 1e-310, 1e-300, 1e-45, 1e-40, 1e-30, 1e-20, 1e-8,  0.5,    1.0,   1.5,    2.0,    3.0,
                                   4.0,   10.0,   26.5,   27.3,   28.0,  30.0,  88.7,  89.0,  100.0, 104.0,  105.0, 709.5,  709.79, 710.0,
                                   710.4, 711.0,  745.0,  745.2,  746.0, 1e5,   2e6,   1e16,  1e30,  3.4e38, 1e300, 1.7e308})
        points.push_back(static_cast<T>(magnitude)), points.push_back(static_cast<T>(-magnitude));
    constexpr T one(1), inf = std::numeric_limits<T>::infinity(), huge = T(std::uint64_t{1} << (std::numeric_limits<T>::digits - 1));
    for (const T magnitude : {std::nextafter(one, T(0)), std::nextafter(one, T(2)), huge + 1, 2 * huge, std::numeric_limits<T>::min(),
                              std::nextafter(std::numeric_limits<T>::min(), T(0)), std::numeric_limits<T>::max(), inf})
        points.push_back(magnitude), points.push_back(-magnitude);
    points.push_back(std::numeric_limits<T>::quiet_NaN());
    if constexpr (arity_of<R> == 1) return {points};

    std::mt19937_64 random(seed);
    Points<T> x(arity_of<R>);
    for (const T a : points)
        for (const T b : points) {
            if (arity_of<R> == 3 && random() % 4) continue;
            x[0].push_back(a);
            x[1].push_back(b);
            if constexpr (arity_of<R> == 3) x[2].push_back(points[random() % points.size()]);
        }
    return x;
}

template <class T>
std::string where(std::string_view rule, kernels::InstructionSet set, std::size_t which, const Points<T>& x, std::size_t i) {
    std::string text = fmt::format("{} of {}, {} {} at", std::same_as<T, float> ? "float" : "double", kernels::name(set), rule,
                                   which == 0 ? "value" : fmt::format("partial {}", which));
    for (const auto& operand : x) text += fmt::format(" {:.17g}", operand[i]);
    return text;
}

template <class T>
bool same_bits_or_both_nan(T a, T b) {
    return (std::isnan(a) && std::isnan(b)) || (a == b && std::signbit(a) == std::signbit(b));
}

/// Distance in units in the last place; NaN and infinities are right or infinitely wrong.
template <class T>
double ulps_off(T got, long double expected) {
    const T rounded = static_cast<T>(expected);
    if (std::isnan(rounded) || std::isinf(rounded) || std::isnan(got) || std::isinf(got))
        return same_bits_or_both_nan(got, rounded) ? 0 : std::numeric_limits<double>::infinity();
    const T size = std::abs(rounded);
    const auto ulp = static_cast<long double>(std::nextafter(size, std::numeric_limits<T>::infinity()) - size);
    return static_cast<double>(std::abs(static_cast<long double>(got) - expected) / ulp);
}

/// How far a value may be off: what adds up in the rule's formula, if it has more than one function.
double allowed_ulps(std::string_view rule) {
    if (rule == "erfc") return 5;    // glibc: 3
    if (rule == "lgamma") return 4;  // by scalars
    return 2.5;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lanes)

BOOST_AUTO_TEST_CASE(packs_do_what_their_lanes_would_do_one_by_one) {
    for (const auto set : lanes::sets()) {
        std::string wrong;
        const auto report = [](void* to, const char* what) { *static_cast<std::string*>(to) += std::string(what) + "; "; };
        lanes::with_set(set, [&]<kernels::InstructionSet S> { lanes::check_facts<S>(report, &wrong); });
        BOOST_TEST(wrong.empty(), kernels::name(set) << ": " << wrong);
    }
}

// Against the formula in long double; where the scalar rule itself loses digits, as sigmoid does when e^-x overflows, packs may too.
BOOST_AUTO_TEST_CASE_TEMPLATE(accuracy_is_a_few_units_in_the_last_place, T, Floats) {
    rules::for_each<rules::All>([]<class R>(R) {
        std::string line = fmt::format("{:6} {:10}", std::same_as<T, float> ? "float" : "double", R::name);
        for (const Points<T>& x : {points_of_domain<R, T>(samples), points_of_every_size<R, T>(samples)}) {
            const auto exact = lanes::by_scalars<T, long double>(code_of<R>, 0, x);
            const auto scalar = lanes::by_scalars<T>(code_of<R>, 0, x);
            double scalars_worst = 0;
            for (std::size_t i = 0; i < x[0].size(); ++i) scalars_worst = std::fmax(scalars_worst, ulps_off(scalar[i], exact[i]));
            for (const auto set : lanes::sets()) {
                const auto got = lanes::on_rule(set, code_of<R>, 0, x);
                double worst = 0;
                for (std::size_t i = 0; i < x[0].size(); ++i) {
                    const double off = ulps_off(got[i], exact[i]), scalar_off = ulps_off(scalar[i], exact[i]);
                    worst = std::fmax(worst, off);
                    if (off > allowed_ulps(R::name) && off > scalar_off + 1.5)
                        BOOST_ERROR(where(R::name, set, 0, x, i) << ": got " << got[i] << ", " << off << " ulps off; scalar " << scalar[i]);
                }
                line += fmt::format("  {} {:.2f}", kernels::name(set), worst);
            }
            line += fmt::format("  scalar {:.2f}  ", scalars_worst);
        }
        BOOST_TEST_MESSAGE(line);
    });
}

// The absolute part is for partials that cancel, as 1 - y^2 does.
BOOST_AUTO_TEST_CASE_TEMPLATE(partials_agree_with_the_scalar_rule, T, Floats) {
    constexpr double epsilon = std::numeric_limits<T>::epsilon();
    rules::for_each<rules::All>([]<class R>(R) {
        const auto x = points_of_domain<R, T>(1000);
        for (std::size_t which = 1; which <= arity_of<R>; ++which) {
            const auto expected = lanes::by_scalars<T, long double>(code_of<R>, which, x);
            for (const auto set : lanes::sets()) {
                const auto got = lanes::on_rule(set, code_of<R>, which, x);
                for (std::size_t i = 0; i < got.size(); ++i)
                    if (const auto same = close(got[i], expected[i], {.relative = 20 * epsilon, .absolute = 6 * epsilon}); !same)
                        BOOST_ERROR(where(R::name, set, which, x, i) << ": " << same.message());
            }
        }
    });
}

// NaN where the scalar rule gives NaN, its infinities, its zeros, its signs; and its finite numbers.
BOOST_AUTO_TEST_CASE_TEMPLATE(singular_points_give_what_the_scalar_rule_gives, T, Floats) {
    constexpr double epsilon = std::numeric_limits<T>::epsilon();
    rules::for_each<rules::All>([]<class R>(R) {
        const auto x = singular_points<R, T>();
        for (std::size_t which = 0; which <= arity_of<R>; ++which) {
            const auto expected = lanes::by_scalars<T>(code_of<R>, which, x);
            for (const auto set : lanes::sets()) {
                const auto got = lanes::on_rule(set, code_of<R>, which, x);
                for (std::size_t i = 0; i < got.size(); ++i) {
                    const bool special = std::isnan(expected[i]) || std::isinf(expected[i]) || expected[i] == 0;
                    const bool right = special ? same_bits_or_both_nan(got[i], expected[i])
                                               : bool(close(got[i], expected[i], {.relative = 20 * epsilon, .ulps = 1}));
                    if (!right) BOOST_ERROR(where(R::name, set, which, x, i) << ": got " << got[i] << ", scalar " << expected[i]);
                }
            }
        }
    });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(each_lane_gives_what_it_gives_alone, T, Floats) {
    rules::for_each<rules::All>([]<class R>(R) {
        auto x = points_of_every_size<R, T>(200);
        const auto singular = singular_points<R, T>();  // in between, so that ordinary numbers have neighbours of every kind
        for (std::size_t k = 0; k < x.size(); ++k)
            for (std::size_t i = 1; i < x[k].size(); i += 2) x[k][i] = singular[k][37 * i % singular[k].size()];
        for (std::size_t which = 0; which <= arity_of<R>; ++which)
            for (const auto set : lanes::sets()) {
                const auto together = lanes::on_rule(set, code_of<R>, which, x);
                for (std::size_t i = 0; i < together.size(); ++i) {
                    Points<T> one;
                    for (const auto& operand : x) one.push_back({operand[i]});
                    const T alone = lanes::on_rule(set, code_of<R>, which, one)[0];
                    if (!same_bits_or_both_nan(together[i], alone))
                        BOOST_ERROR(where(R::name, set, which, x, i) << ": together " << together[i] << ", alone " << alone);
                }
            }
    });
}

// The double nearest to n pi/2, whose sine or cosine is what the rounding of n pi/2 left: every bit of pi counts.
BOOST_AUTO_TEST_CASE(angles_beside_multiples_of_a_right_angle_keep_their_digits) {
    std::mt19937_64 random(seed);
    std::vector<double> angles;
    for (int n = 1; n < 2000; ++n) angles.push_back(static_cast<double>(n * (std::numbers::pi_v<long double> / 2)));
    for (int i = 0; i < 4000; ++i)
        angles.push_back(static_cast<double>(static_cast<long double>(random() % 800000) * (std::numbers::pi_v<long double> / 2)));
    const auto check = [&]<class R>(R) {
        const auto exact = lanes::by_scalars<double, long double>(code_of<R>, 0, {angles});
        for (const auto set : lanes::sets()) {
            const auto got = lanes::on_rule<double>(set, code_of<R>, 0, {angles});
            for (std::size_t i = 0; i < got.size(); ++i)
                BOOST_TEST(close(got[i], exact[i], {.ulps = 2.5}), where<double>(R::name, set, 0, {angles}, i));
        }
    };
    check(rules::Sin{});
    check(rules::Cos{});
    check(rules::Tan{});
}

BOOST_AUTO_TEST_CASE(powers_and_logarithms_that_are_exact_are_exact) {
    for (const auto set : lanes::sets()) {
        const auto at = [set](auto code, std::vector<double> a, std::vector<double> b = {}) {
            return lanes::on_rule(set, code, 0, b.empty() ? Points<double>{a} : Points<double>{a, b});
        };
        std::vector<double> exponents, powers, tens, counts;
        for (int k = -1074; k < 1024; ++k) exponents.push_back(k), powers.push_back(std::ldexp(1.0, k));
        double ten = 1;
        for (int k = 0; k <= 22; ++k, ten *= 10) tens.push_back(ten), counts.push_back(k);
        BOOST_TEST_CONTEXT(kernels::name(set)) {
            BOOST_TEST(at(code_of<rules::Exp2>, exponents) == powers);
            BOOST_TEST(at(code_of<rules::Log2>, powers) == exponents);
            BOOST_TEST(at(code_of<rules::Log10>, tens) == counts);
            BOOST_TEST(at(code_of<rules::Pow>, std::vector<double>(powers.size(), 2.0), exponents) == powers);
            BOOST_TEST(at(code_of<rules::Cbrt>, {0.0, 1.0, 8.0, 27.0, -64.0, 1e30, 0x1p-1074}) ==
                       (std::vector<double>{0.0, 1.0, 2.0, 3.0, -4.0, 1e10, 0x1p-358}));
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
