// SPDX-License-Identifier: MIT
/// How a program is run over many points: a list of steps, each a loop over a tile of points in SIMD lanes.
///
/// What depends on shared inputs only is computed once, by the scalar steps of the `prologue`; the `main` steps run once per tile.
/// Chains of additions become one step (`Term`), which keeps its running sum in registers. Every intermediate result has a slot, a
/// tile wide; slots are used again as soon as their value is dead, so that a tile stays in the cache.
/// With all inputs shared everything is prologue: that is the replay at a single point. Who runs a plan: run.hpp.
#pragma once

#include "autodiff/program/program.hpp"
#include "autodiff/program/steps.hpp"

namespace autodiff {
inline namespace v1 {
namespace program {

/// What becomes of an output.
enum class Delivery : std::uint8_t {
    each,  ///< one number per point
    sum,   ///< one number: the sum over all points
};

template <class T>
struct Plan {
    /// A shared input and the prologue's slot that takes it.
    struct Load {
        std::uint32_t input, slot;
    };
    /// An output: the number of its column or of its sum, and where no point matters for it, the prologue's slot that has it.
    struct Output {
        Delivery delivery;
        bool uniform;
        std::uint32_t place, slot;
    };

    const LaneKernels<T>* lanes = nullptr;
    std::vector<Load> shared;
    std::vector<std::pair<T, std::uint32_t>> constants;  ///< and their slots in the prologue
    std::vector<ScalarStep<T>> prologue;
    std::uint32_t prologue_slots = 0;

    // The places of the main steps, in this order:
    std::vector<std::uint32_t> varying;  ///< an input each
    std::uint32_t columns = 0;           ///< an output at each point each
    std::vector<std::uint32_t> spread;   ///< a number of the prologue each: the slot that has it
    std::vector<std::uint32_t> results;  ///< an intermediate result each: the slot that it has while it is needed
    std::uint32_t sums = 0;              ///< an output that is summed over the points each
    std::vector<Step<T>> main;

    std::uint32_t slots = 0;
    std::vector<Term> terms;  ///< of all steps
    std::vector<Output> outputs;
    std::vector<std::uint32_t> written;  ///< the columns that main steps write: those of outputs for which points matter
    std::uint32_t vectors = 0;           ///< a tile is that many vectors wide

    [[nodiscard]] std::uint32_t first_column() const noexcept { return static_cast<std::uint32_t>(varying.size()); }
    [[nodiscard]] std::uint32_t first_spread() const noexcept { return first_column() + columns; }
    [[nodiscard]] std::uint32_t first_result() const noexcept { return first_spread() + static_cast<std::uint32_t>(spread.size()); }
    [[nodiscard]] std::uint32_t first_sum() const noexcept { return first_result() + static_cast<std::uint32_t>(results.size()); }
    [[nodiscard]] std::uint32_t places() const noexcept { return first_sum() + sums; }
};

/// shared[k]: input k is the same at every point.
template <class T>
[[nodiscard]] Plan<T> make_plan(const Program& program, const std::vector<bool>& shared, std::span<const Delivery> deliveries);

}  // namespace program
}  // namespace v1
}  // namespace autodiff
