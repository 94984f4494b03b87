// SPDX-License-Identifier: MIT
#include "nn/dropout.hpp"

#include "autodiff/ops/arithmetic.hpp"

#include <algorithm>
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
    // One word decides for one element, which is as good as a share of 2^-32.
    const auto dropped = static_cast<std::uint32_t>(p * 0x1p32);
    const T kept = static_cast<T>(1 / (1 - p));
    Tensor<T> scale = Tensor<T>::uninitialised(x.shape());
    T* s = scale.fill_data();
    std::array<std::uint32_t, 1024> words;
    for (Index left = x.size(); left > 0;) {
        const auto some = std::span(words).first(static_cast<std::size_t>(std::min<Index>(left, words.size())));
        random.fill(some);
        for (const std::uint32_t word : some) *s++ = word < dropped ? T{0} : kept;
        left -= static_cast<Index>(some.size());
    }
    return x * scale;
}

template Tensor<float> dropout(const Tensor<float>&, double, Random&);
template Tensor<double> dropout(const Tensor<double>&, double, Random&);

}  // namespace v1
}  // namespace nn
