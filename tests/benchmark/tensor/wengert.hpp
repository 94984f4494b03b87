// SPDX-License-Identifier: MIT
/// What the two files of our side share: data as tensors, and a function whose value and gradient are the problem.
#pragma once

#include "data.hpp"
#include "side.hpp"

#include <autodiff/gradient.hpp>
#include <autodiff/ops/arithmetic.hpp>
#include <autodiff/ops/layout.hpp>
#include <autodiff/ops/matmul.hpp>
#include <autodiff/ops/reduce.hpp>

#include <functional>
#include <tuple>

namespace benchmark {

using autodiff::Index, autodiff::Tensor;

inline Tensor<float> drawn(std::uint64_t stream, const autodiff::Shape& shape, double low, double high) {
    return Tensor<float>(shape, draw(stream, static_cast<std::size_t>(shape.size()), low, high));
}

/// All numbers of a tensor, a model, or a tuple of them.
template <class X>
void append_values(const X& x, std::vector<float>& values) {
    if constexpr (autodiff::ATensor<X>) {
        const auto own = x.contiguous();
        values.insert(values.end(), own.data().begin(), own.data().end());
    } else if constexpr (autodiff::Structure<X>) {
        autodiff::for_each_parameter(x, [&values](std::string_view, const Tensor<float>& each) { append_values(each, values); });
    } else {
        std::apply([&values](const auto&... each) { (append_values(each, values), ...); }, x);
    }
}
template <class X>
std::vector<float> values_of(const X& x) {
    std::vector<float> values;
    append_values(x, values);
    return values;
}

/// f at x, forward and backward.
template <class F, class... X>
class Differentiated final : public Problem {
  public:
    explicit Differentiated(F f, X... x) : f_(std::move(f)), x_(std::move(x)...) {}
    void step() override {
        std::apply([this](const X&... x) { std::tie(loss_, gradient_) = autodiff::value_and_gradient(f_, x...); }, x_);
    }
    [[nodiscard]] double loss() const override { return static_cast<double>(loss_); }
    [[nodiscard]] std::vector<float> result() const override { return values_of(gradient_); }

  private:
    F f_;
    std::tuple<X...> x_;
    float loss_ = 0;
    decltype(autodiff::gradient(std::declval<const F&>(), std::declval<const X&>()...)) gradient_ = {};
};
template <class F, class... X>
std::unique_ptr<Problem> differentiated(F f, X... x) {
    return std::make_unique<Differentiated<F, X...>>(std::move(f), std::move(x)...);
}

/// Operations one by one, for a request like "exp forward 1000".
std::unique_ptr<Problem> make_operation(const Words& request);
/// A task several times at once, for a request like "tapes 2 16 chain"; `make` makes the task.
std::unique_ptr<Problem> make_several(const Words& request, const std::function<std::unique_ptr<Problem>(const Words&)>& make);

}  // namespace benchmark
