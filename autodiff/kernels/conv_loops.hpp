// SPDX-License-Identifier: MIT
/// The bodies of the convolution loops, generic in the pack. Included by image_lanes.cpp, which is compiled for every instruction set.
///
/// All of them are one small matrix product that stays in registers: A x B sums, to which each step adds the product of A streamed numbers
/// (or packs) and B packs that are held. What is streamed and held is where the four kernels differ.
#pragma once

#include "autodiff/kernels/conv_lanes.hpp"
#include "autodiff/kernels/lanes/arithmetic.hpp"

#include <utility>

namespace autodiff {
inline namespace v1 {
namespace kernels {

/// P: a pack of T. Everything here carries P in its name, so that code for one instruction set is never taken for that of another.
template <class T, class P>
struct ConvLoops {
    static constexpr Index size = static_cast<Index>(P::size);
    static constexpr int most_sums = 12;  // leave four of sixteen registers for operands, and hide how long a sum takes to arrive

    template <int N, class F>
    [[gnu::always_inline]] static void unrolled(const F& f) {
        [&]<int... i>(std::integer_sequence<int, i...>) __attribute__((always_inline)) { (f(std::integral_constant<int, i>()), ...); }
        (std::make_integer_sequence<int, N>());
    }
    /// f(integral_constant<n>) for 1 <= n <= N.
    template <int N, class F>
    [[gnu::always_inline]] static void with_count(Index n, const F& f) {
        if constexpr (N > 1)
            if (n < N) return with_count<N - 1>(n, f);
        f(std::integral_constant<int, N>());
    }
    [[gnu::always_inline]] static Index smaller(Index a, Index b) { return a < b ? a : b; }
    /// f(begin, count) for [0, n) cut into as few parts of at most `most` as there can be, all about as large.
    template <class F>
    [[gnu::always_inline]] static void in_parts(Index n, Index most, const F& f) {
        const Index parts = (n + most - 1) / most;
        for (Index part = 0; part < parts; ++part) f(n * part / parts, n * (part + 1) / parts - n * part / parts);
    }

    /// sum[a][b] += sum_k streamed(k, a) held(k, b)
    template <int A, int B, class Streamed, class Held>
    [[gnu::always_inline]] static void multiply(P (&sum)[A][B], Index count, const Streamed& streamed, const Held& held) {
        for (Index k = 0; k < count; ++k) {
            P h[B];
            unrolled<B>([&](auto b) __attribute__((always_inline)) { h[b] = held(k, b); });
            unrolled<A>([&](auto a) __attribute__((always_inline)) {
                const P s = streamed(k, a);
                unrolled<B>([&](auto b) __attribute__((always_inline)) { sum[a][b] = mul_add(s, h[b], sum[a][b]); });
            });
        }
    }
    /// f(a, b) for every sum
    template <int A, int B, class F>
    [[gnu::always_inline]] static void for_sums(const F& f) {
        unrolled<A>([&](auto a) __attribute__((always_inline)) { unrolled<B>([&](auto b) __attribute__((always_inline)) { f(a, b); }); });
    }

    // Lanes over the pixels of a row ---------------------------------------------------------------------------------------------------

    static constexpr int most_filters = 6;  // streamed: their weights
    template <int A>
    static constexpr int held_packs = A > 1 ? most_sums / A : 8;

    static void pack_by_pixels(const T* w, Index filter_stride, const Index* source, Index taps, Index filters, T* packed) {
        in_parts(filters, most_filters, [&](Index first, Index count) {
            for (Index t = 0; t < taps; ++t)
                for (Index f = first; f < first + count; ++f) *packed++ = w[f * filter_stride + source[t]];
        });
    }

    /// Where a pack of pixels begins, from the first of an image to the last.
    struct Place {
        Index row = 0, column = 0;
        [[gnu::always_inline]] void next(Index width) {
            column += size;
            if (column >= width) column = 0, ++row;
        }
    };
    /// B packs of pixels, from `place` on, which moves behind them, for A filters.
    template <int A, int B>
    static void pixels_tile(const Correlation<T>& c, const T* w, Index filter, Place& place, const CorrelationResult<T>& result) {
        const T* x[B];
        T* y[B];
        const Index first_row = place.row;
        Index last_row = first_row;
        for (Index b = 0; b < B; ++b, place.next(c.width)) {
            // the last pack of a row starts early and repeats what the one before has done, to the same bits
            const Index column = place.column + size > c.width && c.width >= size ? c.width - size : place.column;
            x[b] = c.x + place.row * c.row + column;
            y[b] = result.y + filter * result.plane + place.row * result.row + column * result.step;
            last_row = place.row;
        }
        const Index begin = c.first_tap[last_row], end = c.last_tap[first_row];
        const Index* const offset = c.offset + begin;
        w += begin * A;
        P sum[A][B];
        for_sums<A, B>([&](auto a, auto b) __attribute__((always_inline)) { sum[a][b] = P(T(0)); });
        multiply(
            sum, end - begin, [=](Index k, auto a) __attribute__((always_inline)) { return P(w[k * A + a]); },
            [=](Index k, auto b) __attribute__((always_inline)) { return P::load_unaligned(x[b] + offset[k]); });
        if (c.width >= size && result.step == 1) {
            for_sums<A, B>([&](auto a, auto b) __attribute__((always_inline)) { sum[a][b].store_unaligned(y[b] + a * result.plane); });
            return;
        }
        const Index count = smaller(size, c.width);
        alignas(sizeof(P)) T lanes[A][B][P::size];
        for_sums<A, B>([&](auto a, auto b) __attribute__((always_inline)) { sum[a][b].store(lanes[a][b]); });
        for (Index a = 0; a < A; ++a)
            for (Index b = 0; b < B; ++b)
                for (Index j = 0; j < count; ++j) y[b][a * result.plane + j * result.step] = lanes[a][b][j];
    }

    static void correlate_by_pixels(const Correlation<T>& c, const T* packed, const CorrelationResult<T>& result) {
        const Index packs = c.height * ((c.width + size - 1) / size);
        constexpr Index chunk = 48;  // packs of pixels that all filters visit before the next ones: their taps stay in the nearest cache
        Place place;
        for (Index begin = 0; begin < packs; begin += chunk) {
            const Index count = smaller(packs - begin, chunk);
            const Place start = place;
            in_parts(c.filters, most_filters, [&](Index first, Index filters) {
                const T* const w = packed + first * c.taps;
                place = start;
                with_count<most_filters>(filters, [&](auto a) {
                    constexpr int A = decltype(a)::value, B = held_packs<A>;
                    Index k = 0;
                    for (; k + B <= count; k += B) pixels_tile<A, B>(c, w, first, place, result);
                    for (; k < count; ++k) pixels_tile<A, 1>(c, w, first, place, result);
                });
            });
        }
    }

    static constexpr int pixel_filters = 3, pixel_taps = most_sums / pixel_filters;

    /// A taps and B filters.
    template <int A, int B>
    static void pixels_weight_tile(const Correlation<T>& c, const T* ybar, Index plane, Index filter, Index tap, T* sums) {
        const T *x[A], *y[B];
        for (Index a = 0; a < A; ++a) x[a] = c.x + c.offset[tap + a];
        for (Index b = 0; b < B; ++b) y[b] = ybar + (filter + b) * plane;
        const auto at = [&](Index a, Index b) __attribute__((always_inline)) { return sums + ((filter + b) * c.taps + tap + a) * size; };
        P sum[A][B];
        for_sums<A, B>([&](auto a, auto b) __attribute__((always_inline)) { sum[a][b] = P::load(at(a, b)); });
        const Index full = c.width / size, rest = c.width % size;
        alignas(sizeof(P)) T numbers[P::size];
        for (Index j = 0; j < size; ++j) numbers[j] = static_cast<T>(j);
        const auto fresh = P::load(numbers) >= P(static_cast<T>(size - rest));  // of the last pack of a row, which starts early
        for (Index i = 0; i < c.height; ++i) {
            const Index from = i * c.row, of = i * c.width, last = c.width - size;
            multiply(
                sum, full, [=](Index k, auto a) __attribute__((always_inline)) { return P::load_unaligned(x[a] + (from + k * size)); },
                [=](Index k, auto b) __attribute__((always_inline)) { return P::load_unaligned(y[b] + (of + k * size)); });
            if (rest == 0) continue;
            multiply(
                sum, 1,
                [=](Index, auto a)
                    __attribute__((always_inline)) { return select(fresh, P::load_unaligned(x[a] + (from + last)), P(T(0))); },
                [=](Index, auto b)
                    __attribute__((always_inline)) { return select(fresh, P::load_unaligned(y[b] + (of + last)), P(T(0))); });
        }
        for_sums<A, B>([&](auto a, auto b) __attribute__((always_inline)) { sum[a][b].store(at(a, b)); });
    }
    static void accumulate_by_pixels(const Correlation<T>& c, const T* ybar, Index plane, T* sums) {
        in_parts(c.filters, pixel_filters, [&](Index filter, Index filters) {
            with_count<pixel_filters>(filters, [&](auto b) {
                in_parts(c.taps, pixel_taps, [&](Index tap, Index taps) {
                    with_count<pixel_taps>(taps, [&](auto a) {
                        pixels_weight_tile<decltype(a)::value, decltype(b)::value>(c, ybar, plane, filter, tap, sums);
                    });
                });
            });
        });
    }
    static void finish_by_pixels(const T* sums, const Index* target, Index taps, Index filters, T* wbar) {
        for (Index f = 0; f < filters; ++f)
            for (Index t = 0; t < taps; ++t, sums += size) wbar[f * taps + target[t]] = sum_of_lanes(P::load(sums));
    }
    [[gnu::always_inline]] static T sum_of_lanes(const P& p) { return sum(p); }

    // Lanes over filters ---------------------------------------------------------------------------------------------------------------

    /// f(first filter, integral_constant<packs>) for pairs of packs of filters and a last single one.
    template <class F>
    [[gnu::always_inline]] static void for_filters(Index filters, const F& f) {
        Index first = 0;
        for (; first + size < filters; first += 2 * size) f(first, std::integral_constant<int, 2>());
        if (first < filters) f(first, std::integral_constant<int, 1>());
    }
    template <int B>
    static constexpr int streamed_count = B > 1 ? most_sums / B : 8;

    static void pack_by_filters(const T* w, Index filter_stride, const Index* source, Index taps, Index filters, T* packed) {
        for_filters(filters, [&](Index first, auto packs) {
            for (Index t = 0; t < taps; ++t)
                for (Index f = first; f < first + packs * size; ++f) *packed++ = f < filters ? w[f * filter_stride + source[t]] : T(0);
        });
    }

    /// A pixels of a row for B packs of filters.
    template <int A, int B>
    static void filters_tile(const Index* offset, Index taps, const T* w, const T* x, Index filters, T* y, Index plane, Index step) {
        P sum[A][B];
        for_sums<A, B>([&](auto a, auto b) __attribute__((always_inline)) { sum[a][b] = P(T(0)); });
        multiply(
            sum, taps, [=](Index k, auto a) __attribute__((always_inline)) { return P(x[offset[k] + a]); },
            [=](Index k, auto b) __attribute__((always_inline)) { return P::load(w + (k * B + b) * size); });
        alignas(sizeof(P)) T lanes[A][static_cast<std::size_t>(B * size)];
        for_sums<A, B>([&](auto a, auto b) __attribute__((always_inline)) { sum[a][b].store(&lanes[a][b * size]); });
        for (Index f = 0; f < filters; ++f, y += plane)
            for (Index a = 0; a < A; ++a) y[a * step] = lanes[a][f];
    }
    static void correlate_by_filters(const Correlation<T>& c, const T* packed, const CorrelationResult<T>& result) {
        for_filters(c.filters, [&](Index first, auto packs) {
            constexpr int B = decltype(packs)::value, most = streamed_count<B>;
            const Index filters = smaller(B * size, c.filters - first);
            for (Index i = 0; i < c.height; ++i) {
                const Index tap = c.first_tap[i], taps = c.last_tap[i] - tap;
                const T* const w = packed + first * c.taps + tap * B * size;
                in_parts(c.width, most, [&](Index j, Index count) {
                    T* const y = result.y + first * result.plane + i * result.row + j * result.step;
                    with_count<most>(count, [&](auto a) {
                        filters_tile<decltype(a)::value, B>(c.offset + tap, taps, w, c.x + i * c.row + j, filters, y, result.plane,
                                                            result.step);
                    });
                });
            }
        });
    }

    static void arrange_by_filters(const T* ybar, Index plane, Index filters, Index pixels, T* arranged) {
        for_filters(filters, [&](Index first, auto packs) {
            for (Index p = 0; p < pixels; ++p)
                for (Index f = first; f < first + packs * size; ++f) *arranged++ = f < filters ? ybar[f * plane + p] : T(0);
        });
    }
    /// A taps for B packs of filters, over `rows` rows from `row` on.
    template <int A, int B>
    static void filters_weight_tile(const Correlation<T>& c, const T* ybar, Index row, Index rows, Index tap, T* sums) {
        const T* x[A];
        for (Index a = 0; a < A; ++a) x[a] = c.x + c.offset[tap + a];
        T* const at = sums + tap * B * size;
        P sum[A][B];
        for_sums<A, B>([&](auto a, auto b) __attribute__((always_inline)) { sum[a][b] = P::load(at + (a * B + b) * size); });
        for (Index i = row; i < row + rows; ++i) {
            const Index from = i * c.row;
            const T* const y = ybar + i * c.width * B * size;
            multiply(
                sum, c.width, [=](Index k, auto a) __attribute__((always_inline)) { return P(x[a][from + k]); },
                [=](Index k, auto b) __attribute__((always_inline)) { return P::load(y + (k * B + b) * size); });
        }
        for_sums<A, B>([&](auto a, auto b) __attribute__((always_inline)) { sum[a][b].store(at + (a * B + b) * size); });
    }
    static void accumulate_by_filters(const Correlation<T>& c, const T* ybar, Index, T* sums) {
        const Index pixels = c.height * c.width;
        for_filters(c.filters, [&](Index first, auto packs) {
            constexpr int B = decltype(packs)::value, most = streamed_count<B>;
            const Index near = 16384 / (static_cast<Index>(sizeof(T)) * B * size * c.width);  // rows of ybar in the nearest cache
            in_parts(c.height, near < 1 ? 1 : near, [&](Index row, Index rows) {
                in_parts(c.taps, most, [&](Index tap, Index taps) {
                    with_count<most>(taps, [&](auto a) {
                        filters_weight_tile<decltype(a)::value, B>(c, ybar + first * pixels, row, rows, tap, sums + first * c.taps);
                    });
                });
            });
        });
    }
    static void finish_by_filters(const T* sums, const Index* target, Index taps, Index filters, T* wbar) {
        for_filters(filters, [&](Index first, auto packs) {
            for (Index t = 0; t < taps; ++t)
                for (Index f = first; f < first + packs * size; ++f, ++sums)
                    if (f < filters) wbar[f * taps + target[t]] = *sums;
        });
    }

    static void fill(ConvKernels<T>& table) {
        table.pixels = {size, &pack_by_pixels, &correlate_by_pixels, nullptr, &accumulate_by_pixels, &finish_by_pixels};
        table.filters = {size, &pack_by_filters, &correlate_by_filters, &arrange_by_filters, &accumulate_by_filters, &finish_by_filters};
    }
};

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff
