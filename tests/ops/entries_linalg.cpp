// SPDX-License-Identifier: MIT
// Entries of linear algebra. Differences move every element on its own and layouts repeat one of them, so samples add a diagonal that
// keeps every matrix well conditioned.
#include "tests/ops/plain_matrices.hpp"
#include "tests/ops/registry.hpp"

#include <fmt/format.h>

namespace registry {

namespace {

using plain::Matrix;

/// x + d with d[i, i] = first + step i, for [.., m, n]
template <class T>
Tensor<T> with_diagonal(const Tensor<T>& x, double first, double step = 0) {
    Tensor<T> d = Tensor<T>::zeros({x.shape()[-2], x.shape()[-1]});
    const Index n = x.shape()[-1];
    for (Index i = 0; i < std::min(x.shape()[-2], n); ++i)
        d.fill_data()[i * (n + 1)] = static_cast<T>(first + step * static_cast<double>(i));
    return x + d;
}

Shape leading(const Shape& shape) { return Shape(shape.extents().first(static_cast<std::size_t>(shape.rank() - 2))); }
/// The matrix of x that stands at `position` of the batch.
Matrix at(const Tensor<double>& x, const Position& position) {
    Tensor<double> here = x;
    Position own(position.end() - (x.rank() - 2), position.end());
    for (std::size_t axis = 0; axis < own.size(); ++axis) here = select(here, 0, here.shape()[0] == 1 ? 0 : own[axis]);
    return plain::matrix_of(here);
}
/// f(matrices at the same position), a Matrix, for every position of the batch; `extents` are those of the result's last axes.
template <class F>
Tensor<double> by_matrix(const Operands<double>& x, const Position& extents, const F& f) {
    Shape batch = leading(x[0].shape());
    for (const Tensor<double>& operand : x) batch = broadcast_shape(batch, leading(operand.shape()));
    Position all_extents = extents_of(batch);
    all_extents.insert(all_extents.end(), extents.begin(), extents.end());
    std::vector<double> values;
    for_each_position(batch, [&](const Position& p) {
        std::vector<Matrix> matrices;
        for (const Tensor<double>& operand : x) matrices.push_back(at(operand, p));
        const Matrix y = f(matrices);
        values.insert(values.end(), y.values.begin(), y.values.end());
    });
    return Tensor<double>(shape_of(all_extents), values);
}
using Matrices = std::vector<Matrix>;

Matrix number(plain::Real value) {
    return plain::made(1, 1, [&](Index, Index) { return value; });
}

void add_systems(std::vector<Entry>& to, Draw& draw) {
    const std::vector<std::pair<Shape, Shape>> shapes{{{3, 3}, {3, 2}},    {{3, 3}, {3, 3}},    {{1, 1}, {1, 1}},
                                                      {{2, 3, 3}, {3, 1}}, {{3, 3}, {2, 3, 2}}, {{2, 1, 2, 2}, {3, 2, 1}},
                                                      {{0, 0}, {0, 2}},    {{2, 2}, {2, 0}},    {{0, 2, 2}, {0, 2, 1}}};
    Entry general{"solve", {}}, triangular{"triangular_solve", {}};
    for (const auto& [a, b] : shapes) {
        const Position extents{b[-2], b[-1]};
        const std::string what = fmt::format("{} x {}", to_string(a), to_string(b));
        general.add(
            what, {draw.uniform(a), draw.uniform(b)}, [](const auto& x) { return solve(with_diagonal(x[0], 3), x[1]); },
            [extents](const Operands<double>& x) {
                return by_matrix({with_diagonal(x[0], 3), x[1]}, extents, [](const Matrices& m) { return plain::solved(m[0], m[1]); });
            });
        for (const unsigned kind : {0u, 1u, 2u, 3u, 4u, 5u, 6u, 7u}) {
            const Triangular options{(kind & 1) != 0, (kind & 2) != 0, (kind & 4) != 0};
            triangular.add(
                what + fmt::format(", lower {}, transpose {}, unit diagonal {}", options.lower, options.transpose, options.unit_diagonal),
                {draw.uniform(a), draw.uniform(b)},
                [options](const auto& x) { return triangular_solve(with_diagonal(x[0], 3), x[1], options); },
                [options, extents](const Operands<double>& x) {
                    return by_matrix({with_diagonal(x[0], 3), x[1]}, extents, [&](const Matrices& m) {
                        const Matrix read = plain::made(m[0].rows, m[0].rows, [&](Index i, Index j) {
                            if (i == j && options.unit_diagonal) return plain::Real(1);
                            return i == j || (i > j) == options.lower ? m[0](i, j) : 0;
                        });
                        return plain::solved(options.transpose ? plain::transposed(read) : read, m[1]);
                    });
                });
        }
    }
    const auto as_column = [](const Tensor<double>& b) { return reshape(b, {-1, 1}); };
    general.add(
        "[3, 3] x [3]", {draw.uniform({3, 3}), draw.uniform({3})}, [](const auto& x) { return solve(with_diagonal(x[0], 3), x[1]); },
        [as_column](const Operands<double>& x) {
            return flatten(
                by_matrix({with_diagonal(x[0], 3), as_column(x[1])}, {3, 1}, [](const Matrices& m) { return plain::solved(m[0], m[1]); }));
        });
    triangular.add(
        "[3, 3] x [3]", {draw.uniform({3, 3}), draw.uniform({3})},
        [](const auto& x) { return triangular_solve(with_diagonal(x[0], 3), x[1], {.unit_diagonal = true}); },
        [as_column](const Operands<double>& x) {
            return flatten(by_matrix({x[0], as_column(x[1])}, {3, 1}, [](const Matrices& m) {
                return plain::solved(plain::made(3, 3, [&](Index i, Index j) { return i == j ? 1 : (i > j ? m[0](i, j) : 0); }), m[1]);
            }));
        });
    to.push_back(std::move(general));
    to.push_back(std::move(triangular));

    Entry least_squares{"lstsq", {}};
    for (const auto& [a, b] :
         std::vector<std::pair<Shape, Shape>>{{{4, 2}, {4, 3}}, {{2, 3, 2}, {3, 1}}, {{3, 3}, {2, 3, 1}}, {{2, 0}, {2, 1}}})
        least_squares.add(
            fmt::format("{} x {}", to_string(a), to_string(b)), {draw.uniform(a), draw.uniform(b)},
            [](const auto& x) { return lstsq(with_diagonal(x[0], 3), x[1]); },
            [](const Operands<double>& x) {
                return by_matrix({with_diagonal(x[0], 3), x[1]}, {x[0].shape()[-1], x[1].shape()[-1]}, [](const Matrices& m) {
                    return plain::solved(plain::transposed(m[0]) * m[0], plain::transposed(m[0]) * m[1]);
                });
            });
    to.push_back(std::move(least_squares));
}

void add_of_one_matrix(std::vector<Entry>& to, Draw& draw) {
    const std::vector<Shape> shapes{{3, 3}, {1, 1}, {2, 2}, {4, 4}, {2, 3, 3}, {2, 1, 2, 2}, {0, 0}, {0, 2, 2}};
    Entry inverses{"inverse", {}}, determinants{"determinant", {}}, cofactors{"cofactor", {}}, logarithms{"slogdet", {}},
        definite{"logdet", {}}, roots{"cholesky", {}}, values{"eigh, values", {}}, vectors{"eigh, vectors", {}};
    for (const Shape& shape : shapes) {
        const std::string what = to_string(shape);
        const Position square{shape[-2], shape[-1]};
        inverses.add(
            what, {draw.uniform(shape)}, [](const auto& x) { return inverse(with_diagonal(x[0], 3)); },
            [square](const Operands<double>& x) {
                return by_matrix({with_diagonal(x[0], 3)}, square, [](const Matrices& m) { return plain::inverse(m[0]); });
            });
        determinants.add(
            what, {draw.uniform(shape)}, [](const auto& x) { return determinant(with_diagonal(x[0], -2)); },
            [](const Operands<double>& x) {
                return by_matrix({with_diagonal(x[0], -2)}, {}, [](const Matrices& m) { return number(plain::determinant(m[0])); });
            });
        cofactors.add(
            what, {draw.uniform(shape)}, [](const auto& x) { return cofactor(with_diagonal(x[0], -2)); },
            [square](const Operands<double>& x) {
                return by_matrix({with_diagonal(x[0], -2)}, square, [](const Matrices& m) { return plain::cofactor(m[0]); });
            });
        logarithms.add(
            what, {draw.uniform(shape)}, [](const auto& x) { return slogdet(with_diagonal(x[0], -2)).logabsdet; },
            [](const Operands<double>& x) {
                return by_matrix({with_diagonal(x[0], -2)}, {},
                                 [](const Matrices& m) { return number(std::log(std::abs(plain::determinant(m[0])))); });
            });
        definite.add(
            what, {draw.uniform(shape)}, [](const auto& x) { return logdet(with_diagonal(x[0], 5)); },
            [](const Operands<double>& x) {
                return by_matrix({with_diagonal(x[0], 5)}, {},
                                 [](const Matrices& m) { return number(std::log(plain::determinant(plain::symmetrised(m[0])))); });
            });
        roots.add(
            what, {draw.uniform(shape)}, [](const auto& x) { return cholesky(with_diagonal(x[0], 5)); },
            [square](const Operands<double>& x) {
                return by_matrix({with_diagonal(x[0], 5)}, square, [](const Matrices& m) { return plain::cholesky(m[0]); });
            });
        values.add(
            what, {draw.uniform(shape)}, [](const auto& x) { return eigh(with_diagonal(x[0], -3, 4)).values; },
            [square](const Operands<double>& x) {
                return by_matrix({with_diagonal(x[0], -3, 4)}, {square[1]}, [](const Matrices& m) { return plain::eigh(m[0]).first; });
            });
        vectors.add(
            what, {draw.uniform(shape)}, [](const auto& x) { return eigh(with_diagonal(x[0], -3, 4)).vectors; },
            [square](const Operands<double>& x) {
                return by_matrix({with_diagonal(x[0], -3, 4)}, square, [](const Matrices& m) { return plain::eigh(m[0]).second; });
            });
    }
    roots.add(
        "x x^T + 1", {draw.uniform({3, 2})}, [](const auto& x) { return cholesky(with_diagonal(matmul(x[0], transpose(x[0])), 1)); },
        [](const Operands<double>& x) {
            return by_matrix(x, {3, 3}, [](const Matrices& m) { return plain::cholesky(m[0] * plain::transposed(m[0]) + plain::eye(3)); });
        });
    for (Entry* entry : {&inverses, &determinants, &cofactors, &logarithms, &definite, &roots, &values, &vectors})
        to.push_back(std::move(*entry));
}

void add_qr(std::vector<Entry>& to, Draw& draw) {
    Entry q{"qr, q", {}}, r{"qr, r", {}};
    for (const Shape& shape : std::vector<Shape>{{3, 3}, {4, 2}, {1, 1}, {3, 1}, {2, 3, 2}, {2, 1, 2, 2}, {3, 0}, {0, 0}, {0, 2, 1}}) {
        const Index m = shape[-2], n = shape[-1];
        q.add(
            to_string(shape), {draw.uniform(shape)}, [](const auto& x) { return qr(with_diagonal(x[0], 3)).q; },
            [m, n](const Operands<double>& x) {
                return by_matrix({with_diagonal(x[0], 3)}, {m, n}, [](const Matrices& a) { return plain::qr(a[0]).first; });
            });
        r.add(
            to_string(shape), {draw.uniform(shape)}, [](const auto& x) { return qr(with_diagonal(x[0], 3)).r; },
            [n](const Operands<double>& x) {
                return by_matrix({with_diagonal(x[0], 3)}, {n, n}, [](const Matrices& a) { return plain::qr(a[0]).second; });
            });
    }
    to.push_back(std::move(q));
    to.push_back(std::move(r));
}

}  // namespace

void add_linear_algebra(std::vector<Entry>& to) {
    Draw draw(606);
    add_systems(to, draw);
    add_of_one_matrix(to, draw);
    add_qr(to, draw);
}

}  // namespace registry
