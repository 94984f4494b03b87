// SPDX-License-Identifier: MIT
// Every way from a value to the loss: counted, the largest listed, and together the derivative.
#include "autodiff/explain/trace.hpp"

#include "lookup.hpp"
#include "network.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>

using namespace autodiff;
using lookup::paths_of, lookup::sum_of;

namespace {

const auto tolerance = boost::test_tools::tolerance(1e-14);

/// a + a + ... doubled again and again: 2^n paths.
struct Ladder {
    Tape tape;
    Scalar x = tape.variable(1.0, "x");
    Scalar y = x;
    explicit Ladder(int n) {
        for (int k = 0; k < n; ++k) y = y + y;
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(explain_paths)

BOOST_AUTO_TEST_CASE(the_products_of_all_paths_add_up) {
    network::Neurons n;
    const Trace t = trace(n.L, {.elements = {n.W1[0][1]}});
    const Paths& paths = paths_of(t, "W1[0, 1]");
    BOOST_TEST(paths.asked);
    BOOST_TEST(paths.count == 2u);
    BOOST_TEST(sum_of(paths) == network::dw1[0][1], tolerance);
    for (const Paths::Path& path : paths.shown) {
        double product = 1;
        for (const Paths::Hop& hop : path.hops) product *= hop.local;
        BOOST_TEST(product == path.product, tolerance);
        BOOST_TEST(path.hops.back().to == "L");
    }
    BOOST_TEST(std::abs(paths.shown[0].product) >= std::abs(paths.shown[1].product));
    network::Tensors m;
    const Trace u = trace(m.L, {.elements = {m.W1(0, 1)}});
    BOOST_TEST(paths_of(u, "W1[0, 1]").count == 2u);
    BOOST_TEST(sum_of(paths_of(u, "W1[0, 1]")) == network::dw1[0][1], tolerance);
}

BOOST_AUTO_TEST_CASE(exponentially_many_paths_are_counted_and_only_the_largest_listed) {
    for (const int depth : {3, 20, 63, 64, 80}) {
        const Ladder ladder(depth);
        const Paths paths = paths_of(trace(ladder.y), "x");
        BOOST_TEST(paths.count == (depth < 64 ? std::uint64_t{1} << depth : std::numeric_limits<std::uint64_t>::max()));
        BOOST_TEST(paths.shown.size() == 8u);
        BOOST_TEST(sum_of(paths) + paths.rest == paths.total, tolerance);
    }
}

BOOST_AUTO_TEST_CASE(the_largest_paths_come_first_even_where_small_factors_hide_them) {
    Tape tape;
    const auto x = tape.variable(1.0, "x");
    // The first hop of the largest path is the smallest one.
    const Scalar L = x * 0.001 * 1e6 + x * 10.0 * 2.0 + x * 5.0 * 3.0;
    const Paths paths = paths_of(trace(L), "x");
    BOOST_REQUIRE(paths.shown.size() == 3u);
    BOOST_TEST(paths.shown[0].product == 1000, tolerance);
    BOOST_TEST(paths.shown[1].product == 20);
    BOOST_TEST(paths.shown[2].product == 15);
}

BOOST_AUTO_TEST_CASE(paths_that_cancel_say_so) {
    Tape tape;
    const auto x = tape.variable(1.0, "x");
    const Scalar L = (x + x * 1e20) - x * 1e20;
    const Paths paths = paths_of(trace(L), "x");
    BOOST_TEST(paths.magnitude == 2e20, tolerance);
    BOOST_TEST(std::abs(paths.total) < 2);
}

BOOST_AUTO_TEST_CASE(a_long_tape_needs_no_stack) {
    Tape tape;
    Scalar x = tape.variable(1.0, "x");
    for (int k = 0; k < 300'000; ++k) x = sin(x);
    const Trace t = trace(x, {.rows = 10});
    BOOST_TEST(t.rows == 300'001u);
    BOOST_TEST(t.reverse.size() == 10u);
    BOOST_TEST(!t.graph.refused.empty());
    BOOST_TEST(!paths_of(t, "x").counted);
}

BOOST_AUTO_TEST_SUITE_END()
