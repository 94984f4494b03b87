// SPDX-License-Identifier: MIT
// What a checkpointed loop really takes from the pool of tensors, at its peak.
#include "autodiff/autodiff.hpp"
#include "autodiff/memory.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(checkpointed_memory)

BOOST_AUTO_TEST_CASE(is_the_snapshots_and_one_recorded_step) {
    using namespace autodiff;
    using T = Tensor<double>;
    const Index n = 10000, s = 100, size = 2000;
    const std::size_t state = static_cast<std::size_t>(size) * sizeof(double);
    const auto step = [](Index, const T& z, const T& w) { return z * w; };

    std::size_t one_step = 0;
    {
        const std::size_t before = memory::stats().in_use;
        Tape tape(Detail::derivatives);
        const T z = tape.variable(T::full({size}, 0.3)), w = tape.variable(T::full({size}, 0.999));
        memory::reset_peak();
        const Gradient g = gradient(sum(step(0, z, w)));
        one_step = memory::stats().peak_in_use - before;
    }
    Tape tape(Detail::derivatives);
    const T first = tape.variable(T::full({size}, 0.3)), w = tape.variable(T::full({size}, 0.999));
    const std::size_t before = memory::stats().in_use;
    memory::reset_peak();
    const auto taken = [before] { return memory::stats().in_use - before; };
    const auto peak = [before] { return memory::stats().peak_in_use - before; };
    const T last = checkpointed_loop(step, first, n, {.snapshots = s}, w);
    // The first state belongs to the caller already.
    const auto theory = static_cast<double>((s - 1) * size) * sizeof(double) + static_cast<double>(one_step);
    BOOST_TEST(static_cast<double>(peak()) < 1.1 * theory);
    BOOST_TEST(static_cast<double>(taken()) > 0.9 * theory - static_cast<double>(one_step));
    {
        const Gradient g = gradient(sum(last));
        BOOST_TEST(static_cast<double>(peak()) < 1.1 * theory);
        BOOST_TEST(static_cast<double>(peak()) > 0.9 * theory);
    }
    // The sweep has given the snapshots back; the result is still there.
    BOOST_TEST(taken() < 3 * state);
    const Gradient again = gradient(sum(last));
    BOOST_TEST(static_cast<double>(peak()) < 1.1 * theory);
}

BOOST_AUTO_TEST_SUITE_END()
