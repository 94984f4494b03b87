// SPDX-License-Identifier: MIT
// The spellings that programs outside the tree rely on, each used once, with a number that a reader can check by hand.
// Prints what does not hold; the exit status is the number of such lines.
#include <autodiff/autodiff.hpp>
#include <nn/nn.hpp>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <functional>
#include <random>
#include <string>
#include <tuple>
#include <type_traits>

namespace {

using autodiff::Scalar;
using autodiff::Shape;
using autodiff::Tape;
using autodiff::Tensor;

int failures = 0;

void expect(bool holds, const char* claim) {
    if (holds) return;
    std::printf("does not hold: %s\n", claim);
    ++failures;
}

bool close(double a, double b) { return std::abs(a - b) <= 1e-12 * (1 + std::abs(b)); }

template <class E>
bool throws(const std::function<void()>& program) {
    try {
        program();
    } catch (const E&) {
        return true;
    } catch (...) {
    }
    return false;
}

void without_a_tape() {
    const auto [y, g] = autodiff::value_and_gradient([](auto a, auto b) { return a * b + sin(a); }, 1.3, 5.2);
    expect(close(y, 1.3 * 5.2 + std::sin(1.3)), "value_and_gradient gives the value");
    expect(close(std::get<0>(g), 5.2 + std::cos(1.3)) && close(std::get<1>(g), 1.3), "and a tuple of two partial derivatives");

    const auto [square, slope] = autodiff::value_and_gradient([](auto x) { return x * x; }, 3.0);
    static_assert(std::is_same_v<decltype(slope), const double>);
    expect(square == 9 && slope == 6, "one argument has a gradient of its own kind");
    expect(autodiff::gradient([](auto x) { return x * x; }, 3.0) == 6, "gradient is the second half of value_and_gradient");
}

void a_tape_that_is_an_object() {
    static_assert(!std::is_copy_constructible_v<Tape> && !std::is_move_constructible_v<Tape>);
    static_assert(std::is_convertible_v<double, Scalar> && !std::is_convertible_v<Scalar, double>);

    Tape tape;
    auto a = tape.variable(1.3, "a"), b = tape.variable(5.2, "b"), unused = tape.variable(1.0);
    auto y = a * b + sin(a);
    static_assert(std::is_same_v<decltype(y), Scalar>);
    auto dy = gradient(y);
    expect(close(y.value(), 6.76 + std::sin(1.3)), "a Scalar has a value");
    expect(close(dy[a], 5.2 + std::cos(1.3)) && close(dy[b], 1.3), "gradient(y)[x] is dy/dx");
    expect(dy.reaches(b) && !dy.reaches(unused) && dy[unused] == 0, "reaches tells 0 from not connected");
    expect(tape.gradient(y)[b] == dy[b], "the tape's own gradient is the same");
    static_cast<void>(tape.stats());

    const auto mark = tape.mark();
    auto later = a * 2;
    tape.rewind(mark);
    expect(throws<autodiff::TapeError>([&] { static_cast<void>(later + a); }), "what was rewound is stale");
    expect(throws<autodiff::TapeError>([] { static_cast<void>(gradient(Scalar(2.0))); }), "a constant has no gradient");
    const double kept = dy[b];
    tape.clear();
    expect(dy[b] == kept && dy.reaches(b), "a gradient outlives clear()");
    expect(throws<autodiff::TapeError>([&] { static_cast<void>(a + 1); }), "a variable does not");
}

void the_fast_tape() {
    Tape tape{autodiff::Detail::derivatives};
    const Scalar x = tape.variable(2.0);
    const Scalar y = x * x * x;
    expect(gradient(y)[x] == 12, "Detail::derivatives gives the same gradient");
}

void scalars_and_tensors_on_one_tape() {
    const auto X = Tensor<double>::from_rows({{1, 2}, {3, 4}});
    expect(X.shape() == Shape{2, 2} && X.size() == 4 && X.data()[2] == 3 && X(1, 0).value() == 3, "tensors are row-major");
    expect(Tensor<double>::zeros({2}).data()[1] == 0 && Tensor<double>::full({2}, 7.0).data()[1] == 7, "zeros and full");
    expect(Tensor<float>(Shape{}, {2.5F}).item() == 2.5F, "item is the one element");

    Tape tape;
    const auto a = tape.variable(2.0, "a");
    const auto W = tape.variable(Tensor<double>(Shape{2, 1}, {5, 6}), "W");
    const Scalar L = sum(matmul(X, a * W));
    const auto dL = gradient(L);
    expect(L.value() == 112, "sum(matmul(X, a * W)) by hand");
    expect(dL[W].shape() == Shape{2, 1} && dL[W].data()[0] == 8 && dL[W].data()[1] == 12, "a tensor's gradient is a tensor");
    expect(dL[a] == 56 && dL[W(1, 0)] == 12, "a scalar's is a double, and so is an element's");
    expect(throws<autodiff::ShapeError>([&] { static_cast<void>(matmul(W, W)); }), "shapes that do not fit are a ShapeError");
}

struct Mlp {
    nn::Linear hidden{4, 3}, output{3, 2};
    auto operator()(const auto& x) const { return output(sigmoid(hidden(x))); }
};

void models_are_plain_structs() {
    static_assert(std::is_same_v<nn::Linear, nn::BasicLinear<float>>);
    Mlp model;
    expect(model.hidden.weight.shape() == Shape{4, 3} && model.hidden.bias.shape() == Shape{3}, "weight is [in, out], bias [out]");
    std::mt19937_64 rng(1);
    nn::initialise(model, nn::kaiming_uniform{}, rng);
    std::string names;
    for (auto&& [name, tensor] : nn::parameters(model)) names += std::string(name) + " ";
    expect(names == "hidden.weight hidden.bias output.weight output.bias ", "parameters have names");
    nn::train(model);

    const Tensor<float> x(Shape{2, 4}, {1, 0, 0, 1, 0, 1, 1, 0});
    const Tensor<std::int64_t> labels(Shape{2}, {0, 1});
    const auto loss_of = [&](const Mlp& m) { return nn::cross_entropy(m(x), labels); };
    nn::Adam optimizer{{.lr = 1e-2}};
    const double before = autodiff::value_and_gradient(loss_of, model).first;
    for (int step = 0; step < 50; ++step) {
        const auto [loss, grads] = autodiff::value_and_gradient(loss_of, model);
        static_assert(std::is_same_v<decltype(grads), const Mlp>);
        optimizer.step(model, grads);
    }
    expect(autodiff::value_and_gradient(loss_of, model).first < before, "fifty steps of Adam lower the loss");

    nn::eval(model);
    const std::string file = "wengert-consumer-" + std::to_string(std::random_device{}()) + ".safetensors";
    const auto path = std::filesystem::temp_directory_path() / file;
    nn::save(model, path);
    Mlp loaded;
    nn::load(loaded, path);
    std::filesystem::remove(path);
    expect(loaded.output.weight.data()[0] == model.output.weight.data()[0], "a model that was saved is loaded");
}

void matrices_are_factored() {
    const auto a = Tensor<double>::from_rows({{4, 2}, {2, 5}});
    const auto [y, g] = autodiff::value_and_gradient([](const Tensor<double>& x) { return logdet(x); }, a);
    expect(close(y, std::log(16.0)) && close(g.at(0, 0), 5.0 / 16) && close(g.at(0, 1), -2.0 / 16), "log det has the inverse as gradient");
}

}  // namespace

int main() {
    try {
        without_a_tape();
        a_tape_that_is_an_object();
        the_fast_tape();
        scalars_and_tensors_on_one_tape();
        models_are_plain_structs();
        matrices_are_factored();
    } catch (const std::exception& error) {
        std::printf("unexpected exception: %s\n", error.what());
        return 1;
    }
    return failures;
}
