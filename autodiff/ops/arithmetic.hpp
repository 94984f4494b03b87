// SPDX-License-Identifier: MIT
/// Element-wise operations on tensors, from the rules: every function that has a rule works on tensors, with NumPy broadcasting.
///
/// A tensor may be combined with a number or a Scalar, which act as rank-0 tensors of its element type.
#pragma once

#include "autodiff/rules/list.hpp"
#include "autodiff/tensor.hpp"

namespace autodiff {
inline namespace v1 {

/// y[i] = R(x[i]) for the rule with this code.
/// vjp      xbar[i] += ybar[i] * partial(x[i], y[i]); where ybar[i] is exactly 0, nothing flows
/// saves    x, y
template <class T>
Tensor<T> apply_unary(Operation rule, const Tensor<T>& x);
/// y = R(a, b), broadcast        vjp: as for unary, then summed over the broadcast axes
/// throws   ShapeError unless the shapes broadcast together
template <class T>
Tensor<T> apply_binary(Operation rule, const Tensor<T>& a, const Tensor<T>& b);
/// y = R(a, b, c), broadcast
template <class T>
Tensor<T> apply_ternary(Operation rule, const Tensor<T>& a, const Tensor<T>& b, const Tensor<T>& c);

namespace internal {

/// Integers mix with float and double tensors; a double Scalar becomes the tensor's type.
template <class T, class X>
Tensor<T> as_tensor(const X& x) {
    if constexpr (ATensor<X>)
        return x;
    else if constexpr (AScalar<X>)
        return from_scalar<T>(x);
    else
        return Tensor<T>(static_cast<T>(x));
}
template <class A, class... B>
struct TensorType {
    using type = typename TensorType<B...>::type;
};
template <class T, class... B>
struct TensorType<Tensor<T>, B...> {
    using type = T;
};
template <class... X>
using TensorTypeOf = typename TensorType<std::remove_cvref_t<X>...>::type;

template <class X>
concept TensorOperand = ADifferentiableTensor<X> || AScalar<X> || Arithmetic<std::remove_cvref_t<X>>;

/// At least one tensor, and no two tensors of different element types.
template <class T, class X>
concept SameType = !ATensor<X> || std::same_as<std::remove_cvref_t<X>, Tensor<T>>;

}  // namespace internal

template <class... X>
concept TensorOperands = (internal::TensorOperand<X> && ...) && (ADifferentiableTensor<X> || ...) &&
                         (internal::SameType<internal::TensorTypeOf<X...>, X> && ...);

template <class R, ADifferentiableTensor X>
auto apply(R, const X& x) {
    return apply_unary(code_of<R>, x);
}
template <class R, class A, class B>
    requires TensorOperands<A, B>
auto apply(R, const A& a, const B& b) {
    using T = internal::TensorTypeOf<A, B>;
    return apply_binary<T>(code_of<R>, internal::as_tensor<T>(a), internal::as_tensor<T>(b));
}
template <class R, class A, class B, class C>
    requires TensorOperands<A, B, C>
auto apply(R, const A& a, const B& b, const C& c) {
    using T = internal::TensorTypeOf<A, B, C>;
    return apply_ternary<T>(code_of<R>, internal::as_tensor<T>(a), internal::as_tensor<T>(b), internal::as_tensor<T>(c));
}

template <class A, class B>
    requires TensorOperands<A, B>
auto operator+(const A& a, const B& b) {
    return apply(rules::Add{}, a, b);
}
template <class A, class B>
    requires TensorOperands<A, B>
auto operator-(const A& a, const B& b) {
    return apply(rules::Sub{}, a, b);
}
template <class A, class B>
    requires TensorOperands<A, B>
auto operator*(const A& a, const B& b) {
    return apply(rules::Mul{}, a, b);
}
template <class A, class B>
    requires TensorOperands<A, B>
auto operator/(const A& a, const B& b) {
    return apply(rules::Div{}, a, b);
}
template <ADifferentiableTensor X>
auto operator-(const X& x) {
    return apply(rules::Neg{}, x);
}
template <class T, class B>
    requires TensorOperands<Tensor<T>, B>
Tensor<T>& operator+=(Tensor<T>& a, const B& b) {
    return a = a + b;
}
template <class T, class B>
    requires TensorOperands<Tensor<T>, B>
Tensor<T>& operator-=(Tensor<T>& a, const B& b) {
    return a = a - b;
}
template <class T, class B>
    requires TensorOperands<Tensor<T>, B>
Tensor<T>& operator*=(Tensor<T>& a, const B& b) {
    return a = a * b;
}
template <class T, class B>
    requires TensorOperands<Tensor<T>, B>
Tensor<T>& operator/=(Tensor<T>& a, const B& b) {
    return a = a / b;
}

}  // namespace v1
}  // namespace autodiff
