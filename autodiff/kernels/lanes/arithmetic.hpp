// SPDX-License-Identifier: MIT
/// What elementary functions of packs are built of: polynomials, powers of two, sums and products with their rounding error, and
/// float computed in double. Next: exponential.hpp.
#pragma once

#include "autodiff/kernels/lanes/pack.hpp"

#include <bit>
#include <limits>

namespace autodiff {
inline namespace v1 {
namespace kernels {

/// Architectures that multiply and add with one rounding.
template <class Arch>
inline constexpr bool is_fused = std::is_base_of_v<xsimd::avx512f, Arch> || std::is_base_of_v<xsimd::neon64, Arch>;
template <class Arch>
inline constexpr bool is_fused<xsimd::fma3<Arch>> = true;

/// Architectures that multiply by a power of two in one instruction, rounding once.
template <class Arch>
inline constexpr bool has_scale = std::is_base_of_v<xsimd::avx512f, Arch>;

/// a b + c with one rounding, where the architecture has that. xsimd 8.1 rounds twice with AVX-512.
template <class T, class A>
requires(is_fused<A>)
    [[nodiscard, gnu::always_inline]] inline Pack<T, A> fused(const Pack<T, A>& a, const Pack<T, A>& b, const Pack<T, A>& c) {
    using Lanes = typename Pack<T, A>::Lanes;
#if defined(__AVX512F__)
    if constexpr (std::is_base_of_v<xsimd::avx512f, A>) {
        if constexpr (sizeof(T) == 8)
            return Pack<T, A>(Lanes(_mm512_fmadd_pd(a.lanes, b.lanes, c.lanes)));
        else
            return Pack<T, A>(Lanes(_mm512_fmadd_ps(a.lanes, b.lanes, c.lanes)));
    } else
#endif
        return Pack<T, A>(Lanes(xsimd::fma(a.lanes, b.lanes, c.lanes)));
}
/// a b + c with one rounding or with two, whichever is quick.
template <class T, class A>
[[nodiscard, gnu::always_inline]] inline Pack<T, A> mul_add(const Pack<T, A>& a, const Pack<T, A>& b, const Pack<T, A>& c) {
    if constexpr (is_fused<A>)
        return fused(a, b, c);
    else
        return a * b + c;
}

/// How many digits a function of doubles computes: all, or those that a float has and some more, for a result that is rounded to float.
enum class Digits { all, of_float };

/// c[First] + c[First + 1] x + ... of Count terms, where powers[i] = x^(2^i). A few terms one after the other; more by halves, which the
/// CPU works on at once. source: Estrin (1960), "Organization of computer systems"
template <std::size_t First, std::size_t Count, class T, class A, std::size_t N, std::size_t Powers>
[[nodiscard, gnu::always_inline]] inline Pack<T, A> part_of_polynomial(const Pack<T, A> (&powers)[Powers], const T (&c)[N]) {
    if constexpr (Count == 1) {
        return Pack<T, A>(c[First]);
    } else {
        constexpr std::size_t low = N <= 6 ? 1 : std::bit_floor(Count - 1);
        return mul_add(part_of_polynomial<First + low, Count - low>(powers, c), powers[std::bit_width(low) - 1],
                       part_of_polynomial<First, low>(powers, c));
    }
}
/// c[0] + c[1] x + c[2] x^2 + ...
template <class T, class A, std::size_t N>
[[nodiscard, gnu::always_inline]] inline Pack<T, A> polynomial(const Pack<T, A>& x, const T (&c)[N]) {
    constexpr std::size_t count = N <= 6 ? 1 : std::bit_width(N - 1);
    Pack<T, A> powers[count];
    powers[0] = x;
    for (std::size_t i = 1; i < count; ++i) powers[i] = powers[i - 1] * powers[i - 1];
    return part_of_polynomial<0, N>(powers, c);
}

/// An unevaluated sum: `low` is about half a unit in the last place of `high` or less.
template <class P>
struct Wide {
    P high, low;
};

/// a + b exactly, if |a| >= |b| or a = 0
template <class P>
[[nodiscard, gnu::always_inline]] inline Wide<P> sum_of_ordered(const P& a, const P& b) {
    const P high = a + b;
    return {high, b - (high - a)};
}
/// a + b exactly. source: Knuth, "The Art of Computer Programming" 2, 4.2.2
template <class P>
[[nodiscard, gnu::always_inline]] inline Wide<P> exact_sum(const P& a, const P& b) {
    const P high = a + b, of_b = high - a;
    return {high, (a - (high - of_b)) + (b - of_b)};
}
/// a b exactly, unless a part overflows or underflows. source: Dekker (1971), "A floating-point technique for extending the precision"
template <class T, class A>
[[nodiscard, gnu::always_inline]] inline Wide<Pack<T, A>> exact_product(const Pack<T, A>& a, const Pack<T, A>& b) {
    using P = Pack<T, A>;
    const P high = a * b;
    if constexpr (is_fused<A>) {
        return {high, fused(a, b, -high)};
    } else {
        const P half(T(1 + (typename P::Word{1} << (std::numeric_limits<T>::digits + 1) / 2)));
        const P ca = half * a, cb = half * b;
        const P a1 = ca - (ca - a), b1 = cb - (cb - b), a2 = a - a1, b2 = b - b1;
        return {high, ((a1 * b1 - high) + a1 * b2 + a2 * b1) + a2 * b2};
    }
}

/// min and max with a constant, which leave NaN as it is.
template <class T, class A>
[[nodiscard, gnu::always_inline]] inline Pack<T, A> at_most(T limit, const Pack<T, A>& x) {
    return Pack<T, A>(xsimd::min(typename Pack<T, A>::Lanes(limit), x.lanes));
}
template <class T, class A>
[[nodiscard, gnu::always_inline]] inline Pack<T, A> at_least(T limit, const Pack<T, A>& x) {
    return Pack<T, A>(xsimd::max(typename Pack<T, A>::Lanes(limit), x.lanes));
}

/// How an IEEE number is laid out.
template <class T>
struct Layout {
    static constexpr int mantissa = std::numeric_limits<T>::digits - 1;
    static constexpr int bias = std::numeric_limits<T>::max_exponent - 1;
    /// 1.5 2^mantissa: added to a number below 2^(mantissa - 1), it leaves the nearest integer in the low bits.
    static constexpr T rounder = T(3) * T(std::uint64_t{1} << (mantissa - 1));
};

/// The nearest integer, of two the even one; |x| < 2^(mantissa - 1). Never -0.
template <class T, class A>
[[nodiscard, gnu::always_inline]] inline Pack<T, A> nearest(const Pack<T, A>& x) {
    const Pack<T, A> rounder(Layout<T>::rounder);
    return (x + rounder) - rounder;
}
/// The integer nearest to x c.
template <class T, class A>
[[nodiscard, gnu::always_inline]] inline Pack<T, A> nearest_multiple(const Pack<T, A>& x, T c) {
    const Pack<T, A> rounder(Layout<T>::rounder);
    return mul_add(x, Pack<T, A>(c), rounder) - rounder;
}
/// The nearest integer as two's complement in the low bits; what stands above them is to be shifted away.
template <class T, class A>
[[nodiscard, gnu::always_inline]] inline typename Pack<T, A>::Bits nearest_bits(const Pack<T, A>& x) {
    return (x + Pack<T, A>(Layout<T>::rounder)).bits();
}

#if defined(__AVX512F__)
/// y 2^k in one instruction, rounded once
template <class T, class A>
requires(has_scale<A>) [[nodiscard, gnu::always_inline]] inline Pack<T, A> scaled(const Pack<T, A>& y, const Pack<T, A>& k) {
    if constexpr (sizeof(T) == 8)
        return Pack<T, A>(typename Pack<T, A>::Lanes(_mm512_scalef_pd(y.lanes, k.lanes)));
    else
        return Pack<T, A>(typename Pack<T, A>::Lanes(_mm512_scalef_ps(y.lanes, k.lanes)));
}
#endif
/// 2^k for an integer k for which that is normal
template <class T, class A>
[[nodiscard, gnu::always_inline]] inline Pack<T, A> power_of_two(const Pack<T, A>& k) {
    if constexpr (has_scale<A>)
        return scaled(Pack<T, A>(1), k);
    else
        return Pack<T, A>::from_bits((nearest_bits(k) << Layout<T>::mantissa) + Pack<T, A>(1).bits());
}
/// y 2^k for an integer k down to four less than the exponent of the least denormal, rounded once; 1/2 < y < 2.
/// A multiplication whose result is denormal takes many CPUs a hundred cycles, so its bits are made as those of an integer.
template <class T, class A>
[[nodiscard, gnu::always_inline]] inline Pack<T, A> scale(const Pack<T, A>& y, const Pack<T, A>& k) {
    if constexpr (has_scale<A>) {
        return scaled(y, k);
    } else {
        using P = Pack<T, A>;
        constexpr int normal = 1 - Layout<T>::bias, denormal = normal - Layout<T>::mantissa;
        const auto small = k < normal;
        const auto product = [](const P& m, const P& n) __attribute__((always_inline)) {
            const P first = nearest(n * P(T(0.5)));
            return m * power_of_two(first) * power_of_two(n - first);
        };
        if (!any(small)) [[likely]]
            return product(y, k);
        const P one(T(typename P::Word{1} << Layout<T>::mantissa));
        const P count = y * power_of_two(select(small, k - denormal, 0)) + one;
        return select(small, P::from_bits(count.bits() - one.bits()), product(select(small, 1, y), select(small, 0, k)));
    }
}

/// The compilers' vectors, which convert their elements.
template <class T, std::size_t Bytes>
struct Vector {
    typedef T Type __attribute__((vector_size(Bytes)));
};
/// f of packs of floats, computed in double, half by half.
template <class A, class F, std::same_as<Pack<float, A>>... X>
[[nodiscard, gnu::always_inline]] inline Pack<float, A> in_double(const F& f, const X&... x) {
    using Double = Pack<double, A>;
    using Floats = typename Vector<float, sizeof(Double) / 2>::Type;
    using Doubles = typename Vector<double, sizeof(Double)>::Type;
    const auto half = [](const Pack<float, A>& operand, std::size_t which) __attribute__((always_inline)) {
        Floats halves[2];
        __builtin_memcpy(halves, &operand, sizeof(operand));
        const Doubles wide = __builtin_convertvector(halves[which], Doubles);
        return Double(typename Double::Lanes(reinterpret_cast<typename Double::Lanes::register_type>(wide)));
    };
    const Double low = f(half(x, 0)...), high = f(half(x, 1)...);
    const Doubles p = reinterpret_cast<Doubles>(low.lanes.data), q = reinterpret_cast<Doubles>(high.lanes.data);
    const Floats halves[2] = {__builtin_convertvector(p, Floats), __builtin_convertvector(q, Floats)};
    Pack<float, A> y;
    __builtin_memcpy(&y, halves, sizeof(y));
    return y;
}

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff
