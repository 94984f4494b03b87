// SPDX-License-Identifier: MIT
/// Layer normalisation: every sample by its own mean and variance, the same in training and evaluation.
#pragma once

#include "nn/random.hpp"

#include "autodiff/structure.hpp"

#include <tuple>

namespace nn {
inline namespace v1 {

/// y = weight (x - mean) / sqrt(var + eps) + bias        mean and biased variance over the last axes, whose extents are those of weight
/// throws   ShapeError unless the last extents of x are those of weight
/// source   Ba, Kiros, Hinton (2016), "Layer normalization"
template <class T>
class BasicLayerNorm {
  public:
    BasicLayerNorm() = default;
    /// weight 1, bias 0. throws ShapeError for rank 0
    explicit BasicLayerNorm(Shape normalised, double epsilon = 1e-5);
    explicit BasicLayerNorm(Index width, double epsilon = 1e-5) : BasicLayerNorm(Shape{width}, epsilon) {}

    [[nodiscard]] Tensor<T> operator()(const Tensor<T>& x) const;

    template <class S>
    void initialise(const S&, Random&) {
        *this = BasicLayerNorm(weight.shape(), eps);
    }

    Tensor<T> weight, bias;
    double eps = 1e-5;

    static constexpr auto fields =
        std::tuple{autodiff::field("weight", &BasicLayerNorm::weight), autodiff::field("bias", &BasicLayerNorm::bias)};
};

using LayerNorm = BasicLayerNorm<float>;

extern template class BasicLayerNorm<float>;
extern template class BasicLayerNorm<double>;

}  // namespace v1
}  // namespace nn
