// SPDX-License-Identifier: MIT
/// A random program over tensors: element-wise rules with broadcasting, products, reductions and movements. Run over tensors it is what
/// is tested; run element by element over any number type, with loops and rules only, it is the reference. The suite is
/// random_tensor_programs.cpp.
#pragma once

#include "autodiff/autodiff.hpp"
#include "tests/modes/scalar_program.hpp"

#include <vector>

namespace modes {

using autodiff::Index;
using autodiff::Shape;
using autodiff::Tensor;

enum class Step { rule, matmul, sum, prod, amax, amin, logsumexp, norm2, reshape, transpose, broadcast, flip, take, concat, where, count };

struct TensorInstruction {
    Step step = Step::rule;
    const Rule* rule = nullptr;
    std::vector<std::size_t> operands;  ///< slots; the inputs come first
    Index axis = 0;
    bool keep_axis = false;
    Shape shape;
    Tensor<Index> indices;
    Tensor<bool> condition;
};

/// A tensor of any number type, row-major.
template <class N>
struct Grid {
    Shape shape;
    std::vector<N> values;
};

/// One instruction, element by element, for Scalar, Dual2 and Bound.
template <class N>
Grid<N> apply_step(const TensorInstruction& instruction, const std::vector<Grid<N>>& operands);

struct TensorProgram {
    unsigned seed = 0;
    std::vector<Tensor<double>> inputs;
    std::vector<TensorInstruction> instructions;  ///< the result of the last is the program's

    [[nodiscard]] std::string text() const;
    [[nodiscard]] Tensor<double> run(std::vector<Tensor<double>> inputs) const;
    /// Element by element, for Scalar, Dual2 and Bound.
    template <class N>
    [[nodiscard]] Grid<N> run(std::vector<Grid<N>> inputs) const;
    [[nodiscard]] std::size_t input_elements() const;
};

/// 0, 1, 2 ... in the elements: a movement of it says where every element comes from.
Tensor<double> numbered(const Shape& shape, std::size_t from = 0);
std::vector<std::size_t> as_numbers(const Tensor<double>& x);

TensorProgram random_tensor_program(unsigned seed, std::size_t operations);

}  // namespace modes
