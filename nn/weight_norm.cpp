// SPDX-License-Identifier: MIT
#include "nn/weight_norm.hpp"

#include "autodiff/ops/arithmetic.hpp"
#include "autodiff/ops/reduce.hpp"

#include <fmt/format.h>

namespace nn {
inline namespace v1 {

namespace {

autodiff::Axes all_but(const Shape& shape, Index axis) {
    axis = shape.normalise_axis(axis, "weight_norm");
    std::vector<Index> others;
    for (Index k = 0; k < shape.rank(); ++k)
        if (k != axis) others.push_back(k);
    return autodiff::Axes{std::span<const Index>(others)};
}

}  // namespace

template <class T>
Tensor<T> weight_lengths(const Tensor<T>& v, Index axis) {
    return norm2(v, all_but(v.shape(), axis), true);
}

template <class T>
Tensor<T> weight_norm(const Tensor<T>& v, const Tensor<T>& g, Index axis) {
    const Tensor<T> lengths = weight_lengths(v, axis);
    if (g.shape() != lengths.shape())
        throw autodiff::ShapeError("weight_norm", fmt::format("lengths {} for v {}", to_string(lengths.shape()), to_string(v.shape())),
                                   to_string(g.shape()));
    return v * (g / lengths);
}

template Tensor<float> weight_lengths(const Tensor<float>&, Index);
template Tensor<double> weight_lengths(const Tensor<double>&, Index);
template Tensor<float> weight_norm(const Tensor<float>&, const Tensor<float>&, Index);
template Tensor<double> weight_norm(const Tensor<double>&, const Tensor<double>&, Index);

}  // namespace v1
}  // namespace nn
