// SPDX-License-Identifier: MIT
// libtorch through its C++ interface, each task in the fastest of the usual ways to write it. Operations one by one:
// libtorch_operations.cpp.
#include "libtorch.hpp"

#include <ATen/Parallel.h>

// Of OpenBLAS, if that is the BLAS.
extern "C" {
[[gnu::weak]] char* openblas_get_corename();
[[gnu::weak]] void openblas_set_num_threads(int count);
}

namespace benchmark {
namespace {

namespace F = torch::nn::functional;

/// Training: the parameters change.
class Trained final : public Problem {
  public:
    using MakeOptimizer = std::function<std::unique_ptr<torch::optim::Optimizer>(std::vector<Tensor>)>;
    Trained(std::function<Tensor()> loss, std::vector<Tensor> parameters, MakeOptimizer make)
        : loss_function_(std::move(loss)), parameters_(std::move(parameters)), make_(std::move(make)) {
        for (const Tensor& each : parameters_) start_.push_back(each.detach().clone());
    }
    void restart() override {
        const torch::NoGradGuard no_grad;
        for (std::size_t i = 0; i < parameters_.size(); ++i) parameters_[i].copy_(start_[i]);
        optimizer_ = make_(parameters_);
    }
    void step() override {
        for (Tensor& each : parameters_) each.mutable_grad().reset();  // zero_grad() of 1.13 would write zeros, and the sweep add to them
        loss_ = loss_function_();
        loss_.backward();
        optimizer_->step();
    }
    [[nodiscard]] bool trains() const override { return true; }
    [[nodiscard]] double loss() const override { return loss_.item<double>(); }
    [[nodiscard]] std::vector<float> result() const override { return values_of(parameters_); }

  private:
    std::function<Tensor()> loss_function_;
    std::vector<Tensor> parameters_, start_;
    MakeOptimizer make_;
    std::unique_ptr<torch::optim::Optimizer> optimizer_;
    Tensor loss_;
};

/// y = x W + b with W as ours, [in, out]: addmm on it is up to a tenth faster than nn::Linear.
struct DenseImpl : torch::nn::Module {
    Tensor weight, bias;
    DenseImpl(int64_t in, int64_t out)
        : weight(register_parameter("weight", torch::empty({in, out}))), bias(register_parameter("bias", torch::empty({out}))) {}
    Tensor forward(const Tensor& x) const {
        if (x.dim() == 2) return torch::addmm(bias, x, weight);
        return torch::addmm(bias, x.reshape({-1, weight.size(0)}), weight).view({x.size(0), x.size(1), weight.size(1)});
    }
};
TORCH_MODULE(Dense);

/// Draws the parameters, but the second bias of an LSTM is 0.
void initialise(torch::nn::Module& module) {
    const torch::NoGradGuard no_grad;
    InitialParameters initial;
    for (auto& item : module.named_parameters()) {
        Tensor& x = item.value();
        if (item.key().find("norm") != std::string::npos) continue;
        const bool transposed = item.key().find("_l0") != std::string::npos;  // of an LSTM
        const auto count = static_cast<std::size_t>(x.numel());
        const auto fan_in = x.dim() == 2 && !transposed ? static_cast<std::size_t>(x.size(0)) : count / static_cast<std::size_t>(x.size(0));
        if (item.key().find("bias_hh") != std::string::npos) {
            x.zero_();
            continue;
        }
        std::vector<float> values = x.dim() > 1 ? initial.weight(count, fan_in) : initial.bias(count);
        x.copy_(x.dim() == 2 && transposed ? torch::from_blob(values.data(), {x.size(1), x.size(0)}).t()
                                           : torch::from_blob(values.data(), x.sizes()));
    }
}

struct MlpImpl : torch::nn::Module {
    Dense first{extent::pixels, 256}, second{256, 128}, output{128, 10};
    MlpImpl() { register_module("first", first), register_module("second", second), register_module("output", output); }
    Tensor forward(const Tensor& x) { return output(second(first(x).relu_()).relu_()); }
};
TORCH_MODULE(Mlp);

struct SmallMlpImpl : torch::nn::Module {
    Dense hidden{16, 16}, output{16, 10};
    SmallMlpImpl() { register_module("hidden", hidden), register_module("output", output); }
    Tensor forward(const Tensor& x) { return output(hidden(x).relu_()); }
};
TORCH_MODULE(SmallMlp);

struct LeNetImpl : torch::nn::Module {
    torch::nn::Conv2d first{torch::nn::Conv2dOptions(1, 6, 5).padding(2)}, second{torch::nn::Conv2dOptions(6, 16, 5)};
    Dense third{400, 120}, fourth{120, 84}, output{84, 10};
    LeNetImpl() {
        register_module("first", first), register_module("second", second), register_module("third", third);
        register_module("fourth", fourth), register_module("output", output);
    }
    Tensor forward(const Tensor& images) {
        const Tensor features = torch::max_pool2d(second(torch::max_pool2d(first(images).relu_(), 2)).relu_(), 2);
        return output(fourth(third(features.flatten(1)).relu_()).relu_());
    }
};
TORCH_MODULE(LeNet);

/// Faster than nn::TransformerEncoderLayer of 1.13, which compares query, key and value element by element and averages the attention
/// over heads.
struct EncoderBlockImpl : torch::nn::Module {
    int64_t heads;
    Dense projection, attention_output, inner, outer;
    torch::nn::LayerNorm attention_norm, output_norm;
    EncoderBlockImpl(int64_t width, int64_t head_count, int64_t inner_width)
        : heads(head_count),
          projection(width, 3 * width),
          attention_output(width, width),
          inner(width, inner_width),
          outer(inner_width, width),
          attention_norm(torch::nn::LayerNormOptions({width})),
          output_norm(torch::nn::LayerNormOptions({width})) {
        register_module("projection", projection), register_module("attention_output", attention_output);
        register_module("inner", inner), register_module("outer", outer);
        register_module("attention_norm", attention_norm), register_module("output_norm", output_norm);
    }
    Tensor forward(const Tensor& x) {
        const Tensor y = attention_norm(x + attention(x));
        return output_norm(y + outer(inner(y).relu_()));
    }
    Tensor attention(const Tensor& x) {
        const int64_t batch = x.size(0), tokens = x.size(1), width = x.size(2), each = width / heads, all = batch * heads;
        const auto qkv =
            projection(x).view({batch, tokens, 3, heads, each}).permute({2, 0, 3, 1, 4}).reshape({3, all, tokens, each}).unbind(0);
        const double scale = 1 / std::sqrt(static_cast<double>(each));
        const Tensor scores = torch::baddbmm(torch::empty({all, tokens, tokens}), qkv[0], qkv[1].transpose(1, 2), 0, scale);
        const Tensor seen = torch::bmm(torch::softmax(scores, -1), qkv[2]);
        return attention_output(seen.view({batch, heads, tokens, each}).transpose(1, 2).reshape({batch, tokens, width}));
    }
};
TORCH_MODULE(EncoderBlock);

template <class Module>
std::unique_ptr<Problem> classifier(Module module, const Tensor& images, const std::string& optimizer) {
    initialise(*module);
    const std::vector<std::int64_t> drawn_labels = draw_labels(static_cast<std::size_t>(images.size(0)));
    const Tensor labels = torch::tensor(drawn_labels, torch::kInt64);
    const auto loss = [=]() mutable { return F::cross_entropy(module(images), labels); };
    const Trained::MakeOptimizer make = [optimizer](const std::vector<Tensor>& parameters) -> std::unique_ptr<torch::optim::Optimizer> {
        if (optimizer == "adam") return std::make_unique<torch::optim::Adam>(parameters, torch::optim::AdamOptions(extent::adam_rate));
        return std::make_unique<torch::optim::SGD>(parameters, torch::optim::SGDOptions(extent::sgd_rate));
    };
    return std::make_unique<Trained>(loss, module->parameters(), make);
}

std::unique_ptr<Problem> dense(int64_t batch) {
    Dense layer(extent::pixels, extent::dense);
    initialise(*layer);
    layer->bias.set_requires_grad(false);
    const Tensor x = drawn(stream::input, {batch, extent::pixels}, 0, 1), y = drawn(stream::target, {batch, extent::dense}, 0, 1);
    return std::make_unique<Differentiated>(
        [=]() mutable { return 0.5 * F::mse_loss(torch::sigmoid(layer(x)), y, F::MSELossFuncOptions(torch::kSum)); },
        std::vector{layer->weight});
}

/// y after `steps` of y = tanh(y a + b), from x; n elements.
std::unique_ptr<Problem> tanh_chain(int64_t n, int steps, double lowest_factor) {
    const Tensor x = drawn(stream::input, {n}, -1, 1).requires_grad_();
    const Tensor a = drawn(stream::parameter, {n}, lowest_factor, 1.5).requires_grad_();
    const Tensor b = drawn(stream::parameter + 1, {n}, 0, 0.5).requires_grad_();
    return std::make_unique<Differentiated>(
        [=] {
            Tensor y = x;
            for (int i = 0; i < steps; ++i) y = (y * a).add_(b).tanh_();
            return y.sum();
        },
        std::vector{x, a, b});
}

std::unique_ptr<Problem> lstm() {
    using namespace extent;
    torch::nn::LSTM layer(lstm_input, lstm_hidden);
    initialise(*layer);
    const Tensor x = drawn(stream::input, {lstm_steps, lstm_batch, lstm_input}, -1, 1);
    return std::make_unique<Differentiated>([=]() mutable { return 0.5 * std::get<0>(layer(x)).square().sum(); }, layer->parameters(),
                                            true);
}

std::unique_ptr<Problem> transformer() {
    using namespace extent;
    EncoderBlock block(encoder_width, encoder_heads, encoder_inner);
    initialise(*block);
    const Tensor x = drawn(stream::input, {encoder_batch, encoder_tokens, encoder_width}, -1, 1).requires_grad_();
    const Tensor y = drawn(stream::target, {encoder_batch, encoder_tokens, encoder_width}, -1, 1);
    std::vector<Tensor> variables = block->parameters();
    variables.push_back(x);
    return std::make_unique<Differentiated>([=]() mutable { return 0.5 * F::mse_loss(block(x), y, F::MSELossFuncOptions(torch::kSum)); },
                                            variables);
}

std::unique_ptr<Problem> make(const Words& request) {
    const std::string& task = request[0];
    if (task == "dense") return dense(number(request, 1));
    if (task == "mlp") return classifier(Mlp(), drawn(stream::input, {number(request, 1), extent::pixels}, 0, 1), request[2]);
    if (task == "small-mlp") return classifier(SmallMlp(), drawn(stream::input, {8, 16}, 0, 1), "sgd");
    if (task == "elementwise") return tanh_chain(number(request, 1), extent::elementwise_steps, 0.5);
    if (task == "lenet") return classifier(LeNet(), drawn(stream::input, {extent::lenet_batch, 1, 28, 28}, 0, 1), "sgd");
    if (task == "lstm") return lstm();
    if (task == "transformer") return transformer();
    if (task == "chain") return tanh_chain(1, extent::chain_steps, 1);
    return make_operation(request);
}

std::string description() {
    std::string text = std::string("libtorch ") + TORCH_VERSION;
    if (openblas_get_corename != nullptr) text += std::string(", OpenBLAS for ") + openblas_get_corename();
    const char* capability = std::getenv("ATEN_CPU_CAPABILITY");
    return text + ", ATEN_CPU_CAPABILITY " + (capability == nullptr ? "not set" : capability);
}

}  // namespace
}  // namespace benchmark

int main(int argc, char** argv) {
    const benchmark::Settings settings = benchmark::parse_settings(argc, argv);
    // As in any process that has once freed a large buffer: glibc then keeps what is freed, where it would otherwise give the larger
    // gradients of small tasks back at every step, which costs up to half of their time.
    void* volatile large = std::malloc(std::size_t{31} << 20);
    std::free(large);
    at::set_num_threads(settings.threads);
    if (openblas_set_num_threads != nullptr) openblas_set_num_threads(settings.threads);
    return benchmark::serve(settings, benchmark::description(), benchmark::make);
}
