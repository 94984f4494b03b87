// SPDX-License-Identifier: MIT
// Eigen matrices of Scalar: the gradients of decompositions and solvers against closed formulas and against differences.
#include "autodiff/eigen.hpp"

#include "autodiff/gradient.hpp"

#include "tests/support/compare.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <functional>
#include <string>
#include <type_traits>
#include <vector>

#include <Eigen/Cholesky>
#include <Eigen/Dense>
#include <Eigen/LU>
#include <Eigen/QR>

namespace {

using autodiff::Detail;
using autodiff::Gradient;
using autodiff::Scalar;
using autodiff::Tape;
using Numbers = Eigen::MatrixXd;
using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
using Vector = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>;
using Matrix3 = Eigen::Matrix<Scalar, 3, 3>;
using Vector3 = Eigen::Matrix<Scalar, 3, 1>;

constexpr Detail both[] = {Detail::derivatives, Detail::operations};

Numbers general(Eigen::Index n) {
    Numbers a(n, n);
    for (Eigen::Index i = 0; i < n; ++i)
        for (Eigen::Index j = 0; j < n; ++j)
            a(i, j) = std::sin(1.0 + 2.0 * static_cast<double>(i * n + j)) + (i == (j + 1) % n ? 2.0 : 0.0);
    return a;
}
Numbers positive(Eigen::Index n) { return general(n) * general(n).transpose() + Numbers::Identity(n, n); }

template <class M = Matrix>
M variables(Tape& tape, const Numbers& values) {
    M x(values.rows(), values.cols());
    for (Eigen::Index i = 0; i < values.rows(); ++i)
        for (Eigen::Index j = 0; j < values.cols(); ++j) x(i, j) = tape.variable(values(i, j));
    return x;
}
template <class M>
Numbers adjoint(const Gradient& g, const M& x) {
    return x.unaryExpr([&g](const Scalar& each) { return g[each]; });
}
void check_close(const Numbers& got, const Numbers& expected, double tolerance) {
    BOOST_REQUIRE(got.rows() == expected.rows() && got.cols() == expected.cols());
    const double error = (got - expected).cwiseAbs().maxCoeff(), scale = expected.cwiseAbs().maxCoeff();
    BOOST_CHECK_MESSAGE(error <= tolerance * scale, "got\n" << got << "\ninstead of\n" << expected << "\nrelative error " << error / scale);
}

/// dL/dA by central differences of fourth order.
Numbers differences(const std::function<double(const Numbers&)>& f, const Numbers& at) {
    constexpr double h = 1e-3;
    Numbers d(at.rows(), at.cols());
    for (Eigen::Index i = 0; i < at.rows(); ++i)
        for (Eigen::Index j = 0; j < at.cols(); ++j) {
            const auto moved = [&](double by) {
                Numbers x = at;
                x(i, j) += by;
                return f(x);
            };
            d(i, j) = (8 * (moved(h) - moved(-h)) - (moved(2 * h) - moved(-2 * h))) / (12 * h);
        }
    return d;
}

/// The same generic function of a matrix, with numbers and on both tapes, against differences.
template <class M = Matrix>
void check_function(const auto& f, const Numbers& at) {
    const Numbers expected = differences([&f](const Numbers& x) { return f(x); }, at);
    for (const Detail detail : both) {
        Tape tape(detail);
        const M x = variables<M>(tape, at);
        const Scalar y = f(x);
        BOOST_TEST(y.value() == f(at), boost::test_tools::tolerance(1e-12));
        check_close(adjoint(gradient(y), x), expected, 1e-7);
    }
}

/// Different weights for every element: an all-ones cotangent would hide transpositions.
template <class M>
auto weighted(const M& x) {
    typename M::Scalar y = 0.0;
    for (Eigen::Index i = 0; i < x.rows(); ++i)
        for (Eigen::Index j = 0; j < x.cols(); ++j) y += x(i, j) * std::cos(static_cast<double>(3 * i + j));
    return y;
}
template <class M>
using Plain = Eigen::Matrix<typename M::Scalar, Eigen::Dynamic, Eigen::Dynamic>;
template <class M>
using PlainVector = Eigen::Matrix<typename M::Scalar, Eigen::Dynamic, 1>;

}  // namespace

BOOST_AUTO_TEST_SUITE(eigen)

BOOST_AUTO_TEST_CASE(products) {
    // L = <C, A B>:  Abar = C B^T,  Bbar = A^T C
    const Numbers a = general(4).leftCols(3), b = general(3), c = general(4).rightCols(3);
    for (const Detail detail : both) {
        Tape tape(detail);
        const Matrix av = variables(tape, a), bv = variables(tape, b);
        const Matrix product = av * bv;
        const Scalar y = product.cwiseProduct(c.cast<Scalar>()).sum();
        const Gradient g = gradient(y);
        check_close(adjoint(g, av), c * b.transpose(), 1e-14);
        check_close(adjoint(g, bv), a.transpose() * c, 1e-14);
    }
}

BOOST_AUTO_TEST_CASE(large_products_take_the_blocked_kernel_and_agree) {
    const Numbers a = general(24), b = general(24).transpose(), c = general(24);
    Tape tape(Detail::derivatives);
    const Matrix av = variables(tape, a), bv = variables(tape, b);
    const Matrix product = av * bv.transpose();
    Scalar y = 0;
    for (Eigen::Index i = 0; i < 24; ++i)
        for (Eigen::Index j = 0; j < 24; ++j) y += product(i, j) * c(i, j);
    const Gradient g = gradient(y);
    check_close(adjoint(g, av), c * b, 1e-13);
    check_close(adjoint(g, bv), c.transpose() * a, 1e-13);
}

BOOST_AUTO_TEST_CASE(matrices_of_numbers_mix_with_matrices_of_scalars) {
    const Numbers a = general(3), c = general(3).transpose();
    for (const Detail detail : both) {
        Tape tape(detail);
        const Matrix x = variables(tape, a);
        const Matrix y = c * x + x * c - 2.0 * x / 4.0 + c.cwiseProduct(x) + x;
        const Gradient g = gradient(Scalar(weighted(y)));
        const Numbers w =
            Numbers::NullaryExpr(3, 3, [](Eigen::Index i, Eigen::Index j) { return std::cos(static_cast<double>(3 * i + j)); });
        check_close(adjoint(g, x), c.transpose() * w + w * c.transpose() + 0.5 * w + c.cwiseProduct(w), 1e-14);
    }
}

BOOST_AUTO_TEST_CASE(large_mixed_products_keep_the_derivative_of_a_factor) {
    // Eigen pulls the factor of s A out of a product and hands it on by itself.
    const Numbers a = general(24), c = general(24).transpose();
    for (const Detail detail : both) {
        Tape tape(detail);
        const Matrix x = variables(tape, a);
        const Vector v = variables<Vector>(tape, a.col(3));
        const Scalar s = tape.variable(1.5);
        Matrix y = (s * x) * c;
        y += c * x;
        y.noalias() -= x * c;
        const Vector u = (s * x) * Eigen::VectorXd(c.col(0)) + c * v;
        const Gradient g = gradient(Scalar(weighted(y) + weighted(u)));
        const auto cosine = [](Eigen::Index i, Eigen::Index j) { return std::cos(static_cast<double>(3 * i + j)); };
        const Numbers w = Numbers::NullaryExpr(24, 24, cosine), wu = Numbers::NullaryExpr(24, 1, cosine);
        check_close(adjoint(g, x), 0.5 * w * c.transpose() + c.transpose() * w + 1.5 * wu * c.col(0).transpose(), 1e-13);
        check_close(adjoint(g, v), c.transpose() * wu, 1e-13);
        BOOST_TEST(g[s] == w.cwiseProduct(a * c).sum() + wu.col(0).dot(a * c.col(0)), boost::test_tools::tolerance(1e-12));
    }
}

BOOST_AUTO_TEST_CASE(determinant) {
    // d det A / dA = det A  A^-T
    for (const Eigen::Index n : {2, 3, 4, 6}) {
        const Numbers a = general(n);
        for (const Detail detail : both) {
            Tape tape(detail);
            const Matrix x = variables(tape, a);
            const Scalar y = x.determinant();
            BOOST_TEST(y.value() == a.determinant(), boost::test_tools::tolerance(1e-12));
            check_close(adjoint(gradient(y), x), a.determinant() * a.inverse().transpose(), 1e-11);
        }
    }
}

BOOST_AUTO_TEST_CASE(logarithm_of_the_determinant_by_cholesky) {
    // d log det A / dA = A^-T; LLT reads the lower triangle only, so an element below the diagonal counts for both.
    const Numbers a = positive(4), inverse = a.inverse();
    Numbers expected = Numbers::Zero(4, 4);
    for (Eigen::Index i = 0; i < 4; ++i)
        for (Eigen::Index j = 0; j <= i; ++j) expected(i, j) = inverse(i, j) * (i == j ? 1 : 2);
    for (const Detail detail : both) {
        Tape tape(detail);
        const Matrix x = variables(tape, a);
        const Matrix l = x.llt().matrixL();
        Scalar y = 0;
        for (Eigen::Index i = 0; i < 4; ++i) y += 2 * log(l(i, i));
        BOOST_TEST(y.value() == std::log(a.determinant()), boost::test_tools::tolerance(1e-12));
        check_close(adjoint(gradient(y), x), expected, 1e-12);
    }
}

BOOST_AUTO_TEST_CASE(inverse) {
    // L = <C, A^-1>:  Abar = -A^-T C A^-T
    const Numbers c = Numbers::NullaryExpr(4, 4, [](Eigen::Index i, Eigen::Index j) { return std::cos(static_cast<double>(3 * i + j)); });
    const Numbers a = general(4), transposed = a.inverse().transpose();
    for (const Detail detail : both) {
        Tape tape(detail);
        const Matrix x = variables(tape, a), inverted = x.inverse();
        check_close(adjoint(gradient(Scalar(weighted(inverted))), x), -transposed * c * transposed, 1e-11);
    }
}

/// x = A^-1 b,  L = <c, x>:  bbar = A^-T c,  Abar = -bbar x^T
void check_solutions(const Numbers& a, const Numbers& b, const Numbers& c) {
    const Numbers bbar = a.transpose().partialPivLu().solve(c), solution = a.partialPivLu().solve(b);
    for (const Detail detail : both) {
        Tape tape(detail);
        const Matrix av = variables(tape, a);
        const Vector bv = variables<Vector>(tape, b);
        const Vector x = av.partialPivLu().solve(bv), full = av.fullPivLu().solve(bv), by_rows = bv.transpose() * av.transpose().inverse();
        for (const Vector& each : {x, full, by_rows}) {
            Scalar y = 0;
            for (Eigen::Index i = 0; i < each.size(); ++i) y += each(i) * c(i, 0);
            const Gradient g = gradient(y);
            check_close(adjoint(g, bv), bbar, 1e-11);
            check_close(adjoint(g, av), -bbar * solution.transpose(), 1e-11);
        }
    }
}

BOOST_AUTO_TEST_CASE(solving_by_lu) { check_solutions(general(5), general(7).block(1, 1, 5, 1), general(7).block(0, 3, 5, 1)); }

BOOST_AUTO_TEST_CASE(solving_with_zeros_on_the_right_hand_side_or_in_the_solution) {
    // Eigen skips the multiples of a 0, whose derivative is not 0.
    const Numbers c = general(7).block(0, 3, 4, 1), a = general(4);
    check_solutions(a, Numbers::Zero(4, 1), c);
    for (Eigen::Index i = 0; i < 4; ++i) {
        check_solutions(a, Numbers::Identity(4, 4).col(i), c);
        check_solutions(a, a.col(i), c);
        check_solutions(Numbers::Identity(4, 4), Numbers::Identity(4, 4).col(i), c);
    }
}

BOOST_AUTO_TEST_CASE(solving_by_ldlt) {
    check_function(
        [](const auto& x) {
            using M = std::remove_cvref_t<decltype(x)>;
            const Plain<M> symmetric = x + x.transpose();
            const PlainVector<M> b = x.col(0);
            const PlainVector<M> solution = symmetric.ldlt().solve(b);
            return weighted(solution);
        },
        positive(4));
}

BOOST_AUTO_TEST_CASE(solving_by_llt) {
    check_function(
        [](const auto& x) {
            using M = std::remove_cvref_t<decltype(x)>;
            const Plain<M> symmetric = x * x.transpose();
            const PlainVector<M> b = x.row(1).transpose();
            const PlainVector<M> solution = symmetric.llt().solve(b);
            return weighted(solution);
        },
        general(4));
}

BOOST_AUTO_TEST_CASE(householder_qr) {
    const auto solve = [](const auto& x) {
        using M = std::remove_cvref_t<decltype(x)>;
        const PlainVector<M> b = x.col(2);
        const Plain<M> tall = x.leftCols(2);
        const PlainVector<M> solution = tall.householderQr().solve(b), pivoted = tall.colPivHouseholderQr().solve(b);
        const Plain<M> r = x.householderQr().matrixQR().template triangularView<Eigen::Upper>();
        typename M::Scalar y = weighted(solution) + 2.0 * weighted(pivoted) + weighted(r);
        return y;
    };
    check_function(solve, general(4).leftCols(3));
}

BOOST_AUTO_TEST_CASE(norms_and_reductions) {
    check_function(
        [](const auto& x) {
            using M = std::remove_cvref_t<decltype(x)>;
            typename M::Scalar y = x.norm() + x.squaredNorm() * x.sum() + x.trace() + x.mean() + x.col(0).dot(x.col(1));
            y += x.maxCoeff() * x.minCoeff() + x.template lpNorm<1>() + x.row(1).prod() + x.cwiseAbs().sum();
            y += (x.array() * x.array().exp() + x.array().square()).sum();
            return y;
        },
        general(3));
}

BOOST_AUTO_TEST_CASE(vectors_of_fixed_size) {
    for (const Detail detail : both) {
        Tape tape(detail);
        const Vector3 a(tape.variable(1), tape.variable(2), tape.variable(3)), b(tape.variable(-1), tape.variable(0.5), tape.variable(4));
        const Vector3 c = a.cross(b);
        const Gradient g = gradient(Scalar(c.dot(Eigen::Vector3d(1, -2, 0.5))));  // w . (a x b): abar = b x w, bbar = w x a
        const Eigen::Vector3d w(1, -2, 0.5), av(1, 2, 3), bv(-1, 0.5, 4);
        check_close(adjoint(g, a), bv.cross(w), 1e-15);
        check_close(adjoint(g, b), w.cross(av), 1e-15);
        const Gradient n = gradient(Scalar(a.normalized()(0)));
        const double length = av.norm();
        check_close(adjoint(n, a), (Eigen::Vector3d(1, 0, 0) - av * (1 / (length * length))) / length, 1e-14);
    }
}

BOOST_AUTO_TEST_CASE(matrices_of_fixed_size) {
    check_function<Matrix3>(
        [](const auto& x) {
            using M = std::remove_cvref_t<decltype(x)>;
            const Plain<M> inverse = x.inverse();
            typename M::Scalar y = weighted(inverse) * x.determinant() + (x * x.transpose() * x).trace();
            return y;
        },
        general(3));
}

BOOST_AUTO_TEST_CASE(maps_over_vectors_of_scalars) {
    Tape tape(Detail::derivatives);
    std::vector<Scalar> flat;
    for (int i = 0; i < 6; ++i) flat.push_back(tape.variable(i + 1));
    const Eigen::Map<const Matrix> a(flat.data(), 2, 3);
    const Scalar y = (a * a.transpose()).trace();
    const Gradient g = gradient(y);
    for (int i = 0; i < 6; ++i) BOOST_TEST(g[flat[static_cast<std::size_t>(i)]] == 2.0 * (i + 1));
}

BOOST_AUTO_TEST_CASE(a_constant_matrix_makes_no_rows) {
    Tape tape;
    const Matrix a = general(4).cast<Scalar>();
    BOOST_TEST(a.determinant().value() == general(4).determinant(), boost::test_tools::tolerance(1e-12));
    BOOST_TEST(a.isApprox(general(4).cast<Scalar>()));
    BOOST_TEST(tape.stats().rows == 0u);
}

BOOST_AUTO_TEST_CASE(dual_numbers_pass_through_solvers_and_zeros_keep_their_tangents) {
    using D = autodiff::Dual<double>;
    const Eigen::Matrix3d a{{2, 0.5, -1}, {0.25, 3, 0.5}, {-0.5, 1, 4}};
    const Eigen::Vector3d direction(1, -2, 0.5);
    Eigen::Vector3<D> b;
    for (Eigen::Index i = 0; i < 3; ++i) b[i] = {0, direction[i]};
    const Eigen::Vector3d expected = a.lu().solve(direction);
    const Eigen::Matrix3<D> lifted = a.cast<D>();
    const Eigen::Vector3<D> x = lifted.lu().solve(b), z = lifted.triangularView<Eigen::Upper>().solve(b);
    const Eigen::Vector3d expected_z = a.triangularView<Eigen::Upper>().solve(direction);
    const Eigen::Vector3<D> product = a * b;
    for (Eigen::Index i = 0; i < 3; ++i) {
        BOOST_TEST(x[i].value == 0);
        BOOST_TEST(test::close(x[i].tangent, expected[i], {.relative = 1e-14}));
        BOOST_TEST(test::close(z[i].tangent, expected_z[i], {.relative = 1e-14}));
        BOOST_TEST(test::close(product[i].tangent, (a * direction)[i], {.relative = 1e-14}));
    }
}

BOOST_AUTO_TEST_SUITE_END()
