// SPDX-License-Identifier: MIT
#include "nn/linear.hpp"

#include "autodiff/ops/layout.hpp"
#include "autodiff/ops/matmul.hpp"

#include <fmt/format.h>

namespace nn {
inline namespace v1 {

template <class T>
BasicLinear<T>::BasicLinear(Index in, Index out, bool with_bias, std::uint64_t seed) {
    if (in < 1 || out < 1) throw autodiff::ValueError("linear", "at least one input and one output", fmt::format("{} and {}", in, out));
    Random random{seed};
    const double bound = 1 / std::sqrt(static_cast<double>(in));
    weight = random.uniform_tensor<T>({in, out}, -bound, bound);
    if (with_bias) bias = random.uniform_tensor<T>({out}, -bound, bound);
}

template <class T>
Tensor<T> linear(const Tensor<T>& x, const Tensor<T>& weight, const Tensor<T>& bias) {
    if (weight.rank() != 2) throw autodiff::ShapeError("linear", "a weight [in, out]", to_string(weight.shape()));
    const Index in = weight.shape()[0], out = weight.shape()[1];
    if (x.rank() < 1 || x.shape()[-1] != in)
        throw autodiff::ShapeError("linear", fmt::format("[.., {}] for weight {}", in, to_string(weight.shape())), to_string(x.shape()));
    if (bias.size() != 0 && bias.shape() != Shape{out})
        throw autodiff::ShapeError("linear", fmt::format("a bias [{}] for weight {}", out, to_string(weight.shape())),
                                   to_string(bias.shape()));
    std::vector<Index> extents(x.shape().begin(), x.shape().end());
    extents.back() = out;
    Index rows = 1;
    for (Index axis = 0; axis + 1 < x.rank(); ++axis) rows *= extents[static_cast<std::size_t>(axis)];
    const Tensor<T> table = reshape(x, Shape{rows, in});
    return reshape(bias.size() != 0 ? affine(table, weight, bias) : matmul(table, weight), Shape(extents));
}
template Tensor<float> linear(const Tensor<float>&, const Tensor<float>&, const Tensor<float>&);
template Tensor<double> linear(const Tensor<double>&, const Tensor<double>&, const Tensor<double>&);

template class BasicLinear<float>;
template class BasicLinear<double>;

}  // namespace v1
}  // namespace nn
