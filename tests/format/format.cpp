// SPDX-License-Identifier: MIT
// How shapes, numbers, tensors and tapes print, to the character.
#include "autodiff/format.hpp"

#include "autodiff/ops/layout.hpp"
#include "autodiff/scalar.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>

using namespace autodiff;

BOOST_AUTO_TEST_SUITE(format)

BOOST_AUTO_TEST_CASE(a_shape_prints_as_in_messages) {
    BOOST_TEST(fmt::format("{}", Shape{2, 3}) == "[2, 3]");
    BOOST_TEST(fmt::format("{}", Shape{}) == "[]");
    BOOST_TEST(fmt::format("{:>8}|", Shape{7}) == "     [7]|");
}

BOOST_AUTO_TEST_CASE(a_scalar_prints_its_value_by_the_specification_of_a_double) {
    Tape tape;
    const Scalar x = tape.variable(1.0 / 3, "x");
    BOOST_TEST(fmt::format("{} {:.3} {:+.1e}", x, x, x) == "0.333333 0.333 +3.3e-01");
    BOOST_TEST(fmt::format("{}", Scalar(1e-300)) == "1e-300");
}

BOOST_AUTO_TEST_CASE(printing_a_scalar_that_was_moved_from_throws) {
    Tape tape;
    Scalar x = tape.variable(1);
    const Scalar y = std::move(x);
    BOOST_CHECK_THROW(static_cast<void>(fmt::format("{}", x)), TapeError);
}

BOOST_AUTO_TEST_CASE(rank_0_is_a_number_without_brackets) {
    BOOST_TEST(fmt::format("{}", Tensor<double>(3.0)) == "3");
    BOOST_TEST(fmt::format("{:.2f}", Tensor<float>(2.5f)) == "2.50");
}

BOOST_AUTO_TEST_CASE(a_matrix_has_one_line_per_row_and_aligned_columns) {
    const auto x = Tensor<double>::from_rows({{1, -2.5}, {1.0 / 3, 1e10}});
    BOOST_TEST(fmt::format("{}", x) == "[[       1,     -2.5],\n"
                                       " [0.333333,    1e+10]]");
    BOOST_TEST(fmt::format("{:.3}", x) == "[[    1,  -2.5],\n"
                                          " [0.333, 1e+10]]");
}

BOOST_AUTO_TEST_CASE(an_empty_line_separates_matrices) {
    BOOST_TEST(fmt::format("{}", Tensor<float>::full({2, 2, 1}, 1.5f)) == "[[[1.5],\n"
                                                                          "  [1.5]],\n"
                                                                          "\n"
                                                                          " [[1.5],\n"
                                                                          "  [1.5]]]");
}

BOOST_AUTO_TEST_CASE(empty_tensors_show_their_axes) {
    BOOST_TEST(fmt::format("{}", Tensor<double>()) == "[]");
    BOOST_TEST(fmt::format("{}", Tensor<double>::zeros({0, 4})) == "[]");
    BOOST_TEST(fmt::format("{}", Tensor<double>::zeros({2, 0})) == "[[],\n []]");
}

BOOST_AUTO_TEST_CASE(integers_and_booleans_take_their_own_specifications) {
    BOOST_TEST(fmt::format("{}", Tensor<bool>({2}, {true, false})) == "[ true, false]");
    BOOST_TEST(fmt::format("{:d}", Tensor<bool>({2}, {true, false})) == "[1, 0]");
    BOOST_TEST(fmt::format("{}", Tensor<std::int32_t>({2}, {10, -2})) == "[10, -2]");
    BOOST_TEST(fmt::format("{:#x}", Tensor<std::int64_t>({2}, {255, 1})) == "[0xff,  0x1]");
}

BOOST_AUTO_TEST_CASE(nan_inf_and_the_sign_of_zero_are_visible) {
    const double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
    BOOST_TEST(fmt::format("{}", Tensor<double>({4}, {nan, inf, -inf, -0.0})) == "[ nan,  inf, -inf,   -0]");
}

BOOST_AUTO_TEST_CASE(a_view_prints_in_its_own_order) {
    BOOST_TEST(fmt::format("{}", transpose(Tensor<double>::from_rows({{1, 2}, {3, 4}}))) == "[[1, 3],\n [2, 4]]");
}

BOOST_AUTO_TEST_CASE(only_a_large_tensor_is_summarised) {
    BOOST_TEST(fmt::format("{}", Tensor<double>::arange(1000)).find("...") == std::string::npos);
    BOOST_TEST(fmt::format("{}", Tensor<double>::arange(1001)) == "[   0,    1,    2, ...,  998,  999, 1000]");
    BOOST_TEST(fmt::format("{}", Tensor<float>::zeros({2, 501})) == "[[0, 0, 0, ..., 0, 0, 0],\n"
                                                                    " [0, 0, 0, ..., 0, 0, 0]]");
    BOOST_TEST(fmt::format("{}", Tensor<float>::zeros({600, 2})) == "[[0, 0],\n [0, 0],\n [0, 0],\n ...,\n [0, 0],\n [0, 0],\n [0, 0]]");
}

BOOST_AUTO_TEST_CASE(a_specification_that_the_element_does_not_take_is_refused) {
    BOOST_CHECK_THROW(static_cast<void>(fmt::format(fmt::runtime("{:d}"), Tensor<double>(1.0))), fmt::format_error);
    BOOST_CHECK_THROW(static_cast<void>(fmt::format(fmt::runtime("{:.3}"), Tensor<std::int32_t>(1))), fmt::format_error);
    BOOST_CHECK_THROW(static_cast<void>(fmt::format(fmt::runtime("{:{}}"), Tensor<double>(1.0), 5)), fmt::format_error);
}

BOOST_AUTO_TEST_CASE(statistics_print_on_one_line_with_the_commonest_operation_first) {
    TapeStatistics s;
    s.rows = 7, s.operands = 6, s.tensor_rows = 1, s.variables = 4, s.bytes = 200, s.bytes_reserved = 3 * 1024 * 1024;
    s.by_operation = {{"mul", 2}, {"add", 1}};
    BOOST_TEST(fmt::format("{}", s) == "7 rows, 6 operands, 1 tensor row, 4 variables, 200 bytes used of 3 MiB; 2 mul, 1 add");
}

BOOST_AUTO_TEST_SUITE_END()
