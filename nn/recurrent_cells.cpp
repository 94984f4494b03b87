// SPDX-License-Identifier: MIT
#include "nn/recurrent_cells.hpp"

#include "autodiff/ops/arithmetic.hpp"
#include "nn/linear.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace nn {
inline namespace v1 {

// The parameters ----------------------------------------------------------------------------------------------------------------------

template <class T, Index gates>
RecurrentWeights<T, gates>::RecurrentWeights(std::string_view name, Index in, Index hidden, bool with_bias, std::uint64_t seed) {
    if (in < 1 || hidden < 1) throw autodiff::ValueError(name, "at least one input and one unit", fmt::format("{} and {}", in, hidden));
    Random random{seed};
    const double bound = 1 / std::sqrt(static_cast<double>(hidden));
    weight_ih = random.uniform_tensor<T>({in, gates * hidden}, -bound, bound);
    weight_hh = random.uniform_tensor<T>({hidden, gates * hidden}, -bound, bound);
    if (!with_bias) return;
    bias_ih = random.uniform_tensor<T>({gates * hidden}, -bound, bound);
    bias_hh = random.uniform_tensor<T>({gates * hidden}, -bound, bound);
}

template <class T, Index gates>
void RecurrentWeights<T, gates>::check_step(std::string_view name, const Tensor<T>& x,
                                            std::initializer_list<const Tensor<T>*> state) const {
    if (x.rank() != 2 || x.shape()[1] != inputs())
        throw autodiff::ShapeError(name, fmt::format("x [n, {}] in a step", inputs()), to_string(x.shape()));
    for (const Tensor<T>* h : state)
        if (h->shape() != Shape{x.shape()[0], hidden()})
            throw autodiff::ShapeError(name,
                                       fmt::format("a state {} for x {}", to_string(Shape{x.shape()[0], hidden()}), to_string(x.shape())),
                                       to_string(h->shape()));
}

template <class T, Index gates>
Tensor<T> RecurrentWeights<T, gates>::no_state(std::string_view name, const Tensor<T>& x) const {
    check_step(name, x, {});
    return Tensor<T>::zeros({x.shape()[0], hidden()});
}

// RNN ---------------------------------------------------------------------------------------------------------------------------------

template <class T>
BasicRNNCell<T>::BasicRNNCell(Index in, Index hidden, bool with_bias, std::uint64_t seed, Nonlinearity f)
    : RecurrentWeights<T, 1>(name, in, hidden, with_bias, seed), nonlinearity(f) {}

template <class T>
Tensor<T> BasicRNNCell<T>::operator()(const Tensor<T>& x, const State& h) const {
    this->check_step(name, x, {&h});
    return step(project(x), h);
}
template <class T>
Tensor<T> BasicRNNCell<T>::operator()(const Tensor<T>& x) const {
    return (*this)(x, this->no_state(name, x));
}
template <class T>
Tensor<T> BasicRNNCell<T>::project(const Tensor<T>& x) const {
    return linear(x, this->weight_ih, this->bias_ih + this->bias_hh);
}
template <class T>
Tensor<T> BasicRNNCell<T>::step(const Tensor<T>& projected, const State& h) const {
    const Tensor<T> z = projected + linear(h, this->weight_hh);
    return nonlinearity == Nonlinearity::tanh ? tanh(z) : relu(z);
}

// LSTM --------------------------------------------------------------------------------------------------------------------------------

template <class T>
BasicLSTMCell<T>::BasicLSTMCell(Index in, Index hidden, bool with_bias, std::uint64_t seed)
    : RecurrentWeights<T, 4>(name, in, hidden, with_bias, seed) {}

template <class T>
LstmState<T> BasicLSTMCell<T>::operator()(const Tensor<T>& x, const State& state) const {
    this->check_step(name, x, {&state.h, &state.c});
    return step(project(x), state);
}
template <class T>
LstmState<T> BasicLSTMCell<T>::operator()(const Tensor<T>& x) const {
    const Tensor<T> zero = this->no_state(name, x);
    return (*this)(x, State{zero, zero});
}
template <class T>
Tensor<T> BasicLSTMCell<T>::project(const Tensor<T>& x) const {
    return linear(x, this->weight_ih, this->bias_ih + this->bias_hh);
}
template <class T>
LstmState<T> BasicLSTMCell<T>::step(const Tensor<T>& projected, const State& state) const {
    return lstm_gates(projected + linear(state.h, this->weight_hh), state.c);
}

// GRU ---------------------------------------------------------------------------------------------------------------------------------

template <class T>
BasicGRUCell<T>::BasicGRUCell(Index in, Index hidden, bool with_bias, std::uint64_t seed)
    : RecurrentWeights<T, 3>(name, in, hidden, with_bias, seed) {}

template <class T>
Tensor<T> BasicGRUCell<T>::operator()(const Tensor<T>& x, const State& h) const {
    this->check_step(name, x, {&h});
    return step(project(x), h);
}
template <class T>
Tensor<T> BasicGRUCell<T>::operator()(const Tensor<T>& x) const {
    return (*this)(x, this->no_state(name, x));
}
template <class T>
Tensor<T> BasicGRUCell<T>::project(const Tensor<T>& x) const {
    return linear(x, this->weight_ih, this->bias_ih);
}
template <class T>
Tensor<T> BasicGRUCell<T>::step(const Tensor<T>& projected, const State& h) const {
    return gru_gates(projected, linear(h, this->weight_hh, this->bias_hh), h);
}

#define WENGERT_INSTANTIATE(T)                                                                                                             \
    template class RecurrentWeights<T, 1>;                                                                                                 \
    template class RecurrentWeights<T, 3>;                                                                                                 \
    template class RecurrentWeights<T, 4>;                                                                                                 \
    template class BasicRNNCell<T>;                                                                                                        \
    template class BasicLSTMCell<T>;                                                                                                       \
    template class BasicGRUCell<T>;
WENGERT_INSTANTIATE(float)
WENGERT_INSTANTIATE(double)
#undef WENGERT_INSTANTIATE

}  // namespace v1
}  // namespace nn
