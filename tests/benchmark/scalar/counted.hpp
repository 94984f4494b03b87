// SPDX-License-Identifier: MIT
/// A number that counts what is done with it: every arithmetic operation and function is one, copies and comparisons are none.
#pragma once

#include <cmath>
#include <cstddef>

namespace benchmark {

struct Counted {
    double value = 0;
    static inline std::size_t count = 0;

    Counted() = default;
    Counted(double x) : value(x) {}
    static Counted result(double x) {
        ++count;
        return x;
    }
    friend Counted operator+(Counted a, Counted b) { return result(a.value + b.value); }
    friend Counted operator-(Counted a, Counted b) { return result(a.value - b.value); }
    friend Counted operator*(Counted a, Counted b) { return result(a.value * b.value); }
    friend Counted operator/(Counted a, Counted b) { return result(a.value / b.value); }
    friend Counted operator-(Counted a) { return result(-a.value); }
    Counted& operator+=(Counted b) { return *this = *this + b; }
    friend bool operator<(Counted a, Counted b) { return a.value < b.value; }
    friend bool operator>(Counted a, Counted b) { return a.value > b.value; }
    friend Counted exp(Counted a) { return result(std::exp(a.value)); }
    friend Counted log(Counted a) { return result(std::log(a.value)); }
    friend Counted sqrt(Counted a) { return result(std::sqrt(a.value)); }
    friend Counted sin(Counted a) { return result(std::sin(a.value)); }
    friend Counted cos(Counted a) { return result(std::cos(a.value)); }
    friend Counted tanh(Counted a) { return result(std::tanh(a.value)); }
};

}  // namespace benchmark
