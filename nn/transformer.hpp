// SPDX-License-Identifier: MIT
/// The blocks of a Transformer and stacks of them. Sequences are [n, tokens, width]; masks are those of attention.hpp: true lets through.
///
///     nn::TransformerEncoder encoder{128, 4, 6, {.feedforward = 512, .norm_first = true}};
///     auto y = encoder(x, {.causal = true});
#pragma once

#include "nn/attention.hpp"
#include "nn/layer_norm.hpp"

#include <tuple>
#include <vector>

namespace nn {
inline namespace v1 {

enum class FeedforwardActivation : std::uint8_t { relu, gelu };

struct TransformerOptions {
    Index feedforward = 2048;  ///< units between the two dense layers
    double dropout = 0.1;      ///< of the weights of attention, of the units in between, and of what each part adds
    FeedforwardActivation activation = FeedforwardActivation::relu;
    bool norm_first = false;  ///< x + f(norm(x)) instead of norm(x + f(x))
    double eps = 1e-5;        ///< of the normalisations
};

/// x <- norm1(x + attention(x)),  y = norm2(x + linear2(f(linear1(x)))), each sum with dropout of what is added; with norm_first
/// x <- x + attention(norm1(x)),  y = x + linear2(f(linear1(norm2(x))))
/// x, y: [n, tokens, width]
/// throws   ShapeError; in the constructor ValueError
/// source   Vaswani et al. (2017), "Attention is all you need", 3.1; norm first: Xiong et al. (2020), "On layer normalization in the
///          transformer architecture"
template <class T>
class BasicTransformerEncoderLayer {
  public:
    BasicTransformerEncoderLayer() = default;
    /// Each part as it starts alone, from a seed of its own.
    BasicTransformerEncoderLayer(Index width, Index heads, TransformerOptions chosen = {}, std::uint64_t seed = 0);

    [[nodiscard]] Tensor<T> operator()(const Tensor<T>& x, const AttentionMasks& masks = {}) const;

    BasicMultiheadAttention<T> self_attn;
    BasicLinear<T> linear1, linear2;
    BasicLayerNorm<T> norm1, norm2;
    Dropout dropout, dropout1, dropout2;  ///< of the units in between; of what attention, and what the dense layers add
    TransformerOptions options;

    static constexpr auto fields = std::tuple{autodiff::field("self_attn", &BasicTransformerEncoderLayer::self_attn),
                                              autodiff::field("linear1", &BasicTransformerEncoderLayer::linear1),
                                              autodiff::field("linear2", &BasicTransformerEncoderLayer::linear2),
                                              autodiff::field("norm1", &BasicTransformerEncoderLayer::norm1),
                                              autodiff::field("norm2", &BasicTransformerEncoderLayer::norm2),
                                              autodiff::field("dropout", &BasicTransformerEncoderLayer::dropout),
                                              autodiff::field("dropout1", &BasicTransformerEncoderLayer::dropout1),
                                              autodiff::field("dropout2", &BasicTransformerEncoderLayer::dropout2)};
};

/// The same with attention to another sequence, the memory, between the two parts; norm2 and dropout2 are then those of that attention.
/// x, y: [n, tokens, width]   memory: [n, memory tokens, width]
template <class T>
class BasicTransformerDecoderLayer {
  public:
    BasicTransformerDecoderLayer() = default;
    BasicTransformerDecoderLayer(Index width, Index heads, TransformerOptions chosen = {}, std::uint64_t seed = 0);

    /// Usually with masks {.causal = true}: token i may look at tokens 0 to i.
    [[nodiscard]] Tensor<T> operator()(const Tensor<T>& x, const Tensor<T>& memory, const AttentionMasks& masks = {},
                                       const AttentionMasks& memory_masks = {}) const;

    BasicMultiheadAttention<T> self_attn, multihead_attn;
    BasicLinear<T> linear1, linear2;
    BasicLayerNorm<T> norm1, norm2, norm3;
    Dropout dropout, dropout1, dropout2, dropout3;
    TransformerOptions options;

    static constexpr auto fields = std::tuple{autodiff::field("self_attn", &BasicTransformerDecoderLayer::self_attn),
                                              autodiff::field("multihead_attn", &BasicTransformerDecoderLayer::multihead_attn),
                                              autodiff::field("linear1", &BasicTransformerDecoderLayer::linear1),
                                              autodiff::field("linear2", &BasicTransformerDecoderLayer::linear2),
                                              autodiff::field("norm1", &BasicTransformerDecoderLayer::norm1),
                                              autodiff::field("norm2", &BasicTransformerDecoderLayer::norm2),
                                              autodiff::field("norm3", &BasicTransformerDecoderLayer::norm3),
                                              autodiff::field("dropout", &BasicTransformerDecoderLayer::dropout),
                                              autodiff::field("dropout1", &BasicTransformerDecoderLayer::dropout1),
                                              autodiff::field("dropout2", &BasicTransformerDecoderLayer::dropout2),
                                              autodiff::field("dropout3", &BasicTransformerDecoderLayer::dropout3)};
};

/// Encoder layers one after another; with norm_first a last normalisation follows, since no layer normalises what it gives.
/// throws   ValueError for fewer than one layer
template <class T>
class BasicTransformerEncoder {
  public:
    BasicTransformerEncoder() = default;
    BasicTransformerEncoder(Index width, Index heads, Index depth, TransformerOptions options = {}, std::uint64_t seed = 0);

    [[nodiscard]] Tensor<T> operator()(const Tensor<T>& x, const AttentionMasks& masks = {}) const;

    std::vector<BasicTransformerEncoderLayer<T>> layers;
    BasicLayerNorm<T> norm;  ///< of width [0] if there is none

    static constexpr auto fields =
        std::tuple{autodiff::field("layers", &BasicTransformerEncoder::layers), autodiff::field("norm", &BasicTransformerEncoder::norm)};
};

/// Decoder layers one after another, all with the same memory.
template <class T>
class BasicTransformerDecoder {
  public:
    BasicTransformerDecoder() = default;
    BasicTransformerDecoder(Index width, Index heads, Index depth, TransformerOptions options = {}, std::uint64_t seed = 0);

    [[nodiscard]] Tensor<T> operator()(const Tensor<T>& x, const Tensor<T>& memory, const AttentionMasks& masks = {},
                                       const AttentionMasks& memory_masks = {}) const;

    std::vector<BasicTransformerDecoderLayer<T>> layers;
    BasicLayerNorm<T> norm;

    static constexpr auto fields =
        std::tuple{autodiff::field("layers", &BasicTransformerDecoder::layers), autodiff::field("norm", &BasicTransformerDecoder::norm)};
};

using TransformerEncoderLayer = BasicTransformerEncoderLayer<float>;
using TransformerDecoderLayer = BasicTransformerDecoderLayer<float>;
using TransformerEncoder = BasicTransformerEncoder<float>;
using TransformerDecoder = BasicTransformerDecoder<float>;

// Instantiated for float and double in the library. An `extern template` would also instantiate them in every program that includes this.

}  // namespace v1
}  // namespace nn
