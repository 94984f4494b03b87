// SPDX-License-Identifier: MIT
// elementwise: what it refuses, and the whole text of the errors.
#include "tests/elementwise/formulas.hpp"

using namespace formulas;

namespace {

auto says(std::string text) {
    return [expected = std::move(text)](const Error& error) {
        BOOST_TEST(error.what() == expected);
        return error.what() == expected;
    };
}
const auto x = Tensor<double>::of({1, 2, 3});
double outside;
Scalar recorded_outside;

}  // namespace

BOOST_AUTO_TEST_SUITE(elementwise_misuse)

BOOST_AUTO_TEST_CASE(shapes_that_do_not_broadcast) {
    const auto f = [](auto a, auto b) { return a * b; };
    BOOST_CHECK_EXCEPTION(static_cast<void>(elementwise(f, x, Tensor<double>::zeros({2}))), ShapeError,
                          says("elementwise: expected shapes that broadcast together, got [3] and [2]"));
    const auto named = [](auto a, auto b) { return a * b + 1; };
    BOOST_CHECK_EXCEPTION(static_cast<void>(elementwise("product", named, x, Tensor<double>::zeros({2}))), ShapeError,
                          says("product: expected shapes that broadcast together, got [3] and [2]"));
    BOOST_CHECK_THROW(static_cast<void>(elementwise([](auto a, auto b, auto c) { return a * b + c; }, x, Tensor<double>::zeros({2, 1}),
                                                    Tensor<double>::zeros({3, 3}))),
                      ShapeError);
}

BOOST_AUTO_TEST_CASE(a_branch_on_a_comparison_names_it) {
    BOOST_CHECK_EXCEPTION(static_cast<void>(elementwise(
                              "leaky",
                              [](auto a) {
                                  if (a > 0.25) return a * 1.0;
                                  return a * 0.5;
                              },
                              x)),
                          ValueError,
                          says("leaky: expected one formula for all elements, got a branch on 0.25 < x0; choose with where(), which takes "
                               "both sides"));
    BOOST_CHECK_THROW(static_cast<void>(elementwise([](auto a, auto b) { return a < b ? a : b; }, x, 2.0)), ValueError);
}

// The error comes each time, and leaves a tape as it was.
BOOST_AUTO_TEST_CASE(an_error_may_be_caught_and_repeated) {
    Tape tape;
    const auto v = tape.variable(x);
    const auto rows = tape.stats().rows;
    const auto f = [](auto a) { return a > 1 ? a : -a; };
    for (int round = 0; round < 2; ++round) BOOST_CHECK_THROW(static_cast<void>(elementwise(f, v)), ValueError);
    BOOST_TEST(tape.stats().rows == rows);
    BOOST_TEST(gradient(sum(elementwise([](auto a) { return a * a; }, v)))[v].at(2) == 6);
}

BOOST_AUTO_TEST_CASE(a_choice_by_where_is_no_branch) {
    const auto f = [](auto a, auto b) { return where(a < b, a * a, b); };
    const std::vector<double> expected{1, 2, 2};
    BOOST_TEST(elementwise(f, x, 2.0).data() == expected, boost::test_tools::per_element());
    Tape tape;
    const auto v = tape.variable(x);
    const auto g = gradient(sum(elementwise(f, v, 2.0)))[v];
    const std::vector<double> partials{2, 0, 0};
    BOOST_TEST(g.data() == partials, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_scalar_from_outside_is_no_part_of_a_formula) {
    outside = 2;
    BOOST_TEST(elementwise([](auto a) { return a * outside; }, x).at(1) == 4);
    outside = 3;
    BOOST_TEST(elementwise([](auto a) { return a * outside + 0; }, x).at(1) == 6);  // another function: another recording
    Tape tape;
    recorded_outside = tape.variable(2.0);
    BOOST_CHECK_THROW(static_cast<void>(elementwise([](auto a) { return a * recorded_outside; }, x)), Error);
    recorded_outside = Scalar();
}

BOOST_AUTO_TEST_SUITE_END()
