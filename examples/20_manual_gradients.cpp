// SPDX-License-Identifier: MIT
// Claim: a gradient that was derived by hand is checked step by step; the step that is wrong is found, its mistake is named, and what
// only follows from it is not blamed.
//
// The network of 05_dense_layer, and a derivation by a student who is careful everywhere but at one place: dz1 lacks sigma'(z1). Then
// dW1 and db1 are wrong as well, though their steps are right. A comparison of numbers finds three wrong gradients; the tape, which
// can sweep from the student's own dz1 onwards, finds one.
#include "autodiff/autodiff.hpp"
#include "autodiff/check/compare.hpp"
#include "examples/evidence.hpp"

using autodiff::Tensor;

int main() {
    autodiff::Tape tape;
    const Tensor<double> x({1, 2}, {0.5, -1}), t({1, 2}, {1, 0});
    const auto W1 = tape.variable(Tensor<double>({2, 3}, {0.1, -0.2, 0.3, 0.4, 0.5, -0.6}), "W1");
    const auto b1 = tape.variable(Tensor<double>({3}, {0.01, 0.02, 0.03}), "b1");
    const auto W2 = tape.variable(Tensor<double>({3, 2}, {0.7, -0.8, 0.9, 0.15, -0.25, 0.35}), "W2");
    const auto b2 = tape.variable(Tensor<double>({2}, {0.04, -0.05}), "b2");
    const auto z1 = matmul(x, W1) + b1, a1 = sigmoid(z1);
    const auto z2 = matmul(a1, W2) + b2, a2 = sigmoid(z2);
    const auto L = sum(square(a2 - t)) / 2;
    tape.name(z1, "z1"), tape.name(a1, "a1"), tape.name(z2, "z2"), tape.name(a2, "a2"), tape.name(L, "L");

    // By hand. `constant()` takes a value off the tape: what follows is plain arithmetic.
    const auto w2 = W2.constant(), y1 = a1.constant(), y2 = a2.constant();
    const auto derived = [&](bool careful) {
        const auto dz2 = (y2 - t) * y2 * (1.0 - y2);
        const auto dW2 = matmul(transpose(y1), dz2);
        const auto da1 = matmul(dz2, transpose(w2));
        const auto dz1 = careful ? da1 * y1 * (1.0 - y1) : da1;
        const auto dW1 = matmul(transpose(x), dz1);
        autodiff::ManualGradients manual;
        manual.set("dz2", dz2).set("dW2", dW2).set("da1", da1).set("dz1", dz1).set("dW1", dW1).set("db1", sum(dz1, {0}));
        return manual;
    };
    const auto careless = compare(derived(false), L, {.first_index = 1});
    const auto careful = compare(derived(true), L, {.first_index = 1});
    fmt::print("{}\n{}\n", careless, careful);

    Evidence evidence;
    const auto wrong = careless.wrong();
    evidence.check("one step is wrong", wrong.size() == 1);
    const auto& step = careless.steps[wrong.front()];
    evidence.check("it is dz1", step.value == "z1");
    evidence.check("and what it lacks is the derivative of the activation",
                   step.exact && step.mistakes.front().kind == "missing_derivative");
    evidence.check("the careful derivation agrees", careful.agrees);
    return evidence.status();
}
