// SPDX-License-Identifier: MIT
/// Rules of three operands. How a rule is written: number.hpp.
#pragma once

#include "autodiff/rules/number.hpp"

#include <cmath>

namespace autodiff {
inline namespace v1 {
namespace rules {

/// y = a b + c, rounded once        dy/da = b, dy/db = a, dy/dc = 1
struct Fma {
    static constexpr std::string_view name = "fma";
    static constexpr std::string_view derivative_a = "b";
    static constexpr std::string_view derivative_b = "a";
    static constexpr std::string_view derivative_c = "1";
    static constexpr Interval domain_a{-10, 10};
    static constexpr Interval domain_b{-10, 10};
    static constexpr Interval domain_c{-10, 10};
    template <class T>
    static T value(const T& a, const T& b, const T& c) {
        using std::fma;
        return fma(a, b, c);
    }
    template <class T>
    static T partial_a(const T&, const T& b, const T&, const T&) {
        return b;
    }
    template <class T>
    static T partial_b(const T& a, const T&, const T&, const T&) {
        return a;
    }
    template <class T>
    static T partial_c(const T&, const T&, const T&, const T&) {
        return constant<T>(1);
    }
};

}  // namespace rules

template <class A, class B, class C>
    requires(Lifted<A> || Lifted<B> || Lifted<C>)
[[gnu::always_inline]] inline auto fma(A&& a, B&& b, C&& c) {
    return apply(rules::Fma{}, std::forward<A>(a), std::forward<B>(b), std::forward<C>(c));
}

}  // namespace v1
}  // namespace autodiff
