// SPDX-License-Identifier: MIT
/// Hyperbolic functions of packs and their inverses. Odd functions are computed for |x| and take x's sign.
#pragma once

#include "autodiff/kernels/lanes/logarithm.hpp"

namespace autodiff {
inline namespace v1 {
namespace kernels {

/// E / (E + 2) with E = e^(2|x|) - 1
template <class T, class A>
[[nodiscard, gnu::always_inline]] inline Pack<T, A> tanh(const Pack<T, A>& x) {
    const Pack<T, A> size = abs(x), e = expm1_of_large(at_most(T(40), 2 * size));
    return select(size < ExpConstants<T>::tiny, x, copysign(e / (e + 2), x));
}

/// (sinh(x) / x - 1) / x^2 in x^2 up to 1, error 2^-56
inline constexpr double sinh_series[] = {0.16666666666666666,    0.008333333333333299,   0.00019841269841324198, 2.7557319191381816e-06,
                                         2.5052117695907823e-08, 1.6057679623801638e-10, 7.746178593018827e-13};
/// Above 1 h - 1 / (4 h) with h = e^|x| / 2, which overflows only where the result does.
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<double, A> sinh(const Pack<double, A>& x) {
    using P = Pack<double, A>;
    const P size = abs(x), square = x * x, half = exp_of_sum(size, P(0), -1.0);
    const P near = mul_add(x * square, polynomial(square, sinh_series), x);
    return select(size < 0x1p-27, x, select(size < 1, near, copysign(half - P(0.25) / half, x)));
}
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<double, A> cosh(const Pack<double, A>& x) {
    const Pack<double, A> half = exp_of_sum(abs(x), Pack<double, A>(0), -1.0);
    return half + Pack<double, A>(0.25) / half;
}

/// ln(x + sqrt(x^2 + 1)) for |x|, without cancellation
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<double, A> asinh(const Pack<double, A>& x) {
    using P = Pack<double, A>;
    const P size = abs(x), square = size * size;
    const auto large = size > 0x1p28;
    const P inside = log1p(select(large, size - 1, size + square / (1 + sqrt(1 + square))));
    return select(size < 0x1p-27, x, copysign(select(large, inside + P(std::numbers::ln2), inside), x));
}
/// ln(x + sqrt(x^2 - 1)) with x = 1 + t
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<double, A> acosh(const Pack<double, A>& x) {
    using P = Pack<double, A>;
    const P t = x - 1;
    const auto large = x > 0x1p28;
    const P y = log1p(select(large, t, t + sqrt(t * (t + 2))));
    return select(x < 1, std::numeric_limits<double>::quiet_NaN(), select(large, y + P(std::numbers::ln2), y));
}
/// ln((1 + x) / (1 - x)) / 2 for |x|
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<double, A> atanh(const Pack<double, A>& x) {
    using P = Pack<double, A>;
    const P size = abs(x), y = P(0.5) * log1p(2 * size / (1 - size));
    return select(size < 0x1p-27, x, copysign(y, x));
}

template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<float, A> sinh(const Pack<float, A>& x) {
    return in_double<A>([](const auto& wide) { return sinh(wide); }, x);
}
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<float, A> cosh(const Pack<float, A>& x) {
    return in_double<A>([](const auto& wide) { return cosh(wide); }, x);
}
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<float, A> asinh(const Pack<float, A>& x) {
    return in_double<A>([](const auto& wide) { return asinh(wide); }, x);
}
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<float, A> acosh(const Pack<float, A>& x) {
    return in_double<A>([](const auto& wide) { return acosh(wide); }, x);
}
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<float, A> atanh(const Pack<float, A>& x) {
    return in_double<A>([](const auto& wide) { return atanh(wide); }, x);
}

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff
