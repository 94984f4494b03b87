// SPDX-License-Identifier: MIT
// Tangents of everything on a tape, from seeds at several values: plain and recorded.
#include "autodiff/autodiff.hpp"
#include "tests/support/compare.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <string>

namespace {

using namespace autodiff;
using T = Tensor<double>;
using test::close;

}  // namespace

BOOST_AUTO_TEST_SUITE(tangents)

BOOST_AUTO_TEST_CASE(of_any_row_from_seeds_at_several_variables) {
    for (const Detail detail : {Detail::operations, Detail::derivatives}) {
        Tape tape(detail);
        const Scalar x = tape.variable(0.5);
        const T W = tape.variable(T::from_rows({{1, 2}, {3, 4}}));
        const T a = matmul(W, W);
        const Scalar y = sin(x) * a(0, 1), z = y * y;
        const T V = T::from_rows({{0, 1}, {0, 0}});
        const Tangent t = tangent(tape, {{x, 2.0}, {W, V}});
        BOOST_TEST(t[x] == 2.0);
        BOOST_TEST(t[W].at(0, 1) == 1.0);
        // d(W W) = V W + W V = [[3, 5], [0, 3]], and (W W)[0, 1] = 10
        BOOST_TEST(t[a].at(0, 1) == 5.0);
        BOOST_TEST(t[a(1, 1)] == 3.0);  // an element that was taken later
        const double ydot = 2 * std::cos(0.5) * 10 + std::sin(0.5) * 5;
        BOOST_TEST(close(t[y], ydot, {.ulps = 2}));
        BOOST_TEST(close(t[z], 2 * y.value() * ydot, {.ulps = 4}));
        const Gradient g = gradient(z);
        BOOST_TEST(close(t[z], 2 * g[x] + sum(V * g[W]).item(), {.relative = 1e-14}));
    }
}

BOOST_AUTO_TEST_CASE(outlive_the_tape_and_say_0_where_nothing_comes_from_a_seed) {
    Tangent t = [] {
        Tape tape;
        const Scalar x = tape.variable(1.0);
        return tangent(tape, {{x, 1.0}});
    }();
    Tape tape;
    const Scalar x = tape.variable(3.0), other = tape.variable(4.0), y = other * other;
    const T w = tape.variable(T::of({1, 2}));
    t = tangent(tape, {{x, 1.0}});
    BOOST_TEST(t[y] == 0.0);
    BOOST_TEST(t[w].at(1) == 0.0);
    tape.clear();
    BOOST_TEST(t[x] == 1.0);
}

BOOST_AUTO_TEST_CASE(add_a_seed_at_a_computed_value_to_what_flows_there) {
    Tape tape;
    const Scalar x = tape.variable(3.0), y = x * x, z = y * 2.0;
    BOOST_TEST(tangent(tape, {{y, 1.0}})[z] == 2.0);
    BOOST_TEST(tangent(tape, {{x, 1.0}, {y, 1.0}})[z] == 14.0);
    BOOST_TEST(tangent(tape, {{x, 1.0}, {x, 1.0}})[z] == 24.0);
    const T w = tape.variable(T::of({1, 2})), v = w * w;
    const Scalar s = sum(v);
    BOOST_TEST(tangent(tape, {{w, T::of({1, 0})}, {v, T::of({0, 10})}})[s] == 12.0);
    // An element is that element of the tensor, whenever it was asked for.
    BOOST_TEST(tangent(tape, {{w(1), 1.0}})[s] == 4.0);
    const Tensor<float> narrow = tape.variable(Tensor<float>::of({1, 2}));
    const Tensor<float> twice = narrow * 2.0f;
    BOOST_TEST(tangent(tape, {{narrow(0), 1.0}})[twice].at(0) == 2.0f);
}

BOOST_AUTO_TEST_CASE(that_are_recorded_can_be_differentiated) {
    Tape tape;
    const Scalar x = tape.variable(0.7), y = tape.variable(-0.4);
    const Scalar f = sin(x * y) * exp(x);
    const RecordedTangent r = recorded_tangent(tape, {{x, 1.0}});
    const Scalar f_x = r[f];
    const double xy = -0.28, e = std::exp(0.7);
    BOOST_TEST(close(f_x.value(), e * (std::sin(xy) - 0.4 * std::cos(xy)), {.relative = 1e-14}));
    // d2f/dx dy = e^x (x cos + cos - x y sin)
    const double expected = e * (0.7 * std::cos(xy) + std::cos(xy) - xy * std::sin(xy));
    BOOST_TEST(close(gradient(f_x)[y], expected, {.relative = 1e-13}));
    BOOST_TEST(close(tangent(tape, {{y, 1.0}})[f_x], expected, {.relative = 1e-13}));
    BOOST_TEST(close(recorded_tangent(tape, {{y, 1.0}})[f_x].value(), expected, {.relative = 1e-13}));
    const Scalar f_y = recorded_gradient(f)[y];
    BOOST_TEST(close(tangent(tape, {{x, 1.0}})[f_y], expected, {.relative = 1e-13}));
    BOOST_TEST(!r[y].recorded());
    BOOST_TEST(r[y].value() == 0.0);

    // A seed may be recorded, too: the tangent is linear in it.
    const T w = tape.variable(T::of({1, 2})), v = tape.variable(T::of({3, -1}));
    const T cubes = w * w * w;
    const RecordedTangent along = recorded_tangent(tape, {{w, v}});
    BOOST_TEST(along[cubes].at(0) == 9.0);
    BOOST_TEST(gradient(sum(along[cubes]))[v].at(1) == 12.0);
    BOOST_TEST(gradient(sum(along[cubes]))[w].at(0) == 18.0);
    BOOST_TEST(gradient(along[cubes(1)])[w].at(1) == -12.0);
    const Scalar total = sum(cubes), first = w(0);
    BOOST_TEST(gradient(recorded_tangent(tape, {{first, x}})[total])[x] == 3.0);
}

BOOST_AUTO_TEST_CASE(refuse_what_they_cannot_answer) {
    const auto says = [](const std::string& text) {
        return [text](const std::exception& e) {
            BOOST_TEST(e.what() == text);
            return e.what() == text;
        };
    };
    Tape tape;
    const Scalar x = tape.variable(1.0);
    const T w = tape.variable(T::ones({2}));
    BOOST_CHECK_EXCEPTION(static_cast<void>(tangent(tape, {{w, T::ones({3})}})), ShapeError,
                          says("tangent: expected a tangent of shape [2], got [3]"));
    BOOST_CHECK_EXCEPTION(
        static_cast<void>(tangent(tape, {{Scalar(2), 1.0}})), TapeError,
        says("tangent: expected a recorded value, got a constant; make variables with tape.variable() and compute while the "
             "tape lives"));
    const Tangent t = tangent(tape, {{x, 1.0}});
    const Scalar later = x * x;
    BOOST_CHECK_EXCEPTION(static_cast<void>(t[later]), TapeError,
                          says("tangent[]: expected a value that the sweep has seen, got one that was recorded later; ask again"));
    BOOST_CHECK_EXCEPTION(static_cast<void>(t[Scalar(1)]), TapeError, says("tangent[]: expected a recorded value, got a constant"));
    {
        Tape other;
        BOOST_CHECK_EXCEPTION(static_cast<void>(tangent(other, {{x, 1.0}})), TapeError,
                              says("tangent: expected seeds at values of this tape, got t1 of another tape"));
        BOOST_CHECK_EXCEPTION(
            static_cast<void>(t[other.variable(1.0)]), TapeError,
            says("tangent[]: expected a value of the recording that was swept, got a value of row 1 of another recording"));
        BOOST_CHECK_EXCEPTION(static_cast<void>(recorded_tangent(tape, {{x, 1.0}})), TapeError,
                              says("recorded_tangent: expected the newest live tape, which records, got an older one"));
        BOOST_TEST(tangent(tape, {{x, 1.0}})[later] == 2.0);
    }
    Tape fast(Detail::derivatives);
    const Scalar z = fast.variable(1.0);
    BOOST_CHECK_EXCEPTION(static_cast<void>(recorded_tangent(fast, {{z, 1.0}})), TapeError,
                          says("recorded_tangent: expected a tape that keeps operations, got one that keeps derivatives only; record with "
                               "Tape{Detail::operations}"));
}

BOOST_AUTO_TEST_SUITE_END()
