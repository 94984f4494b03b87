// SPDX-License-Identifier: MIT
// Claim: where a value is used several times, its derivative is the sum over all uses. That is why the sweep adds.
//
// e = (a + b)(b + 1): b reaches e along two paths, each path contributes the product of its local derivatives, and the sweep, which
// meets one path after the other, has to *add* what arrives. An engine that assigns instead is right until somebody uses a value
// twice: the last line shows what it would say.
#include "autodiff/autodiff.hpp"
#include "examples/evidence.hpp"
#include "examples/page.hpp"

int main(int arguments, char** argument) {
    const Page page(arguments, argument);
    autodiff::Tape tape;
    const auto a = tape.variable(2, "a"), b = tape.variable(1, "b");
    const auto sum = a + b, next = b + 1;
    const auto e = sum * next;
    tape.name(sum, "a + b"), tape.name(next, "b + 1"), tape.name(e, "e");
    const auto de = gradient(e);

    const double along_sum = de[sum] * 1;    // de/d(a + b) * d(a + b)/db
    const double along_next = de[next] * 1;  // de/d(b + 1) * d(b + 1)/db
    fmt::print("e = (a + b)(b + 1) at a = 2, b = 1\n");
    fmt::print("paths from e to b:  {} through a + b,  {} through b + 1\n\n", along_sum, along_next);

    Evidence evidence;
    evidence.check("e", e.value(), 6);
    evidence.check("de/da", de[a], 2);
    evidence.check("de/db", de[b], along_sum + along_next);
    evidence.check("de/db is 5, not the 2 or 3 of one path alone", de[b] == 5);
    page.write(e);
    return evidence.status();
}
