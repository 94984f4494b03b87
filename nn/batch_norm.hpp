// SPDX-License-Identifier: MIT
/// Batch normalisation, the layer that behaves differently in training and carries statistics. How they come back to the model: walk.hpp.
#pragma once

#include "nn/random.hpp"

#include "autodiff/structure.hpp"

#include <tuple>

namespace nn {
inline namespace v1 {

/// y = weight (x - mean) / sqrt(var + eps) + bias        x: [n, channels] or [n, channels, ...]   one mean and variance a channel
///
/// Training: mean and (biased) variance of the batch, over all axes but 1. The running statistics move towards them,
/// running += momentum (batch - running), with the unbiased variance. Evaluation: the running statistics, as constants.
///
/// `running_mean`, `running_var` and `batches` are documented mutable members: calling the layer in training changes them, in evaluation
/// never. In `value_and_gradient` your function gets a copy of the model; the copy's statistics come back in the gradient, and
/// optimizer.step (or nn::take_state) takes them over. Your function must then take the model by reference, as `const Model&`. A layer in
/// training that two threads call at once is a race; give each its own copy.
/// throws   ShapeError unless axis 1 has the right extent; ValueError in training with a single value per channel
/// source   Ioffe and Szegedy (2015), "Batch normalization: accelerating deep network training by reducing internal covariate shift"
template <class T>
class BasicBatchNorm {
  public:
    struct Options {
        double eps = 1e-5;
        double momentum = 0.1;
    };

    BasicBatchNorm() = default;
    /// weight 1, bias 0, running mean 0, running variance 1. throws ValueError unless channels >= 1
    explicit BasicBatchNorm(Index channels, Options chosen = {});

    [[nodiscard]] Tensor<T> operator()(const Tensor<T>& x) const;

    template <class S>
    void initialise(const S&, Random&) {
        const bool was_training = training;
        *this = BasicBatchNorm(weight.size(), options);
        training = was_training;
    }
    void take_state(const BasicBatchNorm& from) {
        if (from.batches <= batches) return;
        running_mean = from.running_mean;
        running_var = from.running_var;
        batches = from.batches;
    }

    Tensor<T> weight, bias;  ///< [channels]
    Options options;
    bool training = true;
    mutable autodiff::Buffer<T> running_mean, running_var;  ///< [channels]
    mutable Index batches = 0;                              ///< how many the statistics have seen

    static constexpr auto fields = std::tuple{
        autodiff::field("weight", &BasicBatchNorm::weight), autodiff::field("bias", &BasicBatchNorm::bias),
        autodiff::field("running_mean", &BasicBatchNorm::running_mean), autodiff::field("running_var", &BasicBatchNorm::running_var)};

  private:
    void follow(const Tensor<T>& mean, const Tensor<T>& variance, Index count) const;
};

/// One layer for all ranks: channels are axis 1, and what follows is averaged over.
using BatchNorm = BasicBatchNorm<float>;
template <class T>
using BasicBatchNorm1d = BasicBatchNorm<T>;
template <class T>
using BasicBatchNorm2d = BasicBatchNorm<T>;
using BatchNorm1d = BasicBatchNorm<float>;
using BatchNorm2d = BasicBatchNorm<float>;

extern template class BasicBatchNorm<float>;
extern template class BasicBatchNorm<double>;

}  // namespace v1
}  // namespace nn
