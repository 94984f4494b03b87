// SPDX-License-Identifier: MIT
// What a checkpointed loop really allocates: every byte that a tensor takes in this program is counted here, in the operator new that
// gives out aligned memory. (Only that one: sanitizers keep the others.)
#include "autodiff/autodiff.hpp"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>

namespace {

std::atomic<std::size_t> live{0}, peak{0};

constexpr std::size_t header = 64;  // holds the size, and keeps every alignment that is asked for here

void* give_out(std::size_t size) {
    void* const memory = std::aligned_alloc(header, (size + 2 * header - 1) / header * header);
    if (memory == nullptr) throw std::bad_alloc();
    *static_cast<std::size_t*>(memory) = size;
    const std::size_t now = live += size;
    std::size_t seen = peak;
    while (now > seen && !peak.compare_exchange_weak(seen, now)) {
    }
    return static_cast<std::byte*>(memory) + header;
}
void give_back(void* memory) noexcept {
    if (memory == nullptr) return;
    void* const begin = static_cast<std::byte*>(memory) - header;
    live -= *static_cast<std::size_t*>(begin);
    std::free(begin);
}

}  // namespace

void* operator new(std::size_t size, std::align_val_t) { return give_out(size); }
void operator delete(void* memory, std::align_val_t) noexcept { give_back(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { give_back(memory); }

BOOST_AUTO_TEST_SUITE(checkpointed_memory)

BOOST_AUTO_TEST_CASE(is_the_snapshots_and_one_recorded_step) {
    using namespace autodiff;
    using T = Tensor<double>;
    const Index n = 10000, s = 100, size = 2000;
    const std::size_t state = static_cast<std::size_t>(size) * sizeof(double);
    const auto step = [](Index, const T& z, const T& w) { return z * w; };

    std::size_t one_step = 0;
    {
        const std::size_t before = live;
        Tape tape(Detail::derivatives);
        const T z = tape.variable(T::full({size}, 0.3)), w = tape.variable(T::full({size}, 0.999));
        peak = live.load();
        const Gradient g = gradient(sum(step(0, z, w)));
        one_step = peak - before;
    }
    Tape tape(Detail::derivatives);
    const T first = tape.variable(T::full({size}, 0.3)), w = tape.variable(T::full({size}, 0.999));
    const std::size_t before = live;
    peak = before;
    const T last = checkpointed_loop(step, first, n, {.snapshots = s}, w);
    // The first state belongs to the caller already.
    const auto theory = static_cast<double>((s - 1) * size) * sizeof(double) + static_cast<double>(one_step);
    BOOST_TEST(static_cast<double>(peak - before) < 1.1 * theory);
    BOOST_TEST(static_cast<double>(live - before) > 0.9 * theory - static_cast<double>(one_step));
    {
        const Gradient g = gradient(sum(last));
        BOOST_TEST(static_cast<double>(peak - before) < 1.1 * theory);
        BOOST_TEST(static_cast<double>(peak - before) > 0.9 * theory);
    }
    // The sweep has given the snapshots back; the result is still there.
    BOOST_TEST(live - before < 3 * state);
    const Gradient again = gradient(sum(last));
    BOOST_TEST(static_cast<double>(peak - before) < 1.1 * theory);
}

BOOST_AUTO_TEST_SUITE_END()
