// SPDX-License-Identifier: MIT
/// Rules of exponentials, logarithms and roots. How a rule is written: number.hpp.
#pragma once

#include "autodiff/rules/number.hpp"

#include <cmath>
#include <numbers>

namespace autodiff {
inline namespace v1 {
namespace rules {

/// y = e^x        dy/dx = y
struct Exp {
    static constexpr std::string_view name = "exp";
    static constexpr std::string_view derivative = "y";
    static constexpr Interval domain{-10, 10};
    template <class T>
    static T value(const T& x) {
        using std::exp;
        return exp(x);
    }
    template <class T>
    static T partial(const T&, const T& y) {
        return y;
    }
};

/// y = 2^x        dy/dx = y ln 2
struct Exp2 {
    static constexpr std::string_view name = "exp2";
    static constexpr std::string_view derivative = "y ln 2";
    static constexpr Interval domain{-10, 10};
    template <class T>
    static T value(const T& x) {
        using std::exp2;
        return exp2(x);
    }
    template <class T>
    static T partial(const T&, const T& y) {
        return y * constant<T>(std::numbers::ln2_v<long double>);
    }
};

/// y = e^x - 1, without cancellation near 0        dy/dx = y + 1
struct Expm1 {
    static constexpr std::string_view name = "expm1";
    static constexpr std::string_view derivative = "y + 1";
    static constexpr Interval domain{-4, 4};
    template <class T>
    static T value(const T& x) {
        using std::expm1;
        return expm1(x);
    }
    template <class T>
    static T partial(const T&, const T& y) {
        return y + 1;
    }
};

/// y = ln x        dy/dx = 1 / x        at 0: -inf, derivative +inf; NaN below
struct Log {
    static constexpr std::string_view name = "log";
    static constexpr std::string_view derivative = "1 / x";
    static constexpr Interval domain{0.1, 10};
    template <class T>
    static T value(const T& x) {
        using std::log;
        return log(x);
    }
    template <class T>
    static T partial(const T& x, const T&) {
        return 1 / x;
    }
};

/// y = log_2 x        dy/dx = 1 / (x ln 2)        at 0: -inf, derivative +inf; NaN below
struct Log2 {
    static constexpr std::string_view name = "log2";
    static constexpr std::string_view derivative = "1 / (x ln 2)";
    static constexpr Interval domain{0.1, 10};
    template <class T>
    static T value(const T& x) {
        using std::log2;
        return log2(x);
    }
    template <class T>
    static T partial(const T& x, const T&) {
        return constant<T>(std::numbers::log2e_v<long double>) / x;
    }
};

/// y = log_10 x        dy/dx = 1 / (x ln 10)        at 0: -inf, derivative +inf; NaN below
struct Log10 {
    static constexpr std::string_view name = "log10";
    static constexpr std::string_view derivative = "1 / (x ln 10)";
    static constexpr Interval domain{0.1, 10};
    template <class T>
    static T value(const T& x) {
        using std::log10;
        return log10(x);
    }
    template <class T>
    static T partial(const T& x, const T&) {
        return constant<T>(std::numbers::log10e_v<long double>) / x;
    }
};

/// y = ln(1 + x), without cancellation near 0        dy/dx = 1 / (1 + x)        at -1: -inf, derivative +inf; NaN below
struct Log1p {
    static constexpr std::string_view name = "log1p";
    static constexpr std::string_view derivative = "1 / (1 + x)";
    static constexpr Interval domain{-0.9, 9};
    template <class T>
    static T value(const T& x) {
        using std::log1p;
        return log1p(x);
    }
    template <class T>
    static T partial(const T& x, const T&) {
        return 1 / (1 + x);
    }
};

/// y = sqrt x        dy/dx = 1 / (2 y)        at 0: derivative +inf; NaN below
struct Sqrt {
    static constexpr std::string_view name = "sqrt";
    static constexpr std::string_view derivative = "1 / (2 y)";
    static constexpr Interval domain{0.1, 10};
    template <class T>
    static T value(const T& x) {
        using std::sqrt;
        return sqrt(x);
    }
    template <class T>
    static T partial(const T&, const T& y) {
        return constant<T>(0.5) / y;
    }
};

/// y = x^(1/3)        dy/dx = 1 / (3 y^2)        at 0: derivative +inf
struct Cbrt {
    static constexpr std::string_view name = "cbrt";
    static constexpr std::string_view derivative = "1 / (3 y^2)";
    static constexpr Interval domain{0.1, 10};
    template <class T>
    static T value(const T& x) {
        using std::cbrt;
        return cbrt(x);
    }
    template <class T>
    static T partial(const T&, const T& y) {
        return 1 / (3 * y * y);
    }
};

/// y = 1 / sqrt x        dy/dx = -y / (2 x)        at 0: +inf, derivative -inf; NaN below
struct Rsqrt {
    static constexpr std::string_view name = "rsqrt";
    static constexpr std::string_view derivative = "-y / (2 x)";
    static constexpr Interval domain{0.1, 10};
    template <class T>
    static T value(const T& x) {
        using std::sqrt;
        return 1 / sqrt(x);
    }
    template <class T>
    static T partial(const T& x, const T& y) {
        return constant<T>(-0.5) * (y / x);
    }
};

}  // namespace rules

template <Lifted X>
[[gnu::always_inline]] inline auto exp(X&& x) {
    return apply(rules::Exp{}, std::forward<X>(x));
}
template <Lifted X>
[[gnu::always_inline]] inline auto exp2(X&& x) {
    return apply(rules::Exp2{}, std::forward<X>(x));
}
template <Lifted X>
[[gnu::always_inline]] inline auto expm1(X&& x) {
    return apply(rules::Expm1{}, std::forward<X>(x));
}
template <Lifted X>
[[gnu::always_inline]] inline auto log(X&& x) {
    return apply(rules::Log{}, std::forward<X>(x));
}
template <Lifted X>
[[gnu::always_inline]] inline auto log2(X&& x) {
    return apply(rules::Log2{}, std::forward<X>(x));
}
template <Lifted X>
[[gnu::always_inline]] inline auto log10(X&& x) {
    return apply(rules::Log10{}, std::forward<X>(x));
}
template <Lifted X>
[[gnu::always_inline]] inline auto log1p(X&& x) {
    return apply(rules::Log1p{}, std::forward<X>(x));
}
template <Lifted X>
[[gnu::always_inline]] inline auto sqrt(X&& x) {
    return apply(rules::Sqrt{}, std::forward<X>(x));
}
template <Lifted X>
[[gnu::always_inline]] inline auto cbrt(X&& x) {
    return apply(rules::Cbrt{}, std::forward<X>(x));
}
template <RuleOperand X>
[[gnu::always_inline]] inline auto rsqrt(X&& x) {
    return evaluate<rules::Rsqrt>(std::forward<X>(x));
}

}  // namespace v1
}  // namespace autodiff
