// SPDX-License-Identifier: MIT
/// Comparisons give boolean tensors, which carry no gradient by type; `where` chooses by them; `cast` changes the element type.
#pragma once

#include "autodiff/ops/arithmetic.hpp"

namespace autodiff {
inline namespace v1 {

enum class Relation : std::uint8_t { equal, not_equal, less, less_equal, greater, greater_equal };
/// y[i] = a[i] ? b[i], broadcast
template <class T>
Tensor<bool> compare(Relation relation, const Tensor<T>& a, const Tensor<T>& b);

namespace internal {

template <class A, class B>
concept Comparable = (ATensor<A> || ATensor<B>) && (ATensor<A> || Arithmetic<A> || AScalar<A>) && (ATensor<B> || Arithmetic<B> || AScalar<B>);
template <class T, class X>
Tensor<T> compared(const X& x) {
    if constexpr (ATensor<X>)
        return x.constant();
    else if constexpr (AScalar<X>)
        return Tensor<T>(static_cast<T>(x.value()));
    else
        return Tensor<T>(static_cast<T>(x));
}
template <class A, class B>
Tensor<bool> compare_any(Relation c, const A& a, const B& b) {
    using T = TensorTypeOf<A, B>;
    return compare<T>(c, compared<T>(a), compared<T>(b));
}

}  // namespace internal

template <class A, class B>
    requires internal::Comparable<A, B>
Tensor<bool> operator==(const A& a, const B& b) {
    return internal::compare_any(Relation::equal, a, b);
}
template <class A, class B>
    requires internal::Comparable<A, B>
Tensor<bool> operator!=(const A& a, const B& b) {
    return internal::compare_any(Relation::not_equal, a, b);
}
template <class A, class B>
    requires internal::Comparable<A, B>
Tensor<bool> operator<(const A& a, const B& b) {
    return internal::compare_any(Relation::less, a, b);
}
template <class A, class B>
    requires internal::Comparable<A, B>
Tensor<bool> operator<=(const A& a, const B& b) {
    return internal::compare_any(Relation::less_equal, a, b);
}
template <class A, class B>
    requires internal::Comparable<A, B>
Tensor<bool> operator>(const A& a, const B& b) {
    return internal::compare_any(Relation::greater, a, b);
}
template <class A, class B>
    requires internal::Comparable<A, B>
Tensor<bool> operator>=(const A& a, const B& b) {
    return internal::compare_any(Relation::greater_equal, a, b);
}
Tensor<bool> operator&&(const Tensor<bool>& a, const Tensor<bool>& b);
Tensor<bool> operator||(const Tensor<bool>& a, const Tensor<bool>& b);
Tensor<bool> operator!(const Tensor<bool>& a);

/// y[i] = c[i] ? a[i] : b[i], broadcast
/// vjp      abar += where(c, ybar, 0), bbar += where(c, 0, ybar); what was not chosen receives exactly 0, and 0 does not flow on
/// saves    c
template <class T>
Tensor<T> where(const Tensor<bool>& c, const Tensor<T>& a, const Tensor<T>& b);
template <class A, class B>
    requires(TensorOperands<A, B> && !(ATensor<A> && ATensor<B>))
auto where(const Tensor<bool>& c, const A& a, const B& b) {
    using T = internal::TensorTypeOf<A, B>;
    return where<T>(c, internal::as_tensor<T>(a), internal::as_tensor<T>(b));
}
/// The same, by the name that rules use.
template <class A, class B>
    requires TensorOperands<A, B>
auto select(const Tensor<bool>& c, const A& a, const B& b) {
    using T = internal::TensorTypeOf<A, B>;
    return where<T>(c, internal::as_tensor<T>(a), internal::as_tensor<T>(b));
}

/// The values as another element type. Between float and double it is differentiable: the adjoint is cast back.
template <class To, class From>
Tensor<To> cast(const Tensor<From>& x);

}  // namespace v1
}  // namespace autodiff
