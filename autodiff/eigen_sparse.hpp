// SPDX-License-Identifier: MIT
/// Sparse Jacobians and Hessians as Eigen's sparse matrices. Optional, like eigen.hpp.
///
///     Eigen::SparseLU<Eigen::SparseMatrix<double>> solver(autodiff::to_eigen(jacobian(u)));
#pragma once

#include "autodiff/sparse/pattern.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <limits>

#include <Eigen/SparseCore>

namespace autodiff {
inline namespace v1 {

/// A copy, entries that are 0 included, so that its pattern is the one that was derived.
/// throws ValueError if Eigen's index type cannot count the rows, columns or entries
template <class StorageIndex = int>
[[nodiscard]] Eigen::SparseMatrix<double, Eigen::RowMajor, StorageIndex> to_eigen(const Csr& matrix) {
    const std::size_t largest = std::max({matrix.rows, matrix.columns, matrix.entries()});
    if (largest > static_cast<std::size_t>(std::numeric_limits<StorageIndex>::max()))
        throw ValueError("to_eigen", fmt::format("at most {} rows, columns and entries", std::numeric_limits<StorageIndex>::max()),
                         fmt::format("{}", largest), "ask for to_eigen<std::int64_t>");
    Eigen::SparseMatrix<double, Eigen::RowMajor, StorageIndex> result(static_cast<Eigen::Index>(matrix.rows),
                                                                      static_cast<Eigen::Index>(matrix.columns));
    result.resizeNonZeros(static_cast<Eigen::Index>(matrix.entries()));
    std::ranges::transform(matrix.row_begin, result.outerIndexPtr(), [](std::size_t begin) { return static_cast<StorageIndex>(begin); });
    std::ranges::transform(matrix.column, result.innerIndexPtr(), [](std::uint32_t column) { return static_cast<StorageIndex>(column); });
    std::ranges::copy(matrix.value, result.valuePtr());
    return result;
}

}  // namespace v1
}  // namespace autodiff
