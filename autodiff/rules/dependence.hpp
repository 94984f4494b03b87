// SPDX-License-Identifier: MIT
/// Which derivatives of an operation are structurally zero: asked of the rules themselves, for patterns of Jacobians and Hessians.
///
/// A rule's partial derivative is evaluated on numbers that know no value, only which operands they were computed from. What comes
/// out says which second derivatives can differ from 0; whether it is the constant 0 says whether the first one can. So every rule
/// in the list has its facts, and there is no list of "linear operations" to maintain.
/// source   Walther (2008), "Computing sparse Hessians with automatic differentiation": nonlinear interaction domains
#pragma once

#include "autodiff/rules/list.hpp"

#include <array>
#include <cstdint>

namespace autodiff {
inline namespace v1 {

/// What is known of the derivatives of one operation y = R(x0, x1, x2), at any point.
struct Dependence {
    /// Bit k: dy/dx_k is not the constant 0 (as it is for floor and sign).
    std::uint8_t flows = 0;
    /// Bit k of interacts[j]: d2y/dx_j dx_k is not structurally 0. Symmetric.
    std::array<std::uint8_t, 3> interacts{};

    [[nodiscard]] constexpr bool flows_from(std::size_t k) const { return (flows >> k & 1) != 0; }
    [[nodiscard]] constexpr bool interact(std::size_t j, std::size_t k) const { return (interacts[j] >> k & 1) != 0; }
};

/// The facts of an operation; none for a variable. throws ValueError for a number that is no code
[[nodiscard]] const Dependence& dependence(Operation operation);

/// A condition on numbers without values.
struct Undecided {
    friend constexpr Undecided operator&&(Undecided, Undecided) { return {}; }
    friend constexpr Undecided operator||(Undecided, Undecided) { return {}; }
    friend constexpr Undecided operator!(Undecided) { return {}; }
};

/// A number of which only this is known: the operands (bits) that its derivative can depend on, and whether it is the constant 0.
/// Depth 1 looks through an operation only where a partial derivative can differ from 0, so that sign(x) depends on nothing;
/// depth 0, which finds that out, lets every operand through.
template <int Depth>
struct Reads {
    std::uint8_t operands = 0;
    bool zero = false;

    constexpr Reads() = default;
    template <class N>
        requires std::is_arithmetic_v<N>
    constexpr Reads(N x) : zero(x == 0) {}
    static constexpr Reads of(unsigned bits) {
        Reads x;
        x.operands = static_cast<std::uint8_t>(bits);
        return x;
    }

    friend Reads operator+(const Reads& a, const Reads& b) { return apply(rules::Add{}, a, b); }
    friend Reads operator-(const Reads& a, const Reads& b) { return apply(rules::Sub{}, a, b); }
    friend Reads operator*(const Reads& a, const Reads& b) { return apply(rules::Mul{}, a, b); }
    friend Reads operator/(const Reads& a, const Reads& b) { return apply(rules::Div{}, a, b); }
    friend Reads operator-(const Reads& x) { return apply(rules::Neg{}, x); }

    friend constexpr Undecided operator==(const Reads&, const Reads&) { return {}; }
    friend constexpr Undecided operator!=(const Reads&, const Reads&) { return {}; }
    friend constexpr Undecided operator<(const Reads&, const Reads&) { return {}; }
    friend constexpr Undecided operator>(const Reads&, const Reads&) { return {}; }
    friend constexpr Undecided operator<=(const Reads&, const Reads&) { return {}; }
    friend constexpr Undecided operator>=(const Reads&, const Reads&) { return {}; }
    /// Either may be chosen; the condition itself is flat wherever it has a derivative.
    friend constexpr Reads select(Undecided, const Reads& a, const Reads& b) {
        Reads either = of(a.operands | b.operands);
        either.zero = a.zero && b.zero;
        return either;
    }
};

template <int Depth>
inline constexpr bool is_lifted<Reads<Depth>> = true;

namespace internal {

/// The partial derivatives of R where operand k is the number x[k].
template <class R, class X>
std::array<X, 3> partials_of(const std::array<X, 3>& x, const X& y) {
    if constexpr (rules::UnaryRule<R>)
        return {R::template partial<X>(x[0], y), X(0), X(0)};
    else if constexpr (rules::BinaryRule<R>)
        return {R::template partial_a<X>(x[0], x[1], y), R::template partial_b<X>(x[0], x[1], y), X(0)};
    else
        return {R::template partial_a<X>(x[0], x[1], x[2], y), R::template partial_b<X>(x[0], x[1], x[2], y),
                R::template partial_c<X>(x[0], x[1], x[2], y)};
}

template <class R>
constexpr unsigned operands_of = rules::UnaryRule<R> ? 1 : rules::BinaryRule<R> ? 2 : 3;

/// Every operand distinct, the result made from all of them.
template <class R, int Depth>
std::array<Reads<Depth>, 3> partials_of() {
    using X = Reads<Depth>;
    return partials_of<R, X>({X::of(1), X::of(2), X::of(4)}, X::of((1u << operands_of<R>) - 1));
}

template <class R>
std::uint8_t flows_of() {
    unsigned bits = 0;
    const auto partial = partials_of<R, 0>();
    for (unsigned k = 0; k < operands_of<R>; ++k) bits |= partial[k].zero ? 0u : 1u << k;
    return static_cast<std::uint8_t>(bits);
}

/// y = R(x...) depends on what its operands depend on.
template <class R, int Depth, class... X>
Reads<Depth> reads_of(const X&... x) {
    const unsigned flows = Depth == 0 ? 7u : flows_of<R>();
    unsigned bits = 0, k = 0;
    ((bits |= (flows >> k++ & 1) != 0 ? Reads<Depth>(x).operands : 0u), ...);
    return Reads<Depth>::of(bits);
}

/// What rule R says of itself.
template <class R>
Dependence dependence_of() {
    Dependence facts;
    facts.flows = flows_of<R>();
    const auto partial = partials_of<R, 1>();
    for (std::size_t j = 0; j < operands_of<R>; ++j)
        for (std::size_t k = 0; k < operands_of<R>; ++k)
            if ((partial[j].operands >> k & 1) != 0 && facts.flows_from(j)) {
                facts.interacts[j] = static_cast<std::uint8_t>(facts.interacts[j] | 1u << k);
                facts.interacts[k] = static_cast<std::uint8_t>(facts.interacts[k] | 1u << j);
            }
    return facts;
}

}  // namespace internal

template <class R, int Depth>
Reads<Depth> apply(R, const Reads<Depth>& x) {
    return internal::reads_of<R, Depth>(x);
}
template <class R, int Depth>
Reads<Depth> apply(R, const Reads<Depth>& a, const Reads<Depth>& b) {
    return internal::reads_of<R, Depth>(a, b);
}
template <class R, int Depth>
Reads<Depth> apply(R, const Reads<Depth>& a, const Reads<Depth>& b, const Reads<Depth>& c) {
    return internal::reads_of<R, Depth>(a, b, c);
}

}  // namespace v1
}  // namespace autodiff
