// SPDX-License-Identifier: MIT
// This library, as its README says it is used. Operations one by one: wengert_operations.cpp.
#include "wengert.hpp"

#include "data.hpp"

#include <autodiff/elementwise.hpp>
#include <autodiff/kernels/instruction_set.hpp>
#include <autodiff/kernels/threads.hpp>
#include <nn/conv.hpp>
#include <nn/linear.hpp>
#include <nn/losses.hpp>
#include <nn/optimizers.hpp>
#include <nn/pool.hpp>
#include <nn/recurrent.hpp>
#include <nn/transformer.hpp>

// Of OpenBLAS, if that is the BLAS.
extern "C" {
[[gnu::weak]] char* openblas_get_config();
[[gnu::weak]] char* openblas_get_corename();
}

namespace benchmark {
namespace {

using autodiff::Shape, autodiff::relu, autodiff::sigmoid, autodiff::tanh;

/// Training: the parameters change.
template <class Model, class Optimizer, class Loss>
class Trained final : public Problem {
  public:
    Trained(Model model, Optimizer optimizer, Loss loss)
        : start_(std::move(model)), model_(start_), fresh_(optimizer), optimizer_(optimizer), loss_function_(std::move(loss)) {}
    void restart() override { model_ = start_, optimizer_ = fresh_; }
    void step() override {
        const auto [loss, grads] = autodiff::value_and_gradient(loss_function_, model_);
        optimizer_.step(model_, grads);
        loss_ = loss;
    }
    [[nodiscard]] bool trains() const override { return true; }
    [[nodiscard]] double loss() const override { return loss_; }
    [[nodiscard]] std::vector<float> result() const override { return values_of(model_); }

  private:
    Model start_, model_;
    Optimizer fresh_, optimizer_;
    Loss loss_function_;
    double loss_ = 0;
};
template <class Model, class Optimizer, class Loss>
std::unique_ptr<Problem> trained(Model model, Optimizer optimizer, Loss loss) {
    return std::make_unique<Trained<Model, Optimizer, Loss>>(std::move(model), std::move(optimizer), std::move(loss));
}
/// The gradient of the mean cross entropy of a classifier, and one step of the optimizer that the request names.
template <class Model>
std::unique_ptr<Problem> classifier(Model model, const Tensor<float>& images, const std::string& optimizer) {
    const Tensor<Index> labels(Shape{images.shape()[0]}, draw_labels(static_cast<std::size_t>(images.shape()[0])));
    const auto loss = [=](const Model& m) { return nn::cross_entropy(m(images), labels); };
    if (optimizer == "adam") return trained(std::move(model), nn::Adam{{.lr = extent::adam_rate}}, loss);
    return trained(std::move(model), nn::SGD{{.lr = extent::sgd_rate}}, loss);
}

/// Draws the parameters, but the second bias of an LSTM is 0.
template <class Model>
Model initialised(Model model) {
    InitialParameters initial;
    autodiff::for_each_parameter(model, [&initial](std::string_view name, Tensor<float>& x) {
        if (x.size() == 0 || name.find("norm") != std::string_view::npos) return;
        if (name.ends_with("bias_hh")) {
            x = Tensor<float>::zeros(x.shape());
            return;
        }
        const auto count = static_cast<std::size_t>(x.size());
        const Index fan_in = x.rank() == 4 ? x.size() / x.shape()[0] : x.shape()[0];
        x = Tensor<float>(x.shape(), x.rank() > 1 ? initial.weight(count, static_cast<std::size_t>(fan_in)) : initial.bias(count));
    });
    return model;
}

struct Mlp {
    nn::Linear first{extent::pixels, 256}, second{256, 128}, output{128, 10};
    auto operator()(const Tensor<float>& x) const { return output(relu(second(relu(first(x))))); }
};
/// For loops of many steps.
struct SmallMlp {
    nn::Linear hidden{16, 16}, output{16, 10};
    auto operator()(const Tensor<float>& x) const { return output(relu(hidden(x))); }
};
struct LeNet {
    nn::Conv2d first{1, 6, 5, {.padding = {2, 2}}}, second{6, 16, 5};
    nn::Linear third{400, 120}, fourth{120, 84}, output{84, 10};
    auto operator()(const Tensor<float>& images) const {
        const nn::MaxPool2d pool{2};
        const auto features = pool(relu(second(pool(relu(first(images))))));
        return output(relu(fourth(relu(third(flatten(features, 1))))));
    }
};

std::unique_ptr<Problem> dense(Index batch) {
    const nn::Linear layer = initialised(nn::Linear{extent::pixels, extent::dense});
    return differentiated(
        [x = drawn(stream::input, {batch, extent::pixels}, 0, 1), y = drawn(stream::target, {batch, extent::dense}, 0, 1),
         bias = layer.bias](const Tensor<float>& weight) {
            const auto a = sigmoid(matmul(x, weight) + bias);
            return 0.5 * sum(square(a - y));
        },
        layer.weight);
}

/// y after `steps` of y = next(y, a, b), which is tanh(y a + b), from x; n elements.
template <class Next>
std::unique_ptr<Problem> tanh_chain(Index n, int steps, double lowest_factor, Next next) {
    return differentiated(
        [=](const Tensor<float>& x, const Tensor<float>& a, const Tensor<float>& b) {
            auto y = x;
            for (int i = 0; i < steps; ++i) y = next(y, a, b);
            return sum(y);
        },
        drawn(stream::input, {n}, -1, 1), drawn(stream::parameter, {n}, lowest_factor, 1.5), drawn(stream::parameter + 1, {n}, 0, 0.5));
}
/// In one pass over the elements.
Tensor<float> fused(const Tensor<float>& h, const Tensor<float>& w, const Tensor<float>& b) {
    return autodiff::elementwise([](auto x, auto factor, auto bias) { return tanh(x * factor + bias); }, h, w, b);
}
/// One operation after the other.
Tensor<float> separate(const Tensor<float>& h, const Tensor<float>& w, const Tensor<float>& b) { return tanh(h * w + b); }

std::unique_ptr<Problem> lstm() {
    using namespace extent;
    const auto x = drawn(stream::input, {lstm_steps, lstm_batch, lstm_input}, -1, 1);
    return differentiated([x](const nn::LSTM& m) { return 0.5 * sum(square(m(x).output)); },
                          initialised(nn::LSTM{lstm_input, lstm_hidden}));
}

std::unique_ptr<Problem> transformer() {
    using namespace extent;
    const Shape shape{encoder_batch, encoder_tokens, encoder_width};
    using Block = nn::TransformerEncoderLayer;
    return differentiated(
        [y = drawn(stream::target, shape, -1, 1)](const Block& m, const Tensor<float>& x) { return 0.5 * sum(square(m(x) - y)); },
        initialised(Block{encoder_width, encoder_heads, {.feedforward = encoder_inner, .dropout = 0}}), drawn(stream::input, shape, -1, 1));
}

std::unique_ptr<Problem> make(const Words& request) {
    const std::string& task = request[0];
    if (task == "tapes") return make_several(request, make);
    if (task == "dense") return dense(number(request, 1));
    if (task == "mlp") return classifier(initialised(Mlp{}), drawn(stream::input, {number(request, 1), extent::pixels}, 0, 1), request[2]);
    if (task == "small-mlp") return classifier(initialised(SmallMlp{}), drawn(stream::input, {8, 16}, 0, 1), "sgd");
    if (task == "elementwise") return tanh_chain(number(request, 1), extent::elementwise_steps, 0.5, fused);
    if (task == "lenet") return classifier(initialised(LeNet{}), drawn(stream::input, {extent::lenet_batch, 1, 28, 28}, 0, 1), "sgd");
    if (task == "lstm") return lstm();
    if (task == "transformer") return transformer();
    if (task == "chain") return tanh_chain(1, extent::chain_steps, 1, separate);
    return make_operation(request);
}

std::string description() {
    std::string text = "Wengert, " + std::string(name(autodiff::kernels::instruction_set())) + " lanes, BLAS ";
    text += openblas_get_config == nullptr ? "unknown" : openblas_get_config();
    if (openblas_get_corename != nullptr) text += std::string(", kernels for ") + openblas_get_corename();
    return text;
}

}  // namespace
}  // namespace benchmark

int main(int argc, char** argv) {
    const benchmark::Settings settings = benchmark::parse_settings(argc, argv);
    autodiff::kernels::set_threads(settings.threads);
    return benchmark::serve(settings, benchmark::description(), benchmark::make);
}
