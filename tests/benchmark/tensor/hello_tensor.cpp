// SPDX-License-Identifier: MIT
// A user's first program with tensors, to be compiled, started and timed: level 2 of the README.
#include <autodiff/gradient.hpp>
#include <autodiff/ops/element.hpp>
#include <autodiff/ops/matmul.hpp>
#include <autodiff/ops/reduce.hpp>
#include <autodiff/tape.hpp>

#include <cstdio>

using namespace autodiff;

int main() {
    Tape tape;
    const auto a = tape.variable(0.3, "a");
    const auto W = tape.variable(Tensor<double>::from_rows({{1, 2, 3}, {4, 5, 6}}), "W");
    const auto X = Tensor<double>::from_rows({{1, 2}, {3, 4}});
    const auto L = sum(matmul(X, a * W)) + W(1, 2) * W(1, 2);
    const auto dL = gradient(L);
    std::printf("%.6f %.6f %.6f\n", L.item(), dL[a], dL[W].at(1, 2));
}
