// SPDX-License-Identifier: MIT
#include "nn/rms_norm.hpp"

#include "autodiff/ops/arithmetic.hpp"
#include "autodiff/ops/reduce.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <numeric>

namespace nn {
inline namespace v1 {

template <class T>
BasicRMSNorm<T>::BasicRMSNorm(const Shape& normalised, double epsilon) : eps(epsilon) {
    if (normalised.rank() < 1) throw autodiff::ShapeError("rms_norm", "at least one axis", to_string(normalised));
    weight = Tensor<T>::ones(normalised);
}

template <class T>
Tensor<T> BasicRMSNorm<T>::operator()(const Tensor<T>& x) const {
    const auto given = x.shape().extents(), own = weight.shape().extents();
    if (given.size() < own.size() || !std::ranges::equal(given.last(own.size()), own))
        throw autodiff::ShapeError("rms_norm", fmt::format("last extents {}", to_string(weight.shape())), to_string(x.shape()));
    std::vector<Index> last(own.size());
    std::iota(last.begin(), last.end(), x.rank() - weight.rank());
    const autodiff::Axes axes{std::span<const Index>(last)};
    return x * rsqrt(mean(square(x), axes, true) + eps) * weight;
}

template class BasicRMSNorm<float>;
template class BasicRMSNorm<double>;

}  // namespace v1
}  // namespace nn
