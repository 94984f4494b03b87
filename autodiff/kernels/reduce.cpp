// SPDX-License-Identifier: MIT
// One engine for every fold: the reduced axes are a sequence of positions, and the order of the loops follows the strides of x.
// If the smallest stride is on a reduced axis the sequence is folded number by number (lines), else row by row (tiles).
// Both fold blocks first and join the blocks pairwise (pairwise.hpp).
#include "autodiff/kernels/reduce.hpp"

#include "autodiff/kernels/nest.hpp"
#include "autodiff/kernels/pairwise.hpp"
#include "autodiff/kernels/rows.hpp"
#include "autodiff/kernels/threads.hpp"

#include <cmath>
#include <limits>
#include <vector>

namespace autodiff {
inline namespace v1 {
namespace kernels {

namespace {

constexpr Index line_block = 256;          // elements of a line folded into one term of the pairwise tree
constexpr Index long_line_block = 2048;    // the same where a kernel does it
constexpr Index short_block = 32;          // elements of lines shorter than this that are folded into one term
constexpr Index tile_block = 16;           // rows of a tile folded into one term
constexpr Index tile_width = 512;          // results that a tile works on at once
constexpr Index narrow = 8;                // rows shorter than this are better folded line by line
constexpr Index elements_a_block = 65536;  // elements that a thread takes at once

// A fold: its identity, how an element becomes a term (`at` is the position of the result in y), how terms join. Where there are kernels
// for them, `line` folds numbers that lie side by side, `into` folds such a row into another one.
template <class T>
struct Sum {
    static constexpr T identity = T(0);
    T term(T x, Index) const { return x; }
    static T join(T a, T b) { return a + b; }
};
template <class T>
requires std::is_floating_point_v<T>
struct Sum<T> {
    static constexpr T identity = T(0);
    T (*line)(const T*, Index) = row_kernels<T>().sum;
    void (*into)(const T*, T*, Index) = row_kernels<T>().add;
    T term(T x, Index) const { return x; }
    static T join(T a, T b) { return a + b; }
};
struct Count {
    static constexpr Index identity = 0;
    Index term(bool x, Index) const { return x ? 1 : 0; }
    static Index join(Index a, Index b) { return a + b; }
};
template <class T>
struct Product {
    static constexpr T identity = T(1);
    T term(T x, Index) const { return x; }
    static T join(T a, T b) { return a * b; }
};
template <class T>
struct Largest {
    static constexpr T identity = -std::numeric_limits<T>::infinity();
    T (*line)(const T*, Index) = row_kernels<T>().largest;
    void (*into)(const T*, T*, Index) = row_kernels<T>().larger;
    T term(T x, Index) const { return x; }
    static T join(T a, T b) { return ((b > a) | (b != b)) ? b : a; }  // a NaN in a stays: b > NaN is false
};
template <class T>
struct Smallest {
    static constexpr T identity = std::numeric_limits<T>::infinity();
    T (*line)(const T*, Index) = row_kernels<T>().smallest;
    void (*into)(const T*, T*, Index) = row_kernels<T>().smaller;
    T term(T x, Index) const { return x; }
    static T join(T a, T b) { return ((b < a) | (b != b)) ? b : a; }
};
/// n elements of a line: several sums side by side, so that the loop is bound by loads and not by the latency of an addition.
template <class A, class X, class Fold>
A fold_block(const X* x, Index n, Index stride, Index at, const Fold& fold) {
    if constexpr (requires { fold.line; })
        if (stride == 1) return fold.line(x, n);
    constexpr Index lanes = 128 / static_cast<Index>(sizeof(A));
    A part[lanes];
    std::fill(part, part + lanes, Fold::identity);
    Index i = 0;
    if (stride == 1)
        for (; i + lanes <= n; i += lanes)
            for (Index l = 0; l < lanes; ++l) part[l] = Fold::join(part[l], fold.term(x[i + l], at));
    else
        for (; i + 16 <= n; i += 16)
            for (Index l = 0; l < 16; ++l) part[l] = Fold::join(part[l], fold.term(x[(i + l) * stride], at));
    A rest = Fold::identity;
    for (; i < n; ++i) rest = Fold::join(rest, fold.term(x[i * stride], at));
    for (Index half = lanes / 2; half > 0; half /= 2)
        for (Index l = 0; l < half; ++l) part[l] = Fold::join(part[l], part[l + half]);
    return Fold::join(part[0], rest);
}

/// How long a line may be to be folded at once: a kernel for lines has blocks of its own.
template <class Fold>
Index block_of_line(Index stride) {
    if constexpr (requires(const Fold& fold) { fold.line; })
        if (stride == 1) return long_line_block;
    return line_block;
}

/// n elements of a line, however long.
template <class A, class X, class Fold>
A fold_line(const X* x, Index n, Index stride, Index at, const Fold& fold) {
    if (n <= block_of_line<Fold>(stride)) return fold_block<A>(x, n, stride, at, fold);
    Pairwise<A, Fold> tree;
    if (n < 2 * elements_a_block) {
        for (Index i = 0, block = block_of_line<Fold>(stride); i < n; i += block)
            tree.push(fold_block<A>(x + i * stride, std::min(block, n - i), stride, at, fold));
        return tree.result();
    }
    std::vector<A> parts(static_cast<std::size_t>((n + elements_a_block - 1) / elements_a_block));
    parallel_for(n, elements_a_block, [&](Index begin, Index end) {
        parts[static_cast<std::size_t>(begin / elements_a_block)] = fold_line<A>(x + begin * stride, end - begin, stride, at, fold);
    });
    for (const A& part : parts) tree.push(part);
    return tree.result();
}

/// Everything that belongs to one result.
template <class A, class X, class Fold>
A fold_lines(const X* x, const Nest<1>& reduced, Index at, const Fold& fold) {
    const Index n = reduced.inner(), stride = reduced.inner_stride(0);
    if (reduced.rank() < 2) return fold_line<A>(x, n, stride, at, fold);
    Pairwise<A, Fold> tree;
    A pending = Fold::identity;  // lines too short for a term of their own
    Index length = 0;
    for_rows(reduced, 0, reduced.rows(), [&](const std::array<Index, 1>& offset) {
        pending = Fold::join(pending, fold_line<A>(x + offset[0], n, stride, at, fold));
        length += n;
        if (length < short_block) return;
        tree.push(pending);
        pending = Fold::identity, length = 0;
    });
    return Fold::join(tree.result(), pending);
}

template <class A, class X, class Fold>
void fold_row(A* y, const X* x, Index width, Index stride, Index at, Index at_stride, const Fold& fold) {
    if constexpr (requires { fold.into; })
        if (stride == 1 && width >= 32) return fold.into(x, y, width);  // of fewer, a plain loop is as quick as the call
    if (stride == 1 && at_stride == 1)
        for (Index j = 0; j < width; ++j) y[j] = Fold::join(y[j], fold.term(x[j], at + j));
    else
        for (Index j = 0; j < width; ++j) y[j] = Fold::join(y[j], fold.term(x[j * stride], at + j * at_stride));
}

/// Everything that belongs to `width` results next to each other.
template <class A, class X, class Fold>
void fold_tile(A* y, Index at, Index at_stride, const X* x, Index width, Index stride, const Nest<1>& reduced, const Fold& fold) {
    PairwiseRows<A, Fold> tree(width);
    A* row = tree.fresh();
    Index rows = 0;
    for_rows(reduced, 0, reduced.rows(), [&](const std::array<Index, 1>& offset) {
        const Index step = reduced.inner_stride(0);
        for (Index i = 0; i < reduced.inner(); ++i) {
            if (rows == tile_block) tree.push(), row = tree.fresh(), rows = 0;
            fold_row(row, x + offset[0] + i * step, width, stride, at, at_stride, fold);
            ++rows;
        }
    });
    tree.push();
    const std::span<const A> result = tree.result();
    for (Index j = 0; j < width; ++j) y[at + j * at_stride] = result[static_cast<std::size_t>(j)];
}

/// The axes of x in two nests: those that stay, with the strides of x and y, and those that go; small strides of x innermost.
template <class X>
struct Split {
    Nest<2> kept;
    Nest<1> reduced;
    Index kept_size = 1, reduced_size = 1;

    Split(const View<const X>& x, const Extents& axes) {
        const Strides y = row_major(autodiff::reduced(x.shape, axes, true));
        std::size_t next = 0;
        for (std::size_t axis = 0; axis < x.strides.size(); ++axis) {
            const Index extent = x.shape.extents()[axis];
            if (next < axes.size() && axes[next] == static_cast<Index>(axis)) {
                reduced.push(extent, {x.strides[axis]});
                reduced_size *= extent;
                ++next;
            } else {
                kept.push(extent, {x.strides[axis], y[axis]});
                kept_size *= extent;
            }
        }
        kept = ordered_by_stride(kept);
        reduced = ordered_by_stride(reduced);
    }
    [[nodiscard]] bool by_tiles() const {
        return kept.inner() >= narrow && (reduced.rank() == 0 || std::abs(kept.inner_stride(0)) < std::abs(reduced.inner_stride(0)));
    }
    /// work(x offset, y offset, width, x stride, y stride) for all results in parts of at most `width` along the inner kept axis
    template <class Work>
    void for_parts(Index width, const Work& work) const {
        const Index parts = (kept.inner() + width - 1) / width, xs = kept.inner_stride(0), ys = kept.inner_stride(1);
        const Index block = std::max<Index>(1, elements_a_block / std::max<Index>(1, reduced_size * std::min(width, kept.inner())));
        parallel_for(kept.rows() * parts, block, [&](Index begin, Index end) {
            for (Index u = begin; u < end;) {  // u counts parts of rows
                const Index row = u / parts, last = std::min(end, (row + 1) * parts);
                for_rows(kept, row, row + 1, [&](const std::array<Index, 2>& offsets) {
                    for (; u < last; ++u) {
                        const Index j = (u - row * parts) * width;
                        work(offsets[0] + j * xs, offsets[1] + j * ys, std::min(width, kept.inner() - j), xs, ys);
                    }
                });
            }
        });
    }
};

template <class A, class X, class Fold>
void reduce(const View<const X>& x, const Extents& axes, A* y, const Fold& fold) {
    const Split<X> split(x, axes);
    if (split.kept_size == 0) return;
    if (split.reduced_size == 0) return void(std::fill(y, y + split.kept_size, Fold::identity));
    if (split.by_tiles())
        split.for_parts(tile_width, [&](Index from, Index at, Index width, Index xs, Index ys) {
            fold_tile(y, at, ys, x.data + from, width, xs, split.reduced, fold);
        });
    else
        split.for_parts(tile_width, [&](Index from, Index at, Index width, Index xs, Index ys) {
            for (Index j = 0; j < width; ++j) y[at + j * ys] = fold_lines<A>(x.data + from + j * xs, split.reduced, at + j * ys, fold);
        });
}

// Whether x takes the place of the largest so far: larger, or the first NaN.
template <class T>
bool beats(T x, T best) {
    return x > best || (x != x && best == best);
}

}  // namespace

template <class T>
void sum(const View<const T>& x, const Extents& axes, T* y) {
    reduce(x, axes, y, Sum<T>{});
}

void count(const View<const bool>& x, const Extents& axes, Index* y) { reduce(x, axes, y, Count{}); }

template <class T>
void prod(const View<const T>& x, const Extents& axes, T* y) {
    reduce(x, axes, y, Product<T>{});
}

template <class T>
void amax(const View<const T>& x, const Extents& axes, T* y) {
    reduce(x, axes, y, Largest<T>{});
}

template <class T>
void amin(const View<const T>& x, const Extents& axes, T* y) {
    reduce(x, axes, y, Smallest<T>{});
}

template <class T>
void argmax(const View<const T>& x, Index axis, Index* y) {
    const Split<T> split(x, {axis});
    const Index n = x.shape[axis], step = x.strides[static_cast<std::size_t>(axis)];
    if (split.kept_size == 0) return;
    const auto scan = [&](Index from, Index at, Index width, Index xs, Index ys) {
        for (Index j = 0; j < width; ++j) {
            const T* const line = x.data + from + j * xs;
            Index best = 0;
            for (Index i = 1; i < n; ++i)
                if (beats(line[i * step], line[best * step])) best = i;
            y[at + j * ys] = best;
        }
    };
    const auto scan_rows = [&](Index from, Index at, Index width, Index xs, Index ys) {
        std::array<T, tile_width> best;
        for (Index j = 0; j < width; ++j) best[static_cast<std::size_t>(j)] = x.data[from + j * xs], y[at + j * ys] = 0;
        for (Index i = 1; i < n; ++i)
            for (Index j = 0; j < width; ++j) {
                const T value = x.data[from + i * step + j * xs];
                if (beats(value, best[static_cast<std::size_t>(j)])) best[static_cast<std::size_t>(j)] = value, y[at + j * ys] = i;
            }
    };
    split.by_tiles() ? split.for_parts(tile_width, scan_rows) : split.for_parts(tile_width, scan);
}

template <class T>
void logsumexp(const View<const T>& x, const Extents& axes, T* y) {
    // Lines that lie side by side are folded where they are; others are copied first, so that they do.
    const Split<T> split(x, axes);
    if (split.kept_size == 0) return;
    if (split.reduced_size == 0) return void(std::fill(y, y + split.kept_size, -std::numeric_limits<T>::infinity()));
    const auto kernel = row_kernels<T>().logsumexp;
    const bool lines = split.reduced.rank() <= 1 && split.reduced.inner_stride(0) == 1;
    split.for_parts(tile_width, [&](Index from, Index at, Index width, Index xs, Index ys) {
        std::vector<T> line(lines ? 0 : static_cast<std::size_t>(split.reduced_size));
        for (Index j = 0; j < width; ++j) {
            const T* data = x.data + from + j * xs;
            if (!lines) {
                T* next = line.data();
                for_rows(split.reduced, 0, split.reduced.rows(), [&](const std::array<Index, 1>& offset) {
                    const Index step = split.reduced.inner_stride(0);
                    for (Index i = 0; i < split.reduced.inner(); ++i) *next++ = data[offset[0] + i * step];
                });
                data = line.data();
            }
            y[at + j * ys] = kernel(data, split.reduced_size);
        }
    });
}

#define WENGERT_INSTANTIATE(T)                                                                                                             \
    template void sum(const View<const T>&, const Extents&, T*);                                                                           \
    template void prod(const View<const T>&, const Extents&, T*);                                                                          \
    template void amax(const View<const T>&, const Extents&, T*);                                                                          \
    template void amin(const View<const T>&, const Extents&, T*);                                                                          \
    template void argmax(const View<const T>&, Index, Index*);                                                                             \
    template void logsumexp(const View<const T>&, const Extents&, T*);
WENGERT_INSTANTIATE(float)
WENGERT_INSTANTIATE(double)
#undef WENGERT_INSTANTIATE
template void sum(const View<const Index>&, const Extents&, Index*);

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff
