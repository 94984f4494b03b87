// SPDX-License-Identifier: MIT
/// The pattern of most movement operations: y = A x with a fixed linear map A. Its JVP is A again, its VJP the transpose of A,
/// and both are tensor operations, so any order of derivative follows. For the .cpp files of ops/.
#pragma once

#include "autodiff/node.hpp"

namespace autodiff {
inline namespace v1 {

template <class T, class Forward, class Transpose>
class LinearMap final : public Primitive {
  public:
    LinearMap(std::string_view name, Forward forward, Transpose transpose)
        : name_(name), forward_(std::move(forward)), transpose_(std::move(transpose)) {}
    [[nodiscard]] std::string_view name() const override { return name_; }
    void vjp(Pullback& pull) const override { pull.add(0, transpose_(pull.ybar<T>())); }
    [[nodiscard]] AnyTensor jvp(const Pushforward& push) const override { return forward_(push.tangent<T>(0)); }

  private:
    std::string_view name_;  // of a literal
    Forward forward_;
    Transpose transpose_;
};

/// The same where A only picks elements: the transpose leaves most of its result 0, so a plain sweep adds to the adjoint in place.
/// add(xbar, ybar): xbar += A^T ybar
template <class T, class Forward, class Transpose, class Add>
class PickingMap final : public Primitive {
  public:
    PickingMap(std::string_view name, Forward forward, Transpose transpose, Add add)
        : name_(name), forward_(std::move(forward)), transpose_(std::move(transpose)), add_(std::move(add)) {}
    [[nodiscard]] std::string_view name() const override { return name_; }
    void vjp(Pullback& pull) const override {
        if (pull.records()) return pull.add(0, transpose_(pull.ybar<T>()));
        Pullback::Destination<T> to = pull.sum_destination<T>(0);
        const Shape& shape = pull.shape(0);
        if (shape.size() > 0) add_(View<T>{to.values(), shape, row_major(shape)}, pull.ybar<T>());
        pull.arrive(0, std::move(to));
    }
    [[nodiscard]] AnyTensor jvp(const Pushforward& push) const override { return forward_(push.tangent<T>(0)); }

  private:
    std::string_view name_;  // of a literal
    Forward forward_;
    Transpose transpose_;
    Add add_;
};

/// y = A x as a row; `forward` applies A, `transpose` its transpose.
template <class T, class Forward, class Transpose>
Tensor<T> record_linear(std::string_view name, const Tensor<T>& x, Tensor<T> y, Forward forward, Transpose transpose) {
    return record<LinearMap<T, Forward, Transpose>>(std::move(y), sources(name, x), name, std::move(forward), std::move(transpose));
}
template <class T, class Forward, class Transpose, class Add>
Tensor<T> record_linear(std::string_view name, const Tensor<T>& x, Tensor<T> y, Forward forward, Transpose transpose, Add add) {
    return record<PickingMap<T, Forward, Transpose, Add>>(std::move(y), sources(name, x), name, std::move(forward), std::move(transpose),
                                                          std::move(add));
}

/// The sum of the parts that are there, for JVPs of several operands.
template <class T>
void add_tangent(AnyTensor& sum, Tensor<T> part);

}  // namespace v1
}  // namespace autodiff
