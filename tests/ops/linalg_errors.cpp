// SPDX-License-Identifier: MIT
// What linear algebra refuses, by the whole text: shapes, singular and indefinite matrices, NaN, multiple eigenvalues.
#include "tests/ops/throws.hpp"

#include <limits>

namespace {

using namespace autodiff;
using test::throws;
using T = Tensor<double>;

T of(const Shape& shape) { return T::ones(shape); }
const T singular = T::from_rows({{1, 2, 3}, {2, 4, 6}, {0, 1, 1}});
const T indefinite = T::from_rows({{4, 2, 0}, {2, 1, 0}, {0, 0, 1}});

}  // namespace

BOOST_AUTO_TEST_SUITE(linear_algebra_errors)

BOOST_AUTO_TEST_CASE(matrices_that_must_be_square_are_named) {
    const std::string expected = ": expected square matrices [.., n, n], got ";
    const auto refuses = [&]<class F>(const std::string& name, const F& f) {
        throws<ShapeError>([&] { return f(of({2, 3})); }, name + expected + "[2, 3]");
        throws<ShapeError>([&] { return f(of({4, 1, 2})); }, name + expected + "[4, 1, 2]");
        throws<ShapeError>([&] { return f(of({3})); }, name + expected + "[3]");
    };
    refuses("solve", [](const T& a) { return solve(a, of({2, 1})); });
    refuses("triangular_solve", [](const T& a) { return triangular_solve(a, of({2, 1})); });
    refuses("inverse", [](const T& a) { return inverse(a); });
    refuses("determinant", [](const T& a) { return determinant(a); });
    refuses("cofactor", [](const T& a) { return cofactor(a); });
    refuses("slogdet", [](const T& a) { return slogdet(a); });
    refuses("logdet", [](const T& a) { return logdet(a); });
    refuses("cholesky", [](const T& a) { return cholesky(a); });
    refuses("eigh", [](const T& a) { return eigh(a); });
}

BOOST_AUTO_TEST_CASE(systems_that_do_not_fit_are_named) {
    throws<ShapeError>([] { return solve(of({3, 3}), of({2, 1})); }, "solve: expected [.., n, n] and [.., n, k], got [3, 3] and [2, 1]");
    throws<ShapeError>([] { return solve(of({3, 3}), of({2})); }, "solve: expected [.., n, n] and [.., n, k], got [3, 3] and [2]");
    throws<ShapeError>([] { return solve(of({2, 3, 3}), of({3})); }, "solve: expected [.., n, n] and [.., n, k], got [2, 3, 3] and [3]");
    throws<ShapeError>([] { return solve(of({3, 3}), of({})); }, "solve: expected [.., n, n] and [.., n, k], got [3, 3] and []");
    throws<ShapeError>(
        [] {
            return solve(of({2, 3, 3}), of({4, 3, 1}));
        },
        "solve: expected shapes that broadcast together, got [2] and [4]");
    throws<ShapeError>(
        [] {
            return triangular_solve(of({3, 3}), of({2, 1}));
        },
        "triangular_solve: expected [.., n, n] and [.., n, k], got [3, 3] and [2, 1]");
    throws<ShapeError>(
        [] {
            return triangular_solve(of({2, 3, 3}), of({4, 3, 1}));
        },
        "triangular_solve: expected shapes that broadcast together, got [2] and [4]");
    throws<ShapeError>([] { return lstsq(of({3, 2}), of({2, 1})); }, "lstsq: expected [.., m, n] and [.., m, k], got [3, 2] and [2, 1]");
    throws<ShapeError>([] { return lstsq(of({2, 3}), of({2})); }, "lstsq: expected matrices [.., m, n] with m >= n, got [2, 3]");
    throws<ShapeError>([] { return qr(of({2, 3})); }, "qr: expected matrices [.., m, n] with m >= n, got [2, 3]");
    throws<ShapeError>([] { return qr(of({2})); }, "qr: expected matrices [.., m, n] with m >= n, got [2]");
}

BOOST_AUTO_TEST_CASE(singular_matrices_are_named_with_their_row) {
    const std::string end = ": expected an invertible matrix, got [3, 3] with a zero pivot in row 1";
    throws<ValueError>([] { return solve(singular, of({3})); }, "solve" + end);
    throws<ValueError>([] { return inverse(singular); }, "inverse" + end);
    throws<ValueError>(
        [] {
            return inverse(stack({T::eye(2), T::zeros({2, 2})}));
        },
        "inverse: expected an invertible matrix, got matrix 1 of [2, 2, 2] with a zero pivot in row 0");
    throws<ValueError>(
        [] {
            return triangular_solve(T::from_rows({{1, 5}, {2, 0}}), of({2}));
        },
        "triangular_solve: expected an invertible matrix, got [2, 2] with a zero on its diagonal in row 1");
    BOOST_CHECK_EXCEPTION(static_cast<void>(value_and_gradient([](const T& a) { return slogdet(a).logabsdet; }, singular)), ValueError,
                          [&](const ValueError& e) { return e.what() == "slogdet" + end; });
}

BOOST_AUTO_TEST_CASE(matrices_that_are_not_positive_definite_are_named_with_their_minor) {
    const std::string end = ": expected a positive definite matrix, got [3, 3] whose leading minor of order 2 is not positive";
    throws<ValueError>([] { return cholesky(indefinite); }, "cholesky" + end);
    throws<ValueError>([] { return logdet(indefinite); }, "logdet" + end);
    throws<ValueError>(
        [] {
            return cholesky(stack({T::eye(2), -T::eye(2)}));
        },
        "cholesky: expected a positive definite matrix, got matrix 1 of [2, 2, 2] whose leading minor of order 1 is not positive");
}

BOOST_AUTO_TEST_CASE(dependent_columns_are_named) {
    throws<ValueError>(
        [] {
            return qr(T::from_rows({{1, 2, 0}, {2, 4, 1}, {3, 6, 1}}));
        },
        "qr: expected linearly independent columns, got [3, 3] whose column 1 depends on those before it");
    // Dependent only up to rounding: 0.1 + 0.2 is not 0.3.
    throws<ValueError>(
        [] {
            return qr(T::from_rows({{0.1, 0.2, 0.3}, {0.4, 0.5, 0.9}, {0.7, 0.1, 0.8}, {0.6, 0.3, 0.9}}));
        },
        "qr: expected linearly independent columns, got [4, 3] whose column 2 depends on those before it");
    throws<ValueError>(
        [] {
            return qr(of({1, 1}) * 0);
        },
        "qr: expected linearly independent columns, got [1, 1] whose column 0 depends on those before it");
    throws<ValueError>(
        [] {
            return lstsq(of({3, 2}), of({3}));
        },
        "lstsq: expected linearly independent columns, got [3, 2] whose column 1 depends on those before it");
}

BOOST_AUTO_TEST_CASE(small_columns_are_not_dependent_ones) {
    const Qr<double> y = qr(T::from_rows({{1, 0}, {0, 1e-300}}));
    BOOST_TEST(y.r.at(1, 1) == 1e-300);
}

// LAPACK's iterations need not end on a NaN.
BOOST_AUTO_TEST_CASE(nan_and_infinity_in_a_matrix_are_named_with_their_place) {
    const double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
    const T bad = T::from_rows({{1, 2}, {nan, 3}});
    const std::string end = ": expected finite elements, got [2, 2] with nan at row 1, column 0";
    throws<ValueError>([&] { return solve(bad, of({2})); }, "solve" + end);
    throws<ValueError>([&] { return inverse(bad); }, "inverse" + end);
    throws<ValueError>([&] { return determinant(bad); }, "determinant" + end);
    throws<ValueError>([&] { return cofactor(bad); }, "cofactor" + end);
    throws<ValueError>([&] { return slogdet(bad); }, "slogdet" + end);
    throws<ValueError>([&] { return cholesky(bad); }, "cholesky" + end);
    throws<ValueError>([&] { return logdet(bad); }, "logdet" + end);
    throws<ValueError>([&] { return qr(bad); }, "qr" + end);
    throws<ValueError>([&] { return lstsq(bad, of({2})); }, "lstsq" + end);
    throws<ValueError>([&] { return eigh(bad); }, "eigh" + end);
    throws<ValueError>(
        [&] {
            return eigh(stack({T::eye(2), T::from_rows({{1, -inf}, {0, 3}})}));
        },
        "eigh: expected finite elements, got matrix 1 of [2, 2, 2] with -inf at row 0, column 1");
}

BOOST_AUTO_TEST_CASE(names_are_said_and_the_tape_stays_as_it_was) {
    Tape tape;
    const T a = tape.variable(singular, "A"), k = tape.variable(indefinite, "K"), b = tape.variable(of({2, 1}), "b");
    const auto says = [&]<class F>(const F& f, const std::string& text) {
        BOOST_CHECK_EXCEPTION(static_cast<void>(f()), Error, [&](const Error& e) { return e.what() == text; });
        BOOST_TEST(tape.stats().rows == 3u);
    };
    says([&] { return solve(a, b); }, "solve: expected [.., n, n] and [.., n, k], got A [3, 3] and b [2, 1]");
    says([&] { return inverse(a); }, "inverse: expected an invertible matrix, got A [3, 3] with a zero pivot in row 1");
    says([&] { return cholesky(k); },
         "cholesky: expected a positive definite matrix, got K [3, 3] whose leading minor of order 2 is not positive");
    says([&] { return qr(k); }, "qr: expected linearly independent columns, got K [3, 3] whose column 1 depends on those before it");
}

BOOST_AUTO_TEST_CASE(operands_of_a_recording_that_has_ended_are_refused) {
    T stale;
    {
        Tape tape;
        stale = tape.variable(T::eye(2));
    }
    const std::string end = ": expected values of a live tape of this thread, got a value of row 1 of a recording that was cleared, "
                            "rewound or destroyed, or of another thread";
    const auto refuses = [&]<class F>(const std::string& name, const F& f) { throws<TapeError>(f, name + end); };
    refuses("solve", [&] { return solve(stale, of({2})); });
    refuses("solve", [&] { return solve(T::eye(2), stale); });
    refuses("triangular_solve", [&] { return triangular_solve(stale, of({2})); });
    refuses("lstsq", [&] { return lstsq(stale, of({2})); });
    refuses("inverse", [&] { return inverse(stale); });
    refuses("determinant", [&] { return determinant(stale); });
    refuses("cofactor", [&] { return cofactor(stale); });
    refuses("slogdet", [&] { return slogdet(stale); });
    refuses("logdet", [&] { return logdet(stale); });
    refuses("cholesky", [&] { return cholesky(stale); });
    refuses("qr", [&] { return qr(stale); });
    refuses("eigh", [&] { return eigh(stale); });
}

BOOST_AUTO_TEST_CASE(vectors_of_multiple_eigenvalues_have_no_derivative) {
    const T a = T::from_rows({{2, 0, 0}, {0, 1, 0}, {0, 0, 2}});
    const std::string text = "eigh: expected distinct eigenvalues, to differentiate their vectors, got eigenvalues 1 and 2 that are both 2";
    const auto refuses = [](const auto& f, const T& x, const std::string& what) {
        BOOST_CHECK_EXCEPTION(static_cast<void>(value_and_gradient(f, x)), ValueError,
                              [&](const ValueError& e) { return e.what() == what; });
    };
    refuses([](const T& x) { return eigh(x).vectors(0, 2); }, a, text);
    // Smooth as a function, but its parts are not: the limit cannot be told from the adjoints.
    refuses(
        [](const T& x) {
            const Eigh<double> y = eigh(x);
            return sum(matmul(y.vectors * unsqueeze(y.values, -2), transpose(y.vectors)));
        },
        a, text);
    refuses([](const T& x) { return sum(eigh(x).vectors); }, stack({T::from_rows({{1, 0}, {0, 2}}), T::eye(2)}),
            "eigh: expected distinct eigenvalues, to differentiate their vectors, got eigenvalues 0 and 1 that are both 1 in matrix 1");
}

BOOST_AUTO_TEST_CASE(symmetric_functions_of_multiple_eigenvalues_and_simple_vectors_have_one) {
    const T a = T::from_rows({{2, 0, 0}, {0, 1, 0}, {0, 0, 2}});
    const T squares = value_and_gradient([](const T& x) { return sum(square(eigh(x).values)); }, a).second;
    BOOST_TEST(amax(abs(squares - 2 * a)).item() <= 1e-15);
    // The vector of the simple eigenvalue 1 turns towards the others as their distance says: d v[0] / d a[0, 1] = 1 / (1 - 2), shared.
    const T turned = value_and_gradient([](const T& x) { return eigh(x).vectors(0, 0); }, a).second;
    BOOST_TEST(amax(abs(turned - T::from_rows({{0, -0.5, 0}, {-0.5, 0, 0}, {0, 0, 0}}))).item() <= 1e-15);
}

BOOST_AUTO_TEST_SUITE_END()
