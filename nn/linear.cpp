// SPDX-License-Identifier: MIT
#include "nn/linear.hpp"

#include "autodiff/ops/arithmetic.hpp"
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
Tensor<T> BasicLinear<T>::operator()(const Tensor<T>& x) const {
    if (x.rank() < 1 || x.shape()[-1] != weight.shape()[0])
        throw autodiff::ShapeError("linear", fmt::format("[.., {}] for weight {}", weight.shape()[0], to_string(weight.shape())),
                                   to_string(x.shape()));
    const Tensor<T> z = x.rank() == 1 ? squeeze(matmul(unsqueeze(x, 0), weight), 0) : matmul(x, weight);
    return has_bias() ? z + bias : z;
}

template class BasicLinear<float>;
template class BasicLinear<double>;

}  // namespace v1
}  // namespace nn
