// SPDX-License-Identifier: MIT
/// What rounding does to a recorded function and to its derivative, to first order, from the adjoints and tangents of every row.
/// For gradcheck.
#pragma once

#include "autodiff/node.hpp"
#include "autodiff/value.hpp"

#include <vector>

namespace autodiff {
inline namespace v1 {
namespace internal {

/// Adjoints of every row of <v, y>, y on the tape.
class RowAdjoints {
  public:
    /// The tape keeps operations and outlives this.
    RowAdjoints(const Tape& tape, const Values& y, const Values& v);
    /// The root of the sum of squares of adjoint * value: each value's rounding is independent, and reaches the result by its adjoint.
    [[nodiscard]] double values() const;
    /// The root of the sum of squares of adjoint * partial * tangent, for tangents u of x: what each row passes on of the slope.
    [[nodiscard]] double slopes(const Values& x, const Values& u) const;

  private:
    const Tape& tape_;
    std::vector<double> rows_;
    Adjoints<double> adjoints_;
};

}  // namespace internal
}  // namespace v1
}  // namespace autodiff
