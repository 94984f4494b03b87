// SPDX-License-Identifier: MIT
/// LSTM and Transformer encoder block as compositions of tensor operations, the way one writes them without layers for them.
#pragma once

#include <autodiff/ops/arithmetic.hpp>
#include <autodiff/ops/layout.hpp>
#include <autodiff/ops/matmul.hpp>
#include <autodiff/ops/reduce.hpp>
#include <nn/layer_norm.hpp>
#include <nn/linear.hpp>

#include <cmath>
#include <vector>

namespace benchmark {

using autodiff::all, autodiff::Index, autodiff::Tensor;

/// x: [steps, batch, input], h: [steps, batch, hidden], from states of 0. The gates of a step lie beside each other: input, forget, cell,
/// output.
struct Lstm {
    Tensor<float> input_weight, hidden_weight, bias;  // [input, 4 hidden], [hidden, 4 hidden], [4 hidden]

    Tensor<float> operator()(const Tensor<float>& x) const {
        const Index steps = x.shape()[0], batch = x.shape()[1], hidden = hidden_weight.shape()[0];
        const auto from_input = matmul(x, input_weight) + bias;  // of all steps at once
        auto h = Tensor<float>::zeros({batch, hidden}), c = h;
        std::vector<Tensor<float>> all_h;
        for (Index t = 0; t < steps; ++t) {
            const auto z = select(from_input, 0, t) + matmul(h, hidden_weight);
            const auto gate = [&](Index k) { return slice(z, {all, {k * hidden, (k + 1) * hidden}}); };
            c = sigmoid(gate(1)) * c + sigmoid(gate(0)) * tanh(gate(2));
            h = sigmoid(gate(3)) * tanh(c);
            all_h.push_back(h);
        }
        return stack(all_h);
    }
};

/// Self-attention and two dense layers, each added to its input and normalised. x: [batch, tokens, width]
struct EncoderBlock {
    nn::Linear projection, attention_output, inner, outer;  // the first gives queries, keys and values
    nn::LayerNorm attention_norm, output_norm;
    Index heads = 1;

    EncoderBlock() = default;
    EncoderBlock(Index width, Index head_count, Index inner_width)
        : projection(width, 3 * width),
          attention_output(width, width),
          inner(width, inner_width),
          outer(inner_width, width),
          attention_norm(width),
          output_norm(width),
          heads(head_count) {}

    Tensor<float> operator()(const Tensor<float>& x) const {
        const auto y = attention_norm(x + attention(x));
        return output_norm(y + outer(relu(inner(y))));
    }
    Tensor<float> attention(const Tensor<float>& x) const {
        const Index batch = x.shape()[0], tokens = x.shape()[1], width = x.shape()[2], each = width / heads;
        const auto qkv = transpose(reshape(projection(x), {batch, tokens, 3, heads, each}), {2, 0, 3, 1, 4});
        const auto q = select(qkv, 0, 0), k = select(qkv, 0, 1), v = select(qkv, 0, 2);  // [batch, heads, tokens, each]
        const auto weights = softmax(matmul(q, swap_axes(k, -1, -2)) * (1 / std::sqrt(static_cast<double>(each))));
        return attention_output(reshape(transpose(matmul(weights, v), {0, 2, 1, 3}), {batch, tokens, width}));
    }

    static constexpr auto fields = std::tuple{autodiff::field("projection", &EncoderBlock::projection),
                                              autodiff::field("attention_output", &EncoderBlock::attention_output),
                                              autodiff::field("inner", &EncoderBlock::inner),
                                              autodiff::field("outer", &EncoderBlock::outer),
                                              autodiff::field("attention_norm", &EncoderBlock::attention_norm),
                                              autodiff::field("output_norm", &EncoderBlock::output_norm)};
};

}  // namespace benchmark
