// SPDX-License-Identifier: MIT
// Several tapes: one inside another, destroyed in any order, in other threads; and many threads that sweep one tape. Next: limits.cpp.
#include "autodiff/gradient.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstring>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

namespace {

using autodiff::Detail;
using autodiff::Gradient;
using autodiff::Scalar;
using autodiff::Tape;
using autodiff::TapeError;
using Kind = TapeError::Kind;

std::function<bool(const TapeError&)> is(Kind kind) {
    return [kind](const TapeError& e) { return e.kind() == kind; };
}

}  // namespace

BOOST_AUTO_TEST_SUITE(nesting)

BOOST_AUTO_TEST_CASE(an_inner_gradient_inside_an_outer_program) {
    for (const Detail outer : {Detail::derivatives, Detail::operations})
        for (const Detail inner : {Detail::derivatives, Detail::operations}) {
            Tape tape(outer);
            const Scalar x = tape.variable(2.0);
            Scalar y = x * x;
            double slope = 0;
            {
                Tape within(inner);
                const Scalar t = within.variable(y.value());
                slope = gradient(sin(t) * t)[t];
            }
            y = std::move(y) * slope;
            BOOST_TEST(slope == std::cos(4.0) * 4 + std::sin(4.0), boost::test_tools::tolerance(1e-15));
            BOOST_TEST(gradient(y)[x] == 4 * slope, boost::test_tools::tolerance(1e-15));
        }
}

BOOST_AUTO_TEST_CASE(value_and_gradient_inside_a_recording) {
    Tape tape;
    const Scalar x = tape.variable(2.0);
    const auto [value, slope] = autodiff::value_and_gradient([](auto t) { return t * t * t; }, x.value());
    BOOST_TEST(value == 8.0);
    BOOST_TEST(slope == 12.0);
    BOOST_TEST(gradient(x * slope)[x] == 12.0);
}

BOOST_AUTO_TEST_CASE(an_outer_value_is_refused_while_an_inner_tape_records) {
    Tape outer(Detail::derivatives);
    const Scalar x = outer.variable(2.0);
    const Scalar y = x * x;
    {
        Tape inner(Detail::derivatives);
        const Scalar t = inner.variable(3.0);
        BOOST_CHECK_EXCEPTION(x * t, TapeError, is(Kind::wrong_tape));
        BOOST_CHECK_EXCEPTION(t + y, TapeError, is(Kind::wrong_tape));
        BOOST_CHECK_EXCEPTION(sin(x), TapeError, is(Kind::wrong_tape));
        BOOST_CHECK_EXCEPTION(x * 2.0, TapeError, is(Kind::wrong_tape));
        BOOST_CHECK_EXCEPTION(1.0 + x, TapeError, is(Kind::wrong_tape));
        BOOST_CHECK_EXCEPTION(static_cast<void>(inner.gradient(y)), TapeError, is(Kind::wrong_tape));
        BOOST_TEST(inner.stats().rows == 1u);
        BOOST_TEST(gradient(t * t)[t] == 6.0);
        BOOST_TEST(gradient(y)[x] == 4.0);  // asking is allowed: y tells its tape
    }
    BOOST_TEST(gradient(x * y)[x] == 12.0);
}

BOOST_AUTO_TEST_CASE(a_fresh_outer_temporary_is_not_absorbed_by_the_inner_tape) {
    Tape outer(Detail::derivatives);
    const Scalar x = outer.variable(2.0);
    Scalar fresh = x * x;
    {
        Tape inner(Detail::derivatives);
        const Scalar s = inner.variable(1.0), t = s * s;  // row 2, as `fresh` has on its own tape
        BOOST_TEST(t.value() == 1.0);
        BOOST_CHECK_EXCEPTION(std::move(fresh) * 2.0, TapeError, is(Kind::wrong_tape));
        BOOST_CHECK_EXCEPTION(std::move(fresh) + 2.0, TapeError, is(Kind::wrong_tape));
    }
    BOOST_TEST(fresh.value() == 4.0);
    BOOST_TEST(gradient(std::move(fresh) * 2.0)[x] == 8.0);
}

BOOST_AUTO_TEST_CASE(an_inner_value_is_stale_when_its_tape_has_gone) {
    Tape outer;
    const Scalar x = outer.variable(2.0);
    Scalar kept;
    {
        Tape inner;
        kept = inner.variable(3.0) * 2.0;
    }
    BOOST_TEST(kept.value() == 6.0);
    BOOST_CHECK_EXCEPTION(kept * x, TapeError, is(Kind::stale_handle));
    BOOST_CHECK_EXCEPTION(static_cast<void>(gradient(kept)), TapeError, is(Kind::stale_handle));
}

BOOST_AUTO_TEST_CASE(tapes_destroyed_out_of_order) {
    auto first = std::make_unique<Tape>(), second = std::make_unique<Tape>(), third = std::make_unique<Tape>();
    const Scalar a = first->variable(1.0), b = second->variable(2.0), c = third->variable(3.0);
    second.reset();
    BOOST_TEST(gradient(c * c)[c] == 6.0);
    BOOST_CHECK_EXCEPTION(b * c, TapeError, is(Kind::stale_handle));
    third.reset();
    BOOST_TEST(gradient(a * 5.0)[a] == 5.0);
    BOOST_CHECK_EXCEPTION(c * a, TapeError, is(Kind::stale_handle));
    first.reset();
    BOOST_CHECK_EXCEPTION(a * 5.0, TapeError, is(Kind::stale_handle));
    BOOST_TEST((Scalar(2.0) * 3.0).value() == 6.0);
    Tape fourth;
    const Scalar d = fourth.variable(4.0);
    BOOST_TEST(gradient(d * d)[d] == 8.0);
    BOOST_CHECK_EXCEPTION(a * d, TapeError, is(Kind::stale_handle));
}

BOOST_AUTO_TEST_CASE(the_outermost_tape_may_go_first) {
    auto outer = std::make_unique<Tape>(Detail::derivatives);
    Tape inner(Detail::derivatives);
    outer.reset();
    const Scalar x = inner.variable(3.0);
    BOOST_TEST(gradient(x * x)[x] == 6.0);
}

BOOST_AUTO_TEST_CASE(values_of_another_thread_are_refused) {
    Tape tape;
    const Scalar x = tape.variable(2.0), y = x * x;
    Kind without_tape{}, with_tape{}, asking{};
    double theirs = 0;
    std::thread([&] {
        const auto kind_of = [](auto&& f) {
            try {
                f();
            } catch (const TapeError& e) {
                return e.kind();
            }
            return Kind::detail;
        };
        without_tape = kind_of([&] { static_cast<void>(x * 2.0); });
        asking = kind_of([&] { static_cast<void>(gradient(y)); });
        Tape own;
        const Scalar t = own.variable(5.0);
        with_tape = kind_of([&] { static_cast<void>(t * x); });
        theirs = gradient(t * t)[t];
    }).join();
    BOOST_CHECK(without_tape == Kind::stale_handle);
    BOOST_CHECK(with_tape == Kind::stale_handle);
    BOOST_CHECK(asking == Kind::stale_handle);
    BOOST_TEST(theirs == 10.0);
    BOOST_TEST(gradient(y)[x] == 4.0);
}

BOOST_AUTO_TEST_CASE(every_thread_records_on_its_own_tape) {
    std::vector<std::thread> threads;
    std::vector<double> slopes(4);
    for (std::size_t k = 0; k < slopes.size(); ++k)
        threads.emplace_back([k, &slopes] {
            for (int repeat = 0; repeat < 200; ++repeat) {
                Tape tape(repeat % 2 == 0 ? Detail::derivatives : Detail::operations);
                const Scalar x = tape.variable(1.0 + static_cast<double>(k));
                Scalar y = x;
                for (int i = 0; i < 50; ++i) y = y * 0.5 + x * x;
                slopes[k] = gradient(y)[x];
            }
        });
    for (std::thread& thread : threads) thread.join();
    for (std::size_t k = 0; k < slopes.size(); ++k)  // y -> 2 x^2
        BOOST_TEST(slopes[k] == 4 * (1.0 + static_cast<double>(k)), boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(several_threads_sweep_one_finished_tape_and_agree_bit_for_bit) {
    for (const Detail detail : {Detail::derivatives, Detail::operations}) {
        Tape tape(detail);
        std::vector<Scalar> x;
        for (int i = 0; i < 50; ++i) x.push_back(tape.variable(0.1 * i + 0.05));
        Scalar y = 0;
        for (int round = 0; round < 200; ++round)
            for (std::size_t i = 0; i < x.size(); ++i) y = sin(y * 0.9) + x[i] * x[(i + 7) % x.size()];
        const Tape& finished = tape;
        const auto ask = [&](std::vector<double>& answer) {
            const Gradient g = finished.gradient(y);
            for (const Scalar& each : x) answer.push_back(g[each]);
        };
        std::vector<double> expected;
        ask(expected);
        std::vector<std::vector<double>> answers(4);
        std::vector<std::thread> threads;
        for (auto& answer : answers) threads.emplace_back([&ask, &answer] { ask(answer); });
        for (std::thread& thread : threads) thread.join();
        for (const auto& answer : answers) {
            BOOST_REQUIRE(answer.size() == expected.size());
            BOOST_TEST(std::memcmp(answer.data(), expected.data(), expected.size() * sizeof(double)) == 0);
        }
    }
}

BOOST_AUTO_TEST_CASE(constants_are_shared_by_threads_and_tapes) {
    static const Scalar two = 2.0;
    Tape tape;
    const Scalar x = tape.variable(3.0);
    BOOST_TEST(gradient(two * x)[x] == 2.0);
    double theirs = 0;
    std::thread([&theirs] {
        Tape own(Detail::derivatives);
        const Scalar t = own.variable(5.0);
        theirs = gradient(t * two * two)[t];
    }).join();
    BOOST_TEST(theirs == 4.0);
}

BOOST_AUTO_TEST_SUITE_END()
