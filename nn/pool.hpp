// SPDX-License-Identifier: MIT
/// Pooling as layers: the largest, or the mean, of every window of an image [n, channels, height, width].
#pragma once

#include "autodiff/ops/conv.hpp"
#include "autodiff/ops/reduce.hpp"

namespace nn {
inline namespace v1 {

using autodiff::Index;

namespace internal {

/// Windows next to each other unless a stride is given.
constexpr autodiff::Pool2dGeometry square_window(Index window, Index stride, Index padding) {
    const Index step = stride == 0 ? window : stride;
    return {.window = {window, window}, .stride = {step, step}, .padding = {padding, padding}};
}

}  // namespace internal

/// The largest value of each window.        x: [n, c, h, w]   y: [n, c, h', w'],  h' = floor((h + 2 padding - window) / stride) + 1
class MaxPool2d {
  public:
    MaxPool2d() = default;
    /// Square windows; a stride of 0 means the window.
    explicit MaxPool2d(Index window, Index stride = 0, Index padding = 0) : options(internal::square_window(window, stride, padding)) {}
    explicit MaxPool2d(const autodiff::Pool2dGeometry& geometry) : options(geometry) {}

    template <class T>
    [[nodiscard]] autodiff::Tensor<T> operator()(const autodiff::Tensor<T>& x) const {
        return autodiff::max_pool2d(x, options);
    }

    autodiff::Pool2dGeometry options;
};

/// The mean of each window; padding counts as zeros, or with `count_include_pad` false not at all.
class AvgPool2d {
  public:
    AvgPool2d() = default;
    explicit AvgPool2d(Index window, Index stride = 0, Index padding = 0, bool count_padding = true)
        : options(internal::square_window(window, stride, padding)), count_include_pad(count_padding) {}
    explicit AvgPool2d(const autodiff::Pool2dGeometry& geometry, bool count_padding = true)
        : options(geometry), count_include_pad(count_padding) {}

    template <class T>
    [[nodiscard]] autodiff::Tensor<T> operator()(const autodiff::Tensor<T>& x) const {
        return autodiff::avg_pool2d(x, options, count_include_pad);
    }

    autodiff::Pool2dGeometry options;
    bool count_include_pad = true;
};

/// The mean over the whole image: [n, c, h, w] becomes [n, c].
struct GlobalAvgPool2d {
    template <class T>
    [[nodiscard]] autodiff::Tensor<T> operator()(const autodiff::Tensor<T>& x) const {
        return mean(x, {2, 3});
    }
};

}  // namespace v1
}  // namespace nn
