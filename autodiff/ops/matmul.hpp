// SPDX-License-Identifier: MIT
/// The batched matrix product.
#pragma once

#include "autodiff/tensor.hpp"

namespace autodiff {
inline namespace v1 {

/// y[.., i, j] = sum_k a[.., i, k] b[.., k, j]        a: [.., m, n]   b: [.., n, p]   y: [.., m, p], leading axes broadcast
/// vjp      abar += ybar b^T,  bbar += a^T ybar, summed over broadcast axes
/// saves    a, b          cost  m n p multiply-adds forward, twice that backward
/// throws   ShapeError unless both have rank >= 2 and the inner extents agree
/// source   Giles (2008), "Collected matrix derivative results", 2.2.2
template <class T>
Tensor<T> matmul(const Tensor<T>& a, const Tensor<T>& b);

}  // namespace v1
}  // namespace autodiff
