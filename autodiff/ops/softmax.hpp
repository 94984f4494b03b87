// SPDX-License-Identifier: MIT
/// Softmax along one axis, its logarithm, and the cross-entropy of labels.
#pragma once

#include "autodiff/tensor.hpp"

namespace autodiff {
inline namespace v1 {

/// y = exp(x) / sum exp x along an axis, without overflow        NaN where all x are -inf
/// vjp      xbar += y (ybar - sum ybar y)          saves: y
/// source   Bridle (1990), "Probabilistic interpretation of feedforward classification network outputs"
template <class T>
Tensor<T> softmax(const Tensor<T>& x, Index axis = -1);
/// y = x - log sum exp x along an axis
/// vjp      xbar += ybar - exp(y) sum ybar         saves: y
template <class T>
Tensor<T> log_softmax(const Tensor<T>& x, Index axis = -1);

/// y[..] = log sum_c exp z[.., c] - z[.., label[..]] = -log softmax(z)[.., label[..]]        z: [.., classes]   labels: [..]
/// vjp      zbar[.., c] += ybar[..] (softmax(z)[.., c] - 1[c = label[..]])
/// saves    z, the labels, one number a row
/// throws   ShapeError, IndexError for a label outside [0, classes)
template <class T>
Tensor<T> softmax_cross_entropy(const Tensor<T>& z, const Tensor<Index>& labels);

}  // namespace v1
}  // namespace autodiff
