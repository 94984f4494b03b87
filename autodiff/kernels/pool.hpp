// SPDX-License-Identifier: MIT
/// Pooling of images: maxima with their positions, means and the transpose of means. Next: index.hpp.
#pragma once

#include "autodiff/shape.hpp"

#include <array>
#include <string_view>

namespace autodiff {
inline namespace v1 {
namespace kernels {

/// How a window moves over an image; pairs are (vertical, horizontal).
struct Pool2dGeometry {
    std::array<Index, 2> window{2, 2};
    std::array<Index, 2> stride{2, 2};
    std::array<Index, 2> padding{0, 0};  ///< on both sides; less than the window, so that every window meets the image
};

/// The shape of a pooled image: [n, c, oh, ow] with oh = floor((h + 2 padding - window) / stride) + 1.
/// throws   ShapeError unless x is [n, c, h, w] with h, w >= 1 and the window fits into the padded image;
///          ValueError unless 1 <= window, stride < 2^31 and 0 <= padding < window
Shape pool2d_shape(const Shape& x, const Pool2dGeometry& geometry, std::string_view operation);

/// y[n,c,i,j] = largest x[n,c,a,b] in the window of (i,j);   argmax[n,c,i,j] = its position in x counted row-major
///
/// The first of equals, row by row; NaN counts as the largest; padding never wins. y and argmax contiguous, only written.
/// The vjp is a scatter_add of ybar at argmax into the flat xbar. T: float, double.
/// throws   as pool2d_shape, and ShapeError unless y has that shape
template <class T>
void max_pool2d(const View<const T>& x, const View<T>& y, Index* argmax, const Pool2dGeometry& geometry);

/// y[n,c,i,j] = sum of x in the window of (i,j) / count: all of the window with count_include_pad, else the part in the image.
/// y contiguous, only written. T: float, double.
template <class T>
void avg_pool2d(const View<const T>& x, const View<T>& y, const Pool2dGeometry& geometry, bool count_include_pad);

/// xbar[n,c,a,b] = sum of ybar[n,c,i,j] / count(i,j) over the windows that hold (a,b): the transpose of avg_pool2d.
/// xbar contiguous, only written. T: float, double.
template <class T>
void avg_pool2d_input(const View<const T>& ybar, const View<T>& xbar, const Pool2dGeometry& geometry, bool count_include_pad);

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff
