// SPDX-License-Identifier: MIT
/// Programs, operands and their results by plain numbers: what the runs of plans are tested on.
#pragma once

#include "autodiff/elementwise.hpp"
#include "autodiff/kernels/threads.hpp"
#include "autodiff/program/run.hpp"
#include "tests/kernels/views.hpp"

#include <fmt/format.h>
#include <vector>

namespace programs {

using namespace views;

/// y0 = x0 tanh x1 + x2, y1 = exp(-x0^2) - x1 / 2: three inputs, two outputs, sums and products of every kind.
template <class X, class Y>
void formula(const X* x, Y* y) {
    using namespace std;
    y[0] = x[0] * tanh(x[1]) + x[2];
    y[1] = exp(-(x[0] * x[0])) - x[1] / 2;
}
inline constexpr std::size_t inputs = 3, outputs = 2;

inline program::Program recorded() {
    return internal::traced("test", inputs, outputs, [](const Scalar* x, Scalar* y) { formula(x, y); });
}
template <class T>
program::Plan<T> planned(std::vector<bool> shared = std::vector<bool>(inputs, false),
                         std::vector<program::Delivery> deliveries = std::vector(outputs, program::Delivery::each)) {
    return program::make_plan<T>(recorded(), shared, deliveries);
}

/// Three operands of a shape, each laid out at random: repeated, with gaps, backwards.
template <class T>
struct Operands {
    std::vector<Array<T>> arrays;

    Operands(Random& random, const Shape& shape, Repeats repeats = Repeats::yes) {
        for (std::size_t k = 0; k < inputs; ++k) arrays.push_back(arranged<T>(random, shape, repeats));
    }
    [[nodiscard]] std::vector<program::Input<T>> read() const {
        std::vector<program::Input<T>> all;
        for (const Array<T>& each : arrays) all.push_back({each.view.data, each.view.strides.data()});
        return all;
    }
    /// Output k at element `flat`, in long double.
    [[nodiscard]] long double exact(std::size_t k, Index flat) const {
        long double x[inputs], y[outputs];
        for (std::size_t i = 0; i < inputs; ++i) x[i] = static_cast<long double>(at(arrays[i].view, flat));
        formula(x, y);
        return y[k];
    }
};

/// Restores the number of threads.
struct Restore {
    int count = kernels::threads();
    ~Restore() { kernels::set_threads(count); }
};

/// work() with 1, 2 and 4 threads; whether it gave the same each time.
template <class Work>
bool same_for_any_number_of_threads(const Work& work) {
    const Restore restore;
    kernels::set_threads(1);
    const auto expected = work();
    bool same = true;
    for (const int count : {2, 4}) {
        kernels::set_threads(count);
        same = same && work() == expected;
    }
    return same;
}

}  // namespace programs
