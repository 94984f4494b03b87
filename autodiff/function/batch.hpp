// SPDX-License-Identifier: MIT
/// Runs a plan: at one point, or over many in blocks and threads.
#pragma once

#include "autodiff/function/plan.hpp"

namespace autodiff {
inline namespace v1 {
namespace function {

/// An input of a batch: its number at point i is first[i * step]; step 0 for one that all points share.
template <class T>
struct Column {
    const T* first;
    Index step;
};

/// Where the outputs of a batch go.
template <class T>
struct Delivered {
    T* columns;         ///< column k begins at columns + k * pitch; 64-byte aligned
    Index pitch;        ///< a multiple of 64 bytes, and room for n rounded up to whole blocks
    std::span<T> sums;  ///< over the points
    bool flush_denormals = false;
};

/// n > 0 points, in blocks that the threads share. The result has the same bits for any number of threads.
template <class T>
void run(const Plan<T>& plan, Index n, std::span<const Column<T>> inputs, const Delivered<T>& to);

/// One point, for a plan whose inputs are all shared.
template <class T>
void run_at(const Plan<T>& plan, std::span<const T> inputs, std::span<T> outputs);

}  // namespace function
}  // namespace v1
}  // namespace autodiff
