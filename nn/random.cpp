// SPDX-License-Identifier: MIT
// The rounds of Philox and the way from words to numbers. The known answers of the cipher are in the tests.
#include "nn/random.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <numbers>
#include <utility>

namespace nn {
inline namespace v1 {

namespace {

void check_probability(std::string_view operation, double probability) {
    if (!(probability >= 0 && probability <= 1))
        throw autodiff::ValueError(operation, "a probability between 0 and 1", fmt::format("{}", probability));
}

std::pair<double, double> normal_pair(Random& random) {
    const double radius = std::sqrt(-2 * std::log(1 - random.uniform()));  // 1 - u is never 0
    const double angle = 2 * std::numbers::pi * random.uniform();
    return {radius * std::cos(angle), radius * std::sin(angle)};
}

/// `lanes` blocks side by side: element l of each word belongs to block l. The loops over lanes are what a compiler makes SIMD of.
template <std::size_t lanes>
using Blocks = std::array<std::array<std::uint32_t, lanes>, 4>;

template <std::size_t lanes>
void encrypt(Blocks<lanes>& c, std::array<std::uint32_t, 2> key) noexcept {
    constexpr std::uint64_t multiplier_0 = 0xD2511F53, multiplier_1 = 0xCD9E8D57;
    constexpr std::uint32_t golden_ratio = 0x9E3779B9, sqrt_3_minus_1 = 0xBB67AE85;
    for (int round = 0; round < 10; ++round) {
        for (std::size_t l = 0; l < lanes; ++l) {
            const std::uint64_t p0 = multiplier_0 * c[0][l], p1 = multiplier_1 * c[2][l];
            c[0][l] = static_cast<std::uint32_t>(p1 >> 32) ^ c[1][l] ^ key[0];
            c[1][l] = static_cast<std::uint32_t>(p1);
            c[2][l] = static_cast<std::uint32_t>(p0 >> 32) ^ c[3][l] ^ key[1];
            c[3][l] = static_cast<std::uint32_t>(p0);
        }
        key[0] += golden_ratio;
        key[1] += sqrt_3_minus_1;
    }
}

}  // namespace

std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key) noexcept {
    Blocks<1> c;
    for (std::size_t k = 0; k < 4; ++k) c[k][0] = counter[k];
    encrypt(c, key);
    return {c[0][0], c[1][0], c[2][0], c[3][0]};
}

Random::result_type Random::operator()() noexcept {
    const std::uint64_t lane = position_ % 4;
    if (lane == 0) {
        const std::uint64_t n = position_ / 4;
        block_ = philox({static_cast<std::uint32_t>(n), static_cast<std::uint32_t>(n >> 32), 0, 0},
                        {static_cast<std::uint32_t>(key_), static_cast<std::uint32_t>(key_ >> 32)});
    }
    ++position_;
    return block_[lane];
}

void Random::fill(std::span<result_type> words) noexcept {
    constexpr std::size_t lanes = 16;
    const std::array key{static_cast<std::uint32_t>(key_), static_cast<std::uint32_t>(key_ >> 32)};
    std::size_t at = 0;
    while (at < words.size() && position_ % 4 != 0) words[at++] = (*this)();
    for (; at + 4 * lanes <= words.size(); at += 4 * lanes, position_ += 4 * lanes) {
        Blocks<lanes> c{};
        for (std::size_t l = 0; l < lanes; ++l) {
            const std::uint64_t n = position_ / 4 + l;
            c[0][l] = static_cast<std::uint32_t>(n), c[1][l] = static_cast<std::uint32_t>(n >> 32);
        }
        encrypt(c, key);
        for (std::size_t l = 0; l < lanes; ++l)
            for (std::size_t k = 0; k < 4; ++k) words[at + 4 * l + k] = c[k][l];
    }
    while (at < words.size()) words[at++] = (*this)();
}

namespace {

double to_unit_interval(std::uint32_t high, std::uint32_t low) noexcept {
    return static_cast<double>((std::uint64_t{high} << 32 | low) >> 11) * 0x1p-53;
}

/// f(u) for each element of a new tensor, u what uniform() would give.
template <class T, class F>
Tensor<T> of_uniform(Random& random, const Shape& shape, const F& f) {
    Tensor<T> x = Tensor<T>::uninitialised(shape);
    T* p = x.fill_data();
    std::array<std::uint32_t, 512> words;
    for (Index left = x.size(); left > 0;) {
        const Index n = std::min<Index>(left, words.size() / 2);
        random.fill(std::span(words).first(static_cast<std::size_t>(2 * n)));
        for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i) *p++ = f(to_unit_interval(words[2 * i], words[2 * i + 1]));
        left -= n;
    }
    return x;
}

}  // namespace

double Random::uniform() noexcept {
    const std::uint32_t high = (*this)(), low = (*this)();
    return to_unit_interval(high, low);
}

double Random::normal() noexcept { return normal_pair(*this).first; }

bool Random::bernoulli(double probability) {
    check_probability("bernoulli", probability);
    return uniform() < probability;
}

Index Random::below(Index n) {
    if (n <= 0) throw autodiff::ValueError("below", "a positive number", fmt::format("{}", n));
    const auto range = static_cast<std::uint64_t>(n);
    // Words at or above the largest multiple of n would favour the first remainders.
    const std::uint64_t excess = (std::numeric_limits<std::uint64_t>::max() % range + 1) % range;
    for (;;) {
        const std::uint64_t high = (*this)(), low = (*this)();
        const std::uint64_t word = high << 32 | low;
        if (word <= std::numeric_limits<std::uint64_t>::max() - excess) return static_cast<Index>(word % range);
    }
}

Tensor<Index> Random::permutation(Index n) {
    Tensor<Index> order = Tensor<Index>::arange(n);
    Index* p = order.fill_data();
    for (Index i = n - 1; i > 0; --i) std::swap(p[i], p[below(i + 1)]);
    return order;
}

template <class T>
Tensor<T> Random::uniform_tensor(const Shape& shape, double low, double high) {
    return of_uniform<T>(*this, shape, [low, high](double u) { return static_cast<T>(low + (high - low) * u); });
}

template <class T>
Tensor<T> Random::normal_tensor(const Shape& shape, double mean, double deviation) {
    Tensor<T> x = Tensor<T>::uninitialised(shape);
    T* p = x.fill_data();
    for (Index i = 0; i < x.size(); i += 2) {
        const auto [first, second] = normal_pair(*this);
        p[i] = static_cast<T>(mean + deviation * first);
        if (i + 1 < x.size()) p[i + 1] = static_cast<T>(mean + deviation * second);
    }
    return x;
}

template <class T>
Tensor<T> Random::bernoulli_tensor(const Shape& shape, double probability) {
    check_probability("bernoulli_tensor", probability);
    return of_uniform<T>(*this, shape, [probability](double u) { return static_cast<T>(u < probability ? 1 : 0); });
}

Random Random::split() noexcept {
    const std::uint64_t high = (*this)(), low = (*this)();
    return Random(high << 32 | low);
}

template Tensor<float> Random::uniform_tensor(const Shape&, double, double);
template Tensor<double> Random::uniform_tensor(const Shape&, double, double);
template Tensor<float> Random::normal_tensor(const Shape&, double, double);
template Tensor<double> Random::normal_tensor(const Shape&, double, double);
template Tensor<float> Random::bernoulli_tensor(const Shape&, double);
template Tensor<double> Random::bernoulli_tensor(const Shape&, double);

}  // namespace v1
}  // namespace nn
