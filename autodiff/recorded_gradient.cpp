// SPDX-License-Identifier: MIT
#include "autodiff/recorded_gradient.hpp"

#include "autodiff/ops/layout.hpp"
#include "autodiff/replay.hpp"
#include "autodiff/sweep.hpp"

namespace autodiff {
inline namespace v1 {

RecordedGradient::RecordedGradient(Tape& tape, std::uint32_t root, AnyTensor seed)
    : tape_(&tape), scalar_(std::size_t{root} + 1), block_(nodes_up_to(tape.nodes(), root)) {
    tape.require_operations("recorded_gradient");
    if (&tape.list() != current)
        throw TapeError(TapeError::Kind::wrong_tape, "recorded_gradient", "the newest live tape, which records", "an older one");
    const Mark before = tape.mark();
    try {
        Adjoints<Scalar> adjoints{scalar_.data(), std::move(block_)};
        if (std::holds_alternative<std::monostate>(seed))
            scalar_[root] = 1;
        else
            adjoints.block.back() = std::move(seed);
        reverse_sweep(tape.list(), tape.nodes(), adjoints, root, ReplayedPartials(tape));
        block_ = std::move(adjoints.block);
    } catch (...) {
        tape.rewind(before);
        throw;
    }
}

void RecordedGradient::check(std::uint32_t row, RecordingId id) const { static_cast<void>(Tape::of(row, id, "recorded_gradient[]")); }

Scalar RecordedGradient::operator[](const Scalar& x) const {
    check(x.row(), x.recording());
    const std::uint32_t row = x.row();
    const auto& nodes = tape_->nodes();
    for (std::size_t n = nodes_up_to(nodes, row); n > 0 && nodes[n - 1].row == row; --n)
        if (const Node& node = nodes[n - 1]; node.element_node != no_node) {
            if (node.element_node >= block_.size()) return 0;
            return std::visit(
                [&node]<class X>(const X& adjoint) -> Scalar {
                    if constexpr (std::same_as<X, std::monostate>)
                        return 0;
                    else
                        return reshape(adjoint, {-1})(node.element);
                },
                block_[node.element_node]);
        }
    return row < scalar_.size() ? scalar_[row] : Scalar(0);
}

template <class T>
Tensor<T> RecordedGradient::operator[](const Tensor<T>& x) const {
    check(x.place().row, x.place().id);
    if (x.place().node < block_.size())
        if (const auto* adjoint = std::get_if<Tensor<T>>(&block_[x.place().node])) return *adjoint;
    return Tensor<T>::zeros(x.shape());
}
template Tensor<float> RecordedGradient::operator[](const Tensor<float>&) const;
template Tensor<double> RecordedGradient::operator[](const Tensor<double>&) const;

RecordedGradient Tape::recorded_gradient(const Scalar& y) {
    check_holds(y.row(), y.recording(), "recorded_gradient");
    return RecordedGradient(*this, y.row(), {});
}
template <class T>
RecordedGradient Tape::recorded_gradient(const Tensor<T>& y) {
    check_holds(y.place().row, y.place().id, "recorded_gradient");
    if (y.size() != 1) throw ShapeError("recorded_gradient", "a result with one element", "shape " + to_string(y.shape()));
    return RecordedGradient(*this, y.place().row, Tensor<T>::ones(y.shape()));
}
template RecordedGradient Tape::recorded_gradient(const Tensor<float>&);
template RecordedGradient Tape::recorded_gradient(const Tensor<double>&);

}  // namespace v1
}  // namespace autodiff
