// SPDX-License-Identifier: MIT
/// What is compared: directions, then elements, then one element that is made wrong on purpose. For gradcheck.
#pragma once

#include "autodiff/check/gradcheck_judge.hpp"

#include <cstdint>
#include <vector>

namespace autodiff {
inline namespace v1 {
namespace internal {

/// Random bits that are the same everywhere.        source: Steele, Lea, Flood (2014), SplitMix64
class Bits {
  public:
    explicit Bits(std::uint64_t seed) : state_(seed) {}
    std::uint64_t operator()() {
        std::uint64_t z = state_ += 0x9e3779b97f4a7c15u;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        return z ^ (z >> 31);
    }
    double sign() { return ((*this)() >> 63) != 0 ? 1 : -1; }
    std::size_t below(std::size_t n) { return static_cast<std::size_t>((*this)() % n); }

  private:
    std::uint64_t state_;
};

/// Everything about one function that is checked.
struct GradcheckRun {
    const GradcheckFunction& f;
    const GradcheckOptions& options;
    std::vector<Functional>& functionals;
    Bits& bits;
    GradReport& report;
};

/// The functionals of f: its one result; each of its results, if those are few; else two random sums over each value it returned.
[[nodiscard]] std::vector<Functional> functionals_of(const GradcheckFunction& f, Bits& bits);

void check_directions(const GradcheckRun& run);
void check_elements(const GradcheckRun& run);
/// Appends to the report's notes why the check is vacuous, if it is, and says so.
[[nodiscard]] bool vacuous(const GradcheckRun& run);
/// What the mistakes of the elements that failed look like.
void find_causes(const GradcheckFunction& f, std::vector<GradcheckElement>& elements);

}  // namespace internal
}  // namespace v1
}  // namespace autodiff
