// SPDX-License-Identifier: MIT
/// asin, acos, atan, atan2 of packs. Float is computed in double.
#pragma once

#include "autodiff/kernels/lanes/circular.hpp"

namespace autodiff {
inline namespace v1 {
namespace kernels {

/// (atan(t) / t - 1) / t^2 in t^2 up to tan(pi/8)^2, error 2^-58
inline constexpr double atan_series[] = {-0.3333333333333333,   0.19999999999999804, -0.14285714285659729,  0.11111111105145725,
                                         -0.09090908753017178,  0.07692296361048218, -0.06666424634599337,  0.05878926110528101,
                                         -0.052304330074828924, 0.0455149623749493,  -0.034568068014968874, 0.016282993238924487};
inline constexpr double short_atan_series[] = {-0.33333333282837047, 0.19999978294821896,  -0.14284199257995953,
                                               0.11072146407576622,  -0.08629865204723666, 0.05060205759356746};  ///< error 2^-33
/// (asin(s) / s - 1) / s^2 in s^2 up to 1/4, error 2^-58
inline constexpr double asin_series[] = {0.16666666666666666,   0.07500000000000119,  0.04464285714255019,   0.030381944475693704,
                                         0.022372157435623815,  0.017352816768546473, 0.013963775787848137,  0.011566511821890942,
                                         0.00962140274734483,   0.009322101501082774, 0.0030350071727267623, 0.019579201619744684,
                                         -0.019277545928584557, 0.02963502626354855};
inline constexpr double short_asin_series[] = {0.16666666688733658,  0.07499991632222944,  0.044648027908478265, 0.030262872376552414,
                                               0.023660524328038113, 0.010400051646924808, 0.031208480685923416};  ///< error 2^-34
inline constexpr double tan_of_eighth = 0.41421356237309503, tan_of_three_eighths = 2.414213562373095;             // of pi

/// quarters pi/4 + atan(t) for |t| up to tan(pi/8)
template <Digits D, class P>
[[nodiscard, gnu::always_inline]] inline P atan_beside(const P& quarters, const P& t) {
    const P square = t * t;
    if constexpr (D == Digits::of_float)
        return mul_add(quarters, P(0.5 * half_pi_high), mul_add(t * square, polynomial(square, short_atan_series), t));
    const P part = mul_add(t * square, polynomial(square, atan_series), quarters * P(0.5 * half_pi_low));
    return quarters * P(0.5 * half_pi_high) + (t + part);
}
/// atan |x| = pi/4 + atan((|x| - 1) / (|x| + 1)) = pi/2 - atan(1 / |x|). Within 2 ulp.
template <Digits D = Digits::all, class A>
[[nodiscard, gnu::always_inline]] inline Pack<double, A> atan(const Pack<double, A>& x) {
    using P = Pack<double, A>;
    const P size = abs(x);
    const auto middle = size > tan_of_eighth, large = size > tan_of_three_eighths;
    const P above = select(large, -1, select(middle, size - 1, size)), below = select(large, size, select(middle, size + 1, 1));
    return copysign(atan_beside<D>(select(large, P(2), select(middle, P(1), 0)), above / below), x);
}
/// From the octant of (|b|, |a|) to the half-plane, to the sign of a. Two infinities make the angle of two equal numbers.
/// Within 2 ulp.
template <Digits D = Digits::all, class A>
[[nodiscard, gnu::always_inline]] inline Pack<double, A> atan2(const Pack<double, A>& a, const Pack<double, A>& b) {
    using P = Pack<double, A>;
    constexpr double inf = std::numeric_limits<double>::infinity();
    const P up = abs(a), right = abs(b);
    const auto steep = up > right;
    P more = select(steep, up, right), less = select(steep, right, up);
    const auto endless = more == inf;
    if constexpr (D == Digits::all) {
        const auto huge = more > 0x1p1000;
        less = select(huge, less * P(0x1p-10), less);
        more = select(huge, more * P(0x1p-10), more);
    }
    less = select(endless, select(less == inf, P(1), 0), less);
    more = select(endless || more == 0, 1, more);

    const auto middle = less > more * P(tan_of_eighth);
    const P t = select(middle, less - more, less) / select(middle, less + more, more);
    // The octants: theta, pi/2 - theta, pi/2 + theta, pi - theta, with theta = atan(less / more).
    const auto left = copysign(P(1), b) < 0;
    const P from = select(steep, P(2), select(left, P(4), 0)), turn = select(middle, P(1), 0);
    const P sense = copysign(P(1), select(steep, -copysign(P(1), b), copysign(P(1), b)));
    const P y = copysign(atan_beside<D>(from + sense * turn, sense * t), a);
    return select(isnan(a) || isnan(b), a + b, y);
}

/// From 1/2 on asin |x| = pi/2 - 2 asin s with s^2 = (1 - |x|) / 2
template <class P>
struct Arc {
    P s, rest;  ///< asin s = s + rest
};
template <class A>
[[nodiscard, gnu::always_inline]] inline Arc<Pack<double, A>> arc(const Pack<double, A>& x, const Mask<double, A>& small) {
    using P = Pack<double, A>;
    const P square = select(small, x * x, mul_add(abs(x), P(-0.5), P(0.5))), s = select(small, x, sqrt(square));
    const auto squared = exact_product(s, s);
    const P lost = select(small || s == 0, 0, ((square - squared.high) - squared.low) / (2 * s));  // by the root
    return {s, mul_add(s * square, polynomial(square, asin_series), lost)};
}
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<double, A> short_arc(const Pack<double, A>& x, const Mask<double, A>& small) {
    using P = Pack<double, A>;
    const P square = select(small, x * x, mul_add(abs(x), P(-0.5), P(0.5))), s = select(small, x, sqrt(square));
    return mul_add(s * square, polynomial(square, short_asin_series), s);
}
/// Within 1.5 ulp.
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<double, A> asin(const Pack<double, A>& x) {
    using P = Pack<double, A>;
    const auto small = abs(x) < 0.5;
    const auto [s, rest] = arc(x, small);
    return select(abs(x) < 0x1p-27, x, select(small, s + rest, copysign(half_pi_high - (2 * s + (2 * rest - P(half_pi_low))), x)));
}
/// Within 1 ulp.
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<double, A> acos(const Pack<double, A>& x) {
    using P = Pack<double, A>;
    const auto small = abs(x) < 0.5;
    const auto [s, rest] = arc(x, small);
    const P left = 2 * P(half_pi_high) - (2 * s + 2 * (rest - P(half_pi_low)));
    return select(small, P(half_pi_high) - (s + (rest - P(half_pi_low))), select(x < 0, left, 2 * (s + rest)));
}

// Of float: in double, where no digits are to be rescued. Within 0.55 ulp.
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<float, A> atan(const Pack<float, A>& x) {
    return in_double<A>(
        [](const Pack<double, A>& wide) __attribute__((always_inline)) { return atan<Digits::of_float>(wide); }, x);
}
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<float, A> atan2(const Pack<float, A>& a, const Pack<float, A>& b) {
    return in_double<A>(
        [](const Pack<double, A>& up, const Pack<double, A>& right)
            __attribute__((always_inline)) { return atan2<Digits::of_float>(up, right); },
        a, b);
}
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<float, A> asin(const Pack<float, A>& x) {
    return in_double<A>(
        [](const Pack<double, A>& wide) __attribute__((always_inline)) {
            const auto small = abs(wide) < 0.5;
            const auto y = short_arc(wide, small);
            return select(small, y, copysign(half_pi_high - 2 * y, wide));
        },
        x);
}
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<float, A> acos(const Pack<float, A>& x) {
    return in_double<A>(
        [](const Pack<double, A>& wide) __attribute__((always_inline)) {
            const auto small = abs(wide) < 0.5;
            const auto y = short_arc(wide, small), twice = 2 * y;
            return select(small, half_pi_high - y, select(wide < 0, 2 * half_pi_high - twice, twice));
        },
        x);
}

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff
