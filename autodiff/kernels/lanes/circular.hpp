// SPDX-License-Identifier: MIT
/// sin, cos, tan of packs: x = n pi/2 + r with |r| <= pi/4, r as an unevaluated sum. Float is computed in double.
#pragma once

#include "autodiff/kernels/lanes/arithmetic.hpp"
#include "autodiff/kernels/lanes/each_lane.hpp"
#include "autodiff/rules/trigonometric.hpp"

#include <numbers>

namespace autodiff {
inline namespace v1 {
namespace kernels {

/// (sin(r) / r - 1) / r^2 in r^2, error 2^-57
inline constexpr double sin_series[] = {-0.16666666666666666,    0.008333333333333331,   -0.00019841269841265017, 2.755731921930192e-06,
                                        -2.5052106219521895e-08, 1.6058529572267877e-10, -7.586576588171073e-13};
/// (cos(r) - 1 + r^2 / 2) / r^4 in r^2, error 2^-59
inline constexpr double cos_series[] = {0.041666666666666664,    -0.0013888888888887382, 2.480158729874307e-05,
                                        -2.7557317260008837e-07, 2.0876143827993133e-09, -1.1382456778061306e-11};
/// pi/2 in parts: n times each of the first three is exact for n up to 2^20.
inline constexpr double half_pi[] = {0x1.921fb544p+0, 0x1.0b4611a6p-34, 0x1.3198a2ep-69, 0x1.b839a252049c1p-104};
/// Beyond, angles are reduced by the scalar functions.
inline constexpr double large_angle = 0x1p20;

template <class P>
struct Angle {
    typename P::Bits quadrant;  ///< in the low two bits
    P sin, cos;                 ///< of r
};
template <class A>
[[nodiscard, gnu::always_inline]] inline Angle<Pack<double, A>> angle(const Pack<double, A>& x) {
    using P = Pack<double, A>;
    const P turns = x * P(2 / std::numbers::pi), n = nearest(turns);
    const auto first = exact_sum(x - n * P(half_pi[0]), -(n * P(half_pi[1])));
    const auto second = exact_sum(first.high, -(n * P(half_pi[2])));
    const auto [r, low] = sum_of_ordered(second.high, first.low + (second.low - n * P(half_pi[3])));

    const P square = r * r, half = P(0.5) * square, rest = 1 - half;
    const P sin = r + mul_add(r * square, polynomial(square, sin_series), low * rest);
    const P cos = rest + ((1 - rest - half) + mul_add(square * square, polynomial(square, cos_series), -(r * low)));
    return {nearest_bits(turns), sin, cos};
}
/// The sign of a quadrant whose second bit is set.
template <class P>
[[nodiscard, gnu::always_inline]] inline P turned(const P& y, const typename P::Bits& quadrant) {
    return P::from_bits(y.bits() ^ ((quadrant << 62) & P::sign_bit));
}
/// Whether the lowest bit is set.
template <class T, class A>
[[nodiscard, gnu::always_inline]] inline Mask<T, A> is_odd(const typename Pack<T, A>::Bits& bits) {
    constexpr int top = 8 * sizeof(T) - 1;
    return Pack<T, A>::from_bits((bits << top) | Pack<T, A>(1).bits()) < 0;
}

/// y where |x| is moderate, R's own value elsewhere.
template <class R, class A>
[[nodiscard, gnu::always_inline]] inline Pack<double, A> unless_large(const Pack<double, A>& x, const Pack<double, A>& y) {
    const auto large = abs(x) > large_angle;
    if (any(large)) [[unlikely]]
        return select(large, each_lane<R>(x), y);
    return y;
}

template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<double, A> sin(const Pack<double, A>& x) {
    const auto [quadrant, s, c] = angle(x);
    const Pack<double, A> y = turned(select(is_odd<double, A>(quadrant), c, s), quadrant);
    return unless_large<rules::Sin>(x, select(abs(x) < 0x1p-27, x, y));
}
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<double, A> cos(const Pack<double, A>& x) {
    const auto [quadrant, s, c] = angle(x);
    return unless_large<rules::Cos>(x, turned(select(is_odd<double, A>(quadrant), s, c), quadrant + 1));
}
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<double, A> tan(const Pack<double, A>& x) {
    const auto [quadrant, s, c] = angle(x);
    const auto odd = is_odd<double, A>(quadrant);
    const Pack<double, A> y = select(odd, -c, s) / select(odd, s, c);
    return unless_large<rules::Tan>(x, select(abs(x) < 0x1p-27, x, y));
}

template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<float, A> sin(const Pack<float, A>& x) {
    return in_double<A>([](const auto& wide) { return sin(wide); }, x);
}
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<float, A> cos(const Pack<float, A>& x) {
    return in_double<A>([](const auto& wide) { return cos(wide); }, x);
}
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<float, A> tan(const Pack<float, A>& x) {
    return in_double<A>([](const auto& wide) { return tan(wide); }, x);
}

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff
