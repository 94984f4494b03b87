// SPDX-License-Identifier: MIT
// Every rule of the list in lanes of every instruction set that this CPU runs, against the rule on scalars: singular points, partials,
// exact results. How far off ordinary results may be: accuracy.hpp.
#include "tests/kernels/pack_facts.hpp"
#include "tests/kernels/points.hpp"
#include "tests/support/compare.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <concepts>
#include <numbers>
#include <random>
#include <string>
#include <tuple>

using namespace autodiff;
using lanes::arity_of;
using lanes::Points;
using lanes::points_of_domain;
using lanes::points_of_every_size;
using lanes::seed;
using lanes::singular_points;
using test::close;

namespace {

using Floats = std::tuple<float, double>;
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

// The absolute part is for partials that cancel, as 1 - y^2 does.
BOOST_AUTO_TEST_CASE_TEMPLATE(partials_agree_with_the_scalar_rule, T, Floats) {
    constexpr double epsilon = std::numeric_limits<T>::epsilon();
    for (const Operation code : lanes::codes_of<rules::All>()) {
        const auto x = points_of_domain<T>(code, 1000);
        for (std::size_t which = 1; which <= arity_of(code); ++which) {
            const auto expected = lanes::by_scalars<T, long double>(code, which, x);
            for (const auto set : lanes::sets()) {
                const auto got = lanes::on_rule(set, code, which, x);
                for (std::size_t i = 0; i < got.size(); ++i)
                    if (const auto same = close(got[i], expected[i], {.relative = 20 * epsilon, .absolute = 6 * epsilon}); !same)
                        BOOST_ERROR(where(name(code), set, which, x, i) << ": " << same.message());
            }
        }
    }
}

// NaN where the scalar rule gives NaN, its infinities, its zeros, its signs; and its finite numbers.
BOOST_AUTO_TEST_CASE_TEMPLATE(singular_points_give_what_the_scalar_rule_gives, T, Floats) {
    constexpr double epsilon = std::numeric_limits<T>::epsilon();
    for (const Operation code : lanes::codes_of<rules::All>()) {
        const auto x = singular_points<T>(code);
        for (std::size_t which = 0; which <= arity_of(code); ++which) {
            const auto expected = lanes::by_scalars<T>(code, which, x);
            for (const auto set : lanes::sets()) {
                const auto got = lanes::on_rule(set, code, which, x);
                for (std::size_t i = 0; i < got.size(); ++i) {
                    const bool special = std::isnan(expected[i]) || std::isinf(expected[i]) || expected[i] == 0;
                    const bool right = special ? same_bits_or_both_nan(got[i], expected[i])
                                               : bool(close(got[i], expected[i], {.relative = 20 * epsilon, .ulps = 1}));
                    if (!right) BOOST_ERROR(where(name(code), set, which, x, i) << ": got " << got[i] << ", scalar " << expected[i]);
                }
            }
        }
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(each_lane_gives_what_it_gives_alone, T, Floats) {
    for (const Operation code : lanes::codes_of<rules::All>()) {
        auto x = points_of_every_size<T>(code, 200);
        const auto singular = singular_points<T>(code);  // in between, so that ordinary numbers have neighbours of every kind
        for (std::size_t k = 0; k < x.size(); ++k)
            for (std::size_t i = 1; i < x[k].size(); i += 2) x[k][i] = singular[k][37 * i % singular[k].size()];
        for (std::size_t which = 0; which <= arity_of(code); ++which)
            for (const auto set : lanes::sets()) {
                const auto together = lanes::on_rule(set, code, which, x);
                for (std::size_t i = 0; i < together.size(); ++i) {
                    Points<T> one;
                    for (const auto& operand : x) one.push_back({operand[i]});
                    const T alone = lanes::on_rule(set, code, which, one)[0];
                    if (!same_bits_or_both_nan(together[i], alone))
                        BOOST_ERROR(where(name(code), set, which, x, i) << ": together " << together[i] << ", alone " << alone);
                }
            }
    }
}

// The double nearest to n pi/2, whose sine or cosine is what the rounding of n pi/2 left: every bit of pi counts.
BOOST_AUTO_TEST_CASE(angles_beside_multiples_of_a_right_angle_keep_their_digits) {
    std::mt19937_64 random(seed);
    std::vector<double> angles;
    for (int n = 1; n < 2000; ++n) angles.push_back(static_cast<double>(n * (std::numbers::pi_v<long double> / 2)));
    for (int i = 0; i < 4000; ++i)
        angles.push_back(static_cast<double>(static_cast<long double>(random() % 800000) * (std::numbers::pi_v<long double> / 2)));
    for (const Operation code : {code_of<rules::Sin>, code_of<rules::Cos>, code_of<rules::Tan>}) {
        const auto exact = lanes::by_scalars<double, long double>(code, 0, {angles});
        for (const auto set : lanes::sets()) {
            const auto got = lanes::on_rule<double>(set, code, 0, {angles});
            for (std::size_t i = 0; i < got.size(); ++i)
                BOOST_TEST(close(got[i], exact[i], {.ulps = 2.5}), where<double>(name(code), set, 0, {angles}, i));
        }
    }
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
