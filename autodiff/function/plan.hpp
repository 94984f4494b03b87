// SPDX-License-Identifier: MIT
/// How a program is run over many points: a list of steps, each a loop over a block of points in SIMD lanes.
///
/// What depends on shared inputs only is computed once, by the scalar steps of the `prologue`; the `main` steps run once per block.
/// Chains of additions become one step (`Term`), which keeps its running sum in registers. Every intermediate result has a slot, a
/// block wide; slots are used again as soon as their value is dead, so that a block stays in the cache.
/// With all inputs shared everything is prologue: that is the replay at a single point. Who runs a plan: batch.hpp.
#pragma once

#include "autodiff/function/lane_kernels.hpp"
#include "autodiff/function/program.hpp"

namespace autodiff {
inline namespace v1 {
namespace function {

/// What becomes of an output.
enum class Delivery : std::uint8_t {
    each,  ///< one number per point
    sum,   ///< one number: the sum over all points
};

/// Steps and where they keep their values.
template <class T>
struct Steps {
    std::vector<Step<T>> steps;
    std::vector<Term> terms;
    std::uint32_t slots = 0;
};

template <class T>
struct Plan {
    /// An input and the slot that takes it. In `main`: the first of its vectors.
    struct Load {
        std::uint32_t input, place;
    };
    /// A number that the main steps read and the prologue has: the scalar's slot, and its vector.
    struct Spread {
        std::uint32_t slot, place;
    };
    /// An output: the number of its column or of its sum, and where no point matters for it, the prologue's slot that has it.
    struct Output {
        Delivery delivery;
        bool uniform;
        std::uint32_t place, slot;
    };

    const LaneKernels<T>* lanes = nullptr;
    Steps<T> prologue, main;
    std::vector<Load> shared, varying;
    std::vector<std::pair<T, std::uint32_t>> constants;  // and their slots in the prologue
    std::vector<Spread> spread;
    std::vector<Output> outputs;
    std::uint32_t columns = 0, sums = 0;
    std::uint32_t vectors = 0;    ///< a block is that many vectors wide
    std::uint32_t first_sum = 0;  ///< where the sums stand among the main steps' vectors
    std::uint32_t width = 0;      ///< vectors that the main steps use in all

    [[nodiscard]] Index block() const noexcept { return Index{vectors} * static_cast<Index>(lanes->size); }
};

/// shared[k]: input k is the same at every point.
template <class T>
[[nodiscard]] Plan<T> make_plan(const Program& program, const std::vector<bool>& shared, std::span<const Delivery> deliveries);

}  // namespace function
}  // namespace v1
}  // namespace autodiff
