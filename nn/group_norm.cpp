// SPDX-License-Identifier: MIT
#include "nn/group_norm.hpp"

#include "autodiff/ops/arithmetic.hpp"
#include "autodiff/ops/layout.hpp"
#include "autodiff/ops/reduce.hpp"

#include <fmt/format.h>

namespace nn {
inline namespace v1 {

template <class T>
Tensor<T> group_norm(const Tensor<T>& x, Index groups, double eps) {
    if (groups < 1 || x.rank() < 2 || x.shape()[1] % groups != 0)
        throw autodiff::ShapeError("group_norm", fmt::format("[n, channels, ..] with channels in {} equal groups", groups),
                                   to_string(x.shape()));
    const Index n = x.shape()[0];
    if (n == 0) return x;
    const Index each = x.size() / (n * groups);
    if (each < 2)
        throw autodiff::ValueError("group_norm", "at least two values per group",
                                   fmt::format("{} in {} groups of {}", each, groups, to_string(x.shape())));
    const Tensor<T> grouped = reshape(x, {n, groups, each}), centred = grouped - mean(grouped, -1, true);
    return reshape(centred * rsqrt(mean(square(centred), -1, true) + eps), x.shape());
}
template Tensor<float> group_norm(const Tensor<float>&, Index, double);
template Tensor<double> group_norm(const Tensor<double>&, Index, double);

template <class T>
BasicGroupNorm<T>::BasicGroupNorm(Index number, Index width, GroupNormOptions options) : groups(number), channels(width), eps(options.eps) {
    if (number < 1 || width < 1 || width % number != 0)
        throw autodiff::ValueError("group_norm", "channels that are a positive multiple of the groups",
                                   fmt::format("{} channels in {} groups", width, number));
    if (!options.affine) return;
    weight = Tensor<T>::ones({channels});
    bias = Tensor<T>::zeros({channels});
}

template <class T>
Tensor<T> BasicGroupNorm<T>::operator()(const Tensor<T>& x) const {
    if (x.rank() < 2 || x.shape()[1] != channels)
        throw autodiff::ShapeError("group_norm", fmt::format("[n, {}, ..]", channels), to_string(x.shape()));
    const Tensor<T> y = group_norm(x, groups, eps);
    if (weight.size() == 0) return y;
    std::vector<Index> spread(static_cast<std::size_t>(x.rank()), 1);
    spread[1] = channels;
    return y * reshape(weight, Shape(spread)) + reshape(bias, Shape(spread));
}

template class BasicGroupNorm<float>;
template class BasicGroupNorm<double>;

}  // namespace v1
}  // namespace nn
