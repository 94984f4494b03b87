// SPDX-License-Identifier: MIT
/// From tensors to the operands of a run, for formula.cpp.
#pragma once

#include "autodiff/program/run_summed.hpp"
#include "autodiff/short_list.hpp"
#include "autodiff/tensor.hpp"

#include <algorithm>
#include <cstdlib>

namespace autodiff {
inline namespace v1 {

/// The operands of one pass over the elements of y's shape.
template <class T>
class Pass {
  public:
    explicit Pass(const Shape& y) : y_(y) {}
    void add(const Tensor<T>& x) {
        if (x.size() == 1 || std::all_of(x.strides().begin(), x.strides().end(), [](Index step) { return step == 0; })) {
            layout_.push_back(repeats);  // one number, for an adjoint perhaps because the result was summed
        } else if (x.shape() == y_ && x.is_contiguous()) {
            layout_.push_back(dense);
        } else if (is_across(x)) {
            copies_.push_back(x.contiguous());
            return add(copies_.back());
        } else {
            flat_ = false;
            layout_.push_back(static_cast<int>(strides_.size()));
            const Strides own = broadcast_strides(x.shape(), x.strides(), y_);
            strides_.insert(strides_.end(), own.begin(), own.end());
        }
        operands_.push_back({x.begin_data(), nullptr});
    }
    void add(const T* values) {
        layout_.push_back(dense);
        operands_.push_back({values, nullptr});
    }
    /// In place of an operand that the program does not read.
    void skip() {
        operands_.push_back({});
        layout_.push_back(repeats);
    }
    /// targets: of the program's outputs, in order; `sums` says whether some of them are sums
    void run(const program::Plan<T>& plan, std::span<const program::Target<T>> targets, bool sums) {
        ShortList<program::Output<T>, 4> outputs;
        for (const auto& target : targets) outputs.push_back({target.first, target.arrival});
        const std::span<const program::Output<T>> to(outputs.data(), outputs.size());
        if (flat_ && !sums) {
            constexpr Index one = 1, none = 0;
            for (std::size_t k = 0; k < operands_.size(); ++k) operands_[k].strides = layout_[k] == dense ? &one : &none;
            const Index n = y_.size();
            return program::run<T>(plan, std::span(&n, 1), inputs(), to);
        }
        const Strides in_order = row_major(y_), none(in_order.size(), 0);
        for (std::size_t k = 0; k < operands_.size(); ++k)
            operands_[k].strides = layout_[k] == dense     ? in_order.data()
                                   : layout_[k] == repeats ? none.data()
                                                           : strides_.data() + layout_[k];
        if (sums)
            program::run_summed<T>(plan, y_.extents(), inputs(), targets);
        else
            program::run<T>(plan, y_.extents(), inputs(), to);
    }

  private:
    static constexpr int dense = -1, repeats = -2;  // else where its strides begin
    /// Whether the values of a row lie far apart while those of a column lie side by side: a copy, by tiles, is cheaper than reading it so.
    static bool is_across(const Tensor<T>& x) {
        if (x.size() < 256) return false;
        const Index step = std::abs(x.strides().back());
        if (step <= 1 || x.shape()[-1] == 1) return false;
        for (Index axis = 0; axis + 1 < x.rank(); ++axis) {
            const Index other = std::abs(x.strides()[static_cast<std::size_t>(axis)]);
            if (x.shape()[axis] > 1 && other != 0 && other < step) return true;
        }
        return false;
    }
    [[nodiscard]] std::span<const program::Input<T>> inputs() const { return {operands_.data(), operands_.size()}; }

    const Shape& y_;
    bool flat_ = true;
    ShortList<program::Input<T>, 5> operands_;
    ShortList<int, 5> layout_;
    ShortList<Index, 16> strides_;
    std::vector<Tensor<T>> copies_;
};

}  // namespace v1
}  // namespace autodiff
