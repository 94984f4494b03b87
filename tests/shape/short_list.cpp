// SPDX-License-Identifier: MIT
// A list of at most three numbers inside, the others on the heap, against std::vector.
#include "autodiff/short_list.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <limits>
#include <new>
#include <numeric>
#include <random>
#include <vector>

namespace {

using List = autodiff::ShortList<long, 3>;

List counting(std::size_t n) {
    List list(n);
    std::iota(list.begin(), list.end(), 1L);
    return list;
}
bool inside(const List& list) {
    const auto* const from = reinterpret_cast<const std::byte*>(&list);
    const auto* const data = reinterpret_cast<const std::byte*>(list.data());
    return !std::less<>{}(data, from) && std::less<>{}(data, from + sizeof(list));
}
void check(const List& list, const std::vector<long>& expected) {
    BOOST_REQUIRE_EQUAL(list.size(), expected.size());
    BOOST_REQUIRE_EQUAL(list.empty(), expected.empty());
    BOOST_REQUIRE(std::equal(list.begin(), list.end(), expected.begin()));
    for (std::size_t i = 0; i < expected.size(); ++i) BOOST_REQUIRE_EQUAL(list[i], expected[i]);
    if (!expected.empty()) BOOST_REQUIRE(list.front() == expected.front() && list.back() == expected.back());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(short_list)

BOOST_AUTO_TEST_CASE(up_to_its_number_they_lie_inside_and_beyond_on_the_heap) {
    List list;
    for (long i = 1; i <= 100; ++i) {
        list.push_back(i);
        BOOST_TEST(inside(list) == (i <= 3));
        BOOST_TEST(list[0] == 1);
        BOOST_TEST(list.back() == i);
    }
    list.clear();
    BOOST_TEST(list.empty());
    BOOST_TEST(inside(counting(3)));
    BOOST_TEST(!inside(counting(4)));
}

BOOST_AUTO_TEST_CASE(copies_are_equal_and_apart) {
    for (const std::size_t n : {0u, 1u, 3u, 4u, 20u}) {
        List list = counting(n);
        const List copy(list);
        BOOST_TEST((copy == list));
        for (const std::size_t m : {0u, 2u, 3u, 4u, 30u}) {
            List assigned = counting(m);
            assigned = list;
            BOOST_TEST((assigned == list));
            BOOST_TEST(assigned.data() != list.data());
            assigned.push_back(7);
            BOOST_TEST((assigned != list));
        }
        if (n > 0) {
            list[0] = 99;
            BOOST_TEST(copy[0] == 1);
            BOOST_TEST((copy != list));
        }
        const List& same = list;
        list = same;
        BOOST_TEST(list.size() == n);
        BOOST_TEST((n == 0 || list[0] == 99));
    }
}

BOOST_AUTO_TEST_CASE(moves_leave_an_empty_list_that_can_be_used) {
    for (const std::size_t n : {0u, 3u, 4u, 20u})
        for (const std::size_t m : {0u, 3u, 4u, 30u}) {
            List from = counting(n), to = counting(m);
            const long* const data = from.data();
            const bool on_heap = !inside(from);
            to = std::move(from);
            BOOST_TEST((to == counting(n)));
            if (on_heap) BOOST_TEST(to.data() == data);
            List last(std::move(to));
            BOOST_TEST((last == counting(n)));
            for (List* moved : {&from, &to}) {
                BOOST_TEST(moved->empty());
                moved->push_back(5);
                BOOST_TEST((*moved == List{5}));
            }
        }
}

BOOST_AUTO_TEST_CASE(elements_of_its_own_may_be_appended_while_it_grows) {
    List list = counting(3);
    list.push_back(list[0]);  // to the heap
    check(list, {1, 2, 3, 1});
    for (int i = 0; i < 20; ++i) list.push_back(list[1]);
    BOOST_TEST(std::count(list.begin(), list.end(), 2) == 21);
    List filled = counting(3);
    filled.resize(50, filled[2]);
    BOOST_TEST(std::count(filled.begin(), filled.end(), 3) == 48);
    List inserted = counting(3);
    inserted.insert(inserted.begin(), inserted[2]);
    check(inserted, {3, 1, 2, 3});
}

BOOST_AUTO_TEST_CASE(lists_of_other_lengths_or_elements_are_not_equal) {
    BOOST_TEST((counting(3) != counting(4)));
    BOOST_TEST((List{1, 2, 3, 4} == counting(4)));
    BOOST_TEST((List{1, 2, 3, 5} != counting(4)));
    List grown = counting(4);
    grown.pop_back();
    BOOST_TEST((grown == counting(3)));  // one on the heap, one inside
}

BOOST_AUTO_TEST_CASE(what_cannot_be_had_leaves_the_list_as_it_was) {
    for (const std::size_t n : {2u, 10u}) {
        List list = counting(n);
        volatile std::size_t too_many = std::numeric_limits<std::size_t>::max() / 4;
        BOOST_CHECK_THROW(list.reserve(too_many), std::bad_alloc);
        BOOST_CHECK_THROW(list.resize(too_many), std::bad_alloc);
        BOOST_TEST((list == counting(n)));
    }
}

BOOST_AUTO_TEST_CASE(random_programs_give_what_a_vector_gives) {
    constexpr unsigned seed = 11;
    std::mt19937 random(seed);
    for (int program = 0; program < 200; ++program) {
        List list;
        std::vector<long> vector;
        for (int step = 0; step < 60; ++step) {
            const long value = static_cast<long>(random() % 100);
            const auto at = static_cast<std::ptrdiff_t>(random() % (vector.size() + 1));
            switch (random() % 9) {
            case 0:
            case 1:
                list.push_back(value), vector.push_back(value);
                break;
            case 2:
                if (!vector.empty()) list.pop_back(), vector.pop_back();
                break;
            case 3:
                BOOST_REQUIRE_EQUAL(*list.insert(list.begin() + at, value), value);
                vector.insert(vector.begin() + at, value);
                break;
            case 4: {
                const std::vector<long> more(random() % 6, value);
                BOOST_REQUIRE_EQUAL(list.insert(list.begin() + at, more.begin(), more.end()) - list.begin(), at);
                vector.insert(vector.begin() + at, more.begin(), more.end());
                break;
            }
            case 5:
                if (at < std::ssize(vector)) list.erase(list.begin() + at), vector.erase(vector.begin() + at);
                break;
            case 6: {
                const std::size_t n = random() % 10;
                list.resize(n, value), vector.resize(n, value);
                break;
            }
            case 7: {
                List other = counting(random() % 8);
                const List kept = other;
                list.swap(other);
                check(other, vector);
                vector.assign(kept.begin(), kept.end());
                break;
            }
            default:
                list = List(vector.begin(), vector.end());
            }
            check(list, vector);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
