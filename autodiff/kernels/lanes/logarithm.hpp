// SPDX-License-Identifier: MIT
/// log, log2, log10, log1p of packs: x = 2^k m with m from sqrt(1/2) to sqrt(2), f = m - 1, s = f / (2 + f), and
/// ln(1 + f) = 2 artanh s = 2 s + s R(s^2) = f - (f^2/2 - s (f^2/2 + R)).
#pragma once

#include "autodiff/kernels/lanes/arithmetic.hpp"
#include "autodiff/kernels/lanes/exponential.hpp"

#include <numbers>

namespace autodiff {
inline namespace v1 {
namespace kernels {

template <class T>
struct LogConstants;
template <>
struct LogConstants<double> {
    /// (2 artanh(s) / s - 2) / s^2 in s^2, error 2^-57
    static constexpr double series[] = {0.666666666666667,   0.39999999999899444, 0.2857142862600327, 0.22222211130259878,
                                        0.18182889455674947, 0.15331710618210773, 0.14616585424888623};
    /// the same, error 2^-36
    static constexpr double short_series[] = {0.6666666655403816, 0.400001221303032, 0.2855079365642396, 0.23331100935294727};
    static constexpr std::uint64_t sqrt_half = 0x3fe6a09e667f3bcd;
};
template <>
struct LogConstants<float> {
    /// error 2^-28
    static constexpr float series[] = {0.666666865f, 0.39988777f, 0.295800537f};
    static constexpr std::uint32_t sqrt_half = 0x3f3504f3;
};

/// x = 2^k m
template <class P>
struct BinaryParts {
    P k, m;
    P down;  ///< 2^-k, for k from -bias to bias - 1
};
/// For normal x.
template <class T, class A>
[[nodiscard, gnu::always_inline]] inline BinaryParts<Pack<T, A>> binary_parts(const Pack<T, A>& x) {
    using P = Pack<T, A>;
    using Word = typename P::Word;
    using L = Layout<T>;
    constexpr Word offset = Word(L::bias + 1) << L::mantissa, fraction = (Word{1} << L::mantissa) - 1;
    constexpr Word twice = Word(2 * L::bias + 1) << L::mantissa;
    const typename P::Bits shifted = x.bits() + (offset - LogConstants<T>::sqrt_half);  // k + bias + 1 stands in the exponent's place
    const P number = P::from_bits((shifted >> L::mantissa) | P(T(Word{1} << L::mantissa)).bits());
    return {number - P(T((Word{1} << L::mantissa) + Word(L::bias + 1))), P::from_bits(x.bits() - (shifted & ~fraction) + offset),
            P::from_bits(twice - (shifted & ~fraction))};
}
/// ln(1 + f) = f - rest
template <Digits D = Digits::all, class T, class A>
[[nodiscard, gnu::always_inline]] inline Pack<T, A> log1p_rest(const Pack<T, A>& f) {
    using P = Pack<T, A>;
    using C = LogConstants<T>;
    const P s = f / (2 + f), z = s * s, half_square = P(T(0.5)) * f * f;
    P series;
    if constexpr (D == Digits::all)
        series = polynomial(z, C::series);
    else
        series = polynomial(z, C::short_series);
    return half_square - s * mul_add(z, series, half_square);
}
/// k ln 2 + ln(1 + f)
template <Digits D = Digits::all, class T, class A>
[[nodiscard, gnu::always_inline]] inline Pack<T, A> log_of_parts(const Pack<T, A>& k, const Pack<T, A>& f) {
    using P = Pack<T, A>;
    using C = ExpConstants<T>;
    return mul_add(k, P(C::ln2_high), f - mul_add(k, P(-C::ln2_low), log1p_rest<D>(f)));
}

/// log(x) for any x, where `of_parts(k, f)` is the logarithm of 2^k (1 + f).
template <class T, class A, class F>
[[nodiscard, gnu::always_inline]] inline Pack<T, A> log_of_any(const Pack<T, A>& x, const F& of_parts) {
    using P = Pack<T, A>;
    constexpr T inf = std::numeric_limits<T>::infinity(), least = std::numeric_limits<T>::min();
    constexpr int digits = std::numeric_limits<T>::digits;
    const auto normal = x >= least && x < inf;
    if (all(normal)) [[likely]] {
        const auto parts = binary_parts(x);
        return of_parts(parts.k, parts.m - 1);
    }
    const auto denormal = x < least;
    const auto parts = binary_parts(select(denormal, x * P(T(std::uint64_t{1} << digits)), x));
    const P y = of_parts(select(denormal, parts.k - digits, parts.k), parts.m - 1);
    return select(x > 0 && x < inf, y, select(x == 0, -inf, select(x < 0, std::numeric_limits<T>::quiet_NaN(), x)));
}

/// Within 1 ulp.
template <Digits D = Digits::all, class T, class A>
[[nodiscard, gnu::always_inline]] inline Pack<T, A> log(const Pack<T, A>& x) {
    return log_of_any(
        x, [](const auto& k, const auto& f) __attribute__((always_inline)) { return log_of_parts<D>(k, f); });
}

/// k log_b(2) + ln(1 + f) log_b(e) with a few bits more than double; so exact where the logarithm is an integer. b: 2 or 10
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<double, A> log_in_base(const Pack<double, A>& k, const Pack<double, A>& f, double log2_high,
                                                                     double log2_low, double loge_high, double loge_low) {
    using P = Pack<double, A>;
    const auto natural = sum_of_ordered(f, -log1p_rest(f));
    const auto product = exact_product(natural.high, P(loge_high));
    const P low = mul_add(natural.high, P(loge_low), mul_add(natural.low, P(loge_high), product.low));
    const auto whole = sum_of_ordered(k * P(log2_high), product.high);
    return whole.high + (whole.low + mul_add(k, P(log2_low), low));
}
/// Within 1 ulp; exact for powers of two.
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<double, A> log2(const Pack<double, A>& x) {
    return log_of_any(
        x, [](const auto& k, const auto& f)
               __attribute__((always_inline)) { return log_in_base(k, f, 1, 0, std::numbers::log2e, 0x1.777d0ffda0d24p-56); });
}
/// Within 1 ulp; exact for powers of ten.
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<double, A> log10(const Pack<double, A>& x) {
    return log_of_any(
        x, [](const auto& k, const auto& f) __attribute__((always_inline)) {
            return log_in_base(k, f, 0x1.34413509f78p-2, 0x1.fef311f12b358p-46, std::numbers::log10e, 0x1.95355baaafad3p-57);
        });
}
/// k log_b(2) + ln(1 + f) log_b(e). Within 0.55 ulp.
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<float, A> log_in_base(const Pack<float, A>& x, double log2, double loge) {
    return in_double<A>(
        [=](const Pack<double, A>& wide) __attribute__((always_inline)) {
            return log_of_any(
                wide, [=](const auto& k, const auto& f) __attribute__((always_inline)) {
                    using P = Pack<double, A>;
                    return mul_add(f - log1p_rest<Digits::of_float>(f), P(loge), k * P(log2));
                });
        },
        x);
}
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<float, A> log2(const Pack<float, A>& x) {
    return log_in_base(x, 1, std::numbers::log2e);
}
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<float, A> log10(const Pack<float, A>& x) {
    return log_in_base(x, std::numbers::ln2 / std::numbers::ln10, std::numbers::log10e);
}

/// Within 1.5 ulp. The binary parts are those of the rounded 1 + x, and f = 2^-k (1 + x) - 1 is x itself near 0.
template <Digits D = Digits::all, class T, class A>
[[nodiscard, gnu::always_inline]] inline Pack<T, A> log1p(const Pack<T, A>& x) {
    using P = Pack<T, A>;
    constexpr T large = T(0.125) * std::numeric_limits<T>::max();
    const auto inside = x > -1 && x < large;
    const auto parts = binary_parts(1 + x);
    const P y = copysign(log_of_parts<D>(parts.k, mul_add(x, parts.down, parts.down - 1)), x);
    if (all(inside)) [[likely]]
        return y;
    return select(inside, y, log<D>(select(x < 0, 1 + x, x)));
}

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff
