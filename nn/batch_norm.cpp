// SPDX-License-Identifier: MIT
#include "nn/batch_norm.hpp"

#include "autodiff/ops/arithmetic.hpp"
#include "autodiff/ops/layout.hpp"
#include "autodiff/ops/normalise.hpp"

#include <fmt/format.h>

namespace nn {
inline namespace v1 {

template <class T>
BasicBatchNorm<T>::BasicBatchNorm(Index channels, Options chosen) : options(chosen) {
    if (channels < 1) throw autodiff::ValueError("batch_norm", "at least one channel", fmt::format("{}", channels));
    weight = Tensor<T>::ones({channels});
    bias = Tensor<T>::zeros({channels});
    running_mean.tensor = Tensor<T>::zeros({channels});
    running_var.tensor = Tensor<T>::ones({channels});
}

template <class T>
Tensor<T> BasicBatchNorm<T>::operator()(const Tensor<T>& x) const {
    const Index channels = weight.size();
    if (x.rank() < 2 || x.shape()[1] != channels)
        throw autodiff::ShapeError("batch_norm", fmt::format("[n, {}, ..]", channels), to_string(x.shape()));
    if (!training) {
        std::vector<Index> spread(static_cast<std::size_t>(x.rank()), 1);
        spread[1] = channels;
        const auto per_channel = [shape = Shape(spread)](const Tensor<T>& v) { return reshape(v, shape); };
        const Tensor<T> scale = weight * rsqrt(running_var.tensor + options.eps);
        return x * per_channel(scale) + per_channel(bias - running_mean.tensor * scale);
    }
    const Index count = x.size() / channels;
    if (count < 2)
        throw autodiff::ValueError("batch_norm", "at least two values per channel in training",
                                   fmt::format("{} for {}", count, to_string(x.shape())),
                                   "call nn::eval(model) to use the running statistics");
    const auto normalised = autodiff::batch_norm(x, weight, bias, options.eps);
    follow(normalised.mean, normalised.variance, count);
    return normalised.y;
}

template <class T>
void BasicBatchNorm<T>::follow(const Tensor<T>& mean, const Tensor<T>& variance, Index count) const {
    const auto move = [momentum = static_cast<T>(options.momentum)](Tensor<T>& running, const Tensor<T>& batch, T factor) {
        const std::span<const T> target = batch.data();
        const std::span<T> values = in_place(running);
        for (std::size_t c = 0; c < values.size(); ++c) values[c] += momentum * (factor * target[c] - values[c]);
    };
    move(running_mean.tensor, mean.contiguous(), 1);
    move(running_var.tensor, variance.contiguous(), static_cast<T>(count) / static_cast<T>(count - 1));
    ++batches;
}

template class BasicBatchNorm<float>;
template class BasicBatchNorm<double>;

}  // namespace v1
}  // namespace nn
