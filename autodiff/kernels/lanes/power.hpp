// SPDX-License-Identifier: MIT
/// pow, cbrt and hypot of packs. Float is computed in double.
#pragma once

#include "autodiff/kernels/lanes/logarithm.hpp"

namespace autodiff {
inline namespace v1 {
namespace kernels {

/// (2 artanh(s) / s - 2 - 2/3 s^2) / s^4 in s^2, error of the logarithm 2^-63
inline constexpr double log_series_beyond_cube[] = {0.40000000000000024, 0.2857142857133851,  0.2222222227110234, 0.18181808247544543,
                                                    0.15385574796462032, 0.13285957435193352, 0.1291361767218225};

/// ln x as a sum of two numbers, relative error about 2^-65, for normal x.
template <class A>
[[nodiscard, gnu::always_inline]] inline Wide<Pack<double, A>> wide_log(const Pack<double, A>& x, const Pack<double, A>& more_k) {
    using P = Pack<double, A>;
    using C = ExpConstants<double>;
    const auto parts = binary_parts(x);
    const P k = parts.k + more_k, f = parts.m - 1;
    // s = f / (2 + f)
    const auto below = sum_of_ordered(P(2), f);
    const P inverse = 1 / below.high, s = f * inverse;
    const auto back = exact_product(s, below.high);
    const P s_low = (((f - back.high) - back.low) - s * below.low) * inverse;
    // s^3 (2/3 + s^2 ...)
    const auto square = exact_product(s, s);
    const P square_low = mul_add(2 * s, s_low, square.low);
    const auto factor = sum_of_ordered(P(2.0 / 3), square.high * polynomial(square.high, log_series_beyond_cube));
    const P factor_low = factor.low + P(0x1.5555555555555p-55);
    const auto cube = exact_product(s, square.high);
    const P cube_low = cube.low + mul_add(s, square_low, s_low * square.high);
    const auto term = exact_product(cube.high, factor.high);
    const P term_low = term.low + mul_add(cube.high, factor_low, cube_low * factor.high);
    // k ln 2 + 2 s + the term
    const auto first = sum_of_ordered(k * P(C::ln2_high), 2 * s);
    const auto second = sum_of_ordered(first.high, term.high);
    return {second.high, (first.low + second.low) + (mul_add(k, P(C::ln2_low), 2 * s_low) + term_low)};
}

/// |a|^b = e^(b ln |a|), to double's precision or to float's. Then what C's annex F says of zeros,
/// infinities, NaN and negative bases.
template <Digits D, class A>
[[nodiscard, gnu::always_inline]] inline Pack<double, A> power(const Pack<double, A>& a, const Pack<double, A>& b) {
    using P = Pack<double, A>;
    constexpr double inf = std::numeric_limits<double>::infinity(), least = std::numeric_limits<double>::min();
    const P size = abs(a);
    const auto denormal = size < least;
    const P normal = select(denormal, size * P(0x1p54), size), more_k = select(denormal, P(-54), 0);
    P high, low(0);
    if constexpr (D == Digits::all) {
        const auto logarithm = wide_log(normal, more_k);
        high = logarithm.high, low = logarithm.low;
    } else {
        const auto parts = binary_parts(normal);
        high = log_of_parts<D>(parts.k + more_k, parts.m - 1);
    }
    const P exponent = at_least(-0x1p65, at_most(0x1p65, b));  // beyond, every base but 1 overflows or underflows
    P product = high * exponent, rest(0);
    if constexpr (D == Digits::all) rest = select(abs(product) < 1000, mul_add(low, exponent, exact_product(high, exponent).low), 0);
    P y;
    if constexpr (D == Digits::all)
        y = exp_of_sum(product, rest);
    else
        y = exp<D>(product);
    if (all(a >= least && a < inf && abs(b) < inf)) [[likely]]
        return y;

    const auto grows = (size > 1 && b > 0) || (size < 1 && b < 0);
    y = select(size == 0 || size == inf || abs(b) == inf, select(grows, P(inf), 0), y);
    const P half = P(0.5) * b;
    const auto whole = floor(b) == b, odd = whole && floor(half) != half && abs(b) < inf;
    y = select(copysign(P(1), a) < 0 && odd, -y, y);
    y = select(a < 0 && size < inf && !whole, std::numeric_limits<double>::quiet_NaN(), y);
    y = select(isnan(a) || isnan(b), a + b, y);
    return select(b == 0 || a == 1 || (a == -1 && abs(b) == inf), 1, y);
}

/// Within 1 ulp.
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<double, A> pow(const Pack<double, A>& a, const Pack<double, A>& b) {
    return power<Digits::all>(a, b);
}

/// x^(1/3) for x from sqrt(1/2) to sqrt(2), error 2^-22
inline constexpr double cbrt_series[] = {0.39969553392018364,  1.1890254244465508, -1.167182300878286,  0.9452829785678083,
                                         -0.49619886441816097, 0.1486420623577358, -0.01926499118960693};
inline constexpr double short_cbrt_series[] = {0.451666853844439, 0.9048187750472092, -0.5356308645821454, 0.21693769463604703,
                                               -0.03778821290512761};  ///< error 2^-16
/// x = 2^(3 third) part, and the polynomial's root of part
template <class P>
struct CbrtParts {
    P part, root, third;
};
template <class A, std::size_t N>
[[nodiscard, gnu::always_inline]] inline CbrtParts<Pack<double, A>> cbrt_parts(const Pack<double, A>& x, const double (&series)[N]) {
    using P = Pack<double, A>;
    const auto parts = binary_parts(x);
    const P third = nearest(parts.k * P(1.0 / 3)), rest = parts.k - 3 * third;  // -1, 0 or 1
    const P root_of_rest = select(rest == 0, P(1), select(rest > 0, P(1.2599210498948732), P(0.7937005259840998)));
    return {parts.m * power_of_two(rest), polynomial(parts.m, series) * root_of_rest, third};
}
/// A guess of few digits, so that its square is exact, and one step of Halley's method. Within 1 ulp.
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<double, A> cbrt(const Pack<double, A>& x) {
    using P = Pack<double, A>;
    constexpr double inf = std::numeric_limits<double>::infinity();
    const P size = abs(x);
    const auto denormal = size < std::numeric_limits<double>::min();
    const auto [part, root, third] = cbrt_parts(select(denormal, size * P(0x1p54), size), cbrt_series);
    const P guess = P::from_bits(root.bits() & ~((typename P::Word{1} << 28) - 1));
    const P ratio = part / (guess * guess), y = guess + guess * ((ratio - guess) / (guess + guess + ratio));
    const P scaled = y * power_of_two(select(denormal, third - 18, third));
    return select(x == 0 || !(size < inf), x, copysign(scaled, x));
}

/// Scaled by a power of two where squares would overflow or underflow. Within 1.25 ulp.
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<double, A> hypot(const Pack<double, A>& a, const Pack<double, A>& b) {
    using P = Pack<double, A>;
    constexpr double inf = std::numeric_limits<double>::infinity();
    const P x = abs(a), y = abs(b);
    const auto ordered = x < y;
    const P more = select(ordered, y, x), less = select(ordered, x, y);
    const auto huge = more > 0x1p500, small = more < 0x1p-450;
    const P down = select(huge, 0x1p-600, select(small, P(0x1p600), 1)), up = select(huge, 0x1p600, select(small, P(0x1p-600), 1));
    const P p = more * down, q = less * down;
    return select(x == inf || y == inf, inf, sqrt(mul_add(p, p, q * q)) * up);
}

// Of float: in double, where squares neither overflow nor underflow and no number is denormal. Within 0.55 ulp.
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<float, A> pow(const Pack<float, A>& a, const Pack<float, A>& b) {
    return in_double<A>(
        [](const Pack<double, A>& base, const Pack<double, A>& exponent)
            __attribute__((always_inline)) { return power<Digits::of_float>(base, exponent); },
        a, b);
}
/// One step of Newton's method.
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<float, A> cbrt(const Pack<float, A>& x) {
    return in_double<A>(
        [](const Pack<double, A>& wide) __attribute__((always_inline)) {
            using P = Pack<double, A>;
            const P size = abs(wide);
            const auto [part, root, third] = cbrt_parts(size, short_cbrt_series);
            const P y = mul_add(part / (root * root) - root, P(1.0 / 3), root);
            return select(size == 0 || !(size < std::numeric_limits<double>::infinity()), wide, copysign(y * power_of_two(third), wide));
        },
        x);
}
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<float, A> hypot(const Pack<float, A>& a, const Pack<float, A>& b) {
    return in_double<A>(
        [](const Pack<double, A>& p, const Pack<double, A>& q) __attribute__((always_inline)) {
            constexpr double inf = std::numeric_limits<double>::infinity();
            return select(abs(p) == inf || abs(q) == inf, inf, sqrt(mul_add(p, p, q * q)));
        },
        a, b);
}

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff
