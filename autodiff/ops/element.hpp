// SPDX-License-Identifier: MIT
/// Between Scalars and tensors: `W(3, 5)` is a Scalar, Scalars stack to a tensor, both on one tape.
#pragma once

#include "autodiff/ops/arithmetic.hpp"

namespace autodiff {
inline namespace v1 {

/// y[i] = s[i]        y: [n]
/// vjp      sbar[i] += ybar[i]
Tensor<double> stack(std::span<const Scalar> scalars);
inline Tensor<double> stack(std::initializer_list<Scalar> scalars) {
    return stack(std::span<const Scalar>(scalars.begin(), scalars.size()));
}
inline Tensor<double> stack(const std::vector<Scalar>& scalars) { return stack(std::span<const Scalar>(scalars)); }

/// A tensor of zeros with x (rank 0) at one flat position: the transpose of taking an element.
/// vjp      xbar += ybar[flat]
template <class T>
Tensor<T> place_element(const Tensor<T>& x, const Shape& shape, Index flat);

/// All elements in row-major order as Scalars, each on the tensor's tape.
template <class T>
std::vector<Scalar> elements(const Tensor<T>& x);

}  // namespace v1
}  // namespace autodiff
