// SPDX-License-Identifier: MIT
// Claim: the derivative of f(g(x)) is f'(g(x)) g'(x), and nobody has to work it out by hand.
//
// Here g(x) = x^2 and f(u) = sin u. `value_and_gradient` runs an ordinary function once and returns its value and its derivative; by
// hand it takes the two derivatives of a table, cos u and 2x, and one multiplication. Both ways must give the same number.
#include "autodiff/autodiff.hpp"
#include "examples/evidence.hpp"
#include "examples/page.hpp"

#include <cmath>

int main(int arguments, char** argument) {
    const Page page(arguments, argument);
    const double x = 1.5;
    const auto [y, dy] = autodiff::value_and_gradient(
        [](const auto& v) {
            const auto u = v * v;
            return sin(u);
        },
        x);

    const double u = x * x;
    const double dy_du = std::cos(u);  // the outer derivative, at g(x)
    const double du_dx = 2 * x;        // the inner derivative, at x
    fmt::print("y = sin(x^2) at x = {}\n", x);
    fmt::print("dy/dx = dy/du * du/dx = {:.8g} * {:.8g}\n\n", dy_du, du_dx);

    Evidence evidence;
    evidence.check("y", y, std::sin(u));
    evidence.check("dy/dx", dy, dy_du * du_dx);

    // The same on a tape, for the page: there every step of the sweep can be looked at.
    autodiff::Tape tape;
    const auto v = tape.variable(x, "x"), inner = v * v, outer = sin(inner);
    tape.name(inner, "u"), tape.name(outer, "y");
    page.write(outer);
    return evidence.status();
}
