// SPDX-License-Identifier: MIT
/// Initial parameters and data of the tasks, the same on all sides (side.py draws them once more). Shapes are ours: a weight is [in, out],
/// and a side that stores the transpose transposes.
#pragma once

#include "benchmark/random.hpp"

#include <cmath>
#include <cstdint>
#include <vector>

namespace benchmark {

namespace stream {
inline constexpr std::uint64_t input = 1, target = 2, label = 3, other = 4, parameter = 10;  // and from there on, one a parameter
}  // namespace stream

inline std::vector<float> draw(std::uint64_t stream, std::size_t count, double low, double high) {
    std::vector<float> values(count);
    for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<float>(uniform(stream, i, low, high));
    return values;
}
/// Integers in [0, 10).
inline std::vector<std::int64_t> draw_labels(std::size_t count) {
    std::vector<std::int64_t> labels(count);
    for (std::size_t i = 0; i < count; ++i) labels[i] = static_cast<std::int64_t>(10 * uniform(stream::label, i));
    return labels;
}

/// The parameters of a model, asked for in the order of their declaration: a weight, then its bias. Both are within 1/sqrt(fan in).
/// Normalisations keep the ones and zeros that they start with.
class InitialParameters {
  public:
    std::vector<float> weight(std::size_t count, std::size_t fan_in) {
        bound_ = 1 / std::sqrt(static_cast<double>(fan_in));
        return bias(count);
    }
    std::vector<float> bias(std::size_t count) { return draw(next_++, count, -bound_, bound_); }

  private:
    std::uint64_t next_ = stream::parameter;
    double bound_ = 0;
};

/// Extents that no request names.
namespace extent {
inline constexpr std::int64_t pixels = 784, dense = 128;
inline constexpr int elementwise_steps = 10, chain_steps = 333;  // of three operations each
inline constexpr std::int64_t lstm_steps = 32, lstm_batch = 32, lstm_input = 128, lstm_hidden = 128;
inline constexpr std::int64_t encoder_batch = 16, encoder_tokens = 64, encoder_width = 128, encoder_heads = 4, encoder_inner = 512;
inline constexpr std::int64_t lenet_batch = 64;
inline constexpr double sgd_rate = 0.01, adam_rate = 1e-3;
}  // namespace extent

}  // namespace benchmark
