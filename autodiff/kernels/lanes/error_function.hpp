// SPDX-License-Identifier: MIT
/// erf and erfc of packs. erfc x = e^(-x^2) w Q(1 - 9 w) with w = 1 / (x + 9/2), for all x >= 0 at once.
/// source   the change of variable: Shepherd and Laframboise (1981), "Chebyshev approximation of (1 + 2x) exp(x^2) erfc x"
#pragma once

#include "autodiff/kernels/lanes/exponential.hpp"

namespace autodiff {
inline namespace v1 {
namespace kernels {

/// e^(x^2) erfc(x) / w in 1 - 9 w for x up to 28, error 2^-58; the part of its first coefficient that double has no room for
inline constexpr double erfc_first = 1.1023632384645727, erfc_first_low = 2.2400899317912253e-17;
inline constexpr double erfc_series[] = {-1.0049269806415524,     0.8339512420846492,      -0.628125995614748,      0.4272802774887156,
                                         -0.26052397656815246,    0.14074148035821116,     -0.06614072529331985,    0.02619896720955193,
                                         -0.00820902009720232,    0.0017034199092494453,   -2.6846003631463555e-05, -0.00014249065717809336,
                                         5.298360182179944e-05,   -2.7391234299773176e-06, -4.842696735471069e-06,  1.6065848534692014e-06,
                                         1.8035652167437392e-07,  -2.3523516781606055e-07, 1.8445396099542893e-08,  2.7142237931650545e-08,
                                         -3.7209342029986124e-09, -2.45880226418451e-09};
/// erf(x) / x - 1 in x^2 up to 1, error 2^-56 (float 2^-27)
inline constexpr double erf_series[] = {0.1283791670955126,     -0.3761263890318375,     0.11283791670954878,    -0.02686617064507674,
                                        0.0052239776248174784,  -0.0008548326980801447,  0.00012055331110409494, -1.4925595235970651e-05,
                                        1.6460999970345427e-06, -1.6350307065234626e-07, 1.4659736155673959e-08, -1.1372693191126323e-09,
                                        5.956905633653031e-11};
inline constexpr float erf_series_float[] = {0.128379166f,   -0.37612626f,    0.112835944f, -0.0268542077f,
                                             0.00518907793f, -0.00080167735f, 7.875546e-5f};
/// ln erfc(x) for x from 1 to 4, error of erfc 2^-27
inline constexpr float log_erfc_series[] = {0.00032013806f, -1.13023341f,   -0.631826043f,   -0.110080086f, 0.0264211353f,
                                            -0.0047595962f, 0.00059680565f, -4.60580413e-5f, 1.6371514e-6f};

/// erfc |x|. Rounding w by a relative e moves the result by e d ln(e^(x^2) erfc x) / d ln w, from 5 at 0 to 1 far out, for which a
/// rough parabola is enough; it joins the exponent.
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<double, A> erfc_of_size(const Pack<double, A>& x) {
    using P = Pack<double, A>;
    const P size = at_most(28.0, abs(x));
    const auto below = exact_sum(P(4.5), size);
    const P w = 1 / below.high, u = mul_add(P(-9), w, P(1));
    const auto one = exact_product(w, below.high);
    const P e = ((1 - one.high) - one.low) - w * below.low;
    const P correction = e * mul_add(u, mul_add(u, P(1.33), P(-1.91)), P(1.85));
    const P series = P(erfc_first) + mul_add(u, polynomial(u, erfc_series), P(erfc_first_low));
    const auto square = exact_product(size, size);
    const auto [k, r, tail] = exp_parts(-square.high, correction - square.low);
    return scale((1 + (r + tail)) * (w * series), k);
}
/// erf x for |x| <= 1
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<double, A> erf_of_small(const Pack<double, A>& x) {
    return mul_add(x, polynomial(x * x, erf_series), x);
}

template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<double, A> erfc(const Pack<double, A>& x) {
    const Pack<double, A> y = erfc_of_size(x);
    return select(abs(x) < 0.5, 1 - erf_of_small(x), select(x < 0, 2 - y, y));
}
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<double, A> erf(const Pack<double, A>& x) {
    const auto small = abs(x) < 1;
    const Pack<double, A> y = erf_of_small(x);
    if (all(small)) return y;
    return select(small, y, copysign(1 - erfc_of_size(x), x));
}

template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<float, A> erfc(const Pack<float, A>& x) {
    return in_double<A>([](const auto& wide) { return erfc(wide); }, x);
}
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<float, A> erf(const Pack<float, A>& x) {
    using P = Pack<float, A>;
    const P square = x * x, near = mul_add(x, polynomial(square, erf_series_float), x), size = at_most(4.0f, abs(x));
    return select(size < 1, near, copysign(1 - exp(polynomial(size, log_erfc_series)), x));
}

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff
