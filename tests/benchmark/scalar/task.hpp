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

#include "benchmark/random.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace benchmark {

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
