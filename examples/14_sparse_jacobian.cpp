// SPDX-License-Identifier: MIT
// Claim: a Jacobian of a thousand columns costs as many sweeps as its pattern needs colours: five.
//
// Bratu's equation -Laplace u = 6 e^u on the unit square, u = 0 at the rim, on 32 x 32 inner points. Every equation touches its point
// and four neighbours, so columns that no equation shares can be differentiated in one sweep. Newton's method asks for the Jacobian
// again and again; its pattern and its colours are found once, from the recording of the equations, and Eigen solves.
#include "autodiff/autodiff.hpp"
#include "autodiff/eigen_sparse.hpp"
#include "examples/evidence.hpp"

#include <Eigen/SparseLU>

namespace {

constexpr std::size_t n = 32;
constexpr double lambda = 6, h = 1.0 / (n + 1);

/// The equations at all points, as anybody would write them.
std::vector<autodiff::Scalar> residuals(const std::vector<autodiff::Scalar>& u) {
    std::vector<autodiff::Scalar> r;
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < n; ++j) {
            const autodiff::Scalar& centre = u[i * n + j];
            autodiff::Scalar sum = 4.0 * centre - lambda * h * h * exp(centre);
            if (i > 0) sum -= u[(i - 1) * n + j];
            if (i + 1 < n) sum -= u[(i + 1) * n + j];
            if (j > 0) sum -= u[i * n + j - 1];
            if (j + 1 < n) sum -= u[i * n + j + 1];
            r.push_back(sum);
        }
    return r;
}

double norm(const std::vector<double>& r) {
    return Eigen::Map<const Eigen::VectorXd>(r.data(), static_cast<Eigen::Index>(r.size())).norm();
}

}  // namespace

int main() {
    std::vector<double> u(n * n, 0.0), norms;
    autodiff::SparseJacobian jacobian(residuals);
    Eigen::SparseLU<Eigen::SparseMatrix<double>> solver;

    auto now = jacobian.value_and_jacobian(u);
    auto& [r, j] = now;
    fmt::print("{} equations, {} variables, {} entries of {}, {} sweeps a Jacobian\n\n", j.rows, j.columns, j.entries(), j.rows * j.columns,
               jacobian.compression().colours);
    for (norms.push_back(norm(r)); norms.back() > 1e-10 && norms.size() < 10; norms.push_back(norm(r))) {
        fmt::print("step {}   |F| = {:.2e}\n", norms.size() - 1, norms.back());
        solver.compute(autodiff::to_eigen(j));
        const Eigen::VectorXd step = solver.solve(Eigen::Map<const Eigen::VectorXd>(r.data(), static_cast<Eigen::Index>(r.size())));
        for (std::size_t k = 0; k < u.size(); ++k) u[k] -= step[static_cast<Eigen::Index>(k)];
        now = jacobian.value_and_jacobian(u);
    }
    fmt::print("step {}   |F| < 1e-10\n\n", norms.size() - 1);

    Evidence evidence;
    evidence.check("entries", static_cast<double>(j.entries()), 5 * n * n - 4 * n);
    evidence.check("sweeps for 1024 columns", jacobian.compression().colours, 5);
    evidence.check("the pattern was found once", jacobian.colourings() == 1);
    evidence.check("Newton has converged", norms.back() <= 1e-10);
    const std::size_t centre = n / 2 * n + n / 2;
    evidence.check("dr/du at the centre", j(centre, centre), 4 - lambda * h * h * std::exp(u[centre]));
    evidence.check("dr/du beside it", j(centre, centre + 1), -1);
    evidence.check("dr/du two points away", j(centre, centre + 2), 0);
    return evidence.status();
}
