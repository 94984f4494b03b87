// SPDX-License-Identifier: MIT
// What explain() refuses, and in which words.
#include "autodiff/explain/explain.hpp"

#include "network.hpp"

#include <boost/test/unit_test.hpp>

using namespace autodiff;

namespace {

template <class F>
std::string message(const F& f, TapeError::Kind kind) {
    try {
        static_cast<void>(f());
    } catch (const TapeError& e) {
        BOOST_TEST(static_cast<int>(e.kind()) == static_cast<int>(kind));
        return e.what();
    }
    return "nothing was thrown";
}
using Kind = TapeError::Kind;

}  // namespace

BOOST_AUTO_TEST_SUITE(explain_errors)

BOOST_AUTO_TEST_CASE(a_constant_loss_is_on_no_tape) {
    Tape tape;
    const auto x = tape.variable(1.0, "x");
    const std::string text =
        "explain: expected a recorded value, got a constant; make variables with tape.variable() and compute while the tape lives";
    BOOST_TEST(message([&] { return explain(Scalar(3), x); }, Kind::not_recorded) == text);
    BOOST_TEST(message([&] { return explain(Tensor<float>(3.f), x); }, Kind::not_recorded) == text);
    BOOST_TEST(message([&] { return explain(Scalar(3)); }, Kind::not_recorded) == text);
}

BOOST_AUTO_TEST_CASE(an_element_of_a_constant_tensor_is_a_constant) {
    Tape tape;
    const auto W = Tensor<double>::ones({2, 2});
    const auto L = sum(tape.variable(W, "W"));
    BOOST_TEST(message([&] { return explain(L, W(0, 1)); }, Kind::not_recorded) ==
               "explain: expected a recorded value, got a constant; make variables with tape.variable() and compute while the tape lives");
}

BOOST_AUTO_TEST_CASE(a_tape_of_derivatives_names_the_option) {
    Tape tape(Detail::derivatives);
    const auto x = tape.variable(1.0, "x");
    const Scalar L = exp(x);
    const std::string text = "explain: expected a tape that keeps operations, got one that keeps derivatives only; "
                             "record with Tape{Detail::operations}, the default of a Tape";
    BOOST_TEST(message([&] { return explain(L, x); }, Kind::detail) == text);
    BOOST_TEST(message([&] { return explain(L); }, Kind::detail) == text);
}

BOOST_AUTO_TEST_CASE(stale_handles_are_recognised) {
    Tape tape;
    const auto old = tape.variable(1.0, "old");
    const Scalar loss = exp(old);
    tape.clear();
    const auto x = tape.variable(1.0, "x");
    const Scalar L = exp(x);
    BOOST_TEST(message([&] { return explain(L, old); }, Kind::stale_handle) ==
               "explain: expected values of a live tape of this thread, got a value of row 1 of a recording that was cleared, rewound or "
               "destroyed, or of another thread");
    BOOST_TEST(message([&] { return explain(loss, x); }, Kind::stale_handle).starts_with("explain: expected values of a live tape"));
}

BOOST_AUTO_TEST_CASE(a_value_of_another_tape_is_named) {
    Tape outer;
    const auto x = outer.variable(1.0, "x");
    Tape inner;
    const auto y = inner.variable(1.0, "y");
    const Scalar L = exp(y);
    BOOST_TEST(message([&] { return explain(L, x); }, Kind::wrong_tape) ==
               "explain: expected a value of the loss's tape, got x of another tape");
}

BOOST_AUTO_TEST_CASE(an_older_tape_is_explained_while_a_newer_one_records) {
    network::Tensors n;
    const Scalar w = n.W1(0, 1);
    const std::string alone = to_string(explain(n.L, w));
    Tape newer;
    const auto x = newer.variable(1.0, "x");
    BOOST_TEST(to_string(explain(n.L, w)) == alone);
    BOOST_TEST(newer.stats().rows == 1u);
    BOOST_TEST(x.recorded());
}

BOOST_AUTO_TEST_CASE(a_moved_from_value_is_recognised) {
    Tape tape;
    Scalar x = tape.variable(1.0, "x");
    const Scalar L = exp(x), taken = std::move(x);
    BOOST_TEST(message([&] { return explain(L, x); }, Kind::moved_from) ==
               "explain: expected a value, got one that was moved from; copy it if it is needed twice");
}

BOOST_AUTO_TEST_CASE(a_loss_has_one_element) {
    Tape tape;
    const auto x = tape.variable(Tensor<double>::ones({2, 3}), "x");
    try {
        static_cast<void>(explain(x));
        BOOST_ERROR("nothing was thrown");
    } catch (const ShapeError& e) {
        BOOST_TEST(e.what() == std::string("explain: expected a result with one element, got shape [2, 3]; sum it, or take one element"));
    }
}

BOOST_AUTO_TEST_CASE(options_outside_their_range_are_refused) {
    Tape tape;
    const auto x = tape.variable(1.0, "x");
    const Scalar L = exp(x);
    BOOST_CHECK_THROW(static_cast<void>(explain(L, x, {.digits = 0})), ValueError);
    BOOST_CHECK_THROW(static_cast<void>(explain(L, x, {.digits = 18})), ValueError);
    BOOST_CHECK_THROW(static_cast<void>(explain(L, x, {.terms = 0})), ValueError);
    BOOST_CHECK_THROW(static_cast<void>(explain(L, {.rows = 0})), ValueError);
}

BOOST_AUTO_TEST_SUITE_END()
