// SPDX-License-Identifier: MIT
// Shapes, errors, and how layers start.
#include "nn/activations.hpp"
#include "nn/batch_norm.hpp"
#include "nn/conv.hpp"
#include "nn/dropout.hpp"
#include "nn/embedding.hpp"
#include "nn/layer_norm.hpp"
#include "nn/linear.hpp"
#include "nn/pool.hpp"
#include "nn/sequential.hpp"
#include "tests/nn/says.hpp"

#include <cmath>

using namespace test;
using autodiff::IndexError;
using autodiff::ShapeError;
using autodiff::ValueError;
using nn::Index;
using nn::Shape;
using nn::Tensor;

namespace {

template <class T>
bool equal(const Tensor<T>& a, const Tensor<T>& b) {
    return a.shape() == b.shape() && std::ranges::equal(a.contiguous().data(), b.contiguous().data());
}
template <class T>
double largest(const Tensor<T>& x) {
    double most = 0;
    for (const T v : x.data()) most = std::max(most, std::abs(static_cast<double>(v)));
    return most;
}
template <class T>
double deviation(const Tensor<T>& x) {
    double squares = 0;
    for (const T v : x.data()) squares += static_cast<double>(v) * static_cast<double>(v);
    return std::sqrt(squares / static_cast<double>(x.size()));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(nn_layers)

BOOST_AUTO_TEST_CASE(linear_maps_the_last_axis) {
    const nn::Linear layer(4, 3);
    BOOST_TEST((layer.weight.shape() == Shape{4, 3}));
    BOOST_TEST((layer.bias.shape() == Shape{3}));
    BOOST_TEST((layer(Tensor<float>::ones({5, 4})).shape() == Shape{5, 3}));
    BOOST_TEST((layer(Tensor<float>::ones({2, 5, 4})).shape() == Shape{2, 5, 3}));
    BOOST_TEST((layer(Tensor<float>::ones({4})).shape() == Shape{3}));
    BOOST_CHECK_EXCEPTION(static_cast<void>(layer(Tensor<float>::ones({5, 3}))), ShapeError,
                          says("linear: expected [.., 4] for weight [4, 3], got [5, 3]"));
    BOOST_CHECK_EXCEPTION(static_cast<void>(nn::Linear(0, 3)), ValueError,
                          says("linear: expected at least one input and one output, got 0 and 3"));
}

BOOST_AUTO_TEST_CASE(linear_without_bias_has_one_parameter_and_maps_0_to_0) {
    const nn::Linear layer(4, 3, false);
    BOOST_TEST(!layer.has_bias());
    BOOST_TEST(equal(layer(Tensor<float>::zeros({2, 4})), Tensor<float>::zeros({2, 3})));
}

BOOST_AUTO_TEST_CASE(layers_start_within_their_bounds_and_from_their_seed) {
    const nn::Linear a(100, 50), b(100, 50), c(100, 50, true, 1);
    BOOST_TEST(equal(a.weight, b.weight));
    BOOST_TEST(!equal(a.weight, c.weight));
    for (const double most : {largest(a.weight), largest(a.bias)}) {
        BOOST_TEST(most <= 0.1f);
        BOOST_TEST(most > 0.09);
    }
    const nn::Conv2d conv(8, 6, 5);
    BOOST_TEST(largest(conv.weight) <= 1 / std::sqrt(200.0f));
    BOOST_TEST(largest(conv.weight) > 0.95 / std::sqrt(200.0));
}

BOOST_AUTO_TEST_CASE(schemes_draw_with_their_bounds_and_deviations) {
    nn::Random random{9};
    nn::BasicLinear<double> layer(300, 200);
    const auto draw = [&](const auto& scheme) {
        nn::initialise(layer, scheme, random);
        BOOST_TEST(largest(layer.bias) == 0);
        return layer.weight;
    };
    const auto bounded = [&](const Tensor<double>& w, double bound) {
        BOOST_TEST(largest(w) <= bound);
        BOOST_TEST(largest(w) > 0.999 * bound);
        BOOST_TEST(std::abs(deviation(w) / (bound / std::sqrt(3.0)) - 1) < 0.01);
    };
    const auto spread = [&](const Tensor<double>& w, double expected) { BOOST_TEST(std::abs(deviation(w) / expected - 1) < 0.015); };
    bounded(draw(nn::kaiming_uniform{}), std::sqrt(6.0 / 300));
    bounded(draw(nn::kaiming_uniform{.slope = 0.5, .fan = nn::Fan::out}), std::sqrt(6.0 / (1.25 * 200)));
    spread(draw(nn::kaiming_normal{}), std::sqrt(2.0 / 300));
    bounded(draw(nn::xavier_uniform{}), std::sqrt(6.0 / 500));
    spread(draw(nn::xavier_normal{.gain = 2}), 2 * std::sqrt(2.0 / 500));
    bounded(draw(nn::uniform{-0.25, 0.25}), 0.25);
    spread(draw(nn::normal{.deviation = 0.02}), 0.02);
    BOOST_TEST(equal(draw(nn::constant{0.5}), Tensor<double>::full({300, 200}, 0.5)));
    BOOST_TEST(largest(draw(nn::zeros{})) == 0);

    nn::BasicConv2d<double> conv(16, 32, {5, 3}, {.groups = 2});
    nn::initialise(conv, nn::kaiming_uniform{}, random);
    bounded(conv.weight, std::sqrt(6.0 / (8 * 15)));
}

struct Everything {
    nn::Linear linear{4, 4};
    nn::BatchNorm norm{4};
    nn::LayerNorm last{4};
    nn::Embedding words{5, 4, 2};
    nn::Dropout dropout{0.5};
    std::vector<nn::Linear> more{nn::Linear{4, 4}, nn::Linear{4, 4}};
    Tensor<float> own = Tensor<float>::zeros({4, 4});
    Tensor<float> offset = Tensor<float>::ones({4});
};

BOOST_AUTO_TEST_CASE(initialise_walks_the_whole_model_and_knows_what_is_a_weight) {
    Everything model;
    model.norm.weight = Tensor<float>::zeros({4});
    model.norm.training = false;
    model.last.bias = Tensor<float>::ones({4});
    nn::Random random{1};
    nn::initialise(model, nn::xavier_uniform{}, random);
    BOOST_TEST(!equal(model.more[0].weight, model.more[1].weight));
    BOOST_TEST(!equal(model.linear.weight, model.more[0].weight));
    BOOST_TEST(equal(model.norm.weight, Tensor<float>::ones({4})));
    BOOST_TEST(!model.norm.training);
    BOOST_TEST(equal(model.last.bias, Tensor<float>::zeros({4})));
    BOOST_TEST(largest(model.own) > 0);
    BOOST_TEST(largest(model.offset) == 0);
    for (Index k = 0; k < 4; ++k) BOOST_TEST(model.words.weight.at(2, k) == 0);
    BOOST_TEST(!(model.dropout.random == nn::Dropout{0.5}.random));

    Everything again;
    nn::Random same{1};
    nn::initialise(again, nn::xavier_uniform{}, same);
    BOOST_TEST(equal(model.own, again.own));
    BOOST_TEST((model.dropout.random == again.dropout.random));
}

BOOST_AUTO_TEST_CASE(conv2d_has_the_extents_of_its_formula) {
    const nn::Conv2d layer(3, 8, {3, 5}, {.stride = {2, 1}, .padding = {1, 2}});
    BOOST_TEST((layer.weight.shape() == Shape{8, 3, 3, 5}));
    BOOST_TEST((layer(Tensor<float>::ones({2, 3, 9, 10})).shape() == Shape{2, 8, 5, 10}));
    BOOST_TEST((nn::Conv2d(4, 8, 3, {.groups = 2}).weight.shape() == Shape{8, 2, 3, 3}));
    BOOST_TEST(!nn::Conv2d(3, 8, 3, {}, false).has_bias());
    BOOST_CHECK_EXCEPTION(
        static_cast<void>(nn::Conv2d(3, 8, 3, {.groups = 2})), ValueError,
        says("conv2d: expected channels and kernel extents of at least 1, groups that divide the channels, got 3 in, 8 out, "
             "kernel (3, 3), 2 groups"));
}

BOOST_AUTO_TEST_CASE(pooling_and_flattening_have_their_extents) {
    const auto x = Tensor<float>::ones({2, 3, 8, 6});
    BOOST_TEST((nn::MaxPool2d(2)(x).shape() == Shape{2, 3, 4, 3}));
    BOOST_TEST((nn::MaxPool2d(3, 2, 1)(x).shape() == Shape{2, 3, 4, 3}));
    BOOST_TEST((nn::AvgPool2d(2, 1)(x).shape() == Shape{2, 3, 7, 5}));
    BOOST_TEST((nn::GlobalAvgPool2d{}(x).shape() == Shape{2, 3}));
    BOOST_TEST((nn::Flatten{}(x).shape() == Shape{2, 144}));
}

BOOST_AUTO_TEST_CASE(embedding_looks_words_up) {
    const nn::Embedding layer(5, 3, 0);
    const auto y = layer(Tensor<Index>({2, 2}, {4, 0, 1, 4}));
    BOOST_TEST((y.shape() == Shape{2, 2, 3}));
    for (Index k = 0; k < 3; ++k) {
        BOOST_TEST(y.at(0, 0, k) == layer.weight.at(4, k));
        BOOST_TEST(y.at(0, 1, k) == 0);
    }
    BOOST_CHECK_EXCEPTION(static_cast<void>(layer(Tensor<Index>::of({1, 5}))), IndexError,
                          says("embedding: expected ids from 0 to 4, got 5 at position 1"));
    BOOST_CHECK_EXCEPTION(static_cast<void>(layer(Tensor<Index>::of({-1}))), IndexError,
                          says("embedding: expected ids from 0 to 4, got -1 at position 0"));
    BOOST_CHECK_EXCEPTION(static_cast<void>(nn::Embedding(5, 3, 5)), IndexError,
                          says("embedding: expected a padding id from 0 to 4, got 5"));
}

BOOST_AUTO_TEST_CASE(normalisations_name_the_shapes_that_do_not_fit) {
    BOOST_CHECK_EXCEPTION(static_cast<void>(nn::BatchNorm(3)(Tensor<float>::ones({2, 4}))), ShapeError,
                          says("batch_norm: expected [n, 3, ..], got [2, 4]"));
    BOOST_CHECK_EXCEPTION(
        static_cast<void>(nn::BatchNorm(3)(Tensor<float>::ones({1, 3}))), ValueError,
        says("batch_norm: expected at least two values per channel in training, got 1 for [1, 3]; call nn::eval(model) to use the "
             "running statistics"));
    BOOST_CHECK_EXCEPTION(static_cast<void>(nn::LayerNorm(3)(Tensor<float>::ones({2, 4}))), ShapeError,
                          says("layer_norm: expected last extents [3], got [2, 4]"));
    BOOST_TEST((nn::LayerNorm(Shape{3, 4})(Tensor<float>::ones({2, 3, 4})).shape() == Shape{2, 3, 4}));
    BOOST_CHECK_EXCEPTION(static_cast<void>(nn::Dropout(1.0)), ValueError,
                          says("dropout: expected a probability from 0 to less than 1, got 1"));
}

BOOST_AUTO_TEST_CASE(sequential_is_the_composition_of_its_layers) {
    const nn::Sequential model{nn::Linear{4, 8}, nn::Relu{}, nn::Sequential{nn::Linear{8, 3}, nn::Softmax{}}};
    const auto x = nn::Random{1}.uniform_tensor<float>({5, 4}, -1, 1);
    const auto& inner = std::get<2>(model.layers);
    BOOST_TEST(equal(model(x), softmax(std::get<0>(inner.layers)(relu(std::get<0>(model.layers)(x))), -1)));
}

BOOST_AUTO_TEST_CASE(activation_layers_are_their_functions) {
    const auto x = nn::Random{2}.uniform_tensor<double>({20}, -4, 4);
    BOOST_TEST(equal(nn::Relu{}(x), nn::relu(x)));
    BOOST_TEST(equal(nn::Sigmoid{}(x), nn::sigmoid(x)));
    BOOST_TEST(equal(nn::Tanh{}(x), nn::tanh(x)));
    BOOST_TEST(equal(nn::Softplus{}(x), nn::softplus(x)));
    BOOST_TEST(equal(nn::LeakyRelu{0.3}(x), nn::leaky_relu(x, 0.3)));
    BOOST_TEST(equal(nn::Elu{2}(x), nn::elu(x, 2)));
    BOOST_TEST(equal(nn::Selu{}(x), nn::selu(x)));
    BOOST_TEST(equal(nn::Silu{}(x), nn::silu(x)));
    BOOST_TEST(equal(nn::Gelu{}(x), nn::gelu(x)));
    BOOST_TEST(equal(nn::GeluTanh{}(x), nn::gelu_tanh(x)));
    BOOST_TEST(equal(nn::Mish{}(x), nn::mish(x)));
    BOOST_TEST(equal(nn::Hardtanh{-2, 3}(x), nn::hardtanh(x, -2, 3)));
}

BOOST_AUTO_TEST_CASE(activations_of_a_scalar_are_those_of_a_tensor) {
    for (const double z : {-2.5, -0.3, 0.0, 0.4, 3.0}) {
        // Up to the last places: a tensor's elementary functions are those of the lanes.
        const auto same = [z](const auto& f) {
            const double one = f(autodiff::Scalar(z)).value(), lane = f(Tensor<double>::of({z})).at(0);
            BOOST_TEST(std::abs(one - lane) <= 8 * std::numeric_limits<double>::epsilon() * std::abs(one));
        };
        same([](const auto& x) { return nn::leaky_relu(x); });
        same([](const auto& x) { return nn::elu(x); });
        same([](const auto& x) { return nn::gelu(x); });
        same([](const auto& x) { return nn::mish(x); });
        same([](const auto& x) { return nn::hardswish(x); });
    }
}

BOOST_AUTO_TEST_SUITE_END()
