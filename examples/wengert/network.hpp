// SPDX-License-Identifier: MIT
/// A stack of dense layers as a program on a tape: z1 = x W1 + b1, a1 = sigmoid(z1), z2 = a1 W2 + b2, ... and a loss L.
/// Batches are rows; W[i, j] leads from neuron i to neuron j, so a weight is [in, out].
#pragma once

#include "autodiff/io/named_tensors.hpp"
#include "autodiff/rules/list.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace wengert {

using autodiff::Index, autodiff::Tensor;

enum class Loss : std::uint8_t {
    half_squared_error,  ///< sum (a - t)^2 / 2
    mse,                 ///< mean of (a - t)^2
    cross_entropy,       ///< -ln softmax(a) at the label, or sum -t ln softmax(a); mean over the samples
};

struct Network {
    std::vector<Index> sizes;                                     ///< of the input and of every layer
    std::vector<std::optional<autodiff::Operation>> activations;  ///< of every layer; nothing for "linear"
    Loss loss = Loss::half_squared_error;

    [[nodiscard]] std::size_t layers() const noexcept { return activations.size(); }
};

/// What a layer may have as an activation: "linear", and every function of one operand.
[[nodiscard]] std::vector<std::string> activation_names();

/// The network of "2-3-2:sigmoid", or with an activation for each layer "2-3-2:tanh,linear"; without any, all are linear. One activation
/// and the loss cross_entropy leave the last layer linear, as that loss wants. throws BadInput
[[nodiscard]] Network parse_network(const std::string& text, const std::string& loss);
/// The parts of that text. throws BadInput
[[nodiscard]] Network make_network(std::vector<Index> sizes, const std::vector<std::string>& activations, const std::string& loss);
[[nodiscard]] std::string loss_name(Loss loss);

/// W1, b1, W2, ... drawn from the seed as nn::Linear does, rounded to two decimals, which are easier to follow.
[[nodiscard]] autodiff::io::NamedTensors drawn_parameters(const Network& network, std::uint64_t seed);

struct Problem {
    Network network;
    autodiff::io::NamedTensors parameters;  ///< W1, b1, ... in any order and of either float type; a bias may be [out] or [1, out]
    Tensor<double> input;                   ///< [samples, sizes.front()]
    Tensor<double> target;                  ///< [samples, sizes.back()], or for cross_entropy [samples] labels
};

/// The values that can be asked about, by name.
using NamedValues = std::map<std::string, Tensor<double>>;
struct Recorded {
    Tensor<double> loss;
    NamedValues values;  ///< parameters, and z and a of every layer
};
/// Records the problem on the tape that lives. throws BadInput naming the tensor that does not fit
[[nodiscard]] Recorded record(autodiff::Tape& tape, const Problem& problem);

}  // namespace wengert
