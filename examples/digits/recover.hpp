// SPDX-License-Identifier: MIT
/// The documented formula of every gradient, by plain loops, against what the tape says.
///
/// The loops see the network's recorded values (activations, weighted sums, weights) and the formulas of the textbooks. They see
/// no gradient of the tape: what arrives at a layer is computed by the formula of the layer above.
#pragma once

#include "examples/digits/images.hpp"
#include "examples/digits/models.hpp"

#include <string>
#include <vector>

namespace digits {

struct Recovered {
    std::string layer, parameter;  ///< "hidden", "weight"
    autodiff::Shape shape;
    std::string formula;
    /// The largest |tape - formula| / sum of |terms| over all elements, where the sum runs over the terms of the formula with
    /// everything that it contains multiplied out, down to the probabilities and labels of the loss.
    double max_relative_difference = 0;
};

/// Records the loss of the batch, asks the tape for the gradient, and compares it parameter by parameter, in the model's order.
std::vector<Recovered> recover(const Mlp<double>& model, const Batch& batch);
std::vector<Recovered> recover(const Cnn<double>& model, const Batch& batch);

}  // namespace digits
