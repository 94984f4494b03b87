// SPDX-License-Identifier: MIT
// Operations that change nothing in the value: scaled, reversed, stopped and watched adjoints, and adjoints that are kept.
#include "autodiff/autodiff.hpp"
#include "tests/control/tangent.hpp"
#include "tests/control/throws.hpp"
#include "tests/support/compare.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <optional>
#include <stdexcept>
#include <vector>

namespace {

using namespace autodiff;
using T = Tensor<double>;

const Detail both[] = {Detail::derivatives, Detail::operations};

std::vector<double> numbers(const T& x) { return {x.data().begin(), x.data().end()}; }

}  // namespace

BOOST_AUTO_TEST_SUITE(scaled_gradients)

BOOST_AUTO_TEST_CASE(scale_what_flows_back_and_forth_and_not_the_value) {
    for (const Detail detail : both) {
        Tape tape(detail);
        const Scalar x = tape.variable(3.0);
        const Scalar scaled = scale_gradient(x, 0.25), reversed = reverse_gradient(x), softly = reverse_gradient(x, 0.5);
        BOOST_TEST(scaled.value() == 3.0);
        BOOST_TEST(gradient(scaled * scaled)[x] == 1.5);
        BOOST_TEST(gradient(scaled * x)[x] == 3.75);
        BOOST_TEST(gradient(reversed * 2.0)[x] == -2.0);
        BOOST_TEST(gradient(softly * softly)[x] == -3.0);
        BOOST_TEST(test::tangent(tape, {{x, 2.0}}, scaled) == 0.5);
        BOOST_TEST(test::tangent(tape, {{x, 2.0}}, softly) == -1.0);
    }
}

BOOST_AUTO_TEST_CASE(work_on_tensors_of_both_types) {
    for (const Detail detail : both) {
        Tape tape(detail);
        const T x = tape.variable(T::of({1, 2, 3}), "x");
        const Tensor<float> z = tape.variable(Tensor<float>::of({1, 2}));
        const T y = reverse_gradient(x, 2);
        BOOST_TEST(numbers(gradient(sum(y * y))[x]) == numbers(T::of({-4, -8, -12})), boost::test_tools::per_element());
        BOOST_TEST((gradient(sum(scale_gradient(z, 0.5)))[z].data()[0]) == 0.5f);
        BOOST_TEST(numbers(test::tangent(tape, {{x, T::ones({3})}}, y)) == numbers(T::of({-2, -2, -2})), boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_CASE(are_part_of_the_second_order) {
    Tape tape;
    const Scalar x = tape.variable(2.0);
    const Scalar y = scale_gradient(x * x * x, 0.5);
    const RecordedGradient g = recorded_gradient(y);
    BOOST_TEST(g[x].value() == 6.0);
    BOOST_TEST(gradient(g[x])[x] == 6.0);
    const T t = tape.variable(T::of({1, 2}));
    const T h = gradient(sum(recorded_gradient(sum(reverse_gradient(t * t * t)))[t]))[t];
    BOOST_TEST(numbers(h) == numbers(T::of({-6, -12})), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(are_never_absorbed) {
    Tape tape(Detail::derivatives);
    const Scalar x = tape.variable(2.0);
    // Temporaries throughout: had the row of the identity been fresh, the factor would have been lost in a merged row.
    const Scalar y = (scale_gradient(x * 3.0, 10.0) + 1.0) * 2.0 + scale_gradient(x, 100.0) * x;
    BOOST_TEST(y.value() == 18.0);
    BOOST_TEST(gradient(y)[x] == 60.0 + 200.0 + 2.0);
}

BOOST_AUTO_TEST_CASE(of_constants_are_constants) {
    Tape tape;
    BOOST_TEST(!scale_gradient(Scalar(2), 3).recorded());
    BOOST_TEST(!reverse_gradient(T::of({1})).recorded());
    BOOST_TEST(!on_adjoint(Scalar(2), [](const Scalar&) {}).recorded());
    BOOST_TEST(tape.stats().rows == 0u);
    const Scalar x = tape.variable(2.0);
    BOOST_TEST(gradient(stop_gradient(x) * x)[x] == 2.0);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(hooks)

BOOST_AUTO_TEST_CASE(see_the_whole_adjoint_once) {
    for (const Detail detail : both) {
        Tape tape(detail);
        const Scalar x = tape.variable(3.0);
        std::vector<double> seen;
        const Scalar y = on_adjoint(x, [&seen](double ybar) { seen.push_back(ybar); });
        const Scalar z = y * y + y * 4.0;
        const Gradient g = gradient(z);
        BOOST_TEST(seen == std::vector<double>{10.0}, boost::test_tools::per_element());
        BOOST_TEST(g[x] == 10.0);
        BOOST_TEST(g[y] == 10.0);
    }
}

BOOST_AUTO_TEST_CASE(change_the_adjoint) {
    for (const Detail detail : both) {
        Tape tape(detail);
        const Scalar x = tape.variable(3.0);
        const Scalar y = on_adjoint(x, [](const Scalar& ybar) { return minimum(ybar, 1.0); });
        BOOST_TEST(gradient(y * y)[x] == 1.0);
        BOOST_TEST(gradient(y * 0.5)[x] == 0.5);
        const T w = tape.variable(T::of({1, 2, 3}), "w");
        const T v = on_adjoint(w, [](const T& ybar) { return ybar / norm2(ybar); });
        const T dw = gradient(sum(v * v))[w];
        BOOST_TEST(test::close(dw.data()[1], 2 / std::sqrt(14.0), {.ulps = 4}));
        BOOST_TEST(!dw.recorded());
    }
}

BOOST_AUTO_TEST_CASE(are_not_asked_where_nothing_arrives) {
    for (const Detail detail : both) {
        Tape tape(detail);
        const Scalar x = tape.variable(3.0);
        const T w = tape.variable(T::of({1, 2}));
        int asked = 0;
        const Scalar aside = on_adjoint(x, [&asked](const Scalar&) { ++asked; });
        const T elsewhere = on_adjoint(w, [&asked](const T&) { ++asked; });
        static_cast<void>(aside * x), static_cast<void>(elsewhere * w);
        BOOST_TEST(gradient(x * sum(w))[x] == 3.0);
        BOOST_TEST(asked == 0);
    }
}

BOOST_AUTO_TEST_CASE(are_recorded_in_a_sweep_that_records_itself) {
    Tape tape;
    const Scalar x = tape.variable(2.0), k = tape.variable(5.0);
    const Scalar y = on_adjoint(x, [](const Scalar& ybar) { return ybar * ybar; });
    const RecordedGradient g = recorded_gradient(y * y * k);  // ybar = 2 y k, so xbar = 4 y^2 k^2
    BOOST_TEST(g[x].value() == 400.0);
    // Of 4 y^2 k^2 the plain sweep again passes the hook: d/dk = 8 y^2 k, and what arrives at y, 8 y k^2, is squared on its way to x.
    const Gradient second = gradient(g[x]);
    BOOST_TEST(second[k] == 160.0);
    BOOST_TEST(second[x] == 400.0 * 400.0);
    const T w = tape.variable(T::of({1, 2}));
    const RecordedGradient of_tensor = recorded_gradient(sum(pow(on_adjoint(w, [](const T& ybar) { return 3.0 * ybar; }), 3.0)));
    BOOST_TEST(numbers(of_tensor[w].constant()) == numbers(T::of({9, 36})), boost::test_tools::per_element());
    BOOST_TEST(of_tensor[w].recorded());
}

BOOST_AUTO_TEST_CASE(stand_inside_functions_of_functions) {
    // The hook doubles what flows back, so the recorded slope of x^3 is 6 x^2, and forward mode over it 12 x.
    const auto f = [](const auto& x) { return on_adjoint(x * x * x, [](const auto& ybar) { return ybar * 2.0; }); };
    BOOST_TEST(gradient(f, 3.0) == 54.0);
    BOOST_TEST(gradient([&f](const auto& x) { return gradient(f, x) * 1.0; }, 3.0) == 36.0);
    BOOST_TEST(jvp([&f](const auto& x) { return gradient(f, x) * 1.0; }, 3.0, 1.0).second == 36.0);
    BOOST_TEST(jvp(f, 3.0, 1.0).second == 27.0);
}

BOOST_AUTO_TEST_CASE(let_tangents_pass) {
    Tape tape;
    const Scalar x = tape.variable(2.0);
    const T w = tape.variable(T::of({1, 2}));
    const Scalar y = on_adjoint(x, [](const Scalar& ybar) { return ybar * 7.0; });
    const T v = on_adjoint(w, [](const T& ybar) { return ybar * 7.0; });
    BOOST_TEST(test::tangent(tape, {{x, 3.0}}, y) == 3.0);
    BOOST_TEST(numbers(test::tangent(tape, {{w, T::of({5, 6})}}, v)) == numbers(T::of({5, 6})), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(that_return_another_shape_are_told_so) {
    for (const Detail detail : both) {
        Tape tape(detail);
        const T w = tape.variable(T::zeros({2, 3}), "W");
        const T hidden = w * 2.0;
        const auto wrong = [](const T& ybar) { return sum(ybar, 0); };
        test::throws<ShapeError>([&] { static_cast<void>(gradient(sum(on_adjoint(w, wrong)))); },
                                 "on_adjoint: expected an adjoint of shape [2, 3] for W from its hook, got [3]");
        tape.name(hidden, "hidden");
        test::throws<ShapeError>([&] { static_cast<void>(gradient(sum(on_adjoint(hidden, wrong)))); },
                                 "on_adjoint: expected an adjoint of shape [2, 3] for hidden from its hook, got [3]");
        BOOST_TEST(numbers(gradient(sum(w))[w]) == numbers(T::ones({6})), boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_CASE(that_throw_leave_the_tape_and_the_gradient_usable) {
    for (const Detail detail : both) {
        Tape tape(detail);
        const Scalar x = tape.variable(3.0);
        const T w = tape.variable(T::of({1, 2}));
        bool failing = true;
        const T v = on_adjoint(w * x, [&failing](const T&) {
            if (failing) throw std::runtime_error("not now");
        });
        const Scalar y = sum(v * v) * x;
        Gradient g = gradient(x * x);
        BOOST_TEST(g[x] == 6.0);
        const std::size_t rows = tape.stats().rows;
        BOOST_CHECK_EXCEPTION(tape.gradient(y, g), std::runtime_error, [](const auto& e) { return std::string(e.what()) == "not now"; });
        BOOST_TEST(tape.stats().rows == rows);
        // Half a sweep answers nothing.
        test::throws<TapeError>([&] { static_cast<void>(g[x]); },
                                "gradient[]: expected a value of the recording that was swept, got a value of row 1 of another recording");
        BOOST_CHECK_THROW(static_cast<void>(g[w]), TapeError);
        BOOST_CHECK_THROW(static_cast<void>(g.reaches(x)), TapeError);
        if (detail == Detail::operations) {
            BOOST_CHECK_THROW(static_cast<void>(recorded_gradient(y)), std::runtime_error);
            BOOST_TEST(tape.stats().rows <= rows + 1);  // a mark
        }
        failing = false;
        tape.gradient(y, g);
        BOOST_TEST(g[x] == 3 * 9 * 5.0);
        BOOST_TEST(numbers(g[w]) == numbers(T::of({54, 108})), boost::test_tools::per_element());
        tape.gradient(x * x, g);
        BOOST_TEST(g[x] == 6.0);
    }
}

BOOST_AUTO_TEST_CASE(may_record_while_the_sweep_reads_the_tape) {
    for (const Detail detail : both) {
        Tape tape(detail);
        const Scalar x = tape.variable(3.0), factor = tape.variable(2.0);
        const Scalar y = on_adjoint(x * x, [&](const Scalar& ybar) {
            Scalar s = factor;
            for (int i = 0; i < 20000; ++i) s = s * factor / factor;  // makes every column move
            return ybar * s;
        });
        const T w = tape.variable(T::of({1, 2}));
        const T v = on_adjoint(w * x, [&](const T& ybar) {
            T t = w;
            for (int i = 0; i < 200; ++i) t = t + w;
            return ybar * factor;
        });
        const Gradient g = gradient(y * x + sum(v));
        BOOST_TEST(g[x] == 2 * 3.0 * 6 + 9 + 2 * 3);
        BOOST_TEST(!g[w].recorded());
        BOOST_TEST(numbers(g[w]) == numbers(T::of({6, 6})), boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_CASE(may_take_gradients_of_their_own) {
    Tape tape;
    const Scalar x = tape.variable(3.0);
    const Scalar y = on_adjoint(x, [](const Scalar& ybar) { return ybar * value_and_gradient([](auto t) { return t * t; }, 5.0).second; });
    BOOST_TEST(gradient(y * y)[x] == 60.0);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(retained)

BOOST_AUTO_TEST_CASE(adjoints_of_intermediate_tensors_can_be_asked_for) {
    Tape tape(Detail::derivatives);
    const T x = tape.variable(T::of({1, 2}));
    const T hidden = x * x, lost = hidden * 3.0;
    const T y = sum(lost * hidden);
    test::throws<TapeError>(
        [&] { static_cast<void>(gradient(y)[hidden]); },
        "gradient[]: expected a variable, a retained or named value, or a tape that keeps operations, got an intermediate "
        "tensor of a tape that keeps derivatives only; retain(x) or name it before the sweep, or record with "
        "Detail::operations");
    retain(hidden);
    const Gradient g = gradient(y);
    BOOST_TEST(numbers(g[hidden]) == numbers(T::of({6, 24})), boost::test_tools::per_element());
    BOOST_CHECK_THROW(static_cast<void>(g[lost]), TapeError);
    tape.retain(lost);
    BOOST_TEST(numbers(gradient(y)[lost]) == numbers(T::of({1, 4})), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(scalars_keep_a_row_of_their_own) {
    Tape tape(Detail::derivatives);
    const Scalar x = tape.variable(2.0);
    Scalar t = x * 3.0;
    retain(t);
    const Scalar y = std::move(t) * x;  // not absorbed
    BOOST_TEST(tape.stats().rows == 3u);
    BOOST_TEST(gradient(y)[x] == 12.0);
}

BOOST_AUTO_TEST_CASE(only_values_of_the_tape_can_be_retained) {
    Tape tape;
    const Scalar mine = tape.variable(1.0);
    BOOST_CHECK_THROW(retain(Scalar(2)), TapeError);
    BOOST_CHECK_THROW(retain(T::of({1})), TapeError);
    Tape inner;
    const Scalar other = inner.variable(1.0, "other");
    test::throws<TapeError>([&] { tape.retain(other); }, "retain: expected a value of this tape, got other of another tape");
    BOOST_CHECK_NO_THROW(retain(mine));
}

BOOST_AUTO_TEST_SUITE_END()
