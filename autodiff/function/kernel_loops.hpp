// SPDX-License-Identifier: MIT
/// The bodies of the lane kernels, generic in the pack. Included by one source for each instruction set, and by scalar_kernels.cpp.
#pragma once

#include "autodiff/function/lane_kernels.hpp"

#include <utility>
#include <xsimd/xsimd.hpp>

namespace autodiff {
inline namespace v1 {
namespace function {

/// How numbers come from memory and go there: a pack of them, or a single one.
template <class T, class P>
struct Access {
    static constexpr std::size_t size = P::size;
    [[gnu::always_inline]] static P load(const T* x) { return P::load(x); }
    [[gnu::always_inline]] static void store(T* x, const P& y) { y.store(x); }
    [[gnu::always_inline]] static P multiply_add(const P& a, const P& b, const P& c) { return P(xsimd::fma(a.lanes, b.lanes, c.lanes)); }
};
template <class T>
struct Access<T, T> {
    static constexpr std::size_t size = 1;
    static T load(const T* x) { return *x; }
    static void store(T* x, T y) { *x = y; }
    static T multiply_add(T a, T b, T c) { return c + a * b; }
};

/// P: a pack of T, or T itself. Everything here carries P in its name, so that code for one instruction set is never taken for that
/// of another.
template <class T, class P>
struct Loops : Access<T, P> {
    using Access<T, P>::size, Access<T, P>::load, Access<T, P>::store, Access<T, P>::multiply_add;

    struct Operand {
        const T* first;
        std::size_t step;
        Operand(const Frame<T>& frame, std::uint32_t place)
            : first(frame.memory + std::size_t{place & ~repeated} * size), step((place & repeated) != 0 ? 0 : size) {}
        [[gnu::always_inline]] P at(int v) const { return load(first + static_cast<std::size_t>(v) * step); }
    };
    [[gnu::always_inline]] static void put(const Frame<T>& frame, std::uint32_t place, int v, const P& y) {
        store(frame.memory + (std::size_t{place} + static_cast<std::size_t>(v)) * size, y);
    }

    template <class R>
    static void rule(const Step<T>& step, const Frame<T>& frame) {
        const Operand a(frame, step.a);
        if constexpr (rules::UnaryRule<R>) {
            for (int v = 0; v < frame.vectors; ++v) put(frame, step.y, v, R::value(a.at(v)));
        } else if constexpr (rules::BinaryRule<R>) {
            const Operand b(frame, step.b);
            for (int v = 0; v < frame.vectors; ++v) put(frame, step.y, v, R::value(a.at(v), b.at(v)));
        } else {
            const Operand b(frame, step.b), c(frame, step.c);
            for (int v = 0; v < frame.vectors; ++v) put(frame, step.y, v, R::value(a.at(v), b.at(v), c.at(v)));
        }
    }

    /// Adds a term to the running sums of n vectors, which stay in registers.
    template <int n>
    [[gnu::always_inline]] static void add(const Frame<T>& frame, const Term& term, int first, P (&sum)[n]) {
        const Operand a(frame, term.a), b(frame, term.b);
        switch (term.kind) {
        case Term::Kind::plus:
            for (int v = 0; v < n; ++v) sum[v] = sum[v] + a.at(first + v);
            break;
        case Term::Kind::minus:
            for (int v = 0; v < n; ++v) sum[v] = sum[v] - a.at(first + v);
            break;
        case Term::Kind::product:
            for (int v = 0; v < n; ++v) sum[v] = multiply_add(a.at(first + v), b.at(first + v), sum[v]);
            break;
        case Term::Kind::minus_product:
            for (int v = 0; v < n; ++v) sum[v] = multiply_add(-a.at(first + v), b.at(first + v), sum[v]);
            break;
        case Term::Kind::chain:
            for (int v = 0; v < n; ++v) {
                const P x = a.at(first + v);
                sum[v] = select(x == P(0), sum[v], P( multiply_add(x, b.at(first + v), sum[v])));
            }
            break;
        }
    }
    template <int n>
    [[gnu::always_inline]] static void begin(const Frame<T>& frame, const Term& term, int first, P (&sum)[n]) {
        const Operand a(frame, term.a), b(frame, term.b);
        switch (term.kind) {
        case Term::Kind::minus:
            for (int v = 0; v < n; ++v) sum[v] = -a.at(first + v);
            break;
        case Term::Kind::product:
            for (int v = 0; v < n; ++v) sum[v] = a.at(first + v) * b.at(first + v);
            break;
        case Term::Kind::minus_product:
            for (int v = 0; v < n; ++v) sum[v] = -(a.at(first + v) * b.at(first + v));
            break;
        case Term::Kind::chain:
            for (int v = 0; v < n; ++v) {
                const P x = a.at(first + v);
                sum[v] = select(x == P(0), P(0), P(x * b.at(first + v)));
            }
            break;
        default:
            for (int v = 0; v < n; ++v) sum[v] = a.at(first + v);
        }
    }
    /// The whole sum of n vectors from the given one on.
    template <int n>
    [[gnu::always_inline]] static void total(const Step<T>& step, const Frame<T>& frame, int first, P (&sum)[n]) {
        const Term* term = frame.terms + step.a;
        const Term* const end = term + step.b;
        begin(frame, *term, first, sum);
        while (++term != end) add(frame, *term, first, sum);
    }

    static void sum(const Step<T>& step, const Frame<T>& frame) {
        int v = 0;
        for (; v + 4 <= frame.vectors; v += 4) {
            P s[4];
            total(step, frame, v, s);
            for (int k = 0; k < 4; ++k) put(frame, step.y, v + k, s[k]);
        }
        for (; v < frame.vectors; ++v) {
            P s[1];
            total(step, frame, v, s);
            put(frame, step.y, v, s[0]);
        }
    }

    static void sum_over_points(const Step<T>& step, const Frame<T>& frame) {
        T* const into = frame.memory + std::size_t{step.y} * size;
        P all = load(into);
        int v = 0;
        const bool whole = frame.points == static_cast<Index>(size) * frame.vectors;
        if (whole)
            for (; v + 4 <= frame.vectors; v += 4) {
                P s[4];
                total(step, frame, v, s);
                all = all + ((s[0] + s[1]) + (s[2] + s[3]));
            }
        for (; v < frame.vectors; ++v) {
            P s[1];
            total(step, frame, v, s);
            if (whole) {
                all = all + s[0];
                continue;
            }
            alignas(64) T part[size];  // points beyond the last one do not count
            store(part, s[0]);
            for (std::size_t k = 0; k < size; ++k)
                if (static_cast<Index>(static_cast<std::size_t>(v) * size + k) >= frame.points) part[k] = 0;
            all = all + load(part);
        }
        store(into, all);
    }

    static void deliver(const Step<T>& step, const Frame<T>& frame) {
        const Operand a(frame, step.a);
        T* const to = frame.columns[step.y] + frame.at;
        for (int v = 0; v < frame.vectors; ++v) store(to + static_cast<std::size_t>(v) * size, a.at(v));
    }

    static void fill(LaneKernels<T>& table) {
        [&table]<class... R>(rules::List<R...>) {
            table = {size, {nullptr, &rule<R>...}, &sum, &sum_over_points, &deliver};
        }(rules::All{});
    }
};

}  // namespace function
}  // namespace v1
}  // namespace autodiff
