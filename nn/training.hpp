// SPDX-License-Identifier: MIT
/// How good a classifier is: plain counts, of which nobody takes a gradient.
#pragma once

#include "autodiff/tensor.hpp"

namespace nn {
inline namespace v1 {

using autodiff::Index;
using autodiff::Tensor;

/// The class with the largest score, the first of equal ones.        scores: [.., classes]   y: [..]
template <class T>
[[nodiscard]] Tensor<Index> predictions(const Tensor<T>& scores);
/// The share of samples whose largest score is at their label.
/// throws   ShapeError unless scores are [.., classes] and labels [..]; ValueError without samples
template <class T>
[[nodiscard]] double accuracy(const Tensor<T>& scores, const Tensor<Index>& labels);
/// y[i, j] = how many samples of class i were taken for class j        y: [classes, classes]
/// throws   ShapeError as accuracy; IndexError for a label outside [0, classes)
template <class T>
[[nodiscard]] Tensor<Index> confusion(const Tensor<T>& scores, const Tensor<Index>& labels);

}  // namespace v1
}  // namespace nn
