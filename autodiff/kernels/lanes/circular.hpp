// SPDX-License-Identifier: MIT
/// sin, cos, tan of packs: x = n pi + r, r as an unevaluated sum; n is an integer for sin, half an odd one for cos, half an integer for
/// tan. Large angles are reduced by the scalar functions, those of float by way of double where that suffices.
#pragma once

#include "autodiff/kernels/lanes/arithmetic.hpp"
#include "autodiff/kernels/lanes/each_lane.hpp"
#include "autodiff/rules/trigonometric.hpp"

#include <numbers>

namespace autodiff {
inline namespace v1 {
namespace kernels {

template <class T>
struct CircularConstants;
template <>
struct CircularConstants<double> {
    /// (sin(r) - r + r^3 / 6) / r^5 in r^2 up to (pi/2)^2, error 2^-59
    static constexpr double series[] = {0.00833333333333318,   -0.00019841269841195682, 2.7557319207714487e-06, -2.5052106482507255e-08,
                                        1.605891711615963e-10, -7.642343842110041e-13,  2.713867505115819e-15};
    /// pi in parts, for |x| up to `large`: n times the second is exact; n times each of the first three is
    static constexpr double fused_parts[] = {0x1.921fb54442d18p+1, 0x1.1a626331p-53, 0x1.1701b839a252p-87};
    static constexpr double parts[] = {0x1.921fb544p+1, 0x1.0b4611a6p-33, 0x1.3198a2ep-68, 0x1.b839a252049c1p-103};
    static constexpr double short_parts[] = {0x1.921fb544p+1, 0x1.0b4611a626331p-33};  ///< n times the first is exact
    static constexpr double large = 0x1p20;
};
template <>
struct CircularConstants<float> {
    /// error 2^-28
    static constexpr float series[] = {0.00833336f, -0.00019845042f, 2.775032e-06f, -2.7933046e-08f};
    static constexpr float fused_parts[] = {0x1.921fb6p+1f, -0x1.778p-24f, 0x1.68c234p-38f};
    static constexpr float parts[] = {0x1.921p+1f, 0x1.f6ap-12f, 0x1.11p-25f, 0x1.68c234p-38f};
    static constexpr float large = 0x1p11f;
};

/// pi/2 = high + low, and so for its half and its double
inline constexpr double half_pi_high = 0x1.921fb54442d18p+0, half_pi_low = 0x1.1a62633145c07p-54;

/// x - n pi for the multiple of 1/2 that leaves little; |x| <= large.
template <class T, class A>
[[nodiscard, gnu::always_inline]] inline Wide<Pack<T, A>> reduced(const Pack<T, A>& x, const Pack<T, A>& n) {
    using P = Pack<T, A>;
    using C = CircularConstants<T>;
    if constexpr (is_fused<A>) {
        const P first = fused(-n, P(C::fused_parts[0]), x), r = fused(-n, P(C::fused_parts[1]), first);
        return {r, fused(-n, P(C::fused_parts[2]), fused(-n, P(C::fused_parts[1]), first - r))};
    } else {
        const auto first = exact_sum(x - n * P(C::parts[0]), -(n * P(C::parts[1])));
        const auto second = exact_sum(first.high, -(n * P(C::parts[2])));
        return sum_of_ordered(second.high, first.low + (second.low - n * P(C::parts[3])));
    }
}
/// sin(r + low) for |r| <= pi/2: r - r^3/6 with its rounding error, then the rest. The parabola is cos r nearly enough for what low is.
template <class T, class A>
[[nodiscard, gnu::always_inline]] inline Pack<T, A> sin_of_reduced(const Pack<T, A>& r, const Pack<T, A>& low) {
    using P = Pack<T, A>;
    const P square = r * r, cube = r * square, sixth(-1 / T(6));
    const P rest = mul_add(cube * square, polynomial(square, CircularConstants<T>::series), low * mul_add(square, P(T(-0.405)), P(1)));
    P most, lost;
    if constexpr (is_fused<A>) {
        most = fused(cube, sixth, r);
        lost = fused(cube, sixth, r - most);
    } else {
        const auto sum = sum_of_ordered(r, cube * sixth);
        most = sum.high, lost = sum.low;
    }
    return most + (lost + rest);
}
/// The sign bit, where the integer in the low bits is odd.
template <class P>
[[nodiscard, gnu::always_inline]] inline typename P::Bits sign_of_odd(const typename P::Bits& n) {
    return n << (8 * sizeof(typename P::value_type) - 1);
}

/// y where |x| is moderate, R's own value elsewhere.
template <class R, class A>
[[nodiscard, gnu::always_inline]] inline Pack<double, A> unless_large(const Pack<double, A>& x, const Pack<double, A>& y) {
    const auto large = abs(x) > CircularConstants<double>::large;
    if (any(large)) [[unlikely]]
        return select(large, each_lane<R>(x), y);
    return y;
}

/// For |x| <= large.
template <class T, class A>
[[nodiscard, gnu::always_inline]] inline Pack<T, A> sin_of_moderate(const Pack<T, A>& x) {
    using P = Pack<T, A>;
    const P size = abs(x), turns = size * P(std::numbers::inv_pi_v<T>);
    const auto [r, low] = reduced(size, nearest(turns));
    return P::from_bits(sin_of_reduced(r, low).bits() ^ sign_of_odd<P>(nearest_bits(turns)) ^ (x.bits() & P::sign_bit));
}
template <class T, class A>
[[nodiscard, gnu::always_inline]] inline Pack<T, A> cos_of_moderate(const Pack<T, A>& x) {
    using P = Pack<T, A>;
    const P half(T(0.5)), turns = mul_add(abs(x), P(std::numbers::inv_pi_v<T>), -half);
    const auto [r, low] = reduced(abs(x), nearest(turns) + half);
    return P::from_bits(sin_of_reduced(r, low).bits() ^ sign_of_odd<P>(nearest_bits(turns) + 1));
}

/// Within 2 ulp.
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<double, A> sin(const Pack<double, A>& x) {
    return unless_large<rules::Sin>(x, sin_of_moderate(x));
}
/// Within 2 ulp.
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<double, A> cos(const Pack<double, A>& x) {
    return unless_large<rules::Cos>(x, cos_of_moderate(x));
}
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<float, A> sin(const Pack<float, A>& x) {
    const auto large = abs(x) > CircularConstants<float>::large;
    const Pack<float, A> y = sin_of_moderate(x);
    if (any(large)) [[unlikely]]
        return select(large, in_double<A>([](const Pack<double, A>& wide) { return sin(wide); }, x), y);
    return y;
}
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<float, A> cos(const Pack<float, A>& x) {
    const auto large = abs(x) > CircularConstants<float>::large;
    const Pack<float, A> y = cos_of_moderate(x);
    if (any(large)) [[unlikely]]
        return select(large, in_double<A>([](const Pack<double, A>& wide) { return cos(wide); }, x), y);
    return y;
}

/// (sin(r) / r - 1) / r^2 in r^2 up to (pi/4)^2, error 2^-57 and 2^-35
inline constexpr double sin_series[] = {-0.16666666666666666,    0.008333333333333331,   -0.00019841269841265017, 2.755731921930192e-06,
                                        -2.5052106521895952e-08, 1.6058529572267877e-10, -7.586576588171073e-13};
inline constexpr double short_sin_series[] = {-0.16666666663858126, 0.008333331875272864, -0.00019840086864117686, 2.7249927346179447e-06};
/// (cos(r) - 1 + r^2 / 2) / r^4 in r^2, error 2^-59 and 2^-39
inline constexpr double cos_series[] = {0.041666666666666664,    -0.0013888888888887382, 2.480158729874307e-05,
                                        -2.7557317260008837e-07, 2.0876143827793133e-09, -1.1382456778061306e-11};
inline constexpr double short_cos_series[] = {0.04166666666432291, -0.0013888887672292626, 2.4800600400834078e-05, -2.7300951439314925e-07};

/// s / c or -c / s with the sine and the cosine of r; |r| <= pi/4.
template <Digits D, class A>
[[nodiscard, gnu::always_inline]] inline Pack<double, A> tan_of_moderate(const Pack<double, A>& x) {
    using P = Pack<double, A>;
    const P turns = x * P(2 * std::numbers::inv_pi), half_turns = P(0.5) * nearest(turns);
    const auto odd = P::from_bits(sign_of_odd<P>(nearest_bits(turns)) | P(1).bits()) < 0;
    P s, c;
    if constexpr (D == Digits::all) {
        const auto [r, low] = reduced(x, half_turns);
        const P square = r * r, half = P(0.5) * square, rest = 1 - half;
        s = r + mul_add(r * square, polynomial(square, sin_series), low * rest);
        c = rest + ((1 - rest - half) + mul_add(square * square, polynomial(square, cos_series), -(r * low)));
    } else {
        const P r = mul_add(-half_turns, P(CircularConstants<double>::short_parts[1]),
                            mul_add(-half_turns, P(CircularConstants<double>::short_parts[0]), x));
        const P square = r * r;
        s = mul_add(r * square, polynomial(square, short_sin_series), r);
        c = mul_add(square, mul_add(square, polynomial(square, short_cos_series), P(-0.5)), P(1));
    }
    return select(odd, -c, s) / select(odd, s, c);
}
/// Within 2.5 ulp; float, in double, within 0.55.
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<double, A> tan(const Pack<double, A>& x) {
    return unless_large<rules::Tan>(x, select(abs(x) < 0x1p-27, x, tan_of_moderate<Digits::all>(x)));
}
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<float, A> tan(const Pack<float, A>& x) {
    return in_double<A>(
        [](const Pack<double, A>& wide) __attribute__((always_inline)) {
            return unless_large<rules::Tan>(wide, select(wide == 0, wide, tan_of_moderate<Digits::of_float>(wide)));
        },
        x);
}

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff
