// SPDX-License-Identifier: MIT
// What layers carry along: the switch between training and evaluation, running statistics, and places in random streams.
#include "autodiff/gradient.hpp"
#include "autodiff/ops/arithmetic.hpp"
#include "autodiff/ops/reduce.hpp"
#include "nn/activations.hpp"
#include "nn/batch_norm.hpp"
#include "nn/dropout.hpp"
#include "nn/linear.hpp"
#include "nn/optimizers.hpp"
#include "nn/sequential.hpp"
#include "tests/nn/says.hpp"
#include "tests/support/compare.hpp"

#include <array>
#include <vector>

using namespace test;
using nn::Index;
using nn::Tensor;

namespace {

struct Block {
    nn::BasicLinear<double> linear{3, 3};
    nn::BasicBatchNorm<double> norm{3};
    nn::Dropout dropout{0.5};
    auto operator()(const auto& x) const { return dropout(norm(linear(x))); }
};
struct Regulariser {
    nn::Dropout inner{0.25};
};
struct Model {
    Block first;
    std::vector<Block> blocks{Block{}, Block{}};
    std::array<nn::Dropout, 2> pair{};
    nn::Sequential<nn::Relu, nn::Dropout, Block> chain{nn::Relu{}, nn::Dropout{0.1}, Block{}};
    std::tuple<nn::Dropout, int> tuple{nn::Dropout{0.2}, 3};
    Regulariser nothing_to_train;
    double rate = 0.5;
    std::string name = "model";
    auto operator()(const auto& x) const { return chain(blocks[1](blocks[0](first(x)))); }
};

bool equal(const Tensor<double>& a, const Tensor<double>& b) {
    return a.shape() == b.shape() && std::ranges::equal(a.contiguous().data(), b.contiguous().data());
}
const auto loss_on = [](const Tensor<double>& x) { return [x](const auto& m) { return sum(square(m(x))); }; };

}  // namespace

BOOST_AUTO_TEST_SUITE(nn_state)

BOOST_AUTO_TEST_CASE(train_and_eval_reach_every_layer) {
    Model m;
    const auto flags = [&m] {
        return std::vector<bool>{m.first.norm.training,
                                 m.first.dropout.training,
                                 m.blocks[0].norm.training,
                                 m.blocks[1].dropout.training,
                                 m.pair[0].training,
                                 m.pair[1].training,
                                 std::get<1>(m.chain.layers).training,
                                 std::get<2>(m.chain.layers).norm.training,
                                 std::get<0>(m.tuple).training,
                                 m.nothing_to_train.inner.training};
    };
    BOOST_TEST(flags() == std::vector<bool>(10, true), boost::test_tools::per_element());
    nn::eval(m);
    BOOST_TEST(flags() == std::vector<bool>(10, false), boost::test_tools::per_element());
    nn::train(m);
    BOOST_TEST(flags() == std::vector<bool>(10, true), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(statistics_follow_the_batches) {
    nn::BasicBatchNorm<double> layer(2, {.momentum = 0.25});
    const auto x = Tensor<double>::from_rows({{1, 10}, {3, 10}, {8, 40}});
    static_cast<void>(layer(x));
    // Means 4 and 20; unbiased variances 13 and 300.
    BOOST_TEST(close(layer.running_mean.tensor.at(0), 0.25 * 4, {.relative = 1e-15}));
    BOOST_TEST(close(layer.running_mean.tensor.at(1), 0.25 * 20, {.relative = 1e-15}));
    BOOST_TEST(close(layer.running_var.tensor.at(0), 0.75 + 0.25 * 13, {.relative = 1e-15}));
    BOOST_TEST(close(layer.running_var.tensor.at(1), 0.75 + 0.25 * 300, {.relative = 1e-15}));
    static_cast<void>(layer(x));
    BOOST_TEST(close(layer.running_mean.tensor.at(0), 0.75 + 1.0, {.relative = 1e-15}));
    BOOST_TEST(layer.batches == 2);
}

BOOST_AUTO_TEST_CASE(statistics_reach_the_model_with_the_step_and_not_before) {
    Model m;
    const auto x = nn::Random{3}.normal_tensor<double>({8, 3});
    const auto [L, grads] = autodiff::value_and_gradient(loss_on(x), m);
    BOOST_TEST(m.first.norm.batches == 0);
    BOOST_TEST(equal(m.first.norm.running_mean.tensor, Tensor<double>::zeros({3})));
    BOOST_TEST(grads.first.norm.batches == 1);
    nn::SGD optimizer{{.lr = 0}};
    optimizer.step(m, grads);
    BOOST_TEST(m.first.norm.batches == 1);
    BOOST_TEST(m.blocks[1].norm.batches == 1);
    BOOST_TEST(std::get<2>(m.chain.layers).norm.batches == 1);
    BOOST_TEST(!m.first.norm.running_mean.tensor.recorded());
    // The same as calling the layer on the outputs of the one before it.
    nn::BasicBatchNorm<double> alone(3);
    static_cast<void>(alone(m.first.linear(x)));
    BOOST_TEST(equal(m.first.norm.running_mean.tensor, alone.running_mean.tensor));
    BOOST_TEST(equal(m.first.norm.running_var.tensor, alone.running_var.tensor));
}

BOOST_AUTO_TEST_CASE(taking_state_twice_or_from_the_past_changes_nothing) {
    Model m;
    const auto x = nn::Random{3}.normal_tensor<double>({8, 3});
    const auto grads = autodiff::gradient(loss_on(x), m);
    nn::take_state(m, grads);
    const auto mean = m.first.norm.running_mean.tensor;
    nn::take_state(m, grads);
    nn::take_state(m, Model{});
    BOOST_TEST(equal(m.first.norm.running_mean.tensor, mean));
    BOOST_TEST(m.first.norm.batches == 1);
}

BOOST_AUTO_TEST_CASE(the_gradient_of_one_model_is_one_answer) {
    const Model m;
    const auto x = nn::Random{3}.normal_tensor<double>({8, 3});
    const auto first = autodiff::value_and_gradient(loss_on(x), m), second = autodiff::value_and_gradient(loss_on(x), m);
    BOOST_TEST(first.first == second.first);
    BOOST_TEST(equal(first.second.first.linear.weight, second.second.first.linear.weight));
}

BOOST_AUTO_TEST_CASE(masks_differ_from_step_to_step) {
    struct OnlyDropout {
        nn::Dropout dropout{0.5};
        Tensor<double> weight = Tensor<double>::ones({64});
    };
    OnlyDropout m;
    nn::SGD optimizer{{.lr = 0}};
    const auto f = [](const OnlyDropout& model) { return sum(model.dropout(model.weight)); };
    const auto first = autodiff::gradient(f, m);
    optimizer.step(m, first);
    const auto second = autodiff::gradient(f, m);
    BOOST_TEST(!equal(first.weight, second.weight));
    BOOST_TEST(second.dropout.random.position() == 2 * first.dropout.random.position());
}

BOOST_AUTO_TEST_CASE(copies_of_a_model_share_nothing_that_changes) {
    Model a;
    Model b = a;
    const auto x = nn::Random{3}.normal_tensor<double>({8, 3});
    static_cast<void>(a(x));
    BOOST_TEST(a.first.norm.batches == 1);
    BOOST_TEST(b.first.norm.batches == 0);
    BOOST_TEST(equal(b.first.norm.running_mean.tensor, Tensor<double>::zeros({3})));
    BOOST_TEST(b.first.dropout.random.position() == 0u);
}

BOOST_AUTO_TEST_CASE(evaluation_changes_nothing_and_repeats_itself) {
    Model m;
    const auto x = nn::Random{3}.normal_tensor<double>({8, 3});
    static_cast<void>(m(x));
    nn::eval(m);
    const auto mean = m.first.norm.running_mean.tensor;
    const auto position = m.first.dropout.random.position();
    const auto y = m(x);
    BOOST_TEST(equal(y, m(x)));
    BOOST_TEST(equal(m.first.norm.running_mean.tensor, mean));
    BOOST_TEST(m.first.norm.batches == 1);
    BOOST_TEST(m.first.dropout.random.position() == position);
    // Running statistics, so that a sample does not depend on those beside it.
    const auto alone = m(Tensor<double>({1, 3}, x.data().first(3)));
    for (Index j = 0; j < 3; ++j) BOOST_TEST(close(alone.at(0, j), y.at(0, j), {.relative = 1e-13, .absolute = 1e-15}));
}

BOOST_AUTO_TEST_CASE(models_of_different_layers_do_not_exchange_state) {
    struct Stack {
        std::vector<nn::Dropout> layers;
    };
    Stack two{{nn::Dropout{}, nn::Dropout{}}};
    BOOST_CHECK_EXCEPTION(static_cast<void>(nn::take_state(two, Stack{{nn::Dropout{}}})), autodiff::ValueError,
                          says("take_state: expected two models with the same layers, got one with fewer of them"));
}

BOOST_AUTO_TEST_SUITE_END()
