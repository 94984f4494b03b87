// SPDX-License-Identifier: MIT
// Claim: a tape records what you compute, and one sweep over it gives the derivative with respect to every variable.
//
// A variable is a number with a place on the tape. Arithmetic with it adds a row a step; `gradient` reads the rows backwards and
// returns a value, so that asking twice gives the same answer: nothing accumulates behind your back, nothing has to be zeroed.
#include "autodiff/autodiff.hpp"
#include "examples/evidence.hpp"

#include <cmath>

int main() {
    autodiff::Tape tape;
    const auto a = tape.variable(1.3, "a"), b = tape.variable(5.2, "b"), c = tape.variable(7.0, "c");
    const auto y = a * b + sin(a);

    const auto dy = gradient(y);
    fmt::print("y = a b + sin a, recorded in {} rows, {} of them variables\n\n", tape.stats().rows, tape.stats().variables);

    Evidence evidence;
    evidence.check("y", y.value(), 1.3 * 5.2 + std::sin(1.3));
    evidence.check("dy/da = b + cos a", dy[a], 5.2 + std::cos(1.3));
    evidence.check("dy/db = a", dy[b], 1.3);
    evidence.check("dy/dc", dy[c], 0);
    evidence.check("y is connected to a and b", dy.reaches(a) && dy.reaches(b));
    evidence.check("y is not connected to c: more than that dy/dc is 0", !dy.reaches(c));
    evidence.check("a second sweep, dy/da", gradient(y)[a], dy[a]);
    return evidence.status();
}
