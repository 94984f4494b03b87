// SPDX-License-Identifier: MIT
// Eigen's solvers through the adaptor: systems of equations, least squares, certified answers, and a loss for gradient methods.
#include "autodiff/adaptors/eigen_optimisation.hpp"

#include "examples/regression/nist.hpp"
#include "tests/support/compare.hpp"

#include <boost/mpl/list.hpp>
#include <boost/test/unit_test.hpp>
#include <random>
#include <stdexcept>
#include <unsupported/Eigen/NonLinearOptimization>

using autodiff::EigenLoss;
using autodiff::EigenResiduals;
using test::close;

namespace {

/// n residuals in p parameters, with products, quotients and a branch; a matrix of T inside, as users of Eigen write it.
struct Mixed {
    Eigen::MatrixXd weights;  // [n, p]
    template <class T>
    bool operator()(const T* b, T* r) const {
        using std::exp, std::sin;
        const Eigen::Map<const Eigen::VectorX<T>> x(b, weights.cols());
        const Eigen::VectorX<T> z = weights * x;
        for (Eigen::Index i = 0; i < z.size(); ++i) r[i] = z[i] > 0.0 ? exp(-z[i]) * x[i % x.size()] : sin(z[i]) / (2.0 + x.squaredNorm());
        return true;
    }
};

/// x = exp(-x y), y = cos x: two equations
struct System {
    template <class T>
    bool operator()(const T* x, T* r) const {
        using std::cos, std::exp;
        r[0] = x[0] - exp(-x[0] * x[1]);
        r[1] = x[1] - cos(x[0]);
        return true;
    }
};

struct Rosenbrock {
    template <class T>
    T operator()(const Eigen::VectorX<T>& x) const {
        T sum = 0;
        for (Eigen::Index i = 0; i + 1 < x.size(); ++i) sum += 100.0 * square(x[i + 1] - x[i] * x[i]) + square(1.0 - x[i]);
        return sum;
    }
    template <class T>
    static T square(const T& x) {
        return x * x;
    }
};

using Models = boost::mpl::list<nist::Misra1a, nist::MGH09, nist::Thurber, nist::Hahn1>;

}  // namespace

BOOST_AUTO_TEST_SUITE(eigen_optimisation)

BOOST_AUTO_TEST_CASE(the_jacobian_agrees_with_differences_in_both_modes) {
    std::mt19937 random(11);
    std::uniform_real_distribution<double> number(-1, 1);
    for (const auto& [n, p] : {std::pair<Eigen::Index, Eigen::Index>{2, 5}, {5, 5}, {9, 4}}) {
        const auto draw = [&] { return number(random); };
        const Mixed f{Eigen::MatrixXd::NullaryExpr(n, p, draw)};
        const EigenResiduals residuals(f, p, n);
        BOOST_TEST(residuals.inputs() == p);
        BOOST_TEST(residuals.values() == n);
        const Eigen::VectorXd x = Eigen::VectorXd::NullaryExpr(p, draw);
        Eigen::VectorXd r;
        Eigen::MatrixXd jacobian;
        BOOST_TEST(residuals(x, r) == 0);
        BOOST_TEST(residuals.df(x, jacobian) == 0);
        BOOST_TEST(jacobian.rows() == n);
        BOOST_TEST(jacobian.cols() == p);
        for (Eigen::Index i = 0; i < n; ++i)
            for (Eigen::Index k = 0; k < p; ++k) {
                const auto along = [i = i, k = k, &x, &f](long double xk) {
                    Eigen::VectorX<long double> moved = x.cast<long double>(), value(f.weights.rows());
                    moved[k] = xk;
                    const Eigen::VectorX<long double> z = f.weights.cast<long double>() * moved;
                    return z[i] > 0 ? std::exp(-z[i]) * moved[i % moved.size()] : std::sin(z[i]) / (2 + moved.squaredNorm());
                };
                BOOST_TEST(close(r[i], along(x[k]), {.relative = 1e-14}));
                BOOST_TEST(close(jacobian(i, k), test::ridders(along, x[k], 1e-3L).derivative, {.relative = 1e-12, .absolute = 1e-13}));
            }
    }
}

BOOST_AUTO_TEST_CASE(a_system_of_equations_by_powells_hybrid_method) {
    EigenResiduals equations(System{}, 2, 2);
    Eigen::HybridNonLinearSolver solver(equations);
    Eigen::VectorXd x = Eigen::Vector2d(1, 1);
    BOOST_TEST(solver.hybrj1(x, 1e-12) == Eigen::HybridNonLinearSolverSpace::RelativeErrorTooSmall);
    Eigen::VectorXd r;
    equations(x, r);
    BOOST_TEST(r.norm() < 1e-14);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(nist_certifies_eight_digits_from_both_starting_values, Model, Models) {
    const nist::Problem problem = nist::read(std::string(WENGERT_SOURCE_DIR "/examples/data/nist_") + Model::name + ".dat");
    const auto parameters = static_cast<Eigen::Index>(problem.certified.size());
    EigenResiduals residuals(nist::Residuals<Model>{&problem}, parameters, static_cast<Eigen::Index>(problem.x.size()));
    for (const std::vector<double>& start : problem.start) {
        Eigen::VectorXd b = Eigen::VectorXd::Map(start.data(), parameters);
        Eigen::LevenbergMarquardt solver(residuals);
        solver.parameters.xtol = solver.parameters.ftol = Eigen::NumTraits<double>::epsilon();
        solver.parameters.maxfev = 10000;
        solver.minimize(b);
        BOOST_TEST(nist::certified_digits<Model>(problem, b.data()) >= 7);
        nist::polish(b, [&residuals](const auto& x, auto& residual, auto& jacobian) {
            residuals(x, residual);
            residuals.df(x, jacobian);
        });
        BOOST_TEST(nist::certified_digits<Model>(problem, b.data()) >= 8);
    }
}

BOOST_AUTO_TEST_CASE(the_solver_stops_where_the_function_refuses) {
    const auto f = []<class T>(const T* x, T* r) {
        r[0] = x[0] * x[0] + 1.0;
        r[1] = x[0];
        return x[0] > 0.5;
    };
    EigenResiduals residuals(f, 1, 2);
    Eigen::LevenbergMarquardt solver(residuals);
    Eigen::VectorXd x = Eigen::VectorXd::Constant(1, 2);
    BOOST_TEST(solver.minimize(x) == Eigen::LevenbergMarquardtSpace::UserAsked);
}

BOOST_AUTO_TEST_CASE(exceptions_reach_the_caller) {
    const auto f = []<class T>(const T*, T*) -> bool { throw std::domain_error("outside"); };
    EigenResiduals residuals(f, 1, 2);
    Eigen::LevenbergMarquardt solver(residuals);
    Eigen::VectorXd x = Eigen::VectorXd::Constant(1, 2);
    BOOST_CHECK_THROW((void)solver.minimize(x), std::domain_error);
    const auto names_both = [](const autodiff::ShapeError& error) {
        return error.what() == std::string("EigenResiduals: expected a vector of 2, got one of 1");
    };
    Eigen::VectorXd r;
    BOOST_CHECK_EXCEPTION(EigenResiduals(System{}, 2, 2)(x, r), autodiff::ShapeError, names_both);
}

BOOST_AUTO_TEST_CASE(a_loss_gives_value_and_gradient) {
    const EigenLoss loss((Rosenbrock()));
    const Eigen::VectorXd x = Eigen::Vector3d(-1.2, 1, 0.5);
    Eigen::VectorXd gradient;
    const double y = loss(x, gradient);
    BOOST_TEST(close(y, 24.2 + 25, {.relative = 1e-14}));
    BOOST_TEST(y == loss(x));
    BOOST_TEST(gradient.size() == 3);
    BOOST_TEST(close(gradient[0], -215.6, {.relative = 1e-14}));
    BOOST_TEST(close(gradient[1], -88.0 + 200, {.relative = 1e-14}));
    BOOST_TEST(close(gradient[2], -100.0, {.relative = 1e-14}));
}

BOOST_AUTO_TEST_CASE(a_loss_that_depends_on_nothing_has_gradient_zero) {
    const EigenLoss loss([](const auto& x) { return typename std::remove_cvref_t<decltype(x)>::Scalar(7); });
    Eigen::VectorXd gradient = Eigen::VectorXd::Constant(5, 3);
    BOOST_TEST(loss(Eigen::VectorXd::Zero(2), gradient) == 7);
    BOOST_TEST((gradient == Eigen::VectorXd::Zero(2)));
}

BOOST_AUTO_TEST_SUITE_END()
