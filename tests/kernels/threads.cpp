// SPDX-License-Identifier: MIT
// The parallel loop: every index once, in blocks that do not depend on the number of threads.
#include "autodiff/kernels/threads.hpp"

#include "tests/kernels/views.hpp"

#include <atomic>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

using namespace autodiff;
using namespace views;

namespace {

std::set<std::pair<Index, Index>> blocks(Index count, Index block) {
    std::set<std::pair<Index, Index>> result;
    std::mutex mutex;
    kernels::parallel_for(count, block, [&](Index begin, Index end) {
        const std::lock_guard lock(mutex);
        BOOST_REQUIRE(result.insert({begin, end}).second);
    });
    return result;
}

/// Restores the number of threads.
struct Restore {
    int count = kernels::threads();
    ~Restore() { kernels::set_threads(count); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(threading)

BOOST_AUTO_TEST_CASE(blocks_cover_the_range_once_and_are_the_same_for_any_number_of_threads) {
    const Restore restore;
    for (const Index count : {0, 1, 9, 10, 11, 100, 1003}) {
        kernels::set_threads(1);
        const auto one = blocks(count, 10);
        kernels::set_threads(4);
        BOOST_TEST((blocks(count, 10) == one));
        Index next = 0;
        for (const auto& [begin, end] : one) {
            BOOST_TEST(begin == next);
            next = end;
        }
        BOOST_TEST(next == count);
    }
}

BOOST_AUTO_TEST_CASE(the_number_of_threads_is_what_was_set_and_at_least_one) {
    const Restore restore;
    for (const int count : {3, 1, 2}) {
        kernels::set_threads(count);
        BOOST_TEST(kernels::threads() == count);
    }
    BOOST_CHECK_EXCEPTION(kernels::set_threads(0), ValueError, says("set_threads: expected at least 1 thread, got 0"));
    BOOST_TEST(kernels::threads() == 2);
}

BOOST_AUTO_TEST_CASE(an_exception_in_a_block_reaches_the_caller) {
    const Restore restore;
    for (const int count : {1, 4}) {
        kernels::set_threads(count);
        BOOST_CHECK_THROW(kernels::parallel_for(100, 1,
                                                [](Index begin, Index) {
                                                    if (begin == 57) throw std::runtime_error("57");
                                                }),
                          std::runtime_error);
    }
}

BOOST_AUTO_TEST_CASE(loops_may_be_nested_and_may_run_in_several_threads_at_once) {
    const Restore restore;
    kernels::set_threads(4);
    std::atomic<Index> sum{0};
    std::vector<std::thread> callers;
    for (int caller = 0; caller < 3; ++caller)
        callers.emplace_back([&] {
            const kernels::SerialBlas serial;
            kernels::parallel_for(20, 1, [&](Index i, Index) { kernels::parallel_for(30, 1, [&](Index j, Index) { sum += i * j; }); });
        });
    for (std::thread& caller : callers) caller.join();
    BOOST_TEST(sum == 3 * 190 * 435);
}

BOOST_AUTO_TEST_SUITE_END()
