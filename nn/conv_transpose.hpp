// SPDX-License-Identifier: MIT
/// Transposed convolution: the adjoint of a convolution as a layer, which enlarges images where a convolution with a stride reduces them.
#pragma once

#include "nn/initialise.hpp"

#include <array>
#include <tuple>

namespace nn {
inline namespace v1 {

/// Of the convolution whose adjoint this is; pairs are (vertical, horizontal).
struct ConvTranspose2dOptions {
    std::array<Index, 2> stride{1, 1};
    std::array<Index, 2> padding{0, 0};
    std::array<Index, 2> output_padding{0, 0};  ///< rows and columns more: which of the `stride` images that are reduced to the same one
    std::array<Index, 2> dilation{1, 1};
    Index groups = 1;
};

/// y[n,o,a,b] = b[o] + sum of x[n,c,i,j] W[c,o,u,v] over c and all (i,u), (j,v) with i s - p + u d = a, j s - p + v d = b
/// x: [n, in, h, w]   W: [in, out / groups, kh, kw]   b: [out]   y: [n, out, h', w'],  h' = (h - 1) s - 2 p + d (kh - 1) + 1 + output padding
///
/// <conv2d(y, W), x> = <y, this(x)> for the convolution with the same weight and geometry, which leads from out to in channels.
/// throws   ShapeError unless x is [n, in, h, w] and h', w' are at least 1; in the constructor ValueError unless groups divides in and out
///          and 0 <= output padding < stride
/// source   Dumoulin and Visin (2016), "A guide to convolution arithmetic for deep learning", chapter 4
template <class T>
class BasicConvTranspose2d {
  public:
    using Options = ConvTranspose2dOptions;

    BasicConvTranspose2d() = default;
    /// Weight and bias uniform within 1/sqrt(kh kw out / groups), as in PyTorch, from the seed.
    BasicConvTranspose2d(Index in, Index out, std::array<Index, 2> kernel, Options geometry = {}, bool with_bias = true,
                         std::uint64_t seed = 0);
    BasicConvTranspose2d(Index in, Index out, Index kernel, Options geometry = {}, bool with_bias = true, std::uint64_t seed = 0)
        : BasicConvTranspose2d(in, out, std::array{kernel, kernel}, geometry, with_bias, seed) {}

    [[nodiscard]] Tensor<T> operator()(const Tensor<T>& x) const;
    [[nodiscard]] bool has_bias() const noexcept { return bias.size() != 0; }

    template <Scheme S>
    void initialise(const S& scheme, Random& random) {
        const Fans back = kernel_fans(weight.shape());  // of the convolution whose adjoint this is
        weight = scheme.template draw<T>(Fans{back.out / options.groups, back.in}, weight.shape(), random);
        bias = Tensor<T>::zeros(bias.shape());
    }

    Tensor<T> weight;  ///< [in, out / groups, kh, kw]
    Tensor<T> bias;    ///< [out], or [0] for a layer without bias
    Options options;

    static constexpr auto fields =
        std::tuple{autodiff::field("weight", &BasicConvTranspose2d::weight), autodiff::field("bias", &BasicConvTranspose2d::bias)};
};

using ConvTranspose2d = BasicConvTranspose2d<float>;

extern template class BasicConvTranspose2d<float>;
extern template class BasicConvTranspose2d<double>;

}  // namespace v1
}  // namespace nn
