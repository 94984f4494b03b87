// SPDX-License-Identifier: MIT
/// Normalisation by the root of the mean square: layer normalisation without the mean.
#pragma once

#include "nn/random.hpp"

#include "autodiff/structure.hpp"

#include <tuple>

namespace nn {
inline namespace v1 {

/// y = weight x / sqrt(mean(x^2) + eps)        mean over the last axes, whose extents are those of weight
/// throws   ShapeError unless the last extents of x are those of weight
/// source   Zhang and Sennrich (2019), "Root mean square layer normalization"
template <class T>
class BasicRMSNorm {
  public:
    BasicRMSNorm() = default;
    /// weight 1. throws ShapeError for rank 0
    explicit BasicRMSNorm(const Shape& normalised, double epsilon = 1e-5);
    explicit BasicRMSNorm(Index width, double epsilon = 1e-5) : BasicRMSNorm(Shape{width}, epsilon) {}

    [[nodiscard]] Tensor<T> operator()(const Tensor<T>& x) const;

    template <class S>
    void initialise(const S&, Random&) {
        weight = Tensor<T>::ones(weight.shape());
    }

    Tensor<T> weight;
    double eps = 1e-5;

    static constexpr auto fields = std::tuple{autodiff::field("weight", &BasicRMSNorm::weight)};
};

using RMSNorm = BasicRMSNorm<float>;

extern template class BasicRMSNorm<float>;
extern template class BasicRMSNorm<double>;

}  // namespace v1
}  // namespace nn
