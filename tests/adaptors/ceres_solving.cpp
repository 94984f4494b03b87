// SPDX-License-Identifier: MIT
// Ceres' solvers with our functions: what happens to exceptions, several threads, and functions with a gradient only.
#include "autodiff/adaptors/ceres.hpp"

#include "examples/bundle/scene.hpp"
#include "tests/support/compare.hpp"

#include <array>
#include <boost/test/unit_test.hpp>
#include <ceres/ceres.h>
#include <stdexcept>
#include <string>
#include <vector>

using autodiff::CeresCostFunction;
using autodiff::CeresFirstOrderFunction;
using test::close;

namespace {

struct Throws {
    double from = 0;
    template <class T>
    bool operator()(const T* x, T* r) const {
        if (x[0] > from) throw std::domain_error("the model ends at 1");
        r[0] = x[0] - T(3);
        return true;
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(ceres_solving)

BOOST_AUTO_TEST_CASE(an_exception_is_kept_for_the_caller_and_never_passes_through_ceres) {
    for (const int threads : {1, 2}) {
        ceres::Problem problem;
        double x = 2;
        problem.AddResidualBlock(new CeresCostFunction<Throws, 1, 1>(Throws{1}), nullptr, &x);
        ceres::Solver::Options options;
        options.logging_type = ceres::SILENT;
        options.num_threads = threads;
        ceres::Solver::Summary summary;
        ceres::Solve(options, &problem, &summary);
        BOOST_TEST((summary.termination_type == ceres::FAILURE));
        const auto same_text = [](const std::domain_error& error) { return error.what() == std::string("the model ends at 1"); };
        BOOST_CHECK_EXCEPTION(autodiff::rethrow_failure(problem), std::domain_error, same_text);
    }
}

BOOST_AUTO_TEST_CASE(a_solver_steps_back_from_where_a_functor_throws) {
    ceres::Problem problem;
    double x = -20;
    auto* cost = new CeresCostFunction<Throws, 1, 1>(Throws{3.25});
    problem.AddResidualBlock(cost, nullptr, &x);
    ceres::Solver::Options options;
    options.logging_type = ceres::SILENT;
    ceres::Solver::Summary summary;
    ceres::Solve(options, &problem, &summary);
    BOOST_TEST(summary.IsSolutionUsable());
    BOOST_TEST(close(x, 3.0, {.relative = 1e-6}));
    BOOST_CHECK_NO_THROW(autodiff::rethrow_failure(problem));
}

BOOST_AUTO_TEST_CASE(several_threads_find_what_one_finds) {
    const bundle::Scene truth = bundle::true_scene(6, 30, 1), start = bundle::perturbed(truth, 0.02, 2);
    std::array<bundle::Scene, 2> found{start, start};
    for (const std::size_t i : {0u, 1u}) {
        ceres::Problem problem;
        for (const bundle::Observation& seen : truth.observations)
            problem.AddResidualBlock(new CeresCostFunction<bundle::Reprojection, 2, 9, 3>(bundle::Reprojection{seen.x, seen.y}), nullptr,
                                     found[i].cameras[seen.camera].data(), found[i].points[seen.point].data());
        ceres::Solver::Options options;
        options.logging_type = ceres::SILENT;
        options.linear_solver_type = ceres::DENSE_SCHUR;
        options.num_threads = i == 0 ? 1 : 2;
        options.max_num_iterations = 100;
        ceres::Solver::Summary summary;
        ceres::Solve(options, &problem, &summary);
        BOOST_TEST(summary.IsSolutionUsable());
        BOOST_TEST(bundle::reprojection_error(found[i]) < 1e-5);
    }
    BOOST_TEST(bundle::reprojection_error(start) > 1);
    BOOST_TEST(bundle::largest_difference_of_shape(found[0], truth) < 1e-5);
    BOOST_TEST(bundle::largest_difference_of_shape(found[1], truth) < 1e-5);
}

BOOST_AUTO_TEST_CASE(limited_memory_bfgs_minimises_a_function_of_many_variables) {
    constexpr int n = 50;
    const auto rosenbrock = []<class T>(const T* x, T* y) {
        y[0] = T(0);
        for (int i = 0; i + 1 < n; ++i) {
            const T a = x[i + 1] - x[i] * x[i], b = 1.0 - x[i];
            y[0] += 100.0 * a * a + b * b;
        }
        return true;
    };
    const ceres::GradientProblem problem(new CeresFirstOrderFunction(rosenbrock, n));
    std::vector<double> x(n, 0.5);
    ceres::GradientProblemSolver::Options options;
    options.logging_type = ceres::SILENT;
    options.line_search_direction_type = ceres::LBFGS;
    options.max_num_iterations = 1000;
    options.function_tolerance = 0;
    options.parameter_tolerance = 0;
    options.gradient_tolerance = 1e-9;
    ceres::GradientProblemSolver::Summary summary;
    ceres::Solve(options, problem, x.data(), &summary);
    for (const double xi : x) BOOST_TEST(close(xi, 1.0, {.relative = 1e-6}));
}

BOOST_AUTO_TEST_CASE(a_first_order_function_has_one_value_and_perhaps_a_gradient) {
    const auto f = []<class T>(const T* x, T* y) {
        y[0] = x[0] * x[1];
        return x[0] > 0.0;
    };
    const CeresFirstOrderFunction function(f, 2);
    const std::array x{3.0, 4.0};
    std::array<double, 2> gradient{};
    double y = 0;
    BOOST_TEST(function.NumParameters() == 2);
    BOOST_TEST(function.Evaluate(x.data(), &y, gradient.data()));
    BOOST_TEST(y == 12);
    BOOST_TEST((gradient == std::array{4.0, 3.0}));
    y = 0;
    BOOST_TEST(function.Evaluate(x.data(), &y, nullptr));
    BOOST_TEST(y == 12);
    const std::array outside{-3.0, 4.0};
    BOOST_TEST(!function.Evaluate(outside.data(), &y, gradient.data()));
    const auto throws = []<class T>(const T*, T*) -> bool { throw std::domain_error("outside"); };
    const CeresFirstOrderFunction failing(throws, 2);
    BOOST_TEST(!failing.Evaluate(x.data(), &y, gradient.data()));
    BOOST_CHECK_THROW(std::rethrow_exception(failing.failure()), std::domain_error);
}

BOOST_AUTO_TEST_SUITE_END()
