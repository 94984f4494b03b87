// SPDX-License-Identifier: MIT
#include "nn/conv1d.hpp"

#include "autodiff/ops/arithmetic.hpp"
#include "autodiff/ops/conv.hpp"
#include "autodiff/ops/layout.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace nn {
inline namespace v1 {

template <class T>
BasicConv1d<T>::BasicConv1d(Index in, Index out, Index kernel, Options geometry, bool with_bias, std::uint64_t seed) : options(geometry) {
    if (std::min({in, out, kernel, options.groups}) < 1 || in % options.groups != 0 || out % options.groups != 0)
        throw autodiff::ValueError("conv1d", "channels and kernel extent of at least 1, groups that divide the channels",
                                   fmt::format("{} in, {} out, kernel {}, {} groups", in, out, kernel, options.groups));
    Random random{seed};
    const Shape shape{out, in / options.groups, kernel};
    const double bound = 1 / std::sqrt(static_cast<double>(kernel_fans(shape).in));
    weight = random.uniform_tensor<T>(shape, -bound, bound);
    if (with_bias) bias = random.uniform_tensor<T>({out}, -bound, bound);
}

template <class T>
Tensor<T> BasicConv1d<T>::operator()(const Tensor<T>& x) const {
    const Index in = weight.shape()[1] * options.groups;
    if (x.rank() != 3 || x.shape()[1] != in) throw autodiff::ShapeError("conv1d", fmt::format("[n, {}, length]", in), to_string(x.shape()));
    const Tensor<T> y = squeeze(
        autodiff::conv2d(
            unsqueeze(x, 2), unsqueeze(weight, 2),
            {.stride = {1, options.stride}, .padding = {0, options.padding}, .dilation = {1, options.dilation}, .groups = options.groups}),
        2);
    return has_bias() ? y + reshape(bias, {1, -1, 1}) : y;
}

template class BasicConv1d<float>;
template class BasicConv1d<double>;

}  // namespace v1
}  // namespace nn
