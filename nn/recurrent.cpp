// SPDX-License-Identifier: MIT
#include "nn/recurrent.hpp"

#include "autodiff/ops/layout.hpp"
#include "autodiff/ops/split.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace nn {
inline namespace v1 {

namespace {

// What is done to a state, whichever parts it has -------------------------------------------------------------------------------------

template <class T>
const Tensor<T>& output_of(const Tensor<T>& h) {
    return h;
}
template <class T>
const Tensor<T>& output_of(const LstmState<T>& state) {
    return state.h;
}

template <class T>
void fill(Tensor<T>& h, const Tensor<T>& value) {
    h = value;
}
template <class T>
void fill(LstmState<T>& state, const Tensor<T>& value) {
    state = {value, value};
}

template <class T>
void check_state(std::string_view name, const Tensor<T>& h, const Shape& expected) {
    if (h.shape() != expected)
        throw autodiff::ShapeError(name, fmt::format("states {}: layers x directions, batch, units", to_string(expected)),
                                   to_string(h.shape()));
}
template <class T>
void check_state(std::string_view name, const LstmState<T>& state, const Shape& expected) {
    check_state(name, state.h, expected), check_state(name, state.c, expected);
}

template <class T>
std::vector<Tensor<T>> unstacked(const Tensor<T>& h) {
    return unstack(h, 0);
}
template <class T>
std::vector<LstmState<T>> unstacked(const LstmState<T>& state) {
    const std::vector<Tensor<T>> h = unstack(state.h, 0), c = unstack(state.c, 0);
    std::vector<LstmState<T>> each(h.size());
    for (std::size_t k = 0; k < h.size(); ++k) each[k] = {h[k], c[k]};
    return each;
}

template <class T>
Tensor<T> stacked(const std::vector<Tensor<T>>& h) {
    return stack(h, 0);
}
template <class T>
LstmState<T> stacked(const std::vector<LstmState<T>>& each) {
    std::vector<Tensor<T>> h, c;
    for (const LstmState<T>& state : each) h.push_back(state.h), c.push_back(state.c);
    return {stack(h, 0), stack(c, 0)};
}

// Sequences ---------------------------------------------------------------------------------------------------------------------------

/// One cell along the time axis of x: the outputs of all steps, and the state after the last one. LSTM and GRU have an operation for that.
template <class Cell, class T, class State>
std::pair<Tensor<T>, State> run(const Cell& cell, const Tensor<T>& x, State state, Index time, bool backwards) {
    const std::vector<Tensor<T>> projected = unstack(cell.project(x), time);
    std::vector<Tensor<T>> h(projected.size());
    for (std::size_t k = 0; k < h.size(); ++k) {
        const std::size_t t = backwards ? h.size() - 1 - k : k;
        state = cell.step(projected[t], state);
        h[t] = output_of(state);
    }
    return {stack(h, time), state};
}
template <class T>
std::pair<Tensor<T>, LstmState<T>> run(const BasicLSTMCell<T>& cell, const Tensor<T>& x, const LstmState<T>& state, Index time,
                                       bool backwards) {
    const auto y = autodiff::lstm_sequence(swap_axes(cell.project(x), 0, time), state.h, state.c, cell.weight_hh, backwards);
    return {swap_axes(y.h, 0, time), {autodiff::select(y.h, 0, backwards ? 0 : -1), y.c}};
}
template <class T>
std::pair<Tensor<T>, Tensor<T>> run(const BasicGRUCell<T>& cell, const Tensor<T>& x, const Tensor<T>& h, Index time, bool backwards) {
    const Tensor<T> bias = cell.has_bias() ? cell.bias_hh : Tensor<T>::zeros({cell.weight_hh.shape()[1]});
    const auto y = autodiff::gru_sequence(swap_axes(cell.project(x), 0, time), h, cell.weight_hh, bias, backwards);
    return {swap_axes(y, 0, time), autodiff::select(y, 0, backwards ? 0 : -1)};
}

}  // namespace

template <class Cell>
Recurrent<Cell>::Recurrent(Index in, Index hidden, RecurrentOptions chosen, std::uint64_t seed) : options(chosen) {
    if (std::min({in, hidden, chosen.layers}) < 1)
        throw autodiff::ValueError(Cell::name, "at least one input, one unit and one layer",
                                   fmt::format("{}, {} and {}", in, hidden, chosen.layers));
    Random random{seed};
    const auto cell = [&](Index inputs) {
        Cell made(inputs, hidden, chosen.bias, random());
        if constexpr (requires { made.nonlinearity; })
            made.nonlinearity = chosen.nonlinearity;
        else if (chosen.nonlinearity != Nonlinearity::tanh)
            throw autodiff::ValueError(Cell::name, "no nonlinearity, which is that of its gates", "relu");
        return made;
    };
    for (Index l = 0; l < chosen.layers; ++l) {
        const Index inputs = l == 0 ? in : chosen.bidirectional ? 2 * hidden : hidden;
        layers.push_back(cell(inputs));
        if (chosen.bidirectional) reverse.push_back(cell(inputs));
    }
    dropout = Dropout(chosen.dropout, random());
}

template <class Cell>
void Recurrent<Cell>::check(const Tensor<T>& x) const {
    if (layers.empty()) throw autodiff::ValueError(Cell::name, "at least one layer", "one without");
    const Index in = layers[0].inputs(), time = options.batch_first ? 1 : 0;
    if (x.rank() != 3 || x.shape()[2] != in || x.shape()[time] < 1)
        throw autodiff::ShapeError(Cell::name,
                                   fmt::format("x [{}, {}] with at least one step", options.batch_first ? "n, steps" : "steps, n", in),
                                   to_string(x.shape()));
}

template <class Cell>
Shape Recurrent<Cell>::state_shape(const Tensor<T>& x) const {
    return {static_cast<Index>(layers.size() + reverse.size()), x.shape()[options.batch_first ? 0 : 1], layers[0].hidden()};
}

template <class Cell>
auto Recurrent<Cell>::operator()(const Tensor<T>& x) const -> Result {
    check(x);
    State none;
    fill(none, Tensor<T>::zeros(state_shape(x)));
    return (*this)(x, none);
}

template <class Cell>
auto Recurrent<Cell>::operator()(const Tensor<T>& x, const State& initial) const -> Result {
    check(x);
    check_state(Cell::name, initial, state_shape(x));
    const Index time = options.batch_first ? 1 : 0;
    const std::vector<State> first = unstacked(initial);
    std::vector<State> last;
    Tensor<T> y = x;
    for (std::size_t l = 0; l < layers.size(); ++l) {
        const Tensor<T> below = l == 0 ? y : dropout(y);
        auto [forwards, state] = run(layers[l], below, first[last.size()], time, false);
        last.push_back(state);
        y = forwards;
        if (reverse.empty()) continue;
        auto [backwards, first_state] = run(reverse[l], below, first[last.size()], time, true);
        last.push_back(first_state);
        y = autodiff::concat({y, backwards}, -1);
    }
    return {y, stacked(last)};
}

template class Recurrent<BasicRNNCell<float>>;
template class Recurrent<BasicRNNCell<double>>;
template class Recurrent<BasicLSTMCell<float>>;
template class Recurrent<BasicLSTMCell<double>>;
template class Recurrent<BasicGRUCell<float>>;
template class Recurrent<BasicGRUCell<double>>;

}  // namespace v1
}  // namespace nn
