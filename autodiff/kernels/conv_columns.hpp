// SPDX-License-Identifier: MIT
/// Convolution by im2col and matrix products, for many channels.
#pragma once

#include "autodiff/kernels/conv_plan.hpp"

namespace autodiff {
inline namespace v1 {
namespace kernels {

/// As conv2d, conv2d_input, conv2d_weight. Nothing is empty but perhaps the channels, and of those of conv2d_weight none.
template <class T>
void columns_conv2d(const ConvPlan& plan, const T* x, const T* w, T* y);
template <class T>
void columns_conv2d_input(const ConvPlan& plan, const T* ybar, const T* w, T* xbar);
template <class T>
void columns_conv2d_weight(const ConvPlan& plan, const T* x, const T* ybar, T* wbar);

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff
