// SPDX-License-Identifier: MIT
/// Rules of two operands. + - * / are spelled by the number types themselves; their rules are here. (polygamma: gamma.hpp.)
/// How a rule is written: number.hpp.
#pragma once

#include "autodiff/rules/number.hpp"

#include <cmath>
#include <limits>

namespace autodiff {
inline namespace v1 {
namespace rules {

/// y = a + b        dy/da = 1, dy/db = 1
struct Add {
    static constexpr std::string_view name = "add";
    static constexpr std::string_view derivative_a = "1";
    static constexpr std::string_view derivative_b = "1";
    static constexpr Interval domain_a{-10, 10};
    static constexpr Interval domain_b{-10, 10};
    template <class T>
    static T value(const T& a, const T& b) {
        return a + b;
    }
    template <class T>
    static T partial_a(const T&, const T&, const T&) {
        return constant<T>(1);
    }
    template <class T>
    static T partial_b(const T&, const T&, const T&) {
        return constant<T>(1);
    }
};

/// y = a - b        dy/da = 1, dy/db = -1
struct Sub {
    static constexpr std::string_view name = "sub";
    static constexpr std::string_view derivative_a = "1";
    static constexpr std::string_view derivative_b = "-1";
    static constexpr Interval domain_a{-10, 10};
    static constexpr Interval domain_b{-10, 10};
    template <class T>
    static T value(const T& a, const T& b) {
        return a - b;
    }
    template <class T>
    static T partial_a(const T&, const T&, const T&) {
        return constant<T>(1);
    }
    template <class T>
    static T partial_b(const T&, const T&, const T&) {
        return constant<T>(-1);
    }
};

/// y = a b        dy/da = b, dy/db = a
struct Mul {
    static constexpr std::string_view name = "mul";
    static constexpr std::string_view derivative_a = "b";
    static constexpr std::string_view derivative_b = "a";
    static constexpr Interval domain_a{-10, 10};
    static constexpr Interval domain_b{-10, 10};
    template <class T>
    static T value(const T& a, const T& b) {
        return a * b;
    }
    template <class T>
    static T partial_a(const T&, const T& b, const T&) {
        return b;
    }
    template <class T>
    static T partial_b(const T& a, const T&, const T&) {
        return a;
    }
};

/// y = a / b        dy/da = 1 / b, dy/db = -y / b        at b = 0: inf or NaN, as IEEE 754 divides
struct Div {
    static constexpr std::string_view name = "div";
    static constexpr std::string_view derivative_a = "1 / b";
    static constexpr std::string_view derivative_b = "-y / b";
    static constexpr Interval domain_a{-10, 10};
    static constexpr Interval domain_b{0.2, 5};
    template <class T>
    static T value(const T& a, const T& b) {
        return a / b;
    }
    template <class T>
    static T partial_a(const T&, const T& b, const T&) {
        return 1 / b;
    }
    template <class T>
    static T partial_b(const T&, const T& b, const T& y) {
        return -y / b;
    }
};

/// y = a^b        dy/da = b a^(b-1), 0 where b = 0        dy/db = y ln a, 0 where a = 0 and b > 0
/// At a = 0: dy/da is 0, 1, +inf, 0, -inf for b > 1, b = 1, 0 < b < 1, b = 0, b < 0; dy/db is -inf for b <= 0.
/// For a < 0 dy/da is right for integer b, and dy/db is NaN: a^b is not real beside the integers.
struct Pow {
    static constexpr std::string_view name = "pow";
    static constexpr std::string_view derivative_a = "b a^(b-1)";
    static constexpr std::string_view derivative_b = "y ln a";
    static constexpr Interval domain_a{0.2, 4};
    static constexpr Interval domain_b{-3, 3};
    template <class T>
    static T value(const T& a, const T& b) {
        using std::pow;
        return pow(a, b);
    }
    template <class T>
    static T partial_a(const T& a, const T& b, const T&) {
        using std::pow;
        const T rest = pow(a, T(b - 1)), partial = b * rest;
        // The constant only where it must be: at b = 0 the partial is 0, but its derivative by b is a^-1. (No &&: it would decide.)
        return select(b == 0, select(rest * 0 == 0, partial, constant<T>(0)), partial);
    }
    template <class T>
    static T partial_b(const T& a, const T& b, const T& y) {
        using std::log;
        const T partial = y * log(a);
        return select(a == 0, select(b > 0, constant<T>(0), partial), partial);
    }
};

/// y = the larger of a and b; NaN if either is        dy/da = 1 where a > b, 1/2 where a = b, else 0; dy/db likewise
struct Maximum {
    static constexpr std::string_view name = "maximum";
    static constexpr std::string_view derivative_a = "1 if a > b, 1/2 if a = b, else 0";
    static constexpr std::string_view derivative_b = "1 if b > a, 1/2 if a = b, else 0";
    static constexpr Interval domain_a{-5, 5};
    static constexpr Interval domain_b{-5, 5};
    template <class T>
    static T value(const T& a, const T& b) {
        return select(a >= b || a != a, a, b);
    }
    template <class T>
    static T partial_a(const T& a, const T& b, const T&) {
        return share(a, b);
    }
    template <class T>
    static T partial_b(const T& a, const T& b, const T&) {
        return share(b, a);
    }
    /// How much of the maximum is the winner's: ties are split, and NaN has no winner.
    template <class T>
    static T share(const T& mine, const T& other) {
        const T tie = select(mine == other, constant<T>(0.5), constant<T>(std::numeric_limits<long double>::quiet_NaN()));
        return select(mine > other, constant<T>(1), select(mine < other, constant<T>(0), tie));
    }
};

/// y = the smaller of a and b; NaN if either is        dy/da = 1 where a < b, 1/2 where a = b, else 0; dy/db likewise
struct Minimum {
    static constexpr std::string_view name = "minimum";
    static constexpr std::string_view derivative_a = "1 if a < b, 1/2 if a = b, else 0";
    static constexpr std::string_view derivative_b = "1 if b < a, 1/2 if a = b, else 0";
    static constexpr Interval domain_a{-5, 5};
    static constexpr Interval domain_b{-5, 5};
    template <class T>
    static T value(const T& a, const T& b) {
        return select(a <= b || a != a, a, b);
    }
    template <class T>
    static T partial_a(const T& a, const T& b, const T&) {
        return Maximum::share(b, a);
    }
    template <class T>
    static T partial_b(const T& a, const T& b, const T&) {
        return Maximum::share(a, b);
    }
};

/// y = sqrt(a^2 + b^2), without overflow        dy/da = a / y, dy/db = b / y, both 0 at (0, 0)
struct Hypot {
    static constexpr std::string_view name = "hypot";
    static constexpr std::string_view derivative_a = "a / y";
    static constexpr std::string_view derivative_b = "b / y";
    static constexpr Interval domain_a{-5, 5};
    static constexpr Interval domain_b{0.2, 5};
    template <class T>
    static T value(const T& a, const T& b) {
        using std::hypot;
        return hypot(a, b);
    }
    template <class T>
    static T partial_a(const T& a, const T&, const T& y) {
        return select(y == 0, constant<T>(0), a / y);
    }
    template <class T>
    static T partial_b(const T&, const T& b, const T& y) {
        return select(y == 0, constant<T>(0), b / y);
    }
};

/// y = the angle of the point (b, a)        dy/da = b / (a^2 + b^2), dy/db = -a / (a^2 + b^2), both NaN at (0, 0)
/// Divided by hypot(a, b) twice, so that squares neither overflow nor underflow.
struct Atan2 {
    static constexpr std::string_view name = "atan2";
    static constexpr std::string_view derivative_a = "b / (a^2 + b^2)";
    static constexpr std::string_view derivative_b = "-a / (a^2 + b^2)";
    static constexpr Interval domain_a{-5, 5};
    static constexpr Interval domain_b{0.2, 5};
    template <class T>
    static T value(const T& a, const T& b) {
        using std::atan2;
        return atan2(a, b);
    }
    template <class T>
    static T partial_a(const T& a, const T& b, const T&) {
        using std::hypot;
        const T r = hypot(a, b);
        return b / r / r;
    }
    template <class T>
    static T partial_b(const T& a, const T& b, const T&) {
        using std::hypot;
        const T r = hypot(a, b);
        return -a / r / r;
    }
};

}  // namespace rules

template <class A, class B>
    requires(Lifted<A> || Lifted<B>)
[[gnu::always_inline]] inline auto pow(A&& a, B&& b) {
    return apply(rules::Pow{}, std::forward<A>(a), std::forward<B>(b));
}
template <class A, class B>
    requires(Lifted<A> || Lifted<B>)
[[gnu::always_inline]] inline auto maximum(A&& a, B&& b) {
    return apply(rules::Maximum{}, std::forward<A>(a), std::forward<B>(b));
}
template <PlainNumber T>
[[gnu::always_inline]] inline T maximum(const T& a, const T& b) {
    return rules::Maximum::value(a, b);
}
template <class A, class B>
    requires(Lifted<A> || Lifted<B>)
[[gnu::always_inline]] inline auto minimum(A&& a, B&& b) {
    return apply(rules::Minimum{}, std::forward<A>(a), std::forward<B>(b));
}
template <PlainNumber T>
[[gnu::always_inline]] inline T minimum(const T& a, const T& b) {
    return rules::Minimum::value(a, b);
}
template <class A, class B>
    requires(Lifted<A> || Lifted<B>)
[[gnu::always_inline]] inline auto hypot(A&& a, B&& b) {
    return apply(rules::Hypot{}, std::forward<A>(a), std::forward<B>(b));
}
template <class A, class B>
    requires(Lifted<A> || Lifted<B>)
[[gnu::always_inline]] inline auto atan2(A&& a, B&& b) {
    return apply(rules::Atan2{}, std::forward<A>(a), std::forward<B>(b));
}

}  // namespace v1
}  // namespace autodiff
