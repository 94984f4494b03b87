// SPDX-License-Identifier: MIT
// Claim: values of a function decide whether its gradient is right, if the check knows how good its differences are.
//
// Three functions. The first is smooth, and its gradient on the tape passes. The second has a gradient written by hand, in which a single
// element is wrong: the report names it. The third has its kink exactly where it is checked: the slopes to both sides differ, the
// gradient lies between them, and the report says so instead of crying wolf.
#include "autodiff/autodiff.hpp"
#include "autodiff/check/gradcheck.hpp"
#include "examples/evidence.hpp"

using autodiff::Tensor, autodiff::Verdict;

int main() {
    const Tensor<double> x({2, 3}, {0.3, -1.2, 0.5, 2, -0.7, 0.1});
    const auto f = [](const auto& v) { return sum(sin(v) * exp(v)); };
    const auto smooth = gradcheck(f, x, {.names = {"x"}});
    fmt::print("{}\n", smooth.text());

    const auto by_hand = [](const Tensor<double>& v) {
        auto gradient = exp(v) * (sin(v) + cos(v));
        gradient.fill_data()[4] = -gradient.fill_data()[4];  // the mistake
        return gradient;
    };
    const auto mistaken = gradcheck(f, by_hand, x, {.names = {"x"}});
    fmt::print("{}\n", mistaken.text());

    const auto kinked = gradcheck([](const auto& v) { return sum(relu(v)); }, Tensor<double>({3}, {-1, 0, 2}), {.names = {"x"}});
    fmt::print("{}\n", kinked.text());

    Evidence evidence;
    evidence.check("the smooth function passes", smooth.verdict == Verdict::pass);
    evidence.check("the gradient by hand fails", mistaken.verdict == Verdict::fail);
    evidence.check("at the element with the mistake", !mistaken.worst.empty() && mistaken.worst.front().name == "x[1, 1]");
    evidence.check("the kink is no failure", kinked.verdict == Verdict::pass);
    return evidence.status();
}
