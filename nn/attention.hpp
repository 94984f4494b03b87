// SPDX-License-Identifier: MIT
/// Attention: the function of queries, keys and values, and the layer with several heads. Next: transformer.hpp.
///
/// Sequences are [n, tokens, width] here, the batch first. Every mask says what *may* be looked at: true lets through. (PyTorch's function
/// agrees, its layers MultiheadAttention and Transformer mean the opposite.)
#pragma once

#include "nn/dropout.hpp"
#include "nn/linear.hpp"

#include "autodiff/ops/attention.hpp"

#include <optional>
#include <tuple>

namespace nn {
inline namespace v1 {

using autodiff::attention_weights;
using autodiff::AttentionOptions;

/// y = softmax(scale q k^T) v, as autodiff::attention, under the name that PyTorch's users look for.
template <class T>
[[nodiscard]] Tensor<T> scaled_dot_product_attention(const Tensor<T>& q, const Tensor<T>& k, const Tensor<T>& v,
                                                     const AttentionOptions& options = {}) {
    return autodiff::attention(q, k, v, options);
}

struct MultiheadAttentionOptions {
    Index key_width = 0, value_width = 0;  ///< features of keys and values; 0 means those of the queries
    bool bias = true;
    double dropout = 0;  ///< of the weights of attention
};

/// What may be looked at, in one call.
struct AttentionMasks {
    std::optional<Tensor<bool>> mask{};  ///< [queries, keys], [n, queries, keys] or, by heads, [n, heads, queries, keys]
    std::optional<Tensor<bool>>
        key_mask{};  ///< [n, keys]: true for a token, false for padding (the negation of PyTorch's key_padding_mask)
    bool causal = false;
};

/// y = [head_0, head_1, ..] W_o + b_o,  head_i = attention of columns i w to (i + 1) w of q W_q + b_q, k W_k + b_k and v W_v + b_v,
/// w = width / heads
/// q: [n, queries, width]   k: [n, keys, key_width]   v: [n, keys, value_width]   y: [n, queries, width]
///
/// W_q, W_k, W_v stand side by side in one weight [width, 3 width], so that self-attention is one product, and so are keys and values that
/// come from one sequence; with other widths of keys or values they are three weights.
/// throws   ShapeError unless the shapes fit; ValueError unless heads divides width
/// source   Vaswani et al. (2017), "Attention is all you need", 3.2.2
template <class T>
class BasicMultiheadAttention {
  public:
    using Options = MultiheadAttentionOptions;
    struct WithWeights {
        Tensor<T> output;
        Tensor<T> weights;  ///< [n, heads, queries, keys], dropped ones 0; PyTorch gives mean(weights, 1) unless told otherwise
    };

    BasicMultiheadAttention() = default;
    /// Weights of the inputs uniform with Xavier's bound, W_o in [-1/sqrt(width), 1/sqrt(width)], biases 0.
    BasicMultiheadAttention(Index width, Index heads, Options options = {}, std::uint64_t seed = 0);

    /// Self-attention: queries, keys and values of one sequence.
    [[nodiscard]] Tensor<T> operator()(const Tensor<T>& x, const AttentionMasks& masks = {}) const;
    /// Cross-attention: keys and values of one sequence.
    [[nodiscard]] Tensor<T> operator()(const Tensor<T>& q, const Tensor<T>& keys_and_values, const AttentionMasks& masks = {}) const;
    [[nodiscard]] Tensor<T> operator()(const Tensor<T>& q, const Tensor<T>& k, const Tensor<T>& v, const AttentionMasks& masks = {}) const;
    /// The same and the weights, for looking at.
    [[nodiscard]] WithWeights with_weights(const Tensor<T>& q, const Tensor<T>& k, const Tensor<T>& v,
                                           const AttentionMasks& masks = {}) const;

    [[nodiscard]] bool packed() const noexcept { return in_proj_weight.size() != 0; }
    [[nodiscard]] Index width() const { return out_proj.weight.shape()[0]; }

    template <Scheme S>
    void initialise(const S& scheme, Random& random) {
        const auto draw = [&](Tensor<T>& weight, Index out) {
            if (weight.size() != 0) weight = scheme.template draw<T>(Fans{weight.shape()[0], out}, weight.shape(), random);
        };
        for (Tensor<T>* weight : {&in_proj_weight, &q_proj_weight, &k_proj_weight, &v_proj_weight}) draw(*weight, width());
        in_proj_bias = Tensor<T>::zeros(in_proj_bias.shape());
        out_proj.initialise(scheme, random);
        dropout.initialise(scheme, random);
    }

    Tensor<T> in_proj_weight;                               ///< [width, 3 width]: W_q, W_k, W_v; [0] if those are apart
    Tensor<T> q_proj_weight, k_proj_weight, v_proj_weight;  ///< [width or key_width or value_width, width]; [0] if packed
    Tensor<T> in_proj_bias;                                 ///< [3 width], or [0]
    BasicLinear<T> out_proj;
    Dropout dropout;
    Index heads = 1;

    void pytorch(const auto& say) const {
        say(in_proj_weight, "in_proj_weight", {}), say(q_proj_weight, "q_proj_weight", {});
        say(k_proj_weight, "k_proj_weight", {}), say(v_proj_weight, "v_proj_weight", {});
    }

    static constexpr auto fields = std::tuple{autodiff::field("in_proj_weight", &BasicMultiheadAttention::in_proj_weight),
                                              autodiff::field("q_proj_weight", &BasicMultiheadAttention::q_proj_weight),
                                              autodiff::field("k_proj_weight", &BasicMultiheadAttention::k_proj_weight),
                                              autodiff::field("v_proj_weight", &BasicMultiheadAttention::v_proj_weight),
                                              autodiff::field("in_proj_bias", &BasicMultiheadAttention::in_proj_bias),
                                              autodiff::field("out_proj", &BasicMultiheadAttention::out_proj),
                                              autodiff::field("dropout", &BasicMultiheadAttention::dropout)};

  private:
    void check(const Tensor<T>& q, const Tensor<T>& k, const Tensor<T>& v) const;
    [[nodiscard]] std::vector<Tensor<T>> by_heads(const Tensor<T>& x, Index parts) const;
    [[nodiscard]] std::vector<Tensor<T>> projected(const Tensor<T>& q, const Tensor<T>& k, const Tensor<T>& v) const;
    [[nodiscard]] Tensor<T> attend(const std::vector<Tensor<T>>& qkv, const AttentionMasks& masks) const;
    [[nodiscard]] Tensor<T> joined(const Tensor<T>& heads_side_by_side) const;
};

using MultiheadAttention = BasicMultiheadAttention<float>;

// Instantiated for float and double in the library. An `extern template` would also instantiate them in every program that includes this.

}  // namespace v1
}  // namespace nn
