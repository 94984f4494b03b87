// SPDX-License-Identifier: MIT
/// Products of matrices in lanes, compiled for every instruction set: what a BLAS is bad at, because it copies its operands first. Which
/// product goes where, and threads, is gemm.cpp's affair. How the loops look: products_loops.hpp.
#pragma once

#include "autodiff/kernels/instruction_set.hpp"
#include "autodiff/kernels/matrix.hpp"

namespace autodiff {
inline namespace v1 {
namespace kernels {

/// c (+)= a b, no extent 0, any distance between rows. `add`: to what is there; else c is only written.
/// Every element is summed in an order that depends on the number of terms alone: bits do not change with the block of c that is asked for.
template <class T>
struct ProductKernels {
    /// Rows of b added up: for few rows, few terms, or all of it few.        a: anywhere   b, c: rows of adjacent elements
    void (*by_rows)(const Matrix<const T>& a, const Matrix<const T>& b, const Matrix<T>& c, bool add);
    /// Dot products of rows of a and columns of b: for few rows.             a: rows of adjacent elements   b: columns of such   c: anywhere
    void (*by_dots)(const Matrix<const T>& a, const Matrix<const T>& b, const Matrix<T>& c, bool add);
};

template <InstructionSet S>
void fill(ProductKernels<float>& table);
template <InstructionSet S>
void fill(ProductKernels<double>& table);

/// Those for the best instruction set of this machine. T: float, double.
template <class T>
[[nodiscard]] const ProductKernels<T>& product_kernels();

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff
