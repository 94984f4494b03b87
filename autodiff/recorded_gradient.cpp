// SPDX-License-Identifier: MIT
#include "autodiff/recorded_gradient.hpp"

#include "autodiff/ops/layout.hpp"
#include "autodiff/recorder.hpp"
#include "autodiff/sweep.hpp"

#include <array>

namespace autodiff {
inline namespace v1 {

namespace {

/// Partial derivatives as recorded functions of the operands and the result: the rules, evaluated on the list's own values.
class ReplayedPartials {
  public:
    explicit ReplayedPartials(const Tape& tape) : tape_(tape), list_(tape.list()) {}

    std::array<Scalar, 3> operator()(std::uint32_t row, std::uint32_t first) const {
        std::array<Scalar, 3> x, partial;
        if (list_.count[row] == 0) return partial;
        const Scalar y = handle(row);
        for (std::uint32_t k = 0; k < list_.count[row]; ++k) x[k] = operand(first + k);
        const auto wanted = [&](std::size_t k) { return x[k].recorded(); };
        visit(list_.operation[row], [&]<class R>(R) {
            if constexpr (rules::UnaryRule<R>) {
                partial[0] = R::template partial<Scalar>(x[0], y);
            } else if constexpr (rules::BinaryRule<R>) {
                if (wanted(0)) partial[0] = R::template partial_a<Scalar>(x[0], x[1], y);
                if (wanted(1)) partial[1] = R::template partial_b<Scalar>(x[0], x[1], y);
            } else {
                if (wanted(0)) partial[0] = R::template partial_a<Scalar>(x[0], x[1], x[2], y);
                if (wanted(1)) partial[1] = R::template partial_b<Scalar>(x[0], x[1], x[2], y);
                if (wanted(2)) partial[2] = R::template partial_c<Scalar>(x[0], x[1], x[2], y);
            }
        });
        return partial;
    }

  private:
    [[nodiscard]] Scalar handle(std::uint32_t row) const { return Recorder::settled(list_.value[row], row, tape_.id_of(row)); }
    [[nodiscard]] Scalar operand(std::uint32_t position) const {
        const auto row = static_cast<std::uint32_t>(list_.operand[position]);
        return row == 0 ? Scalar(list_.partial[position]) : handle(row);
    }
    const Tape& tape_;
    const WengertList& list_;
};

}  // namespace

RecordedGradient::RecordedGradient(Tape& tape, std::uint32_t root, AnyTensor seed)
    : tape_(&tape), scalar_(std::size_t{root} + 1), block_(nodes_up_to(tape.nodes(), root)) {
    if (tape.detail() != Detail::operations)
        throw TapeError(TapeError::Kind::detail, "recorded_gradient", "a tape that keeps operations", "one that keeps derivatives only",
                        "record with Tape{Detail::operations}");
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
