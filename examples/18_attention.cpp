// SPDX-License-Identifier: MIT
// Claim: attention is two products with a softmax between them, and so is its gradient: dV = P^T dO, dP = dO V^T,
// dS = P * (dP - rowsum(dP * P)), dQ = dS K / sqrt(d), dK = dS^T Q / sqrt(d).
//
// Each of three words asks (q) all words (k) how much they matter, P says so in shares that add up to 1, and takes the mean of what they
// have to say (v) by these shares. The sweep meets the steps in reverse: what was a mean on the way there is a distribution of blame on
// the way back. Because shares only shift, every row of dS adds up to 0.
#include "autodiff/autodiff.hpp"
#include "autodiff/ops/softmax.hpp"
#include "examples/evidence.hpp"
#include "examples/page.hpp"

#include <cmath>
#include <vector>

using autodiff::Index, autodiff::Tensor;

int main(int arguments, char** argument) {
    const Page page(arguments, argument);
    constexpr Index words = 3, d = 2;
    const double scale = 1 / std::sqrt(static_cast<double>(d));
    const Tensor<double> target({words, d}, {1, 0, 0, 1, 0.5, 0.5});

    autodiff::Tape tape;
    const auto Q = tape.variable(Tensor<double>({words, d}, {0.5, -1, 1, 0.25, -0.75, 0.5}), "Q");
    const auto K = tape.variable(Tensor<double>({words, d}, {1, 0.5, -0.5, 1, 0.25, -1}), "K");
    const auto V = tape.variable(Tensor<double>({words, d}, {0.2, 0.8, 0.9, -0.3, -0.6, 0.4}), "V");
    const auto S = matmul(Q, transpose(K)) * scale;
    const auto P = softmax(S);
    const auto O = matmul(P, V);
    const auto L = sum(square(O - target)) / 2;
    tape.name(S, "S"), tape.name(P, "P"), tape.name(O, "O"), tape.name(L, "L");
    const auto dL = gradient(L);

    fmt::print("who attends to whom: P\n");
    for (Index n = 0; n < words; ++n) fmt::print("{:>9.4f}{:>9.4f}{:>9.4f}\n", P.at(n, 0), P.at(n, 1), P.at(n, 2));

    const auto at = [](Index row, Index column, Index columns) { return static_cast<std::size_t>(row * columns + column); };
    std::vector<double> dO, dP(words * words, 0), dS, dQ(words * d, 0), dK(words * d, 0), dV(words * d, 0);
    for (Index n = 0; n < words; ++n)
        for (Index k = 0; k < d; ++k) dO.push_back(O.at(n, k) - target.at(n, k));
    for (Index n = 0; n < words; ++n)
        for (Index m = 0; m < words; ++m)
            for (Index k = 0; k < d; ++k) {
                dV[at(m, k, d)] += P.at(n, m) * dO[at(n, k, d)];
                dP[at(n, m, words)] += dO[at(n, k, d)] * V.at(m, k);
            }
    double largest_row_sum = 0;
    for (Index n = 0; n < words; ++n) {
        double mean = 0, row_sum = 0;
        for (Index m = 0; m < words; ++m) mean += dP[at(n, m, words)] * P.at(n, m);
        for (Index m = 0; m < words; ++m) {
            dS.push_back(P.at(n, m) * (dP[at(n, m, words)] - mean));
            row_sum += dS.back();
        }
        largest_row_sum = std::max(largest_row_sum, std::abs(row_sum));
    }
    for (Index n = 0; n < words; ++n)
        for (Index m = 0; m < words; ++m)
            for (Index k = 0; k < d; ++k) {
                dQ[at(n, k, d)] += dS[at(n, m, words)] * K.at(m, k) * scale;
                dK[at(m, k, d)] += dS[at(n, m, words)] * Q.at(n, k) * scale;
            }
    fmt::print("\n{}\n", explain(L, Q(0, 1)));

    Evidence evidence;
    evidence.check("dV = P^T dO", dL[V].data(), dV);
    evidence.check("dP = dO V^T", dL[P].data(), dP);
    evidence.check("dS = P * (dP - rowsum(dP * P))", dL[S].data(), dS);
    evidence.check("dQ = dS K / sqrt(d)", dL[Q].data(), dQ);
    evidence.check("dK = dS^T Q / sqrt(d)", dL[K].data(), dK);
    evidence.check("every row of dS adds up to 0", largest_row_sum < 1e-15);
    page.write(L);
    return evidence.status();
}
