// SPDX-License-Identifier: MIT
/// Weights as a length times a direction, learned apart.
///
///     nn::WeightNorm layer{nn::Linear{64, 32}};             // parameters: weight_g [1, 32], weight [64, 32], bias [32]
#pragma once

#include "nn/initialise.hpp"

#include <tuple>

namespace nn {
inline namespace v1 {

/// |v| over all axes but one, which keeps its extent; the others have extent 1. The g with which weight_norm(v, g, axis) is v.
template <class T>
[[nodiscard]] Tensor<T> weight_lengths(const Tensor<T>& v, Index axis);
/// w = g v / |v|        v, w: any shape   g: the shape of weight_lengths(v, axis), one length for each position of the axis
/// Not defined where v is 0.
/// throws   ShapeError unless g has that shape
/// source   Salimans and Kingma (2016), "Weight normalization"
template <class T>
[[nodiscard]] Tensor<T> weight_norm(const Tensor<T>& v, const Tensor<T>& g, Index axis);

/// A layer that computes with weight_norm(layer.weight, weight_g, axis) in place of its `weight`, which so becomes the direction v.
/// In the beginning the weight is what it was.
template <class Layer>
class WeightNorm {
  public:
    WeightNorm() = default;
    /// One length for each output of a dense layer, for each position of axis 0 of a kernel, as in PyTorch.
    explicit WeightNorm(Layer of) : WeightNorm(of, of.weight.rank() == 2 ? 1 : 0) {}
    WeightNorm(Layer of, Index along) : layer(std::move(of)), axis(along), weight_g(weight_lengths(layer.weight, axis)) {}

    template <class X>
    [[nodiscard]] auto operator()(const X& x) const {
        Layer normed = layer;
        normed.weight = weight_norm(layer.weight, weight_g, axis);
        return normed(x);
    }

    template <Scheme S>
    void initialise(const S& scheme, Random& random) {
        layer.initialise(scheme, random);
        weight_g = weight_lengths(layer.weight, axis);
    }

    Layer layer;
    Index axis = 0;
    decltype(Layer::weight) weight_g;

    /// As its weight_norm names them; a dense layer's are transposed.
    void pytorch(const auto& say) const {
        const bool dense = layer.weight.rank() == 2;
        say(weight_g, "weight_g", {dense, "weight_g"}), say(layer.weight, "weight", {dense, "weight_v"});
    }

    static constexpr auto fields = std::tuple{autodiff::field("weight_g", &WeightNorm::weight_g), autodiff::field("", &WeightNorm::layer)};
};

}  // namespace v1
}  // namespace nn
