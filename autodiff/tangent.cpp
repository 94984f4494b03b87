// SPDX-License-Identifier: MIT
#include "autodiff/tangent.hpp"

#include "autodiff/ops/element.hpp"
#include "autodiff/ops/layout.hpp"
#include "autodiff/ops/linear.hpp"
#include "autodiff/replay.hpp"
#include "autodiff/sweep.hpp"

#include <fmt/format.h>

namespace autodiff {
inline namespace v1 {

namespace {

template <class Number>
constexpr std::string_view operation = std::same_as<Number, double> ? "tangent" : "recorded_tangent";

/// The node of a row, if it is a tensor row.
const Node* node_at(const NodeList& nodes, std::uint32_t row) {
    const std::size_t end = nodes_up_to(nodes, row);
    return end > 0 && nodes[end - 1].row == row ? &nodes[end - 1] : nullptr;
}

double plain(const Scalar& x, double) { return x.value() + 0.0; }
const Scalar& plain(const Scalar& x, const Scalar&) { return x; }
template <class T>
Tensor<T> plain(const Tensor<T>& x, double) {
    return x.constant();
}
template <class T>
const Tensor<T>& plain(const Tensor<T>& x, const Scalar&) {
    return x;
}

}  // namespace

namespace {

void sweep(Tape& tape, Adjoints<double>& tangents, std::uint32_t end) {
    tangent_sweep(tape.list(), tape.nodes(), tangents, end - 1);
    for (AnyTensor& block : tangents.block)
        std::visit(
            []<class X>(X& x) {
                if constexpr (!std::same_as<X, std::monostate>) x = x.contiguous();
            },
            block);
}

void sweep(Tape& tape, Adjoints<Scalar>& tangents, std::uint32_t end) {
    Passage passage;
    passage.active.assign(end - 1, false);
    for (std::uint32_t row = 1; row < end; ++row) passage.active[row - 1] = !silent(tangents.at_row(row));
    for (std::size_t n = 0; n < tangents.block.size(); ++n)
        if (!std::holds_alternative<std::monostate>(tangents.block[n])) passage.active[tape.nodes()[n].row - 1] = true;
    spread(passage, tape.list(), tape.nodes());
    Adjoints<Scalar> inside{tangents.scalar + 1, std::move(tangents.block), &passage};  // a passage begins with its own first row
    tangent_sweep(tape.list(), tape.nodes(), inside, end - 1, ReplayedPartials(tape, &passage));
    tangents.block = std::move(inside.block);
}

}  // namespace

template <class Number>
BasicTangent<Number>::BasicTangent(Tape& tape, std::span<const Seed> seeds)
    : end_(tape.list().rows), segments_(tape.segments().begin(), tape.segments().end()) {
    if constexpr (std::same_as<Number, Scalar>) {
        tape.require_operations(operation<Number>);
        if (&tape.list() != current)
            throw TapeError(TapeError::Kind::wrong_tape, operation<Number>, "the newest live tape, which records", "an older one");
        scalar_.resize(end_);
    } else {
        scalar_.assign(end_, nothing);
    }
    Adjoints<Number> tangents{scalar_.data(), std::vector<AnyTensor>(tape.nodes().size())};
    for (const Seed& seed : seeds) plant(tape, seed, tangents);
    sweep(tape, tangents, end_);
    block_ = std::move(tangents.block);
}

template <class Number>
void BasicTangent<Number>::plant(const Tape& tape, const Seed& seed, Adjoints<Number>& tangents) {
    std::visit(
        [&]<class X>(const X& x) {
            const Place place = internal::place_of(seed.value());
            if (!tape.holds(place.row, place.id)) {
                const Tape& other = Tape::of(place.row, place.id, operation<Number>);
                throw TapeError(TapeError::Kind::wrong_tape, operation<Number>, "seeds at values of this tape",
                                fmt::format("{} of another tape", other.name_of(place.row)));
            }
            const X& xdot = std::get<X>(seed.tangent());
            if constexpr (AScalar<X>) {
                const Node* const node = node_at(tape.nodes(), place.row);
                if (node == nullptr || node->element_node == no_node) {
                    accumulate(number(tangents, place.row), plain(xdot, Number()));
                    return;
                }
                // Copies, because placing the element may make the list of nodes grow.
                const std::uint32_t tensor = node->element_node;
                const Index flat = node->element;
                const Shape shape = tape.nodes()[tensor].shape;
                const Scalar one(plain(xdot, Number()));
                if (tape.nodes()[tensor].is_double)
                    add_tangent(tangents.at(tensor), place_element(from_scalar<double>(one), shape, flat));
                else
                    add_tangent(tangents.at(tensor), place_element(from_scalar<float>(one), shape, flat));
            } else {
                if (x.shape() != xdot.shape())
                    throw ShapeError(operation<Number>, fmt::format("a tangent of shape {}", to_string(x.shape())),
                                     to_string(xdot.shape()));
                add_tangent(tangents.at(place.node), X(plain(xdot, Number())));
            }
        },
        seed.value());
}

template <class Number>
void BasicTangent<Number>::check(std::uint32_t row, RecordingId id) const {
    using Kind = TapeError::Kind;
    if (row == 0) throw TapeError(Kind::not_recorded, "tangent[]", "a recorded value", "a constant");
    if (id == moved_from_id)
        throw TapeError(Kind::moved_from, "tangent[]", "a value", "one that was moved from", "copy it if it is needed twice");
    for (std::size_t s = segments_.size(); s-- > 0;)
        if (segments_[s].id == id) {
            const bool last = s + 1 == segments_.size();
            if (row >= segments_[s].first && (last || row < segments_[s + 1].first)) {
                if (row < end_) return;
                throw TapeError(Kind::stale_handle, "tangent[]", "a value that the sweep has seen", "one that was recorded later",
                                "ask again");
            }
        }
    throw TapeError(Kind::wrong_tape, "tangent[]", "a value of the recording that was swept",
                    fmt::format("a value of row {} of another recording", row));
}

namespace {

double element_of(const AnyTensor& block, Index flat, double) {
    return std::visit(
        [flat]<class X>(const X& x) -> double {
            if constexpr (std::same_as<X, std::monostate>)
                return 0;
            else
                return static_cast<double>(x.data()[static_cast<std::size_t>(flat)]);
        },
        block);
}
Scalar element_of(const AnyTensor& block, Index flat, const Scalar&) {
    return std::visit(
        [flat]<class X>(const X& x) -> Scalar {
            if constexpr (std::same_as<X, std::monostate>)
                return 0;
            else
                return reshape(x, {-1})(flat);
        },
        block);
}

}  // namespace

template <class Number>
Number BasicTangent<Number>::operator[](const Scalar& y) const {
    const std::uint32_t row = y.row();
    if (row >= end_ && row != moved_from) {  // an element of a tensor may be taken later
        const Tape& tape = Tape::of(row, y.recording(), "tangent[]");
        const Node* const node = node_at(tape.nodes(), row);
        if (node != nullptr && node->element_node < block_.size() && tape.nodes()[node->element_node].row < end_ &&
            tape.segments().back().id == segments_.back().id)
            return element_of(block_[node->element_node], node->element, Number());
    }
    check(row, y.recording());
    if constexpr (std::same_as<Number, double>)
        return scalar_[row] + 0.0;
    else
        return scalar_[row];
}

template <class Number>
template <class T>
Tensor<T> BasicTangent<Number>::operator[](const Tensor<T>& y) const {
    check(y.place().row, y.place().id);
    if (const auto* block = std::get_if<Tensor<T>>(&block_[y.place().node])) return *block;
    return Tensor<T>::zeros(y.shape());
}

template class BasicTangent<double>;
template class BasicTangent<Scalar>;
template Tensor<float> BasicTangent<double>::operator[](const Tensor<float>&) const;
template Tensor<double> BasicTangent<double>::operator[](const Tensor<double>&) const;
template Tensor<float> BasicTangent<Scalar>::operator[](const Tensor<float>&) const;
template Tensor<double> BasicTangent<Scalar>::operator[](const Tensor<double>&) const;

}  // namespace v1
}  // namespace autodiff
