// SPDX-License-Identifier: MIT
/// Steps downhill: SGD, Adam, AdamW, and clipping of gradients before a step.
///
///     nn::Adam optimizer{{.lr = 1e-3}};
///     auto [loss, grads] = autodiff::value_and_gradient(f, model);
///     optimizer.step(model, grads);
///
/// A gradient has the type of its model, so a step walks both structs side by side. Nothing accumulates in the model: there is nothing to
/// set to zero. A step changes parameters through autodiff::in_place, so copies of the model made before keep their values. It also takes
/// over the running statistics and random streams that the forward pass has left in the gradient (walk.hpp). How they step: optimizers.cpp.
#pragma once

#include "nn/parameters.hpp"
#include "nn/walk.hpp"

#include <cmath>
#include <deque>
#include <variant>

namespace nn {
inline namespace v1 {

/// A model, or a single tensor.
template <class M>
concept Trainable = autodiff::Structure<M> || autodiff::ADifferentiableTensor<M>;

namespace internal {

/// A parameter and its gradient, contiguous.
template <class T>
struct Part {
    std::string name;
    autodiff::Tensor<T>* parameter;
    autodiff::Tensor<T> gradient;
};
using AnyPart = std::variant<Part<float>, Part<double>>;

template <class M, class F>
void for_each_trainable(M& model, F&& f) {
    if constexpr (autodiff::ATensor<M>)
        f(std::string_view("tensor"), model);
    else
        autodiff::for_each_parameter(model, f);
}

/// Parameters and gradients of one step, paired and checked before anything changes.
class Pairs {
  public:
    template <class M>
    Pairs(std::string_view optimizer, M& model, const M& grads) {
        for_each_trainable(grads, [this]<class P>(std::string_view name, const P& g) {
            if constexpr (autodiff::AScalar<P>)
                parts.emplace_back(Part<double>{std::string(name), nullptr, autodiff::Tensor<double>(g.value())});
            else
                parts.emplace_back(Part<typename P::value_type>{std::string(name), nullptr, g.constant().contiguous()});
        });
        std::size_t next = 0;
        for_each_trainable(model, [&]<class P>(std::string_view name, P& x) {
            if (x.recorded()) throw_recorded(optimizer, name);
            if constexpr (autodiff::AScalar<P>) {
                scalars_.emplace_back(autodiff::Tensor<double>(x.value()), &x);
                pair(optimizer, next++, name, scalars_.back().first);
            } else {
                pair(optimizer, next++, name, x);
            }
        });
    }
    /// Scalars are stepped as tensors of rank 0; here they get their values.
    ~Pairs() {
        for (const auto& [stepped, scalar] : scalars_) *scalar = stepped.item();
    }
    Pairs(const Pairs&) = delete;
    Pairs& operator=(const Pairs&) = delete;

    std::vector<AnyPart> parts;

  private:
    template <class T>
    void pair(std::string_view optimizer, std::size_t i, std::string_view name, autodiff::Tensor<T>& x);
    [[noreturn]] static void throw_recorded(std::string_view optimizer, std::string_view name);
    std::deque<std::pair<autodiff::Tensor<double>, autodiff::Scalar*>> scalars_;
};

/// What an optimizer remembers of one parameter.
template <class T>
struct Slot {
    std::string name;
    autodiff::Shape shape;
    autodiff::Tensor<T> first, second;
};
using AnySlot = std::variant<Slot<float>, Slot<double>>;

}  // namespace internal

struct SgdOptions {
    double lr = 0.01;
    double momentum = 0;
    bool nesterov = false;
    double weight_decay = 0;  ///< lambda: adds lambda x to the gradient of every parameter, as a term lambda/2 |x|^2 of the loss would
};

/// v <- momentum v + g,  x <- x - lr v; with nesterov x <- x - lr (g + momentum v). The first v is g.
/// throws   ShapeError if a gradient does not fit its parameter, ValueError if the model is not the one of earlier steps, TapeError for
///          a recorded model; nothing has changed then
/// source   Sutskever, Martens, Dahl, Hinton (2013), "On the importance of initialization and momentum in deep learning"
class SGD {
  public:
    explicit SGD(SgdOptions chosen);
    SGD() : SGD(SgdOptions{}) {}
    template <Trainable M>
    void step(M& model, const M& grads) {
        internal::Pairs pairs("sgd", model, grads);
        advance(pairs.parts);
        take_state(model, grads);
    }
    SgdOptions options;  ///< may be changed between steps

  private:
    void advance(std::vector<internal::AnyPart>& parts);
    std::vector<internal::AnySlot> slots_;
};

struct AdamOptions {
    double lr = 1e-3;
    std::pair<double, double> betas{0.9, 0.999};
    double eps = 1e-8;
    double weight_decay = 0;
};

namespace internal {

/// m <- b1 m + (1 - b1) g,  v <- b2 v + (1 - b2) g^2,  x <- x - lr m' / (sqrt(v') + eps), primes: divided by 1 - b^steps
class AdamSteps {
  public:
    void advance(std::string_view optimizer, std::vector<AnyPart>& parts, const AdamOptions& options, bool decoupled);

  private:
    std::vector<AnySlot> slots_;
    Index steps_ = 0;
};

void check_options(std::string_view optimizer, const AdamOptions& options);

}  // namespace internal

/// Adam; a weight decay is part of the gradient, as a term lambda/2 |x|^2 of the loss would be.
/// throws   as SGD
/// source   Kingma and Ba (2015), "Adam: a method for stochastic optimization", algorithm 1
class Adam {
  public:
    explicit Adam(AdamOptions chosen) : options(chosen) { internal::check_options("adam", options); }
    Adam() = default;
    template <Trainable M>
    void step(M& model, const M& grads) {
        internal::Pairs pairs("adam", model, grads);
        steps_.advance("adam", pairs.parts, options, false);
        take_state(model, grads);
    }
    AdamOptions options;  ///< may be changed between steps

  private:
    internal::AdamSteps steps_;
};

/// Adam whose weight decay bypasses the moments: x <- (1 - lr lambda) x first.
/// source   Loshchilov and Hutter (2019), "Decoupled weight decay regularization", algorithm 2
class AdamW {
  public:
    explicit AdamW(AdamOptions chosen) : options(chosen) { internal::check_options("adamw", options); }
    AdamW() = default;
    template <Trainable M>
    void step(M& model, const M& grads) {
        internal::Pairs pairs("adamw", model, grads);
        steps_.advance("adamw", pairs.parts, options, true);
        take_state(model, grads);
    }
    AdamOptions options{.weight_decay = 0.01};  ///< may be changed between steps

  private:
    internal::AdamSteps steps_;
};

namespace internal {

template <class T>
double sum_of_squares(const autodiff::Tensor<T>& x);
template <class T>
void scale(autodiff::Tensor<T>& x, double factor);
template <class T>
void clip(autodiff::Tensor<T>& x, double bound);
void check_bound(std::string_view operation, double bound);

}  // namespace internal

/// The Euclidean norm of all gradients as one vector. If it exceeds `bound`, all are scaled so that it is `bound`; a norm that is infinite
/// or NaN is returned too, and changes nothing.        throws: ValueError unless bound > 0
template <Trainable M>
double clip_gradient_norm(M& grads, double bound) {
    internal::check_bound("clip_gradient_norm", bound);
    double squares = 0;
    internal::for_each_trainable(grads, [&squares]<class P>(std::string_view, P& g) {
        if constexpr (autodiff::AScalar<P>)
            squares += g.value() * g.value();
        else
            squares += internal::sum_of_squares(g);
    });
    const double norm = std::sqrt(squares);
    if (!(norm > bound) || norm - norm != 0) return norm;
    internal::for_each_trainable(grads, [factor = bound / norm]<class P>(std::string_view, P& g) {
        if constexpr (autodiff::AScalar<P>)
            g = g.value() * factor;
        else
            internal::scale(g, factor);
    });
    return norm;
}

/// Every element of the gradients into [-bound, bound]; NaN stays.        throws: ValueError unless bound > 0
template <Trainable M>
void clip_gradient_value(M& grads, double bound) {
    internal::check_bound("clip_gradient_value", bound);
    internal::for_each_trainable(grads, [bound]<class P>(std::string_view, P& g) {
        if constexpr (autodiff::AScalar<P>)
            g = g.value() > bound ? bound : g.value() < -bound ? -bound : g.value();
        else
            internal::clip(g, bound);
    });
}

}  // namespace v1
}  // namespace nn
