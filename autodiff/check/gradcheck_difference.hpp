// SPDX-License-Identifier: MIT
/// Slopes from values alone: difference quotients along a line through x, extrapolated, with an estimate of their error.
///
/// A line is one element of x or a direction. Its steps are powers of two, `first_step` / 2^level, so that the sequence of quotients that
/// Ridders' method wants is shared by everything that is asked of the line; the step that counts is the one that was realised, after
/// rounding x + h. Values are vectors: all results of f, from one evaluation. For gradcheck.
#pragma once

#include "autodiff/check/gradcheck_function.hpp"

#include <array>
#include <map>
#include <optional>
#include <span>
#include <vector>

namespace autodiff {
inline namespace v1 {
namespace internal {

/// A slope found by differences.
struct Slope {
    double value = 0;
    double error;     ///< an estimate, in which the noise of f has a part; infinite where nothing was found
    double step = 0;  ///< the smallest that went into it
};

/// The limit of q[i], quotients at step / 2^i whose error has the powers p, 2p, 3p... of the step: Neville's scheme, the entry with the
/// smallest estimated error.        source: Ridders (1982), "Accurate computation of F'(x) and F'(x)F''(x)"
/// An entry is never better than `noise` (of one value) makes it: two entries may agree by chance.
[[nodiscard]] Slope extrapolate(std::span<const double> q, double step, int power, double noise);

/// The standard deviation of the noise in values at equal steps, from their fourth differences.
/// source: More and Wild (2011), "Estimating computational noise"
[[nodiscard]] double noise_of(std::span<const double> values);

/// eps^(1/3) as a power of two: where rounding and truncation of a central difference balance.
[[nodiscard]] double balanced_step(double eps);

/// f along x + t d, for d = one element's scale, or a direction.
class Line {
  public:
    static constexpr int levels = 64;
    static constexpr int right = 0, left = 1;

    /// `step` is that of a central difference, in units of the scale of each element; 0: the balanced one
    Line(const GradcheckFunction& f, std::size_t element, double step);
    Line(const GradcheckFunction& f, std::vector<double> direction, double step);

    /// The level of the central difference; higher levels have smaller steps.
    static constexpr int central = 10;
    [[nodiscard]] double step(int level) const;
    /// The level of the smallest steps that x + h can still tell: of an element, whose realised step is known, smaller ones than of a direction.
    [[nodiscard]] int finest() const noexcept { return finest_; }
    /// What the line moves: an element by number, or nothing in particular.
    [[nodiscard]] std::optional<std::size_t> element() const noexcept { return element_; }
    /// Per element of x, how far t = 1 goes.
    [[nodiscard]] double scale(std::size_t k) const;
    [[nodiscard]] std::vector<double> point(int level, int side) const;
    /// x + t d
    [[nodiscard]] std::vector<double> moved(double t) const;

    /// <weights, f> there.
    [[nodiscard]] double value(std::span<const double> weights, int level, int side) const;
    [[nodiscard]] double central_quotient(std::span<const double> weights, int level) const;
    [[nodiscard]] double one_sided_quotient(std::span<const double> weights, int level, int side) const;
    [[nodiscard]] bool finite(int level, int side) const;
    /// The largest sum of |weights_i f_i| among the values that were seen, in units of eps: below this, f cannot say anything.
    [[nodiscard]] double rounding(std::span<const double> weights) const;
    /// The noise of <weights, f>, measured within the step of a level, and never below `rounding`.
    [[nodiscard]] double noise(std::span<const double> weights, int level) const;

  private:
    [[nodiscard]] int last_level(double units_in_the_last_place, double size) const;
    [[nodiscard]] const std::vector<double>& at(int level, int side) const;

    const GradcheckFunction* f_;
    std::optional<std::size_t> element_;
    double element_scale_ = 0;
    std::vector<double> direction_;
    double first_step_;
    int finest_ = 0;
    mutable std::array<std::array<std::vector<double>, 2>, levels> values_;
    mutable std::map<int, std::vector<std::vector<double>>> near_;  // by level
};

}  // namespace internal
}  // namespace v1
}  // namespace autodiff
