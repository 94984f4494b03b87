// SPDX-License-Identifier: MIT
/// One run of a function that is being differentiated: its arguments, each with a row of its own, its results, and the part of the list
/// between them, which is swept in either direction, as often as one likes. What users call is gradient.hpp and derivatives.hpp.
#pragma once

#include "autodiff/tape.hpp"
#include "autodiff/value.hpp"

namespace autodiff {
inline namespace v1 {
namespace internal {

/// Where a sweep begins: tangents of some arguments, or adjoints of some results, by their number.
struct SeedAt {
    std::size_t number;
    Value value;
};
using Seeds = std::vector<SeedAt>;
[[nodiscard]] Seeds seeds_at_all(Values values);

/// See tape_of_arguments (kinds.hpp).
[[nodiscard]] Tape* recording_tape(std::string_view operation, const Values& arguments);

/// Two ways of sweeping: plainly, on a tape that only this function uses; or recording on a tape that others use, too.
enum class Sweeps : std::uint8_t { plain, recorded };

class Recording {
  public:
    /// throws TapeError (detail) if sweeps are to be recorded on a tape that keeps derivatives only
    Recording(Tape& tape, std::string_view operation, Sweeps sweeps);

    /// x as an argument: on a tape of others a row that means only this argument, so that what flows there is not what flows to x
    [[nodiscard]] Scalar argument(const Scalar& x, std::string_view name);
    template <class T>
    [[nodiscard]] Tensor<T> argument(const Tensor<T>& x, std::string_view name);
    /// What the function returned. throws TapeError if all of it is constant
    void finish(Values results);

    [[nodiscard]] const Values& arguments() const noexcept { return arguments_; }
    [[nodiscard]] const Values& results() const noexcept { return results_; }
    /// The results as they outlive the recording: constants after a plain run.
    [[nodiscard]] Values values() const;
    [[nodiscard]] bool recorded() const noexcept { return sweeps_ == Sweeps::recorded; }

    /// J xdot: the tangents of the results, for seeds at the arguments.     cost: one tangent sweep
    /// throws ShapeError unless the seeds have the shapes of the arguments
    [[nodiscard]] Values push(const Seeds& xdot) const;
    /// J^T ybar: the adjoints of the arguments, for seeds at the results.     cost: one reverse sweep
    /// throws ShapeError unless the seeds have the shapes of the results
    [[nodiscard]] Values pull(const Seeds& ybar) const;
    /// The adjoints of the arguments for the one result, which has one element; else throws ShapeError
    [[nodiscard]] Values pull_from_one() const;
    /// The gradient of the one result as a recorded function of the same arguments; needs a tape that keeps operations.
    /// throws ShapeError unless there is one result with one element
    [[nodiscard]] Recording gradient() const;

    void check_extent(std::string_view what, std::size_t expected, std::size_t got) const;
    void check_count(std::string_view what, std::size_t expected, std::size_t got) const;

  private:
    template <class Number>
    [[nodiscard]] Adjoints<Number> blank(std::vector<Number>& rows) const;
    template <class Number>
    void plant(Adjoints<Number>& adjoints, const Seeds& seeds, const Values& at, std::string_view what) const;
    template <class Number>
    [[nodiscard]] Value harvest(const Adjoints<Number>& adjoints, const Value& at) const;
    [[nodiscard]] Values pull_recorded(const Seeds& ybar) const;
    void check_live() const;
    void check_one_element() const;
    void trace();

    Tape* tape_;
    std::string_view operation_;  // of a literal
    Sweeps sweeps_;
    Passage passage_;
    std::uint32_t root_ = 0;  // the last row of the results
    Values arguments_, results_;
};

}  // namespace internal
}  // namespace v1
}  // namespace autodiff
