// SPDX-License-Identifier: MIT
#include "nn/layer_norm.hpp"

#include "autodiff/ops/normalise.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace nn {
inline namespace v1 {

template <class T>
BasicLayerNorm<T>::BasicLayerNorm(Shape normalised, double epsilon) : eps(epsilon) {
    if (normalised.rank() < 1) throw autodiff::ShapeError("layer_norm", "at least one axis", to_string(normalised));
    weight = Tensor<T>::ones(normalised);
    bias = Tensor<T>::zeros(normalised);
}

template <class T>
Tensor<T> BasicLayerNorm<T>::operator()(const Tensor<T>& x) const {
    const auto given = x.shape().extents(), own = weight.shape().extents();
    if (given.size() < own.size() || !std::ranges::equal(given.last(own.size()), own))
        throw autodiff::ShapeError("layer_norm", fmt::format("last extents {}", to_string(weight.shape())), to_string(x.shape()));
    return autodiff::layer_norm(x, weight, bias, eps);
}

template class BasicLayerNorm<float>;
template class BasicLayerNorm<double>;

}  // namespace v1
}  // namespace nn
