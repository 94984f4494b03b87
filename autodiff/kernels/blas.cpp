// SPDX-License-Identifier: MIT
#include "autodiff/kernels/blas.hpp"

#include "autodiff/kernels/instruction_set.hpp"

#include <cblas.h>
#include <cstdlib>
#include <fmt/format.h>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>
#if defined(WENGERT_ONEDNN)
#include <dlfcn.h>
#include <oneapi/dnnl/dnnl.h>
#endif

namespace autodiff {
inline namespace v1 {
namespace kernels {

namespace {

// Multiply-adds of a product that is worth some preparation.
constexpr Index large = 1 << 22;

int blas_int(Index value) {
    if (value > std::numeric_limits<int>::max())
        throw ShapeError("matmul", fmt::format("extents and strides up to {}", std::numeric_limits<int>::max()), fmt::format("{}", value));
    return static_cast<int>(value);
}

/// How a library reads a matrix: whether as transposed, and the distance between what it takes for rows.
struct Operand {
    bool transposed;
    int leading;

    template <class T>
    explicit Operand(const Matrix<const T>& x)
        : transposed(!x.by_rows()), leading(blas_int(transposed ? x.transposed().leading() : x.leading())) {}
    [[nodiscard]] CBLAS_TRANSPOSE order() const { return transposed ? CblasTrans : CblasNoTrans; }
    [[nodiscard]] char letter() const { return transposed ? 'T' : 'N'; }
};

template <class T>
struct Blas;
template <>
struct Blas<float> {
    static constexpr auto gemm = cblas_sgemm;
    static constexpr auto gemv = cblas_sgemv;
};
template <>
struct Blas<double> {
    static constexpr auto gemm = cblas_dgemm;
    static constexpr auto gemv = cblas_dgemv;
};

template <class T>
void by_blas(const Matrix<const T>& a, const Matrix<const T>& b, const Matrix<T>& c, bool accumulate) {
    const Operand left(a), right(b);
    const int m = blas_int(c.rows), n = blas_int(c.columns), k = blas_int(a.columns), leading = blas_int(c.leading());
    if (m > 1)
        return Blas<T>::gemm(CblasRowMajor, left.order(), right.order(), m, n, k, T(1), a.data, left.leading, b.data, right.leading,
                             accumulate ? T(1) : T(0), c.data, leading);
    // A vector; and added, because whether a factor of 0 hides a NaN in c is up to the BLAS.
    if (!accumulate) std::fill_n(c.data, n, T(0));
    Blas<T>::gemv(CblasRowMajor, right.transposed ? CblasNoTrans : CblasTrans, right.transposed ? n : k, right.transposed ? k : n, T(1),
                  b.data, right.leading, a.data, blas_int(std::max<Index>(1, a.across)), T(1), c.data, 1);
}

#if defined(WENGERT_ONEDNN)

/// While one lives OpenMP starts no further thread for the calling thread, whoever runs it; other threads keep their number.
/// The functions are those of the runtime that oneDNN has brought: no name of it is linked here.
class SerialOpenMP {
  public:
    SerialOpenMP() : before_(get()()) {
        if (before_ != 1) set()(1);
    }
    ~SerialOpenMP() {
        if (before_ != 1) set()(before_);
    }
    SerialOpenMP(const SerialOpenMP&) = delete;
    SerialOpenMP& operator=(const SerialOpenMP&) = delete;
    static bool available() { return get() != nullptr && set() != nullptr; }

  private:
    static auto get() -> int (*)() {
        static const auto function = reinterpret_cast<int (*)()>(dlsym(RTLD_DEFAULT, "omp_get_max_threads"));
        return function;
    }
    static auto set() -> void (*)(int) {
        static const auto function = reinterpret_cast<void (*)(int)>(dlsym(RTLD_DEFAULT, "omp_set_num_threads"));
        return function;
    }
    int before_;
};

/// Whether rows lie a multiple of 4 KiB apart, where oneDNN, which reads them in place, loses a quarter to OpenBLAS, which copies (measured).
bool rows_collide(const Operand& x) { return x.leading % 1024 == 0; }

bool onednn_available() { return dnnl_version()->cpu_runtime == DNNL_RUNTIME_OMP && SerialOpenMP::available(); }

void by_onednn(const Operand& left, const Operand& right, const Matrix<const float>& a, const Matrix<const float>& b,
               const Matrix<float>& c, bool accumulate) {
    const SerialOpenMP serial;
    const dnnl_status_t status = dnnl_sgemm(left.letter(), right.letter(), c.rows, c.columns, a.columns, 1.0f, a.data, left.leading, b.data,
                                            right.leading, accumulate ? 1.0f : 0.0f, c.data, c.leading());
    if (status == dnnl_out_of_memory) throw std::bad_alloc();
    if (status != dnnl_success) throw Error("matmul", "a product by oneDNN", fmt::format("its error {}", static_cast<int>(status)));
}

#else

bool onednn_available() { return false; }

#endif

/// OpenBLAS's kernel of floats for CPUs without AVX-512 fetches ahead from parts of its buffer that a product of this size has not written:
/// as long as no larger one has, the system knows no such pages, every fetch looks for them in vain, and a product takes up to three times
/// as long (measured on a Zen CPU). So a thread's first large product writes them: 3 ms, once.
void wake_buffers() {
    thread_local bool awake = false;
    if (std::exchange(awake, true)) return;
    constexpr int m = 128, n = 512, k = 384;
    const std::vector<float> a(m * k), b(k * n);
    std::vector<float> c(m * n);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1.0f, a.data(), k, b.data(), n, 0.0f, c.data(), n);
}

std::string_view name(Library library) { return library == Library::blas ? "blas" : "onednn"; }

}  // namespace

bool available(Library library) noexcept {
    if (library == Library::blas) return true;
    static const bool found = onednn_available();
    return found;
}

Library wished_library(const char* wish) {
    const bool both = available(Library::onednn);
    if (wish == nullptr || *wish == '\0') return both && available(InstructionSet::avx512) ? Library::onednn : Library::blas;
    for (const Library library : {Library::blas, Library::onednn})
        if (wish == name(library) && available(library)) return library;
    throw ValueError("matmul", both ? "WENGERT_GEMM to be blas or onednn" : "WENGERT_GEMM to be blas, as oneDNN is not there",
                     fmt::format("\"{}\"", wish));
}

Library library_of_floats() {
    static const Library library = wished_library(std::getenv("WENGERT_GEMM"));
    return library;
}

template <>
void library_product(const Matrix<const float>& a, const Matrix<const float>& b, const Matrix<float>& c, bool accumulate) {
#if defined(WENGERT_ONEDNN)
    const Operand left(a), right(b);
    if (library_of_floats() == Library::onednn && !rows_collide(left) && !rows_collide(right))
        return by_onednn(left, right, a, b, c, accumulate);
#endif
    if (c.rows > 1 && c.rows * c.columns * a.columns >= large) wake_buffers();
    by_blas(a, b, c, accumulate);
}

template <>
void library_product(const Matrix<const double>& a, const Matrix<const double>& b, const Matrix<double>& c, bool accumulate) {
    by_blas(a, b, c, accumulate);
}

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff
