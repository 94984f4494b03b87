// SPDX-License-Identifier: MIT
// The second order of every layer: Hessian times a direction by sweeping the recorded gradient, against differences of first gradients.
#include "tests/formulas/second_order.hpp"
#include "autodiff/autodiff.hpp"
#include "nn/nn.hpp"

using namespace autodiff;
using test::check_hessian;
using test::weighed;

BOOST_AUTO_TEST_SUITE(formulas_second_order)

BOOST_AUTO_TEST_CASE(dense_layers) {
    check_hessian([](const auto& v) { return weighed(sigmoid(matmul(v[0], v[1]) + v[2])); }, {{3, 4}, {4, 5}, {5}}, 1);
    check_hessian([](const auto& v) { return weighed(matmul(tanh(matmul(v[0], v[1])), v[2])); }, {{3, 4}, {4, 5}, {5, 2}}, 2);
}

BOOST_AUTO_TEST_CASE(activations) {
    for (const auto& f :
         std::vector<Tensor<double> (*)(const Tensor<double>&)>{[](const Tensor<double>& z) { return Tensor<double>(softplus(z)); },
                                                                [](const Tensor<double>& z) { return Tensor<double>(nn::silu(z)); },
                                                                [](const Tensor<double>& z) { return Tensor<double>(nn::gelu(z)); },
                                                                [](const Tensor<double>& z) { return Tensor<double>(nn::mish(z)); },
                                                                [](const Tensor<double>& z) { return Tensor<double>(nn::elu(z)); },
                                                                [](const Tensor<double>& z) { return Tensor<double>(relu(z)); }})
        check_hessian([f](const auto& v) { return weighed(f(v[0])); }, {{4, 3}}, 3);
}

BOOST_AUTO_TEST_CASE(losses) {
    const Tensor<Index> labels({3}, {2, 0, 1});
    const Tensor<double> target = nn::Random{5}.uniform_tensor<double>({3, 4}, 0, 1);
    check_hessian([&](const auto& v) { return nn::cross_entropy(v[0], labels); }, {{3, 4}}, 6);
    check_hessian([&](const auto& v) { return nn::mse(v[0], target); }, {{3, 4}}, 7);
    check_hessian([&](const auto& v) { return nn::bce_with_logits(v[0], target); }, {{3, 4}}, 8);
    check_hessian([&](const auto& v) { return nn::huber(v[0], target); }, {{3, 4}}, 9);
    check_hessian([&](const auto& v) { return weighed(softmax(v[0])); }, {{3, 4}}, 10);
}

BOOST_AUTO_TEST_CASE(normalisation) {
    check_hessian(
        [](const auto& v) {
            const auto centred = v[0] - mean(v[0], 0, true);
            return weighed(v[1] * centred / sqrt(variance(v[0], 0, true) + 1e-5) + v[2]);
        },
        {{5, 3}, {3}, {3}}, 11);
    check_hessian(
        [](const auto& v) {
            nn::BasicLayerNorm<double> layer(4);
            layer.weight = v[1], layer.bias = v[2];
            return weighed(layer(v[0]));
        },
        {{3, 4}, {4}, {4}}, 12);
}

BOOST_AUTO_TEST_CASE(convolution_and_pooling) {
    check_hessian(
        [](const auto& v) {
            return weighed(tanh(conv2d(v[0], v[1], {.stride = {2, 1}, .padding = {1, 1}, .dilation = {1, 2}, .groups = 2})));
        },
        {{2, 4, 6, 7}, {6, 2, 3, 3}}, 13);
    check_hessian([](const auto& v) { return weighed(max_pool2d(v[0], {.window = {2, 2}, .stride = {2, 2}})); }, {{1, 2, 6, 6}}, 14);
    check_hessian(
        [](const auto& v) {
            return weighed(avg_pool2d(v[0], {.window = {3, 3}, .stride = {2, 2}, .padding = {1, 1}}));
        },
        {{1, 2, 6, 6}}, 15);
}

BOOST_AUTO_TEST_CASE(embedding_and_dropout) {
    check_hessian([](const auto& v) { return weighed(tanh(take(v[0], Tensor<Index>({3}, {1, 0, 1})))); }, {{4, 2}}, 16);
    const Tensor<double> mask({2, 3}, {0, 1, 1, 1, 0, 1});
    check_hessian([&](const auto& v) { return weighed(tanh(v[0] * mask / 0.75)); }, {{2, 3}}, 17);
}

BOOST_AUTO_TEST_SUITE_END()
