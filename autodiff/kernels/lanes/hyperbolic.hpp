// SPDX-License-Identifier: MIT
/// Hyperbolic functions of packs and their inverses. Odd functions are computed for |x| and take x's sign.
#pragma once

#include "autodiff/kernels/lanes/logarithm.hpp"

namespace autodiff {
inline namespace v1 {
namespace kernels {

template <class T>
struct TanhConstants;
template <>
struct TanhConstants<double> {
    /// (tanh(x) / x - 1) / x^2 in x^2 for x up to 5/8, error 2^-59
    static constexpr double series[] = {-0.3333333333333333,     0.13333333333332725,   -0.05396825396769252,   0.021869488512881473,
                                        -0.008863235000916582,   0.00359212070440623,   -0.0014557685207029292, 0.0005896308649902334,
                                        -0.00023750654497259978, 9.242188365709009e-05, -3.104990110708403e-05, 6.418509343738972e-06};
    static constexpr double one = 40;  ///< tanh (one / 2) is 1
};
template <>
struct TanhConstants<float> {
    /// error 2^-26
    static constexpr float series[] = {-0.33333328f, 0.13332765f, -0.05385133f, 0.021000687f, -0.00610244f};
    static constexpr float one = 20;
};
/// 1 - 2 / (1 + e^(2|x|)), a polynomial near 0. Within 1.75 ulp.
template <class T, class A>
[[nodiscard, gnu::always_inline]] inline Pack<T, A> tanh(const Pack<T, A>& x) {
    using P = Pack<T, A>;
    using C = TanhConstants<T>;
    const P size = abs(x), square = x * x, near = mul_add(size * square, polynomial(square, C::series), size);
    const auto [m, k] = exp_mantissa<Digits::all>(at_most(C::one, 2 * size));
    return copysign(select(size < T(0.625), near, 1 - 2 / mul_add(m, power_of_two(k), P(1))), x);
}

/// (ln(1 + t) - t) / t^2 for t up to 1, error 2^-27
inline constexpr float log1p_series_float[] = {-0.5f,       0.33333278f,  -0.24997637f, 0.19964811f,   -0.16404194f,
                                               0.13141188f, -0.09316428f, 0.05101657f,  -0.018076146f, 0.002996575f};
/// ln(1 + t) for t from 0 to 1
template <class T, class A>
[[nodiscard, gnu::always_inline]] inline Pack<T, A> log1p_of_fraction(const Pack<T, A>& t) {
    using P = Pack<T, A>;
    if constexpr (sizeof(T) == sizeof(float)) {
        return mul_add(t * t, polynomial(t, log1p_series_float), t);
    } else {
        const auto large = t > 0.41421356237309503;
        return log_of_parts(select(large, P(1), 0), select(large, P(0.5) * (t - 1), t));
    }
}
/// max(x, 0) + ln(1 + e^-|x|). Within 2 ulp, float 2.5.
template <class T, class A>
[[nodiscard, gnu::always_inline]] inline Pack<T, A> softplus(const Pack<T, A>& x) {
    return select(x > 0, x, 0) + log1p_of_fraction(exp(-abs(x)));
}

/// (sinh(x) / x - 1) / x^2 in x^2 up to 1, error 2^-56 and 2^-32
inline constexpr double sinh_series[] = {0.16666666666666666,    0.008333333333333299,   0.00019841269841324198, 2.7557319191381816e-06,
                                         2.5052117695907823e-08, 1.6057679623801638e-10, 7.746178593018827e-13};
inline constexpr double short_sinh_series[] = {0.16666666646698533, 0.008333339706542254, 0.0001983809252969026, 2.8063516573510835e-06};
/// Above 1 h - 1 / (4 h) with h = e^|x| / 2, which overflows only where the result does. Within 2 ulp.
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<double, A> sinh(const Pack<double, A>& x) {
    using P = Pack<double, A>;
    const P size = abs(x), square = x * x, half = exp_of_sum(size, P(0), -1.0);
    const P near = mul_add(x * square, polynomial(square, sinh_series), x);
    return select(size < 0x1p-27, x, select(size < 1, near, copysign(half - P(0.25) / half, x)));
}
/// Within 1.5 ulp.
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<double, A> cosh(const Pack<double, A>& x) {
    const Pack<double, A> half = exp_of_sum(abs(x), Pack<double, A>(0), -1.0);
    return half + Pack<double, A>(0.25) / half;
}

/// ln(x + sqrt(x^2 + 1)) for |x|, without cancellation. Within 2 ulp.
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<double, A> asinh(const Pack<double, A>& x) {
    using P = Pack<double, A>;
    const P size = abs(x), square = size * size;
    const auto large = size > 0x1p28;
    const P inside = log1p(select(large, size - 1, size + square / (1 + sqrt(1 + square))));
    return select(size < 0x1p-27, x, copysign(select(large, inside + P(std::numbers::ln2), inside), x));
}
/// ln(x + sqrt(x^2 - 1)) with x = 1 + t. Within 2 ulp.
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<double, A> acosh(const Pack<double, A>& x) {
    using P = Pack<double, A>;
    const P t = x - 1;
    const auto large = x > 0x1p28;
    const P y = log1p(select(large, t, t + sqrt(mul_add(t, t, 2 * t))));
    return select(x < 1, std::numeric_limits<double>::quiet_NaN(), select(large, y + P(std::numbers::ln2), y));
}
/// ln((1 + x) / (1 - x)) / 2 for |x|. Within 2 ulp.
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<double, A> atanh(const Pack<double, A>& x) {
    using P = Pack<double, A>;
    const P size = abs(x), y = P(0.5) * log1p(2 * size / (1 - size));
    return select(size < 0x1p-27, x, copysign(y, x));
}

// Of float: in double, where nothing overflows and the digits that cancellation takes are to spare. Within 0.55 ulp, asinh 0.75.
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<float, A> sinh(const Pack<float, A>& x) {
    return in_double<A>(
        [](const Pack<double, A>& wide) __attribute__((always_inline)) {
            using P = Pack<double, A>;
            const P square = wide * wide, half = P(0.5) * exp<Digits::of_float>(wide);
            return select(square < 1, mul_add(wide * square, polynomial(square, short_sinh_series), wide), half - P(0.25) / half);
        },
        x);
}
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<float, A> cosh(const Pack<float, A>& x) {
    return in_double<A>(
        [](const Pack<double, A>& wide) __attribute__((always_inline)) {
            const Pack<double, A> half = Pack<double, A>(0.5) * exp<Digits::of_float>(wide);
            return half + Pack<double, A>(0.25) / half;
        },
        x);
}
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<float, A> asinh(const Pack<float, A>& x) {
    return in_double<A>(
        [](const Pack<double, A>& wide) __attribute__((always_inline)) {
            const Pack<double, A> size = abs(wide);
            return copysign(log1p<Digits::of_float>(size + (sqrt(mul_add(size, size, Pack<double, A>(1))) - 1)), wide);
        },
        x);
}
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<float, A> acosh(const Pack<float, A>& x) {
    return in_double<A>(
        [](const Pack<double, A>& wide) __attribute__((always_inline)) {
            const Pack<double, A> t = wide - 1;
            const Pack<double, A> y = log1p<Digits::of_float>(t + sqrt(mul_add(t, t, 2 * t)));
            return select(t < 0, std::numeric_limits<double>::quiet_NaN(), y);
        },
        x);
}
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<float, A> atanh(const Pack<float, A>& x) {
    return in_double<A>(
        [](const Pack<double, A>& wide)
            __attribute__((always_inline)) { return Pack<double, A>(0.5) * log1p<Digits::of_float>(2 * wide / (1 - wide)); },
        x);
}

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff
