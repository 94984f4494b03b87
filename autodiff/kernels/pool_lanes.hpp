// SPDX-License-Identifier: MIT
/// Pooling with windows of 2x2 that lie side by side, compiled for every instruction set. How the loops look: pool_loops.hpp.
#pragma once

#include "autodiff/kernels/instruction_set.hpp"
#include "autodiff/kernels/pool.hpp"

namespace autodiff {
inline namespace v1 {
namespace kernels {

/// Of `planes` images of one channel, [h, w] each and one after the other; results [h / 2, w / 2], everything only written.
/// winner: 0 and 1 for the upper left and right of a window, 2 and 3 for the lower ones.
template <class T>
struct PoolKernels {
    void (*max)(const T* x, Index planes, Index h, Index w, T* y, Winner<T>* winner);
    void (*max_input)(const T* ybar, const Winner<T>* winner, Index planes, Index h, Index w, T* xbar);
    void (*mean)(const T* x, Index planes, Index h, Index w, T* y);
    void (*mean_input)(const T* ybar, Index planes, Index h, Index w, T* xbar);
};

template <InstructionSet S>
void fill(PoolKernels<float>& table);
template <InstructionSet S>
void fill(PoolKernels<double>& table);

/// Those for the best instruction set of this machine. T: float, double.
template <class T>
[[nodiscard]] const PoolKernels<T>& pool_kernels();

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff
