// SPDX-License-Identifier: MIT
// A product is first a question of layout and of size: which operands a kernel can read where they lie and which have to be copied, whether
// lanes or a library are quicker, and into which blocks it is cut for the threads.
#include "autodiff/kernels/gemm.hpp"

#include "autodiff/kernels/blas.hpp"
#include "autodiff/kernels/elementwise.hpp"
#include "autodiff/kernels/products.hpp"
#include "autodiff/kernels/storage.hpp"
#include "autodiff/kernels/threads.hpp"

#include <fmt/format.h>
#include <optional>

namespace autodiff {
inline namespace v1 {
namespace kernels {

namespace {

// Measured against OpenBLAS and oneDNN: where lanes are quicker. Extents of which all are small, a few rows, a few terms.
constexpr Index small = 32;
constexpr Index tiny = 1 << 12;  // multiply-adds
constexpr Index few_rows = 8;
constexpr Index few_columns = 16;
constexpr Index few_terms = 4;

/// Whether rows of a and columns of b are multiplied by dot products: if that is cheaper, with a sum over the lanes at the end of each, than
/// to copy b by rows.
bool by_dots(Index rows, Index terms) { return terms >= (rows == 1 ? 4 : 32); }

/// Whether a single row times b is better left to a library: rows of b lie a multiple of 2 KiB apart and push each other out of the first
/// cache, or b does not fit into the second one.
template <class T>
bool outgrows_lanes(const Matrix<const T>& b) {
    constexpr Index bytes = sizeof(T);
    return b.columns >= 64 && b.by_rows() && (b.down * bytes % 2048 == 0 || b.rows * b.columns * bytes > (1 << 20));
}

// Multiply-adds that a thread takes at once: in lanes and when a batch is cut, and of a library.
constexpr Index work_a_block = 1 << 18;
constexpr Index library_work_a_block = 1 << 20;

template <class T>
View<T> view(const Matrix<T>& x) {
    return {x.data, {x.rows, x.columns}, {x.down, x.across}};
}

/// Memory for a copy of a matrix by rows: a small one on the stack.
template <class T>
class Scratch {
  public:
    Matrix<T> take(Index rows, Index columns) {
        if (rows * columns > room) storage_ = Storage(rows * columns, sizeof(T));
        return {storage_.bytes() == nullptr ? inside_ : reinterpret_cast<T*>(storage_.bytes()), rows, columns, columns, 1};
    }
    Matrix<T> copy_of(const Matrix<const T>& x) {
        const Matrix<T> mine = take(x.rows, x.columns);
        if (storage_.bytes() != nullptr)
            copy(view(mine), view(x));
        else
            for (Index i = 0; i < x.rows; ++i)
                for (Index j = 0; j < x.columns; ++j) mine(i, j) = x(i, j);
        return mine;
    }

  private:
    static constexpr Index room = small * small;
    alignas(64) T inside_[room];
    Storage storage_;
};

template <class T>
void clear(const Matrix<T>& c) {
    for (Index i = 0; i < c.rows; ++i)
        for (Index j = 0; j < c.columns; ++j) c(i, j) = T(0);
}

/// body(part of b, part of c) for blocks of columns.
template <class T, class Body>
void for_columns(const Matrix<const T>& b, const Matrix<T>& c, Index work_a_column, const Body& body) {
    const Index block = std::max<Index>(64, work_a_block / work_a_column / 64 * 64);
    parallel_for(c.columns, block, [&](Index begin, Index end) { body(b.columns_from(begin, end), c.columns_from(begin, end)); });
}

/// Few rows: b is read once.
template <class T>
void multiply_few_rows(const Matrix<const T>& a, const Matrix<const T>& b, const Matrix<T>& c, bool accumulate) {
    const ProductKernels<T>& lanes = product_kernels<T>();
    const Index work = c.rows * a.columns;
    Scratch<T> copied;
    if (!b.adjacent() && b.transposed().adjacent() && by_dots(c.rows, a.columns)) {
        const Matrix<const T> left = a.adjacent() ? a : copied.copy_of(a);
        return for_columns(b, c, work, [&](const auto& right, const auto& y) { lanes.by_dots(left, right, y, accumulate); });
    }
    const Matrix<const T> right = b.adjacent() ? b : copied.copy_of(b);
    for_columns(right, c, work, [&](const auto& part, const auto& y) { lanes.by_rows(a, part, y, accumulate); });
}

/// Few columns, few terms, or all of it small: b stays in the first cache.
template <class T>
void multiply_few_terms(const Matrix<const T>& a, const Matrix<const T>& b, const Matrix<T>& c, bool accumulate) {
    Scratch<T> copied;
    const Matrix<const T> right = b.adjacent() ? b : copied.copy_of(b);
    const Index block = std::max<Index>(4, work_a_block / (c.columns * a.columns) / 4 * 4);
    parallel_for(c.rows, block, [&](Index begin, Index end) {
        product_kernels<T>().by_rows(a.rows_from(begin, end), right, c.rows_from(begin, end), accumulate);
    });
}

/// How a large product is cut: into blocks of so many rows and columns of c.
struct Blocks {
    Index rows, columns;

    /// A library copies what it reads, for r x c elements r + c times the terms: a cut costs as much as 1/r + 1/c grows. Where that is by
    /// 0.004 a single thread loses 2 % (measured), which is the limit here.
    Blocks(Index m, Index n, Index terms) : rows(m), columns(n) {
        const double limit = share(m, n) + 0.004;
        for (;;) {
            Blocks half = *this;
            Index& larger = rows >= columns ? half.rows : half.columns;
            larger = (larger / 2 + 15) / 16 * 16;
            if (half.rows * half.columns * terms < library_work_a_block || share(half.rows, half.columns) > limit) return;
            *this = half;
        }
    }

  private:
    static double share(Index r, Index c) { return 1.0 / static_cast<double>(r) + 1.0 / static_cast<double>(c); }
};

/// By a library.
template <class T>
void multiply_large(const Matrix<const T>& a, const Matrix<const T>& b, const Matrix<T>& c, bool accumulate) {
    Scratch<T> left_copy, right_copy;
    const auto readable = [](const Matrix<const T>& x, Scratch<T>& copied) {
        return x.by_rows() || x.transposed().by_rows() ? x : Matrix<const T>(copied.copy_of(x));
    };
    const Matrix<const T> left = readable(a, left_copy), right = readable(b, right_copy);
    const SerialBlas serial;
    const Blocks block(c.rows, c.columns, a.columns);
    const Index across = (c.columns + block.columns - 1) / block.columns, down = (c.rows + block.rows - 1) / block.rows;
    parallel_for(across * down, 1, [&](Index begin, Index end) {
        for (Index at = begin; at < end; ++at) {
            const Index i = at / across * block.rows, j = at % across * block.columns;
            const Index i_end = std::min(c.rows, i + block.rows), j_end = std::min(c.columns, j + block.columns);
            library_product(left.rows_from(i, i_end), right.columns_from(j, j_end), c.rows_from(i, i_end).columns_from(j, j_end),
                            accumulate);
        }
    });
}

template <class T>
void multiply(const Matrix<const T>& a, const Matrix<const T>& b, const Matrix<T>& c, bool accumulate) {
    const Index m = c.rows, n = c.columns, k = a.columns;
    if (m > 0 && n > 0 && k > 0 && m * n <= tiny && k <= tiny && m * n * k <= tiny && b.adjacent() &&
        c.adjacent())  // the rest would take as long as the product
        return product_kernels<T>().by_rows(a, b, c, accumulate);
    if (m == 0 || n == 0) return;
    if (k == 0) return accumulate ? void() : clear(c);
    // A single column is a single row of the transposed product. All that follows wants rows of adjacent elements in c.
    if (m > 1 && (n == 1 || (!c.by_rows() && c.transposed().by_rows())))
        return multiply(b.transposed(), a.transposed(), c.transposed(), accumulate);
    if (!c.by_rows()) {
        Scratch<T> memory;
        const Matrix<T> dense = memory.take(m, n);
        multiply(a, b, dense, false);
        return accumulate ? kernels::accumulate<T>(view(c), view(dense)) : copy<T>(view(c), view(dense));
    }
    if (m <= few_rows && !(m == 1 && outgrows_lanes(b))) return multiply_few_rows(a, b, c, accumulate);
    if (n <= few_columns || k <= few_terms || std::max({m, n, k}) <= small) return multiply_few_terms(a, b, c, accumulate);
    multiply_large(a, b, c, accumulate);
}

template <class T>
void check(const View<const T>& a, const View<const T>& b, const View<T>& c) {
    const std::span<const Index> p = a.shape.extents(), q = b.shape.extents(), r = c.shape.extents();
    const std::size_t rank = r.size();
    bool fits = rank >= 2 && p.size() == rank && q.size() == rank && p[rank - 1] == q[rank - 2] && r[rank - 2] == p[rank - 2] &&
                r[rank - 1] == q[rank - 1];
    for (std::size_t axis = 0; fits && axis + 2 < rank; ++axis) fits = p[axis] == r[axis] && q[axis] == r[axis];
    if (!fits)
        throw ShapeError("matmul", "[..., m, k], [..., k, n] and a result [..., m, n]",
                         fmt::format("{}, {} and {}", to_string(a.shape), to_string(b.shape), to_string(c.shape)));
}

/// The leading axes of `a` and `c` joined to their rows, if both run through them in one stride and `b` repeats.
template <class T>
std::optional<std::pair<Matrix<const T>, Matrix<T>>> joined(const View<const T>& a, const View<const T>& b, const View<T>& c) {
    const std::size_t last = c.strides.size() - 1;
    for (std::size_t axis = 0; axis + 1 < last; ++axis)
        if (b.strides[axis] != 0 && c.shape.extents()[axis] != 1) return std::nullopt;
    const Nest<2> rows = make_nest<2>(c.shape.extents().first(last), {a.strides.data(), c.strides.data()});
    if (rows.rank() > 1) return std::nullopt;
    Matrix<const T> left = matrix(a);
    Matrix<T> result = matrix(c);
    left.rows = result.rows = rows.inner();
    left.down = rows.inner_stride(0), result.down = rows.inner_stride(1);
    return std::pair(left, result);
}

}  // namespace

template <class T>
void matmul(const View<const T>& a, const View<const T>& b, const View<T>& c, bool accumulate) {
    check(a, b, c);
    if (c.shape.rank() != 2) throw ShapeError("matmul", "matrices", fmt::format("{} and {}", to_string(a.shape), to_string(b.shape)));
    multiply(matrix(a), matrix(b), matrix(c), accumulate);
}

template <class T>
void batched_matmul(const View<const T>& a, const View<const T>& b, const View<T>& c, bool accumulate) {
    check(a, b, c);
    if (c.shape.size() == 0) return;
    if (const auto one = joined(a, b, c)) return multiply(one->first, matrix(b), one->second, accumulate);
    const std::size_t lead = c.strides.size() - 2;
    Nest<3> batch = make_nest<3>(c.shape.extents().first(lead), {a.strides.data(), b.strides.data(), c.strides.data()});
    batch.extents.push_back(1);  // so that every batch is a row
    for (auto& strides : batch.strides) strides.push_back(0);
    const Matrix<const T> left = matrix(a), right = matrix(b);
    const Matrix<T> result = matrix(c);
    const Index work = std::max<Index>(1, result.rows * result.columns * left.columns);
    const SerialBlas serial;
    parallel_for(batch.rows(), std::max<Index>(1, work_a_block / work), [&](Index begin, Index end) {
        for_rows(batch, begin, end, [&](const std::array<Index, 3>& offsets) {
            Matrix<const T> x = left, w = right;
            Matrix<T> y = result;
            x.data += offsets[0], w.data += offsets[1], y.data += offsets[2];
            multiply(x, w, y, accumulate);
        });
    });
}

#define WENGERT_INSTANTIATE(T)                                                                                                             \
    template void matmul(const View<const T>&, const View<const T>&, const View<T>&, bool);                                                \
    template void batched_matmul(const View<const T>&, const View<const T>&, const View<T>&, bool);
WENGERT_INSTANTIATE(float)
WENGERT_INSTANTIATE(double)
#undef WENGERT_INSTANTIATE

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff
