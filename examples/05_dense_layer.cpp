// SPDX-License-Identifier: MIT
// Claim: dL/dW_ij = dL/da_j * sigma'(z_j) * a_i for every weight of every layer, and `explain` shows the three factors with their numbers.
//
// A network of 2, 3 and 2 neurons, all sigmoids, with the loss L = sum (a - t)^2 / 2. W_ij leads from neuron i to neuron j, so the
// gradient of neuron j is column j. For the layer below, dL/da_i is itself a sum over the neurons that a_i feeds: that recursion is
// all of backpropagation. Neither formula was written for the tape, it has only seen products, sums and sigmoids.
#include "autodiff/autodiff.hpp"
#include "autodiff/explain/explain.hpp"
#include "examples/evidence.hpp"
#include "examples/page.hpp"

using autodiff::Index, autodiff::Tensor;

int main(int arguments, char** argument) {
    const Page page(arguments, argument);
    autodiff::Tape tape;
    const Tensor<double> x({1, 2}, {0.5, -1}), t({1, 2}, {1, 0});
    const auto W1 = tape.variable(Tensor<double>({2, 3}, {0.1, -0.2, 0.3, 0.4, 0.5, -0.6}), "W1");
    const auto b1 = tape.variable(Tensor<double>({3}, {0.01, 0.02, 0.03}), "b1");
    const auto W2 = tape.variable(Tensor<double>({3, 2}, {0.7, -0.8, 0.9, 0.15, -0.25, 0.35}), "W2");
    const auto b2 = tape.variable(Tensor<double>({2}, {0.04, -0.05}), "b2");
    const auto z1 = matmul(x, W1) + b1, a1 = sigmoid(z1);
    const auto z2 = matmul(a1, W2) + b2, a2 = sigmoid(z2);
    const auto error = a2 - t;
    const auto L = sum(square(error)) / 2;
    tape.name(z1, "z1"), tape.name(a1, "a1"), tape.name(z2, "z2"), tape.name(a2, "a2"), tape.name(error, "error"), tape.name(L, "L");
    const auto dL = gradient(L);

    fmt::print("{}\n", explain(L, W2(1, 0)));
    fmt::print("{}\n", explain(L, W1(0, 1)));

    const auto slope = [](const Tensor<double>& a, Index j) { return a.at(0, j) * (1 - a.at(0, j)); };
    Evidence evidence;
    evidence.check("L", L.item(), 0.18696722154794609);
    double delta2[2], delta1[3];
    for (Index j = 0; j < 2; ++j) {
        delta2[j] = (a2.at(0, j) - t.at(0, j)) * slope(a2, j);
        for (Index i = 0; i < 3; ++i) evidence.check(fmt::format("dL/dW2({}, {})", i, j), dL[W2].at(i, j), delta2[j] * a1.at(0, i));
    }
    for (Index j = 0; j < 3; ++j) {
        const double from_above = delta2[0] * W2.at(j, 0) + delta2[1] * W2.at(j, 1);  // dL/da1_j, two paths
        delta1[j] = from_above * slope(a1, j);
        for (Index i = 0; i < 2; ++i) evidence.check(fmt::format("dL/dW1({}, {})", i, j), dL[W1].at(i, j), delta1[j] * x.at(0, i));
        evidence.check(fmt::format("dL/db1({})", j), dL[b1].at(j), delta1[j]);
    }
    page.write(L, {.first_index = 1});
    return evidence.status();
}
