// SPDX-License-Identifier: MIT
/// What one thread works with in a run. For run.cpp.
#pragma once

#include "autodiff/kernels/storage.hpp"
#include "autodiff/program/tile_layout.hpp"

#include <utility>

namespace autodiff {
inline namespace v1 {
namespace program {

/// The places of one thread, and the memory behind those that are not operands.
template <class T>
class Desk {
  public:
    Desk(const TileLayout<T>& layout, const T* prologue)
        : layout_(layout),
          plan_(layout.plan),
          places_(plan_.places()),
          in_(layout.lie.size()),
          gathered_(layout.lie.size()),
          kept_(layout.lie.size(), 0),
          out_(plan_.written.size()),
          to_(plan_.written.size()),
          offset_(layout.lie.size(), 0),
          position_(layout.rank(), 0) {
        T* next = reinterpret_cast<T*>(stack_);
        if (layout.bytes > sizeof(stack_)) {
            heap_ = kernels::Storage(static_cast<Index>(layout.bytes), 1);
            next = reinterpret_cast<T*>(heap_.bytes());
        }
        const std::size_t size = as_size(layout.size), wide = size * plan_.vectors;
        const auto take = [&next](std::size_t count) { return std::exchange(next, next + count); };
        for (std::size_t k = 0; k < in_.size(); ++k) {
            in_[k] = take(size);
            if (layout.lie[k] == Lie::other) gathered_[k] = take(wide);
        }
        for (std::size_t k = 0; k < out_.size(); ++k)
            out_[k] = take(layout.outputs[plan_.written[k]].arrival != Arrival::assigned ? wide : size);
        for (std::uint32_t k = 0; k < plan_.spread.size(); ++k) {
            T* const vector = take(size);
            std::fill_n(vector, size, prologue[plan_.spread[k]]);
            places_[plan_.first_spread() + k] = {vector, 0};
        }
        for (std::uint32_t k = 0; k < plan_.sums; ++k) {
            T* const vector = take(size);
            std::fill_n(vector, size, T{0});
            places_[plan_.first_sum() + k] = {vector, 0};
        }
        T* const slots = take(plan_.slots * wide);
        for (std::uint32_t k = 0; k < plan_.results.size(); ++k)
            places_[plan_.first_result() + k] = {slots + plan_.results[k] * wide, size};
        for (std::size_t s = 0; s < plan_.main.size(); ++s)
            if (layout.narrow[s] != 0) places_[plan_.main[s].y] = {take(size), 0};
    }
    Desk(const Desk&) = delete;
    Desk& operator=(const Desk&) = delete;

    /// Elements [begin, end) of the rows [first, last): of one row, or all of them.
    void work(Index first, Index last, Index begin, Index end) {
        for (Index r = first; r < last; r += layout_.rows_a_tile) {
            seek(r);
            if (layout_.rows_a_tile > 1) {
                work_on_rows(std::min(layout_.rows_a_tile, last - r));
                continue;
            }
            for (Index at = begin; at < end; at += layout_.tile) {
                const Index n = std::min(layout_.tile, end - at);
                for (std::size_t k = 0; k < in_.size(); ++k) place_input(k, at, n);
                tiles_.run(at, n);
            }
        }
    }
    /// The sum of output k so far.
    [[nodiscard]] double sum(std::uint32_t k) const {
        const T* const lanes = places_[plan_.first_sum() + k].first;
        double sum = 0;
        for (Index lane = 0; lane < layout_.size; ++lane) sum += static_cast<double>(lanes[lane]);
        return sum;
    }

  private:
    /// Where the row begins in each operand and result.
    void seek(Index r) {
        const std::size_t outer = layout_.rank() < 2 ? 0 : layout_.rank() - 1;
        if (outer == 1) {
            position_[0] = r;
            for (std::size_t k = 0; k < in_.size(); ++k) offset_[k] = r * layout_.strides_of(k)[0];
        } else {
            for (std::size_t axis = outer, rest = as_size(r); axis-- > 0;) {
                position_[axis] = static_cast<Index>(rest % as_size(layout_.extents[axis]));
                rest /= as_size(layout_.extents[axis]);
            }
            for (std::size_t k = 0; k < in_.size(); ++k) {
                offset_[k] = 0;
                for (std::size_t axis = 0; axis < outer; ++axis) offset_[k] += position_[axis] * layout_.strides_of(k)[axis];
            }
        }
        for (std::size_t k = 0; k < to_.size(); ++k) to_[k] = layout_.output_row(k, r, position_.data());
    }
    void place_input(std::size_t k, Index at, Index n) {
        const T* const first = layout_.input(k).first + offset_[k];
        switch (layout_.lie[k]) {
        case Lie::dense:
            tiles_.read_at(k, first + at);
            break;
        case Lie::uniform:
            tiles_.repeat(k, *first);
            break;
        case Lie::other:
            gather(gathered_[k], first + at * layout_.strides_of(k)[layout_.rank() - 1], k, n);
            tiles_.read_at(k, gathered_[k]);
            break;
        }
    }
    void gather(T* to, const T* from, std::size_t k, Index n) const {
        const Index step = layout_.strides_of(k)[layout_.rank() - 1];
        if (step == 1)
            std::copy_n(from, n, to);
        else if (step == 0)
            std::fill_n(to, n, *from);
        else
            for (Index i = 0; i < n; ++i) to[i] = from[i * step];
    }
    /// Whole rows, one after the other in one tile.
    void work_on_rows(Index count) {
        const Index row = layout_.row, n = count * row;
        for (std::size_t k = 0; k < in_.size(); ++k) {
            const T* const first = layout_.input(k).first + offset_[k];
            if (layout_.lie[k] == Lie::dense) {
                tiles_.read_at(k, first);
            } else if (layout_.lie[k] == Lie::uniform) {
                tiles_.repeat(k, *first);
            } else {
                if (kept_[k] < count) {
                    for (Index i = 0; i < count; ++i) gather(gathered_[k] + i * row, layout_.input(k).first + offset_of_row(k, i), k, row);
                    if (layout_.every_row_alike(k)) kept_[k] = count;  // once for all tiles
                }
                tiles_.read_at(k, gathered_[k]);
            }
        }
        tiles_.run(0, n);
    }
    /// Where row i after the one that was sought begins in input k.
    [[nodiscard]] Index offset_of_row(std::size_t k, Index i) const {
        const Index* const strides = layout_.strides_of(k);
        if (layout_.rank() == 2) return offset_[k] + i * strides[0];
        Index offset = 0;
        for (std::size_t axis = layout_.rank() - 1; axis-- > 0;) {
            i += position_[axis];
            offset += i % layout_.extents[axis] * strides[axis];
            i /= layout_.extents[axis];
        }
        return offset;
    }

    const TileLayout<T>& layout_;
    const Plan<T>& plan_;
    ShortList<Place<T>, 12> places_;
    ShortList<T*, 6> in_, gathered_;  // of an input: a vector, and a tile if it has to be gathered
    ShortList<Index, 6> kept_;        // rows of that tile that hold for all tiles
    ShortList<T*, 6> out_, to_;       // of an output: a vector or a tile, and where its row begins
    ShortList<Index, 6> offset_;
    ShortList<Index, 4> position_;
    Tiles<T> tiles_{plan_, layout_.outputs, places_.data(), in_.data(), out_.data(), to_.data(), layout_.narrow.data(), layout_.at_once};
    kernels::Storage heap_;
    alignas(tile_alignment) std::byte stack_[bytes_on_stack];
};

}  // namespace program
}  // namespace v1
}  // namespace autodiff
