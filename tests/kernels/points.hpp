// SPDX-License-Identifier: MIT
/// Where the functions in lanes are tested: in a rule's domain, at numbers of every size, at singular points.
#pragma once

#include "tests/kernels/column.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

namespace lanes {

using autodiff::arity;
using autodiff::code_of;
using autodiff::Interval;
namespace rules = autodiff::rules;

inline constexpr unsigned seed = 2025;

template <class R>
inline constexpr std::size_t arity_of = static_cast<std::size_t>(arity(code_of<R>));

template <class R>
std::vector<Interval> domains() {
    if constexpr (rules::UnaryRule<R>)
        return {R::domain};
    else if constexpr (rules::BinaryRule<R>)
        return {R::domain_a, R::domain_b};
    else
        return {R::domain_a, R::domain_b, R::domain_c};
}

template <class R, class T>
Points<T> points_of_domain(std::size_t count) {
    std::mt19937_64 random(seed);
    Points<T> x;
    for (const Interval& domain : domains<R>()) {
        std::uniform_real_distribution<double> uniform(domain.low, domain.high);
        auto& operand = x.emplace_back(count);
        std::generate(operand.begin(), operand.end(), [&] { return static_cast<T>(uniform(random)); });
    }
    return x;
}

/// Of every size, denormal ones included, of both signs; many of them near 1 and where exponentials live.
template <class R, class T>
Points<T> points_of_every_size(std::size_t count) {
    std::mt19937_64 random(seed);
    const auto uniform = [&random](double low, double high) { return std::uniform_real_distribution<double>(low, high)(random); };
    constexpr double least = std::numeric_limits<T>::min_exponent - std::numeric_limits<T>::digits,
                     most = std::numeric_limits<T>::max_exponent;
    Points<T> x(arity_of<R>, std::vector<T>(count));
    for (auto& operand : x)
        for (T& value : operand) {
            const double sign = random() % 2 ? 1 : -1;
            const unsigned kind = static_cast<unsigned>(random() % 5);
            value = static_cast<T>(sign * (kind == 0   ? std::exp2(uniform(least, most))
                                           : kind == 1 ? std::exp2(uniform(-20, 20))
                                           : kind == 2 ? 1 + uniform(-1, 1) * std::exp2(-uniform(1, 50))
                                           : kind == 3 ? uniform(0, 40)
                                                       : uniform(0, 800)));
        }
    return x;
}

/// Where functions have kinks, poles, steps and limits, and where results overflow or underflow; pairs in all combinations.
template <class R, class T>
Points<T> singular_points() {
    std::vector<T> points;
    for (const double magnitude : {0.0,   5e-324, 1e-310, 1e-300, 1e-45, 1e-40, 1e-30, 1e-20, 1e-8,  0.5,    1.0,   1.5,    2.0,    3.0,
                                   4.0,   10.0,   26.5,   27.3,   28.0,  30.0,  88.7,  89.0,  100.0, 104.0,  105.0, 709.5,  709.79, 710.0,
                                   710.4, 711.0,  745.0,  745.2,  746.0, 1e5,   2e6,   1e16,  1e30,  3.4e38, 1e300, 1.7e308})
        points.push_back(static_cast<T>(magnitude)), points.push_back(static_cast<T>(-magnitude));
    constexpr T one(1), inf = std::numeric_limits<T>::infinity(), huge = T(std::uint64_t{1} << (std::numeric_limits<T>::digits - 1));
    for (const T magnitude : {std::nextafter(one, T(0)), std::nextafter(one, T(2)), huge + 1, 2 * huge, std::numeric_limits<T>::min(),
                              std::nextafter(std::numeric_limits<T>::min(), T(0)), std::numeric_limits<T>::max(), inf})
        points.push_back(magnitude), points.push_back(-magnitude);
    points.push_back(std::numeric_limits<T>::quiet_NaN());
    if constexpr (arity_of<R> == 1) return {points};

    std::mt19937_64 random(seed);
    Points<T> x(arity_of<R>);
    for (const T a : points)
        for (const T b : points) {
            if (arity_of<R> == 3 && random() % 4) continue;
            x[0].push_back(a);
            x[1].push_back(b);
            if constexpr (arity_of<R> == 3) x[2].push_back(points[random() % points.size()]);
        }
    return x;
}

}  // namespace lanes
