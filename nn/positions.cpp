// SPDX-License-Identifier: MIT
#include "nn/positions.hpp"

#include "autodiff/ops/arithmetic.hpp"
#include "autodiff/ops/layout.hpp"
#include "autodiff/ops/split.hpp"

#include <fmt/format.h>

namespace nn {
inline namespace v1 {

namespace {

/// y[t, k] = f(k, angle of pair k / columns_a_pair at position t); the angle of pair i is t base^(-2i/width).
template <class T, class F>
Tensor<T> of_angles(Index length, Index width, double base, Index columns_a_pair, const F& f) {
    const Index columns = width * columns_a_pair / 2;
    Tensor<T> table = Tensor<T>::uninitialised({length, columns});
    T* out = table.fill_data();
    for (Index t = 0; t < length; ++t)
        for (Index k = 0; k < columns; ++k) {
            const double exponent = -2 * static_cast<double>(k / columns_a_pair) / static_cast<double>(width);
            *out++ = static_cast<T>(f(k, static_cast<double>(t) * std::pow(base, exponent)));
        }
    return table;
}

/// The rows of a table that belong to the tokens of x.
template <class T>
Tensor<T> rows_for(std::string_view name, const Tensor<T>& table, const Tensor<T>& x, Index width, Index first) {
    const Index length = table.shape()[0], tokens = x.rank() < 2 ? 0 : x.shape()[-2];
    if (x.rank() < 2 || x.shape()[-1] != width || first < 0 || first > length || tokens > length - first)
        throw autodiff::ShapeError(name, fmt::format("[.., tokens, {}] with positions below {}", width, length),
                                   fmt::format("{} from position {} on", to_string(x.shape()), first));
    return slice(table, {{first, first + tokens}});
}

}  // namespace

template <class T>
Tensor<T> sinusoidal_positions(Index length, Index width, double base) {
    if (length < 0 || width < 1 || !(base > 0))
        throw autodiff::ValueError("sinusoidal_positions", "a length of at least 0, a width of at least 1, a positive base",
                                   fmt::format("{}, {} and {}", length, width, base));
    return of_angles<T>(length, width, base, 2, [](Index k, double angle) { return k % 2 == 0 ? std::sin(angle) : std::cos(angle); });
}
template Tensor<float> sinusoidal_positions(Index, Index, double);
template Tensor<double> sinusoidal_positions(Index, Index, double);

template <class T>
Tensor<T> BasicSinusoidalPositions<T>::operator()(const Tensor<T>& x, Index first) const {
    return x + rows_for("sinusoidal_positions", table, x, table.shape()[-1], first);
}

template <class T>
BasicLearnedPositions<T>::BasicLearnedPositions(Index length, Index width, std::uint64_t seed) {
    if (length < 1 || width < 1)
        throw autodiff::ValueError("learned_positions", "at least one position and a width of 1", fmt::format("{} and {}", length, width));
    weight = Random{seed}.normal_tensor<T>({length, width}, 0, 0.02);
}

template <class T>
Tensor<T> BasicLearnedPositions<T>::operator()(const Tensor<T>& x, Index first) const {
    return x + rows_for("learned_positions", weight, x, weight.shape()[-1], first);
}

template <class T>
BasicRotaryPositions<T>::BasicRotaryPositions(Index length, Index width, RotaryOptions options) : pairs(options.pairs) {
    if (length < 0 || width < 2 || width % 2 != 0 || !(options.base > 0))
        throw autodiff::ValueError("rotary_positions", "a length of at least 0, an even width of at least 2, a positive base",
                                   fmt::format("{}, {} and {}", length, width, options.base));
    cosines = of_angles<T>(length, width, options.base, 1, [](Index, double angle) { return std::cos(angle); });
    sines = of_angles<T>(length, width, options.base, 1, [](Index, double angle) { return std::sin(angle); });
}

template <class T>
Tensor<T> BasicRotaryPositions<T>::operator()(const Tensor<T>& x, Index first) const {
    const Index half = cosines.shape()[-1];
    const Tensor<T> c = rows_for("rotary_positions", cosines, x, 2 * half, first), s = slice(sines, {{first, first + x.shape()[-2]}});
    // The axis of the features as two, of which one is that of the pair.
    std::vector<Index> apart(x.shape().begin(), x.shape().end() - 1);
    const bool neighbours = pairs == RotaryPairs::neighbours;
    for (const Index extent : {neighbours ? half : 2, neighbours ? 2 : half}) apart.push_back(extent);
    const Index axis = neighbours ? -1 : -2;
    const std::vector<Tensor<T>> pair = unstack(reshape(x, Shape(apart)), axis);
    return reshape(autodiff::stack({pair[0] * c - pair[1] * s, pair[0] * s + pair[1] * c}, axis), x.shape());
}

template class BasicSinusoidalPositions<float>;
template class BasicSinusoidalPositions<double>;
template class BasicLearnedPositions<float>;
template class BasicLearnedPositions<double>;
template class BasicRotaryPositions<float>;
template class BasicRotaryPositions<double>;

}  // namespace v1
}  // namespace nn
