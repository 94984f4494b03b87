// SPDX-License-Identifier: MIT
/// Character prediction with a long short-term memory of two layers over 1024 characters: the LSTM objective of ADBench.
#pragma once

#include "task.hpp"

namespace benchmark {

/// y = -mean over t, i of c[t+1][i] (z[i] - log(2 + sum_j exp z[j])), z the prediction after c[0..t], c a sequence of characters in bits.
/// The gates are diagonal: gate = sigmoid(w * input + b) elementwise. Variables: per layer four gates of w and b, then three rows that
/// scale the input, scale the output and shift it.
class Lstm {
  public:
    static constexpr std::string_view name = "lstm";
    static constexpr std::size_t outputs = 1;

    explicit Lstm(bool quick) : characters_(quick ? 128 : 1024) {
        for (std::size_t i = 0; i < layers * 8 * bits + 3 * bits; ++i) inputs_.push_back(uniform(7, i, -1, 1));
        for (std::size_t i = 0; i < characters_ * bits; ++i) sequence_.push_back(uniform(8, i) < 0.5 ? 0 : 1);
        for (std::size_t i = 0; i < layers * 2 * bits; ++i) state_.push_back(uniform(9, i, -1, 1));
    }
    [[nodiscard]] std::size_t points() const { return 1; }
    [[nodiscard]] std::size_t dimension() const { return inputs_.size(); }
    [[nodiscard]] const std::vector<double>& inputs() const { return inputs_; }

    template <class T>
    void evaluate(std::size_t, const T* x, T* y) const {
        using std::exp;
        using std::log;
        const T* outer = x + layers * 8 * bits;
        std::vector<T> state(state_.begin(), state_.end()), signal(bits);
        T total = 0.0;
        for (std::size_t t = 0; t + 1 < characters_; ++t) {
            const double *now = &sequence_[t * bits], *next = now + bits;
            for (std::size_t i = 0; i < bits; ++i) signal[i] = now[i] * outer[i];
            const T* in = signal.data();
            for (std::size_t layer = 0; layer < layers; ++layer) {
                T* hidden = &state[layer * 2 * bits];
                advance(x + layer * 8 * bits, in, hidden, hidden + bits);
                in = hidden;
            }
            T sum = 2.0;
            for (std::size_t i = 0; i < bits; ++i) {
                signal[i] = in[i] * outer[bits + i] + outer[2 * bits + i];
                sum += exp(signal[i]);
            }
            const T normaliser = log(sum);
            for (std::size_t i = 0; i < bits; ++i) total += next[i] * (signal[i] - normaliser);
        }
        y[0] = total * (-1.0 / static_cast<double>((characters_ - 1) * bits));
    }

  private:
    static constexpr std::size_t bits = 14, layers = 2;

    template <class T>
    static void advance(const T* w, const T* in, T* hidden, T* cell) {
        using std::tanh;
        const T* b = w + 4 * bits;
        for (std::size_t i = 0; i < bits; ++i) {
            const T forget = sigmoid<T>(in[i] * w[i] + b[i]);
            const T admit = sigmoid<T>(hidden[i] * w[bits + i] + b[bits + i]);
            const T emit = sigmoid<T>(in[i] * w[2 * bits + i] + b[2 * bits + i]);
            const T change = tanh(hidden[i] * w[3 * bits + i] + b[3 * bits + i]);
            cell[i] = cell[i] * forget + admit * change;
            hidden[i] = emit * tanh(cell[i]);
        }
    }

    std::size_t characters_;
    std::vector<double> inputs_, sequence_, state_;
};

}  // namespace benchmark
