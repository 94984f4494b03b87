// SPDX-License-Identifier: MIT
/// Rules of the error function and of the gamma function's logarithm with its derivatives, which are closed under differentiation:
/// lgamma' = digamma, digamma' = polygamma(1), polygamma(n)' = polygamma(n + 1). How a rule is written: number.hpp.
#pragma once

#include "autodiff/rules/number.hpp"
#include "autodiff/rules/special.hpp"

#include <cmath>
#include <concepts>
#include <limits>
#include <numbers>

namespace autodiff {
inline namespace v1 {
namespace rules {

/// y = 2/sqrt(pi) times the integral of e^-t^2 from 0 to x        dy/dx = 2/sqrt(pi) e^-x^2
struct Erf {
    static constexpr std::string_view name = "erf";
    static constexpr std::string_view derivative = "2/sqrt(pi) e^(-x^2)";
    static constexpr Interval domain{-3, 3};
    template <class T>
    static T value(const T& x) {
        using std::erf;
        return erf(x);
    }
    template <class T>
    static T partial(const T& x, const T&) {
        using std::exp;
        return constant<T>(2 * std::numbers::inv_sqrtpi_v<long double>) * exp(-(x * x));
    }
};

/// y = 1 - erf x, without cancellation for large x        dy/dx = -2/sqrt(pi) e^-x^2
struct Erfc {
    static constexpr std::string_view name = "erfc";
    static constexpr std::string_view derivative = "-2/sqrt(pi) e^(-x^2)";
    static constexpr Interval domain{-3, 3};
    template <class T>
    static T value(const T& x) {
        using std::erfc;
        return erfc(x);
    }
    template <class T>
    static T partial(const T& x, const T&) {
        using std::exp;
        return constant<T>(-2 * std::numbers::inv_sqrtpi_v<long double>) * exp(-(x * x));
    }
};

/// y = psi_a(b), the a-th derivative of digamma        dy/db = psi_(a+1)(b)
/// The order a is an integer: there is no derivative with respect to it, and asking for one gives NaN.
struct Polygamma {
    static constexpr std::string_view name = "polygamma";
    static constexpr std::string_view derivative_a = "not defined";
    static constexpr std::string_view derivative_b = "polygamma(a + 1, b)";
    static constexpr Interval domain_a{1, 1};
    static constexpr Interval domain_b{0.5, 5};
    template <class T>
    static T value(const T& a, const T& b) {
        return polygamma(a, b);
    }
    template <class T>
    static T partial_a(const T&, const T&, const T&) {
        return constant<T>(std::numeric_limits<long double>::quiet_NaN());
    }
    template <class T>
    static T partial_b(const T& a, const T& b, const T&) {
        return polygamma(T(a + 1), b);
    }
};

}  // namespace rules

template <Lifted X>
[[gnu::always_inline]] inline auto erf(X&& x) {
    return apply(rules::Erf{}, std::forward<X>(x));
}
template <Lifted X>
[[gnu::always_inline]] inline auto erfc(X&& x) {
    return apply(rules::Erfc{}, std::forward<X>(x));
}
template <class N, class X>
    requires(Lifted<N> || Lifted<X>)
[[gnu::always_inline]] inline auto polygamma(N&& n, X&& x) {
    return apply(rules::Polygamma{}, std::forward<N>(n), std::forward<X>(x));
}
template <std::integral N, std::floating_point X>
[[nodiscard]] X polygamma(N n, X x) {
    return polygamma(static_cast<X>(n), x);
}

namespace rules {

/// y = psi(x) = d/dx ln Gamma(x)        dy/dx = polygamma(1, x)        poles at 0, -1, -2, ...: special.hpp
struct Digamma {
    static constexpr std::string_view name = "digamma";
    static constexpr std::string_view derivative = "polygamma(1, x)";
    static constexpr Interval domain{0.5, 5};
    template <class T>
    static T value(const T& x) {
        return digamma(x);
    }
    template <class T>
    static T partial(const T& x, const T&) {
        return polygamma(constant<T>(1), x);
    }
};

}  // namespace rules

template <Lifted X>
[[gnu::always_inline]] inline auto digamma(X&& x) {
    return apply(rules::Digamma{}, std::forward<X>(x));
}

namespace rules {

/// y = ln |Gamma(x)|        dy/dx = digamma(x)        +inf at 0, -1, -2, ...
struct Lgamma {
    static constexpr std::string_view name = "lgamma";
    static constexpr std::string_view derivative = "digamma(x)";
    static constexpr Interval domain{0.5, 5};
    template <class T>
    static T value(const T& x) {
        if constexpr (std::floating_point<T>)
            return log_gamma(x);
        else
            return lgamma(x);
    }
    template <class T>
    static T partial(const T& x, const T&) {
        return digamma(x);
    }
};

}  // namespace rules

template <Lifted X>
[[gnu::always_inline]] inline auto lgamma(X&& x) {
    return apply(rules::Lgamma{}, std::forward<X>(x));
}

}  // namespace v1
}  // namespace autodiff
