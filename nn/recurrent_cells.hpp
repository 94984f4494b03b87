// SPDX-License-Identifier: MIT
/// One step of a recurrent network: RNNCell, LSTMCell, GRUCell. Over whole sequences, in several layers and both directions: recurrent.hpp.
///
/// A cell is cut where a layer can save work. `project` is what the input contributes: linear, so that one product serves all steps of a
/// sequence. `step` adds the product with the state. What follows the two products is element-wise and a function of its own:
/// `lstm_gates`, `gru_gates` (autodiff/ops/recurrent.hpp). All gates of a cell stand side by side in the columns of its weights, in PyTorch's order; PyTorch stores the
/// transposes of these weights.
#pragma once

#include "nn/initialise.hpp"

#include "autodiff/ops/recurrent.hpp"

#include <tuple>

namespace nn {
inline namespace v1 {

using autodiff::gru_gates;
using autodiff::lstm_gates;

/// What an LSTM hands from step to step: h and c, [n, hidden].
template <class T>
using LstmState = autodiff::LstmGates<T>;

/// The parameters of a cell, with one block of `hidden` columns for each gate.
template <class T, Index gates>
class RecurrentWeights {
  public:
    using value_type = T;
    [[nodiscard]] Index inputs() const { return weight_ih.shape()[0]; }
    [[nodiscard]] Index hidden() const { return weight_hh.shape()[0]; }
    [[nodiscard]] bool has_bias() const noexcept { return bias_ih.size() != 0; }

    /// Weights with the fans of a single gate, biases 0.
    template <Scheme S>
    void initialise(const S& scheme, Random& random) {
        weight_ih = scheme.template draw<T>(Fans{inputs(), hidden()}, weight_ih.shape(), random);
        weight_hh = scheme.template draw<T>(Fans{hidden(), hidden()}, weight_hh.shape(), random);
        bias_ih = Tensor<T>::zeros(bias_ih.shape());
        bias_hh = Tensor<T>::zeros(bias_hh.shape());
    }

    Tensor<T> weight_ih;         ///< [in, gates hidden]
    Tensor<T> weight_hh;         ///< [hidden, gates hidden]
    Tensor<T> bias_ih, bias_hh;  ///< [gates hidden], or [0] for a cell without bias

    void pytorch(const auto& say) const { say(weight_ih, "weight_ih", {}), say(weight_hh, "weight_hh", {}); }

    static constexpr auto fields =
        std::tuple{autodiff::field("weight_ih", &RecurrentWeights::weight_ih), autodiff::field("weight_hh", &RecurrentWeights::weight_hh),
                   autodiff::field("bias_ih", &RecurrentWeights::bias_ih), autodiff::field("bias_hh", &RecurrentWeights::bias_hh)};

  protected:
    RecurrentWeights() = default;
    RecurrentWeights(std::string_view name, Index in, Index hidden, bool with_bias, std::uint64_t seed);
    /// throws ShapeError naming the cell unless x is [n, in] and every state [n, hidden]
    void check_step(std::string_view name, const Tensor<T>& x, std::initializer_list<const Tensor<T>*> state) const;
    [[nodiscard]] Tensor<T> no_state(std::string_view name, const Tensor<T>& x) const;
};

enum class Nonlinearity : std::uint8_t { tanh, relu };

/// h' = tanh(x W_ih + b_ih + h W_hh + b_hh), or relu of it        x: [n, in]   h, h': [n, hidden]; without h it is 0
/// W_ih: [in, hidden]   W_hh: [hidden, hidden]   b: [hidden]
/// throws   ShapeError unless the shapes fit
/// source   Elman (1990), "Finding structure in time"
template <class T>
class BasicRNNCell : public RecurrentWeights<T, 1> {
  public:
    using State = Tensor<T>;
    static constexpr std::string_view name = "rnn";

    BasicRNNCell() = default;
    /// All parameters uniform in [-1/sqrt(hidden), 1/sqrt(hidden)]. throws ValueError for an extent below 1. The same for all cells.
    BasicRNNCell(Index in, Index hidden, bool with_bias = true, std::uint64_t seed = 0, Nonlinearity f = Nonlinearity::tanh);

    [[nodiscard]] State operator()(const Tensor<T>& x, const State& h) const;
    [[nodiscard]] State operator()(const Tensor<T>& x) const;
    [[nodiscard]] Tensor<T> project(const Tensor<T>& x) const;  ///< [.., in] -> [.., hidden]: x W_ih + b_ih + b_hh
    [[nodiscard]] State step(const Tensor<T>& projected, const State& h) const;

    Nonlinearity nonlinearity = Nonlinearity::tanh;
};

/// h', c' = lstm_gates(x W_ih + b_ih + h W_hh + b_hh, c)        x: [n, in]   h, c, h', c': [n, hidden]; without a state it is 0
/// W_ih: [in, 4 hidden]   W_hh: [hidden, 4 hidden]   b: [4 hidden]; gates i, f, g, o
/// throws   ShapeError unless the shapes fit
/// source   Hochreiter and Schmidhuber (1997), "Long short-term memory"; with forget gates: Gers, Schmidhuber, Cummins (2000)
template <class T>
class BasicLSTMCell : public RecurrentWeights<T, 4> {
  public:
    using State = LstmState<T>;
    static constexpr std::string_view name = "lstm";

    BasicLSTMCell() = default;
    BasicLSTMCell(Index in, Index hidden, bool with_bias = true, std::uint64_t seed = 0);

    [[nodiscard]] State operator()(const Tensor<T>& x, const State& state) const;
    [[nodiscard]] State operator()(const Tensor<T>& x) const;
    [[nodiscard]] Tensor<T> project(const Tensor<T>& x) const;  ///< [.., in] -> [.., 4 hidden]: x W_ih + b_ih + b_hh
    [[nodiscard]] State step(const Tensor<T>& projected, const State& state) const;
};

/// h' = gru_gates(x W_ih + b_ih, h W_hh + b_hh, h)        x: [n, in]   h, h': [n, hidden]; without h it is 0
/// W_ih: [in, 3 hidden]   W_hh: [hidden, 3 hidden]   b: [3 hidden]; gates r, z, n. The reset gate acts on h W_hn + b_hn, as in PyTorch and
/// cuDNN; in the paper it acts on h, before the product.
/// throws   ShapeError unless the shapes fit
/// source   Cho et al. (2014), "Learning phrase representations using RNN encoder-decoder for statistical machine translation"
template <class T>
class BasicGRUCell : public RecurrentWeights<T, 3> {
  public:
    using State = Tensor<T>;
    static constexpr std::string_view name = "gru";

    BasicGRUCell() = default;
    BasicGRUCell(Index in, Index hidden, bool with_bias = true, std::uint64_t seed = 0);

    [[nodiscard]] State operator()(const Tensor<T>& x, const State& h) const;
    [[nodiscard]] State operator()(const Tensor<T>& x) const;
    [[nodiscard]] Tensor<T> project(const Tensor<T>& x) const;  ///< [.., in] -> [.., 3 hidden]: x W_ih + b_ih
    [[nodiscard]] State step(const Tensor<T>& projected, const State& h) const;
};

using RNNCell = BasicRNNCell<float>;
using LSTMCell = BasicLSTMCell<float>;
using GRUCell = BasicGRUCell<float>;

// Instantiated for float and double in the library. An `extern template` would also instantiate them in every program that includes this.

}  // namespace v1
}  // namespace nn
