// SPDX-License-Identifier: MIT
/// What explanations read from a tape: one sweep from L, then the value, the adjoint and the local derivatives of any number on it.
///
/// A local derivative of a tensor row is asked from its primitive: the JVP of a one in a single place. So no operation is known
/// here by name, and one that is added later explains itself.
#pragma once

#include "autodiff/explain/trace.hpp"
#include "autodiff/explain/words.hpp"
#include "autodiff/node.hpp"

#include <functional>
#include <map>
#include <optional>
#include <span>

namespace autodiff {
inline namespace v1 {

/// A number on the tape: a scalar row, or an element of a tensor row.
struct Spot {
    std::uint32_t row = 0;
    std::uint32_t node = no_node;
    Index flat = 0;
};

/// What the list of rules says of an operation.
using RuleText = internal::Entry;
/// nullptr if no rule has this name.
[[nodiscard]] const RuleText* find_rule(std::string_view operation);

/// What one tensor row added to the adjoint of an operand that others add to, too: the norm of its part, and of the sum so far.
struct Arrival {
    double part = 0, sum = 0;
};

class Reading {
  public:
    /// `observed`: so many rows, counted from the root, have their arrivals noted
    /// throws TapeError if the tape keeps derivatives only
    Reading(const Tape& tape, std::uint32_t root, const ExplainOptions& options, std::size_t observed = 0);

    [[nodiscard]] const Tape& tape() const noexcept { return tape_; }
    [[nodiscard]] const Node& node(std::uint32_t index) const { return tape_.nodes()[index]; }
    [[nodiscard]] std::uint32_t root() const noexcept { return root_; }
    [[nodiscard]] const ExplainOptions& options() const noexcept { return options_; }
    [[nodiscard]] std::string number(double x) const { return numbers_(x); }

    /// Where x stands; an element of a tensor is the place in the tensor. throws TapeError unless x is on the tape
    [[nodiscard]] Spot spot(const Scalar& x) const;
    /// The tensor node of a row, or no_node.
    [[nodiscard]] std::uint32_t node_at(std::uint32_t row) const;
    [[nodiscard]] double value(const Spot& s) const;
    [[nodiscard]] double adjoint(const Spot& s) const;
    /// Adjoint of a tensor row; monostate if none has arrived.
    [[nodiscard]] const AnyTensor& block(std::uint32_t node) const { return adjoints_.block[node]; }
    [[nodiscard]] bool reached(std::uint32_t row) const { return row <= root_ && reached_[row]; }
    /// The tensor element that a scalar row was taken from, or the row itself.
    [[nodiscard]] Spot origin(std::uint32_t row) const;
    /// The name as text; of a loss without a name L, or another word if a value is called so.
    [[nodiscard]] std::string label(std::uint32_t row) const;
    [[nodiscard]] std::string label(const Spot& s) const;
    [[nodiscard]] std::string indices(const Shape& shape, Index flat) const { return indices_from(options_.first_index, shape, flat); }
    [[nodiscard]] std::string_view operation(std::uint32_t row) const;

    [[nodiscard]] std::span<const Operand> operands(std::uint32_t row) const;
    /// Per operand of a scalar row; of a constant operand, its value.
    [[nodiscard]] const double* partials(std::uint32_t row) const { return tape_.list().partial + first_[row]; }
    /// Each recorded operand of a row once, ascending.
    [[nodiscard]] std::vector<std::uint32_t> operand_rows(std::uint32_t row) const;
    /// Rows that read `row` and lead to L, in the order of the sweep: the newest first.
    [[nodiscard]] std::span<const std::uint32_t> consumers(std::uint32_t row) const;

    /// d y_k / d s for every element k of the tensor row y.
    [[nodiscard]] std::vector<double> derivatives(std::uint32_t y, const Spot& s) const;
    /// sum over those elements e of the tensor x of d y_k / d x_e: operations that hold their places apart tell many derivatives at once.
    [[nodiscard]] std::vector<double> derivatives(std::uint32_t y, std::uint32_t x, std::span<const Index> elements) const;
    /// d y_k / d x_k for an element-wise y.
    [[nodiscard]] std::vector<double> slopes(std::uint32_t y, std::uint32_t x) const;
    /// f(through, local) for every number that was computed from s directly, in the order of the sweep.
    void each_use(const Spot& s, const std::function<void(const Spot&, double)>& f) const;
    /// What the tensor row `from` added to the adjoint of the tensor row `to`, if that was observed.
    [[nodiscard]] const Arrival* arrival(std::uint32_t from, std::uint32_t to) const;
    /// The number of the step back of a row.
    [[nodiscard]] std::uint32_t step(std::uint32_t row) const noexcept { return root_ - row + 1; }
    /// Every path of length one that ends at s.
    [[nodiscard]] Contributions contributions(const Spot& s) const;

  private:
    [[nodiscard]] static std::string indices_from(Index first, const Shape& shape, Index flat);
    void sweep(std::size_t observed);
    void sweep_observed(std::uint32_t last);
    void trace_reach();
    void index_consumers();
    [[nodiscard]] std::vector<double> jvp(std::uint32_t y, const Adjoints<double>& tangents) const;

    const Tape& tape_;
    std::uint32_t root_;
    ExplainOptions options_;
    Numbers numbers_;
    std::string loss_name_;
    std::vector<std::uint32_t> first_;  // per row: its first operand
    std::vector<bool> reached_;
    std::vector<std::uint32_t> consumer_, first_consumer_;  // per row: where its consumers begin
    std::vector<double> scalar_;
    Adjoints<double> adjoints_;
    std::map<std::pair<std::uint32_t, std::uint32_t>, Arrival> arrivals_;
};

/// A tensor of a node's type and shape, with a one in one place or in all.
[[nodiscard]] AnyTensor unit_tensor(const Node& node, Index flat, bool everywhere);
/// Elements in row-major order.
[[nodiscard]] std::vector<double> flattened(const AnyTensor& x);

/// The layer around a weight, if there is one.
[[nodiscard]] bool explain_dense(const Reading& reading, const Spot& weight, DenseWeight& into);
/// The layer whose weight is this variable, if it is written with matmul or affine and reached.
[[nodiscard]] std::optional<DenseLayer> dense_layer(const Reading& reading, std::uint32_t weight_row);
/// Every path from s to the loss, at most `most` of them listed.
[[nodiscard]] Paths paths_from(const Reading& reading, const Spot& s, std::size_t most);

}  // namespace v1
}  // namespace autodiff
