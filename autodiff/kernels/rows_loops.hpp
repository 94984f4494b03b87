// SPDX-License-Identifier: MIT
/// The bodies of the row kernels, generic in the pack. Included by rows.cpp, which is compiled for every instruction set.
#pragma once

#include "autodiff/kernels/lanes/exponential.hpp"
#include "autodiff/kernels/lanes/logarithm.hpp"
#include "autodiff/kernels/rows.hpp"

namespace autodiff {
inline namespace v1 {
namespace kernels {

/// P: a pack of T. Everything here carries P in its name, so that code for one instruction set is never taken for that of another.
template <class T, class P>
struct Rows {
    static constexpr Index size = static_cast<Index>(P::size);
    static constexpr T inf = std::numeric_limits<T>::infinity();

    /// The last numbers of a row, fewer than a pack, with something that does not matter behind them; and back.
    [[gnu::always_inline]] static P load_some(const T* x, Index count, T rest) {
        alignas(sizeof(P)) T lanes[P::size];
        for (Index i = 0; i < size; ++i) lanes[i] = i < count ? x[i] : rest;
        return P::load(lanes);
    }
    [[gnu::always_inline]] static void store_some(const P& y, T* to, Index count) {
        alignas(sizeof(P)) T lanes[P::size];
        y.store(lanes);
        for (Index i = 0; i < count; ++i) to[i] = lanes[i];
    }

    [[gnu::always_inline]] static T first_of(const P& p) {
        alignas(sizeof(P)) T lanes[P::size];
        p.store(lanes);
        return lanes[0];
    }

    /// to[i] (+)= f(i): f(begin, count) gives the pack of the numbers from `begin` on, of which `count` are there.
    template <class F>
    [[gnu::always_inline]] static void write(T* to, Index n, bool add, const F& f) {
        Index i = 0;
        if (add) {
            for (; i + size <= n; i += size) (P::load_unaligned(to + i) + f(i, size)).store_unaligned(to + i);
            if (i < n) store_some(load_some(to + i, n - i, 0) + f(i, n - i), to + i, n - i);
        } else {
            for (; i + size <= n; i += size) f(i, size).store_unaligned(to + i);
            if (i < n) store_some(f(i, n - i), to + i, n - i);
        }
    }
    [[gnu::always_inline]] static P read(const T* x, Index i, Index count, T rest = 0) {
        return count == size ? P::load_unaligned(x + i) : load_some(x + i, count, rest);
    }

    /// Sums of several rows of terms at once: term(begin, count, sums) adds to them. Blocks of 32 packs, so that the error does not grow
    /// with the length of the row but with that of a block and the number of blocks.
    template <int rows, class F>
    [[gnu::always_inline]] static void sum_terms(Index n, T (&result)[rows], const F& term) {
        P total[rows];
        for (int r = 0; r < rows; ++r) total[r] = P(T(0));
        for (Index begin = 0; begin < n;) {
            const Index end = begin + 32 * size < n ? begin + 32 * size : n;
            P even[rows], odd[rows];
            for (int r = 0; r < rows; ++r) even[r] = odd[r] = P(T(0));
            Index i = begin;
            for (; i + 2 * size <= end; i += 2 * size) {
                term(i, size, even);
                term(i + size, size, odd);
            }
            if (i + size <= end) term(i, size, even), i += size;
            if (i < end) term(i, end - i, odd);
            for (int r = 0; r < rows; ++r) total[r] = total[r] + (even[r] + odd[r]);
            begin = end;
        }
        for (int r = 0; r < rows; ++r) result[r] = sum_of_lanes(total[r]);
    }
    [[gnu::always_inline]] static T sum_of_lanes(const P& p) { return sum(p); }

    static T sum_row(const T* x, Index n) {
        T result[1];
        sum_terms(
            n, result, [x](Index i, Index count, P(&s)[1]) __attribute__((always_inline)) { s[0] = s[0] + read(x, i, count); });
        return result[0];
    }
    static void add_row(const T* x, T* y, Index n) {
        write(
            y, n, true, [x](Index i, Index count) __attribute__((always_inline)) { return read(x, i, count); });
    }

    // The larger of two, or the one that is NaN; `b` of two NaN.
    [[gnu::always_inline]] static P larger_of(const P& a, const P& b) { return select(a > b || isnan(a), a, b); }
    [[gnu::always_inline]] static P smaller_of(const P& a, const P& b) { return select(a < b || isnan(a), a, b); }
    template <class F, class G>
    [[gnu::always_inline]] static T extreme(const T* x, Index n, T start, const F& of, const G& beats) {
        P even(start), odd(start);
        Index i = 0;
        for (; i + 2 * size <= n; i += 2 * size) {
            even = of(even, P::load_unaligned(x + i));
            odd = of(odd, P::load_unaligned(x + i + size));
        }
        if (i + size <= n) even = of(even, P::load_unaligned(x + i)), i += size;
        if (i < n) odd = of(odd, load_some(x + i, n - i, start));
        alignas(sizeof(P)) T lanes[P::size];
        of(even, odd).store(lanes);
        T result = start;
        for (const T lane : lanes)
            if (result == result && (beats(lane, result) || lane != lane)) result = lane;
        return result;
    }
    static T largest(const T* x, Index n) {
        return extreme(
            x, n, -inf, [](const P& a, const P& b) __attribute__((always_inline)) { return larger_of(a, b); },
            [](T a, T b) { return a > b; });
    }
    static T smallest(const T* x, Index n) {
        return extreme(
            x, n, inf, [](const P& a, const P& b) __attribute__((always_inline)) { return smaller_of(a, b); },
            [](T a, T b) { return a < b; });
    }
    static void larger(const T* x, T* y, Index n) {
        write(
            y, n, false,
            [ x, y ](Index i, Index count) __attribute__((always_inline)) { return larger_of(read(y, i, count), read(x, i, count)); });
    }
    static void smaller(const T* x, T* y, Index n) {
        write(
            y, n, false,
            [ x, y ](Index i, Index count) __attribute__((always_inline)) { return smaller_of(read(y, i, count), read(x, i, count)); });
    }

    // Softmax -------------------------------------------------------------------------------------------------------------------------

    /// The shift that keeps exp(x - shift) from overflowing. Where the largest is infinite there is none that would, and 0 lets the
    /// infinities and NaN come out as the formula has them.
    [[gnu::always_inline]] static T shift_of(const T* x, Index n) {
        const T m = largest(x, n);
        return m - m == 0 ? m : T(0);
    }
    [[gnu::flatten]] static T sum_of_exponentials(const T* x, T shift, Index n) {
        T result[1];
        sum_terms(
            n, result, [ x, shift ](Index i, Index count, P(&s)[1]) __attribute__((always_inline)) {
                s[0] = s[0] + exp(read(x, i, count, -inf) - P(shift));
            });
        return result[0];
    }
    [[gnu::flatten]] static T log_of(T x) { return first_of(log(P(x))); }
    static T logsumexp(const T* x, Index n) {
        const T shift = shift_of(x, n);
        return shift + log_of(sum_of_exponentials(x, shift, n));
    }
    [[gnu::flatten]] static void softmax(const T* x, T* y, Index n) {
        const T shift = shift_of(x, n);
        T total[1];
        sum_terms(
            n, total, [=](Index i, Index count, P(&s)[1]) __attribute__((always_inline)) {
                const P e = exp(read(x, i, count, -inf) - P(shift));
                count == size ? e.store_unaligned(y + i) : store_some(e, y + i, count);
                s[0] = s[0] + e;
            });
        const P by(total[0]);
        write(
            y, n, false, [=](Index i, Index count) __attribute__((always_inline)) { return read(y, i, count) / by; });
    }
    static void log_softmax(const T* x, T* y, Index n) {
        const P by(logsumexp(x, n));
        write(
            y, n, false, [=](Index i, Index count) __attribute__((always_inline)) { return read(x, i, count) - by; });
    }
    static void softmax_vjp(const T* y, const T* ybar, T* xbar, Index n, bool add) {
        T total[1];
        sum_terms(
            n, total, [=](Index i, Index count, P(&s)[1]) __attribute__((always_inline)) {
                s[0] = mul_add(read(y, i, count), read(ybar, i, count), s[0]);
            });
        const P mean(total[0]);
        write(
            xbar, n,
            add, [=](Index i, Index count) __attribute__((always_inline)) { return read(y, i, count) * (read(ybar, i, count) - mean); });
    }
    [[gnu::flatten]] static void log_softmax_vjp(const T* y, const T* ybar, T* xbar, Index n, bool add) {
        const P total(sum_row(ybar, n));
        write(
            xbar, n, add, [=](Index i, Index count) __attribute__((always_inline)) {
                return read(ybar, i, count) - exp(read(y, i, count)) * total;
            });
    }
    [[gnu::flatten]] static void scaled_softmax(const T* x, T lse, T scale, T* z, Index n, bool add) {
        write(
            z, n, add, [=](Index i, Index count) __attribute__((always_inline)) { return exp(read(x, i, count) - P(lse)) * P(scale); });
    }

    // Normalisation -------------------------------------------------------------------------------------------------------------------

    static Moments<T> normalise(const T* x, const T* w, const T* b, T eps, T* y, Index n) {
        const T mean = sum_row(x, n) / static_cast<T>(n);
        T squares[1];
        sum_terms(
            n, squares, [=](Index i, Index count, P(&s)[1]) __attribute__((always_inline)) {
                const P d = read(x, i, count, mean) - P(mean);
                s[0] = mul_add(d, d, s[0]);
            });
        const T rstd = first_of(P(T(1)) / sqrt(P(squares[0] / static_cast<T>(n) + eps)));
        write(
            y, n, false, [=](Index i, Index count) __attribute__((always_inline)) {
                return mul_add((read(x, i, count) - P(mean)) * P(rstd), read(w, i, count), read(b, i, count));
            });
        return {mean, rstd};
    }
    static void normalise_vjp(const T* x, Moments<T> moments, const T* w, const T* ybar, T* xbar, T* wbar, T* bbar, Index n, bool add) {
        const P mean(moments.mean), rstd(moments.rstd);
        const auto h = [=](Index i, Index count) __attribute__((always_inline)) { return (read(x, i, count, moments.mean) - mean) * rstd; };
        if (xbar != nullptr) {
            T means[2];
            sum_terms(
                n, means, [=](Index i, Index count, P(&s)[2]) __attribute__((always_inline)) {
                    const P u = read(ybar, i, count) * read(w, i, count);
                    s[0] = s[0] + u;
                    s[1] = mul_add(u, h(i, count), s[1]);
                });
            const P mean_u(means[0] / static_cast<T>(n)), mean_uh(means[1] / static_cast<T>(n));
            write(
                xbar, n, add, [=](Index i, Index count) __attribute__((always_inline)) {
                    const P u = read(ybar, i, count) * read(w, i, count);
                    return rstd * (u - mean_u - h(i, count) * mean_uh);
                });
        }
        if (wbar != nullptr)
            write(
                wbar, n, true, [=](Index i, Index count) __attribute__((always_inline)) { return read(ybar, i, count) * h(i, count); });
        if (bbar != nullptr) add_row(ybar, bbar, n);
    }
    static void fill(RowKernels<T>& table) {
        table = {&sum_row, &largest,     &smallest,    &add_row,         &larger,         &smaller,   &logsumexp,
                 &softmax, &log_softmax, &softmax_vjp, &log_softmax_vjp, &scaled_softmax, &normalise, &normalise_vjp};
    }
};

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff
