// SPDX-License-Identifier: MIT
/// Tensor rows of the list: what a primitive is, and what its derivatives may ask for.
///
/// A primitive is one class with its forward operands saved and its VJP and JVP side by side, both written with the ordinary tensor
/// operations. In a plain sweep `saved()` hands out constants, so those operations only compute; in a sweep that records itself it
/// hands out the recorded values, so the same lines give the second derivative. ops/matmul.cpp shows the pattern, sweep.hpp the use.
#pragma once

#include "autodiff/tensor.hpp"

#include <memory>
#include <variant>

namespace autodiff {
inline namespace v1 {

/// A value or an adjoint of either floating type; monostate is *absent*, which is not zero.
using AnyTensor = std::variant<std::monostate, Tensor<float>, Tensor<double>>;

inline constexpr std::uint32_t no_node = 0xffffffffu;

/// An operand of a tensor row: its row (0 for a constant) and, if it is a tensor, its node.
struct Source {
    std::uint32_t row = 0;
    std::uint32_t node = no_node;
};
using Sources = ShortList<Source, 3>;

class Pullback;
class Pushforward;

/// An operation on tensors. Scalars take part as rank-0 tensors of double.
class Primitive {
  public:
    virtual ~Primitive() = default;
    /// From the pool: a tape makes and forgets as many as it has tensor rows.
    static void* operator new(std::size_t bytes) { return kernels::take_memory(bytes); }
    static void operator delete(void* primitive, std::size_t bytes) noexcept { kernels::give_memory(primitive, bytes); }
    [[nodiscard]] virtual std::string_view name() const = 0;
    /// Adds to every wanted operand its part of the adjoint.
    virtual void vjp(Pullback& pull) const = 0;
    /// The tangent of the result; called only if some operand has a tangent.
    [[nodiscard]] virtual AnyTensor jvp(const Pushforward& push) const = 0;
    /// Whether vjp or jvp reads the result.
    [[nodiscard]] virtual bool saves_result() const { return false; }
    /// How many rows directly after this one are further results of the same operation. This row's vjp takes the adjoints of all.
    [[nodiscard]] virtual std::size_t further_results() const { return 0; }
    /// Whether this row is such a further result: its adjoint waits until the sweep comes to the first one.
    [[nodiscard]] virtual bool is_further_result() const { return false; }
};

/// One tensor row.
struct Node {
    std::uint32_t row = 0;
    Sources operands;
    std::unique_ptr<const Primitive> primitive;
    Shape shape;                           ///< of the result
    AnyTensor value;                       ///< the result: kept where operations are, and where the primitive reads it
    bool is_double = false;                ///< element type of the result
    bool scalar_result = false;            ///< the result is a Scalar: its adjoint is a number
    bool retained = false;                 ///< its adjoint is kept after the sweep has passed
    std::uint32_t element_node = no_node;  ///< for an element of a tensor: the tensor's node ...
    Index element = 0;                     ///< ... and the flat position in it

    /// Gives up what was saved: no sweep comes here again.
    void spend() {
        primitive.reset();
        value = {};
    }
};

/// Adjoints (or tangents) while a sweep runs: one number per row for scalars, one block per node for tensors.
template <class Number>
struct Adjoints {
    Number* scalar = nullptr;
    std::vector<AnyTensor> block;
    [[nodiscard]] AnyTensor& at(std::size_t node) { return block[node]; }
    [[nodiscard]] const AnyTensor& at(std::size_t node) const { return block[node]; }
    [[nodiscard]] std::size_t end() const noexcept { return block.size(); }  ///< of the nodes that have a block
    std::vector<AnyTensor> error{};  ///< per node, what rounding has lost from the block: in compensated sweeps only
    NodeList* spent = nullptr;       ///< where set, nodes give up what they have saved as the sweep passes them
};

/// Where a part of the list begins: a row, its first operand, the first node from there on.
struct ListPosition {
    std::uint32_t row = 1, operand = 0;
    std::size_t node = 0;
};

/// The part of the list that a sweep which records itself passes through. What depends on no value of interest is left out: whatever
/// flowed there would only make rows that nobody reads.
struct Passage {
    ListPosition from;
    std::vector<bool> active{};  ///< per row, beginning with from.row; empty: every row
    [[nodiscard]] bool has(std::uint32_t row) const {
        return row >= from.row && (active.empty() || (row - from.row < active.size() && active[row - from.row]));
    }
};

/// In a sweep that records itself the first number and the first block belong to the beginning of the passage.
template <>
struct Adjoints<Scalar> {
    Scalar* scalar = nullptr;
    std::vector<AnyTensor> block;
    const Passage* passage = nullptr;  ///< null: the whole list, numbered as it is
    [[nodiscard]] Scalar& at_row(std::uint32_t row) const { return scalar[passage == nullptr ? row : row - passage->from.row]; }
    [[nodiscard]] AnyTensor& at(std::size_t node) { return block[passage == nullptr ? node : node - passage->from.node]; }
    [[nodiscard]] const AnyTensor& at(std::size_t node) const { return block[passage == nullptr ? node : node - passage->from.node]; }
    [[nodiscard]] std::size_t end() const noexcept { return block.size() + (passage == nullptr ? 0 : passage->from.node); }
    [[nodiscard]] bool wants(std::uint32_t row) const { return row != 0 && (passage == nullptr || passage->has(row)); }
};

/// An adjoint that remembers what rounding lost: their sum is the adjoint (compensated.hpp).
struct Compensated;

/// What a VJP sees: the adjoint of the result, the saved values, and where its contributions go.
class Pullback {
  public:
    /// A plain sweep: numbers flow, nothing is recorded.
    Pullback(const NodeList& nodes, std::size_t index, Adjoints<double>& adjoints)
        : nodes_(nodes), index_(index), plain_(&adjoints) {}
    /// A plain sweep that keeps what rounding loses between contributions.
    Pullback(const NodeList& nodes, std::size_t index, Adjoints<Compensated>& adjoints)
        : nodes_(nodes), index_(index), compensated_(&adjoints) {}
    /// A sweep that records itself.
    Pullback(const NodeList& nodes, std::size_t index, Adjoints<Scalar>& adjoints)
        : nodes_(nodes), index_(index), recording_(&adjoints) {}

    /// Whether an adjoint has arrived at the row; if not, nothing flows from it.
    [[nodiscard]] bool arrived() const;
    [[nodiscard]] bool wants(std::size_t operand) const {
        const std::uint32_t row = node().operands[operand].row;
        return records() ? recording_->wants(row) : row != 0;
    }
    /// Whether the sweep records itself; if not, a VJP may take a path that only computes.
    [[nodiscard]] bool records() const noexcept { return recording_ != nullptr; }
    template <class T>
    [[nodiscard]] Tensor<T> ybar() const;
    /// The same where the result is a Scalar: a constant, or a recorded value if the sweep records itself.
    [[nodiscard]] Scalar ybar_scalar() const;
    /// The adjoint of result k of an operation with several; rank 0 for a Scalar, absent if nothing has arrived there.
    [[nodiscard]] AnyTensor ybar_of(std::size_t result) const;
    template <class T>
    [[nodiscard]] Tensor<T> saved(const Tensor<T>& x) const {
        return records() ? x : x.constant();
    }
    template <class T>
    [[nodiscard]] Tensor<T> result() const {
        return saved(std::get<Tensor<T>>(node().value));
    }
    /// Adjoint of the operand += contribution; the first one is taken over without a copy.
    /// throws ShapeError if the contribution has not the operand's shape: a mistake of the primitive, never of its user
    template <class T>
    void add(std::size_t operand, Tensor<T> contribution);
    /// Where a contribution of the operand's shape is written: the adjoint so far, to be added to in place, or fresh memory, to be assigned.
    template <class T>
    class Destination {
      public:
        [[nodiscard]] T* values() noexcept { return values_; }
        [[nodiscard]] bool adds() const noexcept { return fresh_.size() == 0; }

      private:
        friend class Pullback;
        Tensor<T> fresh_;
        T* values_ = nullptr;
    };
    template <class T>
    [[nodiscard]] Destination<T> destination(std::size_t operand);
    template <class T>
    [[nodiscard]] Destination<T> fresh_destination(std::size_t operand);
    /// The same for what is added to only here and there: fresh memory holds zeros, and everything is added.
    template <class T>
    [[nodiscard]] Destination<T> sum_destination(std::size_t operand);
    /// After it was written: until then the adjoint is as it was, or, where it was added to, not to be read.
    template <class T>
    void arrive(std::size_t operand, Destination<T> destination);
    /// The operand's shape; rank 0 for a Scalar.
    [[nodiscard]] const Shape& shape(std::size_t operand) const;

    /// One element of the operand's adjoint += contribution (rank 0), without building a tensor of the operand's shape.
    template <class T>
    void add_element(std::size_t operand, Index flat, const Tensor<T>& contribution);
    /// The same for an operand that is a Scalar.
    void add_scalar(std::size_t operand, const Scalar& contribution);
    /// The operand's adjoint so far, taken away until put() brings it back: an inner sweep goes on adding to it, in the order in which
    /// the rows would have done it here. Absent where nothing has arrived, and in sweeps that cannot give it away (put() then adds).
    [[nodiscard]] AnyTensor take(std::size_t operand);
    void put(std::size_t operand, AnyTensor adjoint);

  private:
    [[nodiscard]] const Node& node() const { return nodes_[index_]; }
    [[nodiscard]] AnyTensor& block(std::size_t node) const {
        return records() ? recording_->at(node) : compensated_ != nullptr ? compensated_->at(node) : plain_->at(node);
    }
    [[nodiscard]] std::size_t end() const noexcept {
        return records() ? recording_->end() : compensated_ != nullptr ? compensated_->end() : plain_->end();
    }
    [[nodiscard]] double number(std::uint32_t row) const;
    [[nodiscard]] bool arrived_at(std::size_t node) const;
    const NodeList& nodes_;
    std::size_t index_;
    Adjoints<double>* plain_ = nullptr;
    Adjoints<Scalar>* recording_ = nullptr;
    Adjoints<Compensated>* compensated_ = nullptr;
};

/// What a JVP sees: the tangents of the operands that have one, and the saved values. As in a VJP, `saved()` hands out constants in a
/// plain sweep and the recorded values in one that records itself.
class Pushforward {
  public:
    Pushforward(const NodeList& nodes, std::size_t index, const Adjoints<double>& tangents)
        : nodes_(nodes), index_(index), plain_(&tangents) {}
    Pushforward(const NodeList& nodes, std::size_t index, const Adjoints<Scalar>& tangents)
        : nodes_(nodes), index_(index), recording_(&tangents) {}
    [[nodiscard]] bool has(std::size_t operand) const;
    [[nodiscard]] bool any() const;
    /// Whether the sweep records itself; if not, a JVP may take a path that only computes.
    [[nodiscard]] bool records() const noexcept { return recording_ != nullptr; }
    template <class T>
    [[nodiscard]] Tensor<T> tangent(std::size_t operand) const;
    template <class T>
    [[nodiscard]] Tensor<T> saved(const Tensor<T>& x) const {
        return records() ? x : x.constant();
    }
    template <class T>
    [[nodiscard]] Tensor<T> result() const {
        return saved(std::get<Tensor<T>>(nodes_[index_].value));
    }
    [[nodiscard]] const Shape& result_shape() const { return nodes_[index_].shape; }

  private:
    const NodeList& nodes_;
    std::size_t index_;
    const Adjoints<double>* plain_ = nullptr;
    const Adjoints<Scalar>* recording_ = nullptr;
};

/// Where an operand stands. throws TapeError naming the operation unless it is a constant or on the recording tape
Source source(std::string_view operation, const Scalar& x);
Source source(std::string_view operation, const Place& place);
template <class T>
Source source(std::string_view operation, const Tensor<T>& x) {
    return source(operation, x.place());
}
template <class... X>
Sources sources(std::string_view operation, const X&... x) {
    return {source(operation, x)...};
}
inline bool any_recorded(const Sources& sources) {
    for (const Source& s : sources)
        if (s.row != 0) return true;
    return false;
}

template <class T>
Tensor<T> append(Tensor<T> y, Sources operands, std::unique_ptr<const Primitive> primitive);

/// y as the result of a new tensor row; y itself, a constant, if no operand is recorded.
template <class P, class T, class... Saved>
Tensor<T> record(Tensor<T> y, Sources operands, Saved&&... saved) {
    if (!any_recorded(operands)) return y;
    return append(std::move(y), std::move(operands), std::make_unique<const P>(std::forward<Saved>(saved)...));
}
/// The same for a primitive whose result is a Scalar.
Scalar append_scalar(double y, Sources operands, std::unique_ptr<const Primitive> primitive, std::uint32_t element_node = no_node,
                     Index element = 0);

}  // namespace v1
}  // namespace autodiff
