// SPDX-License-Identifier: MIT
/// What a comparison reads from a tape: the list turned around, and a sweep that can be stopped, fed and changed at any row.
///
/// The rows of such a sweep are passed by the pieces of sweep.hpp, so it knows no derivative of its own. `Segment` is the part of the
/// tape between a value and the adjoints that were given above it.
#pragma once

#include "autodiff/explain/reading.hpp"
#include "autodiff/node.hpp"
#include "autodiff/tape.hpp"

#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace autodiff {
inline namespace v1 {
namespace check {

/// Elements in row-major order: what is compared.
using Flat = std::vector<double>;

/// A tape up to a loss. A *value* is a row: a number, or a tensor.
class CheckedTape {
  public:
    /// throws TapeError if the tape keeps derivatives only
    CheckedTape(Tape& tape, std::uint32_t root);

    [[nodiscard]] Tape& tape() const noexcept { return tape_; }
    [[nodiscard]] std::uint32_t root() const noexcept { return root_; }
    /// The node of a tensor value; nullptr for a number.
    [[nodiscard]] const Node* tensor(std::uint32_t row) const;
    /// The node of any row that has one: a number may be the result of a tensor operation.
    [[nodiscard]] std::uint32_t node_at(std::uint32_t row) const { return row <= root_ ? node_[row] : no_node; }
    [[nodiscard]] Shape shape(std::uint32_t row) const;
    [[nodiscard]] bool is_float(std::uint32_t row) const;
    [[nodiscard]] Flat value(std::uint32_t row) const;
    /// A tensor value as one on the tape, for sweeps that record themselves.
    template <class T>
    [[nodiscard]] Tensor<T> recorded(std::uint32_t row) const;

    /// Whether the loss depends on the row.
    [[nodiscard]] bool reached(std::uint32_t row) const { return row <= root_ && reached_[row]; }
    /// Rows that read `row` and lead to the loss, the newest first.
    [[nodiscard]] std::span<const std::uint32_t> consumers(std::uint32_t row) const;
    /// Recorded operands, each once; and the operands of a scalar row with their partials.
    [[nodiscard]] std::vector<std::uint32_t> operands(std::uint32_t row) const;
    [[nodiscard]] std::span<const Operand> scalar_operands(std::uint32_t row) const;
    [[nodiscard]] const double* partials(std::uint32_t row) const { return tape_.list().partial + first_[row]; }
    /// The step of the sweep that completes the adjoint of a row: the row of its oldest consumer, the root's own for the root.
    [[nodiscard]] std::uint32_t completed_by(std::uint32_t row) const;
    /// What a row makes of tangents, each at one of its tensor operands.
    [[nodiscard]] Flat pushed(std::uint32_t row, const std::map<std::uint32_t, AnyTensor>& tangents) const;
    /// A tensor of ones, with the type and shape of a tensor value.
    [[nodiscard]] AnyTensor ones(std::uint32_t row) const;
    [[nodiscard]] std::uint32_t step_number(std::uint32_t row) const noexcept { return root_ - row + 1; }

    [[nodiscard]] std::string label(std::uint32_t row) const;
    /// The label of a named value; of another one, what it was computed from, a few steps back: `sub(z, div(sum(z)))`.
    [[nodiscard]] std::string words(std::uint32_t row, int steps = 3) const;
    [[nodiscard]] bool named(std::uint32_t row) const { return !tape_.given_name(row).empty(); }
    [[nodiscard]] std::string_view operation(std::uint32_t row) const;
    /// The row's rule of one operand, Operation::variable if it has none.
    [[nodiscard]] Operation unary_rule(std::uint32_t row) const;

  private:
    template <class Visit>
    void each_operand(std::uint32_t row, const Visit& visit) const;

    Tape& tape_;
    std::uint32_t root_;
    std::vector<std::uint32_t> first_, node_;  // per row: its first operand, its node
    std::vector<bool> reached_;
    std::vector<std::uint32_t> consumer_, first_consumer_;
    std::vector<Operation> node_rule_;  // per node
};

/// The adjoints of one sweep, row by row.
class Backward {
  public:
    /// `once`: for one sweep, after which clear() is not called.
    explicit Backward(const CheckedTape& tape, bool once = false);
    /// The adjoint of a value, replaced.
    void set(std::uint32_t row, const Flat& adjoint);
    /// The adjoint of a number, times a factor.
    void scale(std::uint32_t row, double factor) { scalar_[row] *= factor; }
    /// xbar += contribution
    void add(std::uint32_t row, const Flat& contribution);
    /// What has arrived; zeros if nothing has.
    [[nodiscard]] Flat adjoint(std::uint32_t row) const;
    [[nodiscard]] bool arrived(std::uint32_t row) const;
    [[nodiscard]] AnyTensor tensor(std::uint32_t row) const;
    /// Forgets what has arrived at a row.
    void drop(std::uint32_t row);
    /// One row of the sweep: its adjoint times its local derivatives, added to its operands.
    void pass(std::uint32_t row);
    /// Forgets everything.
    void clear();

  private:
    void touch(std::uint32_t row) {
        if (!once_) touched_.push_back(row);
    }
    const CheckedTape& tape_;
    bool once_;
    std::vector<double> scalar_;
    Adjoints<double> adjoints_;
    std::vector<std::uint32_t> touched_;
};

/// What was given, by row. The root is always in it: 1 unless it was given.
using Given = std::map<std::uint32_t, Flat>;

/// The rows between a value and the given adjoints that flow to it.
struct Segment {
    std::uint32_t target = 0;
    std::vector<std::uint32_t> rows;                    ///< to be passed, the newest first; given ones among them
    std::vector<std::uint32_t> frontier;                ///< the given ones
    std::size_t work = 0;                               ///< what one sweep costs, about as many operations
    [[nodiscard]] bool inner(std::uint32_t row) const;  ///< passed, and not given
};
[[nodiscard]] Segment segment(const CheckedTape& tape, std::uint32_t target, const Given& given);

/// What happens at a row in place of passing it.
using Instead = std::function<void(Backward&, std::uint32_t row)>;

/// The target's adjoint from the given ones. At the rows for which `changes` answers true, `instead` happens.
[[nodiscard]] Flat swept(Backward& backward, const Segment& segment, const Given& given,
                         const std::function<bool(std::uint32_t)>& changes = {}, const Instead& instead = {});

/// Whether an operation is a softmax fused with what follows it: its derivative p - y hides two contributions, p and y.
[[nodiscard]] bool fuses_softmax(std::string_view operation);

/// The adjoints of every given value, from one sweep. `from_given`: each is replaced by what was given once it is complete, so that what is
/// below follows from that. Otherwise they are those of the tape. Nonzero `jitter` multiplies every adjoint on the way by 1 +- jitter, the
/// sign at random from `seed`, and moves local derivatives by as much as that much rounding in the operation would: so 1 - y^2 near y = 1
/// moves a lot. How much the results move says how much rounding they feel.
[[nodiscard]] Given swept_at_once(const CheckedTape& tape, const Given& given, bool from_given, double jitter = 0, std::uint64_t seed = 0);

/// Per given value and element, what the contributions on the way add up to in absolute value: estimated from sweeps with jitter, and
/// never below the largest element.
[[nodiscard]] Given magnitudes(const CheckedTape& tape, const Given& given, bool from_given, const Given& plain);

}  // namespace check
}  // namespace v1
}  // namespace autodiff
