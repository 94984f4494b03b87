// SPDX-License-Identifier: MIT
#include "nn/transformer.hpp"

#include "autodiff/ops/arithmetic.hpp"
#include "nn/activations.hpp"

#include <fmt/format.h>

namespace nn {
inline namespace v1 {

namespace {

template <class T>
Tensor<T> activated(const Tensor<T>& x, FeedforwardActivation f) {
    return f == FeedforwardActivation::relu ? relu(x) : gelu(x);
}

/// One part of a block: what f makes of x is added to it, and one of the two is normalised.
template <class T, class F>
Tensor<T> with_residual(const Tensor<T>& x, const BasicLayerNorm<T>& norm, const Dropout& dropout, bool norm_first, const F& f) {
    return norm_first ? x + dropout(f(norm(x))) : norm(x + dropout(f(x)));
}

void check_depth(std::string_view name, Index depth) {
    if (depth < 1) throw autodiff::ValueError(name, "at least one layer", fmt::format("{}", depth));
}

}  // namespace

// Layers ------------------------------------------------------------------------------------------------------------------------------

template <class T>
BasicTransformerEncoderLayer<T>::BasicTransformerEncoderLayer(Index width, Index heads, TransformerOptions chosen, std::uint64_t seed)
    : options(chosen) {
    Random random{seed};
    self_attn = BasicMultiheadAttention<T>(width, heads, {.dropout = chosen.dropout}, random());
    linear1 = BasicLinear<T>(width, chosen.feedforward, true, random());
    linear2 = BasicLinear<T>(chosen.feedforward, width, true, random());
    for (auto* norm : {&norm1, &norm2}) *norm = BasicLayerNorm<T>(width, chosen.eps);
    for (auto* each : {&dropout, &dropout1, &dropout2}) *each = Dropout(chosen.dropout, random());
}

template <class T>
Tensor<T> BasicTransformerEncoderLayer<T>::operator()(const Tensor<T>& x, const AttentionMasks& masks) const {
    const Tensor<T> attended =
        with_residual(x, norm1, dropout1, options.norm_first, [&](const Tensor<T>& v) { return self_attn(v, masks); });
    return with_residual(attended, norm2, dropout2, options.norm_first,
                         [&](const Tensor<T>& v) { return linear2(dropout(activated(linear1(v), options.activation))); });
}

template <class T>
BasicTransformerDecoderLayer<T>::BasicTransformerDecoderLayer(Index width, Index heads, TransformerOptions chosen, std::uint64_t seed)
    : options(chosen) {
    Random random{seed};
    for (auto* attention : {&self_attn, &multihead_attn})
        *attention = BasicMultiheadAttention<T>(width, heads, {.dropout = chosen.dropout}, random());
    linear1 = BasicLinear<T>(width, chosen.feedforward, true, random());
    linear2 = BasicLinear<T>(chosen.feedforward, width, true, random());
    for (auto* norm : {&norm1, &norm2, &norm3}) *norm = BasicLayerNorm<T>(width, chosen.eps);
    for (auto* each : {&dropout, &dropout1, &dropout2, &dropout3}) *each = Dropout(chosen.dropout, random());
}

template <class T>
Tensor<T> BasicTransformerDecoderLayer<T>::operator()(const Tensor<T>& x, const Tensor<T>& memory, const AttentionMasks& masks,
                                                      const AttentionMasks& memory_masks) const {
    const Tensor<T> own = with_residual(x, norm1, dropout1, options.norm_first, [&](const Tensor<T>& v) { return self_attn(v, masks); });
    const Tensor<T> attended = with_residual(own, norm2, dropout2, options.norm_first,
                                             [&](const Tensor<T>& v) { return multihead_attn(v, memory, memory_masks); });
    return with_residual(attended, norm3, dropout3, options.norm_first,
                         [&](const Tensor<T>& v) { return linear2(dropout(activated(linear1(v), options.activation))); });
}

// Stacks ------------------------------------------------------------------------------------------------------------------------------

template <class T>
BasicTransformerEncoder<T>::BasicTransformerEncoder(Index width, Index heads, Index depth, TransformerOptions options, std::uint64_t seed) {
    check_depth("transformer_encoder", depth);
    Random random{seed};
    for (Index l = 0; l < depth; ++l) layers.emplace_back(width, heads, options, random());
    if (options.norm_first) norm = BasicLayerNorm<T>(width, options.eps);
}

template <class T>
Tensor<T> BasicTransformerEncoder<T>::operator()(const Tensor<T>& x, const AttentionMasks& masks) const {
    Tensor<T> y = x;
    for (const auto& layer : layers) y = layer(y, masks);
    return norm.weight.size() != 0 ? norm(y) : y;
}

template <class T>
BasicTransformerDecoder<T>::BasicTransformerDecoder(Index width, Index heads, Index depth, TransformerOptions options, std::uint64_t seed) {
    check_depth("transformer_decoder", depth);
    Random random{seed};
    for (Index l = 0; l < depth; ++l) layers.emplace_back(width, heads, options, random());
    if (options.norm_first) norm = BasicLayerNorm<T>(width, options.eps);
}

template <class T>
Tensor<T> BasicTransformerDecoder<T>::operator()(const Tensor<T>& x, const Tensor<T>& memory, const AttentionMasks& masks,
                                                 const AttentionMasks& memory_masks) const {
    Tensor<T> y = x;
    for (const auto& layer : layers) y = layer(y, memory, masks, memory_masks);
    return norm.weight.size() != 0 ? norm(y) : y;
}

template class BasicTransformerEncoderLayer<float>;
template class BasicTransformerEncoderLayer<double>;
template class BasicTransformerDecoderLayer<float>;
template class BasicTransformerDecoderLayer<double>;
template class BasicTransformerEncoder<float>;
template class BasicTransformerEncoder<double>;
template class BasicTransformerDecoder<float>;
template class BasicTransformerDecoder<double>;

}  // namespace v1
}  // namespace nn
