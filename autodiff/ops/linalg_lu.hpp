// SPDX-License-Identifier: MIT
/// LU factors that a value and all its derivatives share. For linalg_*.cpp.
#pragma once

#include "autodiff/tensor.hpp"

#include <memory>
#include <vector>

namespace autodiff {
inline namespace v1 {

/// The factors of every matrix of a batch; kernels::lu says what is where.
template <class T>
struct Lu {
    Tensor<T> factors;        ///< [.., n, n]
    std::vector<int> pivots;  ///< n for each matrix
    std::vector<Index> zero;  ///< for each matrix: the row of its first zero pivot, or -1

    [[nodiscard]] Index order() const { return factors.shape()[-1]; }
    [[nodiscard]] Index count() const { return static_cast<Index>(zero.size()); }
    [[nodiscard]] const T* matrix(Index k) const { return factors.begin_data() + k * order() * order(); }
    [[nodiscard]] const int* exchanges(Index k) const { return pivots.data() + k * order(); }
    /// det = sign * product of |diagonal|
    [[nodiscard]] T sign(Index k) const;
};
template <class T>
using SharedLu = std::shared_ptr<const Lu<T>>;

/// throws   ShapeError unless a is square, ValueError unless it is finite
template <class T>
SharedLu<T> factorised(std::string_view operation, const Tensor<T>& a);
/// throws   ValueError that names the first zero pivot
template <class T>
void check_invertible(std::string_view operation, const Tensor<T>& a, const Lu<T>& lu);
/// solve(a, b), or with transposed a, where the factors of a are known.
template <class T>
Tensor<T> solve_with(const SharedLu<T>& lu, const Tensor<T>& a, const Tensor<T>& b, bool transposed_a);

}  // namespace v1
}  // namespace autodiff
