// SPDX-License-Identifier: MIT
/// The gradient as a recorded function: the same sweep, with Scalars and recorded tensors flowing through it, so that every
/// contribution becomes a row of the tape. Differentiate it again for Hessians and any higher order.
///
///     Tape tape;
///     auto x = tape.variable(-1.2), y = tape.variable(1.0);
///     auto g = recorded_gradient(rosenbrock(x, y));
///     auto row = gradient(g[x]);                     // row[x], row[y]: the first row of the Hessian
#pragma once

#include "autodiff/node.hpp"
#include "autodiff/tape.hpp"

namespace autodiff {
inline namespace v1 {

/// dy/dx as values on the tape: `g[x]` is a Scalar for a Scalar, a Tensor for a Tensor; a constant zero where y does not depend on x.
class RecordedGradient {
  public:
    /// throws TapeError as Gradient does
    [[nodiscard]] Scalar operator[](const Scalar& x) const;
    template <class T>
    [[nodiscard]] Tensor<T> operator[](const Tensor<T>& x) const;

  private:
    friend class Tape;
    RecordedGradient(Tape& tape, std::uint32_t root, AnyTensor seed);
    void check(std::uint32_t row, RecordingId id) const;

    Tape* tape_;
    std::vector<Scalar> scalar_;
    std::vector<AnyTensor> block_;
};

[[nodiscard]] inline RecordedGradient recorded_gradient(const Scalar& y) {
    return Tape::of(y.row(), y.recording(), "recorded_gradient").recorded_gradient(y);
}
template <class T>
[[nodiscard]] RecordedGradient recorded_gradient(const Tensor<T>& y) {
    return Tape::of(y.place().row, y.place().id, "recorded_gradient").recorded_gradient(y);
}

}  // namespace v1
}  // namespace autodiff
