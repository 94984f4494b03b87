// SPDX-License-Identifier: MIT
// A recording of ten million rows: no recursion, and memory in proportion.
#include "autodiff/function.hpp"

#include <boost/test/unit_test.hpp>
#include <vector>

using namespace autodiff;

BOOST_AUTO_TEST_SUITE(function_large)

// x <- x / 2 + c tends to 2 c; n times it has the derivatives 2^-n and 2 (1 - 2^-n).
BOOST_AUTO_TEST_CASE(ten_million_rows_are_replayed_at_a_point_and_at_three) {
    const auto f = record(
        [](const auto& x0, const auto& c) {
            Scalar x = x0;
            for (int k = 0; k < 5'000'000; ++k) x = x * 0.5 + c;
            return x;
        },
        1.0, 0.25);
    BOOST_TEST(f.program().code.size() == 10'000'000u);
    BOOST_TEST(f(100.0, 3.0) == 6);
    const Tensor<double> y = f(std::vector{1.0, -1.0, 1e6}, std::vector{1.0, 2.0, -0.5});
    BOOST_TEST(y.at(0) == 2);
    BOOST_TEST(y.at(1) == 4);
    BOOST_TEST(y.at(2) == -1);
}

BOOST_AUTO_TEST_CASE(a_million_rows_are_differentiated) {
    const auto f = record(
        [](const auto& x0, const auto& c) {
            Scalar x = x0;
            for (int k = 0; k < 500'000; ++k) x = x * 0.5 + c;
            return x;
        },
        1.0, 0.25);
    BOOST_TEST((f.gradient(100.0, 3.0) == std::tuple(0.0, 2.0)));
    const auto [dx, dc] = f.gradient(std::vector{1.0, -1.0, 1e6}, std::vector{1.0, 2.0, -0.5});
    BOOST_TEST(dx.at(2) == 0);
    BOOST_TEST(dc.at(2) == 2);
}

BOOST_AUTO_TEST_SUITE_END()
