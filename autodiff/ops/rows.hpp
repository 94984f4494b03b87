// SPDX-License-Identifier: MIT
/// Tensors as rows of numbers that lie side by side, for what the row kernels compute (kernels/rows.hpp). For the .cpp files of ops/.
#pragma once

#include "autodiff/kernels/threads.hpp"
#include "autodiff/ops/layout.hpp"

#include <algorithm>

namespace autodiff {
inline namespace v1 {

/// The values with an axis brought to the end, in row-major order.
template <class T>
Tensor<T> axis_last(const Tensor<T>& x, Index axis) {
    return (axis + 1 == x.rank() ? x : swap_axes(x, axis, -1)).contiguous();
}

/// Elements of rows that a thread takes at once.
inline constexpr Index row_elements_a_block = 32768;

/// How many rows a tensor has, when the last `axes` axes are one row.
template <class T>
Index row_count(const Tensor<T>& x, Index row) {
    return row == 0 ? 0 : x.size() / row;
}

/// f(row) for every row of the last axis, in threads if there are many.
template <class T, class F>
void for_each_row(const Tensor<T>& x, const F& f) {
    const Index n = x.shape()[-1];
    kernels::parallel_for(row_count(x, n), std::max<Index>(1, row_elements_a_block / std::max<Index>(1, n)), [&](Index begin, Index end) {
        for (Index row = begin; row < end; ++row) f(row);
    });
}

}  // namespace v1
}  // namespace autodiff
