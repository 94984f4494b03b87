// SPDX-License-Identifier: MIT
#include "nn/training.hpp"

#include "autodiff/ops/reduce.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace nn {
inline namespace v1 {

namespace {

template <class T>
void check(std::string_view operation, const Tensor<T>& scores, const Tensor<Index>& labels) {
    const auto extents = scores.shape().extents();
    if (extents.empty() || !std::ranges::equal(extents.first(extents.size() - 1), labels.shape().extents()))
        throw autodiff::ShapeError(operation, "scores [.., classes] and labels [..]",
                                   fmt::format("{} and {}", to_string(scores.shape()), to_string(labels.shape())));
}

}  // namespace

template <class T>
Tensor<Index> predictions(const Tensor<T>& scores) {
    return argmax(scores, -1);
}

template <class T>
double accuracy(const Tensor<T>& scores, const Tensor<Index>& labels) {
    check("accuracy", scores, labels);
    if (labels.size() == 0) throw autodiff::ValueError("accuracy", "at least one sample", "none");
    const Tensor<Index> predicted = predictions(scores).contiguous(), expected = labels.contiguous();
    Index right = 0;
    for (std::size_t i = 0; const Index label : expected.data()) right += predicted.data()[i++] == label ? 1 : 0;
    return static_cast<double>(right) / static_cast<double>(labels.size());
}

template <class T>
Tensor<Index> confusion(const Tensor<T>& scores, const Tensor<Index>& labels) {
    check("confusion", scores, labels);
    const Index classes = scores.shape()[-1];
    const Tensor<Index> predicted = predictions(scores).contiguous(), expected = labels.contiguous();
    Tensor<Index> table = Tensor<Index>::zeros({classes, classes});
    const std::span<Index> counts = in_place(table);
    for (std::size_t i = 0; const Index label : expected.data()) {
        if (label < 0 || label >= classes)
            throw autodiff::IndexError("confusion", fmt::format("labels from 0 to {}", classes - 1),
                                       fmt::format("{} at position {}", label, i));
        ++counts[static_cast<std::size_t>(label * classes + predicted.data()[i])];
        ++i;
    }
    return table;
}

template Tensor<Index> predictions(const Tensor<float>&);
template Tensor<Index> predictions(const Tensor<double>&);
template double accuracy(const Tensor<float>&, const Tensor<Index>&);
template double accuracy(const Tensor<double>&, const Tensor<Index>&);
template Tensor<Index> confusion(const Tensor<float>&, const Tensor<Index>&);
template Tensor<Index> confusion(const Tensor<double>&, const Tensor<Index>&);

}  // namespace v1
}  // namespace nn
