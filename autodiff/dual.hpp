// SPDX-License-Identifier: MIT
/// Forward mode: a number that carries the derivative of itself in one direction, or in several. No tape; the rules do the work.
///
/// `Dual<double>` gives one directional derivative, `Dual<double, 8>` eight from one evaluation, `Dual<Dual<double>>` the second,
/// `Dual<long double>` a reference, dual lanes one at many points. How the rules are lifted: `apply`, below. The reverse mode is tape.hpp.
#pragma once

#include "autodiff/rules/list.hpp"

#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <type_traits>
#include <utility>

namespace autodiff {
inline namespace v1 {

/// Tangents in n directions, which go through the chain rule side by side.
template <class T, std::size_t n>
struct Directions {
    std::array<T, n> along{};

    [[nodiscard]] constexpr T& operator[](std::size_t k) { return along[k]; }
    [[nodiscard]] constexpr const T& operator[](std::size_t k) const { return along[k]; }
    friend constexpr Directions operator+(Directions a, const Directions& b) {
        for (std::size_t k = 0; k < n; ++k) a[k] = a[k] + b[k];
        return a;
    }
    friend constexpr bool operator==(const Directions&, const Directions&) = default;
};

/// x + eps xdot with eps^2 = 0: a value and its tangent. Implicit from numbers, whose tangent is 0.
/// jvp      f(x + eps xdot) = f(x) + eps f'(x) xdot; an operand whose tangent is exactly 0 contributes nothing, whatever its partial
/// cost     value and partial of each operation, and a multiply-add for each direction
/// Comparisons are of values.
template <class T, std::size_t directions = 1>
struct Dual {
    using value_type = T;
    using tangent_type = std::conditional_t<directions == 1, T, Directions<T, directions>>;
    T value = constant<T>(0);
    tangent_type tangent = no_tangent();

    constexpr Dual() = default;
    constexpr Dual(T x, tangent_type xdot) : value(std::move(x)), tangent(std::move(xdot)) {}
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

    static constexpr tangent_type no_tangent() {
        if constexpr (directions == 1)
            return constant<T>(0);
        else
            return {};
    }

    /// For masks of lanes; a bool chooses one of the two.
    template <class Mask>
        requires(!std::same_as<Mask, bool> && directions == 1)
    friend Dual select(const Mask& mask, const Dual& a, const Dual& b) {
        return {select(mask, a.value, b.value), select(mask, a.tangent, b.tangent)};
    }
};

template <class T, std::size_t n>
inline constexpr bool is_lifted<Dual<T, n>> = true;

// Of the value, as comparisons are.
template <class T, std::size_t n>
bool isnan(const Dual<T, n>& x) {
    using std::isnan;
    return isnan(x.value);
}
template <class T, std::size_t n>
bool isinf(const Dual<T, n>& x) {
    using std::isinf;
    return isinf(x.value);
}
template <class T, std::size_t n>
bool isfinite(const Dual<T, n>& x) {
    using std::isfinite;
    return isfinite(x.value);
}
template <class T, std::size_t n>
bool signbit(const Dual<T, n>& x) {
    using std::signbit;
    return signbit(x.value);
}

namespace internal {

template <class X>
inline constexpr bool is_dual = false;
template <class T, std::size_t n>
inline constexpr bool is_dual<Dual<T, n>> = true;

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
template <class T, std::size_t n>
constexpr auto vanishes(const Directions<T, n>& x) {
    auto all = vanishes(x[0]);
    for (std::size_t k = 1; k < n; ++k) all = all && vanishes(x[k]);
    return all;
}
template <class T, std::size_t n>
constexpr auto vanishes(const Dual<T, n>& x) {
    return vanishes(x.value) && vanishes(x.tangent);
}
/// partial * xdot; nothing flows where nothing arrives, so that an infinite partial of a constant makes no NaN.
template <class T>
constexpr T flow(const T& partial, const T& xdot) {
    return select(vanishes(xdot), constant<T>(0), T(partial * xdot));
}
template <class T, std::size_t n>
constexpr Directions<T, n> flow(const T& partial, const Directions<T, n>& xdot) {
    Directions<T, n> ydot;
    if constexpr (std::is_floating_point_v<T>)
        if (partial - partial == 0) [[likely]] {  // finite: a tangent of 0 gives 0 by itself, and the loop has no choice in it
            for (std::size_t k = 0; k < n; ++k) ydot[k] = partial * xdot[k];
            return ydot;
        }
    for (std::size_t k = 0; k < n; ++k) ydot[k] = flow(partial, xdot[k]);
    return ydot;
}

}  // namespace internal

/// y = R(x)        ydot = partial * xdot
template <class R, class T, std::size_t n>
constexpr Dual<T, n> apply(R, const Dual<T, n>& x) {
    const T y = evaluate<R>(x.value);
    return {y, internal::flow(R::partial(x.value, y), x.tangent)};
}
/// y = R(a, b), operands Duals or what converts to them
template <class R, class A, class B>
    requires internal::DualOperands<A, B>
constexpr auto apply(R, const A& x, const B& z) {
    using D = internal::DualType<A, B>;
    const D a(x), b(z);
    const auto y = evaluate<R>(a.value, b.value);
    auto ydot = D::no_tangent();
    if constexpr (internal::is_dual<A>) ydot = internal::flow(R::partial_a(a.value, b.value, y), a.tangent);
    if constexpr (internal::is_dual<B>) ydot = ydot + internal::flow(R::partial_b(a.value, b.value, y), b.tangent);
    return D{y, ydot};
}
/// y = R(a, b, c), operands Duals or what converts to them
template <class R, class A, class B, class C>
    requires internal::DualOperands<A, B, C>
constexpr auto apply(R, const A& x, const B& z, const C& w) {
    using D = internal::DualType<A, B, C>;
    const D a(x), b(z), c(w);
    const auto y = evaluate<R>(a.value, b.value, c.value);
    auto ydot = D::no_tangent();
    if constexpr (internal::is_dual<A>) ydot = internal::flow(R::partial_a(a.value, b.value, c.value, y), a.tangent);
    if constexpr (internal::is_dual<B>) ydot = ydot + internal::flow(R::partial_b(a.value, b.value, c.value, y), b.tangent);
    if constexpr (internal::is_dual<C>) ydot = ydot + internal::flow(R::partial_c(a.value, b.value, c.value, y), c.tangent);
    return D{y, ydot};
}

}  // namespace v1
}  // namespace autodiff

/// The limits of the value's type, as Dual numbers whose tangent is 0.
template <class T, std::size_t n>
class std::numeric_limits<autodiff::Dual<T, n>> : public std::numeric_limits<T> {
    using Value = std::numeric_limits<T>;
    using Dual = autodiff::Dual<T, n>;

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
