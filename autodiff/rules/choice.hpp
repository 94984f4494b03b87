// SPDX-License-Identifier: MIT
/// Comparisons as numbers, the choice between two values, and the product that the sweeps use: what a recorded function needs to hold
/// both sides of a branch. Comparisons are 1 where they hold and 0 elsewhere; they carry no derivative. How a rule is written: number.hpp.
#pragma once

#include "autodiff/rules/number.hpp"

namespace autodiff {
inline namespace v1 {
namespace rules {

/// What all comparisons share: both derivatives are 0, also where the comparison changes.
struct Relation {
    static constexpr std::string_view derivative_a = "0";
    static constexpr std::string_view derivative_b = "0";
    static constexpr Interval domain_a{-5, 5};
    static constexpr Interval domain_b{-5, 5};
    template <class T>
    static T partial_a(const T&, const T&, const T&) {
        return constant<T>(0);
    }
    template <class T>
    static T partial_b(const T&, const T&, const T&) {
        return constant<T>(0);
    }
};

/// y = 1 if a < b, else 0
struct Less : Relation {
    static constexpr std::string_view name = "less";
    template <class T>
    static T value(const T& a, const T& b) {
        return select(a < b, constant<T>(1), constant<T>(0));
    }
};

/// y = 1 if a <= b, else 0
struct LessEqual : Relation {
    static constexpr std::string_view name = "less_equal";
    template <class T>
    static T value(const T& a, const T& b) {
        return select(a <= b, constant<T>(1), constant<T>(0));
    }
};

/// y = 1 if a == b, else 0
struct Equal : Relation {
    static constexpr std::string_view name = "equal";
    template <class T>
    static T value(const T& a, const T& b) {
        return select(a == b, constant<T>(1), constant<T>(0));
    }
};

/// y = 1 if a != b, else 0; so 1 for a NaN and itself
struct NotEqual : Relation {
    static constexpr std::string_view name = "not_equal";
    template <class T>
    static T value(const T& a, const T& b) {
        return select(a != b, constant<T>(1), constant<T>(0));
    }
};

/// y = b if a != 0, else c        dy/db = 1 where b was chosen, dy/dc = 1 where c was
struct Where {
    static constexpr std::string_view name = "where";
    static constexpr std::string_view derivative_a = "0";
    static constexpr std::string_view derivative_b = "1 if a != 0 else 0";
    static constexpr std::string_view derivative_c = "0 if a != 0 else 1";
    static constexpr Interval domain_a{-5, 5};
    static constexpr Interval domain_b{-5, 5};
    static constexpr Interval domain_c{-5, 5};
    template <class T>
    static T value(const T& a, const T& b, const T& c) {
        return select(a != 0, b, c);
    }
    template <class T>
    static T partial_a(const T&, const T&, const T&, const T&) {
        return constant<T>(0);
    }
    template <class T>
    static T partial_b(const T& a, const T&, const T&, const T&) {
        return select(a != 0, constant<T>(1), constant<T>(0));
    }
    template <class T>
    static T partial_c(const T& a, const T&, const T&, const T&) {
        return select(a != 0, constant<T>(0), constant<T>(1));
    }
};

/// y = b, but 0 where a is 0 and b infinite or NaN: the derivative of a chain product by its first factor. A finite b counts also where
/// nothing arrives; an infinite one there is the partial of a branch that was masked.
struct Through {
    static constexpr std::string_view name = "through";
    static constexpr std::string_view derivative_a = "0";
    static constexpr std::string_view derivative_b = "0 if a = 0 and b is not finite, else 1";
    static constexpr Interval domain_a{-5, 5};
    static constexpr Interval domain_b{-5, 5};
    template <class T>
    static T value(const T& a, const T& b) {
        return select(a == 0, select(b * 0 == 0, b, constant<T>(0)), b);
    }
    template <class T>
    static T partial_a(const T&, const T&, const T&) {
        return constant<T>(0);
    }
    template <class T>
    static T partial_b(const T& a, const T& b, const T&) {
        return select(a == 0, select(b * 0 == 0, constant<T>(1), constant<T>(0)), constant<T>(1));
    }
};

template <class A, class B>
[[gnu::always_inline]] inline auto through(A&& a, B&& b) {
    return evaluate<Through>(std::forward<A>(a), std::forward<B>(b));
}

/// y = a b, but 0 where a is 0, whatever b: nothing flows where nothing arrives. The sweeps multiply an adjoint or a tangent a by a
/// partial b with it, so that the derivative of a masked branch stays 0 where its partial is infinite.
struct ChainProduct {
    static constexpr std::string_view name = "chain_product";
    static constexpr std::string_view derivative_a = "b, if finite or a != 0";
    static constexpr std::string_view derivative_b = "a";
    static constexpr Interval domain_a{-5, 5};
    static constexpr Interval domain_b{-5, 5};
    template <class T>
    static T value(const T& a, const T& b) {
        return select(a == 0, constant<T>(0), T(a * b));
    }
    template <class T>
    static T partial_a(const T& a, const T& b, const T&) {
        return through(a, b);
    }
    template <class T>
    static T partial_b(const T& a, const T&, const T&) {
        return a;
    }
};

/// y = c + a b, but c where a is 0: a sum of chain products grows by one.
struct ChainSum {
    static constexpr std::string_view name = "chain_sum";
    static constexpr std::string_view derivative_a = "b, if finite or a != 0";
    static constexpr std::string_view derivative_b = "a";
    static constexpr std::string_view derivative_c = "1";
    static constexpr Interval domain_a{-5, 5};
    static constexpr Interval domain_b{-5, 5};
    static constexpr Interval domain_c{-5, 5};
    template <class T>
    static T value(const T& a, const T& b, const T& c) {
        return select(a == 0, c, T(c + a * b));
    }
    template <class T>
    static T partial_a(const T& a, const T& b, const T&, const T&) {
        return through(a, b);
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

// Their functions stay here, so that a program's own `less` or `equal` of Scalars or tensors is not mistaken for one of them.
template <class A, class B>
    requires(Lifted<A> || Lifted<B>)
[[gnu::always_inline]] inline auto less(A&& a, B&& b) {
    return apply(Less{}, std::forward<A>(a), std::forward<B>(b));
}
template <class A, class B>
    requires(Lifted<A> || Lifted<B>)
[[gnu::always_inline]] inline auto less_equal(A&& a, B&& b) {
    return apply(LessEqual{}, std::forward<A>(a), std::forward<B>(b));
}
template <class A, class B>
    requires(Lifted<A> || Lifted<B>)
[[gnu::always_inline]] inline auto equal(A&& a, B&& b) {
    return apply(Equal{}, std::forward<A>(a), std::forward<B>(b));
}
template <class A, class B>
    requires(Lifted<A> || Lifted<B>)
[[gnu::always_inline]] inline auto not_equal(A&& a, B&& b) {
    return apply(NotEqual{}, std::forward<A>(a), std::forward<B>(b));
}
template <class A, class B>
    requires(Lifted<A> || Lifted<B>)
[[gnu::always_inline]] inline auto chain_product(A&& a, B&& b) {
    return apply(ChainProduct{}, std::forward<A>(a), std::forward<B>(b));
}
template <class A, class B, class C>
    requires(Lifted<A> || Lifted<B> || Lifted<C>)
[[gnu::always_inline]] inline auto chain_sum(A&& a, B&& b, C&& c) {
    return apply(ChainSum{}, std::forward<A>(a), std::forward<B>(b), std::forward<C>(c));
}

}  // namespace rules

/// b where the number a is not 0, else c; both sides are recorded, and the one that was not chosen receives no adjoint.
template <Lifted A, class B, class C>
[[gnu::always_inline]] inline auto where(A&& a, B&& b, C&& c) {
    return apply(rules::Where{}, std::forward<A>(a), std::forward<B>(b), std::forward<C>(c));
}

}  // namespace v1
}  // namespace autodiff
