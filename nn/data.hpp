// SPDX-License-Identifier: MIT
/// Data on its way to a model: `for (const auto& [x, labels] : data | nn::shuffle(rng) | nn::batch(64))`.
///
/// A dataset is two tensors with one row per sample. Shuffling chooses an order and moves nothing; batching is a range-v3 view that cuts
/// (and, where the order asks for it, copies) the rows of one batch when it is reached, so it goes on: `... | ranges::views::take(10)`.
#pragma once

#include "nn/random.hpp"

#include <memory>
#include <range/v3/view/iota.hpp>
#include <range/v3/view/transform.hpp>

namespace nn {
inline namespace v1 {

/// Samples: features [n, ...] and labels [n, ...], of classes or, with Label a floating type, of targets.
template <class T, class Label = Index>
struct Dataset {
    Tensor<T> features;
    Tensor<Label> labels;
    Tensor<Index> order{};  ///< which sample comes when; empty: as they are

    [[nodiscard]] Index size() const { return order.size() != 0 ? order.size() : features.rank() == 0 ? 0 : features.shape()[0]; }
};
template <class T, class Label>
Dataset(Tensor<T>, Tensor<Label>) -> Dataset<T, Label>;

template <class T, class Label = Index>
struct Batch {
    Tensor<T> features;
    Tensor<Label> labels;
};

namespace internal {

struct Shuffle {
    Random* random;
};
struct Cut {
    Index size;
    bool drop_last;
};

/// Rows `first` to `last` of x, or of x in another order.
template <class T>
Tensor<T> rows(const Tensor<T>& x, const Tensor<Index>& order, Index first, Index last);
/// throws ShapeError unless both have the same number of rows, ValueError if that is 0
void check_rows(const Shape& features, const Shape& labels);
void check_batch(Index size);
Tensor<Index> shuffled(Random& random, const Tensor<Index>& order, Index n);

}  // namespace internal

/// Another order each time it is applied: the generator moves on, so write the pipe inside the loop over epochs.
[[nodiscard]] inline internal::Shuffle shuffle(Random& random) { return {&random}; }
/// Batches of `size` samples; what remains is a smaller last batch, or dropped.        throws: ValueError unless size >= 1
[[nodiscard]] inline internal::Cut batch(Index size, bool drop_last = false) {
    internal::check_batch(size);
    return {size, drop_last};
}

/// throws ShapeError unless features and labels have the same number of rows, ValueError if they have none
template <class T, class Label>
[[nodiscard]] Dataset<T, Label> operator|(Dataset<T, Label> data, const internal::Shuffle& shuffle) {
    internal::check_rows(data.features.shape(), data.labels.shape());
    data.order = internal::shuffled(*shuffle.random, data.order, data.size());
    return data;
}

/// The batches, in order. A random-access view that shares the tensors' memory and outlives the dataset.
template <class T, class Label>
[[nodiscard]] auto operator|(const Dataset<T, Label>& data, const internal::Cut& cut) {
    internal::check_rows(data.features.shape(), data.labels.shape());
    const Index n = data.size(), count = cut.drop_last ? n / cut.size : (n + cut.size - 1) / cut.size;
    // Views must be cheap to copy: all copies look at one dataset.
    return ranges::views::iota(Index{0}, count) |
           ranges::views::transform([shared = std::make_shared<const Dataset<T, Label>>(data), size = cut.size, n](Index i) {
               const Index first = i * size, last = std::min(n, first + size);
               return Batch<T, Label>{internal::rows(shared->features, shared->order, first, last),
                                      internal::rows(shared->labels, shared->order, first, last)};
           });
}

}  // namespace v1
}  // namespace nn
