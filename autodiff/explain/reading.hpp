// SPDX-License-Identifier: MIT
/// What explanations read from a tape: one sweep from L, then the value, the adjoint and the local derivatives of any number on it.
///
/// A local derivative of a tensor row is asked from its primitive: the JVP of a one in a single place. So no operation is known
/// here by name, and one that is added later explains itself.
#pragma once

#include "autodiff/explain/explain.hpp"
#include "autodiff/explain/words.hpp"
#include "autodiff/node.hpp"

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

class Reading {
  public:
    /// throws TapeError if the tape keeps derivatives only
    Reading(const Tape& tape, std::uint32_t root, const ExplainOptions& options);

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
    /// The name as text; L if the loss has none.
    [[nodiscard]] std::string label(std::uint32_t row) const;
    [[nodiscard]] std::string label(const Spot& s) const;
    [[nodiscard]] std::string indices(const Shape& shape, Index flat) const { return indices_from(options_.first_index, shape, flat); }
    [[nodiscard]] std::string_view operation(std::uint32_t row) const;

    [[nodiscard]] std::span<const Operand> operands(std::uint32_t row) const;
    /// Per operand of a scalar row; of a constant operand, its value.
    [[nodiscard]] const double* partials(std::uint32_t row) const { return tape_.list().partial + first_[row]; }
    /// Rows that read `row` and lead to L, in the order of the sweep: the newest first.
    [[nodiscard]] std::span<const std::uint32_t> consumers(std::uint32_t row) const;

    /// d y_k / d s for every element k of the tensor row y.
    [[nodiscard]] std::vector<double> derivatives(std::uint32_t y, const Spot& s) const;
    /// d y_k / d x_k for an element-wise y.
    [[nodiscard]] std::vector<double> slopes(std::uint32_t y, std::uint32_t x) const;
    /// Every path of length one that ends at s.
    [[nodiscard]] Contributions contributions(const Spot& s) const;

  private:
    [[nodiscard]] static std::string indices_from(Index first, const Shape& shape, Index flat);
    void sweep();
    void trace_reach();
    void index_consumers();
    template <class Visit>
    void each_operand(std::uint32_t row, const Visit& visit) const;
    [[nodiscard]] std::vector<double> jvp(std::uint32_t y, const Adjoints<double>& tangents) const;

    const Tape& tape_;
    std::uint32_t root_;
    ExplainOptions options_;
    Numbers numbers_;
    std::vector<std::uint32_t> first_;  // per row: its first operand
    std::vector<bool> reached_;
    std::vector<std::uint32_t> consumer_, first_consumer_;  // per row: where its consumers begin
    std::vector<double> scalar_;
    Adjoints<double> adjoints_;
};

/// Elements in row-major order.
[[nodiscard]] std::vector<double> flattened(const AnyTensor& x);

/// The layer around a weight, if there is one.
[[nodiscard]] bool explain_dense(const Reading& reading, const Spot& weight, DenseWeight& into);
[[nodiscard]] Ledger make_ledger(const Reading& reading);

}  // namespace v1
}  // namespace autodiff
