// SPDX-License-Identifier: MIT
/// Normalisation of groups of channels, sample by sample: with one group per sample, with several, or with one per channel (InstanceNorm).
#pragma once

#include "nn/random.hpp"

#include "autodiff/structure.hpp"

#include <tuple>

namespace nn {
inline namespace v1 {

/// y = (x - mean) / sqrt(var + eps)        mean and biased variance of each sample's `groups` equal parts of the channels, all positions
/// x, y: [n, channels, ..]
/// throws   ShapeError unless x has two axes or more and groups divides its channels; ValueError for groups of a single value
/// source   Wu and He (2018), "Group normalization"
template <class T>
[[nodiscard]] Tensor<T> group_norm(const Tensor<T>& x, Index groups, double eps = 1e-5);

struct GroupNormOptions {
    double eps = 1e-5;
    bool affine = true;  ///< whether there are a weight and a bias
};

/// y = weight group_norm(x, groups) + bias, a weight and a bias per channel. The same in training and evaluation.
/// throws   ShapeError unless x is [n, channels, ..]; in the constructor ValueError unless groups divides channels
template <class T>
class BasicGroupNorm {
  public:
    BasicGroupNorm() = default;
    /// weight 1, bias 0
    BasicGroupNorm(Index groups, Index channels, GroupNormOptions options = {});

    [[nodiscard]] Tensor<T> operator()(const Tensor<T>& x) const;

    template <class S>
    void initialise(const S&, Random&) {
        weight = Tensor<T>::ones(weight.shape());
        bias = Tensor<T>::zeros(bias.shape());
    }

    Tensor<T> weight, bias;  ///< [channels], or [0]
    Index groups = 1, channels = 1;
    double eps = 1e-5;

    static constexpr auto fields =
        std::tuple{autodiff::field("weight", &BasicGroupNorm::weight), autodiff::field("bias", &BasicGroupNorm::bias)};
};

/// A group for each channel: mean and variance of every image of every sample. Without weight and bias unless asked for.
/// throws   as BasicGroupNorm
/// source   Ulyanov, Vedaldi, Lempitsky (2016), "Instance normalization: the missing ingredient for fast stylization"
template <class T>
class BasicInstanceNorm : public BasicGroupNorm<T> {
  public:
    BasicInstanceNorm() = default;
    explicit BasicInstanceNorm(Index width, GroupNormOptions options = {.affine = false}) : BasicGroupNorm<T>(width, width, options) {}
};

using GroupNorm = BasicGroupNorm<float>;
using InstanceNorm = BasicInstanceNorm<float>;

extern template class BasicGroupNorm<float>;
extern template class BasicGroupNorm<double>;

}  // namespace v1
}  // namespace nn
