// SPDX-License-Identifier: MIT
#include "autodiff/node.hpp"

#include "autodiff/compensated.hpp"
#include "autodiff/kernels/elementwise.hpp"
#include "autodiff/ops/arithmetic.hpp"
#include "autodiff/ops/element.hpp"
#include "autodiff/recorder.hpp"
#include "autodiff/scalar.hpp"
#include "autodiff/sweep.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

namespace autodiff {
inline namespace v1 {

// Pullback ----------------------------------------------------------------------------------------------------------------------------

double Pullback::number(std::uint32_t row) const {
    return compensated_ != nullptr ? compensated_->scalar[row].total() : plain_->scalar[row];
}

bool Pullback::arrived_at(std::size_t at) const {
    if (!nodes_[at].scalar_result) return !std::holds_alternative<std::monostate>(block(at));
    const std::uint32_t row = nodes_[at].row;
    return records() ? !silent(recording_->at_row(row)) : !silent(number(row));
}

bool Pullback::arrived() const {
    if (arrived_at(index_)) return true;
    // The root of the sweep may be one of several results: those after it are not there.
    const std::size_t last = std::min(index_ + node().primitive->further_results() + 1, end());
    for (std::size_t at = index_ + 1; at < last; ++at)
        if (arrived_at(at)) return true;
    return false;
}

template <class T>
Tensor<T> Pullback::ybar() const {
    if (!node().scalar_result) return std::get<Tensor<T>>(block(index_));
    if (records()) return from_scalar<T>(recording_->at_row(node().row));
    return Tensor<T>(static_cast<T>(number(node().row)));
}

Scalar Pullback::ybar_scalar() const { return records() ? recording_->at_row(node().row) : Scalar(number(node().row)); }

AnyTensor Pullback::ybar_of(std::size_t result) const {
    const std::size_t at = index_ + result;
    if (at >= end() || !arrived_at(at)) return {};
    if (!nodes_[at].scalar_result) return block(at);
    if (records()) return from_scalar<double>(recording_->at_row(nodes_[at].row));
    return Tensor<double>(number(nodes_[at].row));
}

namespace {

[[noreturn]] void throw_wrong_shape(std::string_view primitive, std::size_t operand, const Shape& expected, const Shape& got) {
    throw ShapeError(primitive, fmt::format("a contribution of shape {} to the adjoint of operand {}", to_string(expected), operand),
                     to_string(got));
}

/// block += contribution, in place if nobody else looks at the block.
template <class T>
void accumulate(Tensor<T>& block, const Tensor<T>& contribution) {
    if (block.unique() && block.is_contiguous())
        kernels::accumulate(block.fill_view(), contribution.view());
    else
        block = block + contribution;
}

}  // namespace

template <class T>
void Pullback::add(std::size_t operand, Tensor<T> contribution) {
    const Source to = node().operands[operand];
    if (!wants(operand)) return;
    if (to.node == no_node) {
        if (contribution.rank() != 0) throw_wrong_shape(node().primitive->name(), operand, Shape{}, contribution.shape());
        return add_scalar(operand, records() ? contribution() : Scalar(contribution.item()));
    }
    if (contribution.shape() != nodes_[to.node].shape)
        throw_wrong_shape(node().primitive->name(), operand, nodes_[to.node].shape, contribution.shape());
    AnyTensor& adjoint = block(to.node);
    if (nodes_[to.node].scalar_result) throw_wrong_shape(node().primitive->name(), operand, Shape{}, contribution.shape());
    if (auto* sum = std::get_if<Tensor<T>>(&adjoint)) {
        if (records())
            *sum = *sum + contribution;
        else if (compensated_ != nullptr)
            add_compensated(*sum, compensated_->error[to.node], contribution);
        else
            accumulate(*sum, contribution);
    } else {
        adjoint = std::move(contribution);
    }
}

const Shape& Pullback::shape(std::size_t operand) const {
    static const Shape of_a_scalar;
    const Source from = node().operands[operand];
    return from.node == no_node ? of_a_scalar : nodes_[from.node].shape;
}

template <class T>
Pullback::Destination<T> Pullback::fresh_destination(std::size_t operand) {
    Destination<T> to;
    to.fresh_ = Tensor<T>::uninitialised(shape(operand));
    to.values_ = to.fresh_.fill_data();
    return to;
}

template <class T>
Pullback::Destination<T> Pullback::destination(std::size_t operand) {
    const Source from = node().operands[operand];
    // One tensor for two operands: only the first contribution may add itself to what is there, the other one when it arrives.
    const auto stands_before = [&] {
        for (std::size_t k = 0; k < operand; ++k)
            if (node().operands[k].node == from.node) return true;
        return false;
    };
    if (plain_ != nullptr && from.node != no_node && !stands_before())
        if (auto* const so_far = std::get_if<Tensor<T>>(&plain_->at(from.node));
            so_far != nullptr && so_far->unique() && so_far->is_contiguous()) {
            Destination<T> to;
            to.values_ = so_far->fill_data();
            return to;
        }
    return fresh_destination<T>(operand);
}

template <class T>
Pullback::Destination<T> Pullback::sum_destination(std::size_t operand) {
    Destination<T> to = destination<T>(operand);
    if (!to.adds()) std::fill_n(to.values_, to.fresh_.size(), T{0});
    return to;
}

template <class T>
void Pullback::arrive(std::size_t operand, Destination<T> destination) {
    if (!destination.adds()) add(operand, std::move(destination.fresh_));
}

template <class T>
void Pullback::add_element(std::size_t operand, Index flat, const Tensor<T>& contribution) {
    const Source to = node().operands[operand];
    if (!wants(operand)) return;
    const Shape shape = nodes_[to.node].shape;
    if (records()) return add(operand, place_element(contribution, shape, flat));
    if (compensated_ != nullptr) return add_compensated(block(to.node), compensated_->error[to.node], shape, flat, contribution.item());
    AnyTensor& adjoint = block(to.node);
    auto* sum = std::get_if<Tensor<T>>(&adjoint);
    if (sum == nullptr) {
        adjoint = Tensor<T>::zeros(shape);
        sum = &std::get<Tensor<T>>(adjoint);
    } else if (!sum->unique() || !sum->is_contiguous()) {
        *sum = *sum + Tensor<T>::zeros(shape);
    }
    sum->fill_data()[flat] += contribution.item();
}

void Pullback::add_scalar(std::size_t operand, const Scalar& contribution) {
    const std::uint32_t row = node().operands[operand].row;
    if (!wants(operand)) return;
    if (records())
        accumulate(recording_->at_row(row), contribution);
    else if (compensated_ != nullptr)
        compensated_->scalar[row].add(contribution.value() + 0.0);
    else
        plain_->scalar[row] += contribution.value() + 0.0;  // never -0, which means that nothing has arrived
}

AnyTensor Pullback::take(std::size_t operand) {
    const Source from = node().operands[operand];
    if (plain_ == nullptr || from.row == 0) return {};
    if (from.node != no_node) return std::exchange(plain_->block[from.node], {});
    const double so_far = std::exchange(plain_->scalar[from.row], nothing);
    if (so_far == 0 && std::signbit(so_far)) return {};
    return Tensor<double>(so_far);
}

void Pullback::put(std::size_t operand, AnyTensor adjoint) {
    std::visit(
        [&]<class X>(X& x) {
            if constexpr (!std::same_as<X, std::monostate>) add(operand, std::move(x));
        },
        adjoint);
}

// Pushforward -------------------------------------------------------------------------------------------------------------------------

bool Pushforward::has(std::size_t operand) const {
    const Source from = nodes_[index_].operands[operand];
    if (from.row == 0 || (records() && !recording_->wants(from.row))) return false;
    if (from.node == no_node) return records() ? !silent(recording_->at_row(from.row)) : !silent(plain_->scalar[from.row]);
    return !std::holds_alternative<std::monostate>(records() ? recording_->at(from.node) : plain_->at(from.node));
}

bool Pushforward::any() const {
    for (std::size_t k = 0; k < nodes_[index_].operands.size(); ++k)
        if (has(k)) return true;
    return false;
}

template <class T>
Tensor<T> Pushforward::tangent(std::size_t operand) const {
    const Source from = nodes_[index_].operands[operand];
    if (from.node != no_node) return std::get<Tensor<T>>(records() ? recording_->at(from.node) : plain_->at(from.node));
    return records() ? from_scalar<T>(recording_->at_row(from.row)) : Tensor<T>(static_cast<T>(plain_->scalar[from.row]));
}

#define WENGERT_INSTANTIATE(T)                                                                                                             \
    template Tensor<T> Pullback::ybar() const;                                                                                             \
    template void Pullback::add(std::size_t, Tensor<T>);                                                                                   \
    template Pullback::Destination<T> Pullback::destination(std::size_t);                                                                  \
    template Pullback::Destination<T> Pullback::sum_destination(std::size_t);                                                              \
    template Pullback::Destination<T> Pullback::fresh_destination(std::size_t);                                                            \
    template void Pullback::arrive(std::size_t, Destination<T>);                                                                           \
    template void Pullback::add_element(std::size_t, Index, const Tensor<T>&);                                                             \
    template Tensor<T> Pushforward::tangent(std::size_t) const;                                                                            \
    template Tensor<T> append(Tensor<T>, Sources, std::unique_ptr<const Primitive>);

// Appending ---------------------------------------------------------------------------------------------------------------------------

template <class T>
Tensor<T> append(Tensor<T> y, Sources operands, std::unique_ptr<const Primitive> primitive) {
    Tape& tape = Tape::from(*current);
    Node node;
    node.operands = std::move(operands);
    node.primitive = std::move(primitive);
    node.shape = y.shape();
    node.is_double = std::same_as<T, double>;
    node.retained = tape.detail() == Detail::operations;
    const std::uint32_t index = static_cast<std::uint32_t>(tape.nodes().size());
    const Place place{tape.list().rows, tape.list().id, index};
    Tensor<T> result = y.with_place(place);
    if (node.retained || node.primitive->saves_result()) node.value = result;
    tape.append(std::move(node));
    return result;
}

Scalar append_scalar(double y, Sources operands, std::unique_ptr<const Primitive> primitive, std::uint32_t element_node, Index element) {
    Tape& tape = Tape::from(*current);
    Node node;
    node.operands = std::move(operands);
    node.primitive = std::move(primitive);
    node.is_double = true;
    node.scalar_result = true;
    node.element_node = element_node, node.element = element;
    const std::uint32_t row = tape.append(std::move(node), y);
    return Recorder::settled(y, row, tape.list().id);
}

WENGERT_INSTANTIATE(float)
WENGERT_INSTANTIATE(double)
#undef WENGERT_INSTANTIATE

}  // namespace v1
}  // namespace autodiff
