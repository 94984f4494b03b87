// SPDX-License-Identifier: MIT
/// Linear algebra on LAPACK: linear systems, determinants, factorisations. Matrices are the last two axes, the others are a batch.
///
/// All VJPs are written with these same operations, so any order of derivative follows. An exactly singular, rank-deficient or
/// not positive definite matrix is a ValueError that names the row, column or minor where that shows, and so is a NaN or an infinity
/// in a matrix that is to be factored; on a right-hand side they propagate. Extents of 0 and 1 are ordinary.
#pragma once

#include "autodiff/tensor.hpp"

namespace autodiff {
inline namespace v1 {

// Linear systems -----------------------------------------------------------------------------------------------------------------------

/// x = a^-1 b        a: [.., n, n]   b, x: [.., n, k], leading axes broadcast; or a: [n, n] and b, x: [n]
/// vjp      bbar += a^-T xbar,  abar -= (a^-T xbar) x^T, summed over broadcast axes
/// saves    a, x, and the LU factors, which all derivatives use again        cost  n^3 / 3 + n^2 k multiply-adds, its vjp 2 n^2 k
/// throws   ShapeError unless the shapes fit; ValueError for an exactly singular a (nearly singular: x loses digits)
/// source   Giles (2008), "Collected matrix derivative results", 2.3.1
template <class T>
Tensor<T> solve(const Tensor<T>& a, const Tensor<T>& b);

/// y = a^-1 = solve(a, I)        vjp: abar -= y^T ybar y^T        throws as solve
template <class T>
Tensor<T> inverse(const Tensor<T>& a);

/// What triangular_solve reads of its matrix, and how.
struct Triangular {
    bool lower = true;           ///< which triangle is read; the other one is ignored, and its adjoint is 0
    bool transpose = false;      ///< solve with the transpose of that triangle
    bool unit_diagonal = false;  ///< take the diagonal for ones without reading it
};
/// x = op(a)^-1 b for a triangular a        shapes as for solve
/// vjp      bbar += op(a)^-T xbar,  abar -= the triangle of bbar x^T (of x bbar^T, if transposed)
/// saves    a, x        cost  n^2 k / 2 multiply-adds, three times that backward
/// throws   ShapeError unless the shapes fit; ValueError for a zero on the diagonal
template <class T>
Tensor<T> triangular_solve(const Tensor<T>& a, const Tensor<T>& b, const Triangular& options = {});

/// The x that makes |a x - b| least, by QR: r^-1 q^T b        a: [.., m, n], m >= n   b: [.., m, k]; or a: [m, n] and b: [m]
/// throws   ShapeError unless the shapes fit; ValueError unless the columns of a are independent
template <class T>
Tensor<T> lstsq(const Tensor<T>& a, const Tensor<T>& b);

// Determinants -------------------------------------------------------------------------------------------------------------------------

/// y = det a        a: [.., n, n]   y: [..]
/// vjp      abar += ybar cofactor(a): right for singular matrices too
/// saves    a and its LU factors        cost  n^3 / 3 multiply-adds, its vjp n^3
/// The product of n pivots soon leaves the range of T; for large n take slogdet.
/// source   Giles (2008), 2.2.4; Jacobi's formula
template <class T>
Tensor<T> determinant(const Tensor<T>& a);

/// y[i,j] = (-1)^(i+j) det(a without row i and column j): the gradient of det, det(a) a^-T where a is invertible
/// vjp      the second derivative of det, from the singular values, so right for singular matrices too. Recorded, for the third and
///          higher: abar += <ybar, y> a^-T - y ybar^T a^-T, which throws ValueError for a singular a and loses digits near one
/// saves    a, y
template <class T>
Tensor<T> cofactor(const Tensor<T>& a);

template <class T>
struct SignAndLog {
    Tensor<T> sign, logabsdet;
};
/// det a = sign exp(logabsdet), without overflow        a: [.., n, n]   both: [..]. The sign is a constant; a singular a gives 0, -inf.
/// vjp      abar += ybar a^-T        throws ValueError for a singular a, where log |det| has no derivative
/// saves    a and its LU factors
/// source   Giles (2008), 2.2.4
template <class T>
SignAndLog<T> slogdet(const Tensor<T>& a);

/// y = log det a for a positive definite a: 2 sum log diag cholesky(a)        a: [.., n, n]   y: [..]        throws as cholesky
template <class T>
Tensor<T> logdet(const Tensor<T>& a);

// Factorisations -----------------------------------------------------------------------------------------------------------------------

/// a = l l^T, l lower triangular with a positive diagonal        a, l: [.., n, n]
/// a is symmetrised: l is a function of (a + a^T) / 2, and its adjoint is symmetric.
/// vjp      abar += sym(l^-T phi(l^T lbar) l^-1), phi: the lower triangle with its diagonal halved
/// saves    l        cost  n^3 / 6 multiply-adds, twice that backward (2 n^3 where the sweep is recorded)
/// throws   ShapeError unless a is square; ValueError unless it is positive definite
/// source   Murray (2016), "Differentiation of the Cholesky decomposition", arXiv:1602.07527
template <class T>
Tensor<T> cholesky(const Tensor<T>& a);

template <class T>
struct Qr {
    Tensor<T> q, r;
};
/// a = q r, q with orthonormal columns, r upper triangular with a positive diagonal: there is one such pair
/// a, q: [.., m, n]   r: [.., n, n]   m >= n
/// vjp      abar += (qbar + q copyltu(r rbar^T - qbar^T q)) r^-T, copyltu: symmetric with that lower triangle
/// saves    q, r        cost  2 m n^2 multiply-adds, as much again backward
/// throws   ShapeError unless m >= n; ValueError for columns that depend on those before them, to rounding
/// source   Seeger, Hetzel, Dai, Meissner, Lawrence (2017), "Auto-differentiating linear algebra", arXiv:1710.08717
template <class T>
Qr<T> qr(const Tensor<T>& a);

template <class T>
struct Eigh {
    Tensor<T> values, vectors;
};
/// a v = v diag(values) for symmetric a, v orthogonal        a, vectors: [.., n, n]   values: [.., n], ascending
/// Column j of vectors belongs to values[j]; its largest element (the first of equal ones) is positive. a is symmetrised: both are
/// functions of (a + a^T) / 2, and the adjoint is symmetric.
/// vjp      abar += sym(v (diag(valuesbar) + f * (v^T vectorsbar)) v^T), f[i,j] = 1 / (values[j] - values[i]), 0 on the diagonal
/// saves    both        cost  some 4 n^3 multiply-adds, 3 n^3 backward
/// throws   ShapeError unless a is square; ValueError, in the sweep, where an adjoint arrives at a vector of a multiple eigenvalue,
///          which has no derivative (a tangent of it is NaN)
/// Symmetric functions of equal values (their sum, their product) have the right gradient; one of them alone has no derivative,
/// and gets the one that belongs to its vector.
/// source   Giles (2008), 3.1
template <class T>
Eigh<T> eigh(const Tensor<T>& a);

}  // namespace v1
}  // namespace autodiff
