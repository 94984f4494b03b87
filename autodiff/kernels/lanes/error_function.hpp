// SPDX-License-Identifier: MIT
/// erf and erfc of packs. erfc x = e^(-x^2) w Q(w) with w = 1 / (x + c), for all x from 1/2 on at once.
/// source   the change of variable: Shepherd and Laframboise (1981), "Chebyshev approximation of (1 + 2x) exp(x^2) erfc x"
#pragma once

#include "autodiff/kernels/lanes/exponential.hpp"

namespace autodiff {
inline namespace v1 {
namespace kernels {

/// e^(x^2) erfc(x) (x + 2) in 1 - 5 w with w = 1 / (x + 2) for x from 1/2 to 28, error 2^-55; the first coefficient is a sum
inline constexpr double erfc_first = 0.8950057559069498, erfc_first_low = 1.441283351132892e-19;
inline constexpr double erfc_series[] = {-0.46430074427237206,    0.1619391505322234,      -0.02591894616212402,   -0.005522382160766702,
                                         0.0030169006450206375,   0.00032789200989789363,  -0.00035635719972905,   -5.36463176608279e-05,
                                         4.597426643982324e-05,   1.3752800133362405e-05,  -5.242371565299296e-06, -3.400345206864062e-06,
                                         1.6166566732786943e-07,  6.871485658771512e-07,   1.6893698995237765e-07, -8.782276884461265e-08,
                                         -6.636739891848396e-08,  -4.020059505830813e-09,  1.3658687455523732e-08, 5.389115232923102e-09,
                                         -1.2009374616475734e-09, -1.1719499706128159e-09, -6.623398100058759e-11, 6.628631915229408e-11};
/// e^(x^2) erfc(x) (x + 9/2) in 1 - 9 w with w = 1 / (x + 9/2) for x up to 10, error 2^-30
inline constexpr double short_erfc_series[] = {1.1023632386377196,  -1.0049269617554684,   0.8339511975935424,    -0.628127265380026,
                                               0.4272809656712905,  -0.26049979662015443,  0.1407563555862487,    -0.06631197643666957,
                                               0.02592938689604515, -0.007914865471892045, 0.0027030451890485323, 0.0007650513228547094};
/// e^(x^2) erfc(x) / w in w = 1 / (x + 2) for x from 1 to 6, error of erf 2^-58
inline constexpr double far_erf_series[] = {0.5642228055506262, 1.126777850483809,  2.009878398674739,  2.35482699475404,
                                            6.799537417326777,  -25.71636188184959, 103.79009252678253, -350.6429227000736,
                                            664.8169901024755,  -664.9757828186727, 257.17036374810544, 88.73897258279072,
                                            -84.89634697960982};
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

/// erfc |x| from 1/2 on. Rounding w by a relative e moves the result by e d ln(e^(x^2) erfc x) / d ln w, from 2 at 1/2 to 1 far out, for
/// which a straight line in u is enough; it joins the exponent.
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<double, A> erfc_of_size(const Pack<double, A>& x) {
    using P = Pack<double, A>;
    const P size = at_most(28.0, abs(x));
    const auto below = exact_sum(P(2), size);
    const P w = 1 / below.high, u = mul_add(P(-5), w, P(1));
    const auto one = exact_product(w, below.high);
    const P e = ((1 - one.high) - one.low) - w * below.low;
    const P correction = e * mul_add(u, P(-0.56), P(1.52));
    const auto series = sum_of_ordered(P(erfc_first), mul_add(u, polynomial(u, erfc_series), P(erfc_first_low)));
    const auto square = exact_product(size, size);
    const auto [k, r, tail] = exp_parts(-square.high, correction - square.low);
    const auto power = sum_of_ordered(P(1), r + tail), factor = exact_product(w, series.high);
    const P low = mul_add(power.low, factor.high, power.high * mul_add(w, series.low, factor.low));
    const auto product = exact_product(power.high, factor.high);
    return scale(product.high + (product.low + low), k);
}
/// erf x for |x| <= 1
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<double, A> erf_of_small(const Pack<double, A>& x) {
    return mul_add(x, polynomial(x * x, erf_series), x);
}

/// Within 2.25 ulp.
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<double, A> erfc(const Pack<double, A>& x) {
    const Pack<double, A> y = erfc_of_size(x);
    return select(abs(x) < 0.625, 1 - erf_of_small(x), select(x < 0, 2 - y, y));
}
/// Within 1.75 ulp. From 1 on erfc is so small that what rounding moves it by does not matter.
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<double, A> erf(const Pack<double, A>& x) {
    using P = Pack<double, A>;
    const auto small = abs(x) < 1;
    const P near = erf_of_small(x);
    if (all(small)) return near;
    const P size = at_most(6.0, abs(x)), w = 1 / (2 + size);
    const auto [m, k] = exp_mantissa<Digits::all>(-(size * size));
    return select(small, near, copysign(1 - (m * power_of_two(k)) * (w * polynomial(w, far_erf_series)), x));
}

/// In double, where no digits are to be rescued. Within 0.55 ulp.
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<float, A> erfc(const Pack<float, A>& x) {
    return in_double<A>(
        [](const Pack<double, A>& wide) __attribute__((always_inline)) {
            using P = Pack<double, A>;
            const P size = at_most(10.1, abs(wide)), w = 1 / (size + P(4.5)), u = mul_add(P(-9), w, P(1));
            const auto [m, k] = exp_mantissa<Digits::of_float>(-(size * size));
            const P y = (m * power_of_two(k)) * (w * polynomial(u, short_erfc_series));
            return select(wide < 0, 2 - y, y);
        },
        x);
}
/// Within 1.75 ulp.
template <class A>
[[nodiscard, gnu::always_inline]] inline Pack<float, A> erf(const Pack<float, A>& x) {
    using P = Pack<float, A>;
    const P square = x * x, near = mul_add(x, polynomial(square, erf_series_float), x), size = at_most(4.0f, abs(x));
    return select(size < 1, near, copysign(1 - exp(polynomial(size, log_erfc_series)), x));
}

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff
