// SPDX-License-Identifier: MIT
// Layers composed by hand from tensor operations, against published or hand-computed numbers; integers are exact.
#include "autodiff/autodiff.hpp"
#include "tests/support/compare.hpp"

#include <boost/test/unit_test.hpp>
#include <vector>

namespace {

using namespace autodiff;
using T = Tensor<double>;
using Indices = Tensor<Index>;

void check_exact(const T& got, const T& expected) {
    BOOST_TEST(to_string(got.shape()) == to_string(expected.shape()));
    if (got.shape() != expected.shape()) return;
    const T x = got.contiguous(), y = expected.contiguous();
    BOOST_TEST(x.data() == y.data(), boost::test_tools::per_element());
}
void check_close(const T& got, const T& expected) {
    BOOST_TEST(to_string(got.shape()) == to_string(expected.shape()));
    if (got.shape() != expected.shape()) return;
    const T x = got.contiguous(), y = expected.contiguous();
    for (std::size_t i = 0; i < x.data().size(); ++i)
        BOOST_TEST(test::close(x.data()[i], y.data()[i], {.relative = 1e-12, .absolute = 1e-15}), "element " << i);
}

/// gamma (x - mean) / sqrt(variance + epsilon) + beta, over everything
T normalised(const T& x, const T& gamma, const T& beta, double epsilon) {
    return gamma * (x - mean(x)) * rsqrt(variance(x) + epsilon) + beta;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(known_answers)

BOOST_AUTO_TEST_CASE(matmul_with_a_weighted_sum) {
    const T a = T::from_rows({{1, 2, 3}, {4, 5, 6}}), b = T::from_rows({{1, -1}, {0, 2}, {3, 1}}), c = T::from_rows({{1, -1}, {2, 0.5}});
    const auto [loss, adjoints] = value_and_gradient([&c](const T& x, const T& y) { return sum(matmul(x, y) * c); }, a, b);
    BOOST_TEST(loss == 54);
    check_exact(std::get<0>(adjoints), T::from_rows({{2, -2, 2}, {1.5, 1, 6.5}}));
    check_exact(std::get<1>(adjoints), T::from_rows({{9, 1}, {12, 0.5}, {15, 0}}));
}

BOOST_AUTO_TEST_CASE(conv2d_without_padding) {
    const T x({1, 1, 3, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9}), k({1, 1, 2, 2}, {1, 0, -1, 2}), c({1, 1, 2, 2}, {1, 2, 3, 4});
    check_exact(conv2d(x, k), T({1, 1, 2, 2}, {7, 9, 13, 15}));
    const auto [loss, adjoints] =
        value_and_gradient([&c](const T& image, const T& kernel) { return sum(conv2d(image, kernel) * c); }, x, k);
    BOOST_TEST(loss == 124);
    check_exact(std::get<0>(adjoints), T({1, 1, 3, 3}, {1, 2, 0, 2, 4, 4, -3, 2, 8}));
    check_exact(std::get<1>(adjoints), T({1, 1, 2, 2}, {37, 47, 67, 77}));
}

BOOST_AUTO_TEST_CASE(mean_squared_error) {
    const T x = T::of({1, 2, 4}), t = T::of({1.5, 2, 1});
    const auto [loss, adjoint] = value_and_gradient([&t](const T& v) { return mean(square(v - t)); }, x);
    BOOST_TEST(test::close(loss, 3.0833333333333333, {.relative = 1e-15}));
    check_close(adjoint, T::of({-1.0 / 3, 0, 2}));
}

BOOST_AUTO_TEST_CASE(embedding_adds_the_rows_of_repeated_ids) {
    const Indices ids = Indices::of({1, 0, 1});
    const T upstream = T::from_rows({{1, 2}, {3, 4}, {5, 6}});
    const T adjoint = gradient([&](const T& table) { return sum(take(table, ids) * upstream); }, T::ones({3, 2}));
    check_exact(adjoint, T::from_rows({{3, 4}, {6, 8}, {0, 0}}));
}

BOOST_AUTO_TEST_CASE(normalisation_without_epsilon) {
    const T x = T::of({1, 2, 3, 4});
    check_close(normalised(x, T(2.0), T(1.0), 0),
                T::of({-1.6832815729997476, 0.10557280900008412, 1.8944271909999159, 3.6832815729997476}));
    const auto first = [](const T& v, const T& gamma, const T& beta) { return autodiff::select(normalised(v, gamma, beta, 0), 0, 0); };
    const auto [dx, dgamma, dbeta] = gradient(first, x, T(2.0), T(1.0));
    check_close(dx, T::of({0.53665631459994953, -0.71554175279993270, -0.17888543819998318, 0.35777087639996635}));
    check_close(dgamma, T(-1.3416407864998738));
    check_close(dbeta, T(1.0));
}

BOOST_AUTO_TEST_CASE(normalisation_with_epsilon) {
    const T weights = T::of({1, 2, -1, 0.5});
    const auto loss = [&weights](const T& v, const T& gamma, const T& beta) { return sum(normalised(v, gamma, beta, 1e-5) * weights); };
    const auto [value, adjoints] = value_and_gradient(loss, T::of({1, 2, 3, 4}), T(2.0), T(1.0));
    BOOST_TEST(test::close(value, -1.5249062599067809, {.relative = 1e-12}));
    check_close(std::get<0>(adjoints), T::of({-0.53664450828982460, 2.0571775305182701, -2.5043893371745791, 0.98385631494613359}));
    check_close(std::get<1>(adjoints), T(-2.0124531299533905));
    check_close(std::get<2>(adjoints), T(2.5));
}

BOOST_AUTO_TEST_CASE(logsumexp_and_cross_entropy) {
    const T x = T::of({1, 2, 3});
    const auto [value, probabilities] = value_and_gradient([](const T& v) { return logsumexp(v); }, x);
    BOOST_TEST(test::close(value, 3.4076059644443803045, {.relative = 1e-15}));
    check_close(probabilities, T::of({0.090030573170380457998, 0.24472847105479765247, 0.66524095577482188953}));
    const auto [loss, adjoint] = value_and_gradient([](const T& v) { return -autodiff::select(log_softmax(v), 0, 1); }, x);
    BOOST_TEST(test::close(loss, 1.4076059644443803045, {.relative = 1e-14}));
    check_close(adjoint, T::of({0.090030573170380457998, -0.75527152894520234753, 0.66524095577482188953}));
}

BOOST_AUTO_TEST_CASE(a_product_of_five) {
    const auto [value, adjoint] = value_and_gradient([](const T& v) { return prod(v); }, T::of({1, 2, 3, 4, 5}));
    BOOST_TEST(value == 120);
    check_exact(adjoint, T::of({120, 60, 40, 30, 24}));
}

BOOST_AUTO_TEST_CASE(a_tensor_that_is_used_three_times) {
    check_exact(gradient([](const T& x) { return sum(x * x * x + x + x); }, T::of({3, -1})), T::of({29, 5}));
    check_exact(gradient([](const T& x) { return sum(matmul(x, x)); }, T::from_rows({{1, 2}, {3, 4}})), T::from_rows({{7, 11}, {9, 13}}));
}

BOOST_AUTO_TEST_CASE(elements_and_tensors_on_one_tape) {
    Tape tape;
    const T w = tape.variable(T::from_rows({{1, 2}, {3, 4}}), "W");
    const Scalar a = tape.variable(5.0, "a");
    const Scalar y = sum(a * w) * w(1, 0) + w(0, 1);  // 5 * 10 * 3 + 2
    BOOST_TEST(y.value() == 152);
    const Gradient g = gradient(y);
    BOOST_TEST(g[a] == 30);
    check_exact(g[w], T::from_rows({{15, 16}, {65, 15}}));
    BOOST_TEST(g[w(1, 0)] == 65);
}

BOOST_AUTO_TEST_CASE(comparisons_counts_and_positions) {
    const T x = T::from_rows({{1, 5, 5}, {-2, 0, -2}});
    const auto counted = [](const Tensor<bool>& c) { return count(c).item(); };
    BOOST_TEST(counted(x > 0) == 3);
    BOOST_TEST(counted(x >= 0) == 4);
    BOOST_TEST(counted(x < 0) == 2);
    BOOST_TEST(counted(x <= 0) == 3);
    BOOST_TEST(counted(x == 5) == 2);
    BOOST_TEST(counted(5 != x) == 4);
    BOOST_TEST(counted(x > 0 && x < 5) == 1);
    BOOST_TEST(counted(x < 0 || x == 5) == 4);
    BOOST_TEST(counted(!(x < 0)) == 4);
    BOOST_TEST(counted(x == T::of({1, 0, 5})) == 3);
    BOOST_TEST(counted(x > Scalar(0.5)) == 3);
    BOOST_TEST(counted(T::of({0.0 / 0.0 * 0}) == T::of({0})) == 0);
    const Tensor<Index> by_row = count(x > 0, 1), by_column = argmax(x, 0), in_row = argmax(x);
    BOOST_TEST(by_row.data() == (std::vector<Index>{3, 0}), boost::test_tools::per_element());
    BOOST_TEST(by_column.data() == (std::vector<Index>{0, 0, 0}), boost::test_tools::per_element());
    BOOST_TEST(in_row.data() == (std::vector<Index>{1, 1}), boost::test_tools::per_element());
    BOOST_TEST(to_string(count(x > 0, 0, true).shape()) == "[1, 3]");
}

BOOST_AUTO_TEST_CASE(casts_keep_whole_numbers_and_truncate_the_rest) {
    const T x = T::of({-1.75, 0, 3});
    BOOST_TEST(cast<Index>(x).data() == (std::vector<Index>{-1, 0, 3}), boost::test_tools::per_element());
    BOOST_TEST(cast<std::int32_t>(x)(0) == -1);
    BOOST_TEST(count(cast<bool>(x)).item() == 2);
    check_exact(cast<double>(x > 0), T::of({0, 0, 1}));
    check_exact(cast<double>(cast<float>(x)), x);
}

BOOST_AUTO_TEST_SUITE_END()
