// SPDX-License-Identifier: MIT
// Linear systems: one factorisation, two triangular solves, and the same again with the transpose for the adjoints.
#include "autodiff/kernels/lapack.hpp"
#include "autodiff/ops/arithmetic.hpp"
#include "autodiff/ops/layout.hpp"
#include "autodiff/ops/linalg.hpp"
#include "autodiff/ops/linalg_lu.hpp"
#include "autodiff/ops/linear.hpp"
#include "autodiff/ops/matmul.hpp"
#include "autodiff/ops/matrices.hpp"

#include <fmt/format.h>

namespace autodiff {
inline namespace v1 {

namespace {

/// A right-hand side of rank 1 is one column.
template <class T>
bool is_vector(const Tensor<T>& a, const Tensor<T>& b) {
    return a.rank() == 2 && b.rank() == 1;
}

template <class T>
void check_system(std::string_view operation, std::string_view expected, const Tensor<T>& a, const Tensor<T>& b) {
    if (a.rank() < 2 || (!is_vector(a, b) && b.rank() < 2) || b.shape()[is_vector(a, b) ? 0 : -2] != a.shape()[-2])
        throw ShapeError(operation, expected, fmt::format("{} and {}", described(a), described(b)));
}

/// x = b, then solve_one(number of the matrix a, its columns of x) for every matrix of the result.
template <class T, class SolveOne>
Tensor<T> solved(std::string_view operation, const Tensor<T>& a, const Tensor<T>& b, const SolveOne& solve_one) {
    const Shape batch = broadcast(batch_of(a.shape()), batch_of(b.shape()), operation);
    const Index n = a.shape()[-1], k = b.shape()[-1];
    Tensor<T> x = copied(b, with_matrix(batch, n, k));
    T* const data = x.fill_data();
    const std::vector<Index> matrix = broadcast_positions(batch_of(a.shape()), batch);
    kernels::for_each_matrix(batch.size(), n * n * k,
                             [&](Index at) { solve_one(matrix[static_cast<std::size_t>(at)], data + at * n * k); });
    return x;
}

/// x = op(a)^-1 b
template <class T>
class Solve final : public Primitive {
  public:
    Solve(const Tensor<T>& a, const Tensor<T>& b, SharedLu<T> lu, bool transposed_a)
        : a_(a), b_(b.shape()), lu_(std::move(lu)), transposed_(transposed_a) {}
    [[nodiscard]] std::string_view name() const override { return "solve"; }
    [[nodiscard]] bool saves_result() const override { return true; }
    void vjp(Pullback& pull) const override {
        const Tensor<T> bbar = solve_with(lu_, pull.saved(a_), pull.ybar<T>(), !transposed_), x = pull.result<T>();
        if (pull.wants(0)) pull.add(0, sum_to(-(transposed_ ? matmul(x, transposed(bbar)) : matmul(bbar, transposed(x))), a_.shape()));
        if (pull.wants(1)) pull.add(1, sum_to(bbar, b_));
    }
    [[nodiscard]] AnyTensor jvp(const Pushforward& push) const override {
        AnyTensor right;  // bdot - op(adot) x
        if (push.has(0)) {
            const Tensor<T> adot = push.tangent<T>(0);
            add_tangent(right, -matmul(transposed_ ? transposed(adot) : adot, push.result<T>()));
        }
        if (push.has(1)) add_tangent(right, push.tangent<T>(1));
        return solve_with(lu_, push.saved(a_), std::get<Tensor<T>>(right), transposed_);
    }

  private:
    Tensor<T> a_;
    Shape b_;
    SharedLu<T> lu_;
    bool transposed_;
};

/// x = op(a)^-1 b for the triangle of a
template <class T>
class TriangularSolve final : public Primitive {
  public:
    TriangularSolve(const Tensor<T>& a, const Tensor<T>& b, const Triangular& options) : a_(a), b_(b.shape()), options_(options) {}
    [[nodiscard]] std::string_view name() const override { return "triangular_solve"; }
    [[nodiscard]] bool saves_result() const override { return true; }
    void vjp(Pullback& pull) const override {
        const Triangular adjoint{options_.lower, !options_.transpose, options_.unit_diagonal};
        const Tensor<T> bbar = triangular_solve(pull.saved(a_), pull.ybar<T>(), adjoint), x = pull.result<T>();
        if (pull.wants(0)) {
            const Tensor<T> product = options_.transpose ? matmul(x, transposed(bbar)) : matmul(bbar, transposed(x));
            pull.add(0, sum_to(-product * what_is_read(), a_.shape()));
        }
        if (pull.wants(1)) pull.add(1, sum_to(bbar, b_));
    }
    [[nodiscard]] AnyTensor jvp(const Pushforward& push) const override {
        AnyTensor right;  // bdot - op(adot) x
        if (push.has(0)) {
            const Tensor<T> adot = push.tangent<T>(0) * what_is_read();
            add_tangent(right, -matmul(options_.transpose ? transposed(adot) : adot, push.result<T>()));
        }
        if (push.has(1)) add_tangent(right, push.tangent<T>(1));
        return triangular_solve(push.saved(a_), std::get<Tensor<T>>(right), options_);
    }

  private:
    [[nodiscard]] Tensor<T> what_is_read() const { return triangle(a_.shape()[-1], options_.lower, T(options_.unit_diagonal ? 0 : 1)); }
    Tensor<T> a_;
    Shape b_;
    Triangular options_;
};

template <class T>
void check_diagonal(const Tensor<T>& a, const Tensor<T>& values) {
    const Index n = a.shape()[-1];
    for (Index flat = 0; flat < values.size(); flat += n * n)
        for (Index i = 0; i < n; ++i)
            if (values.begin_data()[flat + i * (n + 1)] == 0)
                throw ValueError("triangular_solve", "an invertible matrix",
                                 fmt::format("{} with a zero on its diagonal in row {}", described(a, flat / (n * n)), i));
}

}  // namespace

template <class T>
T Lu<T>::sign(Index k) const {
    T result = 1;
    for (Index i = 0; i < order(); ++i) {
        const T pivot = matrix(k)[i * (order() + 1)];
        if (exchanges(k)[i] != i) result = -result;
        result *= static_cast<T>((pivot > 0) - (pivot < 0));
    }
    return result;
}

template <class T>
SharedLu<T> factorised(std::string_view operation, const Tensor<T>& a) {
    check_square(operation, a);
    check_finite(operation, a);
    const Index n = a.shape()[-1], count = batch_of(a.shape()).size();
    auto lu = std::make_shared<Lu<T>>();
    lu->factors = copied(a, a.shape());
    lu->pivots.resize(static_cast<std::size_t>(count * n));
    lu->zero.resize(static_cast<std::size_t>(count));
    T* const data = lu->factors.fill_data();
    kernels::for_each_matrix(count, n * n * n, [&](Index k) {
        lu->zero[static_cast<std::size_t>(k)] = kernels::lu(n, data + k * n * n, lu->pivots.data() + k * n);
    });
    return lu;
}

template <class T>
void check_invertible(std::string_view operation, const Tensor<T>& a, const Lu<T>& lu) {
    for (Index k = 0; k < lu.count(); ++k)
        if (const Index row = lu.zero[static_cast<std::size_t>(k)]; row >= 0)
            throw ValueError(operation, "an invertible matrix", fmt::format("{} with a zero pivot in row {}", described(a, k), row));
}

template <class T>
Tensor<T> solve_with(const SharedLu<T>& lu, const Tensor<T>& a, const Tensor<T>& b, bool transposed_a) {
    Sources operands = sources("solve", a, b);
    const Index n = a.shape()[-1], columns = b.shape()[-1];
    Tensor<T> x = solved("solve", a, b, [&](Index matrix, T* data) {
        kernels::lu_solve(n, columns, lu->matrix(matrix), lu->exchanges(matrix), transposed_a, data);
    });
    return record<Solve<T>>(std::move(x), std::move(operands), a, b, lu, transposed_a);
}

template <class T>
Tensor<T> solve(const Tensor<T>& a, const Tensor<T>& b) {
    static_cast<void>(sources("solve", a, b));
    check_square("solve", a);
    check_system("solve", "[.., n, n] and [.., n, k]", a, b);
    if (is_vector(a, b)) return squeeze(solve(a, unsqueeze(b, -1)), -1);
    static_cast<void>(broadcast(batch_of(a.shape()), batch_of(b.shape()), "solve"));
    const SharedLu<T> lu = factorised("solve", a);
    check_invertible("solve", a, *lu);
    return solve_with(lu, a, b, false);
}

template <class T>
Tensor<T> inverse(const Tensor<T>& a) {
    static_cast<void>(source("inverse", a));
    const SharedLu<T> lu = factorised("inverse", a);
    check_invertible("inverse", a, *lu);
    return solve_with(lu, a, Tensor<T>::eye(lu->order()), false);
}

template <class T>
Tensor<T> triangular_solve(const Tensor<T>& a, const Tensor<T>& b, const Triangular& options) {
    Sources operands = sources("triangular_solve", a, b);
    check_square("triangular_solve", a);
    check_system("triangular_solve", "[.., n, n] and [.., n, k]", a, b);
    if (is_vector(a, b)) return squeeze(triangular_solve(a, unsqueeze(b, -1), options), -1);
    const Tensor<T> values = a.constant().contiguous();
    if (!options.unit_diagonal) check_diagonal(a, values);
    const Index n = a.shape()[-1], columns = b.shape()[-1];
    Tensor<T> x = solved("triangular_solve", a, b, [&](Index matrix, T* data) {
        kernels::triangular_solve(n, columns, values.begin_data() + matrix * n * n, options.lower, options.transpose, options.unit_diagonal,
                                  data);
    });
    return record<TriangularSolve<T>>(std::move(x), std::move(operands), a, b, options);
}

#define WENGERT_INSTANTIATE(T)                                                                                                             \
    template T Lu<T>::sign(Index) const;                                                                                                   \
    template SharedLu<T> factorised(std::string_view, const Tensor<T>&);                                                                   \
    template void check_invertible(std::string_view, const Tensor<T>&, const Lu<T>&);                                                      \
    template Tensor<T> solve_with(const SharedLu<T>&, const Tensor<T>&, const Tensor<T>&, bool);                                           \
    template Tensor<T> solve(const Tensor<T>&, const Tensor<T>&);                                                                          \
    template Tensor<T> inverse(const Tensor<T>&);                                                                                          \
    template Tensor<T> triangular_solve(const Tensor<T>&, const Tensor<T>&, const Triangular&);
WENGERT_INSTANTIATE(float)
WENGERT_INSTANTIATE(double)
#undef WENGERT_INSTANTIATE

}  // namespace v1
}  // namespace autodiff
