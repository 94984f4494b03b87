// SPDX-License-Identifier: MIT
/// Factorisations of one contiguous row-major matrix by LAPACK, in place; who has many calls for_each_matrix. Next: threads.hpp.
///
/// LAPACK counts by columns, so it sees every matrix here transposed. The factors are chosen so that nothing has to be copied:
/// LU of a^T for LU of a, LQ of a^T for QR of a. Finite elements are the caller's business: LAPACK may loop for ever over a NaN.
/// T: float, double. Extents may be 0. All throw ShapeError if an extent or a workspace is above what LAPACK counts with (2^31 - 1).
#pragma once

#include "autodiff/kernels/threads.hpp"

#include <algorithm>

namespace autodiff {
inline namespace v1 {
namespace kernels {

/// a = Lo Up P: Lo lower triangular, Up unit upper triangular, P the exchanges of elements k and pivots[k], in that order.
/// returns the first row of a that is a combination of those above it (a zero on the diagonal of Lo), or -1
template <class T>
Index lu(Index n, T* a, int* pivots);
/// b = a^-1 b, or a^-T b, for b: [n, k] and an a with the given factors.
template <class T>
void lu_solve(Index n, Index k, const T* factors, const int* pivots, bool transposed, T* b);

/// b = op(a)^-1 b        a: [n, n], of which one triangle is read, without its diagonal if that is all ones; b: [n, k]
template <class T>
void triangular_solve(Index n, Index k, const T* a, bool lower, bool transposed, bool unit_diagonal, T* b);

/// a = L, lower triangular with zeros above, for symmetric a = L L^T.
/// returns the order of the first leading minor that is not positive, or 0
template <class T>
Index cholesky(Index n, T* a);

/// lbar = abar, the symmetric adjoint of a for a = L L^T; only the lower triangle of the given lbar is read.
/// cost     n^3 / 3 multiply-adds, twice as many as cholesky       source: Murray (2016), arXiv:1602.07527, the blocked algorithm
template <class T>
void cholesky_adjoint(Index n, const T* l, T* lbar);

/// a = Q: [m, n] with orthonormal columns and r: [n, n] upper triangular with a diagonal that is not negative, for a = Q r, m >= n.
template <class T>
void qr(Index m, Index n, T* a, T* r);

/// values: the eigenvalues of symmetric a, ascending; a = V, whose columns are the eigenvectors, of length 1, the largest element of
/// each (the first of equal ones) positive.        returns whether the iteration has converged
template <class T>
bool eigh(Index n, T* a, T* values);

/// a = left diag(s) right, both orthogonal, s descending; a is overwritten.        returns whether the iteration has converged
template <class T>
bool svd(Index n, T* a, T* left, T* s, T* right);

/// body(k) for every k in [0, count). One matrix alone may use all threads of the BLAS; several are done in parallel, one thread each.
/// work: arithmetic operations that one k costs
template <class Body>
void for_each_matrix(Index count, Index work, const Body& body) {
    if (count == 1) return body(Index{0});
    constexpr Index work_a_block = 1 << 18;
    const SerialBlas serial;
    parallel_for(count, std::max<Index>(1, work_a_block / std::max<Index>(1, work)), [&](Index begin, Index end) {
        for (Index k = begin; k < end; ++k) body(k);
    });
}

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff
