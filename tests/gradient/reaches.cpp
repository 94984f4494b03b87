// SPDX-License-Identifier: MIT
// "The derivative is 0" and "it does not depend on it" are two answers; and a gradient is a value that outlives its tape.
#include "autodiff/gradient.hpp"

#include <boost/test/unit_test.hpp>
#include <memory>
#include <utility>
#include <vector>

namespace {

using autodiff::Detail;
using autodiff::Gradient;
using autodiff::Scalar;
using autodiff::Tape;
using autodiff::TapeError;

constexpr Detail both[] = {Detail::derivatives, Detail::operations};

}  // namespace

BOOST_AUTO_TEST_SUITE(reaches)

BOOST_AUTO_TEST_CASE(a_variable_that_was_not_used_is_not_reached) {
    for (const Detail detail : both) {
        Tape tape(detail);
        const Scalar x = tape.variable(2.0), unused = tape.variable(3.0), aside = unused * x, y = x * x;
        const Gradient g = gradient(y);
        BOOST_TEST(g.reaches(x));
        BOOST_TEST(g.reaches(y));
        BOOST_TEST(!g.reaches(unused));
        BOOST_TEST(!g.reaches(aside));
        BOOST_TEST(g[unused] == 0.0);
        BOOST_TEST(g[aside] == 0.0);
    }
}

BOOST_AUTO_TEST_CASE(a_derivative_of_zero_is_still_a_connection) {
    for (const Detail detail : both) {
        Tape tape(detail);
        const Scalar x = tape.variable(-2.0), z = tape.variable(3.0), t = x * z, y = relu(t) + z * 0.0;
        const Gradient g = gradient(y);
        BOOST_TEST(g[x] == 0.0);
        BOOST_TEST(g[z] == 0.0);
        BOOST_TEST(g.reaches(x));
        BOOST_TEST(g.reaches(t));
        BOOST_TEST(g.reaches(z));
    }
}

BOOST_AUTO_TEST_CASE(contributions_that_cancel_are_still_a_connection) {
    for (const Detail detail : both) {
        Tape tape(detail);
        const Scalar x = tape.variable(2.0), t = x * x, y = t * 3.0 - t * 3.0;
        const Gradient g = gradient(y);
        BOOST_TEST(g[t] == 0.0);
        BOOST_TEST(g[x] == 0.0);
        BOOST_TEST(g.reaches(t));
        BOOST_TEST(g.reaches(x));
    }
}

BOOST_AUTO_TEST_CASE(the_branch_not_taken_is_not_reached) {
    for (const Detail detail : both) {
        Tape tape(detail);
        const Scalar x = tape.variable(2.0), a = x * 3.0, b = x / 0.0;
        const Scalar y = x > 0.0 ? a : b, z = where(x > 0.0, a, b), s = select(x < 0.0, b, a);
        for (const Scalar& each : {y, z, s}) {
            const Gradient g = gradient(each);
            BOOST_TEST(g[x] == 3.0);
            BOOST_TEST(g.reaches(a));
            BOOST_TEST(g[b] == 0.0);
        }
        BOOST_TEST(!gradient(y).reaches(b));
        // Where operations are kept `where` records both sides: the other one is connected, by a partial of 0.
        BOOST_TEST(gradient(z).reaches(b) == (detail == Detail::operations));
        BOOST_TEST(gradient(s).reaches(b) == (detail == Detail::operations));
    }
}

BOOST_AUTO_TEST_CASE(nothing_flows_where_nothing_arrives) {
    for (const Detail detail : both) {
        Tape tape(detail);
        const Scalar x = tape.variable(0.0), root = sqrt(x), y = root * 0.0 + x;
        const Scalar named = root;  // not absorbed: its partial of infinity meets an adjoint of 0
        BOOST_TEST(gradient(y)[x] == 1.0);
        BOOST_TEST(gradient(y).reaches(named));
    }
}

BOOST_AUTO_TEST_CASE(values_later_than_the_result_are_not_reached) {
    for (const Detail detail : both) {
        Tape tape(detail);
        const Scalar x = tape.variable(2.0), y = x * x, later = y * x, variable = tape.variable(1.0);
        const Gradient g = gradient(y);
        const Scalar after = x * 3.0;
        for (const Scalar& each : {later, variable, after}) {
            BOOST_TEST(g[each] == 0.0);
            BOOST_TEST(!g.reaches(each));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_gradient_outlives_clear) {
    for (const Detail detail : both) {
        Tape tape(detail);
        const Scalar x = tape.variable(2.0), unused = tape.variable(1.0), t = x * x, y = t * x, later = t * 2.0;
        const Gradient g = gradient(y);
        tape.clear();
        const Scalar other = tape.variable(9.0);
        BOOST_TEST(g[x] == 12.0);
        BOOST_TEST(g[t] == 2.0);
        BOOST_TEST(g[y] == 1.0);
        BOOST_TEST(g.reaches(x));
        BOOST_TEST(!g.reaches(unused));
        BOOST_TEST(g[later] == 0.0);
        BOOST_TEST(!g.reaches(later));
        BOOST_CHECK_THROW(static_cast<void>(g[other]), TapeError);
    }
}

BOOST_AUTO_TEST_CASE(a_gradient_outlives_its_tape) {
    for (const Detail detail : both) {
        Gradient g;
        Scalar x, unused, later;
        {
            Tape tape(detail);
            x = tape.variable(2.0), unused = tape.variable(1.0);
            const Scalar y = x * x * x;
            later = x * 2.0;
            g = gradient(y);
        }
        BOOST_TEST(g[x] == 12.0);
        BOOST_TEST(g.reaches(x));
        BOOST_TEST(g[unused] == 0.0);
        BOOST_TEST(!g.reaches(unused));
        BOOST_TEST(g[later] == 0.0);
        BOOST_TEST(!g.reaches(later));
        const Gradient moved = std::move(g);
        BOOST_TEST(moved[x] == 12.0);
    }
}

BOOST_AUTO_TEST_CASE(the_gradient_of_a_variable_by_itself) {
    for (const Detail detail : both) {
        Tape tape(detail);
        const Scalar before = tape.variable(1.0), x = tape.variable(2.0);
        const Gradient g = gradient(x);
        BOOST_TEST(g[x] == 1.0);
        BOOST_TEST(g[before] == 0.0);
        BOOST_TEST(!g.reaches(before));
    }
}

BOOST_AUTO_TEST_SUITE_END()
