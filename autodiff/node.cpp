// SPDX-License-Identifier: MIT
#include "autodiff/node.hpp"

#include "autodiff/kernels/elementwise.hpp"
#include "autodiff/ops/arithmetic.hpp"
#include "autodiff/ops/element.hpp"
#include "autodiff/recorder.hpp"
#include "autodiff/scalar.hpp"
#include "autodiff/sweep.hpp"

#include <fmt/format.h>

namespace autodiff {
inline namespace v1 {

// Pullback ----------------------------------------------------------------------------------------------------------------------------

bool Pullback::arrived() const {
    if (!node().scalar_result) return !std::holds_alternative<std::monostate>(block(index_));
    return records() ? !silent(recording_->at_row(node().row)) : !silent(plain_->scalar[node().row]);
}

template <class T>
Tensor<T> Pullback::ybar() const {
    if (!node().scalar_result) return std::get<Tensor<T>>(block(index_));
    if (records()) return from_scalar<T>(recording_->at_row(node().row));
    return Tensor<T>(static_cast<T>(plain_->scalar[node().row]));
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
        kernels::accumulate(View<T>{block.fill_data(), block.shape(), block.strides()}, contribution.view());
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
        if (records())
            accumulate(recording_->at_row(to.row), contribution());
        else
            plain_->scalar[to.row] += static_cast<double>(contribution.item());
        return;
    }
    if (contribution.shape() != nodes_[to.node].shape)
        throw_wrong_shape(node().primitive->name(), operand, nodes_[to.node].shape, contribution.shape());
    AnyTensor& adjoint = block(to.node);
    if (nodes_[to.node].scalar_result) throw_wrong_shape(node().primitive->name(), operand, Shape{}, contribution.shape());
    if (auto* sum = std::get_if<Tensor<T>>(&adjoint)) {
        if (records())
            *sum = *sum + contribution;
        else
            accumulate(*sum, contribution);
    } else {
        adjoint = std::move(contribution);
    }
}

template <class T>
void Pullback::add_element(std::size_t operand, Index flat, const Tensor<T>& contribution) {
    const Source to = node().operands[operand];
    if (!wants(operand)) return;
    const Shape shape = nodes_[to.node].shape;
    if (records()) return add(operand, place_element(contribution, shape, flat));
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

}  // namespace v1
}  // namespace autodiff
