// SPDX-License-Identifier: MIT
/// Scaled dot-product attention: a composition with a fast path (fast_paths.hpp).
#pragma once

#include "autodiff/tensor.hpp"

#include <optional>

namespace autodiff {
inline namespace v1 {

struct AttentionOptions {
    std::optional<Tensor<bool>> mask{};  ///< whether a query may look at a key: broadcasts to [.., queries, keys]
    bool causal = false;                 ///< query i may look at keys 0 to i only
    std::optional<double> scale{};       ///< 1/sqrt(width) if not given
};

/// P = softmax(scale q k^T) along the keys, 0 where a query may not look; all 0 for a query that may look at no key
/// q: [.., queries, width]   k: [.., keys, width]   P: [.., queries, keys], leading axes broadcast
/// throws   ShapeError unless the shapes fit and the mask broadcasts to that of P
template <class T>
Tensor<T> attention_weights(const Tensor<T>& q, const Tensor<T>& k, const AttentionOptions& options = {});

/// y = P v with P = attention_weights(q, k)        v: [.., keys, values]   y: [.., queries, values]
/// vjp      vbar += P^T ybar,  Pbar = ybar v^T,  Sbar = P (Pbar - rowsum(Pbar P)),  qbar += scale Sbar k,  kbar += scale Sbar^T q
/// saves    q, k, v, P          cost  queries keys (width + values) multiply-adds, twice that backward
/// throws   ShapeError
/// source   Vaswani et al. (2017), "Attention is all you need", 3.2.1; the derivative: Dao et al. (2022), algorithm 4
template <class T>
Tensor<T> attention(const Tensor<T>& q, const Tensor<T>& k, const Tensor<T>& v, const AttentionOptions& options = {});

}  // namespace v1
}  // namespace autodiff
