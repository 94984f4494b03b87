// SPDX-License-Identifier: MIT
// Recurrent layers: shapes, options, errors, and that every option is a wiring of cells.
#include "nn/recurrent.hpp"
#include "autodiff/autodiff.hpp"
#include "nn/checkpoint.hpp"
#include "nn/parameters.hpp"
#include "tests/nn/near.hpp"
#include "tests/nn/says.hpp"

#include <cmath>
#include <filesystem>

using namespace test;
using autodiff::ShapeError;
using autodiff::ValueError;
using nn::Index;
using nn::Shape;
using nn::Tensor;

namespace {

Matrix at_step(const Matrix& x, Index t) { return autodiff::select(x, 0, t); }
std::vector<std::string> names(const auto& model) {
    std::vector<std::string> all;
    for (const auto& [name, tensor] : nn::parameters(model)) all.push_back(name);
    return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(nn_recurrent)

BOOST_AUTO_TEST_CASE(shapes_follow_the_options) {
    const auto x = Tensor<float>::ones({5, 2, 3});
    const auto [y, h] = nn::GRU(3, 4)(x);
    BOOST_TEST((y.shape() == Shape{5, 2, 4}));
    BOOST_TEST((h.shape() == Shape{1, 2, 4}));
    const nn::LSTM deep(3, 4, {.layers = 3, .bidirectional = true});
    const auto [output, state] = deep(x);
    BOOST_TEST((output.shape() == Shape{5, 2, 8}));
    BOOST_TEST((state.h.shape() == Shape{6, 2, 4}));
    BOOST_TEST((state.c.shape() == Shape{6, 2, 4}));
    BOOST_TEST((deep.layers[0].weight_ih.shape() == Shape{3, 16}));
    BOOST_TEST((deep.layers[1].weight_ih.shape() == Shape{8, 16}));
    BOOST_TEST((deep.reverse[2].weight_hh.shape() == Shape{4, 16}));
    const auto first = nn::RNN(3, 4, {.batch_first = true})(x);
    BOOST_TEST((first.output.shape() == Shape{5, 2, 4}));
    BOOST_TEST((first.state.shape() == Shape{1, 5, 4}));
    BOOST_TEST((nn::RNN(3, 4)(Tensor<float>::ones({1, 0, 3})).output.shape() == Shape{1, 0, 4}));
    BOOST_TEST((nn::LSTMCell(3, 4)(Tensor<float>::ones({2, 3})).c.shape() == Shape{2, 4}));
}

BOOST_AUTO_TEST_CASE(parameters_have_the_names_and_numbers_of_the_cells) {
    const nn::BasicLSTM<double> lstm(3, 4, {.layers = 2, .bidirectional = true});
    const std::vector<std::string> expected{"layers.0.weight_ih",  "layers.0.weight_hh",  "layers.0.bias_ih",  "layers.0.bias_hh",
                                            "layers.1.weight_ih",  "layers.1.weight_hh",  "layers.1.bias_ih",  "layers.1.bias_hh",
                                            "reverse.0.weight_ih", "reverse.0.weight_hh", "reverse.0.bias_ih", "reverse.0.bias_hh",
                                            "reverse.1.weight_ih", "reverse.1.weight_hh", "reverse.1.bias_ih", "reverse.1.bias_hh"};
    BOOST_TEST(names(lstm) == expected, boost::test_tools::per_element());
    BOOST_TEST(nn::count_parameters(nn::GRU(3, 4)) == 12 * (3 + 4 + 2));
    BOOST_TEST(nn::count_parameters(nn::GRU(3, 4, {.bias = false})) == 12 * (3 + 4));
}

BOOST_AUTO_TEST_CASE(cells_start_within_their_bounds_and_differ_from_each_other) {
    const nn::LSTM a(3, 25, {.layers = 2, .bidirectional = true}), b(3, 25, {.layers = 2, .bidirectional = true}),
        c(3, 25, {.layers = 2, .bidirectional = true}, 1);
    float most = 0;
    for (const auto& [name, p] : nn::parameters(a))
        for (const float v : p.data()) most = std::max(most, std::abs(v));
    BOOST_TEST(most <= 0.2f);
    BOOST_TEST(most > 0.199f);
    BOOST_TEST(a.layers[1].weight_hh.at(0, 0) == b.layers[1].weight_hh.at(0, 0));
    BOOST_TEST(a.layers[1].weight_hh.at(0, 0) != c.layers[1].weight_hh.at(0, 0));
    BOOST_TEST(a.layers[0].weight_hh.at(0, 0) != a.layers[1].weight_hh.at(0, 0));
    BOOST_TEST(a.layers[0].weight_hh.at(0, 0) != a.reverse[0].weight_hh.at(0, 0));

    nn::BasicLSTM<double> model(40, 50);
    nn::Random random{1};
    nn::initialise(model, nn::xavier_uniform{}, random);
    const double bound = std::sqrt(6.0 / 90), largest = amax(abs(model.layers[0].weight_ih)).item();  // of one gate
    BOOST_TEST(largest <= bound);
    BOOST_TEST(largest > 0.99 * bound);
    BOOST_TEST(equal(model.layers[0].bias_hh, Matrix::zeros({200})));
}

BOOST_AUTO_TEST_CASE(a_layer_is_its_cell_step_by_step) {
    const auto x = drawn({4, 2, 3}, 1), h0 = drawn({1, 2, 5}, 2), c0 = drawn({1, 2, 5}, 3);
    const auto follows = [&](const auto& layer) {
        const auto [y, last] = layer(x, h0);
        Matrix h = at_step(h0, 0);
        for (Index t = 0; t < 4; ++t) {
            h = layer.layers[0](at_step(x, t), h);
            BOOST_TEST(near(at_step(y, t), h));
        }
        BOOST_TEST(near(at_step(last, 0), h));
    };
    follows(nn::BasicRNN<double>(3, 5));
    follows(nn::BasicRNN<double>(3, 5, {.nonlinearity = nn::Nonlinearity::relu}));
    follows(nn::BasicGRU<double>(3, 5));
    follows(nn::BasicGRU<double>(3, 5, {.bias = false}));
    const nn::BasicLSTM<double> lstm(3, 5);
    const auto [y, last] = lstm(x, {h0, c0});
    nn::LstmState<double> state{at_step(h0, 0), at_step(c0, 0)};
    for (Index t = 0; t < 4; ++t) {
        state = lstm.layers[0](at_step(x, t), state);
        BOOST_TEST(near(at_step(y, t), state.h));
    }
    BOOST_TEST(near(at_step(last.c, 0), state.c));
}

BOOST_AUTO_TEST_CASE(layers_and_directions_are_wired_as_one_would_by_hand) {
    const auto x = drawn({4, 2, 3}, 4);
    nn::BasicGRU<double> both(3, 5, {.layers = 2, .bidirectional = true});
    const auto [y, state] = both(x);
    Matrix below = x;
    for (std::size_t l = 0; l < 2; ++l) {
        nn::BasicGRU<double> forwards(below.shape()[2], 5), backwards(below.shape()[2], 5);
        forwards.layers[0] = both.layers[l];
        backwards.layers[0] = both.reverse[l];
        const auto [there, end] = forwards(below);
        const auto [back, beginning] = backwards(flip(below, 0));
        const Index first = 2 * static_cast<Index>(l);
        BOOST_TEST(near(slice(state, {{first, first + 1}}), end));
        BOOST_TEST(near(slice(state, {{first + 1, first + 2}}), beginning));
        below = autodiff::concat({there, flip(back, 0)}, -1);
    }
    BOOST_TEST(near(y, below));
}

BOOST_AUTO_TEST_CASE(batch_first_only_exchanges_axes) {
    const auto x = drawn({2, 4, 3}, 5);
    nn::BasicLSTM<double> layer(3, 5, {.layers = 2, .bidirectional = true, .batch_first = true});
    const auto [y, state] = layer(x);
    layer.options.batch_first = false;
    const auto [other, same] = layer(swap_axes(x, 0, 1));
    BOOST_TEST(near(y, swap_axes(other, 0, 1)));
    BOOST_TEST(near(state.h, same.h));
    BOOST_TEST(near(state.c, same.c));
}

BOOST_AUTO_TEST_CASE(a_sequence_goes_on_where_its_beginning_has_ended) {
    const auto x = drawn({6, 2, 3}, 6);
    const nn::BasicLSTM<double> layer(3, 5, {.layers = 2});
    const auto [whole, end] = layer(x);
    const auto [begun, state] = layer(slice(x, {{0, 4}}));
    const auto [rest, last] = layer(slice(x, {{4, 6}}), state);
    BOOST_TEST(near(slice(whole, {{4, 6}}), rest));
    BOOST_TEST(near(end.c, last.c));
}

BOOST_AUTO_TEST_CASE(the_products_of_all_steps_with_the_input_are_one) {
    autodiff::Tape tape;
    const auto x = tape.variable(drawn({7, 2, 3}, 7));
    static_cast<void>(nn::BasicLSTM<double>(3, 5, {.layers = 2, .bidirectional = true})(x));
    for (const auto& [name, times] : tape.stats().by_operation)
        if (name == "matmul") BOOST_TEST(times == 4u * (1 + 6));  // and one for every step after the first, whose state is a constant
}

BOOST_AUTO_TEST_CASE(dropout_is_between_layers_and_in_training_only) {
    const auto x = drawn({4, 2, 3}, 8);
    nn::BasicGRU<double> layer(3, 50, {.layers = 2, .dropout = 0.5});
    auto without = layer;
    without.options.dropout = without.dropout.p = 0;
    BOOST_TEST(!near(layer(x).output, without(x).output));
    BOOST_TEST(near(slice(layer(x).state, {{0, 1}}), slice(without(x).state, {{0, 1}})));  // nothing before the first layer
    nn::eval(layer);
    const auto position = layer.dropout.random.position();
    BOOST_TEST(near(layer(x).output, without(x).output));
    BOOST_TEST(layer.dropout.random.position() == position);

    nn::BasicGRU<double> one(3, 5, {.dropout = 0.5});  // none after the last layer
    static_cast<void>(one(x));
    BOOST_TEST(one.dropout.random.position() == 0u);

    nn::train(layer);
    const auto grads = autodiff::gradient([&](const nn::BasicGRU<double>& m) { return sum(m(x).output); }, layer);
    BOOST_TEST(layer.dropout.random.position() == position);
    nn::take_state(layer, grads);
    BOOST_TEST(layer.dropout.random.position() > position);
}

BOOST_AUTO_TEST_CASE(a_stack_is_saved_and_loaded) {
    const auto path = std::filesystem::temp_directory_path() / "wengert_recurrent.safetensors";
    const nn::BasicLSTM<double> saved(3, 5, {.layers = 2, .bidirectional = true}, 3);
    nn::BasicLSTM<double> loaded(3, 5, {.layers = 2, .bidirectional = true});
    const auto x = drawn({4, 2, 3}, 9);
    BOOST_TEST(!equal(loaded(x).output, saved(x).output));
    nn::save(saved, path);
    nn::load(loaded, path);
    BOOST_TEST(equal(loaded(x).output, saved(x).output));
    nn::BasicLSTM<double> smaller(3, 5);
    BOOST_CHECK_EXCEPTION(static_cast<void>(nn::load(smaller, path)), ValueError,
                          says("load: expected a file with the model's tensors only, got \"layers.1.weight_ih\" too"));
    std::filesystem::remove(path);
}

BOOST_AUTO_TEST_CASE(errors_name_the_layer_and_the_shapes) {
    const nn::LSTM layer(3, 4, {.layers = 2});
    const auto refuses = [](const Tensor<float>& x, const auto& l, const std::string& text) {
        BOOST_CHECK_EXCEPTION(static_cast<void>(l(x)), ShapeError, says(text));
    };
    refuses(Tensor<float>::ones({5, 3}), layer, "lstm: expected x [steps, n, 3] with at least one step, got [5, 3]");
    refuses(Tensor<float>::ones({5, 2, 4}), layer, "lstm: expected x [steps, n, 3] with at least one step, got [5, 2, 4]");
    refuses(Tensor<float>::ones({0, 2, 3}), layer, "lstm: expected x [steps, n, 3] with at least one step, got [0, 2, 3]");
    refuses(Tensor<float>::ones({2, 0, 3}), nn::GRU(3, 4, {.batch_first = true}),
            "gru: expected x [n, steps, 3] with at least one step, got [2, 0, 3]");
    const auto x = Tensor<float>::ones({5, 2, 3}), state = Tensor<float>::ones({2, 2, 4});
    BOOST_CHECK_EXCEPTION(static_cast<void>(layer(x, {state, Tensor<float>::ones({1, 2, 4})})), ShapeError,
                          says("lstm: expected states [2, 2, 4]: layers x directions, batch, units, got [1, 2, 4]"));
    BOOST_CHECK_EXCEPTION(static_cast<void>(nn::RNN(3, 4)(x, state)), ShapeError,
                          says("rnn: expected states [1, 2, 4]: layers x directions, batch, units, got [2, 2, 4]"));
    BOOST_CHECK_EXCEPTION(static_cast<void>(nn::RNN()(x)), ValueError, says("rnn: expected at least one layer, got one without"));
    BOOST_CHECK_EXCEPTION(static_cast<void>(nn::GRU(3, 4, {.layers = 0})), ValueError,
                          says("gru: expected at least one input, one unit and one layer, got 3, 4 and 0"));
    BOOST_CHECK_EXCEPTION(static_cast<void>(nn::GRU(3, 4, {.nonlinearity = nn::Nonlinearity::relu})), ValueError,
                          says("gru: expected no nonlinearity, which is that of its gates, got relu"));
    BOOST_CHECK_EXCEPTION(static_cast<void>(nn::LSTM(3, 4, {.dropout = 1})), ValueError,
                          says("dropout: expected a probability from 0 to less than 1, got 1"));

    const nn::LSTMCell cell(3, 4);
    BOOST_CHECK_EXCEPTION(static_cast<void>(nn::LSTMCell(0, 4)), ValueError,
                          says("lstm: expected at least one input and one unit, got 0 and 4"));
    BOOST_CHECK_EXCEPTION(static_cast<void>(cell(Tensor<float>::ones({2, 4}))), ShapeError,
                          says("lstm: expected x [n, 3] in a step, got [2, 4]"));
    BOOST_CHECK_EXCEPTION(static_cast<void>(cell(Tensor<float>::ones({2, 3}), {Tensor<float>::ones({2, 4}), Tensor<float>::ones({1, 4})})),
                          ShapeError, says("lstm: expected a state [2, 4] for x [2, 3], got [1, 4]"));
}

BOOST_AUTO_TEST_SUITE_END()
