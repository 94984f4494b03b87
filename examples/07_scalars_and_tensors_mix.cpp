// SPDX-License-Identifier: MIT
// Claim: scalars and tensors live on one tape, so that code may take a matrix apart, compute with its elements, and put it together again.
//
// A loss of mixed parts: a Scalar multiplies a matrix, an element W(1, 0) of the matrix is a Scalar, Scalars
// stack to a tensor, and one sweep goes through all of it. Each derivative is compared with a difference quotient.
#include "autodiff/autodiff.hpp"
#include "examples/evidence.hpp"

#include <vector>

using autodiff::Scalar, autodiff::Tensor;

namespace {

const auto X = Tensor<double>::from_rows({{1, 2}, {3, 4}, {5, 6}});

template <class Number>
Scalar loss(const Tensor<double>& W, const Number& temperature) {
    const auto y = matmul(X, temperature * W);                                          // Scalar * Tensor is a Tensor
    const Scalar corner = W(1, 0);                                                      // an element of a Tensor is a Scalar
    const auto penalty = autodiff::stack({corner * corner, exp(corner), temperature});  // Scalars stack to a Tensor
    return sum(y * y) + sum(penalty) * corner;                                          // a Tensor of rank 0 is a Scalar
}

double loss_at(const std::vector<double>& w, double temperature) { return loss(Tensor<double>({2, 2}, w), temperature).value(); }

}  // namespace

int main() {
    const std::vector<double> w{0.5, -0.25, 0.75, 1};
    const double temperature = 0.3, h = 1e-5;
    autodiff::Tape tape;
    const auto W = tape.variable(Tensor<double>({2, 2}, w), "W");
    const auto tau = tape.variable(temperature, "temperature");
    const auto L = loss(W, tau);
    const auto dL = gradient(L);
    fmt::print("L = sum (X temperature W)^2 + (c^2 + exp c + temperature) c with c = W(1, 0)\n\n");

    Evidence evidence(1e-8);  // what central differences are good for
    evidence.check("L", L.value(), loss_at(w, temperature));
    for (std::size_t k = 0; k < 4; ++k) {
        auto up = w, down = w;
        up[k] += h, down[k] -= h;
        const auto i = static_cast<autodiff::Index>(k / 2), j = static_cast<autodiff::Index>(k % 2);
        evidence.check(fmt::format("dL/dW({}, {})", i, j), dL[W].at(i, j),
                       (loss_at(up, temperature) - loss_at(down, temperature)) / (2 * h));
    }
    evidence.check("dL/dtemperature", dL[tau], (loss_at(w, temperature + h) - loss_at(w, temperature - h)) / (2 * h));
    evidence.check("dL[W(1, 0)], an element alone", dL[W(1, 0)], dL[W].at(1, 0));
    return evidence.status();
}
