// SPDX-License-Identifier: MIT
/// Reductions over axes: all of them when none is named. `keep_axes` leaves reduced axes with extent 1, ready to broadcast.
#pragma once

#include "autodiff/ops/softmax.hpp"
#include "autodiff/tensor.hpp"

namespace autodiff {
inline namespace v1 {

/// y = sum of x over the axes (pairwise over blocks)        vjp: xbar += ybar broadcast to x
template <class T>
Tensor<T> sum(const Tensor<T>& x, const Axes& axes = {}, bool keep_axes = false);
/// How many are true.
Tensor<Index> count(const Tensor<bool>& x, const Axes& axes = {}, bool keep_axes = false);
/// sum / number of elements        throws ShapeError over no elements
template <class T>
Tensor<T> mean(const Tensor<T>& x, const Axes& axes = {}, bool keep_axes = false);
/// mean((x - mean(x))^2); with `correction` 1 divided by n - 1 instead (Bessel)
template <class T>
Tensor<T> variance(const Tensor<T>& x, const Axes& axes = {}, bool keep_axes = false, Index correction = 0);
/// The largest element; k equal ones share the adjoint, 1/k each. NaN if any element is.        throws ShapeError over no elements
template <class T>
Tensor<T> amax(const Tensor<T>& x, const Axes& axes = {}, bool keep_axes = false);
template <class T>
Tensor<T> amin(const Tensor<T>& x, const Axes& axes = {}, bool keep_axes = false);
/// Position of the largest element along one axis, the first of equal ones. Integers: no gradient.
template <class T>
Tensor<Index> argmax(const Tensor<T>& x, Index axis = -1);
/// The product; vjp is the product of the others, right with zeros among them
template <class T>
Tensor<T> prod(const Tensor<T>& x, const Axes& axes = {}, bool keep_axes = false);
/// log sum exp x, without overflow        vjp: xbar += ybar softmax(x)
template <class T>
Tensor<T> logsumexp(const Tensor<T>& x, const Axes& axes = {}, bool keep_axes = false);
/// Euclidean norm; its gradient at 0 is 0
template <class T>
Tensor<T> norm2(const Tensor<T>& x, const Axes& axes = {}, bool keep_axes = false);

}  // namespace v1
}  // namespace autodiff
