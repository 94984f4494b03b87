// SPDX-License-Identifier: MIT
/// Two-dimensional convolution and pooling, images as [N, C, H, W].
#pragma once

#include "autodiff/kernels/conv.hpp"
#include "autodiff/kernels/pool.hpp"
#include "autodiff/tensor.hpp"

namespace autodiff {
inline namespace v1 {

using kernels::Conv2dGeometry;
using kernels::Pool2dGeometry;

/// y[n,o,i,j] = sum_{c,u,v} x[n, c, i s - p + u d, j s - p + v d] w[o,c,u,v]   (cross-correlation, as every framework)
/// x: [N, C, H, W]   w: [O, C / groups, kh, kw]   y: [N, O, H', W'],  H' = (H + 2p - d (kh - 1) - 1) / s + 1
/// vjp      xbar = conv2d_input(ybar, w), wbar = conv2d_weight(x, ybar): the three close under differentiation
/// saves    x, w
/// throws   ShapeError, ValueError
/// source   Dumoulin and Visin (2016), "A guide to convolution arithmetic for deep learning"
template <class T>
Tensor<T> conv2d(const Tensor<T>& x, const Tensor<T>& w, const Conv2dGeometry& geometry = {});
/// The transposed convolution: the adjoint of conv2d with respect to x, of shape `x_shape`.
template <class T>
Tensor<T> conv2d_input(const Tensor<T>& ybar, const Tensor<T>& w, const Shape& x_shape, const Conv2dGeometry& geometry = {});
/// The adjoint of conv2d with respect to w, of shape `w_shape`.
template <class T>
Tensor<T> conv2d_weight(const Tensor<T>& x, const Tensor<T>& ybar, const Shape& w_shape, const Conv2dGeometry& geometry = {});

/// The largest element of each window, the first of equal ones; padding never wins.        vjp: ybar goes to that element
template <class T>
Tensor<T> max_pool2d(const Tensor<T>& x, const Pool2dGeometry& geometry);
/// The mean of each window; padding counts as zeros, or with `count_include_pad` false not at all.
/// vjp      ybar / count to each element of the window
template <class T>
Tensor<T> avg_pool2d(const Tensor<T>& x, const Pool2dGeometry& geometry, bool count_include_pad = true);

}  // namespace v1
}  // namespace autodiff
