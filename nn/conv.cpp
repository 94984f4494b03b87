// SPDX-License-Identifier: MIT
#include "nn/conv.hpp"

#include "autodiff/ops/arithmetic.hpp"
#include "autodiff/ops/conv.hpp"
#include "autodiff/ops/layout.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace nn {
inline namespace v1 {

template <class T>
BasicConv2d<T>::BasicConv2d(Index in, Index out, std::array<Index, 2> kernel, Options geometry, bool with_bias, std::uint64_t seed)
    : options(geometry) {
    if (std::min({in, out, kernel[0], kernel[1], options.groups}) < 1 || in % options.groups != 0 || out % options.groups != 0)
        throw autodiff::ValueError("conv2d", "channels and kernel extents of at least 1, groups that divide the channels",
                                   fmt::format("{} in, {} out, kernel ({}, {}), {} groups", in, out, kernel[0], kernel[1], options.groups));
    Random random{seed};
    const Shape shape{out, in / options.groups, kernel[0], kernel[1]};
    const double bound = 1 / std::sqrt(static_cast<double>(kernel_fans(shape).in));
    weight = random.uniform_tensor<T>(shape, -bound, bound);
    if (with_bias) bias = random.uniform_tensor<T>({out}, -bound, bound);
}

template <class T>
Tensor<T> BasicConv2d<T>::operator()(const Tensor<T>& x) const {
    const Tensor<T> y = autodiff::conv2d(x, weight, options);
    return has_bias() ? y + reshape(bias, {1, -1, 1, 1}) : y;
}

template class BasicConv2d<float>;
template class BasicConv2d<double>;

}  // namespace v1
}  // namespace nn
