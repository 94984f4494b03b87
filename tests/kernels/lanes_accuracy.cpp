// SPDX-License-Identifier: MIT
// The bounds of accuracy.hpp, at samples: every rule, both types, every instruction set, against the rule in long double.
// `test_lanes --run_test=lanes_accuracy --log_level=message` prints what was measured.
#include "tests/kernels/accuracy.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>
#include <string>
#include <tuple>

using namespace autodiff;
using lanes::Points;

namespace {

using Floats = std::tuple<float, double>;
constexpr std::size_t samples = 20000;

/// Of order 1, the only one that has lanes.
template <class T>
Points<T> ordinary(Operation code, Points<T> x) {
    if (code == code_of<rules::Polygamma>) std::fill(x[0].begin(), x[0].end(), T(1));
    return x;
}

/// What an error is measured by at each point, in units in the last place of the result.
template <class T>
std::vector<double> units(Operation code, const Points<T>& x, const std::vector<long double>& exact) {
    std::vector<double> unit(exact.size(), 1);
    const bool reflected = lanes::has_reflection(name(code)), is_sum = code == code_of<rules::ChainSum>;
    if (!reflected && !is_sum) return unit;
    Points<T> opposite = x;
    for (T& operand : opposite[0]) operand = -operand;
    const auto there = lanes::by_scalars<T, long double>(code, 0, opposite);
    for (std::size_t i = 0; i < unit.size(); ++i) {
        const T y = std::abs(static_cast<T>(exact[i]));
        if (!std::isfinite(y) || (reflected && x[0][i] > 0)) continue;
        const long double size = is_sum ? std::abs(static_cast<long double>(x[0][i]) * x[1][i]) + std::abs(x[2][i])
                                        : std::abs(exact[i]) + std::abs(there[i]) + 1;
        const long double ulp = std::nextafter(y, std::numeric_limits<T>::infinity()) - y;
        unit[i] = static_cast<double>(std::max(1.0L, size * std::numeric_limits<T>::epsilon() / ulp));
    }
    return unit;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lanes_accuracy)

BOOST_AUTO_TEST_CASE(every_rule_has_one_bound) {
    BOOST_TEST(std::size(lanes::bounds) == rules::All::size);
    for (const Operation code : lanes::codes_of<rules::All>()) {
        const auto is_it = [code](const lanes::Bound& each) { return each.rule == name(code); };
        BOOST_TEST(std::count_if(std::begin(lanes::bounds), std::end(lanes::bounds), is_it) == 1, name(code));
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(values_are_within_their_bounds, T, Floats) {
    const std::string type = std::same_as<T, float> ? "float" : "double";
    const auto sets = lanes::sets();
    for (const Operation code : lanes::codes_of<rules::All>()) {
        struct Worst {
            double off = 0;
            std::string at;
        };
        std::vector<Worst> worst(sets.size());
        for (const Points<T>& x :
             {ordinary(code, lanes::points_of_domain<T>(code, samples)), ordinary(code, lanes::points_of_every_size<T>(code, samples))}) {
            const auto exact = lanes::by_scalars<T, long double>(code, 0, x);
            const auto unit = units(code, x, exact);
            for (std::size_t s = 0; s < sets.size(); ++s) {
                const auto got = lanes::on_rule(sets[s], code, 0, x);
                for (std::size_t i = 0; i < got.size(); ++i)
                    if (const double off = lanes::ulps_off(got[i], exact[i]) / unit[i]; !(off <= worst[s].off))
                        worst[s] = {off,
                                    fmt::format("{:.17g} {:.17g}: got {:.17g}, exactly {:.17g}", x[0][i], x.back()[i], got[i], exact[i])};
            }
        }
        std::string line = fmt::format("{:6} {:13}", type, name(code));
        for (std::size_t s = 0; s < sets.size(); ++s) {
            BOOST_TEST(worst[s].off <= lanes::bound_of<T>(name(code)),
                       fmt::format("{} {} in {}: {} ulps off at {}", type, name(code), name(sets[s]), worst[s].off, worst[s].at));
            line += fmt::format("  {} {:.2f}", name(sets[s]), worst[s].off);
        }
        BOOST_TEST_MESSAGE(line + fmt::format("  bound {}", lanes::bound_of<T>(name(code))));
    }
}

BOOST_AUTO_TEST_SUITE_END()
