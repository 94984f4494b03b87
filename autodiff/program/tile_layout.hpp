// SPDX-License-Identifier: MIT
/// What all tiles of a run have in common: the axes, and how each operand lies along them. For run.cpp. Next: desk.hpp.
#pragma once

#include "autodiff/program/tiles.hpp"
#include "autodiff/short_list.hpp"

namespace autodiff {
inline namespace v1 {
namespace program {

/// How an input lies along the innermost axis.
enum class Lie : std::uint8_t {
    dense,    // side by side, so that a tile is read where it is
    uniform,  // the same number all along
    other,    // to be gathered
};

/// What all tiles of a run have in common: the axes, as few as the strides allow, and how each operand lies along them.
template <class T>
struct TileLayout {
    const Plan<T>& plan;
    std::span<const Input<T>> inputs;
    std::span<const Output<T>> outputs;
    Index size = static_cast<Index>(plan.lanes->size);
    ShortList<Index, 4> extents;           // of axes that cannot be joined, outermost first; the last one is the row
    ShortList<Index, 16> strides;          // per varying input, per axis
    ShortList<Index, 8> output_strides;    // per written output, per axis
    ShortList<Lie, 8> lie;                 // per varying input
    ShortList<std::uint8_t, 32> narrow{};  // per main step: whether one vector of it serves the tile
    Index rows = 1, row = 1;               // how many, and their length
    Index rows_a_tile = 1;                 // more than 1: whole rows, gathered unless dense or uniform everywhere
    Index tile = 0;                        // elements of a tile, at most
    int at_once = 0;                       // vectors of it that go through all steps together
    std::size_t bytes = 0;                 // of a desk

    TileLayout(const Plan<T>& p, std::span<const Index> given, std::span<const Input<T>> in, std::span<const Output<T>> out)
        : plan(p), inputs(in), outputs(out) {
        join_axes(given);
        row = extents.empty() ? 1 : extents.back();
        for (std::size_t axis = 0; axis + 1 < extents.size(); ++axis) rows *= extents[axis];
        tile = size * Index{plan.vectors};
        if (row < 256 && rows > 1 && !any_strided_output()) rows_a_tile = std::max<Index>(1, tile / row);
        for (std::size_t k = 0; k < plan.varying.size(); ++k) lie.push_back(rows_a_tile > 1 ? lie_in_many_rows(k) : lie_in_a_row(k));
        find_narrow();
        at_once = vectors_at_once(plan, rows * row);
        bytes = desk_bytes();
    }
    [[nodiscard]] std::size_t rank() const { return extents.size(); }
    [[nodiscard]] const Index* strides_of(std::size_t k) const { return strides.data() + k * rank(); }
    [[nodiscard]] const Input<T>& input(std::size_t k) const { return inputs[plan.varying[k]]; }
    [[nodiscard]] const Output<T>& output(std::size_t k) const { return outputs[plan.written[k]]; }
    /// Where row r begins in written output k.
    [[nodiscard]] T* output_row(std::size_t k, Index r, const Index* position) const {
        if (output(k).strides == nullptr) return output(k).first + r * row;
        Index offset = 0;
        for (std::size_t axis = 0; axis + 1 < rank(); ++axis) offset += position[axis] * output_strides[k * rank() + axis];
        return output(k).first + offset;
    }
    /// Whether input k repeats one row.
    [[nodiscard]] bool every_row_alike(std::size_t k) const {
        const Index* const s = strides_of(k);
        return std::all_of(s, s + rank() - 1, [](Index step) { return step == 0; });
    }

  private:
    void join_axes(std::span<const Index> given) {
        const std::size_t n = plan.varying.size();
        ShortList<std::size_t, 4> first, last;  // the given axes that an axis begins and ends with
        const bool strided = any_strided_output();
        for (std::size_t axis = 0; axis < given.size(); ++axis) {
            if (given[axis] == 1 && !(strided && axis + 1 == given.size())) continue;  // only the last axis of an output has a step of 1
            bool joins = !extents.empty();
            for (std::size_t k = 0; k < n && joins; ++k) joins = input(k).strides[last.back()] == input(k).strides[axis] * given[axis];
            for (std::size_t k = 0; k < plan.written.size() && joins; ++k)
                if (const Index* const to = output(k).strides) joins = to[last.back()] == to[axis] * given[axis];
            if (joins)
                extents.back() *= given[axis], last.back() = axis;
            else
                extents.push_back(given[axis]), last.push_back(axis);
        }
        strides.reserve(n * extents.size());
        for (std::size_t k = 0; k < n; ++k)
            for (const std::size_t axis : last) strides.push_back(input(k).strides[axis]);
        for (std::size_t k = 0; k < plan.written.size(); ++k)
            for (const std::size_t axis : last) output_strides.push_back(output(k).strides == nullptr ? 0 : output(k).strides[axis]);
    }
    [[nodiscard]] bool any_strided_output() const {
        for (std::size_t k = 0; k < plan.written.size(); ++k)
            if (output(k).strides != nullptr) return true;
        return false;
    }
    [[nodiscard]] Lie lie_in_a_row(std::size_t k) const {
        if (rank() == 0) return Lie::uniform;
        const Index step = strides_of(k)[rank() - 1];
        return step == 1 ? Lie::dense : step == 0 ? Lie::uniform : Lie::other;
    }
    [[nodiscard]] Lie lie_in_many_rows(std::size_t k) const {
        bool dense = true, uniform = true;
        Index step = 1;
        for (std::size_t axis = rank(); axis-- > 0;) {
            dense = dense && strides_of(k)[axis] == step;
            uniform = uniform && strides_of(k)[axis] == 0;
            step *= extents[axis];
        }
        return dense ? Lie::dense : uniform ? Lie::uniform : Lie::other;
    }
    void find_narrow() {
        ShortList<std::uint8_t, 64> one_vector(plan.places(), 0);
        for (std::size_t k = 0; k < lie.size(); ++k) one_vector[k] = lie[k] == Lie::uniform;
        for (std::uint32_t k = plan.first_spread(); k < plan.first_result(); ++k) one_vector[k] = 1;
        narrow.resize(plan.main.size());
        find_narrow_steps(plan, one_vector.data(), narrow.data());
    }
    [[nodiscard]] std::size_t desk_bytes() const {
        std::size_t vectors = plan.spread.size() + plan.sums + plan.results.size() + std::size_t{plan.slots} * plan.vectors;
        for (const Lie l : lie) vectors += l == Lie::other ? plan.vectors + 1 : 1;
        for (const std::uint32_t k : plan.written) vectors += outputs[k].arrival != Arrival::assigned ? plan.vectors : 1;
        return vectors * as_size(size) * sizeof(T);
    }
};

}  // namespace program
}  // namespace v1
}  // namespace autodiff
