// SPDX-License-Identifier: MIT
/// Sums that remember the size of their terms: what the formulas of recover.cpp are computed with.
#pragma once

#include "autodiff/tensor.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace digits {

using autodiff::Index;
using autodiff::Tensor;

/// A sum, and the sum of the absolute values of its terms: the size against which rounding has to be judged.
struct Sum {
    double value = 0, terms = 0;
    void add(const Sum& x, double factor) {
        value += x.value * factor;
        terms += x.terms * std::abs(factor);
    }
};

/// Sums in row-major order, as the elements of a tensor.
using Sums = std::vector<Sum>;

/// The numbers of a tensor, read by position and by nothing else.
class Numbers {
  public:
    explicit Numbers(const Tensor<double>& x) : x_(x.constant().contiguous()) {}
    double operator[](std::size_t flat) const { return x_.begin_data()[flat]; }
    double operator()(Index i, Index j) const { return x_.begin_data()[i * extent(1) + j]; }
    double operator()(Index n, Index c, Index i, Index j) const {
        return x_.begin_data()[((n * extent(1) + c) * extent(2) + i) * extent(3) + j];
    }
    [[nodiscard]] Index extent(Index axis) const { return x_.shape()[axis]; }
    [[nodiscard]] std::size_t size() const { return static_cast<std::size_t>(x_.size()); }

  private:
    Tensor<double> x_;
};

/// NaN if there is any, infinity for a difference where the formula has no terms.
inline double max_relative_difference(const Numbers& tape, const Sums& formula) {
    double largest = 0;
    for (std::size_t k = 0; k < formula.size(); ++k) {
        const double difference = std::abs(tape[k] - formula[k].value);
        if (std::isnan(difference)) return difference;
        if (difference > 0) largest = std::max(largest, difference / formula[k].terms);
    }
    return largest;
}

}  // namespace digits
