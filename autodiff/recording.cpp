// SPDX-License-Identifier: MIT
// Arguments, results, and the two sweeps between them; each sweep once for numbers and once for values that record themselves.
#include "autodiff/recording.hpp"

#include "autodiff/ops/compare.hpp"
#include "autodiff/ops/element.hpp"
#include "autodiff/ops/layout.hpp"
#include "autodiff/ops/linear.hpp"
#include "autodiff/replay.hpp"
#include "autodiff/sweep.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace autodiff {
inline namespace v1 {
namespace internal {

namespace {

/// A derivative that happens to be constant, with a row of its own: it can be differentiated, and that derivative is 0.
Value on_tape(Tape& tape, const Value& x) {
    if (place_of(x).row != 0) return x;
    return std::visit(
        [&tape]<class X>(const X& v) -> Value {
            if constexpr (AScalar<X>)
                return tape.variable(v.value());
            else
                return tape.variable(v);
        },
        x);
}

bool passes(const Adjoints<double>&, std::uint32_t row) { return row != 0; }
bool passes(const Adjoints<Scalar>& adjoints, std::uint32_t row) { return adjoints.wants(row); }

}  // namespace

Seeds seeds_at_all(Values values) {
    Seeds seeds;
    for (Value& value : values) seeds.push_back({seeds.size(), std::move(value)});
    return seeds;
}

Tape* recording_tape(std::string_view operation, const Values& arguments) {
    Tape& newest = Tape::from(*current);
    bool recorded = newest.held_by() == HeldBy::function;
    for (const Value& x : arguments) {
        const Place place = place_of(x);
        if (place.row == 0) continue;
        if (newest.holds(place.row, place.id)) recorded = true;
        for (const WengertList* list = current->previous; list != &no_tape; list = list->previous)
            if (Tape::from(const_cast<WengertList&>(*list)).holds(place.row, place.id)) static_cast<void>(source(operation, place));
    }
    if (!recorded) return nullptr;
    newest.require_operations(operation);
    return &newest;
}

// The function ------------------------------------------------------------------------------------------------------------------------

Recording::Recording(Tape& tape, std::string_view operation, Sweeps sweeps) : tape_(&tape), operation_(operation), sweeps_(sweeps) {
    if (recorded()) tape.require_operations(operation);
    passage_.from = {tape.list().rows, tape.list().operands, tape.nodes().size()};
}

Scalar Recording::argument(const Scalar& x, std::string_view name) {
    Scalar own = recorded() && x.recorded() ? x * 1.0 : tape_->variable(x.value(), name);
    arguments_.emplace_back(own);
    return own;
}

template <class T>
Tensor<T> Recording::argument(const Tensor<T>& x, std::string_view name) {
    Tensor<T> own = recorded() && x.recorded() ? identity(x) : tape_->variable(x.constant(), name);
    arguments_.emplace_back(own);
    return own;
}
template Tensor<float> Recording::argument(const Tensor<float>&, std::string_view);
template Tensor<double> Recording::argument(const Tensor<double>&, std::string_view);

void Recording::finish(Values results) {
    results_ = std::move(results);
    root_ = 0;
    for (const Value& y : results_) {
        const Place place = place_of(y);
        root_ = std::max(root_, source(operation_, place).row);
    }
    if (root_ == 0) throw TapeError(TapeError::Kind::not_recorded, operation_, "a result that depends on an argument", "a constant");
    for (const Value& x : arguments_) root_ = std::max(root_, place_of(x).row);
    if (tape_->detail() == Detail::operations) trace();
}

Values Recording::values() const {
    if (recorded()) return results_;
    Values result;
    for (const Value& y : results_) result.push_back(constant_of(y));
    return result;
}

/// Marks the rows that depend on an argument.
void Recording::trace() {
    passage_.active.assign(root_ < passage_.from.row ? 0 : root_ - passage_.from.row + 1, false);
    for (const Value& x : arguments_) passage_.active[place_of(x).row - passage_.from.row] = true;
    spread(passage_, tape_->list(), tape_->nodes());
}

// The sweeps --------------------------------------------------------------------------------------------------------------------------

void Recording::check_extent(std::string_view what, std::size_t expected, std::size_t got) const {
    if (expected != got) throw ShapeError(operation_, fmt::format("a {} of shape [{}]", what, expected), fmt::format("[{}]", got));
}

void Recording::check_count(std::string_view what, std::size_t expected, std::size_t got) const {
    if (expected != got) throw ShapeError(operation_, fmt::format("a {} of {} parameters", what, expected), fmt::format("{}", got));
}

/// A value that was recorded here must still be there, on the tape that records now.
void Recording::check_live() const {
    for (const Values* values : {&arguments_, &results_})
        for (const Value& x : *values) static_cast<void>(source(operation_, place_of(x)));
}

template <>
Adjoints<double> Recording::blank(std::vector<double>& rows) const {
    rows.assign(std::size_t{root_} + 1, nothing);
    return {rows.data(), std::vector<AnyTensor>(nodes_up_to(tape_->nodes(), root_))};
}
template <>
Adjoints<Scalar> Recording::blank(std::vector<Scalar>& rows) const {
    const ListPosition& from = passage_.from;
    const std::size_t nodes = std::max(nodes_up_to(tape_->nodes(), root_), from.node);
    rows.assign(root_ < from.row ? 0 : root_ - from.row + 1, Scalar());
    return {rows.data(), std::vector<AnyTensor>(nodes - from.node), &passage_};
}

template <class Number>
void Recording::plant(Adjoints<Number>& adjoints, const Seeds& seeds, const Values& at, std::string_view what) const {
    for (const SeedAt& seed : seeds) {
        const std::size_t number = seed.number;
        const Value& value = seed.value;
        const Shape expected = shape_of(at[number]), got = shape_of(value);
        if (expected != got) throw ShapeError(operation_, fmt::format("a {} of shape {}", what, to_string(expected)), to_string(got));
        const Place place = place_of(at[number]);
        if (!passes(adjoints, place.row)) continue;
        if (std::same_as<Number, double> && place_of(value).row != 0)
            throw TapeError(TapeError::Kind::wrong_tape, operation_, fmt::format("a plain {} for a plain derivative", what),
                            "a recorded one", "stop_gradient() makes it plain");
        std::visit(
            [&]<class X>(const X&) {
                if constexpr (!AScalar<X>)
                    add_tangent(adjoints.at(place.node), as_tensor<typename X::value_type>(value));
                else if constexpr (std::same_as<Number, double>)
                    adjoints.scalar[place.row] += as_scalar(value).value() + 0.0;
                else
                    accumulate(adjoints.at_row(place.row), as_scalar(value));
            },
            at[number]);
    }
}

template <class Number>
Value Recording::harvest(const Adjoints<Number>& adjoints, const Value& at) const {
    const Place place = place_of(at);
    if (!passes(adjoints, place.row)) return zero_like(at);
    return std::visit(
        [&]<class X>(const X&) -> Value {
            if constexpr (AScalar<X>) {
                if constexpr (std::same_as<Number, double>)
                    return Scalar(adjoints.scalar[place.row] + 0.0);
                else
                    return adjoints.at_row(place.row);
            } else {
                const X* const block = std::get_if<X>(&adjoints.at(place.node));
                return block == nullptr ? zero_like(at) : Value(block->contiguous());
            }
        },
        at);
}

Values Recording::push(const Seeds& xdot) const {
    Values ydot;
    if (!recorded()) {
        std::vector<double> rows;
        Adjoints<double> tangents = blank(rows);
        plant(tangents, xdot, arguments_, "tangent");
        tangent_sweep(tape_->list(), tape_->nodes(), tangents, root_, ListedPartials{tape_->list()});
        for (const Value& y : results_) ydot.push_back(harvest(tangents, y));
        return ydot;
    }
    check_live();
    std::vector<Scalar> rows;
    Adjoints<Scalar> tangents = blank(rows);
    plant(tangents, xdot, arguments_, "tangent");
    tangent_sweep(tape_->list(), tape_->nodes(), tangents, root_, ReplayedPartials(*tape_, &passage_), passage_.from);
    for (const Value& y : results_) ydot.push_back(on_tape(*tape_, harvest(tangents, y)));
    return ydot;
}

Values Recording::pull_recorded(const Seeds& ybar) const {
    check_live();
    std::vector<Scalar> rows;
    Adjoints<Scalar> adjoints = blank(rows);
    plant(adjoints, ybar, results_, "cotangent");
    reverse_sweep(tape_->list(), tape_->nodes(), adjoints, root_, ReplayedPartials(*tape_, &passage_), passage_.from);
    Values xbar;
    for (const Value& x : arguments_) xbar.push_back(harvest(adjoints, x));
    return xbar;
}

Values Recording::pull(const Seeds& ybar) const {
    Values xbar;
    if (recorded()) {
        for (const Value& each : pull_recorded(ybar)) xbar.push_back(on_tape(*tape_, each));
        return xbar;
    }
    std::vector<double> rows;
    Adjoints<double> adjoints = blank(rows);
    plant(adjoints, ybar, results_, "cotangent");
    reverse_sweep(tape_->list(), tape_->nodes(), adjoints, root_, ListedPartials{tape_->list()});
    for (const Value& x : arguments_) xbar.push_back(harvest(adjoints, x));
    return xbar;
}

void Recording::check_one_element() const {
    if (results_.size() != 1 || shape_of(results_[0]).size() != 1)
        throw ShapeError(operation_, "a result with one element",
                         results_.size() == 1 ? "shape " + to_string(shape_of(results_[0])) : fmt::format("{} results", results_.size()),
                         "sum it, or ask for the jacobian");
}

Values Recording::pull_from_one() const {
    check_one_element();
    return pull({{0, unit(results_[0], 0)}});
}

Recording Recording::gradient() const {
    check_one_element();
    Recording result(*this);
    result.results_ = pull_recorded({{0, unit(results_[0], 0)}});
    for (const Value& y : result.results_) result.root_ = std::max(result.root_, place_of(y).row);
    result.trace();
    return result;
}

}  // namespace internal
}  // namespace v1
}  // namespace autodiff
