// SPDX-License-Identifier: MIT
// hello_tensor.cpp with libtorch.
#include <torch/torch.h>

#include <cstdio>

int main() {
    const auto a = torch::tensor(0.3, torch::dtype(torch::kFloat64).requires_grad(true));
    const auto W = torch::tensor({{1.0, 2.0, 3.0}, {4.0, 5.0, 6.0}}, torch::dtype(torch::kFloat64).requires_grad(true));
    const auto X = torch::tensor({{1.0, 2.0}, {3.0, 4.0}}, torch::kFloat64);
    const auto L = torch::mm(X, a * W).sum() + W[1][2] * W[1][2];
    const auto dL = torch::autograd::grad({L}, {a, W});
    std::printf("%.6f %.6f %.6f\n", L.item<double>(), dL[0].item<double>(), dL[1][1][2].item<double>());
}
