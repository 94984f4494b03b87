// SPDX-License-Identifier: MIT
/// Values and Jacobian of a residual function: what the adaptors to optimisers share. Next: ceres.hpp, eigen_optimisation.hpp.
///
/// A residual function is generic in its number type, writes through a pointer and says whether its arguments made sense: the shape
/// that users of Ceres have already, and one function for all adaptors.
///
///     struct Decay {
///         template <class T>
///         bool operator()(const T* x, T* residual) const {
///             residual[0] = x[0] * exp(-x[1] * time) - measured;
///             return true;
///         }
///         double time, measured;
///     };
#pragma once

#include "autodiff/dual.hpp"
#include "autodiff/gradient.hpp"

#include <algorithm>
#include <boost/container/small_vector.hpp>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>

namespace autodiff {
inline namespace v1 {

/// One argument of a residual function: how many numbers, and where their columns of the Jacobian go.
struct ParameterBlock {
    std::size_t size = 0;
    double* jacobian = nullptr;  ///< dr[i]/dx[k] goes to jacobian[i * row_stride + k * column_stride]; null: a constant, nobody asks
    std::ptrdiff_t row_stride = 0, column_stride = 1;
};

namespace internal {

template <class T>
using ShortArray = boost::container::small_vector<T, 16>;

/// The numbers of all blocks as a T each, one block after the other, and where each begins.
template <class T>
struct Arguments {
    template <class Make>
    Arguments(const double* const* values, std::span<const ParameterBlock> blocks, const Make& make) {
        std::size_t size = 0;
        for (const ParameterBlock& block : blocks) size += block.size;
        x.reserve(size);  // so that no number moves
        for (const ParameterBlock& block : blocks) {
            first.push_back(x.data() + x.size());
            for (std::size_t k = 0; k < block.size; ++k) x.push_back(make((*values)[k], block.jacobian != nullptr));
            ++values;
        }
    }
    ShortArray<T> x;
    ShortArray<const T*> first;
};

/// What a residual is before f has written it: NaN, so that a residual that f forgets is no silent 0.
inline constexpr double not_written = std::numeric_limits<double>::quiet_NaN();

inline constexpr std::size_t columns_at_once = 8;

/// One evaluation with dual numbers for every eight columns.
template <class F>
bool columns_by_duals(const F& f, const double* const* values, std::span<const ParameterBlock> blocks, std::span<double> residual) {
    using D = Dual<double, columns_at_once>;
    Arguments<D> arguments(values, blocks, [](double value, bool) { return D(value); });
    ShortArray<std::pair<D*, double*>> wanted;  // the arguments that are asked for, and their columns
    ShortArray<std::ptrdiff_t> row_stride;
    D* x = arguments.x.data();
    for (const ParameterBlock& block : blocks)
        for (std::size_t k = 0; k < block.size; ++k, ++x)
            if (block.jacobian != nullptr) {
                wanted.emplace_back(x, block.jacobian + static_cast<std::ptrdiff_t>(k) * block.column_stride);
                row_stride.push_back(block.row_stride);
            }
    ShortArray<D> r(residual.size());
    for (std::size_t first = 0; first < wanted.size(); first += columns_at_once) {
        const std::size_t columns = std::min(columns_at_once, wanted.size() - first);
        for (std::size_t k = 0; k < columns; ++k) wanted[first + k].first->tangent[k] = 1;
        for (D& ri : r) ri = not_written;
        if (!f(arguments.first.data(), r.data())) return false;
        for (std::size_t k = 0; k < columns; ++k) {
            const auto& [argument, column] = wanted[first + k];
            argument->tangent[k] = 0;
            for (std::size_t i = 0; i < r.size(); ++i) column[static_cast<std::ptrdiff_t>(i) * row_stride[first + k]] = r[i].tangent[k];
        }
    }
    for (std::size_t i = 0; i < r.size(); ++i) residual[i] = r[i].value;
    return true;
}

/// One recording, and one sweep for every row.
template <class F>
bool rows_by_sweeps(const F& f, const double* const* values, std::span<const ParameterBlock> blocks, std::span<double> residual) {
    Tape tape(Detail::derivatives);
    const Arguments<Scalar> arguments(values, blocks,
                                      [&tape](double value, bool asked) { return asked ? tape.variable(value) : Scalar(value); });
    ShortArray<Scalar> r(residual.size(), Scalar(not_written));
    if (!f(arguments.first.data(), r.data())) return false;
    Gradient dr;
    for (std::size_t i = 0; i < r.size(); ++i) {
        residual[i] = r[i].value();
        const bool depends = r[i].recorded();
        if (depends) tape.gradient(r[i], dr);
        const Scalar* x = arguments.x.data();
        for (const ParameterBlock& block : blocks) {
            if (block.jacobian == nullptr) {
                x += block.size;
                continue;
            }
            double* entry = block.jacobian + static_cast<std::ptrdiff_t>(i) * block.row_stride;
            for (std::size_t k = 0; k < block.size; ++k, ++x, entry += block.column_stride) *entry = depends ? dr[*x] : 0;
        }
    }
    return true;
}

}  // namespace internal

/// r = f(x), and dr/dx for the blocks that ask for it; x[b] points to the numbers of block b. f(pointers to the first number of each
/// block, pointer to r) returns whether x made sense; if it returns false, so does this, and r and the Jacobian mean nothing.
/// A residual that f does not write is NaN.
/// cost     nobody asks: f with doubles. No more numbers asked for than residuals: f with dual numbers, once for every eight of them.
///          Otherwise reverse: f recorded once, one sweep for each residual. Both give the same numbers, to rounding
/// throws   whatever f does
template <class F>
bool evaluate_residuals(const F& f, const double* const* x, std::span<const ParameterBlock> blocks, std::span<double> residual) {
    std::size_t columns = 0;
    for (const ParameterBlock& block : blocks)
        if (block.jacobian != nullptr) columns += block.size;
    if (columns == 0) {
        for (double& ri : residual) ri = internal::not_written;
        return f(x, residual.data());
    }
    if (columns <= residual.size()) return internal::columns_by_duals(f, x, blocks, residual);
    return internal::rows_by_sweeps(f, x, blocks, residual);
}

}  // namespace v1
}  // namespace autodiff
