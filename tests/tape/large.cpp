// SPDX-License-Identifier: MIT
// A million operations: nothing recurses, nothing is quadratic, no row grows without end. Next: recording.cpp.
#include "autodiff/gradient.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <numeric>
#include <vector>

namespace {

using autodiff::Detail;
using autodiff::Gradient;
using autodiff::Scalar;
using autodiff::Tape;

constexpr std::size_t million = 1'000'000;

std::vector<Scalar> variables(Tape& tape, std::size_t n) {
    std::vector<Scalar> x;
    x.reserve(n);
    for (std::size_t i = 0; i < n; ++i) x.push_back(tape.variable(static_cast<double>(i % 7)));
    return x;
}

bool all_ones(const Gradient& g, const std::vector<Scalar>& x) {
    return std::all_of(x.begin(), x.end(), [&g](const Scalar& each) { return g[each] == 1.0; });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(large)

BOOST_AUTO_TEST_CASE(accumulating_a_million_terms_fills_rows_of_sixteen_operands) {
    Tape tape(Detail::derivatives);
    const std::vector<Scalar> x = variables(tape, million);
    const Scalar y = std::accumulate(x.begin(), x.end(), Scalar(0.0));
    BOOST_TEST(y.value() == 2'999'997.0);  // 142857 full weeks of 21 and a day of 0
    BOOST_TEST(all_ones(gradient(y), x));
    const std::size_t rows = tape.stats().rows - million;
    BOOST_TEST(rows <= million / 15 + 2);
    BOOST_TEST(rows >= million / 16);
    const auto& list = tape.list();
    BOOST_TEST(*std::max_element(list.count, list.count + list.rows) == autodiff::most_operands);
}

BOOST_AUTO_TEST_CASE(a_sum_of_a_million_temporaries) {
    Tape tape(Detail::derivatives);
    const Scalar x = tape.variable(0.5), z = tape.variable(2.0);
    Scalar y = 0.0;
    for (std::size_t i = 0; i < million; ++i) y += x * z;
    const Gradient g = gradient(y);
    BOOST_TEST(y.value() == 1e6);
    BOOST_TEST(g[x] == 2e6);
    BOOST_TEST(g[z] == 5e5);
    const auto& list = tape.list();
    BOOST_TEST(*std::max_element(list.count, list.count + list.rows) <= autodiff::most_operands);
}

BOOST_AUTO_TEST_CASE(a_sum_of_a_million_terms_with_operations_kept) {
    Tape tape(Detail::operations);
    const std::vector<Scalar> x = variables(tape, million);
    const Scalar y = std::accumulate(x.begin(), x.end(), Scalar(0.0));
    BOOST_TEST(all_ones(gradient(y), x));
    BOOST_TEST(tape.stats().rows == 2 * million);
}

BOOST_AUTO_TEST_CASE(a_chain_of_a_million_rows) {
    for (const Detail detail : {Detail::derivatives, Detail::operations}) {
        Tape tape(detail);
        const Scalar x = tape.variable(1.0);
        Scalar y = x;
        for (std::size_t i = 0; i < million; ++i) {
            const Scalar next = y * (1.0 + 1e-6);
            y = next;  // a copy, so every product is a row
        }
        BOOST_TEST(tape.stats().rows == million + 1);
        BOOST_TEST(gradient(y)[x] == std::exp(1e6 * std::log1p(1e-6)), boost::test_tools::tolerance(1e-9));
    }
}

BOOST_AUTO_TEST_CASE(a_chain_of_a_million_temporaries_is_one_row) {
    Tape tape(Detail::derivatives);
    const Scalar x = tape.variable(1.0);
    Scalar y = x * 1.0;
    for (std::size_t i = 0; i < million; ++i) y = std::move(y) * (1.0 + 1e-6);
    BOOST_TEST(tape.stats().rows == 2u);
    BOOST_TEST(gradient(y)[x] == std::exp(1e6 * std::log1p(1e-6)), boost::test_tools::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(a_ladder_of_a_million_diamonds_does_not_explode) {
    // Every rung is used twice: 2^k paths, walked once. Halving keeps the numbers at 1, so the answer is exact.
    for (const Detail detail : {Detail::derivatives, Detail::operations}) {
        Tape tape(detail);
        const Scalar x = tape.variable(1.0);
        Scalar y = x;
        for (std::size_t i = 0; i < million / 2; ++i) {
            const Scalar half = y * 0.5;
            y = half + half;
        }
        BOOST_TEST(gradient(y)[x] == 1.0);
    }
}

BOOST_AUTO_TEST_CASE(a_star_of_a_million_uses) {
    Tape tape(Detail::operations);
    const Scalar x = tape.variable(0.25);
    std::vector<Scalar> uses;
    for (std::size_t i = 0; i < million / 2; ++i) uses.push_back(x * x);
    Scalar y = 0.0;
    for (const Scalar& use : uses) y += use;
    BOOST_TEST(gradient(y)[x] == 0.25 * million);
}

BOOST_AUTO_TEST_SUITE_END()
