// SPDX-License-Identifier: MIT
/// Rules of polynomials, reciprocal, and the functions with a kink or a step. Where one-sided derivatives differ, the derivative is
/// the one of least norm: 0 at the kink of abs and relu. How a rule is written: number.hpp.
#pragma once

#include "autodiff/rules/number.hpp"

#include <cmath>

namespace autodiff {
inline namespace v1 {
namespace rules {

/// y = -x        dy/dx = -1
struct Neg {
    static constexpr std::string_view name = "neg";
    static constexpr std::string_view derivative = "-1";
    static constexpr Interval domain{-10, 10};
    template <class T>
    static T value(const T& x) {
        return -x;
    }
    template <class T>
    static T partial(const T&, const T&) {
        return constant<T>(-1);
    }
};

/// y = x^2        dy/dx = 2 x
struct Square {
    static constexpr std::string_view name = "square";
    static constexpr std::string_view derivative = "2 x";
    static constexpr Interval domain{-5, 5};
    template <class T>
    static T value(const T& x) {
        return x * x;
    }
    template <class T>
    static T partial(const T& x, const T&) {
        return 2 * x;
    }
};

/// y = 1 / x        dy/dx = -y^2        at 0: inf with the sign of the zero, derivative -inf
struct Reciprocal {
    static constexpr std::string_view name = "reciprocal";
    static constexpr std::string_view derivative = "-y^2";
    static constexpr Interval domain{0.2, 5};
    template <class T>
    static T value(const T& x) {
        return 1 / x;
    }
    template <class T>
    static T partial(const T&, const T& y) {
        return -(y * y);
    }
};

/// y = -1, 0 or 1        dy/dx = 0, also at the step
struct Sign {
    static constexpr std::string_view name = "sign";
    static constexpr std::string_view derivative = "0";
    static constexpr Interval domain{-5, 5};
    template <class T>
    static T value(const T& x) {
        return select(x > 0, constant<T>(1), select(x < 0, constant<T>(-1), 0 * x));  // 0 * x keeps -0 and NaN
    }
    template <class T>
    static T partial(const T&, const T&) {
        return constant<T>(0);
    }
};

/// y = the largest integer not above x        dy/dx = 0, also at the steps
struct Floor {
    static constexpr std::string_view name = "floor";
    static constexpr std::string_view derivative = "0";
    static constexpr Interval domain{-5, 5};
    template <class T>
    static T value(const T& x) {
        using std::floor;
        return floor(x);
    }
    template <class T>
    static T partial(const T&, const T&) {
        return constant<T>(0);
    }
};

/// y = max(x, 0)        dy/dx = 1 where x > 0, else 0        NaN stays NaN
struct Relu {
    static constexpr std::string_view name = "relu";
    static constexpr std::string_view derivative = "1 if x > 0 else 0";
    static constexpr Interval domain{-5, 5};
    template <class T>
    static T value(const T& x) {
        return select(x <= 0, constant<T>(0), x);
    }
    template <class T>
    static T partial(const T& x, const T&) {
        return select(x <= 0, constant<T>(0), constant<T>(1));
    }
};

}  // namespace rules

template <RuleOperand X>
[[gnu::always_inline]] inline auto square(X&& x) {
    return evaluate<rules::Square>(std::forward<X>(x));
}
template <RuleOperand X>
[[gnu::always_inline]] inline auto reciprocal(X&& x) {
    return evaluate<rules::Reciprocal>(std::forward<X>(x));
}
template <RuleOperand X>
[[gnu::always_inline]] inline auto sign(X&& x) {
    return evaluate<rules::Sign>(std::forward<X>(x));
}
template <Lifted X>
[[gnu::always_inline]] inline auto floor(X&& x) {
    return apply(rules::Floor{}, std::forward<X>(x));
}
template <RuleOperand X>
[[gnu::always_inline]] inline auto relu(X&& x) {
    return evaluate<rules::Relu>(std::forward<X>(x));
}

namespace rules {

/// y = |x|        dy/dx = sign x, so 0 at 0
struct Abs {
    static constexpr std::string_view name = "abs";
    static constexpr std::string_view derivative = "sign x";
    static constexpr Interval domain{-5, 5};
    template <class T>
    static T value(const T& x) {
        using std::abs;
        return abs(x);
    }
    template <class T>
    static T partial(const T& x, const T&) {
        return sign(x);
    }
};

}  // namespace rules

template <Lifted X>
[[gnu::always_inline]] inline auto abs(X&& x) {
    return apply(rules::Abs{}, std::forward<X>(x));
}

}  // namespace v1
}  // namespace autodiff
