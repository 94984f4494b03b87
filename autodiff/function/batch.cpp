// SPDX-License-Identifier: MIT
#include "autodiff/function/batch.hpp"

#include "autodiff/kernels/denormals.hpp"
#include "autodiff/kernels/threads.hpp"

#include <algorithm>
#include <memory>
#include <new>

namespace autodiff {
inline namespace v1 {
namespace function {

namespace {

/// A thread takes at least so many steps times points at once, and a batch is cut into at most so many parts.
constexpr Index least_work = 100'000, most_parts = 64;
constexpr std::size_t slots_on_stack = 1024;

struct Aligned {
    void operator()(void* p) const noexcept { ::operator delete (p, std::align_val_t{64}); }
};
template <class T>
std::unique_ptr<T[], Aligned> aligned(std::size_t count) {
    return std::unique_ptr<T[], Aligned>(
        static_cast<T*>(::operator new (std::max<std::size_t>(count, 1) * sizeof(T), std::align_val_t{64})));
}

template <class T>
void execute(const Steps<T>& steps, const Frame<T>& frame) {
    for (const Step<T>& step : steps.steps) step.kernel(step, frame);
}

/// Everything that no point matters for.
template <class T, class Input>
void run_prologue(const Plan<T>& plan, T* memory, const Input& input) {
    for (const auto& load : plan.shared) memory[load.place] = input(load.input);
    for (const auto& [value, place] : plan.constants) memory[place] = value;
    execute(plan.prologue, Frame<T>{memory, plan.prologue.terms.data(), nullptr, 0, 1, 1});
}

/// Blocks begin to end, with memory of their own. sums: of these points.
template <class T>
void run_blocks(const Plan<T>& plan, Index n, std::span<const Column<T>> inputs, const Delivered<T>& to, const T* prologue, Index begin,
                Index end, double* sums) {
    const kernels::FlushDenormals flush(to.flush_denormals);
    const std::size_t size = plan.lanes->size;
    const auto memory = aligned<T>(plan.width * size);
    for (const auto& spread : plan.spread) std::fill_n(memory.get() + spread.place * size, size, prologue[spread.slot]);
    std::fill_n(memory.get() + plan.first_sum * size, plan.sums * size, T{0});
    std::vector<T*> columns(plan.columns);
    for (std::uint32_t k = 0; k < plan.columns; ++k) columns[k] = to.columns + k * to.pitch;
    const Index block = plan.block();
    Frame<T> frame{memory.get(), plan.main.terms.data(), columns.data(), 0, static_cast<int>(plan.vectors), block};
    for (Index b = begin; b < end; ++b) {
        frame.at = b * block;
        frame.points = std::min(block, n - frame.at);
        for (const auto& load : plan.varying) {
            const Column<T>& column = inputs[load.input];
            const T* const from = column.first + frame.at * column.step;
            T* const x = memory.get() + load.place * size;
            if (column.step == 1 && frame.points == block) {
                plan.lanes->load(from, x, frame.vectors);
                continue;
            }
            if (column.step == 1)
                std::copy_n(from, frame.points, x);
            else
                for (Index i = 0; i < frame.points; ++i) x[i] = from[i * column.step];
            std::fill_n(x + frame.points, block - frame.points, x[frame.points - 1]);
        }
        execute(plan.main, frame);
    }
    for (std::uint32_t k = 0; k < plan.sums; ++k) {
        const T* const lanes = memory.get() + (plan.first_sum + k) * size;
        sums[k] = 0;
        for (std::size_t lane = 0; lane < size; ++lane) sums[k] += static_cast<double>(lanes[lane]);
    }
}

}  // namespace

template <class T>
void run(const Plan<T>& plan, Index n, std::span<const Column<T>> inputs, const Delivered<T>& to) {
    const auto prologue = aligned<T>(plan.prologue.slots);
    run_prologue(plan, prologue.get(), [&](std::uint32_t k) { return *inputs[k].first; });
    const auto deliver_uniform = [&] {
        for (const auto& output : plan.outputs) {
            if (!output.uniform) continue;
            const T value = prologue[output.slot];
            if (output.delivery == Delivery::each)
                std::fill_n(to.columns + output.place * to.pitch, n, value);
            else
                to.sums[output.place] = static_cast<T>(n) * value;
        }
    };
    if (plan.main.steps.empty()) return deliver_uniform();

    const Index block = plan.block(), blocks = (n + block - 1) / block;
    const Index steps = std::max<Index>(1, std::ssize(plan.main.steps) + std::ssize(plan.main.terms));
    const Index part = std::max((blocks + most_parts - 1) / most_parts, (least_work / steps + block - 1) / block + 1);
    const Index parts = (blocks + part - 1) / part;
    std::vector<double> sums(static_cast<std::size_t>(parts) * plan.sums);
    kernels::parallel_for(blocks, part, [&](Index begin, Index end) {
        run_blocks(plan, n, inputs, to, prologue.get(), begin, end, sums.data() + begin / part * plan.sums);
    });
    for (std::uint32_t k = 0; k < plan.sums; ++k) {
        double sum = 0;
        for (Index p = 0; p < parts; ++p) sum += sums[static_cast<std::size_t>(p) * plan.sums + k];
        to.sums[k] = static_cast<T>(sum);
    }
    deliver_uniform();
}
template void run(const Plan<float>&, Index, std::span<const Column<float>>, const Delivered<float>&);
template void run(const Plan<double>&, Index, std::span<const Column<double>>, const Delivered<double>&);

template <class T>
void run_at(const Plan<T>& plan, std::span<const T> inputs, std::span<T> outputs) {
    alignas(64) T stack[slots_on_stack];
    std::unique_ptr<T[], Aligned> heap;
    if (plan.prologue.slots > slots_on_stack) heap = aligned<T>(plan.prologue.slots);
    T* const memory = heap ? heap.get() : stack;
    run_prologue(plan, memory, [&](std::uint32_t k) { return inputs[k]; });
    for (std::size_t k = 0; k < plan.outputs.size(); ++k) outputs[k] = memory[plan.outputs[k].slot];
}
template void run_at(const Plan<float>&, std::span<const float>, std::span<float>);
template void run_at(const Plan<double>&, std::span<const double>, std::span<double>);

}  // namespace function
}  // namespace v1
}  // namespace autodiff
