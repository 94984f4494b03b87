// SPDX-License-Identifier: MIT
#include "nn/dropout.hpp"

#include "autodiff/ops/arithmetic.hpp"

#include <fmt/format.h>

namespace nn {
inline namespace v1 {

namespace {

void check_share(double p) {
    if (!(p >= 0 && p < 1)) throw autodiff::ValueError("dropout", "a probability from 0 to less than 1", fmt::format("{}", p));
}

}  // namespace

Dropout::Dropout(double share, std::uint64_t seed) : p(share), random(seed) { check_share(p); }

template <class T>
Tensor<T> dropout(const Tensor<T>& x, double p, Random& random) {
    check_share(p);
    if (p == 0) return x;
    Tensor<T> scale = random.bernoulli_tensor<T>(x.shape(), 1 - p);
    for (T& s : in_place(scale)) s /= static_cast<T>(1 - p);
    return x * scale;
}

template Tensor<float> dropout(const Tensor<float>&, double, Random&);
template Tensor<double> dropout(const Tensor<double>&, double, Random&);

}  // namespace v1
}  // namespace nn
