// SPDX-License-Identifier: MIT
// Claim: a weight that is used at many places gets the sum over all of them: dL/dK[u,v] = sum over i, j of delta[i,j] X[i+u, j+v].
//
// A convolution is a neuron that slides over an image: z[i,j] = sum over u, v of K[u,v] X[i+u, j+v] + b. Every output uses the same four
// weights, so each weight collects a contribution from every output, which is itself a correlation, of the image with delta = dL/dz. A
// pixel is used by up to four outputs, and collects from those. Nothing new is needed: it is fan-out once more, in two dimensions.
#include "autodiff/autodiff.hpp"
#include "autodiff/ops/conv.hpp"
#include "examples/evidence.hpp"
#include "examples/page.hpp"

#include <vector>

using autodiff::Index, autodiff::Tensor;

int main(int arguments, char** argument) {
    const Page page(arguments, argument);
    constexpr Index size = 4, kernel = 2, out = size - kernel + 1;

    autodiff::Tape tape;
    const auto X = tape.variable(Tensor<double>({1, 1, size, size}, {0, 1, 2, 1, 1, 3, 1, 0, 0, 2, 4, 1, 1, 0, 1, 2}), "X");
    const auto K = tape.variable(Tensor<double>({1, 1, kernel, kernel}, {0.5, -1, 1, 0.25}), "K");
    const auto b = tape.variable(Tensor<double>({1}, {-0.5}), "b");
    const auto z = conv2d(X, K) + reshape(b, {1, 1, 1});
    const auto a = relu(z);
    const auto L = sum(square(a)) / 2;
    tape.name(z, "z"), tape.name(a, "a"), tape.name(L, "L");
    const auto dL = gradient(L);

    double delta[out][out];  // dL/da * relu'(z), and dL/da = a
    double sum_of_delta = 0;
    fmt::print("delta = dL/da * relu'(z)\n");
    for (Index i = 0; i < out; ++i) {
        for (Index j = 0; j < out; ++j) {
            delta[i][j] = z.at(0, 0, i, j) > 0 ? a.at(0, 0, i, j) : 0;
            sum_of_delta += delta[i][j];
            fmt::print("{:>8.4f}", delta[i][j]);
        }
        fmt::print("\n");
    }

    std::vector<double> weights(kernel * kernel, 0), pixels(size * size, 0);
    for (Index u = 0; u < kernel; ++u)
        for (Index v = 0; v < kernel; ++v)
            for (Index i = 0; i < out; ++i)
                for (Index j = 0; j < out; ++j) {
                    weights[static_cast<std::size_t>(u * kernel + v)] += delta[i][j] * X.at(0, 0, i + u, j + v);
                    pixels[static_cast<std::size_t>((i + u) * size + j + v)] += delta[i][j] * K.at(0, 0, u, v);
                }
    fmt::print("\ndL/dK\n");
    for (Index u = 0; u < kernel; ++u) fmt::print("{:>8.4f}{:>8.4f}\n", dL[K].at(0, 0, u, 0), dL[K].at(0, 0, u, 1));
    fmt::print("\n{}\n", explain(L, K(0, 0, 0, 1), {.terms = 9}));

    Evidence evidence;
    evidence.check("dL/dK[u,v] = sum delta[i,j] X[i+u, j+v]", dL[K].data(), weights);
    evidence.check("dL/dX[i+u, j+v] += delta[i,j] K[u,v]", dL[X].data(), pixels);
    evidence.check("dL/db = sum delta", dL[b].at(0), sum_of_delta);
    page.write(L);
    return evidence.status();
}
