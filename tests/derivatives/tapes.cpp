// SPDX-License-Identifier: MIT
// On which tape a derivative is recorded, and when a function runs twice. Next: tangents.cpp.
#include "autodiff/autodiff.hpp"
#include "tests/support/compare.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>

namespace {

using namespace autodiff;
using T = Tensor<double>;
using test::close;

const auto wave = [](const Scalar& x) { return sin(x) * exp(0.5 * x); };
const double first = std::exp(0.35) * (std::cos(0.7) + 0.5 * std::sin(0.7));  // its derivatives at 0.7
const double second = std::exp(0.35) * (std::cos(0.7) - 0.75 * std::sin(0.7));

}  // namespace

BOOST_AUTO_TEST_SUITE(tapes)

BOOST_AUTO_TEST_CASE(on_a_tape_that_you_hold_recorded_arguments_stay_there_and_constants_do_not) {
    Tape tape;
    const Scalar x = tape.variable(0.7);
    const Scalar slope = gradient([](const Scalar& t) { return wave(t); }, x);
    BOOST_TEST(slope.recorded());
    BOOST_TEST(close(gradient(slope)[x], second, {.relative = 1e-13}));
    const auto [value, tangent] = jvp(wave, x * 1.0, Scalar(2.0));
    BOOST_TEST(close(gradient(tangent)[x], 2 * second, {.relative = 1e-13}));
    BOOST_TEST(close(gradient(value)[x], first, {.relative = 1e-13}));
    const T w = tape.variable(T::of({1, 2}));
    const T inner = gradient([](const T& t) { return sum(t * t * t); }, w);
    BOOST_TEST(gradient(sum(inner))[w].at(1) == 12.0);
    const std::size_t rows = tape.stats().rows;
    BOOST_TEST(!gradient([](const T& t) { return sum(t * t); }, T::of({1, 2})).recorded());
    BOOST_TEST(!gradient([](const Scalar& t) { return t * t; }, Scalar(2)).recorded());
    BOOST_TEST(tape.stats().rows == rows);
    // A recorded direction is enough.
    const T v = tape.variable(T::of({1, -1}));
    const T hv = hvp([](const T& t) { return sum(t * t * t); }, T::of({1, 2}), v);
    BOOST_TEST(gradient(sum(hv))[v].at(1) == 12.0);
}

BOOST_AUTO_TEST_CASE(a_function_that_asks_inside_runs_twice_and_no_other_does) {
    int runs = 0;
    const auto counted = [&runs](const Scalar& x) {
        ++runs;
        return x * gradient([](const Scalar& t) { return t * t * t; }, x);
    };
    BOOST_TEST(gradient(counted, 2.0) == 36.0);
    BOOST_TEST(runs == 2);
    runs = 0;
    BOOST_TEST(hessian(counted, 2.0) == 36.0);  // keeps operations from the start
    BOOST_TEST(runs == 1);
    runs = 0;
    BOOST_TEST(gradient([&runs](const Scalar& x) { return ++runs, x * x; }, 2.0) == 4.0);
    BOOST_TEST(runs == 1);
    // A function that catches what makes it run again gets its answer all the same.
    const auto catching = [](const Scalar& x) {
        try {
            return x * gradient([](const Scalar& t) { return t * t * t; }, x);
        } catch (const std::exception&) {
            return x;
        }
    };
    BOOST_TEST(gradient(catching, 2.0) == 36.0);
    const auto by_hand = [](const Scalar& x) { return recorded_gradient(x * x * x)[x]; };
    BOOST_TEST(gradient(by_hand, 2.0) == 12.0);
}

BOOST_AUTO_TEST_SUITE_END()
