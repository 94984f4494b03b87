// SPDX-License-Identifier: MIT
// Recorded functions under inputs that do not fit, points that are not finite, and functions that misbehave.
#include "autodiff/autodiff.hpp"
#include "autodiff/function.hpp"
#include "tests/function/near.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace autodiff;
using test::numbers;

constexpr double inf = std::numeric_limits<double>::infinity(), undefined = std::numeric_limits<double>::quiet_NaN();

template <class E, class F>
void throws(const F& f, const std::string& text) {
    try {
        f();
        BOOST_ERROR("nothing was thrown instead of: " << text);
    } catch (const E& e) {
        BOOST_TEST(e.what() == text);
    }
}

const auto product = [](const auto& x, const auto& y) { return x * y * y; };
/// sum of a_k x^k
const auto polynomial = [](const auto& x, const auto& a) {
    Scalar y = 0;
    for (std::size_t k = a.size(); k-- > 0;) y = y * x + a[k];
    return y;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(function_misuse)

BOOST_AUTO_TEST_CASE(a_batch_may_be_empty) {
    const auto f = record(product, 1.0, 2.0);
    const std::vector<double> none;
    BOOST_TEST((f(none, none).shape() == Shape{0}));
    const auto [y, dy] = f.value_and_gradient(none, none);
    BOOST_TEST((y.shape() == Shape{0}));
    BOOST_TEST((std::get<0>(dy).shape() == Shape{0}));
    BOOST_TEST((std::get<1>(f.jacobian(none, none)).shape() == Shape{0}));
    BOOST_TEST((std::get<1>(f.hvp(none, none, none, none)).shape() == Shape{0}));
    BOOST_TEST(f.sum_and_gradient(none, none).first == 0);

    const auto g = record(polynomial, 0.5, shared(std::vector{1.0, 2.0, 3.0}));
    const auto [sum, parts] = g.sum_and_gradient(none, std::vector{1.0, 2.0, 3.0});
    BOOST_TEST(sum == 0);
    BOOST_TEST(std::get<1>(parts) == std::vector<double>(3, 0.0), boost::test_tools::per_element());
    const auto h = record([](const std::vector<Scalar>& x) { return x[0] * x[1]; }, std::vector{1.0, 2.0});
    BOOST_TEST((h.gradient(Tensor<float>(Shape{0, 2}, std::vector<float>{})).shape() == Shape{0, 2}));
    const auto branching = record([](const auto& x) { return x > 0 ? x * x : Scalar(x); }, 1.0);
    BOOST_TEST((branching.gradient(none).shape() == Shape{0}));
}

BOOST_AUTO_TEST_CASE(arguments_with_different_numbers_of_points_are_refused) {
    const auto f = record(product, 1.0, 2.0);
    const std::vector<double> two(2), three(3), one(1);
    const std::string text = "Function: expected 3 points for argument 1, got 2";
    throws<ShapeError>([&] { static_cast<void>(f(three, two)); }, text);
    throws<ShapeError>([&] { static_cast<void>(f.gradient(three, two)); }, text);
    throws<ShapeError>([&] { static_cast<void>(f.jacobian(three, two)); }, text);
    throws<ShapeError>([&] { static_cast<void>(f.sum_and_gradient(three, two)); }, text);
    throws<ShapeError>([&] { static_cast<void>(f.hvp(three, three, two, three)); }, "Function: expected 3 points for argument 2, got 2");
    throws<ShapeError>([&] { static_cast<void>(f(three, one)); },
                       "Function: expected 3 points for argument 1, got 1");  // nothing is broadcast
}

BOOST_AUTO_TEST_CASE(tensors_of_another_shape_are_refused) {
    const auto f = record([](const std::vector<Scalar>& x) { return x[0] * x[1]; }, std::vector{1.0, 2.0});
    throws<ShapeError>(
        [&] {
            static_cast<void>(f(Tensor<double>::ones({4, 3})));
        },
        "Function: expected a shape of [n, 2] for argument 0, got [4, 3]");
    throws<ShapeError>([&] { static_cast<void>(f(Tensor<double>::ones({2}))); },
                       "Function: expected a shape of [n, 2] for argument 0, got [2]");
    throws<ShapeError>(
        [&] {
            static_cast<void>(f.hvp(Tensor<double>::ones({4, 2}), Tensor<double>::ones({4, 1})));
        },
        "Function: expected a shape of [n, 2] for argument 1, got [4, 1]");
    const auto g = record(product, 1.0, 2.0);
    throws<ShapeError>(
        [&] {
            static_cast<void>(g(Tensor<double>::ones({4}), Tensor<double>::ones({4, 1})));
        },
        "Function: expected a shape of [n] for argument 1, got [4, 1]");
}

BOOST_AUTO_TEST_CASE(wrong_numbers_of_components_are_refused) {
    const auto f = record([](const std::vector<Scalar>& x) { return x[0] * x[1]; }, std::vector{1.0, 2.0});
    const std::vector<double> two{3, 4}, three(3);
    throws<ShapeError>([&] { static_cast<void>(f(three)); }, "Function: expected 2 numbers for argument 0, as recorded, got 3");
    throws<ShapeError>([&] { static_cast<void>(f(std::vector{1.0})); }, "Function: expected 2 numbers for argument 0, as recorded, got 1");
    throws<ShapeError>([&] { static_cast<void>(f(std::vector<double>{})); },
                       "Function: expected 2 numbers for argument 0, as recorded, got 0");
    throws<ShapeError>([&] { static_cast<void>(f.hvp(two, three)); }, "Function: expected 2 numbers for argument 1, as recorded, got 3");
    const auto g = record(polynomial, 0.5, shared(std::vector{1.0, 2.0, 3.0}));
    throws<ShapeError>(
        [&] {
            static_cast<void>(g.gradient(std::vector{1.0, 2.0}, two));
        },
        "Function: expected 3 numbers for argument 1, as recorded, got 2");
    BOOST_TEST(f(two) == 12);
}

BOOST_AUTO_TEST_CASE(points_that_are_not_finite_affect_their_own_results_only) {
    const auto f = record([](const auto& x, const auto& y) { return exp(x) * y + sin(x) / (1 + y * y); }, 1.0, 2.0);
    std::vector<double> x(130), y(130), v(130, 0.5);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::sin(static_cast<double>(i)), y[i] = std::cos(static_cast<double>(i));
    const auto clean_y = numbers(f(x, y)), clean_dx = numbers(std::get<0>(f.gradient(x, y))),
               clean_hv = numbers(std::get<1>(f.hvp(x, y, v, v)));
    x[3] = x[129] = undefined, x[64] = inf, x[65] = -inf;
    const auto got_y = numbers(f(x, y)), got_dx = numbers(std::get<0>(f.gradient(x, y))), got_hv = numbers(std::get<1>(f.hvp(x, y, v, v)));
    for (std::size_t i = 0; i < x.size(); ++i)
        if (std::isfinite(x[i])) {
            BOOST_TEST((got_y[i] == clean_y[i] && got_dx[i] == clean_dx[i] && got_hv[i] == clean_hv[i]), "point " << i);
        } else {
            BOOST_TEST(!std::isfinite(got_y[i]), "point " << i);
            BOOST_TEST(std::isnan(got_dx[i]), "point " << i);
        }
    BOOST_TEST(std::isnan(f.sum_and_gradient(x, y).first));
}

// The last block of a batch is filled up with copies of its last point.
BOOST_AUTO_TEST_CASE(what_fills_the_last_block_does_not_count) {
    const auto f = record([](const auto& x, const auto& a) { return a * x + 1; }, 1.0, shared(1.0));
    for (std::size_t n = 1; n < 150; n += 7) {
        std::vector<double> x(n, 1.0);
        x.back() = 1000;
        const auto [sum, parts] = f.sum_and_gradient(x, 2.0);
        BOOST_TEST(sum == 2 * (static_cast<double>(n) + 999) + static_cast<double>(n));
        BOOST_TEST(std::get<1>(parts) == static_cast<double>(n) + 999);
    }
}

BOOST_AUTO_TEST_CASE(a_recording_needs_an_input) {
    throws<ValueError>([] { static_cast<void>(record([](const std::vector<Scalar>&) { return Scalar(1); }, std::vector<double>{})); },
                       "record: expected at least one input, got none");
}

BOOST_AUTO_TEST_CASE(a_function_may_ignore_its_inputs) {
    const auto f = record([](const auto&, const auto&) { return Scalar(2.5); }, 1.0, 2.0);
    BOOST_TEST(f(3.0, 4.0) == 2.5);
    BOOST_TEST((f.gradient(3.0, 4.0) == std::tuple(0.0, 0.0)));
    BOOST_TEST((f.hvp(3.0, 4.0, 1.0, 1.0) == std::tuple(0.0, 0.0)));
    const std::vector<double> x(70);
    BOOST_TEST(numbers(f(x, x)) == std::vector<double>(70, 2.5), boost::test_tools::per_element());
    BOOST_TEST(numbers(std::get<1>(f.gradient(x, x))) == std::vector<double>(70, 0.0), boost::test_tools::per_element());
    BOOST_TEST(f.sum_and_gradient(x, x).first == 70 * 2.5);
    // A plain number is a result too, and an input may be one.
    BOOST_TEST(record([](const auto&) { return 4; }, 1.0)(7.0) == 4);
    const auto second = record([](const auto&, const auto& y) { return y; }, 1.0, 2.0);
    BOOST_TEST((second.gradient(5.0, 6.0) == std::tuple(0.0, 1.0)));
    BOOST_TEST(numbers(second(x, std::vector<double>(70, 3.0))) == std::vector<double>(70, 3.0), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(no_result_at_all_is_an_empty_one) {
    const auto f = record([](const auto&) { return std::vector<Scalar>(); }, 1.0);
    BOOST_TEST(f(2.0).empty());
    BOOST_TEST((f(std::vector{1.0, 2.0}).shape() == Shape{2, 0}));
    BOOST_TEST((f.jacobian(2.0).shape() == Shape{0}));
}

BOOST_AUTO_TEST_CASE(tensor_operations_are_refused_by_name) {
    throws<ValueError>(
        [] {
            static_cast<void>(record([](const auto& x) { return sum(exp(stack({x, x * 2}))); }, 1.0));
        },
        "record: expected operations on numbers, got the tensor operation element (t5[]); compute with the numbers of the tensor, or "
        "record anew at each point");
    // What no result needs does not matter.
    const auto f = record(
        [](const auto& x) {
            const auto unused = sum(stack({x, x * 2}));
            return x * 3;
        },
        1.0);
    BOOST_TEST(f(2.0) == 6);
}

BOOST_AUTO_TEST_CASE(results_of_another_tape_are_refused) {
    Tape outer;
    const Scalar captured = outer.variable(3.0);
    for (int k = 0; k < 100; ++k) static_cast<void>(outer.variable(1.0));
    const Scalar late = outer.variable(3.0);
    const std::string text =
        "record: expected results computed from the inputs, got a value of another tape; make it an input, or take its value()";
    throws<TapeError>([&] { static_cast<void>(record([&](const auto&) { return captured; }, 1.0)); }, text);
    throws<TapeError>([&] { static_cast<void>(record([&](const auto&) { return late; }, 1.0)); }, text);
    BOOST_CHECK_THROW(static_cast<void>(record([&](const auto& x) { return x * captured; }, 1.0)), TapeError);
    BOOST_CHECK_THROW(static_cast<void>(record(
                          [](const auto& x) {
                              Scalar y = x * x;
                              const Scalar taken = std::move(y);
                              return std::vector<Scalar>{taken, std::move(y)};
                          },
                          1.0)),
                      TapeError);
    BOOST_TEST(record([&](const auto& x) { return x * captured.value(); }, 1.0)(2.0) == 6);
}

BOOST_AUTO_TEST_CASE(a_function_that_throws_leaves_no_tape_behind) {
    Tape outer;
    const Scalar x = outer.variable(2.0);
    const auto fails = [](const Scalar& at) -> Scalar {
        const Scalar y = at * at;
        if (y.value() > 1) throw std::runtime_error("no");
        return y;
    };
    BOOST_CHECK_THROW(static_cast<void>(record(fails, 3.0)), std::runtime_error);
    BOOST_TEST(current == &outer.list());
    BOOST_TEST(gradient(x * x)[x] == 4);
}

BOOST_AUTO_TEST_CASE(a_function_that_throws_while_it_is_recorded_anew_leaves_all_as_it_was) {
    int calls = 0;
    const auto f = record(
        [&calls](const Scalar& x) -> Scalar {
            ++calls;
            if (x < 0) throw std::runtime_error("negative");
            return x < 10 ? x * x : Scalar(3 * x);
        },
        1.0);
    Tape outer;
    BOOST_CHECK_THROW(f.gradient(std::vector{1.0, 2.0, -1.0}), std::runtime_error);
    BOOST_CHECK_THROW(static_cast<void>(f.on_branch(OnBranch::re_record)(-1.0)), std::runtime_error);
    BOOST_TEST(calls == 3);
    BOOST_TEST(current == &outer.list());
    BOOST_TEST(f.recordings() == 1u);
    BOOST_TEST(numbers(f.gradient(std::vector{1.0, 2.0, 12.0})) == (std::vector{2.0, 4.0, 3.0}), boost::test_tools::per_element());
    BOOST_TEST(f.recordings() == 2u);
}

BOOST_AUTO_TEST_CASE(results_must_be_as_many_at_every_point) {
    const auto f = record(
        [](const Scalar& x) {
            std::vector<Scalar> y{x, x * x};
            if (x > 2) y.push_back(x);
            return y;
        },
        1.0);
    const std::string text = "Function: expected 2 outputs at every point, got 3";
    throws<ValueError>([&] { static_cast<void>(f(std::vector{1.0, 3.0})); }, text);
    throws<ValueError>([&] { static_cast<void>(f.on_branch(OnBranch::re_record)(3.0)); }, text);
    BOOST_TEST(f.recordings() == 1u);
    BOOST_TEST(f(2.0) == (std::vector{2.0, 4.0}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_program_needs_a_tape_of_operations) {
    Tape tape(Detail::derivatives);
    const Scalar x[] = {tape.variable(1.0)}, y[] = {x[0] * 2};
    throws<TapeError>([&] { static_cast<void>(function::assemble(tape, x, y)); },
                      "record: expected a tape that keeps operations, got one that keeps derivatives only");
}

// 1e-30 * 1e-10 is denormal in float: kept by default, 0 where that is asked for, and the thread's own arithmetic stays as it was.
BOOST_AUTO_TEST_CASE(numbers_next_to_0_are_flushed_only_where_that_is_asked_for) {
    const auto f = record([](const auto& x, const auto& y) { return x * y; }, 1.0, 2.0);
    const std::vector<float> x(100, 1e-30f), y(100, 1e-10f);
    BOOST_TEST(f(x, y).at(7) == 1e-30f * 1e-10f);
    BOOST_TEST(f.flush_denormals()(x, y).at(7) == 0.0f);
    BOOST_TEST(f(x, y).at(7) != 0.0f);
    volatile float small = 1e-30f;
    BOOST_TEST(small * 1e-10f != 0.0f);
}

BOOST_AUTO_TEST_SUITE_END()
