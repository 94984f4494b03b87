// SPDX-License-Identifier: MIT
/// Every rule in lanes as a function of arrays, by the kernels that the library has compiled for each instruction set; so tests need
/// compile no rule again. column.cpp has the partials.
#pragma once

#include "autodiff/program/steps.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <new>
#include <vector>

namespace lanes {

using autodiff::Operation;
using autodiff::kernels::InstructionSet;

/// Those that this CPU runs, best last.
inline std::vector<InstructionSet> sets() {
    std::vector<InstructionSet> result;
    for (const InstructionSet set : {InstructionSet::baseline, InstructionSet::avx2, InstructionSet::avx512})
        if (available(set)) result.push_back(set);
    return result;
}
/// f.operator()<S>() for the set S.
template <class F>
auto with_set(InstructionSet set, const F& f) {
#if defined(WENGERT_AVX2)
    if (set == InstructionSet::avx2) return f.template operator()<InstructionSet::avx2>();
#endif
#if defined(WENGERT_AVX512)
    if (set == InstructionSet::avx512) return f.template operator()<InstructionSet::avx512>();
#endif
    static_cast<void>(set);
    return f.template operator()<InstructionSet::baseline>();
}

template <class T>
const autodiff::program::LaneKernels<T>& kernels_of(InstructionSet set) {
    static const auto tables = [] {
        std::array<autodiff::program::LaneKernels<T>, 3> all{};
        for (const InstructionSet each : sets())
            with_set(each, [&]<InstructionSet S> { autodiff::program::fill<S>(all[static_cast<std::size_t>(each)]); });
        return all;
    }();
    return tables[static_cast<std::size_t>(set)];
}

/// Numbers that lie as kernels want them: aligned, and as many as fill whole vectors, the last ones being 1.
template <class T>
class Block {
  public:
    Block(InstructionSet set, std::size_t operands, std::size_t count)
        : kernels_(kernels_of<T>(set)),
          count_(count),
          stride_((count + kernels_.size - 1) / kernels_.size * kernels_.size),
          memory_(static_cast<T*>(operator new(sizeof(T) * stride_ * (operands + 1), std::align_val_t(64)))) {
        std::fill_n(memory_.get(), stride_ * (operands + 1), T(1));
    }
    T* operand(std::size_t k) { return memory_.get() + k * stride_; }
    /// R(operand 0, ...), which takes the place behind the operands.
    const T* evaluate(Operation code) {
        const auto operands = static_cast<std::uint32_t>(arity(code));
        std::array<autodiff::program::Place<T>, 4> places;
        for (std::uint32_t k = 0; k <= operands; ++k) places[k] = {operand(k), kernels_.size};
        const autodiff::program::Frame<T> frame{places.data(), nullptr, 0, static_cast<int>(stride_ / kernels_.size),
                                                static_cast<autodiff::Index>(count_)};
        const auto kernel = kernels_.of_rule[static_cast<std::size_t>(code)];
        kernel({kernel, operands, 0, operands > 1 ? 1u : 0u, operands > 2 ? 2u : 0u}, frame);
        return operand(operands);
    }

  private:
    struct Free {
        void operator()(T* p) const { operator delete(p, std::align_val_t(64)); }
    };
    const autodiff::program::LaneKernels<T>& kernels_;
    std::size_t count_, stride_;
    std::unique_ptr<T, Free> memory_;
};

/// Points of one rule, operand by operand.
template <class T>
using Points = std::vector<std::vector<T>>;

/// The value (which = 0) or the partial of operand which - 1, of the rule with this code, in lanes of the set. T: float, double
template <class T>
std::vector<T> on_rule(InstructionSet set, Operation code, std::size_t which, const Points<T>& x);
/// The same by the scalar rule, in T or long double.
template <class T, class Result = T>
std::vector<Result> by_scalars(Operation code, std::size_t which, const Points<T>& x);

}  // namespace lanes
