// SPDX-License-Identifier: MIT
/// A classifier with one hidden layer on a tape, from fixed seeds.
#pragma once

#include "autodiff/structure.hpp"
#include "nn/activations.hpp"
#include "nn/linear.hpp"
#include "nn/losses.hpp"

namespace models {

using namespace autodiff;

struct Net {
    nn::BasicLinear<double> hidden, output;
};

struct OnTape {
    Tape tape;
    Net net;
    Tensor<double> L;

    OnTape(Index inputs, Index width, Index batch) : net{{inputs, width, true, 1}, {width, 10, true, 2}} {
        for_each_parameter(net, [this](std::string_view name, auto& x) { x = tape.variable(x, name); });
        nn::Random random{3};
        const auto x = random.uniform_tensor<double>(Shape{batch, inputs}, 0.0, 1.0);
        std::vector<Index> labels;
        for (Index k = 0; k < batch; ++k) labels.push_back(k % 10);
        const auto z = net.hidden(x);
        L = nn::cross_entropy(net.output(sigmoid(z)), Tensor<Index>(Shape{batch}, labels));
    }
};

}  // namespace models
