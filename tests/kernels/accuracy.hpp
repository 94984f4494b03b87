// SPDX-License-Identifier: MIT
/// How far off the functions in lanes may be. The table is the documentation: what it says is tested, for float at every argument there is
/// (lanes_exhaustive.cpp, which also prints what was measured), for double at samples (lanes_accuracy.cpp).
#pragma once

#include "tests/kernels/points.hpp"

#include <algorithm>
#include <cmath>
#include <concepts>
#include <limits>
#include <string_view>

namespace lanes {

/// In units in the last place of the exact result, over all arguments. "Exact" functions round once, so they are off by 1/2 at most.
struct Bound {
    std::string_view rule;
    double of_float, of_double;
};
inline constexpr Bound bounds[] = {
    {"neg", 0, 0},
    {"square", 0.5, 0.5},
    {"reciprocal", 0.5, 0.5},
    {"sqrt", 0.5, 0.5},
    {"cbrt", 0.51, 1},
    {"rsqrt", 1.5, 1.5},
    {"exp", 1.25, 1.25},
    {"exp2", 1.25, 1.25},
    {"expm1", 2, 2},
    {"log", 1, 1},
    {"log2", 0.51, 1},
    {"log10", 0.51, 1},
    {"log1p", 1.5, 1.5},
    {"sin", 2, 2},
    {"cos", 2, 2},
    {"tan", 0.51, 2.5},
    {"asin", 0.51, 1.5},
    {"acos", 0.51, 1},
    {"atan", 0.51, 2},
    {"sinh", 0.51, 2},
    {"cosh", 0.51, 1.5},
    {"tanh", 1.75, 1.5},
    {"asinh", 0.75, 2},
    {"acosh", 0.51, 2},
    {"atanh", 0.51, 2},
    {"sigmoid", 2.5, 2.5},
    {"softplus", 2.5, 2},
    {"relu", 0, 0},
    {"abs", 0, 0},
    {"sign", 0, 0},
    {"floor", 0, 0},
    {"erf", 1.75, 1.75},
    {"erfc", 0.55, 2.25},
    // Below 0, where they have zeros that cannot be had to the last place, in epsilons of |y| + |f(-x)| + 1.
    {"lgamma", 0.55, 4},
    {"digamma", 0.55, 3},

    {"add", 0.5, 0.5},
    {"sub", 0.5, 0.5},
    {"mul", 0.5, 0.5},
    {"div", 0.5, 0.5},
    {"pow", 0.55, 1},
    {"maximum", 0, 0},
    {"minimum", 0, 0},
    {"hypot", 0.51, 1.25},
    {"atan2", 0.51, 2},
    {"polygamma", 0.55, 6},  // of order 1; others are computed lane by lane
    {"less", 0, 0},
    {"less_equal", 0, 0},
    {"equal", 0, 0},
    {"not_equal", 0, 0},
    {"through", 0, 0},
    {"chain_product", 0.5, 0.5},

    {"fma", 0.5, 0.5},
    {"where", 0, 0},
    {"chain_sum", 1, 1},  // in epsilons of |a b| + |c|
};
template <class T>
double bound_of(std::string_view rule) {
    const auto row = std::find_if(std::begin(bounds), std::end(bounds), [rule](const Bound& each) { return each.rule == rule; });
    return row == std::end(bounds) ? 0 : std::same_as<T, float> ? row->of_float : row->of_double;
}
/// Whether the bound is one of |y| + |f(-x)| + 1 below 0.
inline bool has_reflection(std::string_view rule) { return rule == "lgamma" || rule == "digamma"; }

template <class T>
bool same_bits_or_both_nan(T a, T b) {
    return (std::isnan(a) && std::isnan(b)) || (a == b && std::signbit(a) == std::signbit(b));
}
/// Distance in units in the last place, those of denormals included. An infinity is as far from finite numbers as the number that would
/// follow the largest; NaN, a wrong sign of a zero and a wrong infinity are infinitely wrong.
template <class T, std::floating_point Reference>
double ulps_off(T got, Reference exact) {
    using Limits = std::numeric_limits<T>;
    constexpr double wrong = std::numeric_limits<double>::infinity();
    const T rounded = static_cast<T>(exact);
    if (same_bits_or_both_nan(got, rounded) && (rounded == 0 || !std::isfinite(rounded))) return 0;
    if (std::isnan(got) || std::isnan(rounded)) return wrong;
    if (got == 0 && std::signbit(got) != std::signbit(exact)) return wrong;
    if (std::isinf(got) && std::isinf(exact)) return wrong;
    const auto beyond = std::ldexp(static_cast<long double>(1), Limits::max_exponent);
    const auto finite = [&](auto x) {
        return std::isinf(x) ? std::copysign(beyond, static_cast<long double>(x)) : static_cast<long double>(x);
    };
    const int exponent = rounded == 0 ? Limits::min_exponent : std::isinf(rounded) ? Limits::max_exponent : std::ilogb(rounded) + 1;
    const long double ulp = std::ldexp(static_cast<long double>(1), std::max(exponent, Limits::min_exponent) - Limits::digits);
    return static_cast<double>(std::abs(finite(got) - finite(exact)) / ulp);
}

}  // namespace lanes
