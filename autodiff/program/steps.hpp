// SPDX-License-Identifier: MIT
/// The loops that a plan consists of, one for every rule, compiled for every instruction set: numbers only, no tape, no program.
#pragma once

#include "autodiff/kernels/instruction_set.hpp"
#include "autodiff/rules/list.hpp"
#include "autodiff/shape.hpp"

#include <array>

namespace autodiff {
inline namespace v1 {
namespace program {

/// One term of a sum: a, -a, a b, -a b, and both products only where a is not 0. a, b: places.
struct Term {
    enum class Kind : std::uint32_t { plus, minus, product, minus_product, chain, minus_chain };
    std::uint32_t a = 0, b = 0;
    Kind kind = Kind::plus;
};

/// Where a step finds an operand or leaves its result: vectors one after the other, at any address.
template <class T>
struct Place {
    T* first = nullptr;
    std::size_t step = 0;  ///< numbers from one vector to the next; 0 if one serves all
};

/// What the steps of one tile work on.
template <class T>
struct Frame {
    const Place<T>* places;
    const Term* terms;
    int begin, end;  ///< the vectors to work on
    Index points;    ///< valid ones of the tile; the others, at the end of the last vector, repeat one
};

template <class T>
struct Step;
template <class T>
using Kernel = void (*)(const Step<T>&, const Frame<T>&);
/// y = R(a, b, c), all of them places; d is one of them again, or the fourth operand of two products. For a sum of any number of terms: a is
/// its first one, b how many.
template <class T>
struct Step {
    Kernel<T> kernel;
    std::uint32_t y, a, b, c, d = 0;
};

template <class T>
struct LaneKernels {
    std::size_t size;                                     ///< numbers in a vector
    std::array<Kernel<T>, rules::All::size + 1> of_rule;  ///< by code
    std::array<Kernel<T>, 6> add_term;                    ///< by kind: y = c + the term of a and b
    std::array<std::array<Kernel<T>, 6>, 6> products;     ///< by kinds: y = the product of a and b + the term of c and d
    Kernel<T> sum;                                        ///< y = the sum of the terms
    Kernel<T> sum_over_points;                            ///< y += the sum of the terms at all points of the tile; y is one vector
    Kernel<T> deliver;                                    ///< y = a
};

/// Fills the table with the kernels compiled for the set (steps.cpp). T: float, double.
template <kernels::InstructionSet S>
void fill(LaneKernels<float>& table);
template <kernels::InstructionSet S>
void fill(LaneKernels<double>& table);

/// The kernels for the best instruction set of this machine.
template <class T>
[[nodiscard]] const LaneKernels<T>& lane_kernels();

/// The same for one point: places are numbers that lie in one array.
template <class T>
struct ScalarStep;
template <class T>
using ScalarKernel = void (*)(const ScalarStep<T>&, T* memory, const Term* terms);
template <class T>
struct ScalarStep {
    ScalarKernel<T> kernel;
    std::uint32_t y, a, b, c;
};
template <class T>
struct ScalarKernels {
    std::array<ScalarKernel<T>, rules::All::size + 1> of_rule;
    ScalarKernel<T> sum;
};
template <class T>
[[nodiscard]] const ScalarKernels<T>& scalar_kernels();

}  // namespace program
}  // namespace v1
}  // namespace autodiff
