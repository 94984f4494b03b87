// SPDX-License-Identifier: MIT
/// Runs a plan: at one point, or at every element of a shape, in tiles and threads.
///
/// A tile is a part of a row of elements that lie side by side; its operands are read where they lie, its results written where they
/// belong. An operand that does not change along the row is one vector, and what is computed from such operands only is computed once a
/// tile. Where rows are short, several make a tile. Next: run.cpp.
#pragma once

#include "autodiff/program/plan.hpp"

namespace autodiff {
inline namespace v1 {
namespace program {

/// An input: its number at the element (i, j, ...) is first[i strides[0] + j strides[1] + ...]; a stride of 0 repeats.
template <class T>
struct Input {
    const T* first = nullptr;
    const Index* strides = nullptr;
};

/// How an output comes to its place.
enum class Arrival : std::uint8_t {
    assigned,
    copied,  ///< after its tile is done: for a place where an input lies that is still read when the output is known
};
/// Where an output goes: in row-major order, or by strides, of which the last is 1.
template <class T>
struct Output {
    T* first = nullptr;
    Arrival arrival = Arrival::assigned;
    const Index* strides = nullptr;
};

/// The program at every element of a shape. inputs: all of the program; outputs: those that are delivered at each point, in order;
/// sums: the others, over all elements, for shapes of rank 1. An output may lie where an input with the same strides does (Arrival).
/// The result has the same bits for any number of threads, and at each element the same as if it were alone.
template <class T>
void run(const Plan<T>& plan, std::span<const Index> extents, std::span<const Input<T>> inputs, std::span<const Output<T>> outputs,
         std::span<T> sums = {}, bool flush_denormals = false);

/// One point, for a plan whose inputs are all shared.
template <class T>
void run_at(const Plan<T>& plan, std::span<const T> inputs, std::span<T> outputs);

}  // namespace program
}  // namespace v1
}  // namespace autodiff
