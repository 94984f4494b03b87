// SPDX-License-Identifier: MIT
#include "autodiff/ops/matmul.hpp"

#include "autodiff/kernels/elementwise.hpp"
#include "autodiff/kernels/gemm.hpp"
#include "autodiff/node.hpp"
#include "autodiff/ops/arithmetic.hpp"
#include "autodiff/ops/composed.hpp"
#include "autodiff/ops/layout.hpp"
#include "autodiff/ops/linear.hpp"
#include "autodiff/ops/matrices.hpp"

#include <fmt/format.h>

namespace autodiff {
inline namespace v1 {

namespace {

Shape product_shape(const Shape& a, const Shape& b) {
    const Shape batch = a.rank() == 2 && b.rank() == 2 ? Shape() : broadcast(batch_of(a), batch_of(b), "matmul");
    return with_matrix(batch, a[-2], b[-1]);
}

/// y (+)= a b, of y's shape
template <class T>
void multiply(const Tensor<T>& a, const Tensor<T>& b, const View<T>& y, bool add) {
    if (y.shape.rank() == 2) return kernels::matmul<T>(a.view(), b.view(), y, add);
    const Shape batch = batch_of(y.shape);
    kernels::batched_matmul<T>(a.view().broadcast_to(with_matrix(batch, a.shape()[-2], a.shape()[-1])),
                               b.view().broadcast_to(with_matrix(batch, b.shape()[-2], b.shape()[-1])), y, add);
}

/// Adds p q: into the operand's adjoint itself, where it has the product's shape.
template <class T>
void add_product(Pullback& pull, std::size_t operand, const Tensor<T>& p, const Tensor<T>& q) {
    const Shape shape = pull.shape(operand);
    if (pull.records() || shape != product_shape(p.shape(), q.shape())) return pull.add(operand, sum_to(matmul(p, q), shape));
    Pullback::Destination<T> to = pull.destination<T>(operand);
    multiply(p, q, View<T>{to.values(), shape, row_major(shape)}, to.adds());
    pull.arrive(operand, std::move(to));
}

/// y = a b
template <class T>
class Matmul final : public Primitive {
  public:
    Matmul(const Tensor<T>& a, const Tensor<T>& b) : a_(a), b_(b) {}
    [[nodiscard]] std::string_view name() const override { return "matmul"; }
    void vjp(Pullback& pull) const override {
        const Tensor<T> ybar = pull.ybar<T>();
        if (pull.wants(0)) add_product(pull, 0, ybar, transposed(pull.saved(b_)));
        if (!pull.wants(1)) return;
        if (b_.rank() == 2 && a_.rank() > 2)  // one product over all rows of the batch, instead of the sum of one a matrix
            add_product(pull, 1, transposed(rows_of(pull.saved(a_))), rows_of(ybar));
        else
            add_product(pull, 1, transposed(pull.saved(a_)), ybar);
    }
    [[nodiscard]] AnyTensor jvp(const Pushforward& push) const override {
        AnyTensor ydot;
        if (push.has(0)) add_tangent(ydot, matmul(push.tangent<T>(0), push.saved(b_)));
        if (push.has(1)) add_tangent(ydot, matmul(push.saved(a_), push.tangent<T>(1)));
        return ydot;
    }

  private:
    /// [.., m, n] -> [.. m, n]
    static Tensor<T> rows_of(const Tensor<T>& x) {
        Index rows = 1;
        for (Index axis = 0; axis + 1 < x.rank(); ++axis) rows *= x.shape()[axis];
        return reshape(x, Shape{rows, x.shape()[-1]});
    }
    Tensor<T> a_, b_;
};

}  // namespace

template <class T>
Tensor<T> matmul(const Tensor<T>& a, const Tensor<T>& b) {
    Sources operands = sources("matmul", a, b);
    if (a.rank() < 2 || b.rank() < 2 || a.shape()[-1] != b.shape()[-2])
        throw ShapeError("matmul", "[m, n] x [n, p]", fmt::format("{} x {}", described(a), described(b)));
    Tensor<T> y = Tensor<T>::uninitialised(product_shape(a.shape(), b.shape()));
    multiply(a, b, y.fill_view(), false);
    return record<Matmul<T>>(std::move(y), std::move(operands), a, b);
}

namespace {

using internal::Values;

template <class T>
class Affine final : public Composed {
  public:
    using Composed::Composed;

  private:
    void pull_numbers(Pullback& pull) const override {
        const Tensor<T> x = operand<T>(0), w = operand<T>(1), ybar = pull.ybar<T>();
        if (pull.wants(0)) add_product(pull, 0, ybar, transposed(w));
        if (pull.wants(1)) add_product(pull, 1, transposed(x), ybar);
        if (pull.wants(2)) pull.add(2, sum_to(ybar, pull.shape(2)));
    }
};

}  // namespace

template <class T>
Tensor<T> affine(const Tensor<T>& x, const Tensor<T>& w, const Tensor<T>& b) {
    Sources operands = sources("affine", x, w, b);
    if (x.rank() != 2 || w.rank() != 2 || x.shape()[1] != w.shape()[0] || b.shape() != Shape{w.shape()[1]})
        throw ShapeError("affine", "[m, n] x [n, p] + [p]", fmt::format("{} x {} + {}", described(x), described(w), described(b)));
    if (!internal::fast_path()) return matmul(x, w) + b;
    Tensor<T> y = Tensor<T>::uninitialised({x.shape()[0], w.shape()[1]});
    kernels::copy<T>(y.fill_view(), b.view().broadcast_to(y.shape()));
    multiply(x, w, y.fill_view(), true);
    if (!any_recorded(operands)) return y;
    const auto definition = [](const Values& v) -> Values {
        return {matmul(std::get<Tensor<T>>(v[0]), std::get<Tensor<T>>(v[1])) + std::get<Tensor<T>>(v[2])};
    };
    return append(std::move(y), std::move(operands), std::make_unique<const Affine<T>>(composed("affine", definition, x, w, b)));
}

template Tensor<float> affine(const Tensor<float>&, const Tensor<float>&, const Tensor<float>&);
template Tensor<double> affine(const Tensor<double>&, const Tensor<double>&, const Tensor<double>&);
template Tensor<float> matmul(const Tensor<float>&, const Tensor<float>&);
template Tensor<double> matmul(const Tensor<double>&, const Tensor<double>&);

}  // namespace v1
}  // namespace autodiff
