// SPDX-License-Identifier: MIT
/// The two networks. `forward` keeps what was computed on the way, for recover.cpp; calling the model gives the logits.
#pragma once

#include "autodiff/autodiff.hpp"
#include "nn/nn.hpp"

#include <vector>

namespace digits {

using autodiff::Index;
using autodiff::Tensor;

/// Dense layers with a sigmoid after each but the last.
template <class T>
struct Mlp {
    std::vector<nn::BasicLinear<T>> hidden;
    nn::BasicLinear<T> output;

    struct Forward {
        std::vector<Tensor<T>> a;  ///< a[0] is x, a[l + 1] = sigmoid(z[l])
        std::vector<Tensor<T>> z;  ///< z[l] = a[l] W[l] + b[l]; the last one are the logits
    };
    [[nodiscard]] Forward forward(const Tensor<T>& x) const {
        Forward f{{x}, {}};
        for (const auto& layer : hidden) {
            f.z.push_back(layer(f.a.back()));
            f.a.push_back(sigmoid(f.z.back()));
        }
        f.z.push_back(output(f.a.back()));
        return f;
    }
    [[nodiscard]] Tensor<T> operator()(const Tensor<T>& x) const { return forward(x).z.back(); }
};

/// Two 3x3 convolutions with relu, the image halved between them, and a dense layer.
template <class T>
struct Cnn {
    nn::BasicConv2d<T> first, second;
    nn::BasicLinear<T> output;
    Index rows = 0, columns = 0;

    struct Forward {
        Tensor<T> image;   ///< [n, 1, rows, columns]
        Tensor<T> z1, a1;  ///< first convolution, relu
        Tensor<T> pooled;  ///< the largest of each 2x2 window
        Tensor<T> z2, a2;  ///< second convolution, relu
        Tensor<T> flat, logits;
    };
    [[nodiscard]] Forward forward(const Tensor<T>& x) const {
        Forward f;
        f.image = reshape(x, {-1, 1, rows, columns});
        f.z1 = first(f.image);
        f.a1 = relu(f.z1);
        f.pooled = max_pool2d(f.a1, {.window = {2, 2}, .stride = {2, 2}});
        f.z2 = second(f.pooled);
        f.a2 = relu(f.z2);
        f.flat = flatten(f.a2, 1);
        f.logits = output(f.flat);
        return f;
    }
    [[nodiscard]] Tensor<T> operator()(const Tensor<T>& x) const { return forward(x).logits; }
};

}  // namespace digits
