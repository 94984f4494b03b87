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

using autodiff::code_of;
using autodiff::Interval;
namespace rules = autodiff::rules;

inline constexpr unsigned seed = 2025;

inline std::size_t arity_of(Operation code) { return static_cast<std::size_t>(arity(code)); }

/// Where a rule is tested, operand by operand.
inline std::vector<Interval> domains(Operation code) {
    std::vector<Interval> found;
    rules::for_each<rules::All>([&]<class R>(R) {
        if (code_of<R> != code) return;
        if constexpr (rules::UnaryRule<R>)
            found = {R::domain};
        else if constexpr (rules::BinaryRule<R>)
            found = {R::domain_a, R::domain_b};
        else
            found = {R::domain_a, R::domain_b, R::domain_c};
    });
    return found;
}
/// The rules of a list, in its order.
template <class List>
std::vector<Operation> codes_of() {
    std::vector<Operation> codes;
    rules::for_each<List>([&codes]<class R>(R) { codes.push_back(code_of<R>); });
    return codes;
}

template <class T>
Points<T> points_of_domain(Operation code, std::size_t count) {
    std::mt19937_64 random(seed);
    Points<T> x;
    for (const Interval& domain : domains(code)) {
        std::uniform_real_distribution<double> uniform(domain.low, domain.high);
        auto& operand = x.emplace_back(count);
        std::generate(operand.begin(), operand.end(), [&] { return static_cast<T>(uniform(random)); });
    }
    return x;
}

/// Of every size, denormal ones included, of both signs; many of them near 1 and where exponentials live.
template <class T>
Points<T> points_of_every_size(Operation code, std::size_t count) {
    std::mt19937_64 random(seed);
    const auto uniform = [&random](double low, double high) { return std::uniform_real_distribution<double>(low, high)(random); };
    constexpr double least = std::numeric_limits<T>::min_exponent - std::numeric_limits<T>::digits,
                     most = std::numeric_limits<T>::max_exponent;
    Points<T> x(arity_of(code), std::vector<T>(count));
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
template <class T>
Points<T> singular_points(Operation code) {
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
    if (arity_of(code) == 1) return {points};

    std::mt19937_64 random(seed);
    Points<T> x(arity_of(code));
    for (const T a : points)
        for (const T b : points) {
            if (arity_of(code) == 3 && random() % 4) continue;
            x[0].push_back(a);
            x[1].push_back(b);
            if (arity_of(code) == 3) x[2].push_back(points[random() % points.size()]);
        }
    return x;
}

}  // namespace lanes
