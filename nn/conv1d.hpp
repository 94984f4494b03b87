// SPDX-License-Identifier: MIT
/// Convolution along one axis, as that of an image of height 1; signals are [n, channels, length].
#pragma once

#include "nn/initialise.hpp"

#include <tuple>

namespace nn {
inline namespace v1 {

struct Conv1dOptions {
    Index stride = 1;
    Index padding = 0;  ///< zeros on both sides
    Index dilation = 1;
    Index groups = 1;
};

/// y[n,o,i] = b[o] + sum_{c,u} x[n, c, i s - p + u d] W[o,c,u]
/// x: [n, in, length]   W: [out, in / groups, k]   b: [out]   y: [n, out, length'],  length' = floor((length + 2 p - d (k - 1) - 1) / s) + 1
/// throws   ShapeError, ValueError; in the constructor ValueError unless groups divides in and out
template <class T>
class BasicConv1d {
  public:
    using Options = Conv1dOptions;

    BasicConv1d() = default;
    /// Weight and bias uniform within 1/sqrt(k in / groups), from the seed.
    BasicConv1d(Index in, Index out, Index kernel, Options geometry = {}, bool with_bias = true, std::uint64_t seed = 0);

    [[nodiscard]] Tensor<T> operator()(const Tensor<T>& x) const;
    [[nodiscard]] bool has_bias() const noexcept { return bias.size() != 0; }

    template <Scheme S>
    void initialise(const S& scheme, Random& random) {
        weight = scheme.template draw<T>(kernel_fans(weight.shape()), weight.shape(), random);
        bias = Tensor<T>::zeros(bias.shape());
    }

    Tensor<T> weight;  ///< [out, in / groups, k]
    Tensor<T> bias;    ///< [out], or [0] for a layer without bias
    Options options;

    static constexpr auto fields = std::tuple{autodiff::field("weight", &BasicConv1d::weight), autodiff::field("bias", &BasicConv1d::bias)};
};

using Conv1d = BasicConv1d<float>;

extern template class BasicConv1d<float>;
extern template class BasicConv1d<double>;

}  // namespace v1
}  // namespace nn
