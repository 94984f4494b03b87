// SPDX-License-Identifier: MIT
/// The special functions that the standard library lacks, or has with a data race, as plain functions of numbers. They never throw:
/// outside their domain they give the limit or NaN. Their rules: gamma.hpp.
#pragma once

namespace autodiff {
inline namespace v1 {

/// ln |Gamma(x)|. std::lgamma writes the global `signgam`, this does not. At 0, -1, -2, ...: +inf.
[[nodiscard]] float log_gamma(float x);
[[nodiscard]] double log_gamma(double x);
[[nodiscard]] long double log_gamma(long double x);

/// psi(x) = d/dx ln Gamma(x). At +0 -inf, at -0 +inf; NaN at the other poles -1, -2, ..., where the two sides disagree.
[[nodiscard]] float digamma(float x);
[[nodiscard]] double digamma(double x);
[[nodiscard]] long double digamma(long double x);

/// psi_n(x), the n-th derivative of digamma. At the poles 0, -1, -2, ...: +inf for odd n; for even n as digamma.
/// NaN for an order that is not an integer from 0 to 100. The order is a T so that it can be an operand of a rule.
[[nodiscard]] float polygamma(float n, float x);
[[nodiscard]] double polygamma(double n, double x);
[[nodiscard]] long double polygamma(long double n, long double x);

}  // namespace v1
}  // namespace autodiff
