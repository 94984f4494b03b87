// SPDX-License-Identifier: MIT
// From a plan and the layout of its operands to tiles. `run_flat` is the short way for operands that all lie alike, of which there are so
// few that every nanosecond before the first tile counts; else `TileLayout` is what all tiles share, and `Desk` what one thread works with.
#include "autodiff/program/run.hpp"

#include "autodiff/kernels/denormals.hpp"
#include "autodiff/kernels/threads.hpp"
#include "autodiff/program/desk.hpp"

#include <algorithm>

namespace autodiff {
inline namespace v1 {
namespace program {

namespace {

constexpr Index least_work = 131'072;  // steps times elements that a thread takes at once
constexpr Index most_parts = 64;       // of a run with sums

/// n elements, each input dense or uniform, on this thread; false if the plan is too large for the stack.
template <class T>
bool run_flat(const Plan<T>& plan, Index n, std::span<const Input<T>> inputs, std::span<const Output<T>> outputs, const T* prologue) {
    constexpr std::size_t most = 24;
    const std::size_t size = plan.lanes->size, ins = plan.varying.size(), outs = plan.written.size();
    if (plan.places() > most || plan.main.size() > most) return false;
    const std::size_t vectors = std::min<std::size_t>(plan.vectors, (as_size(n) + size - 1) / size), wide = vectors * size;
    const bool one_vector = vectors == 1;
    std::size_t needed = (ins + plan.spread.size() + plan.results.size()) * size + plan.slots * wide;
    for (std::size_t k = 0; k < outs; ++k) needed += outputs[plan.written[k]].arrival != Arrival::assigned ? wide : size;
    alignas(tile_alignment) std::byte memory[bytes_on_stack];
    if (needed * sizeof(T) > sizeof(memory)) return false;

    T* next = reinterpret_cast<T*>(memory);
    const auto take = [&next](std::size_t count) { return std::exchange(next, next + count); };
    Place<T> places[most];
    T *in[most], *out[most], *to[most];
    std::uint8_t narrow[most];
    std::fill_n(narrow, plan.main.size(), std::uint8_t{0});
    const Tiles<T> tiles{plan, outputs, places, in, out, to, narrow, vectors_at_once(plan, n)};
    bool any_uniform = !plan.spread.empty();
    for (std::size_t k = 0; k < ins; ++k) {
        in[k] = take(size);
        const Input<T>& input = inputs[plan.varying[k]];
        if (*input.strides == 0) tiles.repeat(k, *input.first), any_uniform = true;
    }
    for (std::size_t k = 0; k < outs; ++k) {
        out[k] = take(outputs[plan.written[k]].arrival != Arrival::assigned ? wide : size);
        to[k] = outputs[plan.written[k]].first;
    }
    for (std::size_t k = 0; k < plan.spread.size(); ++k) {
        T* const vector = take(size);
        std::fill_n(vector, size, prologue[plan.spread[k]]);
        places[plan.first_spread() + k] = {vector, 0};
    }
    T* const slots = take(plan.slots * wide);
    for (std::size_t k = 0; k < plan.results.size(); ++k) places[plan.first_result() + k] = {slots + plan.results[k] * wide, size};
    if (any_uniform && !one_vector) {
        std::uint8_t once[most] = {};
        for (std::size_t k = 0; k < ins; ++k) once[k] = *inputs[plan.varying[k]].strides == 0;
        for (std::uint32_t k = plan.first_spread(); k < plan.first_result(); ++k) once[k] = 1;
        find_narrow_steps(plan, once, narrow);
        for (std::size_t s = 0; s < plan.main.size(); ++s)
            if (narrow[s] != 0) places[plan.main[s].y] = {take(size), 0};
    }
    for (Index at = 0; at < n; at += static_cast<Index>(wide)) {
        for (std::size_t k = 0; k < ins; ++k)
            if (const Input<T>& input = inputs[plan.varying[k]]; *input.strides != 0) tiles.read_at(k, input.first + at);
        tiles.run(at, std::min(static_cast<Index>(wide), n - at));
    }
    return true;
}

/// Everything that no point matters for.
template <class T, class Read>
void run_prologue(const Plan<T>& plan, T* memory, const Read& input) {
    for (const auto& load : plan.shared) memory[load.slot] = input(load.input);
    for (const auto& [value, slot] : plan.constants) memory[slot] = value;
    for (const ScalarStep<T>& step : plan.prologue) step.kernel(step, memory, plan.terms.data());
}

/// Memory for a prologue: on the stack if it is short.
template <class T>
class Scratch {
  public:
    explicit Scratch(std::uint32_t count) {
        if (count > std::size(stack_)) heap_ = kernels::Storage(Index{count}, sizeof(T));
    }
    [[nodiscard]] T* data() noexcept { return heap_.bytes() == nullptr ? stack_ : reinterpret_cast<T*>(heap_.bytes()); }

  private:
    kernels::Storage heap_;
    T stack_[64];
};

template <class T>
void deliver_uniform(const Plan<T>& plan, const T* prologue, Index n, std::span<const Output<T>> outputs, std::span<T> sums) {
    for (const auto& output : plan.outputs) {
        if (!output.uniform) continue;
        const T value = prologue[output.slot];
        if (output.delivery == Delivery::sum) {
            sums[output.place] = static_cast<T>(n) * value;
            continue;
        }
        std::fill_n(outputs[output.place].first, n, value);
    }
}

/// How many elements a thread takes at once: whole tiles.
template <class T>
Index block_of(const Plan<T>& plan) {
    const Index tile = static_cast<Index>(plan.lanes->size) * Index{plan.vectors};
    const Index steps = std::max<Index>(1, std::ssize(plan.main) + std::ssize(plan.terms));
    return std::max<Index>(1, least_work / (steps * tile)) * tile;
}

/// All elements, in blocks that do not depend on the number of threads.
template <class T>
void run_blocks(const TileLayout<T>& layout, const T* prologue, std::span<T> sums, bool flush_denormals) {
    const Plan<T>& plan = layout.plan;
    const Index block = block_of(plan);
    const auto work = [&](Index first, Index last, Index begin, Index end, double* part) {
        const kernels::FlushDenormals flush(flush_denormals);
        Desk<T> desk(layout, prologue);
        desk.work(first, last, begin, end);
        for (std::uint32_t k = 0; k < plan.sums; ++k) part[k] = desk.sum(k);
    };
    if (layout.rows == 1 && plan.sums == 0) {
        if (layout.row < 2 * block) return work(0, 1, 0, layout.row, nullptr);
        return kernels::parallel_for(layout.row, block, [&](Index begin, Index end) { work(0, 1, begin, end, nullptr); });
    }
    if (plan.sums == 0) {
        const Index quantum = layout.rows_a_tile, some = std::max<Index>(1, block / (layout.row * quantum)) * quantum;
        if (layout.rows < 2 * some) return work(0, layout.rows, 0, layout.row, nullptr);
        return kernels::parallel_for(layout.rows, some, [&](Index begin, Index end) { work(begin, end, 0, layout.row, nullptr); });
    }
    const Index least = std::max((layout.row + most_parts - 1) / most_parts, block);
    const Index part = (least + layout.tile - 1) / layout.tile * layout.tile;
    const Index parts = (layout.row + part - 1) / part;
    std::vector<double> sum(as_size(parts) * plan.sums);
    kernels::parallel_for(layout.row, part,
                          [&](Index begin, Index end) { work(0, 1, begin, end, sum.data() + as_size(begin / part) * plan.sums); });
    for (std::uint32_t k = 0; k < plan.sums; ++k) {
        double total = 0;
        for (Index p = 0; p < parts; ++p) total += sum[as_size(p) * plan.sums + k];
        sums[k] = static_cast<T>(total);
    }
}

}  // namespace

template <class T>
void run(const Plan<T>& plan, std::span<const Index> extents, std::span<const Input<T>> inputs, std::span<const Output<T>> outputs,
         std::span<T> sums, bool flush_denormals) {
    Index n = 1;
    for (const Index extent : extents) n *= extent;
    if (n == 0) return;
    Scratch<T> prologue(plan.prologue_slots);
    run_prologue(plan, prologue.data(), [&](std::uint32_t k) { return *inputs[k].first; });
    const auto lies_flat = [](const Input<T>& input) { return input.first == nullptr || *input.strides == 0 || *input.strides == 1; };
    const bool flat = extents.size() == 1 && n < 2 * block_of(plan) && plan.sums == 0 && !flush_denormals &&
                      std::all_of(inputs.begin(), inputs.end(), lies_flat);
    if (!plan.main.empty() && !(flat && run_flat(plan, n, inputs, outputs, prologue.data())))
        run_blocks(TileLayout<T>(plan, extents, inputs, outputs), prologue.data(), sums, flush_denormals);
    deliver_uniform(plan, prologue.data(), n, outputs, sums);
}
template void run(const Plan<float>&, std::span<const Index>, std::span<const Input<float>>, std::span<const Output<float>>,
                  std::span<float>, bool);
template void run(const Plan<double>&, std::span<const Index>, std::span<const Input<double>>, std::span<const Output<double>>,
                  std::span<double>, bool);

template <class T>
void run_at(const Plan<T>& plan, std::span<const T> inputs, std::span<T> outputs) {
    Scratch<T> memory(plan.prologue_slots);
    run_prologue(plan, memory.data(), [&](std::uint32_t k) { return inputs[k]; });
    for (std::size_t k = 0; k < plan.outputs.size(); ++k) outputs[k] = memory.data()[plan.outputs[k].slot];
}
template void run_at(const Plan<float>&, std::span<const float>, std::span<float>);
template void run_at(const Plan<double>&, std::span<const double>, std::span<double>);

}  // namespace program
}  // namespace v1
}  // namespace autodiff
