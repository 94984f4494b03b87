// SPDX-License-Identifier: MIT
// Claim: a solver for least squares needs nothing but the model's formula, and finds the answers that NIST has certified to 8 digits.
//
// The Statistical Reference Datasets are there to test solvers: data, a model, two starting values (a bad and a good one), and the
// parameters of the best fit to 11 digits. Eigen's Levenberg-Marquardt asks the adaptor for residuals and Jacobian; the adaptor
// asks the formula, with numbers that carry derivatives. Nobody writes a derivative, and none is approximated by differences.
#include "autodiff/adaptors/eigen_optimisation.hpp"
#include "examples/evidence.hpp"
#include "examples/regression/nist.hpp"

#include <unsupported/Eigen/NonLinearOptimization>

namespace {

template <class Model>
void solve(Evidence& evidence) {
    const nist::Problem problem = nist::read(fmt::format("{}/nist_{}.dat", WENGERT_EXAMPLE_DATA, Model::name));
    const auto parameters = static_cast<Eigen::Index>(problem.certified.size()), observations = static_cast<Eigen::Index>(problem.x.size());
    autodiff::EigenResiduals residuals(nist::Residuals<Model>{&problem}, parameters, observations);
    for (const int start : {1, 2}) {
        const std::vector<double>& from = problem.start[static_cast<std::size_t>(start - 1)];
        Eigen::VectorXd b = Eigen::VectorXd::Map(from.data(), parameters);
        Eigen::LevenbergMarquardt solver(residuals);
        solver.parameters.xtol = solver.parameters.ftol = Eigen::NumTraits<double>::epsilon();
        solver.parameters.maxfev = 10000;
        solver.minimize(b);
        nist::polish(b, [&residuals](const auto& x, auto& residual, auto& jacobian) {
            residuals(x, residual);
            residuals.df(x, jacobian);
        });
        const double digits = nist::certified_digits<Model>(problem, b.data());
        evidence.check(fmt::format("{}: {} parameters, {} observations, start {}: 8 digits", Model::name, parameters, observations, start),
                       digits >= 8);
    }
}

}  // namespace

int main() {
    Evidence evidence;
    solve<nist::Misra1a>(evidence);
    solve<nist::MGH09>(evidence);
    solve<nist::Thurber>(evidence);
    solve<nist::Hahn1>(evidence);
    return evidence.status();
}
