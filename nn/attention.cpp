// SPDX-License-Identifier: MIT
#include "nn/attention.hpp"

#include "autodiff/ops/arithmetic.hpp"
#include "autodiff/ops/compare.hpp"
#include "autodiff/ops/layout.hpp"
#include "autodiff/ops/matmul.hpp"
#include "autodiff/ops/reduce.hpp"
#include "autodiff/ops/split.hpp"

#include <fmt/format.h>
#include <limits>

namespace nn {
inline namespace v1 {

// The layer ---------------------------------------------------------------------------------------------------------------------------

template <class T>
BasicMultiheadAttention<T>::BasicMultiheadAttention(Index width, Index number, Options options, std::uint64_t seed) : heads(number) {
    if (width < 1 || number < 1 || width % number != 0 || options.key_width < 0 || options.value_width < 0)
        throw autodiff::ValueError(
            "multihead_attention", "a width that is a positive multiple of the heads, no negative widths",
            fmt::format("width {}, {} heads, key width {}, value width {}", width, number, options.key_width, options.value_width));
    Random random{seed};
    const auto drawn = [&random](Index in, Index out) { return xavier_uniform{}.draw<T>(Fans{in, out}, {in, out}, random); };
    const Index key_width = options.key_width == 0 ? width : options.key_width;
    const Index value_width = options.value_width == 0 ? width : options.value_width;
    if (key_width == width && value_width == width) {
        in_proj_weight = drawn(width, 3 * width);
    } else {
        q_proj_weight = drawn(width, width);
        k_proj_weight = drawn(key_width, width);
        v_proj_weight = drawn(value_width, width);
    }
    out_proj = BasicLinear<T>(width, width, options.bias, random());
    if (options.bias) {
        in_proj_bias = Tensor<T>::zeros({3 * width});
        out_proj.bias = Tensor<T>::zeros({width});
    }
    dropout = Dropout(options.dropout, random());
}

template <class T>
void BasicMultiheadAttention<T>::check(const Tensor<T>& q, const Tensor<T>& k, const Tensor<T>& v) const {
    const Index key_width = packed() ? width() : k_proj_weight.shape()[0], value_width = packed() ? width() : v_proj_weight.shape()[0];
    const auto fits = [](const Tensor<T>& x, Index n, Index features) {
        return x.rank() == 3 && x.shape()[0] == n && x.shape()[2] == features;
    };
    const Index n = q.rank() == 3 ? q.shape()[0] : 0;
    if (!fits(q, n, width()) || !fits(k, n, key_width) || !fits(v, n, value_width) || k.shape()[1] != v.shape()[1])
        throw autodiff::ShapeError("multihead_attention",
                                   fmt::format("[n, queries, {}], [n, keys, {}] and [n, keys, {}]", width(), key_width, value_width),
                                   fmt::format("{}, {} and {}", to_string(q.shape()), to_string(k.shape()), to_string(v.shape())));
}

/// [n, tokens, parts width] as so many tensors [n, heads, tokens, width / heads], views of x.
template <class T>
std::vector<Tensor<T>> BasicMultiheadAttention<T>::by_heads(const Tensor<T>& x, Index parts) const {
    const Index n = x.shape()[0], tokens = x.shape()[1], each = width() / heads;
    std::vector<Tensor<T>> split_up;
    if (parts == 1)
        split_up.push_back(reshape(x, {n, tokens, heads, each}));
    else
        split_up = unstack(reshape(x, {n, tokens, parts, heads, each}), 2);
    for (Tensor<T>& part : split_up) part = swap_axes(part, 1, 2);
    return split_up;
}

template <class T>
std::vector<Tensor<T>> BasicMultiheadAttention<T>::projected(const Tensor<T>& q, const Tensor<T>& k, const Tensor<T>& v) const {
    const std::vector<Tensor<T>> weight =
        packed() ? split(in_proj_weight, 3, 1) : std::vector<Tensor<T>>{q_proj_weight, k_proj_weight, v_proj_weight};
    const std::vector<Tensor<T>> bias = split(in_proj_bias, 3);
    std::vector<Tensor<T>> qkv;
    for (const Tensor<T>* x : {&q, &k, &v}) {
        const std::size_t i = qkv.size();
        qkv.push_back(by_heads(linear(*x, weight[i], bias[i]), 1)[0]);
    }
    return qkv;
}

namespace {

/// Both masks as one that broadcasts to [n, heads, queries, keys].
std::optional<Tensor<bool>> joined_mask(const AttentionMasks& masks, Index n, Index keys) {
    std::optional<Tensor<bool>> visible = masks.mask;
    if (visible && visible->rank() == 3) visible = unsqueeze(*visible, 1);
    if (!masks.key_mask) return visible;
    if (masks.key_mask->shape() != Shape{n, keys})
        throw autodiff::ShapeError("multihead_attention", fmt::format("a key mask {}", to_string(Shape{n, keys})),
                                   to_string(masks.key_mask->shape()));
    const Tensor<bool> present = reshape(*masks.key_mask, {n, 1, 1, keys});
    return visible ? *visible && present : present;
}

template <class T>
AttentionOptions options_for(const std::vector<Tensor<T>>& qkv, const AttentionMasks& masks) {
    return {.mask = joined_mask(masks, qkv[1].shape()[0], qkv[1].shape()[2]), .causal = masks.causal};
}

}  // namespace

/// [n, heads, tokens, width / heads] -> [n, tokens, width]
template <class T>
Tensor<T> BasicMultiheadAttention<T>::joined(const Tensor<T>& y) const {
    return reshape(swap_axes(y, 1, 2), {y.shape()[0], y.shape()[2], width()});
}

template <class T>
Tensor<T> BasicMultiheadAttention<T>::attend(const std::vector<Tensor<T>>& qkv, const AttentionMasks& masks) const {
    const AttentionOptions options = options_for(qkv, masks);
    const bool drops = dropout.training && dropout.p > 0;
    return out_proj(joined(drops ? matmul(dropout(attention_weights(qkv[0], qkv[1], options)), qkv[2])
                                 : scaled_dot_product_attention(qkv[0], qkv[1], qkv[2], options)));
}

template <class T>
Tensor<T> BasicMultiheadAttention<T>::operator()(const Tensor<T>& x, const AttentionMasks& masks) const {
    if (!packed()) return (*this)(x, x, x, masks);
    check(x, x, x);
    return attend(by_heads(linear(x, in_proj_weight, in_proj_bias), 3), masks);
}

template <class T>
Tensor<T> BasicMultiheadAttention<T>::operator()(const Tensor<T>& q, const Tensor<T>& kv, const AttentionMasks& masks) const {
    if (!packed()) return (*this)(q, kv, kv, masks);
    check(q, kv, kv);
    const std::vector<Tensor<T>> weight = split(in_proj_weight, {width(), 2 * width()}, 1);
    const Index half = in_proj_bias.size() / 3;  // 0 without bias
    const std::vector<Tensor<T>> bias = split(in_proj_bias, {half, 2 * half});
    std::vector<Tensor<T>> qkv = by_heads(linear(q, weight[0], bias[0]), 1);
    for (Tensor<T>& part : by_heads(linear(kv, weight[1], bias[1]), 2)) qkv.push_back(part);
    return attend(qkv, masks);
}

template <class T>
Tensor<T> BasicMultiheadAttention<T>::operator()(const Tensor<T>& q, const Tensor<T>& k, const Tensor<T>& v,
                                                 const AttentionMasks& masks) const {
    check(q, k, v);
    return attend(projected(q, k, v), masks);
}

template <class T>
auto BasicMultiheadAttention<T>::with_weights(const Tensor<T>& q, const Tensor<T>& k, const Tensor<T>& v, const AttentionMasks& masks) const
    -> WithWeights {
    check(q, k, v);
    const std::vector<Tensor<T>> qkv = projected(q, k, v);
    const Tensor<T> weights = dropout(attention_weights(qkv[0], qkv[1], options_for(qkv, masks)));
    return {out_proj(joined(matmul(weights, qkv[2]))), weights};
}

#define WENGERT_INSTANTIATE(T) template class BasicMultiheadAttention<T>;
WENGERT_INSTANTIATE(float)
WENGERT_INSTANTIATE(double)
#undef WENGERT_INSTANTIATE

}  // namespace v1
}  // namespace nn
