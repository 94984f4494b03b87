// SPDX-License-Identifier: MIT
#include "autodiff/ops/matmul.hpp"

#include "autodiff/kernels/gemm.hpp"
#include "autodiff/node.hpp"
#include "autodiff/ops/layout.hpp"
#include "autodiff/ops/linear.hpp"
#include "autodiff/ops/matrices.hpp"

#include <fmt/format.h>

namespace autodiff {
inline namespace v1 {

namespace {

/// y = a b
template <class T>
class Matmul final : public Primitive {
  public:
    Matmul(const Tensor<T>& a, const Tensor<T>& b) : a_(a), b_(b) {}
    [[nodiscard]] std::string_view name() const override { return "matmul"; }
    void vjp(Pullback& pull) const override {
        const Tensor<T> ybar = pull.ybar<T>();
        if (pull.wants(0)) pull.add(0, sum_to(matmul(ybar, transposed(pull.saved(b_))), a_.shape()));
        if (pull.wants(1)) pull.add(1, sum_to(matmul(transposed(pull.saved(a_)), ybar), b_.shape()));
    }
    [[nodiscard]] AnyTensor jvp(const Pushforward& push) const override {
        AnyTensor ydot;
        if (push.has(0)) add_tangent(ydot, matmul(push.tangent<T>(0), push.saved(b_)));
        if (push.has(1)) add_tangent(ydot, matmul(push.saved(a_), push.tangent<T>(1)));
        return ydot;
    }

  private:
    Tensor<T> a_, b_;
};

}  // namespace

template <class T>
Tensor<T> matmul(const Tensor<T>& a, const Tensor<T>& b) {
    Sources operands = sources("matmul", a, b);
    if (a.rank() < 2 || b.rank() < 2 || a.shape()[-1] != b.shape()[-2])
        throw ShapeError("matmul", "[m, n] x [n, p]", fmt::format("{} x {}", described(a), described(b)));
    const Shape batch = broadcast(batch_of(a.shape()), batch_of(b.shape()), "matmul");
    const Index m = a.shape()[-2], n = a.shape()[-1], p = b.shape()[-1];
    Tensor<T> y = Tensor<T>::uninitialised(with_matrix(batch, m, p));
    const View<T> result{y.fill_data(), y.shape(), y.strides()};
    kernels::batched_matmul<T>(a.view().broadcast_to(with_matrix(batch, m, n)), b.view().broadcast_to(with_matrix(batch, n, p)), result,
                               false);
    return record<Matmul<T>>(std::move(y), std::move(operands), a, b);
}

template Tensor<float> matmul(const Tensor<float>&, const Tensor<float>&);
template Tensor<double> matmul(const Tensor<double>&, const Tensor<double>&);

}  // namespace v1
}  // namespace autodiff
