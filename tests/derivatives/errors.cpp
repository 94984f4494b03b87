// SPDX-License-Identifier: MIT
// What is refused, in which words, and that nothing is left behind. Next: tapes.cpp.
#include "autodiff/autodiff.hpp"

#include <boost/test/unit_test.hpp>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace autodiff;
using T = Tensor<double>;
using Kind = TapeError::Kind;

template <class E, class F>
void check_throws(const F& f, const std::string& text) {
    BOOST_CHECK_EXCEPTION(static_cast<void>(f()), E, [&text](const E& e) {
        BOOST_TEST(e.what() == text);
        return e.what() == text;
    });
}
bool no_tape_lives() { return !(Scalar(2) * 3.0).recorded() && current == &no_tape; }

const auto square_sum = [](const T& x) { return sum(x * x); };

}  // namespace

BOOST_AUTO_TEST_SUITE(errors)

BOOST_AUTO_TEST_CASE(a_result_that_depends_on_no_argument) {
    const auto constant = [](const Scalar&) { return Scalar(3); };
    const std::string text = ": expected a result that depends on an argument, got a constant";
    check_throws<TapeError>([&] { return jvp(constant, 1.0, 1.0); }, "jvp" + text);
    check_throws<TapeError>([&] { return vjp(constant, 1.0); }, "vjp" + text);
    check_throws<TapeError>([&] { return jacobian(constant, 1.0); }, "jacobian" + text);
    check_throws<TapeError>([&] { return hessian(constant, 1.0); }, "hessian" + text);
    check_throws<TapeError>([&] { return hvp(constant, 1.0, 1.0); }, "hvp" + text);
    check_throws<TapeError>([&] { return gradient(constant, 1.0); }, "value_and_gradient" + text);
    check_throws<TapeError>([&] { return gradient([](const std::vector<Scalar>&) { return Scalar(1); }, std::vector<double>{}); },
                            "value_and_gradient" + text);
    check_throws<TapeError>([&] { return gradient([&](const Scalar& x) { return x * gradient(constant, x); }, 1.0); },
                            "value_and_gradient" + text);
    BOOST_TEST(no_tape_lives());
}

BOOST_AUTO_TEST_CASE(a_direction_that_has_not_the_shape_of_the_argument) {
    const T x = T::ones({2, 3});
    check_throws<ShapeError>([&] { return jvp(square_sum, x, T::ones({3, 2})); }, "jvp: expected a tangent of shape [2, 3], got [3, 2]");
    check_throws<ShapeError>([&] { return hvp(square_sum, x, T::ones({3})); }, "hvp: expected a tangent of shape [2, 3], got [3]");
    check_throws<ShapeError>([&] { return vjp([](const T& t) { return t * t; }, x).second(T::ones({2})); },
                             "vjp: expected a cotangent of shape [2, 3], got [2]");
    const auto first = [](const std::vector<Scalar>& v) { return v[0] * v[0]; };
    check_throws<ShapeError>(
        [&] {
            return jvp(first, std::vector<double>{1, 2, 3}, std::vector<double>{1, 2});
        },
        "jvp: expected a tangent of shape [3], got [2]");
    check_throws<ShapeError>(
        [&] {
            return vjp([](const std::vector<Scalar>& v) { return v; }, std::vector<double>{1, 2}).second(std::vector<double>{1});
        },
        "vjp: expected a cotangent of 2 parameters, got 1");
    BOOST_TEST(no_tape_lives());
}

BOOST_AUTO_TEST_CASE(a_second_derivative_of_several_results) {
    const auto f = [](const T& x) { return x * x; };
    check_throws<ShapeError>([&] { return hessian(f, T::ones({3})); },
                             "hessian: expected a result with one element, got shape [3]; sum it, or ask for the jacobian");
    check_throws<ShapeError>([&] { return hvp(f, T::ones({3}), T::ones({3})); },
                             "hvp: expected a result with one element, got shape [3]; sum it, or ask for the jacobian");
    check_throws<ShapeError>([&] { return gradient([&](const T& x) { return sum(gradient(f, x)); }, T::ones({3})); },
                             "value_and_gradient: expected a result with one element, got shape [3]; sum it, or ask for the jacobian");
    BOOST_TEST(no_tape_lives());
}

BOOST_AUTO_TEST_CASE(an_outer_value_in_an_inner_derivative_at_a_plain_number) {
    check_throws<TapeError>(
        [] { return gradient([](const Scalar& x) { return x * gradient([&x](const Scalar& y) { return x * y; }, 1.0); }, 2.0); },
        "mul: expected values of the newest live tape, which records, got t1 of another tape; to differentiate through an inner "
        "derivative, "
        "give it a Scalar or a recorded tensor, not a plain number");
    BOOST_TEST(no_tape_lives());
}

BOOST_AUTO_TEST_CASE(a_recorded_argument_on_a_tape_of_yours_that_keeps_derivatives_only) {
    Tape tape(Detail::derivatives);
    const Scalar x = tape.variable(2.0);
    check_throws<TapeError>([&] { return gradient([](const Scalar& t) { return t * t; }, x); },
                            "value_and_gradient: expected a tape that keeps operations, got one that keeps derivatives only; record with "
                            "Tape{Detail::operations}");
    Tape inner;
    check_throws<TapeError>([&] { return gradient([](const Scalar& t) { return t * t; }, x); },
                            "value_and_gradient: expected values of the newest live tape, which records, got t1 of another tape");
}

BOOST_AUTO_TEST_CASE(a_recorded_cotangent_for_a_plain_pullback) {
    const auto [y, pullback] = vjp([](const Scalar& x) { return x * x; }, 3.0);
    Tape tape;
    const Scalar u = tape.variable(1.0);
    check_throws<TapeError>([&, &pull = pullback] { return pull(u); },
                            "vjp: expected a plain cotangent for a plain derivative, got a recorded one; stop_gradient() makes it plain");
    BOOST_TEST(pullback(stop_gradient(u)) == 6.0);
}

BOOST_AUTO_TEST_CASE(a_pullback_whose_outer_tape_has_gone_on_or_away) {
    auto tape = std::make_unique<Tape>();
    const Scalar x = tape->variable(3.0);
    const auto pullback = vjp([](const Scalar& t) { return t * t * t; }, x).second;
    const Scalar g = pullback(Scalar(1));
    BOOST_TEST(gradient(g)[x] == 18.0);
    {
        Tape inner;
        BOOST_CHECK_EXCEPTION(static_cast<void>(pullback(Scalar(1))), TapeError,
                              [](const TapeError& e) { return e.kind() == Kind::wrong_tape; });
    }
    tape->clear();
    BOOST_CHECK_EXCEPTION(static_cast<void>(pullback(Scalar(1))), TapeError,
                          [](const TapeError& e) { return e.kind() == Kind::stale_handle; });
    tape.reset();
    BOOST_CHECK_EXCEPTION(static_cast<void>(pullback(Scalar(1))), TapeError,
                          [](const TapeError& e) { return e.kind() == Kind::stale_handle; });
}

BOOST_AUTO_TEST_CASE(exceptions_of_the_function_pass_and_leave_no_tape) {
    const auto thrower = [](const Scalar& x) -> Scalar {
        if (x > 0) throw std::domain_error("positive");
        return x;
    };
    BOOST_CHECK_THROW(static_cast<void>(jvp(thrower, 1.0, 1.0)), std::domain_error);
    BOOST_CHECK_THROW(static_cast<void>(vjp(thrower, 1.0)), std::domain_error);
    BOOST_CHECK_THROW(static_cast<void>(jacobian(thrower, 1.0)), std::domain_error);
    BOOST_CHECK_THROW(static_cast<void>(hessian(thrower, 1.0)), std::domain_error);
    BOOST_CHECK_THROW(static_cast<void>(hvp(thrower, 1.0, 1.0)), std::domain_error);
    BOOST_CHECK_THROW(static_cast<void>(gradient([&](const Scalar& x) { return gradient(thrower, x); }, 1.0)), std::domain_error);
    BOOST_CHECK_THROW(static_cast<void>(vjp([&](const Scalar& x) { return gradient(thrower, x); }, 1.0)), std::domain_error);
    BOOST_TEST(no_tape_lives());
    BOOST_TEST(gradient([](const Scalar& x) { return x * x; }, 3.0) == 6.0);
    // The outer function may live with the exception of the inner one.
    const auto careful = [&](const Scalar& x) {
        try {
            return x * gradient(thrower, x);
        } catch (const std::domain_error&) {
            return x * x;
        }
    };
    BOOST_TEST(gradient(careful, 3.0) == 6.0);
    BOOST_TEST(gradient([](const Scalar& x) { return gradient([](const Scalar& t) { return t * t; }, x); }, 3.0) == 2.0);
}

BOOST_AUTO_TEST_SUITE_END()
