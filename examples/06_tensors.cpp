// SPDX-License-Identifier: MIT
// Claim: with tensors one row of the tape is a whole matrix operation, and the gradient has the shape of what was asked for.
//
// Shapes follow NumPy: an operand of a smaller shape is repeated (broadcast), and its gradient is the sum over the repetitions.
// Transposing, reshaping and slicing copy nothing. What does not fit is an error that names the operation and both shapes.
#include "autodiff/autodiff.hpp"
#include "autodiff/format.hpp"
#include "examples/evidence.hpp"

using autodiff::Tensor;

int main() {
    autodiff::Tape tape;
    const auto A = tape.variable(Tensor<double>::from_rows({{1, 2, 3}, {4, 5, 6}}), "A");
    const auto B = tape.variable(Tensor<double>::from_rows({{1, -1}, {0, 2}, {3, 1}}), "B");
    const auto b = tape.variable(Tensor<double>::of({10, 20}), "b");
    const auto weights = Tensor<double>::from_rows({{1, -1}, {2, 0.5}});
    const auto C = matmul(A, B) + b;  // [2, 2] + [2]: b is added to every row
    const auto L = sum(C * weights);
    const auto dL = gradient(L);

    fmt::print("C = A B + b =\n{}\n", C);
    fmt::print("dL/dA = weights B^T =\n{}\n", dL[A]);
    fmt::print("dL/dB = A^T weights =\n{}\n", dL[B]);
    fmt::print("dL/db = column sums of weights = {}\n\n", dL[b]);

    Evidence evidence;
    evidence.check("L", L.item(), 54 + 10 * 3 + 20 * -0.5);
    evidence.check("dL/dA(1, 2)", dL[A].at(1, 2), 6.5);
    evidence.check("dL/dB(2, 0)", dL[B].at(2, 0), 15);
    evidence.check("dL/db(0), 1 + 2", dL[b].at(0), 3);
    evidence.check("dL/db(1), -1 + 0.5", dL[b].at(1), -0.5);
    try {
        static_cast<void>(matmul(A, A));
        evidence.check("matmul(A, A) is refused", false);
    } catch (const autodiff::ShapeError& error) {
        fmt::print("matmul(A, A): {}\n", error.what());
    }
    return evidence.status();
}
