// SPDX-License-Identifier: MIT
/// Randomness as a value: a seed and a position, no state anywhere else. One seed gives the same numbers on every machine.
///
/// Philox4x32-10 encrypts a counter with a key, ten rounds of multiply and swap: block n of the stream is a function of (key, n), so a
/// copy of a generator repeats what the original draws, and `split` starts a stream of its own. Next: initialise.hpp, dropout.hpp.
#pragma once

#include "autodiff/tensor.hpp"

#include <array>
#include <cstdint>
#include <limits>
#include <span>

namespace nn {
inline namespace v1 {

using autodiff::Index;
using autodiff::Shape;
using autodiff::Tensor;

/// The block cipher itself: four words from a counter of 128 and a key of 64 bits, least significant words first.
/// source   Salmon, Moraes, Dror, Shaw (2011), "Parallel random numbers: as easy as 1, 2, 3", section 3.3
[[nodiscard]] std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key) noexcept;

/// A generator of 32-bit words (a std::uniform_random_bit_generator) with the draws that training needs.
///
/// Words, uniform(), below(), permutation() and bernoulli() are the same everywhere; normal() goes through the platform's log, sin and cos
/// and may differ in the last bits. The standard library's distributions take this generator too, but promise no such thing.
class Random {
  public:
    using result_type = std::uint32_t;

    Random() = default;
    explicit Random(std::uint64_t seed) noexcept : key_(seed) {}

    static constexpr result_type min() noexcept { return 0; }
    static constexpr result_type max() noexcept { return std::numeric_limits<result_type>::max(); }
    /// The next word.
    result_type operator()() noexcept;
    /// The next words, as as many calls would give them, but several blocks of the cipher at once.
    void fill(std::span<result_type> words) noexcept;

    /// In [0, 1), a multiple of 2^-53.
    double uniform() noexcept;
    /// In [low, high); rounding may give `high` itself where high - low is tiny beside low.
    double uniform(double low, double high) noexcept { return low + (high - low) * uniform(); }
    /// Mean 0, standard deviation 1 (Box and Muller 1958; both numbers of a pair are used by normal_tensor only).
    double normal() noexcept;
    double normal(double mean, double deviation) noexcept { return mean + deviation * normal(); }
    /// throws ValueError unless 0 <= probability <= 1
    bool bernoulli(double probability);
    /// One of 0, 1, ..., n - 1, each as likely as the other. throws ValueError unless n > 0
    Index below(Index n);
    /// 0, 1, ..., n - 1 in a random order: [n]
    Tensor<Index> permutation(Index n);

    template <class T>
    Tensor<T> uniform_tensor(const Shape& shape, double low = 0, double high = 1);
    template <class T>
    Tensor<T> normal_tensor(const Shape& shape, double mean = 0, double deviation = 1);
    /// 1 with the probability, 0 otherwise. throws ValueError unless 0 <= probability <= 1
    template <class T>
    Tensor<T> bernoulli_tensor(const Shape& shape, double probability);

    /// A generator with a key drawn from this one: its stream has nothing to do with what is drawn here later.
    [[nodiscard]] Random split() noexcept;
    /// How many words have been drawn.
    [[nodiscard]] std::uint64_t position() const noexcept { return position_; }
    friend bool operator==(const Random& a, const Random& b) noexcept { return a.key_ == b.key_ && a.position_ == b.position_; }

  private:
    std::uint64_t key_ = 0;
    std::uint64_t position_ = 0;
    std::array<std::uint32_t, 4> block_{};  // the four words among which position_ lies, once position_ is past their first
};

}  // namespace v1
}  // namespace nn
