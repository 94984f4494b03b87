// SPDX-License-Identifier: MIT
// Choosing rows.
#include "nn/data.hpp"

#include "autodiff/ops/index.hpp"
#include "autodiff/ops/layout.hpp"

#include <fmt/format.h>

namespace nn {
inline namespace v1 {
namespace internal {

template <class T>
Tensor<T> rows(const Tensor<T>& x, const Tensor<Index>& order, Index first, Index last) {
    const autodiff::Slice cut{.start = first, .stop = last};
    if (order.size() == 0) return slice(x, {cut});
    return take(x, slice(order, {cut}), 0);
}

template Tensor<float> rows(const Tensor<float>&, const Tensor<Index>&, Index, Index);
template Tensor<double> rows(const Tensor<double>&, const Tensor<Index>&, Index, Index);
template Tensor<Index> rows(const Tensor<Index>&, const Tensor<Index>&, Index, Index);

void check_rows(const Shape& features, const Shape& labels) {
    if (features.rank() < 1 || labels.rank() < 1 || features[0] != labels[0])
        throw autodiff::ShapeError("dataset", "as many rows of labels as of features",
                                   fmt::format("features {} and labels {}", to_string(features), to_string(labels)));
    if (features[0] == 0) throw autodiff::ValueError("dataset", "at least one sample", "none");
}

void check_batch(Index size) {
    if (size < 1) throw autodiff::ValueError("batch", "a size of at least 1", fmt::format("{}", size));
}

Tensor<Index> shuffled(Random& random, const Tensor<Index>& order, Index n) {
    const Tensor<Index> permutation = random.permutation(n);
    return order.size() == 0 ? permutation : take(order, permutation, 0);
}

}  // namespace internal
}  // namespace v1
}  // namespace nn
