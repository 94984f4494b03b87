// SPDX-License-Identifier: MIT
/// Tensors of double in the tests of layers: drawn from a seed, compared.
#pragma once

#include "autodiff/ops/arithmetic.hpp"
#include "autodiff/ops/reduce.hpp"
#include "nn/random.hpp"

#include <algorithm>

namespace test {

using Matrix = nn::Tensor<double>;

inline bool equal(const Matrix& a, const Matrix& b) {
    return a.shape() == b.shape() && std::ranges::equal(a.contiguous().data(), b.contiguous().data());
}
/// To rounding: another order of the same sums.
inline bool near(const Matrix& a, const Matrix& b) { return a.shape() == b.shape() && amax(abs(a - b)).item() <= 1e-14; }
/// Uniform in [-1, 1].
inline Matrix drawn(const nn::Shape& shape, std::uint64_t seed) { return nn::Random{seed}.uniform_tensor<double>(shape, -1, 1); }

}  // namespace test
