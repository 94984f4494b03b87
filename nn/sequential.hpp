// SPDX-License-Identifier: MIT
/// Layers one after another. A plain struct says the same with names of your own; this is for when positions are names enough.
#pragma once

#include "autodiff/structure.hpp"

#include <tuple>

namespace nn {
inline namespace v1 {

/// y = last(...(second(first(x))))
///
///     nn::Sequential model{nn::Linear{784, 128}, nn::Relu{}, nn::Linear{128, 10}};
///
/// Parameters are named by position: "0.weight", "0.bias", "2.weight", "2.bias". `std::get<0>(model.layers)` is the first layer.
template <class... Layers>
class Sequential {
  public:
    Sequential() = default;
    explicit Sequential(Layers... each) requires(sizeof...(Layers) > 0) : layers(std::move(each)...) {}

    template <class X>
    [[nodiscard]] auto operator()(const X& x) const {
        return from<0>(x);
    }

    std::tuple<Layers...> layers;
    static constexpr auto fields = std::tuple{autodiff::field("", &Sequential::layers)};

  private:
    template <std::size_t I, class X>
    [[nodiscard]] auto from(const X& x) const {
        if constexpr (I == sizeof...(Layers))
            return x;
        else
            return from<I + 1>(std::get<I>(layers)(x));
    }
};

}  // namespace v1
}  // namespace nn
