// SPDX-License-Identifier: MIT
// Claim: the derivative with respect to a weight is a product of three factors: dL/da * sigma'(z) * x.
//
// One neuron: z = w0 x0 + w1 x1 + b, a = sigma(z), L = (a - t)^2 / 2. The first factor asks how the loss changes with the neuron's
// output, the second how the output changes with the weighted sum, the third how the weighted sum changes with the weight. Every
// other formula of backpropagation repeats these three; the next example has a whole layer of them.
#include "autodiff/autodiff.hpp"
#include "examples/evidence.hpp"
#include "examples/page.hpp"

#include <array>

int main(int arguments, char** argument) {
    const Page page(arguments, argument);
    const double t = 0;
    const std::array x{-1.0, -2.0};
    autodiff::Tape tape;
    const std::array w{tape.variable(2, "w0"), tape.variable(-3, "w1")};
    const auto b = tape.variable(-3, "b");
    const auto z = w[0] * x[0] + w[1] * x[1] + b;
    const auto a = sigmoid(z);
    const auto L = square(a - t) / 2;
    tape.name(z, "z"), tape.name(a, "a"), tape.name(L, "L");
    const auto dL = gradient(L);

    const double from_loss = a.value() - t;            // dL/da
    const double slope = a.value() * (1 - a.value());  // da/dz = sigma'(z) = sigma(z)(1 - sigma(z))
    fmt::print("            dL/da  *  sigma'(z)  *      x\n");
    for (std::size_t i = 0; i < w.size(); ++i)
        fmt::print("dL/dw{} = {:>8.6f}  *   {:.6f}  *  {:>5}  = {:>9.6f}\n", i, from_loss, slope, x[i], from_loss * slope * x[i]);
    fmt::print("dL/db  = {:>8.6f}  *   {:.6f}  *      1  = {:>9.6f}\n\n", from_loss, slope, from_loss * slope);

    Evidence evidence;
    evidence.check("a", a.value(), 0.73105857863000487925);
    evidence.check("dL/da", dL[a], from_loss);
    evidence.check("dL/dz, the first two", dL[z], from_loss * slope);
    evidence.check("dL/dw0", dL[w[0]], from_loss * slope * x[0]);
    evidence.check("dL/dw1", dL[w[1]], from_loss * slope * x[1]);
    evidence.check("dL/db", dL[b], from_loss * slope);
    page.write(L);
    return evidence.status();
}
