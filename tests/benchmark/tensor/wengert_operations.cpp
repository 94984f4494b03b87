// SPDX-License-Identifier: MIT
// Single operations of this library. "forward" computes values of plain tensors, "gradient" the value and the gradient of their sum.
#include "wengert.hpp"

#include <autodiff/ops/conv.hpp>
#include <nn/activations.hpp>
#include <nn/layer_norm.hpp>
#include <nn/linear.hpp>
#include <nn/optimizers.hpp>

namespace benchmark {
namespace {

using autodiff::Shape;

template <class F, class... X>
class Computed final : public Problem {
  public:
    explicit Computed(F f, X... x) : f_(std::move(f)), x_(std::move(x)...) {}
    void step() override { y_ = std::apply(f_, x_); }
    [[nodiscard]] double loss() const override { return 0; }
    [[nodiscard]] std::vector<float> result() const override { return values_of(y_); }

  private:
    F f_;
    std::tuple<X...> x_;
    Tensor<float> y_;
};
template <class F, class... X>
std::unique_ptr<Problem> computed(F f, X... x) {
    return std::make_unique<Computed<F, X...>>(std::move(f), std::move(x)...);
}

/// Values, or the gradient of their sum with respect to every x.
template <class F, class... X>
std::unique_ptr<Problem> elementwise_problem(const Words& request, F f, X... x) {
    if (request[1] == "forward") return computed(f, std::move(x)...);
    return differentiated([f](const X&... each) { return sum(f(each...)); }, std::move(x)...);
}
/// The same for functions of rows whose sum is constant: their sum with weights.
template <class F>
std::unique_ptr<Problem> row_problem(const Words& request, F f, bool reduces = false) {
    const Index rows = number(request, 2), width = number(request, 3);
    const auto x = drawn(stream::input, {rows, width}, -1, 3);
    if (request[1] == "forward") return computed(f, x);
    const auto weights = drawn(stream::other, reduces ? Shape{rows} : Shape{rows, width}, 0, 1);
    return differentiated([f, weights](const Tensor<float>& each) { return sum(f(each) * weights); }, x);
}

std::unique_ptr<Problem> matrix_product(const Words& request) {
    const Index m = number(request, 2), n = number(request, 3), k = number(request, 4), batch = number(request, 5);
    const auto a = batch > 0 ? Shape{batch, m, k} : Shape{m, k}, b = batch > 0 ? Shape{batch, k, n} : Shape{k, n};
    return elementwise_problem(
        request, [](const Tensor<float>& x, const Tensor<float>& y) { return matmul(x, y); }, drawn(stream::input, a, 0, 1),
        drawn(stream::parameter, b, 0, 1));
}

/// 64 -> 64 channels, 3x3, 56x56 pixels, 8 images.
std::unique_ptr<Problem> convolution(const std::string& what) {
    const autodiff::Conv2dGeometry padded{.padding = {1, 1}};
    const Shape image{8, 64, 56, 56}, kernel{64, 64, 3, 3};
    const auto x = drawn(stream::input, image, 0, 1), w = drawn(stream::parameter, kernel, -0.1, 0.1);
    const auto ybar = drawn(stream::other, image, 0, 1);
    if (what == "forward") return computed([=](const Tensor<float>& each) { return conv2d(each, w, padded); }, x);
    if (what == "dx") return computed([=](const Tensor<float>& each) { return conv2d_input(each, w, image, padded); }, ybar);
    return computed([=](const Tensor<float>& each) { return conv2d_weight(x, each, kernel, padded); }, ybar);
}

/// One step for the parameters of the MLP, 235,146 of them, with the same gradient every time.
class AdamStep final : public Problem {
  public:
    struct Model {
        nn::Linear first{extent::pixels, 256}, second{256, 128}, output{128, 10};
    };
    AdamStep() {
        std::uint64_t number = stream::parameter;
        autodiff::for_each_parameter(gradient_, [&number](std::string_view, Tensor<float>& g) { g = drawn(number++, g.shape(), -1, 1); });
    }
    void restart() override { model_ = start_, optimizer_ = fresh_; }
    void step() override { optimizer_.step(model_, gradient_); }
    [[nodiscard]] bool trains() const override { return true; }
    [[nodiscard]] double loss() const override { return 0; }
    [[nodiscard]] std::vector<float> result() const override { return values_of(model_); }

  private:
    Model start_, model_, gradient_;
    nn::Adam fresh_{{.lr = extent::adam_rate}}, optimizer_ = fresh_;
};

}  // namespace

std::unique_ptr<Problem> make_operation(const Words& request) {
    const std::string& operation = request[0];
    if (operation == "matmul") return matrix_product(request);
    if (operation == "conv2d") return convolution(request[1]);
    if (operation == "adam") return std::make_unique<AdamStep>();
    if (operation == "softmax") return row_problem(request, [](const auto& x) { return softmax(x); });
    if (operation == "logsumexp")
        return row_problem(
            request, [](const auto& x) { return logsumexp(x, -1); }, true);
    if (operation == "layer_norm") return row_problem(request, nn::LayerNorm{number(request, 3)});
    if (operation == "max_pool")
        return elementwise_problem(
            request, [](const auto& x) { return max_pool2d(x, {}); }, drawn(stream::input, {64, 16, 28, 28}, -1, 3));
    const Index n = number(request, 2);
    const auto x = drawn(stream::input, {n}, operation == "log" ? 0.01 : -1, 3), other = drawn(stream::other, {n}, -1, 3);
    if (operation == "add")
        return elementwise_problem(
            request, [](const auto& a, const auto& b) { return a + b; }, x, other);
    if (operation == "mul")
        return elementwise_problem(
            request, [](const auto& a, const auto& b) { return a * b; }, x, other);
    if (operation == "exp")
        return elementwise_problem(
            request, [](const auto& a) { return exp(a); }, x);
    if (operation == "log")
        return elementwise_problem(
            request, [](const auto& a) { return log(a); }, x);
    if (operation == "tanh")
        return elementwise_problem(
            request, [](const auto& a) { return tanh(a); }, x);
    if (operation == "sigmoid")
        return elementwise_problem(
            request, [](const auto& a) { return sigmoid(a); }, x);
    if (operation == "erf")
        return elementwise_problem(
            request, [](const auto& a) { return erf(a); }, x);
    if (operation == "softplus")
        return elementwise_problem(
            request, [](const auto& a) { return softplus(a); }, x);
    if (operation == "relu")
        return elementwise_problem(
            request, [](const auto& a) { return relu(a); }, x);
    if (operation == "gelu")
        return elementwise_problem(
            request, [](const auto& a) { return nn::gelu(a); }, x);
    if (operation == "sum") return computed([](const auto& a) { return sum(a); }, x);
    return {};
}

}  // namespace benchmark
