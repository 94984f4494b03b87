// SPDX-License-Identifier: MIT
/// Normalisation to mean 0 and variance 1, with a scale and a shift: compositions with a fast path (fast_paths.hpp).
#pragma once

#include "autodiff/tensor.hpp"

namespace autodiff {
inline namespace v1 {

/// y = weight (x - mean) / sqrt(var + eps) + bias        mean and biased variance over the last axes of x, whose extents are weight's
/// vjp      with s = 1 / sqrt(var + eps), h = (x - mean) s, u = weight ybar:  xbar += s (u - mean u - h mean(u h)),
///          weightbar += sum ybar h,  biasbar += sum ybar
/// saves    x, two numbers a sample
/// throws   ShapeError unless the last extents of x are those of weight and bias
/// source   Ba, Kiros, Hinton (2016), "Layer normalization"
template <class T>
Tensor<T> layer_norm(const Tensor<T>& x, const Tensor<T>& weight, const Tensor<T>& bias, double eps);

/// What a batch was normalised with, as constants: [channels].
template <class T>
struct BatchNormalised {
    Tensor<T> y, mean, variance;
};
/// y = weight (x - mean) / sqrt(var + eps) + bias        x: [n, channels, ..], mean and biased variance of each channel
/// vjp      with m values a channel, s and h as above:  xbar += weight s / m (m ybar - sum ybar - h sum(ybar h)),
///          weightbar += sum ybar h,  biasbar += sum ybar
/// saves    x, two numbers a channel
/// throws   ShapeError unless x has rank 2 at least and weight and bias are [channels]
/// source   Ioffe and Szegedy (2015), "Batch normalization: accelerating deep network training by reducing internal covariate shift"
template <class T>
BatchNormalised<T> batch_norm(const Tensor<T>& x, const Tensor<T>& weight, const Tensor<T>& bias, double eps);

}  // namespace v1
}  // namespace autodiff
