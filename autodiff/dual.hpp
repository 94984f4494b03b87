// SPDX-License-Identifier: MIT
/// Forward mode: a number that carries the derivative of itself in one direction. No tape; the rules do the work.
///
/// `Dual<double>` gives one directional derivative, `Dual<Dual<double>>` the second, `Dual<long double>` a reference, dual lanes many
/// derivatives at once. How the rules are lifted: `apply`, below. The reverse mode is tape.hpp.
#pragma once

#include "autodiff/rules/list.hpp"

#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>

namespace autodiff {
inline namespace v1 {

/// x + eps xdot with eps^2 = 0: a value and its tangent. Implicit from numbers, whose tangent is 0.
/// jvp      f(x + eps xdot) = f(x) + eps f'(x) xdot; an operand whose tangent is exactly 0 contributes nothing, whatever its partial
/// cost     value and partial of each operation
/// Comparisons are of values.
template <class T>
struct Dual {
    using value_type = T;
    T value = constant<T>(0);
    T tangent = constant<T>(0);

    constexpr Dual() = default;
    constexpr Dual(T x, T xdot) : value(std::move(x)), tangent(std::move(xdot)) {}
    constexpr Dual(T x)
        requires(!std::is_arithmetic_v<T>)
        : value(std::move(x)) {}
    template <class N>
        requires std::is_arithmetic_v<N>
    constexpr Dual(N x) : value(constant<T>(static_cast<long double>(x))) {}

    friend Dual operator+(const Dual& a, const Dual& b) { return apply(rules::Add{}, a, b); }
    friend Dual operator-(const Dual& a, const Dual& b) { return apply(rules::Sub{}, a, b); }
    friend Dual operator*(const Dual& a, const Dual& b) { return apply(rules::Mul{}, a, b); }
    friend Dual operator/(const Dual& a, const Dual& b) { return apply(rules::Div{}, a, b); }
    friend Dual operator-(const Dual& x) { return apply(rules::Neg{}, x); }
    friend Dual operator+(const Dual& x) { return x; }
    friend Dual& operator+=(Dual& a, const Dual& b) { return a = a + b; }
    friend Dual& operator-=(Dual& a, const Dual& b) { return a = a - b; }
    friend Dual& operator*=(Dual& a, const Dual& b) { return a = a * b; }
    friend Dual& operator/=(Dual& a, const Dual& b) { return a = a / b; }

    friend auto operator==(const Dual& a, const Dual& b) { return a.value == b.value; }
    friend auto operator!=(const Dual& a, const Dual& b) { return a.value != b.value; }
    friend auto operator<(const Dual& a, const Dual& b) { return a.value < b.value; }
    friend auto operator>(const Dual& a, const Dual& b) { return a.value > b.value; }
    friend auto operator<=(const Dual& a, const Dual& b) { return a.value <= b.value; }
    friend auto operator>=(const Dual& a, const Dual& b) { return a.value >= b.value; }

    /// For masks of lanes; a bool chooses one of the two.
    template <class Mask>
        requires(!std::same_as<Mask, bool>)
    friend Dual select(const Mask& mask, const Dual& a, const Dual& b) {
        return {select(mask, a.value, b.value), select(mask, a.tangent, b.tangent)};
    }
};

template <class T>
inline constexpr bool is_lifted<Dual<T>> = true;

// Of the value, as comparisons are.
template <class T>
bool isnan(const Dual<T>& x) {
    using std::isnan;
    return isnan(x.value);
}
template <class T>
bool isinf(const Dual<T>& x) {
    using std::isinf;
    return isinf(x.value);
}
template <class T>
bool isfinite(const Dual<T>& x) {
    using std::isfinite;
    return isfinite(x.value);
}
template <class T>
bool signbit(const Dual<T>& x) {
    using std::signbit;
    return signbit(x.value);
}

namespace internal {

template <class X>
inline constexpr bool is_dual = false;
template <class T>
inline constexpr bool is_dual<Dual<T>> = true;

/// The deepest Dual among the operands: the one that the others convert to.
template <class A, class... B>
struct DualOf {
    using type = A;
};
template <class A, class B, class... C>
struct DualOf<A, B, C...> {
    using type = typename DualOf<std::conditional_t<!is_dual<A> || (is_dual<B> && std::is_convertible_v<A, B>), B, A>, C...>::type;
};
template <class... X>
using DualType = typename DualOf<std::remove_cvref_t<X>...>::type;
template <class... X>
concept DualOperands = (is_dual<std::remove_cvref_t<X>> || ...) && (std::is_convertible_v<X, DualType<X...>> && ...);

/// Whether nothing at all is carried: of a nested Dual, no part may be.
template <class T>
constexpr auto vanishes(const T& x) {
    return x == 0;
}
template <class T>
constexpr auto vanishes(const Dual<T>& x) {
    return vanishes(x.value) && vanishes(x.tangent);
}
/// partial * xdot; nothing flows where nothing arrives, so that an infinite partial of a constant makes no NaN.
template <class T>
constexpr T flow(const T& partial, const T& xdot) {
    return select(vanishes(xdot), constant<T>(0), T(partial * xdot));
}

}  // namespace internal

/// y = R(x)        ydot = partial * xdot
template <class R, class T>
constexpr Dual<T> apply(R, const Dual<T>& x) {
    const T y = evaluate<R>(x.value);
    return {y, internal::flow(R::partial(x.value, y), x.tangent)};
}
/// y = R(a, b), operands Duals or what converts to them
template <class R, class A, class B>
    requires internal::DualOperands<A, B>
constexpr auto apply(R, const A& x, const B& z) {
    using D = internal::DualType<A, B>;
    using T = typename D::value_type;
    const D a(x), b(z);
    const T y = evaluate<R>(a.value, b.value);
    T ydot = constant<T>(0);
    if constexpr (internal::is_dual<A>) ydot = internal::flow(R::partial_a(a.value, b.value, y), a.tangent);
    if constexpr (internal::is_dual<B>) ydot = ydot + internal::flow(R::partial_b(a.value, b.value, y), b.tangent);
    return D{y, ydot};
}
/// y = R(a, b, c), operands Duals or what converts to them
template <class R, class A, class B, class C>
    requires internal::DualOperands<A, B, C>
constexpr auto apply(R, const A& x, const B& z, const C& w) {
    using D = internal::DualType<A, B, C>;
    using T = typename D::value_type;
    const D a(x), b(z), c(w);
    const T y = evaluate<R>(a.value, b.value, c.value);
    T ydot = constant<T>(0);
    if constexpr (internal::is_dual<A>) ydot = internal::flow(R::partial_a(a.value, b.value, c.value, y), a.tangent);
    if constexpr (internal::is_dual<B>) ydot = ydot + internal::flow(R::partial_b(a.value, b.value, c.value, y), b.tangent);
    if constexpr (internal::is_dual<C>) ydot = ydot + internal::flow(R::partial_c(a.value, b.value, c.value, y), c.tangent);
    return D{y, ydot};
}

}  // namespace v1
}  // namespace autodiff

/// The limits of the value's type, as Dual numbers whose tangent is 0.
template <class T>
class std::numeric_limits<autodiff::Dual<T>> : public std::numeric_limits<T> {
    using Value = std::numeric_limits<T>;
    using Dual = autodiff::Dual<T>;

  public:
    static constexpr Dual min() noexcept { return Value::min(); }
    static constexpr Dual max() noexcept { return Value::max(); }
    static constexpr Dual lowest() noexcept { return Value::lowest(); }
    static constexpr Dual epsilon() noexcept { return Value::epsilon(); }
    static constexpr Dual round_error() noexcept { return Value::round_error(); }
    static constexpr Dual infinity() noexcept { return Value::infinity(); }
    static constexpr Dual quiet_NaN() noexcept { return Value::quiet_NaN(); }
    static constexpr Dual signaling_NaN() noexcept { return Value::signaling_NaN(); }
    static constexpr Dual denorm_min() noexcept { return Value::denorm_min(); }
};
