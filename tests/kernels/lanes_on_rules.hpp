// SPDX-License-Identifier: MIT
/// Every rule on packs, compiled for every instruction set, as functions of arrays.
#pragma once

#include "autodiff/kernels/instruction_set.hpp"
#include "autodiff/rules/list.hpp"

#include <cstddef>
#include <vector>

namespace lanes {

using autodiff::Operation;
using autodiff::kernels::InstructionSet;

/// The value (which = 0) or the partial of operand which - 1, of the rule with this code, at `count` points; x[operand][point].
/// A last pack that is not full is filled up with ones. T: float, double.
template <InstructionSet, class T>
void on_rule(Operation code, std::size_t which, std::size_t count, const T* const* x, T* y);

/// Reports what a pack does otherwise than its lanes one by one.
using Report = void (*)(void* to, const char* what);
template <InstructionSet>
void check_facts(Report report, void* to);

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

/// Points of one rule, operand by operand.
template <class T>
using Points = std::vector<std::vector<T>>;

template <class T>
std::vector<T> on_rule(InstructionSet set, Operation code, std::size_t which, const Points<T>& x) {
    std::vector<const T*> operands;
    for (const std::vector<T>& operand : x) operands.push_back(operand.data());
    std::vector<T> y(x[0].size());
    with_set(set, [&]<InstructionSet S> { on_rule<S>(code, which, y.size(), operands.data(), y.data()); });
    return y;
}

/// The same by the scalar rule.
template <class T, class Result = T>
std::vector<Result> by_scalars(Operation code, std::size_t which, const Points<T>& x) {
    std::vector<Result> y(x[0].size());
    visit(code, [&]<class R>(R) {
        for (std::size_t i = 0; i < y.size(); ++i) {
            const auto at = [&](std::size_t k) { return static_cast<Result>(x[k][i]); };
            if constexpr (autodiff::rules::UnaryRule<R>) {
                y[i] = R::value(at(0));
                if (which == 1) y[i] = R::partial(at(0), y[i]);
            } else if constexpr (autodiff::rules::BinaryRule<R>) {
                y[i] = R::value(at(0), at(1));
                if (which == 1) y[i] = R::partial_a(at(0), at(1), y[i]);
                if (which == 2) y[i] = R::partial_b(at(0), at(1), y[i]);
            } else {
                y[i] = R::value(at(0), at(1), at(2));
                if (which == 1) y[i] = R::partial_a(at(0), at(1), at(2), y[i]);
                if (which == 2) y[i] = R::partial_b(at(0), at(1), at(2), y[i]);
                if (which == 3) y[i] = R::partial_c(at(0), at(1), at(2), y[i]);
            }
        }
    });
    return y;
}

/// Those that this CPU runs.
inline std::vector<InstructionSet> sets() {
    std::vector<InstructionSet> result;
    for (const InstructionSet set : {InstructionSet::baseline, InstructionSet::avx2, InstructionSet::avx512})
        if (available(set)) result.push_back(set);
    return result;
}

}  // namespace lanes
