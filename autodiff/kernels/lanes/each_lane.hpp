// SPDX-License-Identifier: MIT
/// A rule's own value in every lane, one after the other: for functions, and for arguments of functions, that are not worth lanes.
/// The loops are compiled once, for the baseline, so that no source of another instruction set has a copy of a scalar function.
#pragma once

#include "autodiff/kernels/lanes/pack.hpp"

#include <concepts>
#include <cstddef>

namespace autodiff {
inline namespace v1 {
namespace kernels {

/// y[i] = R(x[0][i], x[1][i], ...) for `count` numbers. T: float, double. Made for the rules that each_lane.cpp lists.
template <class R, class T>
void value_of_each(T* y, std::size_t count, const T* const* x);

/// R's value in every lane.
template <class R, class T, class Arch, std::same_as<Pack<T, Arch>>... X>
[[gnu::noinline]] Pack<T, Arch> each_lane(const Pack<T, Arch>& x, const X&... more) {
    constexpr std::size_t count = 1 + sizeof...(X);
    alignas(sizeof(x)) T operands[count][Pack<T, Arch>::size];
    alignas(sizeof(x)) T y[Pack<T, Arch>::size];
    const T* rows[count];
    std::size_t k = 0;
    const auto keep = [&](const Pack<T, Arch>& operand) {
        operand.store(operands[k]);
        rows[k] = operands[k];
        ++k;
    };
    keep(x);
    (keep(more), ...);
    value_of_each<R>(y, Pack<T, Arch>::size, rows);
    return Pack<T, Arch>::load(y);
}

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff
