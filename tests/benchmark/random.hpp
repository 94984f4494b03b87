// SPDX-License-Identifier: MIT
/// Where the numbers of the benchmarks come from: a hash of stream and index, a few lines in any language, so that all sides draw the
/// same numbers and exchange no files.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>

namespace benchmark {

/// Number `index` of stream `stream`, uniform in (0, 1). Counter-based (the output function of SplitMix64): every program draws the same
/// numbers, in whatever order it asks.
inline double uniform(std::uint64_t stream, std::uint64_t index) {
    std::uint64_t z = (stream << 40) + (index + 1) * 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    z ^= z >> 31;
    return (static_cast<double>(z >> 11) + 0.5) * 0x1p-53;
}
inline double uniform(std::uint64_t stream, std::uint64_t index, double low, double high) {
    return low + (high - low) * uniform(stream, index);
}
/// The same with a standard normal distribution (Box and Muller).
inline double normal(std::uint64_t stream, std::uint64_t index) {
    return std::sqrt(-2 * std::log(uniform(stream, 2 * index))) * std::cos(2 * std::numbers::pi * uniform(stream, 2 * index + 1));
}

}  // namespace benchmark
