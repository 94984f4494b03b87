// SPDX-License-Identifier: MIT
// A user's first program, to be compiled and timed: level 0 of the README.
#include <autodiff/gradient.hpp>
#include <autodiff/scalar.hpp>

#include <cstdio>

int main() {
    const auto [y, g] = autodiff::value_and_gradient([](auto a, auto b) { return a * b + sin(a); }, 1.3, 5.2);
    const auto [dy_da, dy_db] = g;
    std::printf("%.6f %.6f %.6f\n", y, dy_da, dy_db);
}
