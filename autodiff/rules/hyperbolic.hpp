// SPDX-License-Identifier: MIT
/// Rules of the hyperbolic functions and their inverses, and of the two that machine learning adds to them: sigmoid and softplus.
/// How a rule is written: number.hpp.
#pragma once

#include "autodiff/rules/number.hpp"

#include <cmath>
#include <concepts>

namespace autodiff {
inline namespace v1 {
namespace rules {

/// y = sinh x        dy/dx = cosh x
struct Sinh {
    static constexpr std::string_view name = "sinh";
    static constexpr std::string_view derivative = "cosh x";
    static constexpr Interval domain{-4, 4};
    template <class T>
    static T value(const T& x) {
        using std::sinh;
        return sinh(x);
    }
    template <class T>
    static T partial(const T& x, const T&) {
        using std::cosh;
        return cosh(x);
    }
};

/// y = cosh x        dy/dx = sinh x
struct Cosh {
    static constexpr std::string_view name = "cosh";
    static constexpr std::string_view derivative = "sinh x";
    static constexpr Interval domain{-4, 4};
    template <class T>
    static T value(const T& x) {
        using std::cosh;
        return cosh(x);
    }
    template <class T>
    static T partial(const T& x, const T&) {
        using std::sinh;
        return sinh(x);
    }
};

/// y = tanh x        dy/dx = 1 - y^2
struct Tanh {
    static constexpr std::string_view name = "tanh";
    static constexpr std::string_view derivative = "1 - y^2";
    static constexpr Interval domain{-3, 3};
    template <class T>
    static T value(const T& x) {
        using std::tanh;
        return tanh(x);
    }
    template <class T>
    static T partial(const T&, const T& y) {
        return 1 - y * y;
    }
};

/// y = arsinh x        dy/dx = 1 / sqrt(x^2 + 1), as a hypot, which does not overflow
struct Asinh {
    static constexpr std::string_view name = "asinh";
    static constexpr std::string_view derivative = "1 / sqrt(x^2 + 1)";
    static constexpr Interval domain{-5, 5};
    template <class T>
    static T value(const T& x) {
        using std::asinh;
        return asinh(x);
    }
    template <class T>
    static T partial(const T& x, const T&) {
        using std::hypot;
        return 1 / hypot(x, constant<T>(1));
    }
};

/// y = arcosh x        dy/dx = 1 / sqrt(x^2 - 1)        at 1: derivative +inf; NaN below
struct Acosh {
    static constexpr std::string_view name = "acosh";
    static constexpr std::string_view derivative = "1 / sqrt(x^2 - 1)";
    static constexpr Interval domain{1.1, 6};
    template <class T>
    static T value(const T& x) {
        using std::acosh;
        return acosh(x);
    }
    template <class T>
    static T partial(const T& x, const T&) {
        using std::sqrt;
        return 1 / (sqrt(x - 1) * sqrt(x + 1));
    }
};

/// y = artanh x        dy/dx = 1 / (1 - x^2)        at -1 and 1: derivative +inf; the value is NaN outside
struct Atanh {
    static constexpr std::string_view name = "atanh";
    static constexpr std::string_view derivative = "1 / (1 - x^2)";
    static constexpr Interval domain{-0.9, 0.9};
    template <class T>
    static T value(const T& x) {
        using std::atanh;
        return atanh(x);
    }
    template <class T>
    static T partial(const T& x, const T&) {
        return 1 / ((1 - x) * (1 + x));
    }
};

/// y = 1 / (1 + e^-x)        dy/dx = y (1 - y)
/// By e^-|x|, which does not overflow, so that y is precise where it is denormal too.
struct Sigmoid {
    static constexpr std::string_view name = "sigmoid";
    static constexpr std::string_view derivative = "y (1 - y)";
    static constexpr Interval domain{-6, 6};
    template <class T>
    static T value(const T& x) {
        using std::abs, std::exp;
        const T e = exp(-abs(x));
        return select(x < 0, e, constant<T>(1)) / (1 + e);
    }
    template <class T>
    static T partial(const T&, const T& y) {
        return y * (1 - y);
    }
};

}  // namespace rules

template <Lifted X>
[[gnu::always_inline]] inline auto sinh(X&& x) {
    return apply(rules::Sinh{}, std::forward<X>(x));
}
template <Lifted X>
[[gnu::always_inline]] inline auto cosh(X&& x) {
    return apply(rules::Cosh{}, std::forward<X>(x));
}
template <Lifted X>
[[gnu::always_inline]] inline auto tanh(X&& x) {
    return apply(rules::Tanh{}, std::forward<X>(x));
}
template <Lifted X>
[[gnu::always_inline]] inline auto asinh(X&& x) {
    return apply(rules::Asinh{}, std::forward<X>(x));
}
template <Lifted X>
[[gnu::always_inline]] inline auto acosh(X&& x) {
    return apply(rules::Acosh{}, std::forward<X>(x));
}
template <Lifted X>
[[gnu::always_inline]] inline auto atanh(X&& x) {
    return apply(rules::Atanh{}, std::forward<X>(x));
}
template <RuleOperand X>
[[gnu::always_inline]] inline auto sigmoid(X&& x) {
    return evaluate<rules::Sigmoid>(std::forward<X>(x));
}

namespace rules {

/// y = ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|), which does not overflow        dy/dx = sigmoid(x)
struct Softplus {
    static constexpr std::string_view name = "softplus";
    static constexpr std::string_view derivative = "sigmoid(x)";
    static constexpr Interval domain{-6, 6};
    template <class T>
    static T value(const T& x) {
        if constexpr (std::floating_point<T>) {
            using std::abs, std::exp, std::log1p;
            return select(x > 0, x, constant<T>(0)) + log1p(exp(-abs(x)));
        } else {
            return softplus(x);
        }
    }
    template <class T>
    static T partial(const T& x, const T&) {
        return sigmoid(x);
    }
};

}  // namespace rules

template <RuleOperand X>
[[gnu::always_inline]] inline auto softplus(X&& x) {
    return evaluate<rules::Softplus>(std::forward<X>(x));
}

}  // namespace v1
}  // namespace autodiff
