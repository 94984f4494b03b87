// SPDX-License-Identifier: MIT
/// The mirror image of gradient.hpp on a tape that you hold: from tangents of some values, the seeds, those of all others.
///
///     Tape tape;
///     auto x = tape.variable(1.3), y = tape.variable(5.2);
///     auto z = x * y + sin(x);
///     Tangent t = tangent(tape, {{x, 1.0}, {y, 2.0}});   // one sweep, t[z] = dz/dx * 1 + dz/dy * 2
///     auto r = recorded_tangent(tape, {{x, 1.0}});       // r[z] is dz/dx as a value on the tape: differentiate it again
#pragma once

#include "autodiff/tape.hpp"
#include "autodiff/value.hpp"

#include <initializer_list>
#include <span>

namespace autodiff {
inline namespace v1 {

/// A recorded value and its tangent: a number for a Scalar, a tensor of the same type and shape for a tensor. At a value that was computed
/// from others the seed is added to what flows there. A seed at an element `W(3, 5)` is a seed at that element of W.
class Seed {
  public:
    Seed(const Scalar& x, const Scalar& xdot) : x_(x), xdot_(xdot) {}
    template <class T>
    Seed(const Tensor<T>& x, const Tensor<T>& xdot) : x_(x), xdot_(xdot) {}
    template <class T, class V>
    Seed(const Tensor<T>& x, const V& xdot) = delete;  // a number is no tangent of a tensor

    [[nodiscard]] const internal::Value& value() const noexcept { return x_; }
    [[nodiscard]] const internal::Value& tangent() const noexcept { return xdot_; }

  private:
    internal::Value x_, xdot_;
};

/// All tangents of one sweep: `t[y]` is a Number for a Scalar, a Tensor of the shape of y for a tensor; zero if y does not depend on a
/// seed. A Tangent (Number double) owns its numbers and outlives the tape; those of a RecordedTangent (Number Scalar) are on the tape.
template <class Number>
class BasicTangent {
  public:
    /// throws TapeError if y is a constant, was moved from, belongs to another recording, or was recorded after the sweep
    [[nodiscard]] Number operator[](const Scalar& y) const;
    template <class T>
    [[nodiscard]] Tensor<T> operator[](const Tensor<T>& y) const;

    BasicTangent(Tape& tape, std::span<const Seed> seeds);

  private:
    void plant(const Tape& tape, const Seed& seed, Adjoints<Number>& tangents);
    void check(std::uint32_t row, RecordingId id) const;

    std::uint32_t end_ = 0;  // the first row that the sweep has not seen
    std::vector<Tape::Segment> segments_;
    std::vector<Number> scalar_;
    std::vector<AnyTensor> block_;
};
extern template class BasicTangent<double>;
extern template class BasicTangent<Scalar>;

using Tangent = BasicTangent<double>;
using RecordedTangent = BasicTangent<Scalar>;

/// ydot = dy/dx xdot, summed over the seeds, for every y on the tape.
/// cost     one tangent sweep, whatever the number of seeds and of values asked for
/// throws   TapeError if a seed is at a constant or on another tape, ShapeError unless a tangent has the shape of its value
[[nodiscard]] inline Tangent tangent(Tape& tape, std::span<const Seed> seeds) { return {tape, seeds}; }
[[nodiscard]] inline Tangent tangent(Tape& tape, std::initializer_list<Seed> seeds) {
    return {tape, std::span<const Seed>(seeds.begin(), seeds.size())};
}
/// The same as values on the tape, for tangents that may be recorded there, too; needs Detail::operations.
/// throws   as tangent(), and TapeError (detail) on a tape that keeps derivatives only
[[nodiscard]] inline RecordedTangent recorded_tangent(Tape& tape, std::span<const Seed> seeds) { return {tape, seeds}; }
[[nodiscard]] inline RecordedTangent recorded_tangent(Tape& tape, std::initializer_list<Seed> seeds) {
    return {tape, std::span<const Seed>(seeds.begin(), seeds.size())};
}

}  // namespace v1
}  // namespace autodiff
