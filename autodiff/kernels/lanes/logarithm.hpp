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
};
/// For normal x.
template <class T, class A>
[[nodiscard, gnu::always_inline]] inline BinaryParts<Pack<T, A>> binary_parts(const Pack<T, A>& x) {
    using P = Pack<T, A>;
    using Word = typename P::Word;
    using L = Layout<T>;
    constexpr Word offset = Word(L::bias + 1) << L::mantissa, fraction = (Word{1} << L::mantissa) - 1;
    const typename P::Bits shifted = x.bits() + (offset - LogConstants<T>::sqrt_half);  // k + bias + 1 stands in the exponent's place
    const P number = P::from_bits((shifted >> L::mantissa) | P(T(Word{1} << L::mantissa)).bits());
    return {number - P(T((Word{1} << L::mantissa) + Word(L::bias + 1))), P::from_bits(x.bits() - (shifted & ~fraction) + offset)};
}
/// ln(1 + f) = f - rest
template <class T, class A>
[[nodiscard, gnu::always_inline]] inline Pack<T, A> log1p_rest(const Pack<T, A>& f) {
    using P = Pack<T, A>;
    const P s = f / (2 + f), z = s * s, half_square = P(T(0.5)) * f * f;
    return half_square - s * mul_add(z, polynomial(z, LogConstants<T>::series), half_square);
}
/// k ln 2 + ln(1 + f)
template <class T, class A>
[[nodiscard, gnu::always_inline]] inline Pack<T, A> log_of_parts(const Pack<T, A>& k, const Pack<T, A>& f) {
    using P = Pack<T, A>;
    using C = ExpConstants<T>;
    return mul_add(k, P(C::ln2_high), f - mul_add(k, P(-C::ln2_low), log1p_rest(f)));
}

/// log(x) for any x, where `of_parts(k, f)` is the logarithm of 2^k (1 + f).
template <class T, class A, class F>
[[nodiscard, gnu::always_inline]] inline Pack<T, A> log_of_any(const Pack<T, A>& x, const F& of_parts) {
    using P = Pack<T, A>;
    constexpr T inf = std::numeric_limits<T>::infinity(), least = std::numeric_limits<T>::min();
    constexpr int digits = std::numeric_limits<T>::digits;
    const auto normal = x >= least && x < inf;
    if (all(normal)) [[likely]] {
        const auto [k, m] = binary_parts(x);
        return of_parts(k, m - 1);
    }
    const auto denormal = x < least;
    const auto [k, m] = binary_parts(select(denormal, x * P(T(std::uint64_t{1} << digits)), x));
    const P y = of_parts(select(denormal, k - digits, k), m - 1);
    return select(x > 0 && x < inf, y, select(x == 0, -inf, select(x < 0, std::numeric_limits<T>::quiet_NaN(), x)));
}

template <class T, class A>
[[nodiscard, gnu::always_inline]] inline Pack<T, A> log(const Pack<T, A>& x) {
    return log_of_any(
        x, [](const auto& k, const auto& f) __attribute__((always_inline)) { return log_of_parts(k, f); });
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
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<double, A> log2(const Pack<double, A>& x) {
    return log_of_any(
        x, [](const auto& k, const auto& f)
               __attribute__((always_inline)) { return log_in_base(k, f, 1, 0, std::numbers::log2e, 0x1.777d0ffda0d24p-56); });
}
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<double, A> log10(const Pack<double, A>& x) {
    return log_of_any(
        x, [](const auto& k, const auto& f) __attribute__((always_inline)) {
            return log_in_base(k, f, 0x1.34413509f78p-2, 0x1.fef311f12b358p-46, std::numbers::log10e, 0x1.95355baaafad3p-57);
        });
}
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<float, A> log2(const Pack<float, A>& x) {
    return in_double<A>([](const auto& wide) { return log2(wide); }, x);
}
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<float, A> log10(const Pack<float, A>& x) {
    return in_double<A>([](const auto& wide) { return log10(wide); }, x);
}

/// log of the rounded 1 + x, with what the rounding lost put back into f; near 0, where k = 0, f is x itself.
template <class T, class A>
[[nodiscard, gnu::always_inline]] inline Pack<T, A> log1p(const Pack<T, A>& x) {
    using P = Pack<T, A>;
    constexpr T inf = std::numeric_limits<T>::infinity();
    const auto inside = x > -1 && x < inf;
    const auto one_and = exact_sum(P(1), x);
    const auto [k, m] = binary_parts(select(inside, one_and.high, P(1)));
    const P lost = one_and.low * power_of_two(at_least(T(-Layout<T>::bias), -k));
    P y = log_of_parts(k, select(k == 0, x, m - 1 + lost));
    y = select(abs(x) < ExpConstants<T>::tiny, x, y);
    if (all(inside)) [[likely]]
        return y;
    return select(inside, y, select(x == -1, -inf, select(x < -1, std::numeric_limits<T>::quiet_NaN(), x)));
}

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff
