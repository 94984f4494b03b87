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
    /// An operand of which every vector is another one.
    struct Dense {
        const T* first;
        explicit Dense(const Operand& x) : first(x.first) {}
        [[gnu::always_inline]] P at(int v) const { return P::load_unaligned(first + static_cast<std::size_t>(v) * size); }
    };
    struct Result {
        T* first;
        Result(const Frame<T>& frame, std::uint32_t place) : first(frame.places[place].first) {}
        [[gnu::always_inline]] void put(int v, const P& y) const { y.store_unaligned(first + static_cast<std::size_t>(v) * size); }
    };

    // One vector after the other, also where the work is a single instruction: the processor fetches ahead for loads that go on evenly.

    /// Rules for which the loop costs about as much as the work, so that one without strides pays.
    template <class R>
    static constexpr bool light =
        []<class... L>(rules::List<L...>) {
            return (std::same_as<R, L> || ...);
        }(rules::List<rules::Add, rules::Sub, rules::Mul, rules::Div, rules::Maximum, rules::Minimum, rules::Less, rules::LessEqual,
                      rules::ChainProduct, rules::Fma, rules::Where>{});

    template <class R>
    [[gnu::flatten]] static void rule(const Step<T>& step, const Frame<T>& frame) {
        const Result y(frame, step.y);
        const Operand a(frame, step.a), b(frame, step.b), c(frame, step.c);
        const auto loop = [&](const auto& p, const auto& q, const auto& r) __attribute__((always_inline)) {
            for (int v = frame.begin; v < frame.end; ++v) {
                if constexpr (rules::UnaryRule<R>)
                    y.put(v, R::value(p.at(v)));
                else if constexpr (rules::BinaryRule<R>)
                    y.put(v, R::value(p.at(v), q.at(v)));
                else
                    y.put(v, R::value(p.at(v), q.at(v), r.at(v)));
            }
        };
        if constexpr (light<R>)
            if (a.step != 0 && b.step != 0 && c.step != 0) return loop(Dense(a), Dense(b), Dense(c));
        loop(a, b, c);
    }

    /// A term alone, and added to a sum.
    template <Term::Kind kind>
    [[gnu::always_inline]] static P alone(const P& x, [[maybe_unused]] const P& z) {
        using enum Term::Kind;
        if constexpr (kind == plus) return x;
        if constexpr (kind == minus) return -x;
        if constexpr (kind == product) return x * z;
        if constexpr (kind == minus_product) return -(x * z);
        if constexpr (kind == chain) return select(x == P(0), P(0), P(x * z));
        if constexpr (kind == minus_chain) return select(x == P(0), P(0), P(-(x * z)));
    }
    template <Term::Kind kind>
    [[gnu::always_inline]] static P added(const P& s, const P& x, [[maybe_unused]] const P& z) {
        using enum Term::Kind;
        if constexpr (kind == plus) return s + x;
        if constexpr (kind == minus) return s - x;
        if constexpr (kind == product) return kernels::mul_add(x, z, s);
        if constexpr (kind == minus_product) return kernels::mul_add(-x, z, s);
        if constexpr (kind == chain) return select(x == P(0), s, P(kernels::mul_add(x, z, s)));
        if constexpr (kind == minus_chain) return select(x == P(0), s, P(kernels::mul_add(-x, z, s)));
    }
    /// f<kind>()
    template <class F>
    [[gnu::always_inline]] static void with(Term::Kind kind, const F& f) {
        using enum Term::Kind;
        switch (kind) {
        case plus:
            return f.template operator()<plus>();
        case minus:
            return f.template operator()<minus>();
        case product:
            return f.template operator()<product>();
        case minus_product:
            return f.template operator()<minus_product>();
        case chain:
            return f.template operator()<chain>();
        case minus_chain:
            return f.template operator()<minus_chain>();
        }
        __builtin_unreachable();
    }

    /// y = c + a term of a and b
    template <Term::Kind kind>
    static void add_term(const Step<T>& step, const Frame<T>& frame) {
        const Result y(frame, step.y);
        const Operand a(frame, step.a), b(frame, step.b), c(frame, step.c);
        const auto loop = [&](const auto& p, const auto& q, const auto& r) __attribute__((always_inline)) {
            for (int v = frame.begin; v < frame.end; ++v) y.put(v, added<kind>(r.at(v), p.at(v), q.at(v)));
        };
        if (a.step != 0 && b.step != 0 && c.step != 0)
            loop(Dense(a), Dense(b), Dense(c));
        else
            loop(a, b, c);
    }

    /// y = a term of a and b, which is a product, + one of c and d
    template <Term::Kind first, Term::Kind second>
    static void products(const Step<T>& step, const Frame<T>& frame) {
        const Result y(frame, step.y);
        const Operand a(frame, step.a), b(frame, step.b), c(frame, step.c), d(frame, step.d);
        for (int v = frame.begin; v < frame.end; ++v) y.put(v, added<second>(alone<first>(a.at(v), b.at(v)), c.at(v), d.at(v)));
    }
    template <Term::Kind first>
    static constexpr std::array<Kernel<T>, 6> with_products() {
        using enum Term::Kind;
        return {nullptr,
                &products<first, minus>,
                &products<first, product>,
                &products<first, minus_product>,
                &products<first, chain>,
                &products<first, minus_chain>};
    }

    /// The whole sum of n vectors from the given one on, which stay in registers: AVX-512 has 32, others have 16.
    static constexpr int many = sizeof(P) == 64 ? 8 : 4;
    template <int n>
    [[gnu::always_inline]] static void total(const Step<T>& step, const Frame<T>& frame, int first, P (&sum)[n]) {
        const Term* term = frame.terms + step.a;
        const Term* const end = term + step.b;
        {
            const Operand a(frame, term->a), b(frame, term->b);
            with(
                term->kind, [&]<Term::Kind kind>() __attribute__((always_inline)) {
                    each<n>([&](int v) __attribute__((always_inline)) { sum[v] = alone<kind>(a.at(first + v), b.at(first + v)); });
                });
        }
        while (++term != end) {
            const Operand a(frame, term->a), b(frame, term->b);
            with(
                term->kind, [&]<Term::Kind kind>() __attribute__((always_inline)) {
                    each<n>([&](int v) __attribute__((always_inline)) { sum[v] = added<kind>(sum[v], a.at(first + v), b.at(first + v)); });
                });
        }
    }
    /// f(0), ..., f(n - 1), spelled out: what is indexed by it can stay in registers.
    template <int n, class F>
    [[gnu::always_inline]] static void each(const F& f) {
        [&f]<int... v>(std::integer_sequence<int, v...>) __attribute__((always_inline)) { (f(v), ...); }
        (std::make_integer_sequence<int, n>());
    }

    static void sum(const Step<T>& step, const Frame<T>& frame) {
        const Result y(frame, step.y);
        int v = frame.begin;
        for (; v + many <= frame.end; v += many) {
            P s[many];
            total(step, frame, v, s);
            each<many>([&](int k) __attribute__((always_inline)) { y.put(v + k, s[k]); });
        }
        for (; v < frame.end; ++v) {
            P s[1];
            total(step, frame, v, s);
            y.put(v, s[0]);
        }
    }

    static void sum_over_points(const Step<T>& step, const Frame<T>& frame) {
        T* const into = frame.places[step.y].first;
        P all = P::load_unaligned(into);
        int v = frame.begin;
        const bool whole = frame.points >= static_cast<Index>(size) * frame.end;
        if (whole)
            for (; v + 4 <= frame.end; v += 4) {
                P s[4];
                total(step, frame, v, s);
                all = all + ((s[0] + s[1]) + (s[2] + s[3]));
            }
        for (; v < frame.end; ++v) {
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
        for (int v = frame.begin; v < frame.end; ++v) y.put(v, a.at(v));
    }

    static void fill(LaneKernels<T>& table) {
        [&table]<class... R>(rules::List<R...>) {
            table = {size,
                     {nullptr, &rule<R>...},
                     {&add_term<Term::Kind::plus>, &add_term<Term::Kind::minus>, &add_term<Term::Kind::product>,
                      &add_term<Term::Kind::minus_product>, &add_term<Term::Kind::chain>, &add_term<Term::Kind::minus_chain>},
                     {{{}, {}, with_products<Term::Kind::product>(), {}, with_products<Term::Kind::chain>(), {}}},
                     &sum,
                     &sum_over_points,
                     &deliver};
        }(rules::All{});
    }
};

}  // namespace program
}  // namespace v1
}  // namespace autodiff
