// SPDX-License-Identifier: MIT
// Linear algebra: known answers, residuals, layouts, extremes. Derivatives against formulas: linalg_formulas.cpp; determinants of
// singular matrices: linalg_determinant.cpp; messages: linalg_errors.cpp; everything against differences: entries_linalg.cpp.
#include "autodiff/kernels/threads.hpp"
#include "tests/ops/registry.hpp"
#include "tests/support/compare.hpp"

#include <cmath>
#include <limits>

namespace {

using namespace autodiff;
using T = Tensor<double>;

T random(const Shape& shape, unsigned seed, double low = -1, double high = 1) { return registry::Draw(seed).uniform(shape, low, high); }
T mirrored(const T& x) { return swap_axes(x, -2, -1); }
/// 1 / (i + j + 1), the worst conditioned matrix that everybody knows: 1.5e10 for n = 8
T hilbert(Index n) {
    return registry::built({n, n}, [](const registry::Position& p) { return 1 / static_cast<double>(p[0] + p[1] + 1); });
}
double largest(const T& x) { return amax(abs(x)).item(); }

void check_close(const T& got, const T& expected, double tolerance) { BOOST_TEST(registry::difference(got, expected, tolerance) == ""); }

}  // namespace

BOOST_AUTO_TEST_SUITE(linear_algebra)

BOOST_AUTO_TEST_CASE(small_systems_have_the_answers_of_paper_and_pencil) {
    const T a = T::from_rows({{2, 1}, {4, 4}});
    check_close(solve(a, T::of({3, 8})), T::of({1, 1}), 0);
    check_close(solve(a, T::from_rows({{2, 0}, {0, 4}})), T::from_rows({{2, -1}, {-2, 2}}), 0);
    check_close(inverse(a), T::from_rows({{1, -0.25}, {-1, 0.5}}), 0);
    BOOST_TEST(determinant(a).item() == 4);
    check_close(cofactor(a), T::from_rows({{4, -4}, {-1, 2}}), 1e-15);
    const auto [sign, logabsdet] = slogdet(T::from_rows({{0, 2}, {3, 0}}));
    BOOST_TEST(sign.item() == -1);
    BOOST_TEST(test::close(logabsdet.item(), std::log(6.0), {.ulps = 1}));
    check_close(cholesky(T::from_rows({{4, 2}, {2, 5}})), T::from_rows({{2, 0}, {1, 2}}), 0);
    BOOST_TEST(test::close(logdet(T::from_rows({{4, 2}, {2, 5}})).item(), std::log(16.0), {.ulps = 2}));
    check_close(triangular_solve(T::from_rows({{2, 9}, {1, 4}}), T::of({2, 9})), T::of({1, 2}), 0);
    check_close(triangular_solve(T::from_rows({{2, 9}, {1, 4}}), T::of({11, 4}), {.lower = false}), T::of({1, 1}), 0);
    // The line through (0, 1), (1, 2), (2, 4): slope 3/2, height 5/6 at 0.
    check_close(lstsq(T::from_rows({{1, 0}, {1, 1}, {1, 2}}), T::of({1, 2, 4})), T::of({5.0 / 6, 1.5}), 1e-15);
}

BOOST_AUTO_TEST_CASE(factors_have_the_signs_that_are_promised) {
    const Qr<double> column = qr(T::from_rows({{-3}, {4}}));
    check_close(column.q, T::from_rows({{-0.6}, {0.8}}), 1e-15);
    check_close(column.r, T::from_rows({{5}}), 1e-15);
    const Qr<double> square = qr(T::from_rows({{0, -2}, {-1, 5}}));
    check_close(square.q, T::from_rows({{0, -1}, {-1, 0}}), 1e-15);
    check_close(square.r, T::from_rows({{1, -5}, {0, 2}}), 1e-15);
    const Eigh<double> y = eigh(T::from_rows({{3, 2}, {2, 0}}));
    check_close(y.values, T::of({-1, 4}), 1e-15);
    check_close(y.vectors * std::sqrt(5.0), T::from_rows({{-1, 2}, {2, 1}}), 1e-15);
    const T a = random({6, 6}, 3), v = eigh(a).vectors;
    for (Index j = 0; j < 6; ++j) {
        double at_largest = 0;
        for (Index i = 0; i < 6; ++i)
            if (std::abs(v.at(i, j)) > std::abs(at_largest)) at_largest = v.at(i, j);
        BOOST_TEST(at_largest > 0);
    }
}

BOOST_AUTO_TEST_CASE(larger_factors_multiply_to_their_matrix) {
    for (const Shape& shape : {Shape{70, 70}, Shape{3, 40, 40}}) {
        const Index n = shape[-1];
        const T a = random(shape, 4), b = random(shape, 5), eye = T::eye(n), definite = matmul(a, mirrored(a)) + eye;
        BOOST_TEST(largest(matmul(a, solve(a, b)) - b) < 1e-11);
        BOOST_TEST(largest(matmul(inverse(a), a) - eye) < 1e-11);
        const T l = cholesky(definite);
        BOOST_TEST(largest(matmul(l, mirrored(l)) - definite) < 1e-13 * largest(definite));
        const T tall = concat({a, b}, -2);
        const auto [q, r] = qr(tall);
        BOOST_TEST(largest(matmul(q, r) - tall) < 1e-13);
        BOOST_TEST(largest(matmul(mirrored(q), q) - eye) < 1e-13);
        const auto [values, v] = eigh(definite);
        BOOST_TEST(largest(matmul(definite, v) - v * unsqueeze(values, -2)) < 1e-12 * largest(definite));
        BOOST_TEST(largest(matmul(mirrored(v), v) - eye) < 1e-13);
        const auto [sign, logabsdet] = slogdet(definite);
        BOOST_TEST(largest(sign - 1) == 0);
        check_close(logabsdet, logdet(definite), 1e-13);
        check_close(sum(log(values), -1), logdet(definite), 1e-12);
    }
}

// The residual of an ill-conditioned system is small although its solution has lost ten digits.
BOOST_AUTO_TEST_CASE(hilbert_matrices_leave_small_residuals) {
    const T a = hilbert(8), x = T::ones({8}), b = sum(a, 1);
    const T general = solve(a, b), definite = triangular_solve(cholesky(a), triangular_solve(cholesky(a), b), {.transpose = true});
    for (const T& solution : {general, definite, lstsq(a, b)}) {
        BOOST_TEST(largest(matmul(a, unsqueeze(solution, 1)) - unsqueeze(b, 1)) < 1e-14);
        BOOST_TEST(largest(solution - x) < 1e-4);
    }
    BOOST_TEST(test::close(determinant(hilbert(4)).item(), 1.0 / 6048000, {.relative = 1e-11}));
    BOOST_TEST(test::close(logdet(hilbert(8)).item(), std::log(2.7370501131e-33), {.relative = 1e-8}));
}

BOOST_AUTO_TEST_CASE(transposed_views_are_read_as_they_look) {
    const T a = random({3, 3}, 6) + 3 * T::eye(3), b = random({3, 2}, 7), at = transpose(a), copy = at.contiguous();
    check_close(solve(at, b), solve(copy, b), 0);
    check_close(solve(a, transpose(transpose(b).contiguous())), solve(a, b), 0);
    check_close(triangular_solve(at, b), triangular_solve(a, b, {.lower = false, .transpose = true}), 1e-15);
    check_close(qr(at).r, qr(copy).r, 0);
    BOOST_TEST(determinant(at).item() == determinant(copy).item());
    check_close(cholesky(at), cholesky(a), 0);
    check_close(eigh(at).vectors, eigh(a).vectors, 0);
}

BOOST_AUTO_TEST_CASE(a_triangle_that_is_not_read_may_hold_anything) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const auto [x, adjoint] = value_and_gradient(
        [](const T& a) {
            return sum(triangular_solve(a, T::of({2, 9}), {.unit_diagonal = true}));
        },
        T::from_rows({{nan, nan}, {1, nan}}));
    BOOST_TEST(x == 9);
    check_close(adjoint, T::from_rows({{0, 0}, {-2, 0}}), 0);
}

BOOST_AUTO_TEST_CASE(nan_on_the_right_hand_side_stays_in_its_column) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const T x = solve(T::from_rows({{2, 1}, {4, 4}}), T::from_rows({{nan, 3}, {1, 8}}));
    BOOST_TEST(std::isnan(x.at(0, 0)));
    BOOST_TEST(std::isnan(x.at(1, 0)));
    check_close(select(x, 1, 1), T::of({1, 1}), 0);
}

BOOST_AUTO_TEST_CASE(determinants_out_of_range_have_a_logarithm) {
    const T huge = 1e200 * T::eye(3), tiny = 1e-200 * T::eye(3);
    BOOST_TEST(std::isinf(determinant(huge).item()));
    BOOST_TEST(determinant(tiny).item() == 0);
    BOOST_TEST(test::close(slogdet(huge).logabsdet.item(), 600 * std::log(10.0), {.relative = 1e-14}));
    BOOST_TEST(test::close(slogdet(-tiny).logabsdet.item(), -600 * std::log(10.0), {.relative = 1e-14}));
    BOOST_TEST(slogdet(-tiny).sign.item() == -1);
}

BOOST_AUTO_TEST_CASE(a_singular_matrix_has_sign_0_and_logarithm_minus_infinity) {
    const auto [sign, logabsdet] = slogdet(stack({T::from_rows({{1, 2}, {2, 4}}), T::from_rows({{1, 2}, {2, 3}})}));
    check_close(sign, T::of({0, -1}), 0);
    BOOST_TEST(logabsdet.at(0) == -std::numeric_limits<double>::infinity());
    BOOST_TEST(test::close(logabsdet.at(1), 0.0, {.absolute = 1e-15}));
}

BOOST_AUTO_TEST_CASE(matrices_without_elements_are_ordinary) {
    const T none = T::zeros({0, 0});
    BOOST_TEST(determinant(none).item() == 1);
    BOOST_TEST(slogdet(none).sign.item() == 1);
    BOOST_TEST(slogdet(none).logabsdet.item() == 0);
    BOOST_TEST(logdet(none).item() == 0);
    BOOST_TEST(to_string(eigh(none).values.shape()) == "[0]");
    BOOST_TEST(to_string(qr(T::zeros({3, 0})).q.shape()) == "[3, 0]");
    BOOST_TEST(to_string(solve(none, T::zeros({0})).shape()) == "[0]");
    const auto [value, adjoint] = value_and_gradient([](const T& a) { return determinant(a); }, none);
    BOOST_TEST(value == 1);
    BOOST_TEST(to_string(adjoint.shape()) == "[0, 0]");
}

// Batches are cut into blocks that do not depend on the number of threads, and each matrix is one thread's.
BOOST_AUTO_TEST_CASE(batches_have_the_same_bits_for_any_number_of_threads) {
    const T a = random({64, 24, 24}, 8) + 6 * T::eye(24), b = random({64, 24, 3}, 9), u = random({64, 24, 3}, 10);
    const auto everything = [&] {
        return value_and_gradient(
            [&](const T& x) { return sum(u * solve(x, b)) + sum(determinant(cholesky(x + 6 * T::eye(24)))) + sum(eigh(x).values); }, a);
    };
    const int before = kernels::threads();
    kernels::set_threads(1);
    const auto alone = everything();
    kernels::set_threads(4);
    const auto together = everything();
    kernels::set_threads(before);
    BOOST_TEST(alone.first == together.first);
    BOOST_TEST(registry::bit_difference(together.second, alone.second) == "");
}

// What a model looks like: how well a Gaussian process with length scale exp(s) explains the observations y at x.
BOOST_AUTO_TEST_CASE(the_evidence_of_a_gaussian_process_is_differentiated) {
    const T x = T::of({0, 0.5, 1.3, 2, 3.1}), y = T::of({0.1, 0.6, 1.1, 0.7, -0.2});
    const auto evidence = [&](const auto& s) {
        const auto distance = unsqueeze(x, 0) - unsqueeze(x, 1);
        const auto k = exp(square(distance) * (-0.5 * exp(-2 * s))) + 0.01 * T::eye(5);
        return -0.5 * sum(y * solve(k, y)) - 0.5 * logdet(k);
    };
    const auto [value, slope] = value_and_gradient(evidence, 0.2);
    const auto difference =
        test::ridders([&](long double s) { return static_cast<long double>(evidence(T(static_cast<double>(s))).item()); }, 0.2L);
    BOOST_TEST(std::isfinite(value));
    BOOST_TEST(test::close(slope, static_cast<double>(difference.derivative), {.relative = 1e-9}));
}

BOOST_AUTO_TEST_SUITE_END()
