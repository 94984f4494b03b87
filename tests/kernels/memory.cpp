// SPDX-License-Identifier: MIT
// The pool: sizes, alignment, what is kept and given back, the limit, blocks that change threads.
#include "autodiff/kernels/memory.hpp"

#include "autodiff/autodiff.hpp"
#include "autodiff/memory.hpp"
#include "tests/kernels/views.hpp"

#include <cstring>
#include <fmt/format.h>
#include <mutex>
#include <thread>
#include <vector>

using namespace autodiff;
using namespace views;
using kernels::give_memory;
using kernels::take_memory;

namespace {

// Under the address sanitizer every block comes from the system and goes back to it.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool keeps = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr bool keeps = false;
#else
constexpr bool keeps = true;
#endif
#else
constexpr bool keeps = true;
#endif

constexpr std::size_t kib = 1024, mib = 1024 * kib;

/// A block that is full of one byte from its beginning to its end.
struct Block {
    std::byte* first;
    std::size_t bytes;
    std::byte mark;

    Block(std::size_t n, int m) : first(static_cast<std::byte*>(take_memory(n))), bytes(n), mark(static_cast<std::byte>(m)) {
        std::memset(first, m, n);
    }
    [[nodiscard]] bool untouched() const {
        return std::all_of(first, first + bytes, [this](std::byte b) { return b == mark; });
    }
    void give() const { give_memory(first, bytes); }
};

/// No limit afterwards, whatever happens.
struct Limit {
    explicit Limit(std::size_t bytes) { memory::set_limit(bytes); }
    ~Limit() { memory::set_limit(0); }
};
std::size_t held() {
    const auto stats = memory::stats();
    return stats.in_use + stats.cached;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(memory_pool)

BOOST_AUTO_TEST_CASE(blocks_of_all_sizes_are_aligned_and_apart) {
    std::vector<Block> blocks;
    int mark = 0;
    for (const std::size_t around : {64 * 1ul, 8 * 64ul, 9 * 64ul, 1 * kib, 8 * kib, 64 * kib, 1 * mib, 2 * mib, 9 * mib})
        for (const std::size_t n : {around - 1, around, around + 1})
            for (int twice = 0; twice < 2; ++twice) blocks.emplace_back(n, ++mark % 256);
    blocks.emplace_back(0, 0);
    for (const Block& block : blocks) {
        BOOST_TEST(reinterpret_cast<std::uintptr_t>(block.first) % kernels::block_alignment == 0u, block.bytes << " bytes");
        BOOST_TEST(block.untouched(), block.bytes << " bytes");
    }
    for (const Block& block : blocks) block.give();
}

BOOST_AUTO_TEST_CASE(what_is_in_use_is_what_was_asked_for_and_at_most_an_eighth_more) {
    for (const std::size_t n : {8 * kib + 1, 100'000ul, 1 * mib, 1 * mib + 1, 3 * mib}) {
        const auto before = memory::stats();
        memory::reset_peak();
        BOOST_TEST(memory::stats().peak_in_use == before.in_use);
        const Block block(n, 1);
        const std::size_t more = memory::stats().in_use - before.in_use;
        BOOST_TEST(more >= n);
        BOOST_TEST(more <= n + n / 8 + kernels::block_alignment);
        block.give();
        BOOST_TEST(memory::stats().in_use == before.in_use);
        BOOST_TEST(memory::stats().peak_in_use == before.in_use + more);
    }
}

BOOST_AUTO_TEST_CASE(a_block_given_back_is_the_next_one_taken, *boost::unit_test::enable_if<keeps>()) {
    for (const std::size_t n : {1ul, 300ul, 8 * kib, 8 * kib + 1, 700 * kib, 5 * mib}) {
        const Block block(n, 1);
        block.give();
        const auto before = memory::stats();
        const Block again(n, 2);
        BOOST_TEST(again.first == block.first, n << " bytes");
        BOOST_TEST(memory::stats().system_calls == before.system_calls);
        BOOST_TEST(held() == before.in_use + before.cached);
        again.give();
    }
}

BOOST_AUTO_TEST_CASE(trim_gives_back_what_is_not_small, *boost::unit_test::enable_if<keeps>()) {
    memory::trim();
    const auto before = memory::stats();
    const Block a(5 * mib, 1), b(5 * mib, 2), c(9 * kib, 3);
    a.give(), b.give(), c.give();
    BOOST_TEST(memory::stats().cached >= before.cached + 10 * mib + 9 * kib);
    BOOST_TEST(memory::stats().in_use == before.in_use);
    memory::trim();
    BOOST_TEST(memory::stats().cached == before.cached);
    const auto calls = memory::stats().system_calls;
    Block(5 * mib, 4).give();
    BOOST_TEST(memory::stats().system_calls == calls + 1);
    memory::trim();
}

BOOST_AUTO_TEST_CASE(beyond_the_limit_an_error_names_the_limit_and_the_request) {
    memory::trim();
    const std::size_t before = held(), limit = before + mib;
    const Limit limited(limit);
    BOOST_TEST(memory::stats().limit == limit);
    BOOST_CHECK_EXCEPTION(static_cast<void>(take_memory(4 * mib)), MemoryError,
                          says(fmt::format("tensor: expected at most {} bytes in all, the limit, got {} more beside {}; let tensors go, or "
                                           "raise the limit with memory::set_limit",
                                           limit, 4 * mib, before)));
    BOOST_TEST(held() == before);
    Block(mib, 1).give();
    memory::set_limit(0);
    Block(4 * mib, 1).give();
}

BOOST_AUTO_TEST_CASE(the_limit_counts_small_blocks_too) {
    const Limit limited(held() + 256 * kib);
    std::vector<Block> blocks;
    const auto take = [&] {
        while (blocks.size() < 100'000) blocks.emplace_back(4 * kib, 1);
    };
    BOOST_CHECK_THROW(take(), MemoryError);
    BOOST_TEST(blocks.size() >= 32u);
    BOOST_TEST(held() <= memory::stats().limit);
    for (const Block& block : blocks) block.give();
}

BOOST_AUTO_TEST_CASE(what_is_kept_makes_room_below_the_limit) {
    memory::trim();
    const Limit limited(held() + 8 * mib);
    Block(6 * mib, 1).give();
    const Block other(5 * mib, 2);  // not beside the 6 MiB
    BOOST_TEST(held() <= memory::stats().limit);
    other.give();
    memory::trim();
}

BOOST_AUTO_TEST_CASE(an_error_of_the_limit_leaves_tensors_and_the_tape_as_they_were) {
    Tape tape;
    const auto x = tape.variable(Tensor<double>::full({1000, 1}, 2.0)), w = tape.variable(Tensor<double>::full({1, 1000}, 3.0));
    const auto y = x * x;
    const auto rows = tape.stats().rows;
    {
        const Limit limited(held() + 64 * kib);
        BOOST_CHECK_THROW(static_cast<void>(x * w), MemoryError);
        BOOST_CHECK_THROW(static_cast<void>(Tensor<float>::zeros({1000, 1000})), MemoryError);
        BOOST_TEST(tape.stats().rows == rows);
        BOOST_TEST(sum(y).item() == 4000);
    }
    BOOST_TEST(sum(x * w).item() == 6e6);
    BOOST_TEST(gradient(sum(x * w * w))[x].at(7, 0) == 9000);
    BOOST_TEST(gradient(sum(y))[x].at(7, 0) == 4);
}

BOOST_AUTO_TEST_CASE(an_error_of_the_limit_in_a_sweep_leaves_the_tape_to_be_swept_again) {
    Tape tape;
    const auto x = tape.variable(Tensor<double>::full({300'000}, 2.0));
    const auto loss = sum(exp(x) * x);
    memory::trim();
    {
        const Limit limited(held() + mib);
        BOOST_CHECK_THROW(static_cast<void>(gradient(loss)), MemoryError);
    }
    const auto g = gradient(loss)[x];
    BOOST_TEST(g.at(299'999) == 3 * std::exp(2.0), boost::test_tools::tolerance(1e-15));
    memory::trim();
}

// Threads that end give back what they have at hand, also if they took nothing themselves.
BOOST_AUTO_TEST_CASE(blocks_may_be_given_back_in_another_thread) {
    for (const std::size_t n : {200ul, 8 * kib, 100 * kib}) {
        std::vector<Block> blocks;
        for (int i = 0; i < 300; ++i) blocks.emplace_back(n, i % 256);
        const std::size_t total = 300 * ((n + kernels::block_alignment - 1) / kernels::block_alignment) * kernels::block_alignment;
        for (int round = 0; round < 4; ++round) {
            const auto before = memory::stats();
            std::thread([&blocks] {
                for (const Block& block : blocks)
                    if (block.untouched()) block.give();
            }).join();
            BOOST_TEST(before.in_use - memory::stats().in_use >= total, n << " bytes, round " << round);
            blocks.clear();
            for (int i = 0; i < 300; ++i) blocks.emplace_back(n, i % 256);
            if (keeps) BOOST_TEST(memory::stats().system_calls == before.system_calls, n << " bytes, round " << round);
        }
        for (const Block& block : blocks) block.give();
    }
}

BOOST_AUTO_TEST_CASE(many_threads_take_and_give_each_others_blocks) {
    const std::size_t before = memory::stats().in_use;
    std::mutex mutex;
    std::vector<Block> shared;
    bool untouched = true;
    const auto work = [&](unsigned seed) {
        std::mt19937 random(seed);
        std::vector<Block> mine;
        for (int step = 0; step < 3000; ++step) {
            const std::size_t n = std::size_t{1} << random() % 15;
            mine.emplace_back(n + random() % n, static_cast<int>(random() % 256));
            if (random() % 3 == 0) {
                const std::lock_guard lock(mutex);
                shared.push_back(mine.back()), mine.pop_back();
                std::swap(shared[random() % shared.size()], shared.back());
                mine.push_back(shared.back()), shared.pop_back();
            }
            if (mine.size() > 30 || random() % 2 == 0) {
                std::swap(mine[random() % mine.size()], mine.back());
                if (!mine.back().untouched()) {
                    const std::lock_guard lock(mutex);
                    untouched = false;
                }
                mine.back().give(), mine.pop_back();
            }
        }
        const std::lock_guard lock(mutex);
        shared.insert(shared.end(), mine.begin(), mine.end());
    };
    std::vector<std::thread> threads;
    for (unsigned t = 0; t < 4; ++t) threads.emplace_back(work, 100 + t);
    for (std::thread& t : threads) t.join();
    BOOST_TEST(untouched);
    for (const Block& block : shared) BOOST_TEST(block.untouched());
    std::thread([&shared] {
        for (const Block& block : shared) block.give();
    }).join();
    BOOST_TEST(memory::stats().in_use == before);
}

BOOST_AUTO_TEST_SUITE_END()
