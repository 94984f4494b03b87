// SPDX-License-Identifier: MIT
// Training takes its memory in the first steps, and keeps it: the loop of equal steps asks the system for nothing.
#include "nn/nn.hpp"

#include "autodiff/autodiff.hpp"
#include "autodiff/kernels/threads.hpp"
#include "autodiff/memory.hpp"

#include <boost/test/unit_test.hpp>

namespace {

using autodiff::value_and_gradient;
using nn::Index;
using nn::Tensor;
namespace memory = autodiff::memory;

struct Network {
    nn::Conv2d conv{1, 4, 3};
    nn::LSTM lstm{36, 16};
    nn::Linear output{16, 5};
    auto operator()(const auto& x) const {
        const auto features = max_pool2d(relu(conv(x)), {{2, 2}, {2, 2}, {0, 0}});  // [n, 4, 6, 6]
        return output(select(lstm(reshape(transpose(features, {1, 0, 2, 3}), {4, x.shape()[0], 36})).output, 0, 3));
    }
};

/// One thread, so that no other one's blocks at hand are counted.
struct OneThread {
    int count = autodiff::kernels::threads();
    OneThread() { autodiff::kernels::set_threads(1); }
    ~OneThread() { autodiff::kernels::set_threads(count); }
};

/// f(model, gradients) for each step of a training.
template <class F>
void train(int steps, Network& model, nn::Adam& optimizer, const F& f) {
    nn::Random random{3};
    const Tensor<float> x = random.uniform_tensor<float>({40, 1, 14, 14}, -1, 1);
    const auto labels = Tensor<Index>::zeros({40});
    for (int step = 0; step < steps; ++step) {
        const auto [loss, grads] = value_and_gradient([&](const Network& m) { return nn::cross_entropy(m(x), labels); }, model);
        optimizer.step(model, grads);
        f(step);
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(nn_memory)

BOOST_AUTO_TEST_CASE(equal_steps_take_no_more_memory_from_one_to_the_next) {
    const OneThread serial;
    Network model;
    nn::Adam optimizer{{.lr = 1e-3}};
    memory::Statistics warm, peak;
    train(40, model, optimizer, [&](int step) {
        const auto now = memory::stats();
        if (step == 9) warm = now, memory::reset_peak();
        if (step == 19) peak = now;
        if (step < 20) return;
        BOOST_TEST(now.in_use + now.cached <= warm.in_use + warm.cached);
        BOOST_TEST(now.peak_in_use == peak.peak_in_use);
#if !defined(__SANITIZE_ADDRESS__)  // which keeps nothing
        BOOST_TEST(now.system_calls == warm.system_calls);
#endif
    });
}

BOOST_AUTO_TEST_CASE(a_step_beyond_the_limit_leaves_the_model_to_be_trained_on) {
    const OneThread serial;
    struct NoLimit {
        ~NoLimit() { memory::set_limit(0); }
    } const afterwards;
    Network model, undisturbed;
    nn::Adam optimizer{{.lr = 1e-3}}, of_undisturbed{{.lr = 1e-3}};
    train(1, model, optimizer, [](int) {});
    memory::trim();
    const auto before = memory::stats();
    memory::set_limit(before.in_use + before.cached + 20'000);
    BOOST_CHECK_THROW(train(1, model, optimizer, [](int) {}), autodiff::MemoryError);
    memory::set_limit(0);
    train(2, model, optimizer, [](int) {});
    train(3, undisturbed, of_undisturbed, [](int) {});
    const auto got = nn::parameters(model), expected = nn::parameters(undisturbed);
    for (std::size_t i = 0; i < expected.size(); ++i)
        BOOST_TEST(got[i].second.data() == expected[i].second.data(), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
