// SPDX-License-Identifier: MIT
/// A table of vectors, one for each word of a vocabulary, looked up by number.
#pragma once

#include "nn/initialise.hpp"

#include <optional>
#include <tuple>

namespace nn {
inline namespace v1 {

/// y[.., k] = weight[ids[..], k]        ids: [..] integers   weight: [words, width]   y: [.., width]
/// A word that stands twice counts twice in the gradient; rows that nobody asked for have gradient 0 exactly, and so has `padding_id`.
/// throws   IndexError for an id outside [0, words)
template <class T>
class BasicEmbedding {
  public:
    BasicEmbedding() = default;
    /// Standard normal from the seed; the row of `padding_id` is 0. throws ValueError for an extent below 1, IndexError for the padding id
    BasicEmbedding(Index words, Index width, std::optional<Index> padding = {}, std::uint64_t seed = 0);

    [[nodiscard]] Tensor<T> operator()(const Tensor<Index>& ids) const;

    template <Scheme S>
    void initialise(const S& scheme, Random& random) {
        weight = scheme.template draw<T>(dense_fans(weight.shape()), weight.shape(), random);
        clear_padding();
    }

    Tensor<T> weight;                 ///< [words, width]
    std::optional<Index> padding_id;  ///< a word that means "nothing here"

    static constexpr auto fields = std::tuple{autodiff::field("weight", &BasicEmbedding::weight)};

  private:
    void clear_padding();
};

using Embedding = BasicEmbedding<float>;

extern template class BasicEmbedding<float>;
extern template class BasicEmbedding<double>;

}  // namespace v1
}  // namespace nn
