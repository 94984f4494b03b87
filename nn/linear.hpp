// SPDX-License-Identifier: MIT
/// The dense layer, and through it the index convention of every weight here: W[i, j] leads from input i to output j.
#pragma once

#include "nn/initialise.hpp"

#include <tuple>

namespace nn {
inline namespace v1 {

/// z[.., j] = sum_i x[.., i] W[i, j] + b[j]        x: [.., in]   W: [in, out]   b: [out], or [0] for none   z: [.., out]
/// One product, whatever the rank of x: its leading axes are rows.
/// throws   ShapeError unless W has two axes, the last extent of x is `in` and b fits
template <class T>
[[nodiscard]] Tensor<T> linear(const Tensor<T>& x, const Tensor<T>& weight, const Tensor<T>& bias = {});

/// linear(x, weight, bias) as a layer. PyTorch stores the transpose of the weight, [out, in].
template <class T>
class BasicLinear {
  public:
    BasicLinear() = default;
    /// Weight and bias uniform in [-1/sqrt(in), 1/sqrt(in)], from the seed: layers of one shape start equal unless their seeds
    /// differ or `nn::initialise` draws for the whole model. throws ValueError for an extent below 1
    BasicLinear(Index in, Index out, bool with_bias = true, std::uint64_t seed = 0);

    [[nodiscard]] Tensor<T> operator()(const Tensor<T>& x) const { return linear(x, weight, bias); }
    [[nodiscard]] bool has_bias() const noexcept { return bias.size() != 0; }

    template <Scheme S>
    void initialise(const S& scheme, Random& random) {
        weight = scheme.template draw<T>(dense_fans(weight.shape()), weight.shape(), random);
        bias = Tensor<T>::zeros(bias.shape());
    }

    Tensor<T> weight;  ///< [in, out]
    Tensor<T> bias;    ///< [out], or [0] for a layer without bias

    void pytorch(const auto& say) const { say(weight, "weight", {}); }

    static constexpr auto fields = std::tuple{autodiff::field("weight", &BasicLinear::weight), autodiff::field("bias", &BasicLinear::bias)};
};

using Linear = BasicLinear<float>;

extern template class BasicLinear<float>;
extern template class BasicLinear<double>;

}  // namespace v1
}  // namespace nn
