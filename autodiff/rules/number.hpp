// SPDX-License-Identifier: MIT
/// What a rule may ask of a number type, so that one formula serves double, float, long double, a SIMD lane, a dual number,
/// a recorded Scalar and a whole tensor. The rules themselves: unary.hpp, binary.hpp, ternary.hpp; their numbering: list.hpp.
///
/// A formula may use + - * /, integer literals, and three things from here:
///   - `constant<T>(0.5)` for any other constant, in T's own precision;
///   - `select(condition, a, b)` for a choice. A comparison gives a bool for numbers, a mask for lanes, a boolean tensor for tensors,
///     so it goes into `select` and never into `if` or `?:`. Both branches are evaluated;
///   - the elementary functions, unqualified (`using std::exp;` first where std has them), so that other types bring their own.
#pragma once

#include <concepts>
#include <string_view>
#include <type_traits>
#include <utility>

namespace autodiff {
inline namespace v1 {

/// Where tests sample an operand.
struct Interval {
    double low, high;
};

/// Types to which rules are lifted: they bring `apply(Rule{}, operands...)`, found by argument-dependent lookup.
template <class T>
inline constexpr bool is_lifted = false;
template <class T>
concept Lifted = is_lifted<std::remove_cvref_t<T>>;

/// Types on which a rule's value is computed directly: the floating-point types, and lanes that join by specialising this.
template <class T>
inline constexpr bool is_plain_number = std::is_floating_point_v<T>;
template <class T>
concept PlainNumber = is_plain_number<std::remove_cvref_t<T>>;
/// What a function takes that the standard library lacks; the others leave plain numbers to it.
template <class T>
concept RuleOperand = Lifted<T> || PlainNumber<T>;

/// c as a T. Types that are made of numbers name theirs `value_type`.
template <class T>
[[nodiscard]] constexpr T constant(long double c) {
    if constexpr (std::is_floating_point_v<T>)
        return static_cast<T>(c);
    else if constexpr (requires { typename T::value_type; })
        return T(constant<typename T::value_type>(c));
    else
        return T(static_cast<double>(c));
}

/// condition ? a : b
template <std::same_as<bool> Condition, class T>
[[nodiscard, gnu::always_inline]] constexpr T select(Condition condition, const T& a, const T& b) {
    return condition ? a : b;
}

/// y = R(x...): lifted if an operand is, else the rule's own value.
template <class R, class... X>
[[gnu::always_inline]] constexpr auto evaluate(X&&... x) {
    if constexpr ((Lifted<X> || ...))
        return apply(R{}, std::forward<X>(x)...);
    else
        return R::value(x...);
}

}  // namespace v1
}  // namespace autodiff
