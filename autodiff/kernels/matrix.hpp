// SPDX-License-Identifier: MIT
/// A matrix somewhere in memory: what the products of matrices (gemm.hpp) hand to each other. Next: products.hpp, blas.hpp.
#pragma once

#include "autodiff/shape.hpp"

#include <algorithm>

namespace autodiff {
inline namespace v1 {
namespace kernels {

/// rows x columns, element (i, j) at data[i * down + j * across]
template <class T>
struct Matrix {
    T* data;
    Index rows, columns, down, across;

    operator Matrix<const T>() const requires(!std::is_const_v<T>) { return {data, rows, columns, down, across}; }
    [[nodiscard]] Matrix transposed() const { return {data, columns, rows, across, down}; }
    [[nodiscard]] Matrix rows_from(Index begin, Index end) const { return {data + begin * down, end - begin, columns, down, across}; }
    [[nodiscard]] Matrix columns_from(Index begin, Index end) const { return {data + begin * across, rows, end - begin, down, across}; }
    [[nodiscard]] T& operator()(Index i, Index j) const { return data[i * down + j * across]; }
    /// whether neighbours in a row are adjacent; the stride of an extent of 1 does not matter
    [[nodiscard]] bool adjacent() const { return across == 1 || columns == 1; }
    /// whether it lies row by row: neighbours in a row adjacent, rows one after the other and not overlapping
    [[nodiscard]] bool by_rows() const { return adjacent() && (rows == 1 || down >= columns); }
    /// distance between rows as a BLAS wants it; only for a matrix by rows
    [[nodiscard]] Index leading() const { return rows == 1 ? std::max<Index>(columns, 1) : down; }
};

/// The last two axes of a view.
template <class T>
Matrix<T> matrix(const View<T>& view) {
    const std::size_t r = view.strides.size() - 2;
    return {view.data, view.shape.extents()[r], view.shape.extents()[r + 1], view.strides[r], view.strides[r + 1]};
}

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff
