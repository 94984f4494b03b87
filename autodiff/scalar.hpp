// SPDX-License-Identifier: MIT
/// Arithmetic of Scalar: operators and functions lifted from the rules. The handle itself is handle.hpp, how a row is written recorder.hpp,
/// comparisons condition.hpp.
///
/// Every operator returns a Scalar, never an expression that refers to its operands, so `auto`, ternaries, lambdas and containers
/// hold numbers. Named functions (sin, exp, pow, ...) stand beside their rules and arrive here through `apply`.
#pragma once

#include "autodiff/condition.hpp"
#include "autodiff/recorder.hpp"

#include <limits>

namespace autodiff {
inline namespace v1 {

template <>
inline constexpr bool is_lifted<Scalar> = true;

inline Scalar Tape::variable(double x, std::string_view name) {
    const std::uint32_t row = append_leaf(x);
    ++variables_;
    if (!name.empty()) name_row(row, name);
    return Recorder::settled(x, row, id);
}

template <class X>
concept ScalarOperand = AScalar<X> || Arithmetic<std::remove_cvref_t<X>>;

/// y = R(a) for the rule R of one operand.
template <class R, AScalar A>
[[gnu::always_inline]] inline Scalar apply(R, A&& a) {
    const double x = Recorder::primal(a), y = R::value(x);
    return Recorder::unary<R, A>(y, R::partial(x, y), a);
}

/// y = R(a, b) for a rule of two operands, at least one of them a Scalar. The partial of a constant operand is not computed.
template <class R, ScalarOperand A, ScalarOperand B>
    requires(AScalar<A> || AScalar<B>)
[[gnu::always_inline]] inline Scalar apply(R, A&& a, B&& b) {
    const double va = Recorder::primal(a), vb = Recorder::primal(b), y = R::value(va, vb);
    if constexpr (!AScalar<B>)
        return Recorder::with_constant<R, A>(y, R::partial_a(va, vb, y), a, vb);
    else if constexpr (!AScalar<A>)
        return Recorder::constant_with<R, B>(y, va, R::partial_b(va, vb, y), b);
    else
        return Recorder::binary<R, A, B>(y, a.recorded() ? R::partial_a(va, vb, y) : 0, a, b.recorded() ? R::partial_b(va, vb, y) : 0, b);
}

/// y = R(a, b, c) for a rule of three operands, at least one of them a Scalar.
template <class R, ScalarOperand A, ScalarOperand B, ScalarOperand C>
    requires(AScalar<A> || AScalar<B> || AScalar<C>)
inline Scalar apply(R, A&& a, B&& b, C&& c) {
    const double va = Recorder::primal(a), vb = Recorder::primal(b), vc = Recorder::primal(c), y = R::value(va, vb, vc);
    // A number becomes a constant; a Scalar stays the object it is.
    const auto operand = []<class X>(const X& x) -> std::conditional_t<AScalar<X>, const X&, Scalar> { return x; };
    const Scalar& sa = operand(a);
    const Scalar& sb = operand(b);
    const Scalar& sc = operand(c);
    return Recorder::ternary<R, A, B, C>(y, R::partial_a(va, vb, vc, y), sa, R::partial_b(va, vb, vc, y), sb, R::partial_c(va, vb, vc, y), sc);
}

template <AScalar A, AScalar B>
[[gnu::always_inline]] inline Scalar operator+(A&& a, B&& b) {
    return Recorder::binary<rules::Add, A, B>(Recorder::primal(a) + Recorder::primal(b), 1, a, 1, b);
}
template <AScalar A, AScalar B>
[[gnu::always_inline]] inline Scalar operator-(A&& a, B&& b) {
    return Recorder::binary<rules::Sub, A, B>(Recorder::primal(a) - Recorder::primal(b), 1, a, -1, b);
}
template <AScalar A, AScalar B>
[[gnu::always_inline]] inline Scalar operator*(A&& a, B&& b) {
    const double va = Recorder::primal(a), vb = Recorder::primal(b);
    return Recorder::binary<rules::Mul, A, B>(va * vb, vb, a, va, b);
}
template <AScalar A, AScalar B>
[[gnu::always_inline]] inline Scalar operator/(A&& a, B&& b) {
    const double va = Recorder::primal(a), vb = Recorder::primal(b), y = va / vb;
    return Recorder::binary<rules::Div, A, B>(y, rules::Div::partial_a(va, vb, y), a, rules::Div::partial_b(va, vb, y), b);
}

template <AScalar A, Arithmetic B>
[[gnu::always_inline]] inline Scalar operator+(A&& a, B b) {
    const double c = static_cast<double>(b), y = Recorder::primal(a) + c;
    if (Recorder::shifts_in_place<A>(a)) return Recorder::shift<rules::Add>(y, a);
    return Recorder::with_constant<rules::Add, A>(y, 1, a, c);
}
template <Arithmetic A, AScalar B>
[[gnu::always_inline]] inline Scalar operator+(A a, B&& b) {
    const double c = static_cast<double>(a), y = c + Recorder::primal(b);
    if (Recorder::shifts_in_place<B>(b)) return Recorder::shift<rules::Add>(y, b);
    return Recorder::constant_with<rules::Add, B>(y, c, 1, b);
}
template <AScalar A, Arithmetic B>
[[gnu::always_inline]] inline Scalar operator-(A&& a, B b) {
    const double c = static_cast<double>(b), y = Recorder::primal(a) - c;
    if (Recorder::shifts_in_place<A>(a)) return Recorder::shift<rules::Sub>(y, a);
    return Recorder::with_constant<rules::Sub, A>(y, 1, a, c);
}
template <Arithmetic A, AScalar B>
[[gnu::always_inline]] inline Scalar operator-(A a, B&& b) {
    const double c = static_cast<double>(a);
    return Recorder::constant_with<rules::Sub, B>(c - Recorder::primal(b), c, -1, b);
}
template <AScalar A, Arithmetic B>
[[gnu::always_inline]] inline Scalar operator*(A&& a, B b) {
    const double c = static_cast<double>(b);
    return Recorder::with_constant<rules::Mul, A>(Recorder::primal(a) * c, c, a, c);
}
template <Arithmetic A, AScalar B>
[[gnu::always_inline]] inline Scalar operator*(A a, B&& b) {
    const double c = static_cast<double>(a);
    return Recorder::constant_with<rules::Mul, B>(c * Recorder::primal(b), c, c, b);
}
template <AScalar A, Arithmetic B>
[[gnu::always_inline]] inline Scalar operator/(A&& a, B b) {
    const double c = static_cast<double>(b);
    return Recorder::with_constant<rules::Div, A>(Recorder::primal(a) / c, 1 / c, a, c);
}
template <Arithmetic A, AScalar B>
[[gnu::always_inline]] inline Scalar operator/(A a, B&& b) {
    const double c = static_cast<double>(a), vb = Recorder::primal(b), y = c / vb;
    return Recorder::constant_with<rules::Div, B>(y, c, rules::Div::partial_b(c, vb, y), b);
}
template <AScalar A>
[[gnu::always_inline]] inline Scalar operator-(A&& a) {
    return Recorder::unary<rules::Neg, A>(-Recorder::primal(a), -1, a);
}
/// A copy: no operation is recorded.
inline Scalar operator+(const Scalar& a) { return a; }

/// `x += b` gives up the old x, so a sum that nobody has copied goes on growing in its own row.
template <class B>
[[gnu::always_inline]] inline Scalar& Scalar::operator+=(B&& b) {
    return *this = std::move(*this) + std::forward<B>(b);
}
template <class B>
[[gnu::always_inline]] inline Scalar& Scalar::operator-=(B&& b) {
    return *this = std::move(*this) - std::forward<B>(b);
}
template <class B>
[[gnu::always_inline]] inline Scalar& Scalar::operator*=(B&& b) {
    return *this = std::move(*this) * std::forward<B>(b);
}
template <class B>
[[gnu::always_inline]] inline Scalar& Scalar::operator/=(B&& b) {
    return *this = std::move(*this) / std::forward<B>(b);
}

/// The sign of a zero is a branch too: that of its reciprocal.
inline bool signbit(const Scalar& x) {
    if (x != x) return std::signbit(x.value());
    return x == 0 ? bool(1.0 / x < 0) : bool(x < 0);
}

/// Prints the value. A template, so that no stream header is needed here, and so that no number is taken for a Scalar.
template <class Stream, AScalar X>
    requires requires(Stream& s) { s.setstate(s.failbit); }
Stream& operator<<(Stream& stream, const X& x) {
    stream << x.value();
    return stream;
}

}  // namespace v1
}  // namespace autodiff

/// The limits of double, as Scalars.
template <>
class std::numeric_limits<autodiff::Scalar> : public std::numeric_limits<double> {
    using Double = std::numeric_limits<double>;

  public:
    static constexpr autodiff::Scalar min() noexcept { return Double::min(); }
    static constexpr autodiff::Scalar max() noexcept { return Double::max(); }
    static constexpr autodiff::Scalar lowest() noexcept { return Double::lowest(); }
    static constexpr autodiff::Scalar epsilon() noexcept { return Double::epsilon(); }
    static constexpr autodiff::Scalar round_error() noexcept { return Double::round_error(); }
    static constexpr autodiff::Scalar infinity() noexcept { return Double::infinity(); }
    static constexpr autodiff::Scalar quiet_NaN() noexcept { return Double::quiet_NaN(); }
    static constexpr autodiff::Scalar signaling_NaN() noexcept { return Double::signaling_NaN(); }
    static constexpr autodiff::Scalar denorm_min() noexcept { return Double::denorm_min(); }
};
