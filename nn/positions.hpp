// SPDX-License-Identifier: MIT
/// Where a token stands, told to a network that treats all places alike: sinusoidal and learned encodings, which are added, and rotary ones,
/// which turn queries and keys. Sequences are [.., tokens, width].
#pragma once

#include "nn/initialise.hpp"

#include <tuple>

namespace nn {
inline namespace v1 {

/// y[t, 2i] = sin(t base^(-2i/width)),  y[t, 2i+1] = cos(t base^(-2i/width))        y: [length, width]
/// throws   ValueError unless length >= 0, width >= 1 and base > 0
/// source   Vaswani et al. (2017), "Attention is all you need", 3.5
template <class T>
[[nodiscard]] Tensor<T> sinusoidal_positions(Index length, Index width, double base = 10000);

/// y = x + sinusoidal_positions[first ..]        x, y: [.., tokens, width]   first: the position of the first token
/// Nothing to train, nothing to save: the table is a constant.
/// throws   ShapeError unless x has that width and no token stands beyond the length
template <class T>
class BasicSinusoidalPositions {
  public:
    BasicSinusoidalPositions() = default;
    BasicSinusoidalPositions(Index length, Index width, double base = 10000) : table(sinusoidal_positions<T>(length, width, base)) {}

    [[nodiscard]] Tensor<T> operator()(const Tensor<T>& x, Index first = 0) const;

    Tensor<T> table;  ///< [length, width]
    static constexpr std::tuple<> fields{};
};

/// y = x + weight[first ..], a vector for each position that is learned, as those of an Embedding for each word
/// throws   as BasicSinusoidalPositions; in the constructor ValueError for an extent below 1
template <class T>
class BasicLearnedPositions {
  public:
    BasicLearnedPositions() = default;
    /// Normal with deviation 0.02, from the seed.
    BasicLearnedPositions(Index length, Index width, std::uint64_t seed = 0);

    [[nodiscard]] Tensor<T> operator()(const Tensor<T>& x, Index first = 0) const;

    template <Scheme S>
    void initialise(const S& scheme, Random& random) {
        weight = scheme.template draw<T>(dense_fans(weight.shape()), weight.shape(), random);
    }

    Tensor<T> weight;  ///< [length, width]
    static constexpr auto fields = std::tuple{autodiff::field("weight", &BasicLearnedPositions::weight)};
};

/// Which features of a token make a pair.
enum class RotaryPairs : std::uint8_t {
    neighbours,  ///< 2i and 2i + 1, as in the paper
    halves,      ///< i and i + width/2, as in GPT-NeoX and Llama
};
struct RotaryOptions {
    double base = 10000;
    RotaryPairs pairs = RotaryPairs::neighbours;
};

/// Each pair (a, b) of features turned by an angle: (a cos - b sin, a sin + b cos), by t base^(-2i/width) for pair i of the token at
/// position t. Products of queries and keys then depend on the distance of their positions only.
/// x, y: [.., tokens, width], of one head
/// throws   ShapeError as the others; in the constructor ValueError unless length >= 0, width is even and positive, and base > 0
/// source   Su et al. (2021), "RoFormer: enhanced transformer with rotary position embedding"
template <class T>
class BasicRotaryPositions {
  public:
    BasicRotaryPositions() = default;
    BasicRotaryPositions(Index length, Index width, RotaryOptions options = {});

    [[nodiscard]] Tensor<T> operator()(const Tensor<T>& x, Index first = 0) const;

    Tensor<T> cosines, sines;  ///< [length, width / 2], constants
    RotaryPairs pairs = RotaryPairs::neighbours;
    static constexpr std::tuple<> fields{};
};

using SinusoidalPositions = BasicSinusoidalPositions<float>;
using LearnedPositions = BasicLearnedPositions<float>;
using RotaryPositions = BasicRotaryPositions<float>;

extern template class BasicSinusoidalPositions<float>;
extern template class BasicSinusoidalPositions<double>;
extern template class BasicLearnedPositions<float>;
extern template class BasicLearnedPositions<double>;
extern template class BasicRotaryPositions<float>;
extern template class BasicRotaryPositions<double>;

}  // namespace v1
}  // namespace nn
