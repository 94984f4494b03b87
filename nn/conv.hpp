// SPDX-License-Identifier: MIT
/// Two-dimensional convolution as a layer; images are [n, channels, height, width]. Pooling: pool.hpp.
#pragma once

#include "autodiff/kernels/conv.hpp"
#include "nn/initialise.hpp"

#include <array>
#include <tuple>

namespace nn {
inline namespace v1 {

/// y[n,o,i,j] = b[o] + sum_{c,u,v} x[n, c, i s - p + u d, j s - p + v d] W[o,c,u,v]        (a cross-correlation; x is 0 outside)
/// x: [n, in, h, w]   W: [out, in / groups, kh, kw]   b: [out]   y: [n, out, h', w']
/// throws   as autodiff::conv2d
template <class T>
class BasicConv2d {
  public:
    using Options = autodiff::kernels::Conv2dGeometry;

    BasicConv2d() = default;
    /// Weight and bias uniform within 1/sqrt(kh kw in / groups), from the seed. throws ValueError unless groups divides in and out
    BasicConv2d(Index in, Index out, std::array<Index, 2> kernel, Options geometry = {}, bool with_bias = true, std::uint64_t seed = 0);
    BasicConv2d(Index in, Index out, Index kernel, Options geometry = {}, bool with_bias = true, std::uint64_t seed = 0)
        : BasicConv2d(in, out, std::array{kernel, kernel}, geometry, with_bias, seed) {}

    [[nodiscard]] Tensor<T> operator()(const Tensor<T>& x) const;
    [[nodiscard]] bool has_bias() const noexcept { return bias.size() != 0; }

    template <Scheme S>
    void initialise(const S& scheme, Random& random) {
        weight = scheme.template draw<T>(kernel_fans(weight.shape()), weight.shape(), random);
        bias = Tensor<T>::zeros(bias.shape());
    }

    Tensor<T> weight;  ///< [out, in / groups, kh, kw]
    Tensor<T> bias;    ///< [out], or [0] for a layer without bias
    Options options;   ///< stride, padding, dilation, groups

    static constexpr auto fields = std::tuple{autodiff::field("weight", &BasicConv2d::weight), autodiff::field("bias", &BasicConv2d::bias)};
};

using Conv2d = BasicConv2d<float>;

extern template class BasicConv2d<float>;
extern template class BasicConv2d<double>;

}  // namespace v1
}  // namespace nn
