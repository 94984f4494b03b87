// SPDX-License-Identifier: MIT
// Special functions by Boost.Math, told never to throw. Its heavy templates stay in this file; poles are decided here.
#include "autodiff/rules/special.hpp"

#include <boost/math/special_functions/digamma.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <boost/math/special_functions/polygamma.hpp>
#include <cmath>
#include <limits>

namespace autodiff {
inline namespace v1 {

namespace {

namespace policies = boost::math::policies;
using Quiet = policies::policy<policies::domain_error<policies::ignore_error>, policies::pole_error<policies::ignore_error>,
                               policies::overflow_error<policies::ignore_error>, policies::underflow_error<policies::ignore_error>,
                               policies::evaluation_error<policies::ignore_error>, policies::rounding_error<policies::ignore_error>,
                               policies::indeterminate_result_error<policies::ignore_error>>;

template <class T>
constexpr T infinity = std::numeric_limits<T>::infinity();
template <class T>
constexpr T not_a_number = std::numeric_limits<T>::quiet_NaN();

/// 0, -1, -2, ...: every number below -2^digits is an integer.
template <class T>
bool is_pole(T x) {
    return x <= 0 && std::floor(x) == x;
}

#if defined(__GLIBC__)
float reentrant_lgamma(float x, int* sign) { return ::lgammaf_r(x, sign); }
double reentrant_lgamma(double x, int* sign) { return ::lgamma_r(x, sign); }
long double reentrant_lgamma(long double x, int* sign) { return ::lgammal_r(x, sign); }
#endif

template <class T>
T log_gamma_of(T x) {
#if defined(__GLIBC__)
    int sign;
    return reentrant_lgamma(x, &sign);
#else
    if (std::isnan(x)) return x;
    return std::isinf(x) || is_pole(x) ? infinity<T> : boost::math::lgamma(x, Quiet{});
#endif
}

template <class T>
T digamma_of(T x) {
    if (x == 0) return -1 / x;
    if (is_pole(x)) return not_a_number<T>;
    return std::isinf(x) || std::isnan(x) ? x : boost::math::digamma(x, Quiet{});
}

/// psi_n away from poles. The library takes the angle of its reflection through int, which ends at 2^31; what it reflects,
/// (-1)^n psi_n(1 - x) - psi_n(x), has period 1, so that far below 0 it may be had at a point beside -2^30, which is exact.
template <class T>
T reflected_polygamma(int n, T x) {
    constexpr T far = -static_cast<T>(1 << 30);
    if (x > far) return boost::math::polygamma(n, x, Quiet{});
    const T nearer = std::fmod(x, T{2}) + far;
    const T change = boost::math::polygamma(n, 1 - x, Quiet{}) - boost::math::polygamma(n, 1 - nearer, Quiet{});
    return boost::math::polygamma(n, nearer, Quiet{}) + (n % 2 == 1 ? -change : change);
}

template <class T>
T polygamma_of(T n, T x) {
    if (!(n >= 0 && n <= 100) || std::floor(n) != n || std::isnan(x)) return not_a_number<T>;
    if (n == 0) return digamma_of(x);
    const int order = static_cast<int>(n);
    const bool odd = order % 2 == 1;
    if (is_pole(x)) return odd ? infinity<T> : x == 0 ? -1 / x : not_a_number<T>;
    if (std::isinf(x)) return odd ? T{0} : -T{0};
    const T y = reflected_polygamma(order, x);
    if (!std::isinf(y)) return y;
    const bool right_of_pole = x > 0 || x > std::round(x);
    return !odd && right_of_pole ? -infinity<T> : infinity<T>;  // the library loses the sign of an overflow
}

}  // namespace

float log_gamma(float x) { return log_gamma_of(x); }
double log_gamma(double x) { return log_gamma_of(x); }
long double log_gamma(long double x) { return log_gamma_of(x); }

float digamma(float x) { return digamma_of(x); }
double digamma(double x) { return digamma_of(x); }
long double digamma(long double x) { return digamma_of(x); }

float polygamma(float n, float x) { return polygamma_of(n, x); }
double polygamma(double n, double x) { return polygamma_of(n, x); }
long double polygamma(long double n, long double x) { return polygamma_of(n, x); }

}  // namespace v1
}  // namespace autodiff
