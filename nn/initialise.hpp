// SPDX-License-Identifier: MIT
/// Where training starts: schemes that draw the weights of a layer from its fans, and `initialise`, which walks a model with one of them.
///
///     nn::Random rng{7};
///     nn::initialise(model, nn::kaiming_uniform{}, rng);
///
/// A scheme is anything with a member draw<T>(fans, shape, rng) that returns a tensor. Layers know their fans and which of their
/// parameters are weights; biases become 0, scales of normalisations 1. Draws follow the order of declaration, so one seed gives one model.
#pragma once

#include "nn/random.hpp"
#include "nn/walk.hpp"

#include <cmath>

namespace nn {
inline namespace v1 {

/// How many inputs an output of a layer sees, and how many outputs an input reaches.
struct Fans {
    Index in = 1, out = 1;
};

/// Of a weight [in, out]; of a kernel [out, in / groups, kh, kw], where each position of the window counts.
[[nodiscard]] Fans dense_fans(const Shape& shape);
[[nodiscard]] Fans kernel_fans(const Shape& shape);

enum class Fan : std::uint8_t { in, out };

/// uniform in [-b, b], b = sqrt(6 / ((1 + slope^2) fan)): keeps the variance through layers of relu, or leaky_relu of that slope
/// source   He, Zhang, Ren, Sun (2015), "Delving deep into rectifiers", equations 10 and 15
struct kaiming_uniform {
    double slope = 0;
    Fan fan = Fan::in;
    template <class T>
    Tensor<T> draw(const Fans& fans, const Shape& shape, Random& random) const;
};
/// normal, variance 2 / ((1 + slope^2) fan)
struct kaiming_normal {
    double slope = 0;
    Fan fan = Fan::in;
    template <class T>
    Tensor<T> draw(const Fans& fans, const Shape& shape, Random& random) const;
};
/// uniform in [-b, b], b = gain sqrt(6 / (in + out)): keeps the variance forwards and of the gradient, for tanh and the like
/// source   Glorot and Bengio (2010), "Understanding the difficulty of training deep feedforward neural networks", equation 16
struct xavier_uniform {
    double gain = 1;
    template <class T>
    Tensor<T> draw(const Fans& fans, const Shape& shape, Random& random) const;
};
/// normal, variance 2 gain^2 / (in + out)
struct xavier_normal {
    double gain = 1;
    template <class T>
    Tensor<T> draw(const Fans& fans, const Shape& shape, Random& random) const;
};
struct uniform {
    double low = -0.1, high = 0.1;
    template <class T>
    Tensor<T> draw(const Fans& fans, const Shape& shape, Random& random) const;
};
struct normal {
    double mean = 0, deviation = 0.01;
    template <class T>
    Tensor<T> draw(const Fans& fans, const Shape& shape, Random& random) const;
};
struct constant {
    double value = 0;
    template <class T>
    Tensor<T> draw(const Fans& fans, const Shape& shape, Random& random) const;
};
struct zeros : constant {};

/// Anything with `draw<T>(fans, shape, random)`.
template <class S>
concept Scheme = requires(const S& scheme, Random& random) {
    { scheme.template draw<float>(Fans{}, Shape{}, random) } -> std::same_as<Tensor<float>>;
};

/// Every weight of the model anew. A layer does it through its own `initialise(scheme, random)`; a tensor that stands in a struct of yours
/// is taken as a weight [in, out] if it has two axes, as a kernel [out, in, ...] if it has more, and becomes 0 if it has fewer.
/// Scalars stay.
template <class M, Scheme S>
void initialise(M& model, const S& scheme, Random& random) {
    using namespace autodiff::internal;
    if constexpr (autodiff::ADifferentiableTensor<M>) {
        using T = typename M::value_type;
        if (model.rank() < 2)
            model = M::zeros(model.shape());
        else
            model =
                scheme.template draw<T>(model.rank() == 2 ? dense_fans(model.shape()) : kernel_fans(model.shape()), model.shape(), random);
    } else if constexpr (requires { model.initialise(scheme, random); }) {
        model.initialise(scheme, random);
    } else if constexpr (internal::Walkable<M>) {
        if constexpr (internal::WalkableRange<M> || (Range<M> && has_parameters<M>()))
            for (auto& element : model) nn::initialise(element, scheme, random);
        else if constexpr (TupleLike<M>)
            std::apply([&](auto&... element) { (nn::initialise(element, scheme, random), ...); }, model);
        else if constexpr (SaysFields<M> || std::is_aggregate_v<M>)
            autodiff::for_each_field(model, [&](std::string_view, auto& member) { nn::initialise(member, scheme, random); });
    }
}
/// The same with any generator of random bits (std::mt19937_64, ...), from which the seed is drawn.
template <class M, Scheme S, class Generator>
requires(!std::same_as<Generator, Random> && requires(Generator & g) {
    { g() } -> std::unsigned_integral;
}) void initialise(M& model, const S& scheme, Generator& generator) {
    const std::uint64_t high = generator(), low = generator();
    Random random{(high << 32) ^ low};
    initialise(model, scheme, random);
}

}  // namespace v1
}  // namespace nn
