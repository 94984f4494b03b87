// SPDX-License-Identifier: MIT
// Claim: backpropagation through time is backpropagation. delta_t = (dL/dh_t from above + U delta_(t+1)) * (1 - h_t^2), and the weights,
// used at every step, collect a sum over the steps.
//
// h_t = tanh(x_t W + h_(t-1) U). Unrolled, the network is as deep as the sequence is long, with the same W and U in every layer. The
// factor U * (1 - h^2) stands once between any two steps: how far a signal reaches back is the product of these factors, and where
// they are small it vanishes. The last table shows it.
#include "autodiff/autodiff.hpp"
#include "examples/evidence.hpp"
#include "examples/page.hpp"

#include <cmath>
#include <vector>

using autodiff::Index, autodiff::Tensor;

int main(int arguments, char** argument) {
    const Page page(arguments, argument);
    constexpr std::size_t steps = 4;
    constexpr Index units = 2;
    const double inputs[steps] = {1, -0.5, 0.25, 0.75};
    const Tensor<double> target({1, units}, {0.5, -0.5});

    autodiff::Tape tape;
    const auto W = tape.variable(Tensor<double>({1, units}, {0.6, -0.4}), "W");
    const auto U = tape.variable(Tensor<double>({units, units}, {0.3, -0.2, 0.5, 0.4}), "U");
    std::vector<Tensor<double>> h{tape.variable(Tensor<double>({1, units}, {0.1, 0.2}), "h0")};
    for (std::size_t t = 0; t < steps; ++t) {
        const auto z = matmul(Tensor<double>({1, 1}, {inputs[t]}), W) + matmul(h.back(), U);
        h.push_back(tanh(z));
        tape.name(z, fmt::format("z{}", t + 1)), tape.name(h.back(), fmt::format("h{}", t + 1));
    }
    const auto L = sum(square(h.back() - target)) / 2;
    tape.name(L, "L");
    const auto dL = gradient(L);

    // The textbook's recursion, from the last step to the first.
    std::vector<double> dW(units, 0), dU(units * units, 0), delta(units, 0), reach(steps + 1);
    for (std::size_t t = steps; t > 0; --t) {
        std::vector<double> dh(units, 0);
        for (Index i = 0; i < units; ++i) {
            if (t == steps)
                dh[static_cast<std::size_t>(i)] = h[t].at(0, i) - target.at(0, i);
            else
                for (Index j = 0; j < units; ++j) dh[static_cast<std::size_t>(i)] += U.at(i, j) * delta[static_cast<std::size_t>(j)];
        }
        reach[t] = std::hypot(dh[0], dh[1]);
        for (Index j = 0; j < units; ++j) {
            const auto at = static_cast<std::size_t>(j);
            delta[at] = dh[at] * (1 - h[t].at(0, j) * h[t].at(0, j));
            dW[at] += delta[at] * inputs[t - 1];
            for (Index i = 0; i < units; ++i) dU[static_cast<std::size_t>(i * units + j)] += h[t - 1].at(0, i) * delta[at];
        }
    }
    fmt::print("how much of the loss reaches back to h_t\n");
    for (std::size_t t = steps; t > 0; --t) fmt::print("  t = {}   |dL/dh_t| = {:.6f}\n", t, reach[t]);
    fmt::print("\n{}\n", explain(L, U(0, 1)));

    Evidence evidence;
    evidence.check("dL/dW = sum over t of x_t delta_t", dL[W].data(), dW);
    evidence.check("dL/dU = sum over t of h_(t-1) delta_t", dL[U].data(), dU);
    bool fades = true;
    for (std::size_t t = 1; t < steps; ++t) fades = fades && reach[t] < reach[t + 1];
    evidence.check("each step back, less arrives: the gradient vanishes", fades);
    page.write(L);
    return evidence.status();
}
