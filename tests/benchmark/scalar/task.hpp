// SPDX-License-Identifier: MIT
/// What a task of the scalar benchmark is, and where its numbers come from. The tasks themselves: one header each, listed in tasks.hpp.
///
/// A task is a function that is evaluated at many points, each with variables of its own:
///   name                    as on the command line
///   outputs                 how many numbers the function returns; each has its own gradient
///   dimension()             how many variables a point has
///   points()                how many points there are
///   inputs()                the variables of all points, point after point
///   evaluate(p, x, y)       y[0..outputs) at point p with the variables x[0..dimension), for any number type T
/// The same template serves the plain function and every tool. It names its types (no auto), because some tools return expressions.
/// Constructed with `quick`, a task is a tenth of its size or less.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <string_view>
#include <vector>

namespace benchmark {

/// Number `index` of stream `stream`, uniform in (0, 1). Counter-based (the output function of SplitMix64): every program draws the same
/// numbers, in whatever order it asks.
inline double uniform(std::uint64_t stream, std::uint64_t index) {
    std::uint64_t z = (stream << 40) + (index + 1) * 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    z ^= z >> 31;
    return (static_cast<double>(z >> 11) + 0.5) * 0x1p-53;
}
inline double uniform(std::uint64_t stream, std::uint64_t index, double low, double high) {
    return low + (high - low) * uniform(stream, index);
}
/// The same with a standard normal distribution (Box and Muller).
inline double normal(std::uint64_t stream, std::uint64_t index) {
    return std::sqrt(-2 * std::log(uniform(stream, 2 * index))) * std::cos(2 * std::numbers::pi * uniform(stream, 2 * index + 1));
}

/// c ? a : b. A recorded function keeps both sides where the number type has a `where`.
template <class C, class T>
[[gnu::always_inline]] inline T choose(const C& c, const T& a, const T& b) {
    if constexpr (requires { where(c, a, b); })
        return where(c, a, b);
    else
        return c ? a : b;
}
template <class T>
T sigmoid(const T& x) {
    using std::exp;
    return 1.0 / (1.0 + exp(-x));
}

}  // namespace benchmark
