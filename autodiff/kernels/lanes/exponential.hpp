// SPDX-License-Identifier: MIT
/// exp, exp2, expm1 of packs: x = k ln 2 + r with |r| <= ln 2 / 2, and a polynomial of r. Polynomials here and in the files beside
/// are interpolated at Chebyshev nodes in many digits; "error" is what that leaves relative to the function. Next: logarithm.hpp.
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
    /// ln 2 = high + low, with k high exact for every k that occurs
    static constexpr double ln2_high = 0x1.62e42fefa38p-1, ln2_low = 0x1.ef35793c7673p-45;
    /// e^highest is inf, e^lowest 0, e^all_but_one - 1 is -1
    static constexpr double highest = 710, lowest = -746, all_but_one = -40;
    static constexpr double tiny = 0x1p-54;
};
template <>
struct ExpConstants<float> {
    /// error 2^-27
    static constexpr float series[] = {0.5f, 0.166665763f, 0.0416665561f, 0.00836317893f, 0.0013926184f};
    static constexpr float ln2_high = 0x1.62e4p-1f, ln2_low = 0x1.7f7d1cp-20f;
    static constexpr float highest = 89, lowest = -105, all_but_one = -20;
    static constexpr float tiny = 0x1p-25f;
};

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

template <class T, class A>
[[nodiscard, gnu::always_inline]] inline Pack<T, A> exp(const Pack<T, A>& x) {
    return exp_of_sum(x, Pack<T, A>(0));
}

/// x = k + r; e^(r ln 2), with what the product loses where that is cheap to know
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<double, A> exp2(const Pack<double, A>& x) {
    using P = Pack<double, A>;
    using C = ExpConstants<double>;
    const P inside = at_least(-1076.0, at_most(1025.0, x)), k = nearest(inside), part = inside - k;
    const P r = part * P(std::numbers::ln2);
    const P lost = is_fused<A> ? mul_add(part, P(std::numbers::ln2), -r) : P(0);
    return scale(1 + (r + mul_add(r * r, polynomial(r, C::series), lost)), k);
}
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<float, A> exp2(const Pack<float, A>& x) {
    return in_double<A>([](const auto& wide) { return exp2(wide); }, x);
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
template <class T, class A>
[[nodiscard, gnu::always_inline]] inline Pack<T, A> expm1(const Pack<T, A>& x) {
    return select(abs(x) < ExpConstants<T>::tiny, x, expm1_of_large(x));
}

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff
