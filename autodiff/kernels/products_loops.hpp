// SPDX-License-Identifier: MIT
/// The bodies of the products in lanes, generic in the pack. Included by products.cpp, which is compiled for every instruction set.
/// Both go through the result in tiles of a few rows and packs, whose sums stay in registers.
#pragma once

#include "autodiff/kernels/lanes/arithmetic.hpp"
#include "autodiff/kernels/lanes/part.hpp"
#include "autodiff/kernels/products.hpp"

#include <utility>

namespace autodiff {
inline namespace v1 {
namespace kernels {

/// P: a pack of T. Everything here carries P in its name, so that code for one instruction set is never taken for that of another.
template <class T, class P>
struct Products {
    static constexpr Index size = static_cast<Index>(P::size);
    /// Rows of b that are added up in registers before the sum goes to c: they are read side by side, and errors grow with their number and
    /// with that of the groups, not with that of all terms.
    static constexpr Index group = 32;
    /// Packs of a dot product that are added up before the sum goes to the total.
    static constexpr Index chunk = 128 * size;

    /// f(0), f(1), ... f(count - 1), each a constant: arrays that are only reached so live in registers.
    template <int count, class F>
    [[gnu::always_inline]] static void each(const F& f) {
        [&f]<int... i>(std::integer_sequence<int, i...>) __attribute__((always_inline)) { (f.template operator()<i>(), ...); }
        (std::make_integer_sequence<int, count>{});
    }

    // Rows added up -------------------------------------------------------------------------------------------------------------------

    /// One group of terms: c (+)= a b.
    struct Group {
        const T* a;
        Index a_down, a_across;
        const T* b;
        Index b_down, depth;
        T* c;
        Index c_down, columns;
        bool add;
    };
    enum class Width { whole, part };

    template <Width width>
    [[gnu::always_inline]] static P read(const T* x, const Part<P>& part) {
        if constexpr (width == Width::whole)
            return P::load_unaligned(x);
        else
            return part.load(x);
    }
    template <Width width>
    [[gnu::always_inline]] static void write(const P& y, T* to, const Part<P>& part) {
        if constexpr (width == Width::whole)
            y.store_unaligned(to);
        else
            part.store(y, to);
    }

    /// `rows` rows and `packs` packs of c, or one part of a pack. The last pack begins at `last`, in the middle of the one before if the
    /// row ends there: what both compute is the same bits, and is read before it is written.
    template <int rows, int packs, Width width = Width::whole>
    [[gnu::always_inline]] static void tile(const Group& g, const T* a, T* c, Index j, Index last, const Part<P>& part) {
        P sums[rows][packs], row[packs];
        const auto place = [=]<int q>() __attribute__((always_inline)) { return q + 1 < packs ? j + q * size : last; };
        const T* b = g.b;
        const auto term = [&](const auto& add) __attribute__((always_inline)) {
            each<packs>([&]<int q>() __attribute__((always_inline)) { row[q] = read<width>(b + place.template operator()<q>(), part); });
            each<rows>([&]<int r>() __attribute__((always_inline)) {
                const P factor(a[r * g.a_down]);
                each<packs>([&]<int q>() __attribute__((always_inline)) { sums[r][q] = add(factor, row[q], sums[r][q]); });
            });
        };
        term([](const P& x, const P& y, const P&) __attribute__((always_inline)) { return x * y; });
        for (Index k = 1; k < g.depth; ++k) {
            a += g.a_across, b += g.b_down;
            term([](const P& x, const P& y, const P& sum) __attribute__((always_inline)) { return mul_add(x, y, sum); });
        }
        each<rows>([&]<int r>() __attribute__((always_inline)) {
            T* const to = c + r * g.c_down;
            if (g.add)
                each<packs>([&]<int q>() __attribute__((always_inline)) {
                    sums[r][q] = read<width>(to + place.template operator()<q>(), part) + sums[r][q];
                });
            each<packs>([&]<int q>()
                            __attribute__((always_inline)) { write<width>(sums[r][q], to + place.template operator()<q>(), part); });
        });
    }
    template <int rows>
    static void tiles_of_rows(const Group& g, Index i) {
        const T* const a = g.a + i * g.a_down;
        T* const c = g.c + i * g.c_down;
        constexpr int packs = rows <= 2 ? 4 : 2;
        const Index n = g.columns, last = n - size;
        const Part<P> part(n);
        if (n < size) return tile<rows, 1, Width::part>(g, a, c, 0, 0, part);
        Index j = 0;
        for (; n - j > (packs + 1) * size; j += packs * size) tile<rows, packs>(g, a, c, j, j + (packs - 1) * size, part);
        // Between 2 and packs + 1 of them are left, or all that there are: so the last never meets what another tile has added to.
        const Index left = (n - j + size - 1) / size;
        if (left == 1) return tile<rows, 1>(g, a, c, j, last, part);
        if (left == 2) return tile<rows, 2>(g, a, c, j, last, part);
        if (left == 3) return tile<rows, 3>(g, a, c, j, last, part);
        if constexpr (packs > 2) {
            if (left == 4) return tile<rows, 4>(g, a, c, j, last, part);
            tile<rows, 5>(g, a, c, j, last, part);
        }
    }
    /// A single term. All time goes into c, which is best read and written row by row.
    template <bool add>
    static void outer(Matrix<const T> a, Matrix<const T> b, Matrix<T> c) {
        const Index whole = c.columns / size * size;
        const Part<P> part(c.columns - whole);
        for (Index i = 0; i < c.rows; ++i) {
            const P factor(a.data[i * a.down]);
            T* const to = c.data + i * c.down;
            const auto element = [&]<Width width>(Index j) __attribute__((always_inline)) {
                const P x = read<width>(b.data + j, part);
                if constexpr (add)
                    write<width>(mul_add(factor, x, read<width>(to + j, part)), to + j, part);
                else
                    write<width>(factor * x, to + j, part);
            };
            for (Index j = 0; j < whole; j += size) element.template operator()<Width::whole>(j);
            if (whole < c.columns) element.template operator()<Width::part>(whole);
        }
    }
    static void by_rows(const Matrix<const T>& a, const Matrix<const T>& b, const Matrix<T>& c, bool add) {
        if (a.columns == 1) return add ? outer<true>(a, b, c) : outer<false>(a, b, c);
        for (Index k = 0; k < a.columns; k += group) {
            const Index depth = a.columns - k < group ? a.columns - k : group;
            const Group g{a.data + k * a.across, a.down, a.across, b.data + k * b.down, b.down, depth, c.data, c.down, c.columns,
                          add || k > 0};
            Index i = 0;
            for (; i + 4 <= c.rows; i += 4) tiles_of_rows<4>(g, i);
            if (c.rows - i == 3) tiles_of_rows<3>(g, i);
            if (c.rows - i == 2) tiles_of_rows<2>(g, i);
            if (c.rows - i == 1) tiles_of_rows<1>(g, i);
        }
    }

    // Dot products --------------------------------------------------------------------------------------------------------------------

    /// The products of `rows` rows of a and `columns` columns of b: at least 8 sums at once, so that none waits for the one before.
    template <int rows, int columns>
    [[gnu::always_inline]] static void dots(const Matrix<const T>& a, const Matrix<const T>& b, const Matrix<T>& c, Index i, Index j,
                                            bool add) {
        constexpr int strands = 8 / (rows * columns);
        const T* const left = a.data + i * a.down;
        const T* const right = b.data + j * b.across;
        const Index depth = a.columns;
        T totals[rows][columns] = {};
        for (Index begin = 0; begin < depth; begin += chunk) {
            const Index end = depth - begin < chunk ? depth : begin + chunk;
            P sums[strands][rows][columns];
            each<strands>([&]<int s>() __attribute__((always_inline)) {
                each<rows>([&]<int r>() __attribute__((always_inline)) {
                    each<columns>([&]<int q>() __attribute__((always_inline)) { sums[s][r][q] = P(T(0)); });
                });
            });
            const auto term = [&]<int s>(const auto& load, Index k) __attribute__((always_inline)) {
                P row[rows];
                each<rows>([&]<int r>() __attribute__((always_inline)) { row[r] = load(left + r * a.down + k); });
                each<columns>([&]<int q>() __attribute__((always_inline)) {
                    const P column = load(right + q * b.across + k);
                    each<rows>([&]<int r>() __attribute__((always_inline)) { sums[s][r][q] = mul_add(row[r], column, sums[s][r][q]); });
                });
            };
            const auto whole = [](const T* x) __attribute__((always_inline)) { return P::load_unaligned(x); };
            Index k = begin;
            for (; k + strands * size <= end; k += strands * size)
                each<strands>([&]<int s>() __attribute__((always_inline)) { term.template operator()<s>(whole, k + s * size); });
            for (; strands > 1 && k + size <= end; k += size) term.template operator()<0>(whole, k);
            if (k < end) {
                const Part<P> part(end - k);
                term.template operator()<strands - 1>(
                    [&](const T* x) __attribute__((always_inline)) { return part.load(x); }, k);
            }
            each<rows>([&]<int r>() __attribute__((always_inline)) {
                each<columns>([&]<int q>() __attribute__((always_inline)) {
                    each<strands - 1>([&]<int s>() __attribute__((always_inline)) { sums[0][r][q] += sums[s + 1][r][q]; });
                    totals[r][q] += sum(sums[0][r][q]);
                });
            });
        }
        each<rows>([&]<int r>() __attribute__((always_inline)) {
            each<columns>([&]<int q>() __attribute__((always_inline)) {
                T& y = c.data[(i + r) * c.down + (j + q) * c.across];
                y = add ? y + totals[r][q] : totals[r][q];
            });
        });
    }
    template <int rows, int columns>
    static void dots_of_rows(const Matrix<const T>& a, const Matrix<const T>& b, const Matrix<T>& c, Index i, Index j, bool add) {
        for (; j + columns <= c.columns; j += columns) dots<rows, columns>(a, b, c, i, j, add);
        if constexpr (columns > 1)
            if (j < c.columns) dots_of_rows<rows, columns / 2>(a, b, c, i, j, add);
    }
    static void by_dots(const Matrix<const T>& a, const Matrix<const T>& b, const Matrix<T>& c, bool add) {
        Index i = 0;
        for (; i + 2 <= c.rows; i += 2) dots_of_rows<2, 4>(a, b, c, i, 0, add);
        if (i < c.rows) dots_of_rows<1, 8>(a, b, c, i, 0, add);
    }

    static void fill(ProductKernels<T>& table) { table = {&by_rows, &by_dots}; }
};

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff
