// SPDX-License-Identifier: MIT
// A recorded function is a value: it may be copied, outlives everything, holds no tape, and may be asked by several threads.
#include "autodiff/function.hpp"
#include "autodiff/gradient.hpp"
#include "tests/function/near.hpp"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

namespace {

using namespace autodiff;
using test::numbers;

/// All threads call f at once.
template <class F>
void together(int threads, const F& f) {
    std::atomic<int> ready = 0;
    std::vector<std::thread> all;
    for (int k = 0; k < threads; ++k)
        all.emplace_back([&, k] {
            ++ready;
            while (ready < threads) std::this_thread::yield();
            f(k);
        });
    for (std::thread& each : all) each.join();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(function_lifetime)

BOOST_AUTO_TEST_CASE(copies_share_what_was_recorded_and_outlive_the_original) {
    using F = std::function<Scalar(const Scalar&)>;
    auto counted = std::make_shared<int>(0);
    std::optional<Function<F, double>> original(record(F([counted](const Scalar& x) {
                                                           ++*counted;
                                                           return x < 2 ? x * x : Scalar(x + 1);
                                                       }),
                                                       1.0));
    const Function<F, double> copy = *original;
    BOOST_TEST(copy.on_branch(OnBranch::re_record)(5.0) == 6);
    BOOST_TEST(original->recordings() == 2u);
    original.reset();
    BOOST_TEST(copy.gradient(1.5) == 3);
    BOOST_TEST(numbers(copy.gradient(std::vector{1.0, 5.0, 0.5})) == (std::vector{2.0, 1.0, 1.0}), boost::test_tools::per_element());
    BOOST_TEST(*counted == 2);
    BOOST_CHECK_THROW(static_cast<void>(copy(5.0)), BranchChanged);  // asked otherwise, a copy of its own
}

BOOST_AUTO_TEST_CASE(results_outlive_the_function) {
    std::optional f(record([](const auto& x) { return x * x; }, 1.0));
    const Tensor<double> dy = f->gradient(std::vector{1.0, 2.0, 3.0});
    f.reset();
    BOOST_TEST(numbers(dy) == (std::vector{2.0, 4.0, 6.0}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(recording_leaves_the_tape_around_it_as_it_was) {
    Tape tape;
    const Scalar x = tape.variable(3.0), y = x * x;
    const std::size_t rows = tape.stats().rows;
    const auto f = record([](const auto& a) { return a > 0 ? sin(a) * a : a; }, 2.0);
    static_cast<void>(f.gradient(1.0));
    static_cast<void>(f.hvp(std::vector{1.0, -1.0}, std::vector{1.0, 1.0}));
    BOOST_TEST(current == &tape.list());
    BOOST_TEST(tape.stats().rows == rows);
    BOOST_TEST(tape.branches().empty());
    BOOST_TEST(gradient(y * x)[x] == 27);
}

// Newton's method for a root of x^2 = c: the slope comes from a recorded function, the step is differentiated by the tape around it.
BOOST_AUTO_TEST_CASE(a_function_may_be_recorded_inside_one_that_is_differentiated) {
    const auto root = [](const Scalar& c) {
        const auto square = record([](const auto& x) { return x * x; }, 1.0);
        double start = 1;
        for (int k = 0; k < 6; ++k) start -= (square(start) - c.value()) / square.gradient(start);
        return start - (start * start - c) / square.gradient(start);
    };
    BOOST_TEST(gradient(root, 2.0) == 0.5 / std::sqrt(2.0), boost::test_tools::tolerance(1e-15));
    const auto recorded_in_recorded = record(
        [](const auto& x) {
            const auto inner = record([](const auto& z) { return z * z * z; }, 2.0);
            return x * inner.gradient(3.0);
        },
        1.0);
    BOOST_TEST(recorded_in_recorded(2.0) == 54);
    BOOST_TEST(recorded_in_recorded.gradient(2.0) == 27);
}

BOOST_AUTO_TEST_CASE(threads_may_ask_for_the_first_time_at_once) {
    for (int repeat = 0; repeat < 20; ++repeat) {
        const auto f = record([](const auto& x, const auto& y) { return exp(x) * sin(y) + x * y * y; }, 0.5, 0.25);
        const std::vector<double> x(200, 0.5), y(200, 0.25);
        std::atomic<int> right = 0;
        together(4, [&](int) {
            const auto [dx, dy] = f.gradient(x, y);
            const auto [hx, hy] = f.hvp(0.5, 0.25, 1.0, 0.0);
            const auto [px, py] = f.gradient(0.5, 0.25);
            const auto single = f(std::vector<float>(70, 0.5f), std::vector<float>(70, 0.25f));
            const double ex = std::exp(0.5), s = std::sin(0.25), c = std::cos(0.25);
            const auto near = [](double got, double expected, double tolerance) { return std::abs(got - expected) <= tolerance; };
            if (near(dx.at(199), ex * s + 0.0625, 1e-14) && near(dy.at(0), ex * c + 0.25, 1e-14) && near(hx, ex * s, 1e-14) &&
                near(hy, ex * c + 0.5, 1e-14) && near(px, ex * s + 0.0625, 1e-14) && near(py, ex * c + 0.25, 1e-14) &&
                near(single.at(69), ex * s + 0.03125, 1e-6))
                ++right;
        });
        BOOST_TEST(right == 4);
    }
}

// Readers meet a list of recordings that others are adding to.
BOOST_AUTO_TEST_CASE(threads_may_record_anew_at_once) {
    const auto step = [](const auto& x) {
        for (int k = 0; k < 40; ++k)
            if (x < k) return x * k;
        return x * 40;
    };
    const auto f = record(step, 0.5).on_branch(OnBranch::re_record);
    std::atomic<int> wrong = 0;
    together(4, [&](int thread) {
        for (int k = 0; k < 40; ++k) {
            const int at = (k + 10 * thread) % 40;
            if (f(at - 0.5) != (at - 0.5) * at) ++wrong;
            if (f.gradient(std::vector{at - 0.5, 0.5}).at(0) != at) ++wrong;
        }
    });
    BOOST_TEST(wrong == 0);
    // Two threads may meet a branch at the same time and both record it; afterwards there is nothing left to record.
    const std::size_t recordings = f.recordings();
    BOOST_TEST(recordings >= 40u);
    for (int k = 0; k < 40; ++k) BOOST_TEST(f(k - 0.5) == (k - 0.5) * k);
    BOOST_TEST(f.recordings() == recordings);
}

BOOST_AUTO_TEST_SUITE_END()
