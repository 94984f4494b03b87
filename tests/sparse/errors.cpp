// SPDX-License-Identifier: MIT
// What is refused, in whole sentences.
#include "tests/sparse/functions.hpp"

using namespace sparse;

BOOST_AUTO_TEST_SUITE(sparse_errors)

namespace {

template <class E, class F>
void says(F&& f, const std::string& text) {
    BOOST_CHECK_EXCEPTION(static_cast<void>(f()), E, [&](const E& e) {
        if (e.what() != text) BOOST_TEST_MESSAGE("got: " << e.what());
        return e.what() == text;
    });
}

}  // namespace

BOOST_AUTO_TEST_CASE(inputs_are_distinct_variables) {
    Tape tape;
    const Scalar a = tape.variable(1, "a"), b = tape.variable(2, "b"), y = a * b;
    says<ValueError>(
        [&] {
            return jacobian_pattern({{y}}, Vector{a, b, a});
        },
        "jacobian_pattern: expected distinct variables, got a twice");
    says<ValueError>([&] { return hessian_pattern(sin(y), {{y}}); },
                     "hessian_pattern: expected scalar variables to differentiate with respect to, got t3, which mul computed");
    const Tensor<double> w = tape.variable(Tensor<double>::ones({2}), "W");
    says<ValueError>([&] { return sparse_jacobian(Vector{w(0) * a}, Vector{w(1)}); },
                     "jacobian_pattern: expected scalar variables to differentiate with respect to, got W[1], which element computed");
}

BOOST_AUTO_TEST_CASE(values_are_on_one_live_tape_that_keeps_operations) {
    using Kind = TapeError::Kind;
    const auto kind = [](Kind expected) { return [expected](const TapeError& e) { return e.kind() == expected; }; };
    Tape outer;
    const Scalar a = outer.variable(1, "a"), y = sin(a);
    BOOST_CHECK_EXCEPTION(static_cast<void>(jacobian_pattern({{y}}, {{Scalar(1)}})), TapeError, kind(Kind::not_recorded));
    BOOST_CHECK_EXCEPTION(static_cast<void>(hessian_pattern(2, {{a}})), TapeError, kind(Kind::not_recorded));
    BOOST_CHECK_EXCEPTION(static_cast<void>(sparse_hessian(2, {{a}})), TapeError, kind(Kind::not_recorded));
    {
        Tape inner;
        const Scalar b = inner.variable(1, "b");
        says<TapeError>([&] { return jacobian_pattern({{y}}, {{b}}); },
                        "jacobian_pattern: expected values of one tape, got t2 of another one");
        BOOST_TEST((jacobian_pattern({{y}}, {{a}}) == pattern_of(1, {{0}})));  // an older tape may be read
        BOOST_CHECK_EXCEPTION(static_cast<void>(sparse_hessian(y, {{a}})), TapeError, kind(Kind::wrong_tape));
    }
    Tape fast(Detail::derivatives);
    const Scalar c = fast.variable(1);
    says<TapeError>([&] { return jacobian_pattern({{c}}, {{c}}); }, "jacobian_pattern: expected a tape that keeps operations, got one that "
                                                                    "keeps derivatives only; record with Tape{Detail::operations}");
    fast.clear();
    BOOST_CHECK_EXCEPTION(static_cast<void>(jacobian_pattern({{c}}, {})), TapeError, kind(Kind::stale_handle));
}

BOOST_AUTO_TEST_CASE(patterns_are_checked) {
    const auto columns = [](Pattern pattern) { return [pattern] { return colour_columns(pattern); }; };
    says<ValueError>(columns({2, 2, {0, 1}, {0}}),
                     "colour_columns: expected a pattern whose row_begin ascends from 0 to 1 in 2 steps, got 2 positions");
    says<ValueError>(columns({1, 2, {0, 1}, {2}}),
                     "colour_columns: expected a pattern whose rows name ascending columns below 2, got column 2 in row 0");
    says<ValueError>(columns({1, 2, {0, 2}, {1, 1}}),
                     "colour_columns: expected a pattern whose rows name ascending columns below 2, got column 1 in row 0");
    says<ValueError>(
        [] {
            return colour_star(pattern_of(2, {{1}, {}}));
        },
        "colour_star: expected a symmetric pattern, got an entry at 0, 1 without one at 1, 0");
    says<ValueError>([] { return compress_hessian(pattern_of(2, {{1}})); }, "colour_star: expected a symmetric pattern, got 1 x 2");
    says<ShapeError>([] { return united(pattern_of(2, {{1}}), pattern_of(3, {{1}})); },
                     "united: expected patterns of one size, got 1 x 2 and 1 x 3");
}

BOOST_AUTO_TEST_CASE(a_pattern_fits_the_function) {
    Tape tape;
    const Vector x = variables(tape, point(2)), y{x[0] * x[1]};
    const Pattern pattern = jacobian_pattern(y, x), other = pattern_of(3, {{0}});
    says<ShapeError>([&] { return sparse_jacobian(y, x, other, compress_jacobian(other)); },
                     "sparse_jacobian: expected a pattern of 1 x 2, got 1 x 3");
    says<ShapeError>([&] { return sparse_jacobian(y, x, pattern, compress_jacobian(pattern_of(2, {{0}}))); },
                     "sparse_jacobian: expected a compression of 2 seeds and 2 entries, got 2 and 1");
    says<ShapeError>([&] { return sparse_hessian(y[0], x, pattern, compress_jacobian(pattern)); },
                     "sparse_hessian: expected a pattern of 2 x 2, got 1 x 2");
}

BOOST_AUTO_TEST_CASE(a_plan_keeps_its_sizes_and_survives_what_it_refuses) {
    bool longer = false;
    SparseJacobian jacobian([&](const Vector& x) { return longer ? Vector{x[0], x[1], x[0]} : Vector{x[0] * x[1], x[1]}; });
    const std::vector<double> at{2, 3};
    static_cast<void>(jacobian(at));
    says<ShapeError>([&] { return jacobian(std::vector<double>{1}); }, "SparseJacobian: expected a point of 2 numbers, as before, got 1");
    longer = true;
    says<ShapeError>([&] { return jacobian(at); }, "SparseJacobian: expected a function with 2 results, as before, got 3");
    longer = false;
    BOOST_TEST(jacobian(at).value == (std::vector<double>{3, 2, 1}), boost::test_tools::per_element());
    says<TapeError>([&] { return sparse_hessian([](const Vector&) { return Scalar(1); }, at); },
                    "SparseHessian: expected a result that depends on an argument, got a constant");
}

BOOST_AUTO_TEST_CASE(a_function_returns_values_of_its_own_recording) {
    Tape outer;
    const Scalar a = outer.variable(1, "a");
    says<TapeError>([&] { return sparse_jacobian([&](const Vector&) { return Vector{a}; }, std::vector<double>{1}); },
                    "SparseJacobian: expected values of one tape, got a of another one");
}

BOOST_AUTO_TEST_CASE(a_function_that_throws_leaves_the_plan_as_it_was) {
    bool broken = false;
    SparseJacobian jacobian([&](const Vector& x) {
        if (broken) throw std::runtime_error("broken");
        return Vector{x[0] * x[0]};
    });
    BOOST_TEST(jacobian(std::vector<double>{2})(0, 0) == 4.0);
    broken = true;
    BOOST_CHECK_THROW(static_cast<void>(jacobian(std::vector<double>{2})), std::runtime_error);
    broken = false;
    BOOST_TEST(jacobian(std::vector<double>{3})(0, 0) == 6.0);
    BOOST_TEST(jacobian.colourings() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
