// SPDX-License-Identifier: MIT
// Single operations of libtorch; see wengert_operations.cpp. Values alone are computed in inference mode.
#include "libtorch.hpp"

namespace benchmark {
namespace {

using Function = std::function<Tensor(const std::vector<Tensor>&)>;

class Computed final : public Problem {
  public:
    Computed(Function f, std::vector<Tensor> x) : f_(std::move(f)), x_(std::move(x)) {}
    void step() override {
        const c10::InferenceMode inference;
        y_ = f_(x_);
    }
    [[nodiscard]] double loss() const override { return 0; }
    [[nodiscard]] std::vector<float> result() const override {
        const c10::InferenceMode inference;
        return values_of({y_});
    }

  private:
    Function f_;
    std::vector<Tensor> x_;
    Tensor y_;
};

/// Values, or the gradient of their sum, with weights if there are some, with respect to every x.
std::unique_ptr<Problem> problem(const Words& request, Function f, std::vector<Tensor> x, const Tensor& weights = {}) {
    if (request[1] == "forward") return std::make_unique<Computed>(f, x);
    for (Tensor& each : x) each.requires_grad_();
    return std::make_unique<Differentiated>([=] { return weights.defined() ? (f(x) * weights).sum() : f(x).sum(); }, x);
}

std::unique_ptr<Problem> row_problem(const Words& request, Function f, bool reduces = false) {
    const int64_t rows = number(request, 2), width = number(request, 3);
    const Tensor weights = reduces ? drawn(stream::other, {rows}, 0, 1) : drawn(stream::other, {rows, width}, 0, 1);
    return problem(request, std::move(f), {drawn(stream::input, {rows, width}, -1, 3)}, weights);
}

std::unique_ptr<Problem> matrix_product(const Words& request) {
    const int64_t m = number(request, 2), n = number(request, 3), k = number(request, 4), batch = number(request, 5);
    const std::vector<int64_t> a = batch > 0 ? std::vector{batch, m, k} : std::vector{m, k};
    const std::vector<int64_t> b = batch > 0 ? std::vector{batch, k, n} : std::vector{k, n};
    return problem(request,
                   batch > 0 ? [](const std::vector<Tensor>& x) { return torch::bmm(x[0], x[1]); }
                             : [](const std::vector<Tensor>& x) { return torch::mm(x[0], x[1]); },
                   {drawn(stream::input, a, 0, 1), drawn(stream::parameter, b, 0, 1)});
}

std::unique_ptr<Problem> convolution(const std::string& what) {
    const Tensor x = drawn(stream::input, {8, 64, 56, 56}, 0, 1), w = drawn(stream::parameter, {64, 64, 3, 3}, -0.1, 0.1);
    const Tensor ybar = drawn(stream::other, {8, 64, 56, 56}, 0, 1);
    if (what == "forward")
        return std::make_unique<Computed>([=](const std::vector<Tensor>& y) { return torch::conv2d(y[0], w, {}, 1, 1); }, std::vector{x});
    const bool dx = what == "dx";
    return std::make_unique<Computed>(
        [=](const std::vector<Tensor>& y) {
            const auto parts =
                at::convolution_backward(y[0], x, w, c10::nullopt, {1, 1}, {1, 1}, {1, 1}, false, {0, 0}, 1, {dx, !dx, false});
            return dx ? std::get<0>(parts) : std::get<1>(parts);
        },
        std::vector{ybar});
}

class AdamStep final : public Problem {
  public:
    AdamStep() {
        std::uint64_t number = stream::parameter;
        const std::vector<std::vector<int64_t>> shapes{{extent::pixels, 256}, {256}, {256, 128}, {128}, {128, 10}, {10}};
        for (const std::vector<int64_t>& shape : shapes) {
            parameters_.push_back(torch::zeros(shape, torch::requires_grad()));
            parameters_.back().mutable_grad() = drawn(number++, shape, -1, 1);
        }
    }
    void restart() override {
        const torch::NoGradGuard no_grad;
        for (Tensor& each : parameters_) each.zero_();
        optimizer_ = std::make_unique<torch::optim::Adam>(parameters_, torch::optim::AdamOptions(extent::adam_rate));
    }
    void step() override { optimizer_->step(); }
    [[nodiscard]] bool trains() const override { return true; }
    [[nodiscard]] double loss() const override { return 0; }
    [[nodiscard]] std::vector<float> result() const override { return values_of(parameters_); }

  private:
    std::vector<Tensor> parameters_;
    std::unique_ptr<torch::optim::Adam> optimizer_;
};

}  // namespace

std::unique_ptr<Problem> make_operation(const Words& request) {
    using In = std::vector<Tensor>;
    const std::string& operation = request[0];
    if (operation == "matmul") return matrix_product(request);
    if (operation == "conv2d") return convolution(request[1]);
    if (operation == "adam") return std::make_unique<AdamStep>();
    if (operation == "softmax") return row_problem(request, [](const In& x) { return torch::softmax(x[0], -1); });
    if (operation == "logsumexp")
        return row_problem(
            request, [](const In& x) { return torch::logsumexp(x[0], -1); }, true);
    if (operation == "layer_norm") {
        const int64_t width = number(request, 3);
        const Tensor weight = torch::ones({width}), bias = torch::zeros({width});
        return row_problem(request, [=](const In& x) { return torch::layer_norm(x[0], {width}, weight, bias); });
    }
    if (operation == "max_pool")
        return problem(request, [](const In& x) { return torch::max_pool2d(x[0], 2); }, {drawn(stream::input, {64, 16, 28, 28}, -1, 3)});
    const int64_t n = number(request, 2);
    const In x{drawn(stream::input, {n}, operation == "log" ? 0.01 : -1, 3)}, two{x[0], drawn(stream::other, {n}, -1, 3)};
    if (operation == "add")
        return problem(
            request, [](const In& each) { return each[0] + each[1]; }, two);
    if (operation == "mul")
        return problem(
            request, [](const In& each) { return each[0] * each[1]; }, two);
    if (operation == "exp")
        return problem(
            request, [](const In& each) { return torch::exp(each[0]); }, x);
    if (operation == "log")
        return problem(
            request, [](const In& each) { return torch::log(each[0]); }, x);
    if (operation == "tanh")
        return problem(
            request, [](const In& each) { return torch::tanh(each[0]); }, x);
    if (operation == "sigmoid")
        return problem(
            request, [](const In& each) { return torch::sigmoid(each[0]); }, x);
    if (operation == "erf")
        return problem(
            request, [](const In& each) { return torch::erf(each[0]); }, x);
    if (operation == "softplus")
        return problem(
            request, [](const In& each) { return torch::softplus(each[0]); }, x);
    if (operation == "relu")
        return problem(
            request, [](const In& each) { return torch::relu(each[0]); }, x);
    if (operation == "gelu")
        return problem(
            request, [](const In& each) { return torch::gelu(each[0]); }, x);
    if (operation == "sum")
        return problem(
            request, [](const In& each) { return each[0].sum(); }, x);
    return {};
}

}  // namespace benchmark
