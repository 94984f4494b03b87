// SPDX-License-Identifier: MIT
// NIST's certified answers by Ceres' Levenberg-Marquardt, one cost function for each observation.
#include "autodiff/adaptors/ceres.hpp"
#include "examples/regression/nist.hpp"

#include <boost/mpl/list.hpp>
#include <boost/test/unit_test.hpp>
#include <ceres/ceres.h>
#include <string>

namespace {

using Models = boost::mpl::list<nist::Misra1a, nist::MGH09, nist::Thurber, nist::Hahn1>;

template <class Model>
constexpr int parameters = 7;
template <>
constexpr int parameters<nist::Misra1a> = 2;
template <>
constexpr int parameters<nist::MGH09> = 4;

}  // namespace

BOOST_AUTO_TEST_SUITE(ceres_nist)

BOOST_AUTO_TEST_CASE_TEMPLATE(nist_certifies_eight_digits_from_both_starting_values, Model, Models) {
    const nist::Problem data = nist::read(std::string(WENGERT_SOURCE_DIR "/examples/data/nist_") + Model::name + ".dat");
    for (const std::vector<double>& start : data.start) {
        Eigen::VectorXd b = Eigen::VectorXd::Map(start.data(), parameters<Model>);
        ceres::Problem problem;
        for (std::size_t i = 0; i < data.x.size(); ++i) {
            const nist::Residual<Model> residual{data.x[i], data.y[i]};
            problem.AddResidualBlock(new autodiff::CeresCostFunction<nist::Residual<Model>, 1, parameters<Model>>(residual), nullptr,
                                     b.data());
        }
        ceres::Solver::Options options;
        options.logging_type = ceres::SILENT;
        options.linear_solver_type = ceres::DENSE_QR;
        options.max_num_iterations = 10000;
        options.function_tolerance = options.gradient_tolerance = options.parameter_tolerance = 1e-16;
        ceres::Solver::Summary summary;
        ceres::Solve(options, &problem, &summary);
        BOOST_TEST(nist::certified_digits<Model>(data, b.data()) >= 7);
        nist::polish(b, [&problem](const auto&, Eigen::VectorXd& residual, Eigen::MatrixXd& jacobian) {
            std::vector<double> r;
            ceres::CRSMatrix rows;  // one parameter block: every row is full
            problem.Evaluate({}, nullptr, &r, nullptr, &rows);
            residual = Eigen::VectorXd::Map(r.data(), rows.num_rows);
            jacobian = Eigen::MatrixXd::Map(rows.values.data(), rows.num_cols, rows.num_rows).transpose();
        });
        BOOST_TEST(nist::certified_digits<Model>(data, b.data()) >= 8);
    }
}

BOOST_AUTO_TEST_SUITE_END()
