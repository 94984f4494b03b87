// SPDX-License-Identifier: MIT
// Training gives the same bits for any number of threads, and several threads may train at once, each with tapes of its own.
// The products of BLAS run in one thread here: for what it promises with more see kernels/threads.hpp.
#include "nn/nn.hpp"

#include "autodiff/autodiff.hpp"
#include "autodiff/kernels/threads.hpp"

#include <bit>
#include <boost/test/unit_test.hpp>
#include <thread>
#include <vector>

namespace {

using autodiff::value_and_gradient;
using nn::Index;
using nn::Tensor;
namespace kernels = autodiff::kernels;

using Bits = std::vector<std::uint32_t>;

struct Dense {
    nn::Linear hidden{48, 400}, output{400, 10};
    nn::LayerNorm norm{400};
    nn::Dropout dropout{0.25};
    auto operator()(const auto& x) const { return output(dropout(tanh(norm(hidden(x))))); }
};
struct Convolutional {
    nn::Conv2d first{3, 16, 3}, second{16, 8, 3};
    nn::BatchNorm norm{16};
    nn::Linear output{8 * 6 * 6, 10};
    auto operator()(const auto& x) const {
        return output(flatten(relu(second(max_pool2d(relu(norm(first(x))), {{2, 2}, {2, 2}, {0, 0}}))), 1));
    }
};
struct Recurrent {
    nn::LSTM lstm{24, 64, {.layers = 2, .bidirectional = true}};
    nn::Linear output{128, 10};
    auto operator()(const auto& x) const { return output(sum(lstm(x).output, {0})); }
};
struct Attending {
    nn::MultiheadAttention attention{64, 4};
    nn::Linear output{64, 10};
    auto operator()(const auto& x) const { return output(mean(attention(x, {.causal = true}), {1})); }
};

/// The loss and all parameters after three steps, as bits.
template <class Model, class Optimizer>
Bits trained(Optimizer optimizer, const nn::Shape& inputs) {
    Model model;
    nn::Random random{7};
    nn::initialise(model, nn::kaiming_uniform{}, random);
    const Tensor<float> x = random.uniform_tensor<float>(inputs, -1, 1);
    Bits bits;
    const auto keep = [&bits](const Tensor<float>& t) {
        for (const float value : t.data()) bits.push_back(std::bit_cast<std::uint32_t>(value));
    };
    for (int step = 0; step < 3; ++step) {
        auto [loss, grads] = value_and_gradient(
            [&x](const Model& m) {
                const auto scores = m(x);
                auto labels = Tensor<Index>::zeros({scores.shape()[0]});
                for (Index i = 0; i < labels.size(); ++i) labels.fill_data()[i] = i % 10;
                return nn::cross_entropy(scores, labels);
            },
            model);
        keep(Tensor<float>(static_cast<float>(loss)));
        nn::clip_gradient_norm(grads, 1);
        optimizer.step(model, grads);
    }
    for (const auto& [name, tensor] : nn::parameters(model)) keep(tensor);
    return bits;
}

struct Task {
    const char* what;
    Bits (*run)();
};
const Task tasks[] = {
    {"dense, Adam",
     [] {
         return trained<Dense>(nn::Adam{{.lr = 1e-2}}, {512, 48});
     }},
    {"dense, AdamW",
     [] {
         return trained<Dense>(nn::AdamW{{.lr = 1e-2}}, {33, 48});
     }},
    {"convolutional, SGD",
     [] {
         return trained<Convolutional>(nn::SGD{{.lr = 1e-2, .momentum = 0.9}}, {24, 3, 18, 18});
     }},
    {"LSTM, Adam",
     [] {
         return trained<Recurrent>(nn::Adam{{.lr = 1e-2}}, {9, 70, 24});
     }},
    {"attention, Adam",
     [] {
         return trained<Attending>(nn::Adam{{.lr = 1e-2}}, {12, 50, 64});
     }},
};

/// Restores the number of threads; BLAS stays at one.
struct Serial {
    kernels::SerialBlas blas;
    int count = kernels::threads();
    ~Serial() { kernels::set_threads(count); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(nn_threads)

BOOST_AUTO_TEST_CASE(a_training_has_the_same_bits_for_any_number_of_threads) {
    const Serial serial;
    for (const Task& task : tasks) {
        kernels::set_threads(1);
        const Bits expected = task.run();
        for (const int count : {2, 4}) {
            kernels::set_threads(count);
            BOOST_TEST((task.run() == expected), task.what << " with " << count << " threads");
        }
    }
}

BOOST_AUTO_TEST_CASE(trainings_in_several_threads_at_once_give_what_one_gives) {
    const Serial serial;
    for (const int count : {1, 2}) {
        kernels::set_threads(count);
        for (const Task& task : tasks) {
            const Bits expected = task.run();
            std::vector<Bits> got(3);
            std::vector<std::thread> trainers;
            for (Bits& bits : got) trainers.emplace_back([&bits, &task] { bits = task.run(); });
            for (std::thread& trainer : trainers) trainer.join();
            for (const Bits& bits : got) BOOST_TEST((bits == expected), task.what << " with " << count << " threads each");
        }
    }
}

// Tapes of two threads, each recorded in steps that alternate with the other's.
BOOST_AUTO_TEST_CASE(tapes_of_two_threads_know_nothing_of_each_other) {
    using autodiff::Tape;
    const auto record = [](double at, std::vector<double>& slopes) {
        Tape tape;
        const auto x = tape.variable(at);
        const auto w = tape.variable(Tensor<double>::full({100}, at));
        autodiff::Scalar y = x;
        for (int i = 0; i < 200; ++i) {
            y = sin(y * x) + sum(w * w) * 1e-4;
            std::this_thread::yield();
        }
        const auto g = gradient(y);
        slopes = {y.value(), g[x], g[w].at(99)};
    };
    std::vector<double> a, b, a_alone, b_alone;
    record(0.7, a_alone), record(1.3, b_alone);
    std::thread first(record, 0.7, std::ref(a)), second(record, 1.3, std::ref(b));
    first.join(), second.join();
    BOOST_TEST(a == a_alone, boost::test_tools::per_element());
    BOOST_TEST(b == b_alone, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
