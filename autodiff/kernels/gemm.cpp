// SPDX-License-Identifier: MIT
// A product is first a question of layout: which operands BLAS can read where they lie, and which have to be copied.
#include "autodiff/kernels/gemm.hpp"

#include "autodiff/kernels/elementwise.hpp"
#include "autodiff/kernels/storage.hpp"
#include "autodiff/kernels/threads.hpp"

#include <cblas.h>
#include <fmt/format.h>
#include <limits>
#include <optional>

namespace autodiff {
inline namespace v1 {
namespace kernels {

namespace {

// Measured: below this many multiply-adds a plain loop beats the start of a BLAS call.
constexpr Index tiny = 32;
// Multiply-adds that a thread takes at once when a batch is cut.
constexpr Index work_a_block = 1 << 18;

/// A matrix somewhere in memory: rows x columns, element (i, j) at data[i * down + j * across].
template <class T>
struct Matrix {
    T* data;
    Index rows, columns, down, across;

    [[nodiscard]] Matrix transposed() const { return {data, columns, rows, across, down}; }
    [[nodiscard]] T& operator()(Index i, Index j) const { return data[i * down + j * across]; }
    /// whether it lies row by row: neighbours in a row adjacent, rows not overlapping; strides of extents of 1 do not matter
    [[nodiscard]] bool by_rows() const { return (across == 1 || columns == 1) && (rows == 1 || down >= columns); }
    /// distance between rows as BLAS wants it; only for a matrix by rows
    [[nodiscard]] Index leading() const { return rows == 1 ? std::max<Index>(columns, 1) : down; }
};

template <class T>
Matrix<T> matrix(const View<T>& view) {
    const std::size_t r = view.strides.size() - 2;
    return {view.data, view.shape.extents()[r], view.shape.extents()[r + 1], view.strides[r], view.strides[r + 1]};
}

/// A matrix that BLAS can read: the given one if it lies by rows or by columns, else a copy.
template <class T>
struct Readable {
    Storage storage;
    Matrix<const T> matrix;
    bool transposed = false;  ///< lies by columns

    explicit Readable(const Matrix<const T>& given) : matrix(given) {
        if (given.by_rows()) return;
        transposed = given.transposed().by_rows();
        if (transposed) return;
        storage = Storage(given.rows * given.columns, sizeof(T));
        T* const data = reinterpret_cast<T*>(storage.bytes());
        const Shape shape{given.rows, given.columns};
        copy(View<T>{data, shape, row_major(shape)}, View<const T>{given.data, shape, {given.down, given.across}});
        matrix = {data, given.rows, given.columns, given.columns, 1};
    }
    [[nodiscard]] CBLAS_TRANSPOSE order() const { return transposed ? CblasTrans : CblasNoTrans; }
    [[nodiscard]] Index leading() const { return transposed ? matrix.transposed().leading() : matrix.leading(); }
};

int blas_int(Index value) {
    if (value > std::numeric_limits<int>::max())
        throw ShapeError("matmul", fmt::format("extents and strides up to {}", std::numeric_limits<int>::max()), fmt::format("{}", value));
    return static_cast<int>(value);
}

void gemm(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k, const float* a, int lda, const float* b, int ldb, float beta,
          float* c, int ldc) {
    cblas_sgemm(CblasRowMajor, ta, tb, m, n, k, 1.0f, a, lda, b, ldb, beta, c, ldc);
}
void gemm(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k, const double* a, int lda, const double* b, int ldb, double beta,
          double* c, int ldc) {
    cblas_dgemm(CblasRowMajor, ta, tb, m, n, k, 1.0, a, lda, b, ldb, beta, c, ldc);
}
void gemv(CBLAS_TRANSPOSE ta, int m, int n, const float* a, int lda, const float* x, int incx, float* y, int incy) {
    cblas_sgemv(CblasRowMajor, ta, m, n, 1.0f, a, lda, x, incx, 1.0f, y, incy);
}
void gemv(CBLAS_TRANSPOSE ta, int m, int n, const double* a, int lda, const double* x, int incx, double* y, int incy) {
    cblas_dgemv(CblasRowMajor, ta, m, n, 1.0, a, lda, x, incx, 1.0, y, incy);
}

template <class T>
void clear(const Matrix<T>& c) {
    for (Index i = 0; i < c.rows; ++i)
        for (Index j = 0; j < c.columns; ++j) c(i, j) = T(0);
}

template <class T>
void multiply_tiny(const Matrix<const T>& a, const Matrix<const T>& b, const Matrix<T>& c, bool accumulate) {
    for (Index i = 0; i < c.rows; ++i)
        for (Index j = 0; j < c.columns; ++j) {
            T sum = accumulate ? c(i, j) : T(0);
            for (Index k = 0; k < a.columns; ++k) sum += a(i, k) * b(k, j);
            c(i, j) = sum;
        }
}

// c (+)= a b of a column and a row; c lies by rows. Not ?ger, which skips zeros and with them 0 * NaN.
template <class T>
void multiply_outer(const Matrix<const T>& a, const Matrix<const T>& b, const Matrix<T>& c, bool accumulate) {
    const Shape shape{c.rows, c.columns};
    const View<T> y{c.data, shape, {c.down, c.across}};
    const View<const T> column{a.data, shape, {a.down, 0}}, row{b.data, shape, {0, b.across}};
    if (accumulate)
        map(
            y, [](T sum, T p, T q) { return sum + p * q; }, View<const T>(y), column, row);
    else
        map(
            y, [](T p, T q) { return p * q; }, column, row);
}

// y (+)= a x for one column x.
template <class T>
void multiply_vector(const Matrix<const T>& a, const Matrix<const T>& x, const Matrix<T>& y, bool accumulate) {
    const Readable<T> matrix(a), vector(x);
    if (!accumulate) clear(y);  // and then add: whether beta = 0 hides a NaN in y is up to the BLAS
    const Index rows = matrix.transposed ? a.columns : a.rows, columns = matrix.transposed ? a.rows : a.columns;  // as stored
    gemv(matrix.order(), blas_int(rows), blas_int(columns), matrix.matrix.data, blas_int(matrix.leading()), vector.matrix.data,
         blas_int(vector.matrix.leading()), y.data, blas_int(y.leading()));
}

template <class T>
void multiply(const Matrix<const T>& a, const Matrix<const T>& b, const Matrix<T>& c, bool accumulate) {
    const Index m = c.rows, n = c.columns, k = a.columns;
    if (m == 0 || n == 0) return;
    if (k == 0) return accumulate ? void() : clear(c);
    if (m * n <= tiny && k <= tiny && m * n * k <= tiny) return multiply_tiny(a, b, c, accumulate);
    if (!c.by_rows()) {
        if (c.transposed().by_rows()) return multiply(b.transposed(), a.transposed(), c.transposed(), accumulate);
        const Shape shape{m, n};
        const Storage storage(m * n, sizeof(T));
        const View<T> dense{reinterpret_cast<T*>(storage.bytes()), shape, row_major(shape)}, target{c.data, shape, {c.down, c.across}};
        multiply(a, b, matrix(dense), false);
        return accumulate ? kernels::accumulate<T>(target, dense) : copy<T>(target, dense);
    }
    if (k == 1) return multiply_outer(a, b, c, accumulate);
    if (n == 1) return multiply_vector(a, b, c, accumulate);
    if (m == 1) return multiply_vector(b.transposed(), a.transposed(), c.transposed(), accumulate);
    const Readable<T> left(a), right(b);
    gemm(left.order(), right.order(), blas_int(m), blas_int(n), blas_int(k), left.matrix.data, blas_int(left.leading()), right.matrix.data,
         blas_int(right.leading()), accumulate ? T(1) : T(0), c.data, blas_int(c.leading()));
}

template <class T>
void check(const View<const T>& a, const View<const T>& b, const View<T>& c) {
    const Index rank = c.shape.rank();
    bool fits = rank >= 2 && a.shape.rank() == rank && b.shape.rank() == rank && a.shape[-1] == b.shape[-2] && c.shape[-2] == a.shape[-2] &&
                c.shape[-1] == b.shape[-1];
    for (Index axis = 0; fits && axis + 2 < rank; ++axis) fits = a.shape[axis] == c.shape[axis] && b.shape[axis] == c.shape[axis];
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

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff
