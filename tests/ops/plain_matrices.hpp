// SPDX-License-Identifier: MIT
/// Linear algebra of small matrices by the loops of a textbook, in long double: what the tests of linear algebra compare with.
#pragma once

#include "autodiff/autodiff.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace plain {

using autodiff::Index;
using autodiff::Shape;
using autodiff::Tensor;
using Real = long double;

struct Matrix {
    Index rows = 0, columns = 0;
    std::vector<Real> values;
    Matrix(Index m, Index n) : rows(m), columns(n), values(static_cast<std::size_t>(m * n)) {}
    Real& operator()(Index i, Index j) { return values[static_cast<std::size_t>(i * columns + j)]; }
    Real operator()(Index i, Index j) const { return values[static_cast<std::size_t>(i * columns + j)]; }
};

/// f(i, j) for every element.
template <class F>
Matrix made(Index m, Index n, const F& f) {
    Matrix y(m, n);
    for (Index i = 0; i < m; ++i)
        for (Index j = 0; j < n; ++j) y(i, j) = f(i, j);
    return y;
}
inline Matrix eye(Index n) {
    return made(n, n, [](Index i, Index j) { return Real(i == j); });
}
/// Matrix `k` of a batch.
template <class T>
Matrix matrix_of(const Tensor<T>& x, Index k = 0) {
    const Tensor<T> dense = x.constant().contiguous();
    const Index m = x.shape()[-2], n = x.shape()[-1];
    return made(m, n, [&](Index i, Index j) { return static_cast<Real>(dense.begin_data()[(k * m + i) * n + j]); });
}
inline Tensor<double> tensor_of(const Matrix& x) {
    return Tensor<double>(Shape{x.rows, x.columns}, std::vector<double>(x.values.begin(), x.values.end()));
}

inline Matrix transposed(const Matrix& x) {
    return made(x.columns, x.rows, [&](Index i, Index j) { return x(j, i); });
}
inline Matrix operator*(const Matrix& a, const Matrix& b) {
    return made(a.rows, b.columns, [&](Index i, Index j) {
        Real sum = 0;
        for (Index k = 0; k < a.columns; ++k) sum += a(i, k) * b(k, j);
        return sum;
    });
}
inline Matrix operator*(Real s, const Matrix& a) {
    return made(a.rows, a.columns, [&](Index i, Index j) { return s * a(i, j); });
}
inline Matrix operator+(const Matrix& a, const Matrix& b) {
    return made(a.rows, a.columns, [&](Index i, Index j) { return a(i, j) + b(i, j); });
}
inline Matrix symmetrised(const Matrix& a) { return Real(0.5) * (a + transposed(a)); }
inline Matrix lower_half_diagonal(const Matrix& a) {
    return made(a.rows, a.columns, [&](Index i, Index j) { return i > j ? a(i, j) : (i == j ? a(i, j) / 2 : 0); });
}

/// a^-1 b by Gauss's elimination with row exchanges
inline Matrix solved(Matrix a, Matrix b) {
    const Index n = a.rows;
    for (Index k = 0; k < n; ++k) {
        Index pivot = k;
        for (Index i = k; i < n; ++i)
            if (std::abs(a(i, k)) > std::abs(a(pivot, k))) pivot = i;
        for (Index j = 0; j < n; ++j) std::swap(a(k, j), a(pivot, j));
        for (Index j = 0; j < b.columns; ++j) std::swap(b(k, j), b(pivot, j));
        for (Index i = 0; i < n; ++i) {
            if (i == k) continue;
            const Real factor = a(i, k) / a(k, k);
            for (Index j = k; j < n; ++j) a(i, j) -= factor * a(k, j);
            for (Index j = 0; j < b.columns; ++j) b(i, j) -= factor * b(k, j);
        }
    }
    return made(n, b.columns, [&](Index i, Index j) { return b(i, j) / a(i, i); });
}
inline Matrix inverse(const Matrix& a) { return solved(a, eye(a.rows)); }

inline Matrix without(const Matrix& a, Index row, Index column) {
    return made(a.rows - 1, a.columns - 1, [&](Index i, Index j) { return a(i + (i >= row), j + (j >= column)); });
}
/// By expansion along the first row.
inline Real determinant(const Matrix& a) {
    if (a.rows == 0) return 1;
    Real sum = 0;
    for (Index j = 0; j < a.columns; ++j) sum += Real(j % 2 == 0 ? 1 : -1) * a(0, j) * determinant(without(a, 0, j));
    return sum;
}
inline Matrix cofactor(const Matrix& a) {
    return made(a.rows, a.columns, [&](Index i, Index j) { return Real((i + j) % 2 == 0 ? 1 : -1) * determinant(without(a, i, j)); });
}

inline Matrix cholesky(const Matrix& a) {
    Matrix l(a.rows, a.rows);
    for (Index j = 0; j < a.rows; ++j)
        for (Index i = j; i < a.rows; ++i) {
            Real rest = (a(i, j) + a(j, i)) / 2;
            for (Index k = 0; k < j; ++k) rest -= l(i, k) * l(j, k);
            l(i, j) = i == j ? std::sqrt(rest) : rest / l(j, j);
        }
    return l;
}

/// {q, r} by modified Gram and Schmidt
inline std::pair<Matrix, Matrix> qr(const Matrix& a) {
    Matrix q = a, r(a.columns, a.columns);
    for (Index j = 0; j < a.columns; ++j) {
        for (Index k = 0; k < j; ++k) {
            for (Index i = 0; i < a.rows; ++i) r(k, j) += q(i, k) * q(i, j);
            for (Index i = 0; i < a.rows; ++i) q(i, j) -= q(i, k) * r(k, j);
        }
        for (Index i = 0; i < a.rows; ++i) r(j, j) += q(i, j) * q(i, j);
        r(j, j) = std::sqrt(r(j, j));
        for (Index i = 0; i < a.rows; ++i) q(i, j) /= r(j, j);
    }
    return {q, r};
}

/// {values as a row, vectors} by Jacobi's rotations, in the order and with the signs that eigh promises
inline std::pair<Matrix, Matrix> eigh(const Matrix& given) {
    const Index n = given.rows;
    Matrix a = symmetrised(given), v = eye(n);
    for (int round = 0; round < 60; ++round)
        for (Index p = 0; p < n; ++p)
            for (Index q = p + 1; q < n; ++q) {
                const Real angle = std::atan2(2 * a(p, q), a(q, q) - a(p, p)) / 2;
                Matrix turn = eye(n);
                turn(p, p) = turn(q, q) = std::cos(angle);
                turn(p, q) = std::sin(angle), turn(q, p) = -std::sin(angle);
                a = transposed(turn) * a * turn;
                v = v * turn;
            }
    std::vector<Index> order;
    for (Index k = 0; k < n; ++k) order.push_back(k);
    std::sort(order.begin(), order.end(), [&](Index p, Index q) { return a(p, p) < a(q, q); });
    Matrix values(1, n), vectors(n, n);
    for (Index k = 0; k < n; ++k) {
        const Index from = order[static_cast<std::size_t>(k)];
        values(0, k) = a(from, from);
        Real largest = 0;
        for (Index i = 0; i < n; ++i)
            if (std::abs(v(i, from)) > std::abs(largest)) largest = v(i, from);
        for (Index i = 0; i < n; ++i) vectors(i, k) = largest < 0 ? -v(i, from) : v(i, from);
    }
    return {values, vectors};
}

}  // namespace plain
