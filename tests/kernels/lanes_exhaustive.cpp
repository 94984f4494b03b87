// SPDX-License-Identifier: MIT
// The bounds of accuracy.hpp for float, at all 2^32 arguments of every rule of one operand, in the lanes of the instruction set in use
// (WENGERT_SIMD). What is exact is said by the same rule in double lanes, which lanes_accuracy.cpp holds against long double. NaN,
// infinities and zeros have to be what rounding that to float gives, to the sign.
// `test_lanes_exhaustive --log_level=message` prints the table of accuracy in Markdown.
#include "tests/kernels/accuracy.hpp"

#include <atomic>
#include <bit>
#include <boost/test/unit_test.hpp>
#include <fmt/format.h>
#include <thread>
#include <tuple>

using namespace autodiff;

namespace {

template <class... R>
std::tuple<R...> as_tuple(rules::List<R...>);
using Unary = decltype(as_tuple(rules::Unary{}));

struct Worst {
    double off = 0;
    float at = 0;
};
constexpr std::uint32_t block = 4096;

/// Of the error at one argument, in units in the last place; below 0, if `reflected`, in epsilons of |y| + |f(-x)| + 1.
double error_at(bool reflected, float x, float y, double exact, double opposite) {
    if (reflected && x < 0 && std::isfinite(exact) && std::isfinite(y))
        return std::abs(static_cast<double>(y) - exact) /
               ((std::abs(exact) + std::abs(opposite) + 1) * static_cast<double>(std::numeric_limits<float>::epsilon()));
    return lanes::ulps_off(y, exact);
}
/// Of neighbouring arguments. First what is quickly said of all: the error where results are normal, and which others are
/// zeros, infinities or denormals as they should be, to the bit.
void measure(Worst& worst, bool reflected, const float* x, const float* y, const double* exact, const double* opposite) {
    double off[block];
    for (std::uint32_t i = 0; i < block; ++i) {
        const auto exponent = std::bit_cast<std::uint64_t>(exact[i]) & (std::uint64_t{0x7ff} << 52);
        const bool normal = exponent >= std::uint64_t{1023 - 126} << 52 && exponent < std::uint64_t{1023 + 127} << 52;
        const double per_ulp = std::bit_cast<double>((std::uint64_t{2 * 1023 + 23} << 52) - exponent);
        const double ulps = std::abs(static_cast<double>(y[i]) - exact[i]) * per_ulp;
        const bool same = std::bit_cast<std::uint32_t>(static_cast<float>(exact[i])) == std::bit_cast<std::uint32_t>(y[i]);
        off[i] = normal ? ulps : same ? 0 : std::numeric_limits<double>::infinity();
    }
    for (std::uint32_t i = 0; i < block; ++i) {
        if (off[i] <= worst.off) continue;
        const double error = error_at(reflected, x[i], y[i], exact[i], opposite[reflected ? i : 0]);
        if (!(error <= worst.off)) worst = {std::isnan(error) ? std::numeric_limits<double>::infinity() : error, x[i]};
    }
}

Worst over_all_floats(Operation code) {
    const auto set = kernels::instruction_set();
    const bool reflected = lanes::has_reflection(name(code));
    std::atomic<std::uint32_t> next{0};
    std::vector<Worst> found(std::max(1u, std::thread::hardware_concurrency()));
    std::vector<std::thread> threads;
    for (Worst& mine : found)
        threads.emplace_back([&] {
            lanes::Block<float> floats(set, 1, block);
            lanes::Block<double> doubles(set, 1, block), opposites(set, 1, reflected ? block : 1);
            for (std::uint32_t n; (n = next++) < (std::uint64_t{1} << 32) / block;) {
                float* const x = floats.operand(0);
                for (std::uint32_t i = 0; i < block; ++i) {
                    x[i] = std::bit_cast<float>(n * block + i);
                    doubles.operand(0)[i] = static_cast<double>(x[i]);
                    if (reflected) opposites.operand(0)[i] = -static_cast<double>(x[i]);
                }
                measure(mine, reflected, x, floats.evaluate(code), doubles.evaluate(code), opposites.evaluate(code));
            }
        });
    for (std::thread& each : threads) each.join();
    return *std::max_element(found.begin(), found.end(), [](const Worst& a, const Worst& b) { return a.off < b.off; });
}

/// Of double, at samples.
double sampled(Operation code) {
    double worst = 0;
    for (const auto& x : {lanes::points_of_domain<double>(code, 100000), lanes::points_of_every_size<double>(code, 100000)}) {
        const auto exact = lanes::by_scalars<double, long double>(code, 0, x);
        const auto got = lanes::on_rule(kernels::instruction_set(), code, 0, x);
        for (std::size_t i = 0; i < got.size(); ++i)
            if (!lanes::has_reflection(name(code)) || x[0][i] > 0) worst = std::max(worst, lanes::ulps_off(got[i], exact[i]));
    }
    return worst;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lanes_exhaustive)

// The head of the table that the other case prints, with what its last two columns say of themselves: the bounds hold for every set.
BOOST_AUTO_TEST_CASE(every_rule_of_one_operand_has_a_bound) {
    BOOST_TEST_MESSAGE(fmt::format("| in {} | float: max ulp, all 2^32 | bound | double: max ulp, samples | bound |\n|---|---|---|---|---|",
                                   name(kernels::instruction_set())));
    rules::for_each<rules::Unary>([]<class R>(R) {
        const auto is_it = [](const lanes::Bound& each) { return each.rule == R::name; };
        BOOST_TEST(std::any_of(std::begin(lanes::bounds), std::end(lanes::bounds), is_it), R::name);
    });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(floats_are_within_their_bounds_everywhere, R, Unary) {
    const Worst worst = over_all_floats(code_of<R>);
    BOOST_TEST_MESSAGE(fmt::format("| {} | {:.3f} at {:.9g} | {} | {:.2f} | {} |", R::name, worst.off, worst.at,
                                   lanes::bound_of<float>(R::name), sampled(code_of<R>), lanes::bound_of<double>(R::name)));
    BOOST_TEST(worst.off <= lanes::bound_of<float>(R::name), R::name << " is " << worst.off << " ulps off at " << worst.at);
}

BOOST_AUTO_TEST_SUITE_END()
