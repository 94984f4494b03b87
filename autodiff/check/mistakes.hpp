// SPDX-License-Identifier: MIT
/// The dictionary of mistakes: what a wrong step would be if some usual mistake had been made, compared with what it is.
///
/// Every candidate is made in the step's own frame, from the adjoints that were given above it: by the same sweep over the segment of the
/// tape with one thing changed, or from its result by moving elements. No derivative of any layer is written here. The kinds:
///
///     stopped              all zero                                   one_sample          only the first or last sample's part
///     sign                 the opposite sign                          wrong_axis          summed over other axes
///     factor               a constant times the right answer          treated_as_constant a reduction's own derivative left out
///     missing_derivative   an operation's local derivative left out   softmax_again       softmax' on top of a fused loss
///     wrong_derivative     another function or argument in its place  no_one_at_label     the -1 of the true class forgotten
///     diagonal_only        an operation taken element by element      updated_weights     weights after the update
///     overwritten          one contribution only, = instead of +=     wrong_operand       another value in an operand's place
///     forgotten_path       one contribution left out                  shifted flipped permuted   elements in other places
///     transposed           axes exchanged, or read in that order      float_precision     rounded to float on the way
///     not_transposed       the linear map instead of its transpose    not_cleared         added to the gradient of the step before
///     wrong_adjoint        another adjoint in the place of one        weight_decay        the gradient of a penalty is in it
///     no_softmax           the scores where probabilities belong      one_unit            only the first or last unit's part
#pragma once

#include "autodiff/check/compare.hpp"
#include "autodiff/check/compare_tape.hpp"

#include <limits>

namespace autodiff {
inline namespace v1 {
namespace check {

/// A wrong step: everything its candidates are made from.
struct WrongStep {
    const CheckedTape& tape;
    Backward& backward;
    const Segment& segment;
    const Given& given;
    const std::map<std::uint32_t, std::string>& names;  ///< of what was given, as it was spelled
    const Flat& yours;
    const Flat& expected;   ///< step-local
    const Flat& magnitude;  ///< of its contributions
    bool single = false;    ///< a float takes part
    const CompareOptions& options;
    const Flat* previous = nullptr;  ///< the target's adjoint in the step before, if that is known

    [[nodiscard]] std::string name(std::uint32_t row) const;
    /// The target's adjoint if `instead` happens at one row (0: at none); empty once all this has cost too much.
    [[nodiscard]] Flat swept(std::uint32_t changed, const Instead& instead) const;
    /// Whether one more sweep over the segment is, after all that was done for this step.
    [[nodiscard]] bool affordable() const;
    /// The rows of the segment next to the target, the nearest first.
    [[nodiscard]] std::vector<std::uint32_t> near(std::size_t most) const;
    mutable std::size_t spent = 0;
    mutable bool limited = false;  ///< something was left out because the segment is long
};

/// Collects what comes near. Of the exact hits the simplest is the answer, and the others are said to equal it.
class Candidates {
  public:
    Candidates(const Flat& yours, const Flat& expected, bool single);
    /// Lower ranks are simpler. A candidate that does not differ from the right answer is none.
    void offer(int rank, Mistake mistake, const Flat& candidate);
    /// Whether |x - y| / |y| is within rounding of 0.
    [[nodiscard]] bool same(const Flat& x, const Flat& y) const;
    [[nodiscard]] double tolerance() const noexcept { return tolerance_; }
    /// The exact hits if there are any; else what is within 5 %.
    void settle(Comparison::Step& step) const;

  private:
    struct Hit {
        int rank;
        Mistake mistake;
    };
    const Flat& yours_;
    double tolerance_, noise_, distance_;
    std::vector<Hit> hits_;
};

/// c if the row is y = c x for its one operand: the factor of a mean, of a scaled loss. 1 if it is anything else.
[[nodiscard]] double constant_slope(const CheckedTape& tape, std::uint32_t row);

/// |x - y| / |y|, infinite if y is 0 and x is not, or if either is not finite.
[[nodiscard]] double distance(const Flat& x, const Flat& y);

// One file each -----------------------------------------------------------------------------------------------------------------------
void offer_factors(const WrongStep& step, Candidates& candidates);      ///< mistakes_factor.cpp
void offer_derivatives(const WrongStep& step, Candidates& candidates);  ///< mistakes_derivative.cpp
void offer_paths(const WrongStep& step, Candidates& candidates);        ///< mistakes_path.cpp
void offer_layouts(const WrongStep& step, Candidates& candidates);      ///< mistakes_layout.cpp
void offer_softmax(const WrongStep& step, Candidates& candidates);      ///< mistakes_softmax.cpp
void offer_operands(const WrongStep& step, Candidates& candidates);     ///< mistakes_operand.cpp

/// The mistakes of a wrong step, into the step.
void diagnose(const WrongStep& wrong, Comparison::Step& step);

/// Ranks: which of two exact hits is the simpler explanation.
enum Rank : int {
    of_all,
    of_sign,
    of_constant,
    of_derivative,
    of_factor,
    of_path,
    of_copy,
    of_layout,
    of_map,
    of_other_derivative,
    of_sum,
    of_operand,
    of_place,
    of_order,
    of_rounding,
    of_some_factor,
};

}  // namespace check
}  // namespace v1
}  // namespace autodiff
