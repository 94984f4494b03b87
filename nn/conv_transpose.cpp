// SPDX-License-Identifier: MIT
#include "nn/conv_transpose.hpp"

#include "autodiff/ops/arithmetic.hpp"
#include "autodiff/ops/conv.hpp"
#include "autodiff/ops/layout.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace nn {
inline namespace v1 {

template <class T>
BasicConvTranspose2d<T>::BasicConvTranspose2d(Index in, Index out, std::array<Index, 2> kernel, Options geometry, bool with_bias,
                                              std::uint64_t seed)
    : options(geometry) {
    if (std::min({in, out, kernel[0], kernel[1], options.groups}) < 1 || in % options.groups != 0 || out % options.groups != 0)
        throw autodiff::ValueError("conv_transpose2d", "channels and kernel extents of at least 1, groups that divide the channels",
                                   fmt::format("{} in, {} out, kernel ({}, {}), {} groups", in, out, kernel[0], kernel[1], options.groups));
    for (const std::size_t k : {0u, 1u})
        if (options.output_padding[k] < 0 || options.output_padding[k] >= options.stride[k])
            throw autodiff::ValueError("conv_transpose2d", "an output padding from 0 to less than the stride",
                                       fmt::format("output padding ({}, {}) with stride ({}, {})", options.output_padding[0],
                                                   options.output_padding[1], options.stride[0], options.stride[1]));
    Random random{seed};
    const Shape shape{in, out / options.groups, kernel[0], kernel[1]};
    const double bound = 1 / std::sqrt(static_cast<double>(kernel_fans(shape).in));
    weight = random.uniform_tensor<T>(shape, -bound, bound);
    if (with_bias) bias = random.uniform_tensor<T>({out}, -bound, bound);
}

template <class T>
Tensor<T> BasicConvTranspose2d<T>::operator()(const Tensor<T>& x) const {
    const Index in = weight.shape()[0];
    if (x.rank() != 4 || x.shape()[1] != in)
        throw autodiff::ShapeError("conv_transpose2d", fmt::format("[n, {}, h, w]", in), to_string(x.shape()));
    const auto enlarged = [&](std::size_t k, Index axis) {
        return (x.shape()[axis] - 1) * options.stride[k] - 2 * options.padding[k] + options.dilation[k] * (weight.shape()[axis] - 1) + 1 +
               options.output_padding[k];
    };
    const Index h = enlarged(0, 2), w = enlarged(1, 3);
    if (h < 1 || w < 1)
        throw autodiff::ShapeError("conv_transpose2d", "an image that is larger than its padding takes away",
                                   fmt::format("{}, which would become [{}, {}]", to_string(x.shape()), h, w));
    const Tensor<T> y = autodiff::conv2d_input(
        x, weight, Shape{x.shape()[0], weight.shape()[1] * options.groups, h, w},
        {.stride = options.stride, .padding = options.padding, .dilation = options.dilation, .groups = options.groups});
    return has_bias() ? y + reshape(bias, {1, -1, 1, 1}) : y;
}

template class BasicConvTranspose2d<float>;
template class BasicConvTranspose2d<double>;

}  // namespace v1
}  // namespace nn
