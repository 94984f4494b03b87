// SPDX-License-Identifier: MIT
// A list whose elements stay where they are while it grows.
#include "autodiff/stable_list.hpp"

#include "autodiff/error.hpp"
#include "autodiff/memory.hpp"

#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <iterator>
#include <numeric>
#include <stdexcept>
#include <vector>

namespace {

using autodiff::StableList;
namespace memory = autodiff::memory;

int alive = 0;

/// Counts those that live; a move may be told to fail.
struct Element {
    int number;
    bool throws = false;

    explicit Element(int n) : number(n) { ++alive; }
    Element(Element&& other) : number(other.number) {
        if (other.throws) throw std::runtime_error("moved");
        ++alive;
    }
    Element& operator=(Element&&) = delete;
    ~Element() { --alive; }
};
/// So large that its chunks are blocks of their own in the statistics of memory.
struct Large {
    std::array<double, 512> numbers;
};

StableList<Element>& fill(StableList<Element>& list, int n) {
    for (int i = 0; i < n; ++i) list.push_back(Element(i));
    return list;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(stable_list)

BOOST_AUTO_TEST_CASE(references_stay_valid_while_it_grows) {
    StableList<Element> list;
    std::vector<Element*> places;
    for (int i = 0; i < 1000; ++i) places.push_back(&list.push_back(Element(i)));
    BOOST_TEST(list.size() == 1000u);
    for (std::size_t i = 0; i < places.size(); ++i) {
        BOOST_TEST(&list[i] == places[i]);
        BOOST_TEST(places[i]->number == static_cast<int>(i));
    }
    BOOST_TEST(list.back().number == 999);
}

BOOST_AUTO_TEST_CASE(each_element_is_destroyed_once) {
    {
        StableList<Element> list;
        fill(list, 100);
        BOOST_TEST(alive == 100);
        for (int i = 0; i < 40; ++i) list.pop_back();
        BOOST_TEST(alive == 60);
        BOOST_TEST(list.back().number == 59);
        list.clear();
        BOOST_TEST(alive == 0);
        BOOST_TEST(list.empty());
        fill(list, 33);
    }
    BOOST_TEST(alive == 0);
}

BOOST_AUTO_TEST_CASE(what_becomes_free_is_used_again) {
    StableList<Element> list;
    fill(list, 100);
    const Element* const first = &list[0];
    const std::size_t capacity = list.capacity();
    BOOST_TEST(capacity >= 100u);
    list.clear();
    BOOST_TEST(list.capacity() == capacity);
    fill(list, static_cast<int>(capacity));
    BOOST_TEST(list.capacity() == capacity);
    BOOST_TEST(&list[0] == first);
    list.push_back(Element(1));
    BOOST_TEST(list.capacity() > capacity);
}

BOOST_AUTO_TEST_CASE(an_exception_of_a_move_leaves_the_list_as_it_was) {
    for (const int n : {5, 32, 64}) {
        StableList<Element> list;
        fill(list, n);
        Element bad(1);
        bad.throws = true;
        BOOST_CHECK_THROW(list.push_back(std::move(bad)), std::runtime_error);
        BOOST_TEST(list.size() == static_cast<std::size_t>(n));
        BOOST_TEST(alive == n + 1);
        BOOST_TEST(list.push_back(Element(7)).number == 7);
        BOOST_TEST(list[static_cast<std::size_t>(n) - 1].number == n - 1);
    }
    BOOST_TEST(alive == 0);
}

BOOST_AUTO_TEST_CASE(without_memory_it_stays_as_it_was_and_after_prepare_it_needs_none) {
    struct NoLimit {
        ~NoLimit() { memory::set_limit(0); }
    } const afterwards;
    memory::trim();
    StableList<Large> list;
    const auto number_of = [](double x) {
        Large large;
        large.numbers.fill(x);
        return large;
    };
    list.prepare();
    memory::set_limit(1);
    const std::size_t capacity = list.capacity();
    for (std::size_t i = 0; i < capacity; ++i) list.push_back(number_of(static_cast<double>(i)));
    BOOST_CHECK_THROW(list.prepare(), autodiff::MemoryError);
    BOOST_CHECK_THROW(list.push_back(number_of(0)), autodiff::MemoryError);
    BOOST_TEST(list.size() == capacity);
    BOOST_TEST(list.capacity() == capacity);
    memory::set_limit(0);
    list.push_back(number_of(-1));
    BOOST_TEST(list.back().numbers[511] == -1);
    BOOST_TEST(list[capacity - 1].numbers[0] == static_cast<double>(capacity - 1));
}

BOOST_AUTO_TEST_CASE(its_memory_is_the_pools) {
    const std::size_t before = memory::stats().in_use;
    {
        StableList<Large> list;
        for (int i = 0; i < 100; ++i) list.push_back(Large{});
        BOOST_TEST(memory::stats().in_use >= before + 100 * sizeof(Large));
        list.clear();
        BOOST_TEST(memory::stats().in_use >= before + 100 * sizeof(Large));
    }
    BOOST_TEST(memory::stats().in_use == before);
}

BOOST_AUTO_TEST_CASE(iterators_reach_every_element_in_both_directions) {
    StableList<int> list;
    for (int i = 0; i < 100; ++i) list.push_back(int{i});
    static_assert(std::random_access_iterator<decltype(list.begin())>);
    static_assert(std::random_access_iterator<decltype(std::as_const(list).begin())>);
    BOOST_TEST(std::accumulate(list.begin(), list.end(), 0) == 4950);
    BOOST_TEST((list.end() - list.begin()) == 100);
    BOOST_TEST(list.begin()[37] == 37);
    BOOST_TEST(list.end()[-1] == 99);
    BOOST_TEST((list.begin() < list.end()));
    BOOST_TEST(*std::make_reverse_iterator(std::as_const(list).end()) == 99);
    BOOST_TEST(*std::ranges::lower_bound(std::as_const(list), 64) == 64);
    for (int& x : list) x = -x;
    std::sort(list.begin(), list.end());
    BOOST_TEST(list[0] == -99);
    BOOST_TEST(list.back() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
