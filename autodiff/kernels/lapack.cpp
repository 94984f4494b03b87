// SPDX-License-Identifier: MIT
// The only file that knows LAPACK: its Fortran symbols, each in float and in double, and the row-major functions made of them.
#include "autodiff/kernels/lapack.hpp"

#include <cblas.h>
#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <vector>

// Every argument by reference; the lengths of character arguments follow at the end by value, as gfortran passes them.
// NOLINTBEGIN(bugprone-macro-parentheses): T is a type
extern "C" {
#define WENGERT_DECLARE(T, letter)                                                                                                         \
    void letter##getrf_(const int* m, const int* n, T* a, const int* lda, int* pivots, int* info);                                         \
    void letter##potrf_(const char* uplo, const int* n, T* a, const int* lda, int* info, std::size_t);                                     \
    void letter##gelqf_(const int* m, const int* n, T* a, const int* lda, T* tau, T* work, const int* lwork, int* info);                   \
    void letter##orglq_(const int* m, const int* n, const int* k, T* a, const int* lda, const T* tau, T* work, const int* lwork,           \
                        int* info);                                                                                                        \
    void letter##syevd_(const char* jobz, const char* uplo, const int* n, T* a, const int* lda, T* w, T* work, const int* lwork,           \
                        int* iwork, const int* liwork, int* info, std::size_t, std::size_t);                                               \
    void letter##gesdd_(const char* jobz, const int* m, const int* n, T* a, const int* lda, T* s, T* u, const int* ldu, T* vt,             \
                        const int* ldvt, T* work, const int* lwork, int* iwork, int* info, std::size_t);
WENGERT_DECLARE(float, s)
WENGERT_DECLARE(double, d)
#undef WENGERT_DECLARE
}
// NOLINTEND(bugprone-macro-parentheses)

namespace autodiff {
inline namespace v1 {
namespace kernels {

namespace {

/// The same names for both types.
template <class T>
struct Lapack;
#define WENGERT_NAME(T, letter)                                                                                                            \
    template <>                                                                                                                            \
    struct Lapack<T> {                                                                                                                     \
        static constexpr auto getrf = letter##getrf_;                                                                                      \
        static constexpr auto potrf = letter##potrf_;                                                                                      \
        static constexpr auto gelqf = letter##gelqf_;                                                                                      \
        static constexpr auto orglq = letter##orglq_;                                                                                      \
        static constexpr auto syevd = letter##syevd_;                                                                                      \
        static constexpr auto gesdd = letter##gesdd_;                                                                                      \
        static constexpr auto trsm = cblas_##letter##trsm;                                                                                 \
        static constexpr auto gemm = cblas_##letter##gemm;                                                                                 \
    };
WENGERT_NAME(float, s)
WENGERT_NAME(double, d)
#undef WENGERT_NAME

int lapack_int(Index value) {
    if (value > std::numeric_limits<int>::max())
        throw ShapeError("lapack", fmt::format("extents and workspaces up to {}", std::numeric_limits<int>::max()),
                         fmt::format("{}", value));
    return static_cast<int>(value);
}

/// The length of the workspace that call(work, length) asks for.
template <class T, class Call>
std::vector<T> workspace(const Call& call) {
    T length = 0;
    call(&length, -1);
    // A float may have rounded it down.
    const T ulp = std::numeric_limits<T>::epsilon();
    return std::vector<T>(static_cast<std::size_t>(lapack_int(static_cast<Index>(length * (1 + ulp)) + 1)));
}

template <class T>
void transpose_square(Index n, T* a) {
    for (Index i = 0; i < n; ++i)
        for (Index j = 0; j < i; ++j) std::swap(a[i * n + j], a[j * n + i]);
}

}  // namespace

template <class T>
Index lu(Index n, T* a, int* pivots) {
    if (n == 0) return -1;
    const int order = lapack_int(n);
    int info = 0;
    Lapack<T>::getrf(&order, &order, a, &order, pivots, &info);
    for (Index k = 0; k < n; ++k) --pivots[k];  // Fortran counts from 1
    return info - 1;
}

template <class T>
void lu_solve(Index n, Index k, const T* factors, const int* pivots, bool transposed, T* b) {
    const auto exchange = [&](Index row) {
        if (pivots[row] != row) std::swap_ranges(b + row * k, b + row * k + k, b + pivots[row] * k);
    };
    if (transposed) {  // P^T Up^T Lo^T x = b
        for (Index row = 0; row < n; ++row) exchange(row);
        triangular_solve(n, k, factors, false, true, true, b);
        triangular_solve(n, k, factors, true, true, false, b);
    } else {
        triangular_solve(n, k, factors, true, false, false, b);
        triangular_solve(n, k, factors, false, false, true, b);
        for (Index row = n; row-- > 0;) exchange(row);
    }
}

template <class T>
void triangular_solve(Index n, Index k, const T* a, bool lower, bool transposed, bool unit_diagonal, T* b) {
    if (n == 0 || k == 0) return;
    const int rows = lapack_int(n), columns = lapack_int(k);
    Lapack<T>::trsm(CblasRowMajor, CblasLeft, lower ? CblasLower : CblasUpper, transposed ? CblasTrans : CblasNoTrans,
                    unit_diagonal ? CblasUnit : CblasNonUnit, rows, columns, T(1), a, rows, b, columns);
}

template <class T>
Index cholesky(Index n, T* a) {
    if (n == 0) return 0;
    const int order = lapack_int(n);
    int info = 0;
    Lapack<T>::potrf("U", &order, a, &order, &info, 1);  // the upper factor by columns is the lower one by rows
    for (Index i = 0; i < n; ++i) std::fill(a + i * n + i + 1, a + i * n + n, T(0));
    return info;
}

template <class T>
void cholesky_adjoint(Index n, const T* l, T* lbar) {
    constexpr Index block = 48;
    const int stride = lapack_int(n);
    std::vector<T> within(static_cast<std::size_t>(block * block));  // twice the adjoint of a block on the diagonal
    T* const w = within.data();
    // c -= op(a) b, for parts of the two matrices
    const auto subtract = [](CBLAS_TRANSPOSE op, Index rows, Index columns, Index inner, const T* a, int lda, const T* b, T* c, int ldc) {
        if (rows > 0 && columns > 0 && inner > 0)
            Lapack<T>::gemm(CblasRowMajor, op, CblasNoTrans, static_cast<int>(rows), static_cast<int>(columns), static_cast<int>(inner),
                            T(-1), a, lda, b, ldc, T(1), c, ldc);
    };
    for (Index end = n, begin; end > 0; end = begin) {
        begin = (end - 1) / block * block;
        const Index size = end - begin, below = n - end;
        const int rows = static_cast<int>(size);
        const T *const left = l + begin * n, *const diagonal = left + begin, *const under = l + end * n;
        T *const leftbar = lbar + begin * n, *const diagonalbar = leftbar + begin, *const underbar = lbar + end * n;
        if (below > 0)
            Lapack<T>::trsm(CblasRowMajor, CblasRight, CblasLower, CblasNoTrans, CblasNonUnit, static_cast<int>(below), rows, T(1),
                            diagonal, stride, underbar + begin, stride);
        subtract(CblasNoTrans, below, begin, size, underbar + begin, stride, left, underbar, stride);
        subtract(CblasTrans, size, size, below, underbar + begin, stride, under + begin, diagonalbar, stride);
        // w = D^-T phi(D^T Dbar) D^-1 for the block D on the diagonal
        for (Index i = 0; i < size; ++i)
            for (Index j = 0; j < size; ++j) {
                T sum = 0;
                for (Index k = i; j <= i && k < size; ++k) sum += diagonal[k * n + i] * diagonalbar[k * n + j];
                w[i * size + j] = i == j ? sum / 2 : sum;
            }
        Lapack<T>::trsm(CblasRowMajor, CblasLeft, CblasLower, CblasTrans, CblasNonUnit, rows, rows, T(1), diagonal, stride, w, rows);
        Lapack<T>::trsm(CblasRowMajor, CblasRight, CblasLower, CblasNoTrans, CblasNonUnit, rows, rows, T(1), diagonal, stride, w, rows);
        for (Index i = 0; i < size; ++i)
            for (Index j = 0; j <= i; ++j) w[i * size + j] = w[j * size + i] = w[i * size + j] + w[j * size + i];
        subtract(CblasTrans, size, begin, below, underbar + begin, stride, under, leftbar, stride);
        subtract(CblasNoTrans, size, begin, size, w, rows, left, leftbar, stride);
        for (Index i = 0; i < size; ++i) std::copy_n(w + i * size, i + 1, diagonalbar + i * n);
    }
    // Every element stands for two: what has been summed up is twice their adjoint.
    for (Index i = 0; i < n; ++i)
        for (Index j = 0; j <= i; ++j) lbar[i * n + j] = lbar[j * n + i] = lbar[i * n + j] / 2;
}

template <class T>
void qr(Index m, Index n, T* a, T* r) {
    if (n == 0) return;
    const int rows = lapack_int(n), columns = lapack_int(m);  // of a^T = L Q
    int info = 0;
    std::vector<T> tau(static_cast<std::size_t>(n));
    const auto factor = [&](T* work, int length) { Lapack<T>::gelqf(&rows, &columns, a, &rows, tau.data(), work, &length, &info); };
    const auto form = [&](T* work, int length) { Lapack<T>::orglq(&rows, &columns, &rows, a, &rows, tau.data(), work, &length, &info); };
    std::vector<T> work = workspace<T>(factor);
    factor(work.data(), static_cast<int>(work.size()));
    for (Index i = 0; i < n; ++i) {
        std::fill(r + i * n, r + i * n + i, T(0));
        std::copy(a + i * n + i, a + i * n + n, r + i * n + i);
    }
    work = workspace<T>(form);
    form(work.data(), static_cast<int>(work.size()));
    for (Index k = 0; k < n; ++k) {
        if (r[k * n + k] >= 0) continue;
        for (Index j = k; j < n; ++j) r[k * n + j] = -r[k * n + j];
        for (Index i = 0; i < m; ++i) a[i * n + k] = -a[i * n + k];
    }
}

template <class T>
bool eigh(Index n, T* a, T* values) {
    if (n == 0) return true;
    const int order = lapack_int(n), length = lapack_int(1 + 6 * n + 2 * n * n), integers = lapack_int(3 + 5 * n);
    std::vector<T> work(static_cast<std::size_t>(length));
    std::vector<int> integer_work(static_cast<std::size_t>(integers));
    int info = 0;
    Lapack<T>::syevd("V", "L", &order, a, &order, values, work.data(), &length, integer_work.data(), &integers, &info, 1, 1);
    for (Index k = 0; k < n; ++k) {  // eigenvector k is row k still
        T* const v = a + k * n;
        const T* const largest = std::max_element(v, v + n, [](T x, T y) { return std::abs(x) < std::abs(y); });
        if (*largest < 0) std::transform(v, v + n, v, [](T x) { return -x; });
    }
    transpose_square(n, a);
    return info == 0;
}

template <class T>
bool svd(Index n, T* a, T* left, T* s, T* right) {
    if (n == 0) return true;
    const int order = lapack_int(n);
    std::vector<int> integer_work(static_cast<std::size_t>(8 * n));
    int info = 0;
    // a^T = U S V^T by columns is a = V S U^T, and each factor is read by rows what LAPACK wrote by columns.
    const auto call = [&](T* work, int length) {
        Lapack<T>::gesdd("A", &order, &order, a, &order, s, right, &order, left, &order, work, &length, integer_work.data(), &info, 1);
    };
    std::vector<T> work = workspace<T>(call);
    call(work.data(), static_cast<int>(work.size()));
    return info == 0;
}

// NOLINTBEGIN(bugprone-macro-parentheses)
#define WENGERT_INSTANTIATE(T)                                                                                                             \
    template Index lu(Index, T*, int*);                                                                                                    \
    template void lu_solve(Index, Index, const T*, const int*, bool, T*);                                                                  \
    template void triangular_solve(Index, Index, const T*, bool, bool, bool, T*);                                                          \
    template Index cholesky(Index, T*);                                                                                                    \
    template void cholesky_adjoint(Index, const T*, T*);                                                                                   \
    template void qr(Index, Index, T*, T*);                                                                                                \
    template bool eigh(Index, T*, T*);                                                                                                     \
    template bool svd(Index, T*, T*, T*, T*);
WENGERT_INSTANTIATE(float)
WENGERT_INSTANTIATE(double)
#undef WENGERT_INSTANTIATE
// NOLINTEND(bugprone-macro-parentheses)

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff
