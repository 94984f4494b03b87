// SPDX-License-Identifier: MIT
/// What is done to every layer of a model: switching between training and evaluation, and taking over what a forward pass has left behind.
///
/// Some layers change while they compute: batch normalisation its running statistics, dropout its place in the stream of masks. A model
/// is a value, and `value_and_gradient` hands your function a copy, so this state changes in the copy and *comes back with the gradient*,
/// which has the model's own type. `optimizer.step(model, grads)` takes it over; without an optimizer call `nn::take_state(model, grads)`.
/// So the same call gives the same numbers however often it is made, and copies of a model never share anything that changes.
#pragma once

#include "autodiff/structure.hpp"

#include <typeindex>
#include <vector>

namespace nn {
inline namespace v1 {

namespace internal {

/// A struct whose members are worth looking at.
template <class X>
concept Walkable = std::is_class_v<X> && !std::is_empty_v<X> && !autodiff::ATensor<X> && !autodiff::AScalar<X> &&
                   !autodiff::internal::is_buffer<X> && !std::same_as<X, std::string>;
template <class X>
concept WalkableRange = autodiff::internal::Range<X> && Walkable<typename X::value_type>;

template <class X>
concept Switchable = requires(X& x) {
    x.training = true;
};
template <class X>
concept Stateful = requires(X& x, const X& from) {
    x.take_state(from);
};

/// Layers of one model in the order of the walk, to be paired with those of another.
struct LayerList {
    struct Entry {
        std::type_index type;
        const void* layer;
    };
    std::vector<Entry> entries;
    std::size_t next = 0;

    /// throws ValueError if the other model has another layer, or none, at this place
    const void* take(std::type_index type);
};

}  // namespace internal

/// f(layer) for the model itself and every struct inside it, outermost first: through members, `fields`, tuples and containers.
/// Tensors, numbers and types that say nothing about their members are passed by.
template <class X, class F>
void for_each_layer(X& x, F&& f) {
    using T = std::remove_const_t<X>;
    if constexpr (!internal::Walkable<T>) {
        return;
    } else if constexpr (autodiff::internal::Range<T>) {
        if constexpr (internal::WalkableRange<T>)
            for (auto& element : x) for_each_layer(element, f);
    } else if constexpr (autodiff::internal::TupleLike<T>) {
        std::apply([&f](auto&... element) { (for_each_layer(element, f), ...); }, x);
    } else if constexpr (autodiff::internal::SaysFields<T> || std::is_aggregate_v<T>) {
        f(x);
        autodiff::for_each_field(x, [&f](std::string_view, auto& member) { for_each_layer(member, f); });
    }
}

/// Dropout drops and normalisation uses the statistics of the batch; this is how layers are made.
template <class M>
void train(M& model) {
    for_each_layer(model, []<class L>(L& layer) {
        if constexpr (internal::Switchable<L>) layer.training = true;
    });
}
/// Dropout does nothing and normalisation uses its running statistics; nothing in the model changes when it is called.
template <class M>
void eval(M& model) {
    for_each_layer(model, []<class L>(L& layer) {
        if constexpr (internal::Switchable<L>) layer.training = false;
    });
}

/// The running statistics and places in random streams that `from` (a gradient, or another model of the same type) is further along with.
/// Taking over older state leaves the model as it is, so it does no harm to do it twice.
/// throws ValueError unless both have the same layers
template <class M>
void take_state(M& model, const M& from) {
    internal::LayerList list;
    for_each_layer(from, [&list]<class L>(const L& layer) {
        if constexpr (internal::Stateful<L>) list.entries.push_back({typeid(L), &layer});
    });
    for_each_layer(model, [&list]<class L>(L& layer) {
        if constexpr (internal::Stateful<L>) layer.take_state(*static_cast<const L*>(list.take(typeid(L))));
    });
}

}  // namespace v1
}  // namespace nn
