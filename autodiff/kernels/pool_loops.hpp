// SPDX-License-Identifier: MIT
/// The bodies of the pooling loops, generic in the pack. Included by image_lanes.cpp, which is compiled for every instruction set.
///
/// A pack of windows may be wider than what is left of a row. Then it computes, and writes, beyond the row: whatever it spoils there is
/// written afterwards, since everything is written in the order of memory. Only where it would leave the memory altogether is it copied.
#pragma once

#include "autodiff/kernels/lanes/pack.hpp"
#include "autodiff/kernels/pool_lanes.hpp"

#include <cstring>
#include <utility>

namespace autodiff {
inline namespace v1 {
namespace kernels {

/// P: a pack of T. Everything here carries P in its name, so that code for one instruction set is never taken for that of another.
template <class T, class P>
struct PoolLoops {
    static constexpr Index size = static_cast<Index>(P::size);
    using Word = typename P::Word;
    using Bits = typename P::Bits;
    static_assert(std::is_same_v<Word, Winner<T>>);
    using Lanes = std::make_integer_sequence<int, static_cast<int>(P::size)>;

    /// Lanes of a and b together, first, first + step, ...
    template <int first, int step, int... k>
    [[gnu::always_inline]] static P picked(const P& a, const P& b, std::integer_sequence<int, k...>) {
        return P::from_bits(__builtin_shufflevector(a.bits(), b.bits(), (first + step * k)...));
    }
    /// Lanes of a and b in turn, from lane `first` on.
    template <int first, int... k>
    [[gnu::always_inline]] static P in_turn(const P& a, const P& b, std::integer_sequence<int, k...>) {
        return P::from_bits(__builtin_shufflevector(a.bits(), b.bits(), (first + k / 2 + k % 2 * static_cast<int>(P::size))...));
    }
    [[gnu::always_inline]] static P word(Word value) { return P::from_bits(Bits{} + value); }

    /// The four elements of each of a pack of windows, row by row.
    struct Windows {
        P x[4];
        [[gnu::always_inline]] Windows(const T* upper, const T* lower) {
            const P a = P::load_unaligned(upper), b = P::load_unaligned(upper + size);
            const P c = P::load_unaligned(lower), d = P::load_unaligned(lower + size);
            x[0] = picked<0, 2>(a, b, Lanes()), x[1] = picked<1, 2>(a, b, Lanes());
            x[2] = picked<0, 2>(c, d, Lanes()), x[3] = picked<1, 2>(c, d, Lanes());
        }
    };
    [[gnu::always_inline]] static void put(const P& from, void* to, Index count) {
        const Bits bits = from.bits();
        if (count == size)
            std::memcpy(to, &bits, sizeof bits);
        else
            std::memcpy(to, &bits, static_cast<std::size_t>(count) * sizeof(T));
    }

    /// visit(windows, where their results begin, how many results there are)
    template <class Visit>
    [[gnu::always_inline]] static void for_windows(const T* x, Index planes, Index h, Index w, const Visit& visit) {
        const Index oh = h / 2, ow = w / 2, last = planes * oh * ow - size, last_x = planes * h * w - w - 2 * size;
        for (Index plane = 0, to = 0; plane < planes; ++plane)
            for (Index i = 0; i < oh; ++i, to += ow)
                for (Index j = 0; j < ow; j += size) {
                    const Index at = (plane * h + 2 * i) * w + 2 * j;
                    if (to + j <= last && at <= last_x) {
                        visit(Windows(x + at, x + at + w), to + j, size);
                        continue;
                    }
                    const Index count = ow - j < size ? ow - j : size;
                    T rows[2][static_cast<std::size_t>(2 * size)] = {};
                    for (Index u = 0; u < 2; ++u) std::memcpy(rows[u], x + at + u * w, static_cast<std::size_t>(2 * count) * sizeof(T));
                    visit(Windows(rows[0], rows[1]), to + j, count);
                }
    }
    static void max(const T* x, Index planes, Index h, Index w, T* y, Word* winner) {
        for_windows(
            x, planes, h, w, [=](const Windows& windows, Index to, Index count) __attribute__((always_inline)) {
                P best = windows.x[0], place = word(0);
                for (Word k = 1; k < 4; ++k) {
                    const P& other = windows.x[k];
                    const auto wins = best == best && !(other <= best);  // NaN wins against numbers, the first NaN against others
                    best = select(wins, other, best), place = select(wins, word(k), place);
                }
                put(best, y + to, count), put(place, winner + to, count);
            });
    }
    static void mean(const T* x, Index planes, Index h, Index w, T* y) {
        for_windows(
            x, planes, h, w, [=](const Windows& windows, Index to, Index count) __attribute__((always_inline)) {
                put((windows.x[0] + windows.x[1] + windows.x[2] + windows.x[3]) * P(T(0.25)), y + to, count);
            });
    }

    /// Every row 2 i + u of xbar: terms(adjoints, where they begin, u, count, left, right) says what the windows' columns get there.
    template <class Terms>
    [[gnu::always_inline]] static void for_rows(Index planes, Index h, Index w, T* xbar, const Terms& terms) {
        const Index oh = h / 2, ow = w / 2, last = planes * oh * ow - size, last_x = planes * h * w - 2 * size;
        for (Index plane = 0, from = 0; plane < planes; ++plane) {
            T* const image = xbar + plane * h * w;
            for (Index i = 0; i < oh; ++i, from += ow)
                for (Index u = 0; u < 2; ++u) {
                    for (Index j = 0; j < ow; j += size) {
                        const Index at = (plane * h + 2 * i + u) * w + 2 * j;
                        const bool inside = from + j <= last && at <= last_x;
                        const Index count = inside || ow - j > size ? size : ow - j;
                        P left, right;
                        terms(from + j, u, count, left, right);
                        const P a = in_turn<0>(left, right, Lanes()), b = in_turn<static_cast<int>(P::size) / 2>(left, right, Lanes());
                        put(a, xbar + at, 2 * count < size ? 2 * count : size);
                        if (2 * count > size) put(b, xbar + at + size, 2 * count - size);
                    }
                    if (w % 2 != 0) image[(2 * i + u) * w + w - 1] = T(0);
                }
            for (Index k = 2 * oh * w; k < h * w; ++k) image[k] = T(0);
        }
    }
    [[gnu::always_inline]] static P some(const void* from, Index count) {
        Bits bits{};
        if (count == size)
            std::memcpy(&bits, from, sizeof bits);
        else
            std::memcpy(&bits, from, static_cast<std::size_t>(count) * sizeof(T));
        return P::from_bits(bits);
    }
    static void max_input(const T* ybar, const Word* winner, Index planes, Index h, Index w, T* xbar) {
        for_rows(
            planes, h, w, xbar, [=](Index from, Index u, Index count, P & left, P & right) __attribute__((always_inline)) {
                const Bits y = some(ybar + from, count).bits(), place = some(winner + from, count).bits();
                const Word first = 2 * static_cast<Word>(u);
                left = P::from_bits(y & (Bits)(place == first)), right = P::from_bits(y & (Bits)(place == first + 1));
            });
    }
    static void mean_input(const T* ybar, Index planes, Index h, Index w, T* xbar) {
        for_rows(
            planes, h, w, xbar, [=](Index from, Index, Index count, P & left, P & right) __attribute__((always_inline)) {
                left = right = some(ybar + from, count) * P(T(0.25));
            });
    }

    static void fill(PoolKernels<T>& table) { table = {&max, &max_input, &mean, &mean_input}; }
};

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff
