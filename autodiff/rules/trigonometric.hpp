// SPDX-License-Identifier: MIT
/// Rules of the circular functions and their inverses. How a rule is written: number.hpp.
#pragma once

#include "autodiff/rules/number.hpp"

#include <cmath>

namespace autodiff {
inline namespace v1 {
namespace rules {

/// y = sin x        dy/dx = cos x
struct Sin {
    static constexpr std::string_view name = "sin";
    static constexpr std::string_view derivative = "cos x";
    static constexpr Interval domain{-6, 6};
    template <class T>
    static T value(const T& x) {
        using std::sin;
        return sin(x);
    }
    template <class T>
    static T partial(const T& x, const T&) {
        using std::cos;
        return cos(x);
    }
};

/// y = cos x        dy/dx = -sin x
struct Cos {
    static constexpr std::string_view name = "cos";
    static constexpr std::string_view derivative = "-sin x";
    static constexpr Interval domain{-6, 6};
    template <class T>
    static T value(const T& x) {
        using std::cos;
        return cos(x);
    }
    template <class T>
    static T partial(const T& x, const T&) {
        using std::sin;
        return -sin(x);
    }
};

/// y = tan x        dy/dx = 1 + y^2
struct Tan {
    static constexpr std::string_view name = "tan";
    static constexpr std::string_view derivative = "1 + y^2";
    static constexpr Interval domain{-1.4, 1.4};
    template <class T>
    static T value(const T& x) {
        using std::tan;
        return tan(x);
    }
    template <class T>
    static T partial(const T&, const T& y) {
        return 1 + y * y;
    }
};

/// y = arcsin x        dy/dx = 1 / sqrt(1 - x^2)        at -1 and 1: derivative +inf; NaN outside
struct Asin {
    static constexpr std::string_view name = "asin";
    static constexpr std::string_view derivative = "1 / sqrt(1 - x^2)";
    static constexpr Interval domain{-0.9, 0.9};
    template <class T>
    static T value(const T& x) {
        using std::asin;
        return asin(x);
    }
    template <class T>
    static T partial(const T& x, const T&) {
        using std::sqrt;
        return 1 / sqrt((1 - x) * (1 + x));
    }
};

/// y = arccos x        dy/dx = -1 / sqrt(1 - x^2)        at -1 and 1: derivative -inf; NaN outside
struct Acos {
    static constexpr std::string_view name = "acos";
    static constexpr std::string_view derivative = "-1 / sqrt(1 - x^2)";
    static constexpr Interval domain{-0.9, 0.9};
    template <class T>
    static T value(const T& x) {
        using std::acos;
        return acos(x);
    }
    template <class T>
    static T partial(const T& x, const T&) {
        using std::sqrt;
        return -1 / sqrt((1 - x) * (1 + x));
    }
};

/// y = arctan x        dy/dx = 1 / (1 + x^2)
struct Atan {
    static constexpr std::string_view name = "atan";
    static constexpr std::string_view derivative = "1 / (1 + x^2)";
    static constexpr Interval domain{-5, 5};
    template <class T>
    static T value(const T& x) {
        using std::atan;
        return atan(x);
    }
    template <class T>
    static T partial(const T& x, const T&) {
        return 1 / (1 + x * x);
    }
};

}  // namespace rules

template <Lifted X>
[[gnu::always_inline]] inline auto sin(X&& x) {
    return apply(rules::Sin{}, std::forward<X>(x));
}
template <Lifted X>
[[gnu::always_inline]] inline auto cos(X&& x) {
    return apply(rules::Cos{}, std::forward<X>(x));
}
template <Lifted X>
[[gnu::always_inline]] inline auto tan(X&& x) {
    return apply(rules::Tan{}, std::forward<X>(x));
}
template <Lifted X>
[[gnu::always_inline]] inline auto asin(X&& x) {
    return apply(rules::Asin{}, std::forward<X>(x));
}
template <Lifted X>
[[gnu::always_inline]] inline auto acos(X&& x) {
    return apply(rules::Acos{}, std::forward<X>(x));
}
template <Lifted X>
[[gnu::always_inline]] inline auto atan(X&& x) {
    return apply(rules::Atan{}, std::forward<X>(x));
}

}  // namespace v1
}  // namespace autodiff
