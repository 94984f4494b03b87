// SPDX-License-Identifier: MIT
/// One tile of a run: a row of elements that goes through all steps of a plan. For run.cpp. Next: tile_layout.hpp.
#pragma once

#include "autodiff/program/run.hpp"

#include <algorithm>

namespace autodiff {
inline namespace v1 {
namespace program {

inline constexpr std::size_t tile_alignment = 64;
inline constexpr std::size_t bytes_on_stack = 16 * 1024;  ///< of what a run works with

inline std::size_t as_size(Index n) { return static_cast<std::size_t>(n); }

/// Tiles, and the memory of those places that are not operands: a vector or a tile of their own for each varying input and written column.
template <class T>
struct Tiles {
    const Plan<T>& plan;
    std::span<const Output<T>> outputs;
    Place<T>* places;
    T* const* in;
    T* const* out;
    T* const* to;                // where the row begins in each written output
    const std::uint8_t* narrow;  // per step: whether one vector of it serves the tile
    int at_once;                 // vectors that go through all steps together

    [[nodiscard]] std::size_t size() const { return plan.lanes->size; }
    [[nodiscard]] const Output<T>& output(std::size_t k) const { return outputs[plan.written[k]]; }
    void place_output(std::size_t k, T* first) const { places[plan.first_column() + plan.written[k]] = {first, size()}; }
    void read_at(std::size_t k, const T* first) const { places[k] = {const_cast<T*>(first), size()}; }
    void repeat(std::size_t k, T value) const {
        std::fill_n(in[k], size(), value);
        places[k] = {in[k], 0};
    }

    /// n elements of the row from the given one on, inputs placed: whole vectors where they lie, the rest through one padded vector.
    void run(Index at, Index n) const {
        const Index rest = n % static_cast<Index>(size()), whole = n - rest;
        const std::size_t outs = plan.written.size();
        if (whole > 0) {
            for (std::size_t k = 0; k < outs; ++k) place_output(k, output(k).arrival == Arrival::assigned ? to[k] + at : out[k]);
            execute(whole / static_cast<Index>(size()), whole);
            for (std::size_t k = 0; k < outs; ++k)
                if (output(k).arrival == Arrival::copied) std::copy_n(out[k], whole, to[k] + at);
        }
        if (rest == 0) return;
        for (std::size_t k = 0; k < plan.varying.size(); ++k) {
            if (places[k].step == 0) continue;
            const T* const from = places[k].first + whole;
            for (Index i = 0; i < rest; ++i) in[k][i] = from[i];
            std::fill(in[k] + rest, in[k] + size(), in[k][rest - 1]);
            read_at(k, in[k]);
        }
        for (std::size_t k = 0; k < outs; ++k) place_output(k, out[k]);
        execute(1, rest);
        for (std::size_t k = 0; k < outs; ++k) {
            T* const y = to[k] + at + whole;
            for (Index i = 0; i < rest; ++i) y[i] = out[k][i];
        }
    }

  private:
    void execute(Index vectors, Index points) const {
        const int width = static_cast<int>(vectors);
        for (int begin = 0; begin < width; begin += at_once) {
            const Frame<T> part{places, plan.terms.data(), begin, std::min(begin + at_once, width), points};
            for (std::size_t s = 0; s < plan.main.size(); ++s) {
                if (narrow[s] == 0)
                    plan.main[s].kernel(plan.main[s], part);
                else if (begin == 0)
                    plan.main[s].kernel(plan.main[s], {places, plan.terms.data(), 0, 1, points});
            }
        }
    }
};

/// Vectors that go through all steps together: a whole tile if the caches hold the operands. Otherwise few: what the steps wait for is
/// memory, and a long loop over one operand leaves the others' lines unrequested (at 1e6 elements, 9 operands: 0.65 of the time).
template <class T>
int vectors_at_once(const Plan<T>& plan, Index elements) {
    const Index operands = static_cast<Index>(plan.varying.size() + plan.written.size());
    const Index cached = (4 << 20) / static_cast<Index>(sizeof(T));
    return elements * operands > cached ? static_cast<int>(512 / sizeof(T) / plan.lanes->size) : static_cast<int>(plan.vectors);
}

/// Which steps are computed once a tile: those whose operands are all one vector, unless the result has to be there for every point.
/// one_vector: per place.
template <class T>
void find_narrow_steps(const Plan<T>& plan, std::uint8_t* one_vector, std::uint8_t* narrow) {
    for (std::size_t s = 0; s < plan.main.size(); ++s) {
        const Step<T>& step = plan.main[s];
        bool once = step.y >= plan.first_result() && step.y < plan.first_sum();
        if (step.kernel == plan.lanes->sum)
            for (std::uint32_t t = step.a; t < step.a + step.b; ++t)
                once = once && one_vector[plan.terms[t].a] != 0 && one_vector[plan.terms[t].b] != 0;
        else
            once = once && one_vector[step.a] != 0 && one_vector[step.b] != 0 && one_vector[step.c] != 0 && one_vector[step.d] != 0;
        narrow[s] = once ? 1 : 0;
        if (once) one_vector[step.y] = 1;
    }
}

}  // namespace program
}  // namespace v1
}  // namespace autodiff
