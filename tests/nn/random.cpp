// SPDX-License-Identifier: MIT
#include "nn/random.hpp"

#include "tests/nn/says.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <set>

using namespace test;
using nn::Index;
using nn::Random;
using nn::Tensor;

static_assert(std::uniform_random_bit_generator<Random>);

BOOST_AUTO_TEST_SUITE(nn_random)

// The known-answer vectors that the authors of Philox publish for 4x32, 10 rounds.
BOOST_AUTO_TEST_CASE(philox_meets_the_known_answers_of_its_authors) {
    using Words = std::array<std::uint32_t, 4>;
    constexpr std::uint32_t ones = 0xFFFFFFFF;
    BOOST_TEST(nn::philox({0, 0, 0, 0}, {0, 0}) == (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
    BOOST_TEST(nn::philox({ones, ones, ones, ones}, {ones, ones}) == (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
    BOOST_TEST(nn::philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
               (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

BOOST_AUTO_TEST_CASE(one_seed_gives_one_stream) {
    Random random{0};
    for (const std::uint32_t word : {0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u}) BOOST_TEST(random() == word);
    BOOST_TEST(random.position() == 4u);
    Random a{42}, b{42}, c{43};
    const auto first = a();
    BOOST_TEST(first == b());
    BOOST_TEST(first != c());
}

BOOST_AUTO_TEST_CASE(many_words_at_once_are_the_same_words) {
    for (const std::size_t before : {0u, 1u, 3u, 4u})
        for (const std::size_t count : {0u, 1u, 5u, 63u, 64u, 65u, 200u}) {
            Random a{9}, b{9};
            for (std::size_t i = 0; i < before; ++i) BOOST_TEST(a() == b());
            std::vector<std::uint32_t> words(count);
            a.fill(words);
            for (const std::uint32_t word : words) BOOST_TEST(word == b());
            BOOST_TEST((a == b));
            BOOST_TEST(a() == b());
        }
    // So a tensor holds what as many draws would give.
    Random a{10}, b{10};
    const auto x = a.uniform_tensor<double>({3, 101}, -2, 5);
    for (const double v : x.data()) BOOST_TEST(v == b.uniform(-2, 5));
    const auto mask = a.bernoulli_tensor<float>({300}, 0.25);
    for (const float m : mask.data()) BOOST_TEST((m == 1) == b.bernoulli(0.25));
    BOOST_TEST((a == b));
}

BOOST_AUTO_TEST_CASE(a_copy_repeats_what_the_original_draws) {
    Random a{7};
    a();
    Random b = a;
    BOOST_TEST((a == b));
    for (int i = 0; i < 10; ++i) BOOST_TEST(a() == b());
}

BOOST_AUTO_TEST_CASE(a_split_stream_does_not_depend_on_later_draws) {
    Random a{7}, b{7};
    Random child_a = a.split(), child_b = b.split();
    b();
    BOOST_TEST(child_a() == child_b());
    BOOST_TEST(child_a() != a());
    Random second = a.split();
    BOOST_TEST(!(second == child_b));
}

BOOST_AUTO_TEST_CASE(uniform_numbers_fill_the_interval) {
    Random random{1};
    double sum = 0, squares = 0, least = 1, most = 0;
    const int n = 100000;
    for (int i = 0; i < n; ++i) {
        const double u = random.uniform();
        sum += u, squares += u * u, least = std::min(least, u), most = std::max(most, u);
    }
    BOOST_TEST(least >= 0);
    BOOST_TEST(most < 1);
    BOOST_TEST(least < 1e-4);
    BOOST_TEST(most > 1 - 1e-4);
    BOOST_TEST(std::abs(sum / n - 0.5) < 5 * std::sqrt(1.0 / 12 / n));
    BOOST_TEST(std::abs(squares / n - 1.0 / 3) < 5 * std::sqrt(4.0 / 45 / n));
    // 53 bits of two words, the first one the high ones.
    BOOST_TEST(Random{0}.uniform() == static_cast<double>((0x6627e8d5ull << 32 | 0xe169c58dull) >> 11) / 9007199254740992.0);
}

BOOST_AUTO_TEST_CASE(normal_numbers_have_the_moments_of_the_normal_distribution) {
    Random random{2};
    const auto x = random.normal_tensor<double>({100001}, 3, 2);
    double mean = 0, variance = 0, fourth = 0;
    const double n = static_cast<double>(x.size());
    for (const double v : x.data()) mean += v / n;
    for (const double v : x.data()) variance += (v - mean) * (v - mean) / n, fourth += std::pow((v - mean) / 2, 4) / n;
    BOOST_TEST(std::abs(mean - 3) < 5 * 2 / std::sqrt(n));
    BOOST_TEST(std::abs(variance - 4) < 5 * 4 * std::sqrt(2 / n));
    BOOST_TEST(std::abs(fourth - 3) < 5 * std::sqrt(96 / n));
}

BOOST_AUTO_TEST_CASE(below_reaches_every_number_equally_often) {
    Random random{3};
    std::array<int, 7> counts{};
    for (int i = 0; i < 70000; ++i) ++counts[static_cast<std::size_t>(random.below(7))];
    for (const int count : counts) BOOST_TEST(std::abs(count - 10000) < 500);
    BOOST_CHECK_EXCEPTION(static_cast<void>(random.below(0)), autodiff::ValueError, says("below: expected a positive number, got 0"));
}

BOOST_AUTO_TEST_CASE(a_permutation_has_every_number_once) {
    Random random{4};
    const auto order = random.permutation(1000);
    std::vector<Index> sorted(order.data().begin(), order.data().end());
    BOOST_TEST(!std::ranges::is_sorted(sorted));
    std::ranges::sort(sorted);
    for (std::size_t i = 0; i < sorted.size(); ++i) BOOST_TEST(sorted[i] == static_cast<Index>(i));
    BOOST_TEST(random.permutation(0).size() == 0);
    std::set<std::vector<Index>> seen;
    for (int i = 0; i < 200; ++i) {
        const auto p = random.permutation(3);
        seen.emplace(p.data().begin(), p.data().end());
    }
    BOOST_TEST(seen.size() == 6u);
}

BOOST_AUTO_TEST_CASE(bernoulli_draws_its_share) {
    Random random{5};
    const auto mask = random.bernoulli_tensor<float>({40000}, 0.3);
    const double share = std::accumulate(mask.data().begin(), mask.data().end(), 0.0) / 40000;
    BOOST_TEST(std::abs(share - 0.3) < 5 * std::sqrt(0.21 / 40000));
    BOOST_TEST(!random.bernoulli(0));
    BOOST_TEST(random.bernoulli(1));
    BOOST_CHECK_EXCEPTION(static_cast<void>(random.bernoulli(1.5)), autodiff::ValueError,
                          says("bernoulli: expected a probability between 0 and 1, got 1.5"));
}

BOOST_AUTO_TEST_CASE(standard_algorithms_take_it) {
    std::vector<int> v(100);
    std::iota(v.begin(), v.end(), 0);
    std::ranges::shuffle(v, Random{6});
    BOOST_TEST(!std::ranges::is_sorted(v));
}

BOOST_AUTO_TEST_SUITE_END()
