// SPDX-License-Identifier: MIT
/// The innermost loops of convolutions without columns, compiled for every instruction set. They see one band of output rows of one group
/// of one image, as a correlation whose image needs no edges. How the bands are made: conv_direct.cpp. How the loops look: conv_loops.hpp.
#pragma once

#include "autodiff/kernels/instruction_set.hpp"
#include "autodiff/shape.hpp"

namespace autodiff {
inline namespace v1 {
namespace kernels {

/// y[f,i,j] = sum_t w[f,t] x[i row + j + offset[t]]        f: filter   t: tap
/// With lanes over pixels, reads up to `lanes` - 1 numbers behind an image whose width is less than `lanes`.
template <class T>
struct Correlation {
    const T* x;
    Index row;  ///< from what an output row reads to what the next one does
    const Index* offset;
    Index taps, filters;
    Index height, width;                ///< of y
    const Index *first_tap, *last_tap;  ///< those from first_tap[i] to last_tap[i] (not included) matter to row i; both fall with i
};

/// Where a result goes: y[f plane + i row + j step].
template <class T>
struct CorrelationResult {
    T* y;
    Index plane, row, step;
};

/// Loops with the same purpose for two arrangements of lanes: over the pixels of a row, or over filters.
template <class T>
struct ConvLanes {
    Index lanes;  ///< numbers in a register
    /// packed[] = w[f filter_stride + source[t]], in the order in which `correlate` reads; `packed` has room for padded(filters) taps.
    void (*pack)(const T* w, Index filter_stride, const Index* source, Index taps, Index filters, T* packed);
    void (*correlate)(const Correlation<T>& c, const T* packed, const CorrelationResult<T>& result);
    /// The adjoint of y in the order in which `accumulate` reads; null if that is its own: [filters] planes of height * width.
    void (*arrange)(const T* ybar, Index plane, Index filters, Index pixels, T* arranged);
    /// sums += the terms of wbar[f,t] = sum_{i,j} ybar[f,i,j] x[i row + j + offset[t]], in the order of `finish`
    void (*accumulate)(const Correlation<T>& c, const T* ybar, Index plane, T* sums);
    /// wbar[f taps + target[t]] = what `sums` add up to
    void (*finish)(const T* sums, const Index* target, Index taps, Index filters, T* wbar);
};

template <class T>
struct ConvKernels {
    ConvLanes<T> pixels;   ///< accumulate: rows of at least `lanes` pixels; sums: filters taps lanes numbers
    ConvLanes<T> filters;  ///< sums: padded(filters) taps numbers
};

template <InstructionSet S>
void fill(ConvKernels<float>& table);
template <InstructionSet S>
void fill(ConvKernels<double>& table);

/// Those for the best instruction set of this machine. T: float, double.
template <class T>
[[nodiscard]] const ConvKernels<T>& conv_kernels();

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff
