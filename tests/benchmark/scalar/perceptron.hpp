// SPDX-License-Identifier: MIT
/// A multi-layer perceptron written neuron by neuron, as a first course does it, on one image.
#pragma once

#include "task.hpp"

namespace benchmark {

/// y = 1/2 |sigmoid(W2 sigmoid(W1 image + b1) + b2) - wanted|^2, 784-128-10. Variables: W1 row by row, b1, W2, b2.
class Perceptron {
  public:
    static constexpr std::string_view name = "mlp";
    static constexpr std::size_t outputs = 1;

    explicit Perceptron(bool /* small enough as it is */) {
        for (std::size_t i = 0; i < in; ++i) image_.push_back(uniform(15, i));
        for (std::size_t i = 0; i < (in + 1) * hidden + (hidden + 1) * out; ++i) inputs_.push_back(uniform(16, i, -0.05, 0.05));
    }
    [[nodiscard]] std::size_t points() const { return 1; }
    [[nodiscard]] std::size_t dimension() const { return inputs_.size(); }
    [[nodiscard]] const std::vector<double>& inputs() const { return inputs_; }

    template <class T>
    void evaluate(std::size_t, const T* x, T* y) const {
        const T *w1 = x, *b1 = w1 + in * hidden, *w2 = b1 + hidden, *b2 = w2 + hidden * out;
        std::vector<T> a(hidden);
        for (std::size_t j = 0; j < hidden; ++j) {
            T z = b1[j];
            for (std::size_t i = 0; i < in; ++i) z += w1[j * in + i] * image_[i];
            a[j] = sigmoid<T>(z);
        }
        T loss = 0.0;
        for (std::size_t j = 0; j < out; ++j) {
            T z = b2[j];
            for (std::size_t i = 0; i < hidden; ++i) z += w2[j * hidden + i] * a[i];
            const T error = sigmoid<T>(z) - (j == 3 ? 1.0 : 0.0);
            loss += 0.5 * (error * error);
        }
        y[0] = loss;
    }

  private:
    static constexpr std::size_t in = 784, hidden = 128, out = 10;
    std::vector<double> image_, inputs_;
};

}  // namespace benchmark
