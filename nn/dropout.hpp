// SPDX-License-Identifier: MIT
/// Dropout: the mask is data, drawn from a generator that the layer carries. How its position comes back to the model: walk.hpp.
#pragma once

#include "nn/random.hpp"

#include <tuple>

namespace nn {
inline namespace v1 {

/// y = x mask / (1 - p), mask 1 with probability 1 - p        for all elements on their own
/// throws   ValueError unless 0 <= p < 1
/// source   Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov (2014), "Dropout"
template <class T>
[[nodiscard]] Tensor<T> dropout(const Tensor<T>& x, double p, Random& random);

/// The same as a layer: in training it draws a fresh mask each time it is called, in evaluation it returns x.
///
/// `random` is a documented mutable member: calling the layer moves it on, in training only. In `value_and_gradient` the copy's generator
/// moves and comes back with the gradient, where optimizer.step (or nn::take_state) finds it; so asking twice for the gradient of one
/// model gives one mask and one answer. A layer in training that two threads call at once is a race; give each its own copy.
class Dropout {
  public:
    /// Layers of one model want different seeds, or `nn::initialise`, else they drop the same positions.
    /// throws ValueError unless 0 <= p < 1
    explicit Dropout(double share, std::uint64_t seed = 0);
    Dropout() = default;

    template <class T>
    [[nodiscard]] Tensor<T> operator()(const Tensor<T>& x) const {
        return training ? dropout(x, p, random) : x;
    }

    template <class S>
    void initialise(const S&, Random& source) {
        random = source.split();
    }
    void take_state(const Dropout& from) {
        if (from.random.position() > random.position()) random = from.random;
    }

    double p = 0.5;  ///< the share that is dropped
    bool training = true;
    mutable Random random;

    static constexpr std::tuple<> fields{};
};

}  // namespace v1
}  // namespace nn
