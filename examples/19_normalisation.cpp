// SPDX-License-Identifier: MIT
// Claim: a normalised value hides two more paths. dx = s (u - mean(u) - xhat mean(u xhat)) with u = gamma * dy: the last two terms are
// the paths through the mean and through the variance, and who forgets them has a gradient that is wrong everywhere.
//
// xhat = (x - mean) s with s = 1 / sqrt(variance + eps), and y = gamma xhat + beta, for each row: layer normalisation. x appears three
// times, so three streams meet at it. Without the corrections the gradient would push along the mean and along the scale, and neither
// can change anything: the gradient that is right is orthogonal to both.
#include "autodiff/autodiff.hpp"
#include "examples/evidence.hpp"
#include "examples/page.hpp"
#include "nn/layer_norm.hpp"

#include <cmath>
#include <vector>

using autodiff::Index, autodiff::Tensor;

int main(int arguments, char** argument) {
    const Page page(arguments, argument);
    constexpr Index rows = 2, features = 4;
    constexpr double eps = 1e-5;
    const Tensor<double> target({rows, features}, {1, 0, -1, 0.5, 0, 1, 0.5, -0.5});

    autodiff::Tape tape;
    const auto x = tape.variable(Tensor<double>({rows, features}, {1, 2, 4, 3, -1, 0.5, 0, 2.5}), "x");
    const auto gamma = tape.variable(Tensor<double>({features}, {1, 0.5, 2, -1}), "gamma");
    const auto beta = tape.variable(Tensor<double>({features}, {0, 0.1, -0.2, 0.3}), "beta");
    const auto m = mean(x, {1}, true);
    const auto centred = x - m;
    const auto v = mean(square(centred), {1}, true);
    const auto xhat = centred / sqrt(v + eps);
    const auto y = gamma * xhat + beta;
    const auto L = sum(square(y - target)) / 2;
    tape.name(m, "mean"), tape.name(centred, "x - mean"), tape.name(v, "variance"), tape.name(xhat, "xhat"), tape.name(y, "y");
    tape.name(L, "L");
    const auto dL = gradient(L);

    std::vector<double> dx, without, dgamma(features, 0), dbeta(features, 0);
    double along_mean = 0, along_scale = 0;
    for (Index n = 0; n < rows; ++n) {
        const double s = 1 / std::sqrt(v.at(n, 0) + eps);
        double u[features], mean_u = 0, mean_u_xhat = 0;
        for (Index k = 0; k < features; ++k) {
            const double dy = y.at(n, k) - target.at(n, k);
            dgamma[static_cast<std::size_t>(k)] += dy * xhat.at(n, k);
            dbeta[static_cast<std::size_t>(k)] += dy;
            u[k] = gamma.at(k) * dy;
            mean_u += u[k] / features;
            mean_u_xhat += u[k] * xhat.at(n, k) / features;
        }
        for (Index k = 0; k < features; ++k) {
            dx.push_back(s * (u[k] - mean_u - xhat.at(n, k) * mean_u_xhat));
            without.push_back(s * u[k]);
            along_mean += dL[x].at(n, k);
            along_scale += dL[x].at(n, k) * centred.at(n, k);
        }
    }
    fmt::print("   dL/dx    without the paths through mean and variance\n");
    for (std::size_t k = 0; k < dx.size(); ++k) fmt::print("{:>9.6f}  {:>9.6f}\n", dL[x].data()[k], without[k]);
    fmt::print("\n{}\n", explain(L, x(0, 1)));

    Evidence evidence;
    evidence.check("dx = s (u - mean(u) - xhat mean(u xhat))", dL[x].data(), dx);
    evidence.check("dgamma = sum dy xhat", dL[gamma].data(), dgamma);
    evidence.check("dbeta = sum dy", dL[beta].data(), dbeta);
    evidence.check("moving all of x together changes nothing", along_mean, 0);
    evidence.check("scaling it changes next to nothing (eps is not scaled)", std::abs(along_scale) < 1e-3);
    page.write(L);
    return evidence.status();
}
