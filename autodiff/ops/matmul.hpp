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

/// y[i, j] = sum_k x[i, k] w[k, j] + b[j]        x: [m, n]   w: [n, p]   b: [p]   y: [m, p]
///
/// matmul(x, w) + b, with a fast path (fast_paths.hpp): the product is added to what begins as b.
/// vjp      xbar += ybar w^T,  wbar += x^T ybar,  bbar += sum_i ybar[i]
/// saves    x, w          cost  as matmul
/// throws   ShapeError unless the three have these shapes
template <class T>
Tensor<T> affine(const Tensor<T>& x, const Tensor<T>& w, const Tensor<T>& b);

}  // namespace v1
}  // namespace autodiff
