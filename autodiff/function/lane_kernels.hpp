// SPDX-License-Identifier: MIT
/// The loops that a plan consists of, one for every rule, compiled for every instruction set: numbers only, no tape, no program.
#pragma once

#include "autodiff/kernels/instruction_set.hpp"
#include "autodiff/rules/list.hpp"
#include "autodiff/shape.hpp"

#include <array>

namespace autodiff {
inline namespace v1 {
namespace function {

/// A place in a frame's memory, counted in vectors; with this bit, one vector that serves the whole block.
inline constexpr std::uint32_t repeated = 0x80000000u;
/// For a result: not a place but the number of an output's column.
inline constexpr std::uint32_t to_column = 0x80000000u;

/// One term of a sum: a, -a, a b, -a b, and both products only where a is not 0.
struct Term {
    enum class Kind : std::uint32_t { plus, minus, product, minus_product, chain, minus_chain };
    std::uint32_t a = 0, b = 0;
    Kind kind = Kind::plus;
};

/// What the steps of one block work on.
template <class T>
struct Frame {
    T* memory;
    const Term* terms;
    T* const* columns;  ///< of the outputs
    Index at;           ///< the block's first point
    int vectors;        ///< the block's width
    Index points;       ///< of them valid; the others repeat the last one
};

template <class T>
struct Step;
template <class T>
using Kernel = void (*)(const Step<T>&, const Frame<T>&);
/// y = R(a, b, c). For a sum: a is its first term, b how many.
template <class T>
struct Step {
    Kernel<T> kernel;
    std::uint32_t y, a, b, c;
};

template <class T>
struct LaneKernels {
    std::size_t size;                                     ///< numbers in a vector
    std::array<Kernel<T>, rules::All::size + 1> of_rule;  ///< by code
    Kernel<T> sum;                                        ///< y = the sum of the terms
    Kernel<T> sum_over_points;                            ///< y += the sum of the terms at all points of the block
    Kernel<T> deliver;                                    ///< y = a
    void (*load)(const T* from, T* to, int vectors);      ///< a column's numbers, wherever they lie, into a slot
};

/// Fills the table with the kernels compiled for the set (lane_kernels.cpp). T: float, double.
template <kernels::InstructionSet S>
void fill(LaneKernels<float>& table);
template <kernels::InstructionSet S>
void fill(LaneKernels<double>& table);

/// The kernels for the best instruction set of this machine.
template <class T>
[[nodiscard]] const LaneKernels<T>& lane_kernels();
/// One point at a time.
template <class T>
[[nodiscard]] const LaneKernels<T>& scalar_kernels();

}  // namespace function
}  // namespace v1
}  // namespace autodiff
