// SPDX-License-Identifier: MIT
/// Loops over one row of numbers that lie side by side, compiled for every instruction set: what reductions, softmax and normalisation are
/// made of. Which rows there are, and threads, is their callers' affair. How the loops look: rows_loops.hpp.
#pragma once

#include "autodiff/kernels/instruction_set.hpp"
#include "autodiff/shape.hpp"

namespace autodiff {
inline namespace v1 {
namespace kernels {

/// The mean of a row and 1 / sqrt(variance + eps).
template <class T>
struct Moments {
    T mean, rstd;
};

/// n >= 1 numbers in x and in every other row. Sums are by lanes, and blocks of them by twos. `add`: to what is there.
template <class T>
struct RowKernels {
    T (*sum)(const T* x, Index n);
    T (*largest)(const T* x, Index n);           ///< NaN if one is NaN
    T (*smallest)(const T* x, Index n);          ///< the same
    void (*add)(const T* x, T* y, Index n);      ///< y += x
    void (*larger)(const T* x, T* y, Index n);   ///< y = the larger of both, NaN if one is
    void (*smaller)(const T* x, T* y, Index n);  ///< the smaller
    /// log sum exp x = m + log sum exp(x - m), m the largest
    T (*logsumexp)(const T* x, Index n);
    /// y = exp(x) / sum exp x        y may be x
    void (*softmax)(const T* x, T* y, Index n);
    /// y = x - logsumexp x
    void (*log_softmax)(const T* x, T* y, Index n);
    /// xbar (+)= y (ybar - sum ybar y)        for y = softmax x
    void (*softmax_vjp)(const T* y, const T* ybar, T* xbar, Index n, bool add);
    /// xbar (+)= ybar - exp(y) sum ybar        for y = log_softmax x
    void (*log_softmax_vjp)(const T* y, const T* ybar, T* xbar, Index n, bool add);
    /// z = exp(x - logsumexp) scale: the adjoint of a cross-entropy before the label's share
    void (*scaled_softmax)(const T* x, T logsumexp, T scale, T* z, Index n, bool add);
    /// y = (x - mean) / sqrt(variance + eps) w + b
    Moments<T> (*normalise)(const T* x, const T* w, const T* b, T eps, T* y, Index n);
    /// With h = (x - mean) rstd and u = ybar w:  xbar (+)= rstd (u - mean u - h mean(u h)),  wbar += ybar h,  bbar += ybar;
    /// of xbar, wbar, bbar each may be null
    void (*normalise_vjp)(const T* x, Moments<T> moments, const T* w, const T* ybar, T* xbar, T* wbar, T* bbar, Index n, bool add);
};

template <InstructionSet S>
void fill(RowKernels<float>& table);
template <InstructionSet S>
void fill(RowKernels<double>& table);

/// Those for the best instruction set of this machine. T: float, double.
template <class T>
[[nodiscard]] const RowKernels<T>& row_kernels();

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff
