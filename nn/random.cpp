// SPDX-License-Identifier: MIT
// The rounds of Philox and the way from words to numbers. The known answers of the cipher are in the tests.
#include "nn/random.hpp"

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

}  // namespace

std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key) noexcept {
    constexpr std::uint64_t multiplier_0 = 0xD2511F53, multiplier_1 = 0xCD9E8D57;
    constexpr std::uint32_t golden_ratio = 0x9E3779B9, sqrt_3_minus_1 = 0xBB67AE85;
    for (int round = 0; round < 10; ++round) {
        const std::uint64_t p0 = multiplier_0 * counter[0], p1 = multiplier_1 * counter[2];
        counter = {static_cast<std::uint32_t>(p1 >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(p1),
                   static_cast<std::uint32_t>(p0 >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(p0)};
        key[0] += golden_ratio;
        key[1] += sqrt_3_minus_1;
    }
    return counter;
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

double Random::uniform() noexcept {
    const std::uint64_t high = (*this)(), low = (*this)();
    return static_cast<double>((high << 32 | low) >> 11) * 0x1p-53;
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
    Tensor<T> x = Tensor<T>::uninitialised(shape);
    T* p = x.fill_data();
    for (Index i = 0; i < x.size(); ++i) p[i] = static_cast<T>(uniform(low, high));
    return x;
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
    Tensor<T> x = Tensor<T>::uninitialised(shape);
    T* p = x.fill_data();
    for (Index i = 0; i < x.size(); ++i) p[i] = static_cast<T>(uniform() < probability ? 1 : 0);
    return x;
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
