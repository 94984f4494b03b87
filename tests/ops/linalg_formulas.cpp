// SPDX-License-Identifier: MIT
// The documented VJPs of linear algebra: the sweep against the formulas by plain loops in long double, with random cotangents, to 1e-12;
// the second derivatives of log det and of the inverse against theirs.
#include "tests/ops/plain_matrices.hpp"
#include "tests/ops/registry.hpp"

namespace {

using namespace autodiff;
using plain::Matrix;
using plain::matrix_of;
using T = Tensor<double>;

T random(const Shape& shape, unsigned seed) { return registry::Draw(seed).uniform(shape); }
/// Not symmetric, well conditioned, its symmetric part positive definite.
T random_square(Index n, unsigned seed) { return random({n, n}, seed) + static_cast<double>(n) * T::eye(n); }

/// dL/da for L = <c, f(a)>
template <class F>
Matrix swept(const F& f, const T& a, const T& c) {
    return matrix_of(value_and_gradient([&](const T& x) { return sum(c * f(x)); }, a).second);
}

/// |tape - formula| <= 1e-12 of the largest element
void recovers(const Matrix& tape, const Matrix& formula, double tolerance = 1e-12) {
    BOOST_TEST(registry::difference(plain::tensor_of(tape), plain::tensor_of(formula), tolerance) == "");
}
T diagonal(const T& x) { return sum(x * T::eye(x.shape()[-1]), -1); }
Matrix minus(const Matrix& x) { return plain::Real(-1) * x; }

}  // namespace

BOOST_AUTO_TEST_SUITE(linear_algebra_formulas)

BOOST_AUTO_TEST_CASE(solve_has_bbar_and_minus_bbar_x_transposed) {
    const T a = random_square(5, 1), b = random({5, 3}, 2), c = random({5, 3}, 3);
    const auto [value, adjoints] = value_and_gradient([&](const T& p, const T& q) { return sum(c * solve(p, q)); }, a, b);
    const Matrix bbar = plain::solved(plain::transposed(matrix_of(a)), matrix_of(c)), x = plain::solved(matrix_of(a), matrix_of(b));
    recovers(matrix_of(std::get<1>(adjoints)), bbar);
    recovers(matrix_of(std::get<0>(adjoints)), minus(bbar * plain::transposed(x)));
}

BOOST_AUTO_TEST_CASE(inverse_has_minus_y_transposed_g_y_transposed) {
    const T a = random_square(5, 4), c = random({5, 5}, 5);
    const Matrix y = plain::transposed(plain::inverse(matrix_of(a)));
    recovers(swept([](const T& x) { return inverse(x); }, a, c), minus(y * matrix_of(c) * y));
}

BOOST_AUTO_TEST_CASE(log_determinants_have_the_inverse_transposed) {
    const T a = random_square(5, 6), c = T(-1.7);
    const Matrix expected = plain::Real(-1.7) * plain::transposed(plain::inverse(matrix_of(a)));
    recovers(swept([](const T& x) { return slogdet(x).logabsdet; }, a, c), expected);
    recovers(swept([](const T& x) { return slogdet(-x).logabsdet; }, a, c), expected);
    recovers(swept([](const T& x) { return log(determinant(x)); }, a, c), expected);
    // A function of the symmetric part has a symmetric gradient.
    recovers(swept([](const T& x) { return logdet(x); }, a, c), plain::Real(-1.7) * plain::inverse(plain::symmetrised(matrix_of(a))));
}

BOOST_AUTO_TEST_CASE(cholesky_has_the_symmetric_adjoint_of_murray) {
    const T a = random_square(5, 7), c = random({5, 5}, 8);
    const Matrix l = plain::cholesky(matrix_of(a)), back = plain::inverse(l),
                 phi = plain::lower_half_diagonal(plain::transposed(l) * matrix_of(c));
    const Matrix expected = plain::symmetrised(plain::transposed(back) * phi * back);
    const Matrix got = swept([](const T& x) { return cholesky(x); }, a, c);
    recovers(got, expected);
    recovers(got, plain::transposed(got), 0);
    recovers(swept([](const T& x) { return cholesky(x); }, plain::tensor_of(plain::symmetrised(matrix_of(a))), c), expected);
}

// A plain sweep takes a blocked algorithm, one that records itself the formula.
BOOST_AUTO_TEST_CASE(cholesky_has_one_adjoint_in_blocks_and_by_its_definition) {
    for (const Index n : {1, 2, 5, 47, 48, 49, 96, 131})
        for (const Shape& shape : {Shape{n, n}, Shape{2, n, n}}) {
            const T a = random(shape, 22) + static_cast<double>(n) * T::eye(n), c = random(shape, 23);
            Tape tape;
            const T x = tape.variable(a), loss = sum(c * cholesky(x));
            const std::string what = registry::difference(tape.gradient(loss)[x], tape.recorded_gradient(loss)[x].constant(), 1e-13);
            BOOST_TEST(what == "", "shape " << to_string(shape) << ": " << what);
        }
}

BOOST_AUTO_TEST_CASE(qr_has_the_adjoint_of_seeger_and_others) {
    const T a = random({6, 4}, 9), cq = random({6, 4}, 10), cr = random({4, 4}, 11);
    const auto [q, r] = plain::qr(matrix_of(a));
    const Matrix m = r * plain::transposed(matrix_of(cr)) + minus(plain::transposed(matrix_of(cq)) * q),
                 half = plain::lower_half_diagonal(m);
    const Matrix inner = matrix_of(cq) + q * (half + plain::transposed(half));
    const auto got = value_and_gradient(
        [&](const T& x) {
            const Qr<double> y = qr(x);
            return sum(cq * y.q) + sum(cr * y.r);
        },
        a);
    recovers(matrix_of(got.second), inner * plain::transposed(plain::inverse(r)));
}

BOOST_AUTO_TEST_CASE(eigh_has_the_symmetric_adjoint_of_giles) {
    const T a = random({5, 5}, 12), cl = random({5}, 13), cv = random({5, 5}, 14);
    const auto [values, v] = plain::eigh(matrix_of(a));
    const Matrix turned = plain::transposed(v) * matrix_of(cv);
    const Matrix inner = plain::made(5, 5, [&, &l = values](Index i, Index j) {
        return i == j ? static_cast<plain::Real>(cl.at(i)) : turned(i, j) / (l(0, j) - l(0, i));
    });
    const Matrix expected = plain::symmetrised(v * inner * plain::transposed(v));
    const auto both = [&](const T& x) {
        const Eigh<double> y = eigh(x);
        return sum(cl * y.values) + sum(cv * y.vectors);
    };
    const Matrix got = matrix_of(value_and_gradient(both, a).second);
    recovers(got, expected);
    recovers(got, plain::transposed(got), 0);
}

// H v for -log det, the barrier of interior-point methods: a^-1 v a^-1.
BOOST_AUTO_TEST_CASE(log_det_has_the_second_derivative_of_the_barrier) {
    const T a = matmul(random({4, 4}, 15), transpose(random({4, 4}, 15))) + T::eye(4), w = random({4, 4}, 16), v = w + transpose(w);
    const auto hessian_times_v = [&](const auto& f) {
        Tape tape;
        const T x = tape.variable(a);
        const RecordedGradient g = tape.recorded_gradient(f(x));
        return matrix_of(tape.gradient(sum(v * g[x]))[x]);
    };
    const Matrix back = plain::inverse(matrix_of(a)), expected = back * matrix_of(v) * back;
    recovers(hessian_times_v([](const T& x) { return -logdet(x); }), expected);
    recovers(hessian_times_v([](const T& x) { return -slogdet(x).logabsdet; }), expected);
    recovers(hessian_times_v([](const T& x) { return -log(determinant(x)); }), expected);
    recovers(hessian_times_v([](const T& x) { return -sum(log(eigh(x).values)); }), expected, 1e-11);
    recovers(hessian_times_v([](const T& x) { return -2 * sum(log(diagonal(cholesky(x)))); }), expected);
    recovers(hessian_times_v([](const T& x) { return -2 * sum(log(diagonal(qr(cholesky(x)).r))); }), expected);
}

// The third derivative of <c, a^-1> along v: -6 <c, y v y v y v y>.
BOOST_AUTO_TEST_CASE(inverse_has_a_third_derivative) {
    const T a = random_square(3, 17), v = random({3, 3}, 18), c = random({3, 3}, 19);
    Tape tape;
    const Scalar t = tape.variable(0.0);
    const Scalar f = sum(c * inverse(a + v * t));
    const Scalar first = tape.recorded_gradient(f)[t], second = tape.recorded_gradient(first)[t];
    const double third = tape.gradient(second)[t];
    const Matrix y = plain::inverse(matrix_of(a)), step = matrix_of(v) * y, product = y * step * step * step;
    plain::Real expected = 0;
    for (Index i = 0; i < 3; ++i)
        for (Index j = 0; j < 3; ++j) expected -= 6 * matrix_of(c)(i, j) * product(i, j);
    BOOST_TEST(std::abs(third - static_cast<double>(expected)) <= 1e-12 * std::abs(static_cast<double>(expected)));
}

// Any function of the eigenvalues applied to the matrix is smooth, whatever sign or order the vectors have.
BOOST_AUTO_TEST_CASE(a_matrix_function_does_not_feel_the_choice_of_vectors) {
    const T a = random({4, 4}, 20), c = random({4, 4}, 21);
    const auto squared = [](const T& x) {
        const Eigh<double> y = eigh(x);
        return matmul(y.vectors * unsqueeze(square(y.values), -2), transpose(y.vectors));
    };
    const Matrix s = plain::symmetrised(matrix_of(a)), g = matrix_of(c);
    recovers(swept(squared, a, c), plain::symmetrised(s * plain::symmetrised(g) + plain::symmetrised(g) * s));
}

BOOST_AUTO_TEST_SUITE_END()
