// SPDX-License-Identifier: MIT
/// exp, exp2, expm1 of packs: x = k ln 2 + r with |r| <= ln 2 / 2, and a polynomial of r. Polynomials here and in the files beside
/// are nearly minimax, found in many digits; "error" is what they leave relative to the function. Next: logarithm.hpp.
#pragma once

#include "autodiff/kernels/lanes/arithmetic.hpp"

#include <numbers>

namespace autodiff {
inline namespace v1 {
namespace kernels {

template <class T>
struct ExpConstants;
template <>
struct ExpConstants<double> {
    /// (e^r - 1 - r) / r^2, error 2^-61
    static constexpr double series[] = {0.5,
                                        0.1666666666666667,
                                        0.04166666666666667,
                                        0.008333333333326136,
                                        0.0013888888888883748,
                                        0.00019841269874820627,
                                        2.4801587325547743e-05,
                                        2.7557255400206422e-06,
                                        2.75572736431103e-07,
                                        2.5105217004720745e-08,
                                        2.0914686968086876e-09};
    /// the same, error 2^-32
    static constexpr double short_series[] = {0.5000000013470213,   0.16666666756475568,   0.041666464894596265,
                                              0.008333286001922055, 0.0013933652664322414, 0.0001990758799096393};
    /// ln 2 = high + low, with k high exact for every k that occurs
    static constexpr double ln2_high = 0x1.62e42fefa38p-1, ln2_low = 0x1.ef35793c7673p-45;
    /// e^highest is inf, e^lowest 0, e^all_but_one - 1 is -1; for |x| <= plain e^x is normal
    static constexpr double highest = 710, lowest = -746, all_but_one = -40, plain = 708;
    static constexpr double tiny = 0x1p-54;
};
template <>
struct ExpConstants<float> {
    /// error 2^-27
    static constexpr float series[] = {0.5f, 0.166665763f, 0.0416665561f, 0.00836317893f, 0.0013926184f};
    static constexpr float ln2_high = 0x1.62e4p-1f, ln2_low = 0x1.7f7d1cp-20f;
    static constexpr float highest = 89, lowest = -105, all_but_one = -20, plain = 87;
    static constexpr float tiny = 0x1p-25f;
};

/// (e^r - 1 - r) / r^2
template <Digits D, class T, class A>
[[nodiscard, gnu::always_inline]] inline Pack<T, A> exp_series(const Pack<T, A>& r) {
    if constexpr (D == Digits::all)
        return polynomial(r, ExpConstants<T>::series);
    else
        return polynomial(r, ExpConstants<T>::short_series);
}

/// e^(x + low) - 1 = 2^k (1 + r + tail) - 1
template <class P>
struct ExpParts {
    P k, r, tail;
};
template <class T, class A>
[[nodiscard, gnu::always_inline]] inline ExpParts<Pack<T, A>> exp_parts(const Pack<T, A>& x, const Pack<T, A>& low) {
    using P = Pack<T, A>;
    using C = ExpConstants<T>;
    const P k = nearest_multiple(x, std::numbers::log2e_v<T>);
    const P high = mul_add(k, P(-C::ln2_high), x);  // exact
    const auto [r, lost] = sum_of_ordered(high, mul_add(k, P(-C::ln2_low), low));
    return {k, r, mul_add(r * r, polynomial(r, C::series), lost)};
}
/// e^(x + low) 2^shift, rounded once at the end; |low| much below 1
template <class T, class A>
[[nodiscard, gnu::always_inline]] inline Pack<T, A> exp_of_sum(const Pack<T, A>& x, const Pack<T, A>& low, T shift = 0) {
    using C = ExpConstants<T>;
    const auto [k, r, tail] = exp_parts(at_least(C::lowest, at_most(C::highest - shift, x)), low);
    return scale(1 + (r + tail), shift == 0 ? k : k + shift);
}

/// e^x for |x| <= plain
template <Digits D, class T, class A>
[[nodiscard, gnu::always_inline]] inline Wide<Pack<T, A>> exp_mantissa(const Pack<T, A>& x) {
    using P = Pack<T, A>;
    using C = ExpConstants<T>;
    const P k = nearest_multiple(x, std::numbers::log2e_v<T>);
    const P r = mul_add(k, P(-C::ln2_low), mul_add(k, P(-C::ln2_high), x));
    return {1 + mul_add(r * r, exp_series<D>(r), r), k};
}
/// Within 1.25 ulp.
template <Digits D = Digits::all, class T, class A>
[[nodiscard, gnu::always_inline]] inline Pack<T, A> exp(const Pack<T, A>& x) {
    using C = ExpConstants<T>;
    if constexpr (D == Digits::of_float) {
        const auto [m, k] = exp_mantissa<D>(at_least(-160.0, at_most(130.0, x)));
        return m * power_of_two(k);
    } else if constexpr (has_scale<A>) {
        const auto [m, k] = exp_mantissa<D>(at_least(C::lowest, at_most(C::highest, x)));
        return scale(m, k);
    } else {
        const auto [m, k] = exp_mantissa<D>(x);
        if (all(abs(x) <= C::plain)) [[likely]]
            return m * power_of_two(k);
        const auto [m_inside, k_inside] = exp_mantissa<D>(at_least(C::lowest, at_most(C::highest, x)));
        return scale(m_inside, k_inside);
    }
}

/// x = k + r; e^(r ln 2), with what the product loses where that is cheap to know. Within 1.25 ulp; exact for integers.
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<double, A> exp2(const Pack<double, A>& x) {
    using P = Pack<double, A>;
    using C = ExpConstants<double>;
    const P inside = at_least(-1076.0, at_most(1025.0, x)), k = nearest(inside), part = inside - k;
    const P r = part * P(std::numbers::ln2);
    const P lost = is_fused<A> ? mul_add(part, P(std::numbers::ln2), -r) : P(0);
    return scale(1 + (r + mul_add(r * r, polynomial(r, C::series), lost)), k);
}
/// (2^r - 1) / r, error of 2^r 2^-27
inline constexpr float exp2_series_float[] = {0.6931472f, 0.2402265f, 0.05550366f, 0.009618077f, 0.0013388069f, 0.00015456429f};
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<float, A> exp2(const Pack<float, A>& x) {
    using P = Pack<float, A>;
    const P inside = at_least(-151.0f, at_most(129.0f, x)), k = nearest(inside), part = inside - k;
    return scale(mul_add(part, polynomial(part, exp2_series_float), P(1)), k);
}

/// e^x - 1 for |x| of at least C::tiny: 2^k (r + tail) + (2^k - 1), at half the size so that nothing overflows before the result does
template <class T, class A>
[[nodiscard, gnu::always_inline]] inline Pack<T, A> expm1_of_large(const Pack<T, A>& x) {
    using P = Pack<T, A>;
    using C = ExpConstants<T>;
    const auto [k, r, tail] = exp_parts(at_least(C::all_but_one, at_most(C::highest, x)), P(0));
    const P half = power_of_two(k - 1);
    return 2 * mul_add(half, r + tail, half - P(T(0.5)));
}
/// Within 2 ulp.
template <class T, class A>
[[nodiscard, gnu::always_inline]] inline Pack<T, A> expm1(const Pack<T, A>& x) {
    return select(abs(x) < ExpConstants<T>::tiny, x, expm1_of_large(x));
}

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff
