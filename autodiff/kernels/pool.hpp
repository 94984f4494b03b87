// SPDX-License-Identifier: MIT
/// Pooling of images: maxima and means, and the transposes of both. Next: index.hpp.
#pragma once

#include "autodiff/shape.hpp"

#include <array>
#include <cstdint>
#include <string_view>
#include <type_traits>

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

/// Which element of its window a maximum is; a number for the other functions with the same geometry. As wide as T, for lanes.
template <class T>
using Winner = std::conditional_t<sizeof(T) == 8, std::uint64_t, std::uint32_t>;

/// y[n,c,i,j] = largest x[n,c,a,b] in the window of (i,j), and which it is
///
/// The first of equals, row by row; NaN counts as the largest; padding never wins. y and winner contiguous, only written.
/// T: float, double. Windows of 2x2 side by side, of a contiguous x, are computed in lanes; so are their transpose and means of them.
/// throws   as pool2d_shape, and ShapeError unless y has that shape, or if an image has too many elements for Winner<T>
template <class T>
void max_pool2d(const View<const T>& x, const View<T>& y, Winner<T>* winner, const Pool2dGeometry& geometry);

/// y[n,c,i,j] = the winner's element of x. y contiguous, only written.
template <class T>
void max_pool2d_pick(const View<const T>& x, const Winner<T>* winner, const View<T>& y, const Pool2dGeometry& geometry);

/// xbar = the sum of ybar[n,c,i,j] at the elements that won: the transpose of max_pool2d_pick. xbar contiguous, only written.
template <class T>
void max_pool2d_input(const View<const T>& ybar, const Winner<T>* winner, const View<T>& xbar, const Pool2dGeometry& geometry);

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
