// SPDX-License-Identifier: MIT
/// The bodies of the steps, generic in the pack. Included by steps.cpp, which is compiled for every instruction set.
#pragma once

#include "autodiff/kernels/lanes.hpp"
#include "autodiff/kernels/lanes/arithmetic.hpp"
#include "autodiff/program/steps.hpp"

#include <utility>

namespace autodiff {
inline namespace v1 {
namespace program {

/// P: a pack of T. Everything here carries P in its name, so that code for one instruction set is never taken for that of another.
template <class T, class P>
struct Loops {
    static constexpr std::size_t size = P::size;

    struct Operand {
        const T* first;
        std::size_t step;
        Operand(const Frame<T>& frame, std::uint32_t place) : first(frame.places[place].first), step(frame.places[place].step) {}
        [[gnu::always_inline]] P at(int v) const { return P::load_unaligned(first + static_cast<std::size_t>(v) * step); }
    };
    struct Result {
        T* first;
        Result(const Frame<T>& frame, std::uint32_t place) : first(frame.places[place].first) {}
        [[gnu::always_inline]] void put(int v, const P& y) const { y.store_unaligned(first + static_cast<std::size_t>(v) * size); }
    };

    template <class R>
    [[gnu::flatten]] static void rule(const Step<T>& step, const Frame<T>& frame) {
        const Result y(frame, step.y);
        const Operand a(frame, step.a);
        if constexpr (rules::UnaryRule<R>) {
            for (int v = 0; v < frame.vectors; ++v) y.put(v, R::value(a.at(v)));
        } else if constexpr (rules::BinaryRule<R>) {
            const Operand b(frame, step.b);
            for (int v = 0; v < frame.vectors; ++v) y.put(v, R::value(a.at(v), b.at(v)));
        } else {
            const Operand b(frame, step.b), c(frame, step.c);
            for (int v = 0; v < frame.vectors; ++v) y.put(v, R::value(a.at(v), b.at(v), c.at(v)));
        }
    }

    /// f(0), ..., f(n - 1), spelled out: what is indexed by it can stay in registers.
    template <int n, class F>
    [[gnu::always_inline]] static void each(const F& f) {
        [&f]<int... v>(std::integer_sequence<int, v...>) __attribute__((always_inline)) { (f(v), ...); }
        (std::make_integer_sequence<int, n>());
    }
    /// sum[v] = g(sum[v], a[v], b[v]) for the n vectors from the given one on.
    template <int n, class G>
    [[gnu::always_inline]] static void update(const Operand& a, const Operand& b, int first, P (&sum)[n], const G& g) {
        each<n>([&](int v) __attribute__((always_inline)) { sum[v] = g(sum[v], a.at(first + v), b.at(first + v)); });
    }
#define WENGERT_TERM(EXPRESSION)                                                                                                           \
    update(                                                                                                                                \
        a, b, first, sum, []([[maybe_unused]] const P& s, const P& x, [[maybe_unused]] const P& z) __attribute__((always_inline)) {        \
            return P(EXPRESSION);                                                                                                          \
        });                                                                                                                                \
    break
    /// Adds a term to the running sums of n vectors, which stay in registers.
    template <int n>
    [[gnu::always_inline]] static void add(const Frame<T>& frame, const Term& term, int first, P (&sum)[n]) {
        const Operand a(frame, term.a), b(frame, term.b);
        switch (term.kind) {
        case Term::Kind::plus:
            WENGERT_TERM(s + x);
        case Term::Kind::minus:
            WENGERT_TERM(s - x);
        case Term::Kind::product:
            WENGERT_TERM(kernels::mul_add(x, z, s));
        case Term::Kind::minus_product:
            WENGERT_TERM(kernels::mul_add(-x, z, s));
        case Term::Kind::chain:
            WENGERT_TERM(select(x == P(0), s, P(kernels::mul_add(x, z, s))));
        case Term::Kind::minus_chain:
            WENGERT_TERM(select(x == P(0), s, P(kernels::mul_add(-x, z, s))));
        }
    }
    /// The first term.
    template <int n>
    [[gnu::always_inline]] static void begin(const Frame<T>& frame, const Term& term, int first, P (&sum)[n]) {
        const Operand a(frame, term.a), b(frame, term.b);
        switch (term.kind) {
        case Term::Kind::minus:
            WENGERT_TERM(-x);
        case Term::Kind::product:
            WENGERT_TERM(x * z);
        case Term::Kind::minus_product:
            WENGERT_TERM(-(x * z));
        case Term::Kind::chain:
            WENGERT_TERM(select(x == P(0), P(0), P(x * z)));
        case Term::Kind::minus_chain:
            WENGERT_TERM(select(x == P(0), P(0), P(-(x * z))));
        default:
            WENGERT_TERM(x);
        }
    }
#undef WENGERT_TERM
    /// The whole sum of n vectors from the given one on.
    template <int n>
    [[gnu::always_inline]] static void total(const Step<T>& step, const Frame<T>& frame, int first, P (&sum)[n]) {
        const Term* term = frame.terms + step.a;
        const Term* const end = term + step.b;
        begin(frame, *term, first, sum);
        while (++term != end) add(frame, *term, first, sum);
    }

    /// How many running sums the registers hold beside the operands: AVX-512 has 32 registers, others have 16.
    static constexpr int many = sizeof(P) == 64 ? 8 : 4;

    static void sum(const Step<T>& step, const Frame<T>& frame) {
        const Result y(frame, step.y);
        int v = 0;
        for (; v + many <= frame.vectors; v += many) {
            P s[many];
            total(step, frame, v, s);
            each<many>([&](int k) __attribute__((always_inline)) { y.put(v + k, s[k]); });
        }
        for (; v < frame.vectors; ++v) {
            P s[1];
            total(step, frame, v, s);
            y.put(v, s[0]);
        }
    }

    static void sum_over_points(const Step<T>& step, const Frame<T>& frame) {
        T* const into = frame.places[step.y].first;
        P all = P::load_unaligned(into);
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
            s[0].store(part);
            for (std::size_t k = 0; k < size; ++k)
                if (static_cast<Index>(static_cast<std::size_t>(v) * size + k) >= frame.points) part[k] = 0;
            all = all + P::load(part);
        }
        all.store_unaligned(into);
    }

    static void deliver(const Step<T>& step, const Frame<T>& frame) {
        const Result y(frame, step.y);
        const Operand a(frame, step.a);
        for (int v = 0; v < frame.vectors; ++v) y.put(v, a.at(v));
    }

    static void add(const T* from, T* to, Index n) {
        Index i = 0;
        for (; i + static_cast<Index>(size) <= n; i += static_cast<Index>(size))
            (P::load_unaligned(to + i) + P::load_unaligned(from + i)).store_unaligned(to + i);
        for (; i < n; ++i) to[i] += from[i];
    }

    static void fill(LaneKernels<T>& table) {
        [&table]<class... R>(rules::List<R...>) {
            table = {size, {nullptr, &rule<R>...}, &sum, &sum_over_points, &deliver, &add};
        }(rules::All{});
    }
};

}  // namespace program
}  // namespace v1
}  // namespace autodiff
