// SPDX-License-Identifier: MIT
/// lgamma, digamma, polygamma of packs. Far from 0 Stirling's series; near 0 a quotient of polynomials beside the zeros, after a step of
/// the recurrence where x lies outside; below 0 the reflection. Float is computed in double, with fewer terms.
/// source   Abramowitz and Stegun (1964), "Handbook of mathematical functions", 6.1, 6.3, 6.4
#pragma once

#include "autodiff/kernels/lanes/circular.hpp"
#include "autodiff/kernels/lanes/logarithm.hpp"
#include "autodiff/rules/gamma.hpp"

namespace autodiff {
inline namespace v1 {
namespace kernels {

template <Digits D>
struct GammaConstants;
template <>
struct GammaConstants<Digits::all> {
    /// lgamma(1 + v) / (v (v - 1)) - 1/2 in v + 1/4 for v from -1/4 to 3/2, above and below the bar, error 2^-55
    static constexpr double above[] = {0.15049904458014518,  0.3402214889582412,    -0.05278789727128088,
                                       -0.7175732700726283,  -0.7263636269685441,   -0.3041184945875879,
                                       -0.05687223206739477, -0.004215526410379709, -8.437957936071533e-05};
    static constexpr double below[] = {1.0,
                                       4.6018955949014675,
                                       8.46947511110445,
                                       7.988668358901647,
                                       4.119945541387015,
                                       1.1505249536456976,
                                       0.16205236374176188,
                                       0.009793260577834051,
                                       0.00017138383750629952};
    /// (lgamma(x) - (x - 1/2) ln x + x - ln(2 pi) / 2) x in 1 / x^2 for x from 7/2 on, error of lgamma 2^-59
    static constexpr double far[] = {0.08333333333333333,   -0.0027777777777717367, 0.0007936507906474015, -0.0005952375053650208,
                                     0.0008416904695205226, -0.0019138415844331053, 0.006265212439175498,  -0.025674417522465746,
                                     0.10604141477957145,   -0.3353648881688487,    0.5464939113482806};
    /// digamma(1 + v) / (v - digamma_zero) - 7/8 in v up to 3/2, error 2^-54
    static constexpr double digamma_above[] = {0.3753801375034053,    -0.04308033165247004,  -0.4825190394451345,   -0.27637498896055207,
                                               -0.056678090760900836, -0.004336109772444247, -8.990123335545145e-05};
    static constexpr double digamma_below[] = {1.0,
                                               2.1621096799293262,
                                               1.6328873463317168,
                                               0.5510807319272133,
                                               0.08573419737196843,
                                               0.0055348611173564105,
                                               0.00010374194622329394};
    /// (ln x - 1 / (2 x) - digamma(x)) x^2 in 1 / x^2 for x from 7/2 on, error of digamma 2^-58
    static constexpr double digamma_far[] = {0.0833333333333333,    -0.008333333333224342, 0.003968253914003739, -0.004166655988165235,
                                             0.0075746607513232705, -0.02102547190809159,  0.08066078236200329,  -0.3708422356092262,
                                             1.6466182535252805,    -5.429035584685165,    9.06041985026368};
    /// (trigamma(x) - 1 / x - 1 / (2 x^2)) x^3 in 1 / x^2 for x from 9/2 on, error of trigamma 2^-58
    static constexpr double trigamma_far[] = {0.16666666666666657, -0.033333333332947766, 0.023809523548648036, -0.033333264100377125,
                                              0.07574811076022346, -0.2523548519932196,   1.1284027890140866,   -5.825760804385563,
                                              26.50463169755666,   -68.21048910689467};
};
template <>
struct GammaConstants<Digits::of_float> {
    /// errors 2^-28, 2^-34, 2^-35, 2^-33, 2^-33
    static constexpr double above[] = {0.15049904275529144, 0.005908340932260359, -0.2783734181778743, -0.14518861102271846,
                                       -0.013302597354402711};
    static constexpr double below[] = {1.0, 2.3805304389997413, 1.7697576201138554, 0.4465690004562521, 0.027959904576551235};
    static constexpr double far[] = {0.08333333312119086, -0.0027776941948215515, 0.0007883901767173793, -0.00048476340025489903};
    static constexpr double digamma_above[] = {0.37538013748294413, -0.17760783291500834, -0.4227597910929034, -0.12358481940459203,
                                               -0.007476783718762104};
    static constexpr double digamma_below[] = {1.0, 1.8037329570512486, 0.9761053567477233, 0.18108173045536846, 0.00874567912399958};
    static constexpr double digamma_far[] = {0.08333333154269223, -0.008332627073601846, 0.003923549302418071, -0.0032142712987960754};
    static constexpr double trigamma_far[] = {0.16666666403709343, -0.03333162142264383, 0.023631814919505705, -0.027200644765487742};
};
/// Where digamma is 0, less 1.
inline constexpr double digamma_zero_high = 0x1.762d86356be3fp+0 - 1, digamma_zero_low = 0x1.b86a722197829p-54;

/// ln x, with what it lacks.
template <Digits D, class A>
[[nodiscard, gnu::always_inline]] inline Wide<Pack<double, A>> log_and_rest(const Pack<double, A>& x) {
    using P = Pack<double, A>;
    using C = ExpConstants<double>;
    if constexpr (D == Digits::of_float) {
        return {log<D>(x), P(0)};
    } else {
        const auto parts = binary_parts(x);
        const P f = parts.m - 1;
        const auto first = sum_of_ordered(parts.k * P(C::ln2_high), f);
        auto y = sum_of_ordered(first.high, first.low - mul_add(parts.k, P(-C::ln2_low), log1p_rest(f)));
        const auto normal = x >= std::numeric_limits<double>::min() && x < std::numeric_limits<double>::infinity();
        if (!all(normal)) y = {select(normal, y.high, log(x)), select(normal, y.low, 0)};
        return y;
    }
}
/// sin(pi d) for |d| <= 1/2
template <Digits D, class A>
[[nodiscard, gnu::always_inline]] inline Pack<double, A> sin_of_half_turns(const Pack<double, A>& d) {
    using P = Pack<double, A>;
    const auto angle = exact_product(d, P(std::numbers::pi));
    return sin_of_reduced(angle.high, D == Digits::all ? mul_add(d, P(2 * half_pi_low), angle.low) : P(0));
}
/// How far |x| lies above or below the nearest integer, from -1/2 to 1/2.
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<double, A> beyond_integer(const Pack<double, A>& x) {
    const Pack<double, A> d = x - floor(x);
    return select(d > 0.5, d - 1, d);
}

/// lgamma for x >= 0
template <Digits D, class A>
[[nodiscard, gnu::always_inline]] inline Pack<double, A> lgamma_of_positive(const Pack<double, A>& x) {
    using P = Pack<double, A>;
    using C = GammaConstants<D>;
    constexpr double inf = std::numeric_limits<double>::infinity();
    const auto low = x<0.75, high = x> 2.5, far = x >= 3.5;
    const auto [l, rest] = log_and_rest<D>(select(low || far, x, select(high, x - 1, 1)));
    // between 3/4 and 5/2 by v = x - 1; lgamma(x) = lgamma(x + 1) - ln x = lgamma(x - 1) + ln(x - 1)
    const P v = select(low, x, select(high, x - 2, x - 1)), t = v + P(0.25);
    const P near = (v * (v - 1)) * (polynomial(t, C::above) / polynomial(t, C::below) + P(0.5)) + select(low, -l, l);
    if (!any(far)) return near;
    const P inverse = 1 / x, series = polynomial(inverse * inverse, C::far);
    const P less_one = l - 1, lost = ((l - less_one) - 1) + rest, factor = x - P(0.5);
    const P stirling = mul_add(factor, less_one, mul_add(factor, lost, mul_add(inverse, series, P(0.4189385332046727))));
    return select(far, select(x < inf, stirling, x), near);
}
/// lgamma(-a) = ln(pi / (a |sin(pi a)|)) - lgamma(a)
template <Digits D, class A>
[[nodiscard, gnu::always_inline]] inline Pack<double, A> lgamma_of_any(const Pack<double, A>& x) {
    using P = Pack<double, A>;
    const P size = abs(x), y = lgamma_of_positive<D>(size);
    const auto negative = x < 0;
    if (!any(negative)) [[likely]]
        return y;
    const P d = abs(beyond_integer(size));
    const P reflected = -(log<D>(size * sin_of_half_turns<D>(d) * P(std::numbers::inv_pi)) + y);
    return select(negative && size > 0x1p-60, select(d > 0, reflected, std::numeric_limits<double>::infinity()), y);
}

/// digamma for x > 0
template <Digits D, class A>
[[nodiscard, gnu::always_inline]] inline Pack<double, A> digamma_of_positive(const Pack<double, A>& x) {
    using P = Pack<double, A>;
    using C = GammaConstants<D>;
    const auto low = x<1, high = x> 2.5, far = x >= 3.5;
    const P inverse = 1 / select(high && !far, x - 1, x);
    // between 1 and 5/2 by v = x - 1; digamma(x) = digamma(x + 1) - 1 / x = digamma(x - 1) + 1 / (x - 1)
    const P v = select(low, x, select(high, x - 2, x - 1));
    const P ratio = polynomial(v, C::digamma_above) / polynomial(v, C::digamma_below) + P(0.875);
    const P near = ((v - P(digamma_zero_high)) - P(digamma_zero_low)) * ratio + select(low, -inverse, select(high, inverse, 0));
    if (!any(far)) return near;
    const P square = inverse * inverse;
    return select(far, log<D>(x) - mul_add(square, polynomial(square, C::digamma_far), P(0.5) * inverse), near);
}
/// digamma(-a) = digamma(1 + a) + pi / tan(pi a)
template <Digits D, class A>
[[nodiscard, gnu::always_inline]] inline Pack<double, A> digamma_of_any(const Pack<double, A>& x) {
    using P = Pack<double, A>;
    const auto negative = x < 0;
    P y = digamma_of_positive<D>(select(negative, 1 - x, x));
    if (any(negative)) [[unlikely]] {
        const P d = beyond_integer(abs(x)), cosine = sin_of_half_turns<D>(P(0.5) - abs(d));
        const P reflected = y + P(std::numbers::pi) * (cosine / sin_of_half_turns<D>(d));
        y = select(negative, select(d == 0, std::numeric_limits<double>::quiet_NaN(), reflected), y);
    }
    return select(x == 0, -1 / x, y);
}

/// The derivative of digamma: 1 / x^2 + ... + 1 / (x + 4)^2 and the series at x + 5 where x is small;
/// trigamma(-a) = (pi / sin(pi a))^2 - trigamma(1 + a).
template <Digits D, class A>
[[nodiscard, gnu::always_inline]] inline Pack<double, A> trigamma(const Pack<double, A>& x) {
    using P = Pack<double, A>;
    const auto negative = x < 0;
    const P z = select(negative, 1 - x, x);
    const auto small = z < 4.5;
    const P inverse = 1 / select(small, z + 5, z), square = inverse * inverse;
    P y = inverse + square * mul_add(inverse, polynomial(square, GammaConstants<D>::trigamma_far), P(0.5));
    if (any(small)) {
        P terms = y;
        for (int i = 4; i >= 0; --i) {
            const P term = 1 / (z + i);
            terms = mul_add(term, term, terms);
        }
        y = select(small, terms, y);
    }
    if (any(negative)) [[unlikely]] {
        const P d = abs(beyond_integer(abs(x))), ratio = P(std::numbers::pi) / sin_of_half_turns<D>(d);
        y = select(negative, select(d > 0, ratio * ratio - y, std::numeric_limits<double>::infinity()), y);
    }
    return y;
}

/// Within 4 ulp for x >= 0, float 0.55; below 0, where it has zeros, within as many epsilons of |y| + |lgamma(-x)| + 1.
/// +inf at 0, -1, -2, ...
template <class A>
[[nodiscard]] Pack<double, A> lgamma(const Pack<double, A>& x) {
    return lgamma_of_any<Digits::all>(x);
}
template <class A>
[[nodiscard]] Pack<float, A> lgamma(const Pack<float, A>& x) {
    return in_double<A>(
        [](const Pack<double, A>& wide) __attribute__((always_inline)) { return lgamma_of_any<Digits::of_float>(wide); }, x);
}
/// Within 3 ulp for x > 0, float 0.55; below 0, where it has zeros, within as many epsilons of |y| + |digamma(-x)| + 1. Poles: special.hpp
template <class A>
[[nodiscard]] Pack<double, A> digamma(const Pack<double, A>& x) {
    return digamma_of_any<Digits::all>(x);
}
template <class A>
[[nodiscard]] Pack<float, A> digamma(const Pack<float, A>& x) {
    return in_double<A>(
        [](const Pack<double, A>& wide) __attribute__((always_inline)) { return digamma_of_any<Digits::of_float>(wide); }, x);
}
/// In lanes for n = 1, within 6 ulp (3 for x > 0), float 0.55; for others lane by lane.
template <class T, class A>
[[nodiscard]] Pack<T, A> polygamma(const Pack<T, A>& n, const Pack<T, A>& x) {
    Pack<T, A> first;
    if constexpr (sizeof(T) == sizeof(double))
        first = trigamma<Digits::all>(x);
    else
        first = in_double<A>(
            [](const Pack<double, A>& wide) __attribute__((always_inline)) { return trigamma<Digits::of_float>(wide); }, x);
    const auto ordinary = n == 1;
    if (all(ordinary)) [[likely]]
        return first;
    return select(ordinary, first, each_lane<rules::Polygamma>(n, x));
}

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff
