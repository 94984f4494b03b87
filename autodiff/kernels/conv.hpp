// SPDX-License-Identifier: MIT
/// Convolution of images and its two adjoints, directly or, with many weights, by im2col and matrix products. The three close under
/// differentiation: each is bilinear, and the derivative of one in either operand is another one of them. Next: pool.hpp.
#pragma once

#include "autodiff/shape.hpp"

#include <array>

namespace autodiff {
inline namespace v1 {
namespace kernels {

/// How a kernel moves over an image; pairs are (vertical, horizontal).
struct Conv2dGeometry {
    std::array<Index, 2> stride{1, 1};
    std::array<Index, 2> padding{0, 0};  ///< zeros on both sides
    std::array<Index, 2> dilation{1, 1};
    Index groups = 1;  ///< channels of x, and of y, are cut into so many parts that do not see each other
};

/// The shape of conv2d(x, w): [n, out, oh, ow] with oh = floor((h + 2 padding - dilation (kh - 1) - 1) / stride) + 1.
/// throws   ShapeError unless x is [n, in, h, w], w is [out, in / groups, kh, kw], kernel extents are positive, groups divides out,
///          and the kernel fits into the padded image;
///          ValueError unless 1 <= stride, dilation, groups and 0 <= padding, all below 2^31
Shape conv2d_shape(const Shape& x, const Shape& w, const Conv2dGeometry& geometry);

/// y[n,o,i,j] = sum_{c,u,v} w[o,c,u,v] x[n, c, i s + u d - p, j s + v d - p]        (a cross-correlation; x is 0 outside)
///
/// T: float, double. Inputs of any strides, y contiguous and only written. The same bits for any number of threads.
/// cost     |y| (in / groups) kh kw multiply-adds; for each thread a workspace of some 1 MiB
/// throws   as conv2d_shape, and ShapeError unless y has that shape
template <class T>
void conv2d(const View<const T>& x, const View<const T>& w, const View<T>& y, const Conv2dGeometry& geometry);

/// xbar[n,c,a,b] = sum of w[o,c,u,v] ybar[n,o,i,j] over o and all (i,u), (j,v) with i s + u d - p = a, j s + v d - p = b:
/// the adjoint of conv2d in x, also known as the transposed convolution. xbar contiguous and only written; it names the extents.
/// throws   ShapeError unless ybar has the shape of conv2d(xbar, w)
template <class T>
void conv2d_input(const View<const T>& ybar, const View<const T>& w, const View<T>& xbar, const Conv2dGeometry& geometry);

/// wbar[o,c,u,v] = sum_{n,i,j} ybar[n,o,i,j] x[n, c, i s + u d - p, j s + v d - p]: the adjoint of conv2d in w.
/// wbar contiguous and only written. The images are added in a fixed order: the same bits for any number of threads.
/// throws   ShapeError unless ybar has the shape of conv2d(x, wbar)
template <class T>
void conv2d_weight(const View<const T>& x, const View<const T>& ybar, const View<T>& wbar, const Conv2dGeometry& geometry);

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff
