// SPDX-License-Identifier: MIT
// Claim: behind softmax and cross-entropy together stands one subtraction: dL/dz = (p - y) / N, prediction minus truth.
//
// Written out it is anything but short: exponentials, a sum that every one of them goes into, a quotient, a logarithm, a mean. The sweep
// takes these steps one by one. What it multiplies and adds up collapses to the textbook's formula, and because the probabilities of a
// sample add up to 1, its derivatives add up to 0: what one class gains the others lose.
#include "autodiff/autodiff.hpp"
#include "examples/evidence.hpp"
#include "examples/page.hpp"
#include "nn/losses.hpp"

#include <vector>

using autodiff::Index, autodiff::Tensor;

int main(int arguments, char** argument) {
    const Page page(arguments, argument);
    constexpr Index samples = 2, classes = 3;
    const Tensor<Index> labels({samples}, {1, 2});
    const Tensor<double> truth({samples, classes}, {0, 1, 0, 0, 0, 1});

    autodiff::Tape tape;
    const auto z = tape.variable(Tensor<double>({samples, classes}, {1, 2, 3, 0.5, -1, 0.25}), "z");
    const auto e = exp(z);
    const auto s = sum(e, {1}, true);
    const auto p = e / s;
    const auto L = -sum(truth * log(p)) / samples;
    tape.name(e, "e"), tape.name(s, "s"), tape.name(p, "p"), tape.name(L, "L");
    const auto dL = gradient(L);

    fmt::print("  p              y    (p - y) / N     dL/dz\n");
    std::vector<double> formula;
    double row_sums[samples] = {};
    for (Index n = 0; n < samples; ++n)
        for (Index c = 0; c < classes; ++c) {
            formula.push_back((p.at(n, c) - truth.at(n, c)) / samples);
            row_sums[n] += dL[z].at(n, c);
            fmt::print("{:>9.6f}  {:>8}  {:>13.6f}  {:>9.6f}\n", p.at(n, c), truth.at(n, c), formula.back(), dL[z].at(n, c));
        }
    fmt::print("\n{}\n", explain(L, z(0, 1)));

    Evidence evidence;
    evidence.check("dL/dz = (p - y) / N", dL[z].data(), formula);
    evidence.check("dL/dz of class 2, first sample", dL[z].at(0, 1), -0.75527152894520234753 / samples);
    evidence.check("the derivatives of a sample add up to", row_sums[0], 0);
    evidence.check("the derivatives of the other one, too", row_sums[1], 0);
    evidence.check("nn::cross_entropy, the same loss", nn::cross_entropy(z, labels).item(), L.item());
    evidence.check("and the same gradient", gradient(nn::cross_entropy(z, labels))[z].data(), formula);
    page.write(L, {.first_index = 1});
    return evidence.status();
}
