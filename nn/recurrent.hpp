// SPDX-License-Identifier: MIT
/// Recurrent networks over sequences: RNN, LSTM, GRU, in several layers and in both directions of time. One step is recurrent_cells.hpp.
///
///     nn::LSTM lstm{16, 32, {.layers = 2, .dropout = 0.2}};
///     auto [output, state] = lstm(x);                       // x: [steps, n, 16]   output: [steps, n, 32]
///     auto [more, later] = lstm(next, state);               // goes on where x has ended
#pragma once

#include "nn/dropout.hpp"
#include "nn/recurrent_cells.hpp"

#include <tuple>
#include <vector>

namespace nn {
inline namespace v1 {

struct RecurrentOptions {
    Index layers = 1;            ///< each reads the output of the one below
    bool bidirectional = false;  ///< a second cell in every layer runs from the last step to the first; outputs stand side by side
    double dropout = 0;          ///< of the output of every layer but the last
    bool batch_first = false;    ///< x and output are [n, steps, ..] instead of [steps, n, ..]; states stay as they are
    bool bias = true;
    Nonlinearity nonlinearity = Nonlinearity::tanh;  ///< of an RNN
};

/// h[t] = cell(x[t], h[t-1]) for t = 0, 1, .. from an initial state of 0 or the given one, layer upon layer.
/// x: [steps, n, in]   output: [steps, n, directions hidden], the h of the last layer at every step
/// state: h (and c, for an LSTM) after the last step that each cell makes, [layers directions, n, hidden]: layer by layer, forwards first
///
/// The products of all steps with W_ih are one product, so steps only multiply by W_hh. PyTorch keeps the states in the same order.
/// throws   ShapeError unless x has at least one step and the shapes fit; in the constructor ValueError for an extent below 1, for a dropout
///          outside [0, 1), and for a nonlinearity given to a cell that has its own
/// source   as the cells; both directions: Schuster and Paliwal (1997), "Bidirectional recurrent neural networks"
template <class Cell>
class Recurrent {
  public:
    using T = typename Cell::value_type;
    using State = typename Cell::State;
    struct Result {
        Tensor<T> output;
        State state;
    };

    Recurrent() = default;
    /// Every cell starts as it does alone, each from a seed of its own.
    Recurrent(Index in, Index hidden, RecurrentOptions chosen = {}, std::uint64_t seed = 0);

    [[nodiscard]] Result operator()(const Tensor<T>& x) const;
    [[nodiscard]] Result operator()(const Tensor<T>& x, const State& initial) const;

    std::vector<Cell> layers;   ///< those that run forwards
    std::vector<Cell> reverse;  ///< those that run backwards; none without `bidirectional`
    Dropout dropout;
    RecurrentOptions options;

    /// weight_ih_l0, weight_ih_l0_reverse, ... instead of layers.0.weight_ih, reverse.0.weight_ih
    void pytorch(const auto& say) const {
        const auto cells = [&say](const std::vector<Cell>& list, const std::string& ours, const std::string& suffix) {
            for (std::size_t k = 0; k < list.size(); ++k)
                autodiff::for_each_parameter(list[k], [&](std::string_view name, const Tensor<T>& p) {
                    const std::string number = std::to_string(k), own(name);
                    say(p, ours + number + "." + own, {p.rank() == 2, own + "_l" + number + suffix});
                });
        };
        cells(layers, "layers.", ""), cells(reverse, "reverse.", "_reverse");
    }

    static constexpr auto fields =
        std::tuple{autodiff::field("layers", &Recurrent::layers), autodiff::field("reverse", &Recurrent::reverse),
                   autodiff::field("dropout", &Recurrent::dropout)};

  private:
    void check(const Tensor<T>& x) const;
    [[nodiscard]] Shape state_shape(const Tensor<T>& x) const;
};

template <class T>
using BasicRNN = Recurrent<BasicRNNCell<T>>;
template <class T>
using BasicLSTM = Recurrent<BasicLSTMCell<T>>;
template <class T>
using BasicGRU = Recurrent<BasicGRUCell<T>>;
using RNN = BasicRNN<float>;
using LSTM = BasicLSTM<float>;
using GRU = BasicGRU<float>;

// Instantiated for float and double in the library. An `extern template` would also instantiate them in every program that includes this.

}  // namespace v1
}  // namespace nn
