// SPDX-License-Identifier: MIT
/// Tensors as batches of matrices: shapes [.., m, n], what messages call them, and the pieces that formulas of linear algebra are
/// written with. For the .cpp files of ops/.
#pragma once

#include "autodiff/node.hpp"

#include <vector>

namespace autodiff {
inline namespace v1 {

/// The leading axes, those of the batch.
Shape batch_of(const Shape& shape);
Shape with_matrix(const Shape& batch, Index rows, Index columns);
/// For every matrix of a batch `to`, the one of `from` that it reads when `from` is broadcast.
std::vector<Index> broadcast_positions(const Shape& from, const Shape& to);

/// "W1 [2, 3]" if the operand has a name, "[2, 3]" otherwise.
template <class T>
std::string described(const Tensor<T>& x);
/// The same, and which of several matrices.
template <class T>
std::string described(const Tensor<T>& x, Index matrix);

/// throws ShapeError unless x is [.., n, n]
template <class T>
void check_square(std::string_view operation, const Tensor<T>& x);
/// throws ValueError that names the first element which is NaN or infinite: a factorisation of such a matrix means nothing
template <class T>
void check_finite(std::string_view operation, const Tensor<T>& x);

/// A row-major copy that nobody else sees, to be overwritten.
template <class T>
Tensor<T> copied(const Tensor<T>& x, const Shape& broadcast_to);
/// (x + x^T) / 2, without a record.
template <class T>
Tensor<T> symmetrised_copy(const Tensor<T>& x);

/// [.., m, n] -> [.., n, m], a view
template <class T>
Tensor<T> transposed(const Tensor<T>& x);
template <class T>
Tensor<T> symmetrised(const Tensor<T>& x);
/// Rows [start, stop) of every matrix, a view.
template <class T>
Tensor<T> rows(const Tensor<T>& x, Index start, Index stop);
/// [..] -> [.., 1, 1]
template <class T>
Tensor<T> as_matrices(const Tensor<T>& x);
/// [.., n] -> [.., n, n], and back
template <class T>
Tensor<T> diagonal_matrix(const Tensor<T>& x);
template <class T>
Tensor<T> diagonal_of(const Tensor<T>& x);

/// [n, n]: 1 below the diagonal (above it, if upper), `diagonal` on it, 0 elsewhere. A constant to multiply with.
template <class T>
Tensor<T> triangle(Index n, bool lower, T diagonal);

}  // namespace v1
}  // namespace autodiff
