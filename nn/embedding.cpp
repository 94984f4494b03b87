// SPDX-License-Identifier: MIT
#include "nn/embedding.hpp"

#include "autodiff/ops/compare.hpp"
#include "autodiff/ops/index.hpp"
#include "autodiff/ops/layout.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace nn {
inline namespace v1 {

template <class T>
BasicEmbedding<T>::BasicEmbedding(Index words, Index width, std::optional<Index> padding, std::uint64_t seed) : padding_id(padding) {
    if (words < 1 || width < 1)
        throw autodiff::ValueError("embedding", "at least one word and a width of 1", fmt::format("{} and {}", words, width));
    if (padding && (*padding < 0 || *padding >= words))
        throw autodiff::IndexError("embedding", fmt::format("a padding id from 0 to {}", words - 1), fmt::format("{}", *padding));
    Random random{seed};
    weight = random.normal_tensor<T>({words, width});
    clear_padding();
}

template <class T>
Tensor<T> BasicEmbedding<T>::operator()(const Tensor<Index>& ids) const {
    const Index words = weight.shape()[0];
    const Tensor<Index> flat = ids.contiguous();
    for (Index i = 0; const Index id : flat.data()) {
        if (id < 0 || id >= words)
            throw autodiff::IndexError("embedding", fmt::format("ids from 0 to {}", words - 1), fmt::format("{} at position {}", id, i));
        ++i;
    }
    const Tensor<T> y = take(weight, ids, 0);
    if (!padding_id) return y;
    return where(unsqueeze(ids, -1) == Tensor<Index>(*padding_id), y.constant(), y);
}

template <class T>
void BasicEmbedding<T>::clear_padding() {
    if (!padding_id) return;
    const std::span<T> values = in_place(weight);
    const auto width = static_cast<std::size_t>(weight.shape()[1]);
    std::ranges::fill(values.subspan(static_cast<std::size_t>(*padding_id) * width, width), T{});
}

template class BasicEmbedding<float>;
template class BasicEmbedding<double>;

}  // namespace v1
}  // namespace nn
