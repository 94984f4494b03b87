// SPDX-License-Identifier: MIT
/// How tests compare numbers, and how they differentiate without any rule.
///
///     BOOST_TEST(close(got, expected, {.ulps = 4}));
///     BOOST_TEST(close(partial, ridders(f, x).derivative, {.relative = 1e-12}));
#pragma once

#include <array>
#include <boost/test/tools/assertion_result.hpp>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <fmt/format.h>
#include <limits>

namespace test {

/// How far two numbers may be apart: the largest of the three counts. `ulps` are those of the type of the number under test.
struct Tolerance {
    double relative = 0;
    double absolute = 0;
    double ulps = 0;
};

/// Whether `got` is `expected`. NaN is NaN, an infinity is itself only; zeros of both signs are equal.
template <std::floating_point T, std::floating_point Reference>
[[nodiscard]] boost::test_tools::assertion_result close(T got, Reference expected, Tolerance tolerance) {
    const auto x = static_cast<long double>(got), reference = static_cast<long double>(expected);
    const bool same = x == reference || (std::isnan(x) && std::isnan(reference));
    const long double error = std::abs(x - reference), size = std::abs(reference);
    const T near = std::abs(static_cast<T>(reference));
    const auto ulp = static_cast<long double>(std::nextafter(near, std::numeric_limits<T>::infinity()) - near);
    long double allowed = std::fmax(static_cast<long double>(tolerance.relative) * size, static_cast<long double>(tolerance.absolute));
    if (std::isfinite(ulp)) allowed = std::fmax(allowed, tolerance.ulps * ulp);
    const bool ok = same || (std::isfinite(x) && std::isfinite(reference) && error <= allowed);
    boost::test_tools::assertion_result result(ok);
    if (!ok)
        result.message() << fmt::format("got {:.17g}, expected {:.17g}: error {:.3g} ({:.3g} ulps), allowed {:.3g}", got, expected, error,
                                        error / ulp, allowed);
    return result;
}

struct Difference {
    long double derivative;
    long double error;  ///< an estimate
};

/// df/dx by central differences at shrinking steps, extrapolated to step 0 by Neville's scheme; the entry with the smallest estimated
/// error wins. source: Ridders (1982), "Accurate computation of F'(x) and F'(x)F''(x)"
template <class F>
[[nodiscard]] Difference ridders(const F& f, long double x, long double step = 0.02L) {
    constexpr std::size_t levels = 12;
    constexpr long double shrink = 1.6L;
    std::array<std::array<long double, levels>, levels> table{};
    Difference best{0, std::numeric_limits<long double>::infinity()};
    for (std::size_t level = 0; level < levels; ++level, step /= shrink) {
        const long double right = x + step, left = x - step;
        table[0][level] = (f(right) - f(left)) / (right - left);
        long double factor = 1;
        for (std::size_t order = 1; order <= level; ++order) {
            factor *= shrink * shrink;
            table[order][level] = (table[order - 1][level] * factor - table[order - 1][level - 1]) / (factor - 1);
            const long double error = std::fmax(std::abs(table[order][level] - table[order - 1][level]),
                                                std::abs(table[order][level] - table[order - 1][level - 1]));
            if (error < best.error) best = {table[order][level], error};
        }
    }
    return best;
}

}  // namespace test
