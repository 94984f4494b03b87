// SPDX-License-Identifier: MIT
/// Runs a plan some of whose outputs are summed over axes: what the adjoint of a broadcast operand needs.
///
/// The elements are passed in chunks that stay in the second-level cache: a chunk of each such output is computed, and summed at once.
#pragma once

#include "autodiff/program/run.hpp"

namespace autodiff {
inline namespace v1 {
namespace program {

/// Where an output goes: at each element in row-major order, or, if it has strides, summed over the axes whose stride is 0; the others are
/// those of a row-major tensor of `size` elements.
template <class T>
struct Target {
    T* first = nullptr;
    Arrival arrival = Arrival::assigned;
    const Index* strides = nullptr;  ///< of a sum
    Index size = 0;                  ///< of a sum
};

/// The sums are pairwise within a chunk. The same bits for any number of threads.
template <class T>
void run_summed(const Plan<T>& plan, std::span<const Index> extents, std::span<const Input<T>> inputs, std::span<const Target<T>> targets);

}  // namespace program
}  // namespace v1
}  // namespace autodiff
