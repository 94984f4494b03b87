// SPDX-License-Identifier: MIT
/// How a scalar operator becomes a row.
///
/// An operator that receives a temporary whose row is the newest on the tape and still fresh appends no row: it scales that row's
/// partials by its own and appends its other operand there; two such temporaries on top merge. So `s * (y - x)` is one row with
/// three operands. What makes this safe:
///   - fresh is set in an operator's result, and cleared in the source too by a copy, by use as an lvalue, by whoever takes the row's number;
///   - nothing is absorbed when both operands are one object, nor across a mark (mark() puts an empty row on top);
///   - `x + constant` makes no row only if x is a fresh temporary; otherwise the result would share the row that others know as x;
///   - a row grows to at most `most_operands`, so that accumulating n terms stays O(n);
///   - room is checked before anything is scaled, so that a full tape leaves everything as it was;
///   - a consumed temporary is poisoned, so that using it again throws.
/// A tape that keeps operations has limit 0: every append takes the cold path, which writes one complete row, and nothing is ever fresh.
/// Every function here and every operator that calls it must be inlined; without that the fast tape is 1.3 to 1.9 times slower (g++ 12).
#pragma once

#include "autodiff/handle.hpp"

#include <utility>

namespace autodiff {
inline namespace v1 {

struct Recorder {
    /// A non-const rvalue: its owner gives it up.
    template <class X>
    static constexpr bool temporary = !std::is_lvalue_reference_v<X> && !std::is_const_v<std::remove_reference_t<X>>;

    /// y = R(a)
    template <class R, class A>
    [[gnu::always_inline]] static Scalar unary(double y, double partial, const Scalar& a) {
        WengertList& t = *current;
        if (is_constant(t, a, code_of<R>)) [[unlikely]]
            return y;
        if constexpr (temporary<A>)
            if (scale_top(t, a, partial)) return retire<A>(a), Scalar(y, (t.rows - 1) | fresh, t.id);
        const std::uint32_t row = t.operands >= t.limit ? append(t, code_of<R>, y, term(a, partial)) : append_one(t, partial, a);
        return retire<A>(a), Scalar(y, row, t.id);
    }

    /// y = R(a, b) where b is a number: one operand on a fast tape, a recorded constant where operations are kept
    template <class R, class A>
    [[gnu::always_inline]] static Scalar with_constant(double y, double partial, const Scalar& a, double b) {
        WengertList& t = *current;
        if (is_constant(t, a, code_of<R>)) [[unlikely]]
            return y;
        if constexpr (temporary<A>)
            if (scale_top(t, a, partial)) return retire<A>(a), Scalar(y, (t.rows - 1) | fresh, t.id);
        const std::uint32_t row =
            t.operands >= t.limit ? append(t, code_of<R>, y, term(a, partial), constant_term(b)) : append_one(t, partial, a);
        return retire<A>(a), Scalar(y, row, t.id);
    }

    /// y = R(a, b) where a is a number
    template <class R, class B>
    [[gnu::always_inline]] static Scalar constant_with(double y, double a, double partial, const Scalar& b) {
        WengertList& t = *current;
        if (is_constant(t, b, code_of<R>)) [[unlikely]]
            return y;
        if constexpr (temporary<B>)
            if (scale_top(t, b, partial)) return retire<B>(b), Scalar(y, (t.rows - 1) | fresh, t.id);
        const std::uint32_t row =
            t.operands >= t.limit ? append(t, code_of<R>, y, constant_term(a), term(b, partial)) : append_one(t, partial, b);
        return retire<B>(b), Scalar(y, row, t.id);
    }

    [[gnu::always_inline]] static double primal(const Scalar& x) noexcept { return x.value_; }
    template <Arithmetic T>
    static constexpr double primal(T x) noexcept {
        return static_cast<double>(x);
    }

    /// Whether y = x + constant may share the row of x: only if nobody else can know that row.
    template <class X>
    [[gnu::always_inline]] static bool shifts_in_place(const Scalar& x) {
        return temporary<X> && (x.row_ & fresh);
    }
    /// y = x + constant, in the row of x. A shift changes no partial, so the row need not be the newest.
    template <class R>
    [[gnu::always_inline]] static Scalar shift(double y, const Scalar& x) {
        is_constant(*current, x, code_of<R>);
        const std::uint32_t row = x.row_;
        const RecordingId id = x.id_;
        x.poison();
        return Scalar(y, row, id);
    }

    /// y = R(a, b)
    template <class R, class A, class B>
    [[gnu::always_inline]] static Scalar binary(double y, double partial_a, const Scalar& a, double partial_b, const Scalar& b) {
        WengertList& t = *current;
        const bool a_constant = is_constant(t, a, code_of<R>), b_constant = is_constant(t, b, code_of<R>);
        if (a_constant && b_constant) [[unlikely]]
            return y;
        if (t.operands >= t.limit) [[unlikely]] {
            const std::uint32_t row = append(t, code_of<R>, y, term(a, partial_a), term(b, partial_b));
            return retire<A>(a), retire<B>(b), Scalar(y, row, t.id);
        }
        const std::uint32_t n = t.rows, m = t.operands, top = (n - 1) | fresh, second = (n - 2) | fresh;
        if constexpr (temporary<A> && temporary<B>)
            if ((b.row_ == top && a.row_ == second) || (a.row_ == top && b.row_ == second)) {
                const std::uint32_t upper = t.count[n - 1], lower = t.count[n - 2];
                if (upper + lower <= most_operands) {
                    const bool b_on_top = b.row_ == top;
                    scale(t.partial + (m - upper), upper, b_on_top ? partial_b : partial_a);
                    scale(t.partial + (m - upper - lower), lower, b_on_top ? partial_a : partial_b);
                    t.count[n - 2] = static_cast<std::uint16_t>(upper + lower), t.rows = n - 1;
                    return retire<A>(a), retire<B>(b), Scalar(y, second, t.id);
                }
            }
        if constexpr (temporary<A>)
            if (a.row_ == top && &a != &b && absorb(t, partial_a, partial_b, b.row_))
                return retire<A>(a), retire<B>(b), Scalar(y, top, t.id);
        if constexpr (temporary<B>)
            if (b.row_ == top && &a != &b && absorb(t, partial_b, partial_a, a.row_))
                return retire<A>(a), retire<B>(b), Scalar(y, top, t.id);
        t.partial[m] = partial_a, t.operand[m] = Operand{a.row_ & ~fresh};
        t.partial[m + 1] = partial_b, t.operand[m + 1] = Operand{b.row_ & ~fresh};
        t.operands = m + 2, t.count[n] = 2, t.rows = n + 1;
        return retire<A>(a), retire<B>(b), Scalar(y, n | fresh, t.id);
    }

    /// y = R(a, b, c): always a row of its own
    template <class R, class A, class B, class C>
    static Scalar ternary(double y, double partial_a, const Scalar& a, double partial_b, const Scalar& b, double partial_c,
                          const Scalar& c) {
        WengertList& t = *current;
        const bool a_constant = is_constant(t, a, code_of<R>), b_constant = is_constant(t, b, code_of<R>),
                   c_constant = is_constant(t, c, code_of<R>);
        if (a_constant && b_constant && c_constant) return y;
        const std::uint32_t row = append(t, code_of<R>, y, term(a, partial_a), term(b, partial_b), term(c, partial_c));
        return retire<A>(a), retire<B>(b), retire<C>(c), Scalar(y, row, t.id);
    }

    /// A handle to a row that the tape has just written (a variable, an element of a tensor): never fresh.
    static Scalar settled(double value, std::uint32_t row, RecordingId id) noexcept { return Scalar(value, row, id); }

    /// Whether x is a constant; throws if it is neither that nor on the recording tape.
    [[gnu::always_inline]] static bool is_constant(const WengertList& t, const Scalar& x, Operation operation) {
        if (x.id_ != t.id) [[unlikely]] {  // this order: operands of the recording tape are the common case
            if (x.row_ == 0) return true;
            check_kept(t, x.row_ & ~fresh, x.id_, operation);
        }
        return false;
    }

  private:
    struct Term {
        std::uint32_t row;
        double partial;
    };
    /// What the operand leaves in its row.
    [[gnu::always_inline]] static Term term(const Scalar& x, double partial) { return {x.row_ & ~fresh, x.row_ == 0 ? x.value_ : partial}; }
    static Term constant_term(double value) { return {0, value}; }
    /// The cold path: writes one complete row, after growing the columns if need be. Returns the handle's row.
    /// A constant operand (row 0) brings its value in place of its partial, which flows into the sink.
    static std::uint32_t append(WengertList& t, Operation operation, double y, Term a);
    static std::uint32_t append(WengertList& t, Operation operation, double y, Term a, Term b);
    static std::uint32_t append(WengertList& t, Operation operation, double y, Term a, Term b, Term c);
    template <class... Terms>
    static std::uint32_t append_terms(WengertList& t, Operation operation, double y, Terms... terms);
    /// Passes if the row is below a mark to which the tape was rewound; else throws what is wrong with the handle.
    static void check_kept(const WengertList& t, std::uint32_t row, RecordingId id, Operation operation);

    [[gnu::always_inline]] static void scale(double* partials, std::uint32_t n, double by) {
        if (by == 1) return;  // decided at compile time for sums
        for (std::uint32_t k = 0; k < n; ++k) partials[k] *= by;
    }
    [[gnu::always_inline]] static bool scale_top(WengertList& t, const Scalar& a, double partial) {
        const std::uint32_t n = t.rows;
        if (a.row_ != ((n - 1) | fresh)) return false;
        const std::uint32_t c = t.count[n - 1];
        scale(t.partial + (t.operands - c), c, partial);
        return true;
    }
    [[gnu::always_inline]] static bool absorb(WengertList& t, double by, double other_partial, std::uint32_t other_row) {
        const std::uint32_t n = t.rows, m = t.operands, c = t.count[n - 1];
        if (c >= most_operands) return false;
        scale(t.partial + (m - c), c, by);
        t.partial[m] = other_partial, t.operand[m] = Operand{other_row & ~fresh}, t.operands = m + 1;
        t.count[n - 1] = static_cast<std::uint16_t>(c + 1);
        return true;
    }
    [[gnu::always_inline]] static std::uint32_t append_one(WengertList& t, double partial, const Scalar& a) {
        const std::uint32_t n = t.rows, m = t.operands;
        t.partial[m] = partial, t.operand[m] = Operand{a.row_ & ~fresh}, t.operands = m + 1;
        t.count[n] = 1, t.rows = n + 1;
        return n | fresh;
    }
    /// Ends an operand's part in absorption: a temporary is poisoned, an lvalue is not fresh any more.
    template <class X>
    [[gnu::always_inline]] static void retire(const Scalar& x) {
        if constexpr (temporary<X>)
            x.poison();
        else
            x.settle();
    }
};

}  // namespace v1
}  // namespace autodiff
