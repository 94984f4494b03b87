// SPDX-License-Identifier: MIT
#include "autodiff/program/run_summed.hpp"

#include "autodiff/kernels/reduce.hpp"
#include "autodiff/kernels/storage.hpp"
#include "autodiff/kernels/threads.hpp"

#include <algorithm>

namespace autodiff {
inline namespace v1 {
namespace program {

namespace {

constexpr Index chunk_elements = 32768;
constexpr Index most_summed_parts = 8;  // of the chunks, each with sums of its own

/// Chunks: some positions of one axis, all of the axes inside it, one of those outside.
struct Cut {
    std::span<const Index> extents;
    std::size_t axis = 0;
    Index inner = 1;  // elements of one position of the axis
    Index step = 1;   // positions of a chunk
    Index pieces = 1, outer = 1;

    explicit Cut(std::span<const Index> all) : extents(all) {
        for (axis = all.size() - 1; axis > 0 && inner * all[axis] <= chunk_elements; --axis) inner *= all[axis];
        step = std::clamp<Index>(chunk_elements / inner, 1, all[axis]);
        pieces = (all[axis] + step - 1) / step;
        for (std::size_t k = 0; k < axis; ++k) outer *= all[k];
    }
    [[nodiscard]] Index chunks() const { return outer * pieces; }
    [[nodiscard]] Index begin(Index chunk) const { return chunk % pieces * step; }
    [[nodiscard]] Index length(Index chunk) const { return std::min(step, extents[axis] - begin(chunk)); }
    /// Where a chunk begins in an operand.
    [[nodiscard]] Index offset(Index chunk, const Index* strides) const {
        Index offset = begin(chunk) * strides[axis], rest = chunk / pieces;
        for (std::size_t k = axis; k-- > 0;) {
            offset += rest % extents[k] * strides[k];
            rest /= extents[k];
        }
        return offset;
    }
    /// Whether several chunks add to the same sums.
    [[nodiscard]] bool meet(const Index* strides) const {
        if (pieces > 1 && strides[axis] == 0) return true;
        for (std::size_t k = 0; k < axis; ++k)
            if (strides[k] == 0 && extents[k] > 1) return true;
        return false;
    }
};

template <class T>
T* values(const kernels::Storage& storage) {
    return reinterpret_cast<T*>(storage.bytes());
}

/// sums[k]: where the sums of target k are collected.
template <class T>
void run_chunk(const Plan<T>& plan, const Cut& cut, Index chunk, std::span<const Input<T>> inputs, std::span<const Target<T>> targets,
               T* const* sums, bool only_one) {
    Extents extents{cut.length(chunk)};
    extents.insert(extents.end(), cut.extents.begin() + static_cast<std::ptrdiff_t>(cut.axis) + 1, cut.extents.end());
    const Index n = extents[0] * cut.inner;
    ShortList<Input<T>, 6> in;
    for (const Input<T>& input : inputs)
        in.push_back(input.first == nullptr ? input : Input<T>{input.first + cut.offset(chunk, input.strides), input.strides + cut.axis});
    Index summed = 0;
    for (const Target<T>& target : targets) summed += target.strides != nullptr;
    const kernels::Storage scratch(summed * n, sizeof(T)), total(summed * n, sizeof(T));
    ShortList<Output<T>, 6> out;
    T* next = values<T>(scratch);
    for (const Target<T>& target : targets) {
        if (target.strides == nullptr)
            out.push_back({target.first + (chunk / cut.pieces * cut.extents[cut.axis] + cut.begin(chunk)) * cut.inner, target.arrival});
        else
            out.push_back({next}), next += n;
    }
    const std::span<const Index> box(extents.data(), extents.size());
    run<T>(plan, box, std::span<const Input<T>>(in.data(), in.size()), std::span<const Output<T>>(out.data(), out.size()));
    const Shape shape(box);
    for (std::size_t k = 0; k < targets.size(); ++k) {
        const Index* const strides = targets[k].strides;
        if (strides == nullptr) continue;
        Extents axes;
        Index kept = 1;
        for (std::size_t axis = 0; axis < extents.size(); ++axis) {
            if (strides[cut.axis + axis] == 0)
                axes.push_back(static_cast<Index>(axis));
            else
                kept *= extents[axis];
        }
        const View<const T> x{out[k].first, shape, row_major(shape)};
        T* const to = sums[k] + cut.offset(chunk, strides);
        if (only_one) {
            kernels::sum<T>(x, axes, to);
            continue;
        }
        kernels::sum<T>(x, axes, values<T>(total));
        for (Index i = 0; i < kept; ++i) to[i] += values<T>(total)[i];
    }
}

}  // namespace

template <class T>
void run_summed(const Plan<T>& plan, std::span<const Index> extents, std::span<const Input<T>> inputs, std::span<const Target<T>> targets) {
    if (std::find(extents.begin(), extents.end(), 0) != extents.end()) {
        for (const Target<T>& target : targets)
            if (target.strides != nullptr) std::fill_n(target.first, target.size, T{0});
        return;
    }
    const Cut cut(extents);
    const Index chunks = cut.chunks();
    ShortList<T*, 6> sums;
    for (const Target<T>& target : targets) sums.push_back(target.first);
    const bool only_one = chunks == 1;
    if (!only_one)
        for (const Target<T>& target : targets)
            if (target.strides != nullptr) std::fill_n(target.first, target.size, T{0});
    const Index parts = std::min(most_summed_parts, chunks);
    // Part 0 collects in the targets themselves, and so do the others where chunks never meet.
    Index own = 0;
    const auto has_own = [&](const Target<T>& target) { return target.strides != nullptr && cut.meet(target.strides); };
    for (const Target<T>& target : targets) own += has_own(target) ? target.size : 0;
    const kernels::Storage more((parts - 1) * own, sizeof(T));
    std::fill_n(values<T>(more), (parts - 1) * own, T{0});
    kernels::parallel_for(parts, 1, [&](Index first, Index last) {
        for (Index part = first; part < last; ++part) {
            ShortList<T*, 6> mine = sums;
            T* next = values<T>(more) + (part - 1) * own;
            if (part > 0)
                for (std::size_t k = 0; k < targets.size(); ++k)
                    if (has_own(targets[k])) mine[k] = next, next += targets[k].size;
            for (Index chunk = chunks * part / parts; chunk < chunks * (part + 1) / parts; ++chunk)
                run_chunk<T>(plan, cut, chunk, inputs, targets, mine.data(), only_one);
        }
    });
    for (Index part = 1; part < parts; ++part) {
        const T* next = values<T>(more) + (part - 1) * own;
        for (const Target<T>& target : targets) {
            if (!has_own(target)) continue;
            for (Index i = 0; i < target.size; ++i) target.first[i] += next[i];
            next += target.size;
        }
    }
}
template void run_summed(const Plan<float>&, std::span<const Index>, std::span<const Input<float>>, std::span<const Target<float>>);
template void run_summed(const Plan<double>&, std::span<const Index>, std::span<const Input<double>>, std::span<const Target<double>>);

}  // namespace program
}  // namespace v1
}  // namespace autodiff
