// SPDX-License-Identifier: MIT
/// A x = b for a matrix that is known only by what it does to a vector.
#pragma once

#include "autodiff/shape.hpp"

#include <functional>
#include <span>

namespace autodiff {
inline namespace v1 {
namespace kernels {

/// y = A x
using Apply = std::function<void(std::span<const double> x, std::span<double> y)>;

struct GmresOptions {
    double tolerance = 1e-12;  ///< relative to |b|
    Index restart = 100;       ///< vectors kept
    Index products = 10000;    ///< with A, at most
};

/// Makes x, which holds the first guess, the solution of A x = b. Returns |b - A x| / |b|, computed afresh: the caller says what is enough.
/// Stops early where a whole cycle brings nothing any more. For n unknowns and restart >= n it ends after n products, up to rounding.
/// source   Saad, Schultz (1986), "GMRES: a generalized minimal residual algorithm"
double gmres(const Apply& a, std::span<const double> b, std::span<double> x, const GmresOptions& options = {});

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff
