// SPDX-License-Identifier: MIT
// A row of the tape has one result, so q and r are recorded as one tensor, q above r, and sliced.
#include "autodiff/kernels/lapack.hpp"
#include "autodiff/ops/arithmetic.hpp"
#include "autodiff/ops/layout.hpp"
#include "autodiff/ops/linalg.hpp"
#include "autodiff/ops/linear.hpp"
#include "autodiff/ops/matmul.hpp"
#include "autodiff/ops/matrices.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <limits>

namespace autodiff {
inline namespace v1 {

namespace {

template <class T>
Qr<T> factors_of(const Tensor<T>& both) {
    const Index n = both.shape()[-1], m = both.shape()[-2] - n;
    return {rows(both, 0, m), rows(both, m, m + n)};
}

/// q r = a
template <class T>
class QrFactors final : public Primitive {
  public:
    [[nodiscard]] std::string_view name() const override { return "qr"; }
    [[nodiscard]] bool saves_result() const override { return true; }
    void vjp(Pullback& pull) const override {
        const Qr<T> y = factors_of(pull.result<T>()), ybar = factors_of(pull.ybar<T>());
        const Tensor<T> m = matmul(y.r, transposed(ybar.r)) - matmul(transposed(ybar.q), y.q),
                        lower = m * triangle(m.shape()[-1], true, T(0.5));
        pull.add(0, divided(ybar.q + matmul(y.q, lower + transposed(lower)), y.r, true));
    }
    // q^T adot r^-1 = q^T qdot + rdot r^-1: the first part is antisymmetric, the second upper triangular.
    [[nodiscard]] AnyTensor jvp(const Pushforward& push) const override {
        const Qr<T> y = factors_of(push.result<T>());
        const Tensor<T> moved = divided(push.tangent<T>(0), y.r, false), inside = matmul(transposed(y.q), moved);
        const Tensor<T> lower = inside * triangle(inside.shape()[-1], true, T(0)), upper = inside - lower + transposed(lower);
        return concat({moved - matmul(y.q, upper), matmul(upper, y.r)}, -2);
    }

  private:
    /// x r^-1, or x r^-T
    static Tensor<T> divided(const Tensor<T>& x, const Tensor<T>& r, bool by_transpose) {
        return transposed(triangular_solve(r, transposed(x), {.lower = false, .transpose = !by_transpose}));
    }
};

/// The first column whose part outside the span of those before it is no more than rounding, or -1.
template <class T>
Index dependent_column(Index m, Index n, const T* r) {
    const T rounding = std::numeric_limits<T>::epsilon() * static_cast<T>(m);
    for (Index j = 0; j < n; ++j) {
        T largest = 0;
        for (Index i = 0; i <= j; ++i) largest = std::max(largest, std::abs(r[i * n + j]));
        if (!(r[j * n + j] > rounding * largest)) return j;
    }
    return -1;
}

template <class T>
Qr<T> decomposed(std::string_view operation, const Tensor<T>& a) {
    Sources operands = sources(operation, a);
    if (a.rank() < 2 || a.shape()[-2] < a.shape()[-1]) throw ShapeError(operation, "matrices [.., m, n] with m >= n", described(a));
    check_finite(operation, a);
    const Index m = a.shape()[-2], n = a.shape()[-1], count = batch_of(a.shape()).size(), size = (m + n) * n;
    Tensor<T> both = Tensor<T>::uninitialised(with_matrix(batch_of(a.shape()), m + n, n));
    const Tensor<T> values = a.constant().contiguous();
    std::vector<Index> dependent(static_cast<std::size_t>(count));
    T* const data = both.fill_data();
    kernels::for_each_matrix(count, 4 * m * n * n, [&](Index k) {
        T *const q = data + k * size, *const r = q + m * n;
        std::copy_n(values.begin_data() + k * m * n, m * n, q);
        kernels::qr(m, n, q, r);
        dependent[static_cast<std::size_t>(k)] = dependent_column(m, n, r);
    });
    for (Index k = 0; k < count; ++k)
        if (const Index column = dependent[static_cast<std::size_t>(k)]; column >= 0)
            throw ValueError(operation, "linearly independent columns",
                             fmt::format("{} whose column {} depends on those before it", described(a, k), column));
    return factors_of(record<QrFactors<T>>(std::move(both), std::move(operands)));
}

}  // namespace

template <class T>
Qr<T> qr(const Tensor<T>& a) {
    return decomposed("qr", a);
}

template <class T>
Tensor<T> lstsq(const Tensor<T>& a, const Tensor<T>& b) {
    static_cast<void>(sources("lstsq", a, b));
    const bool vector = a.rank() == 2 && b.rank() == 1;
    if (a.rank() < 2 || (!vector && b.rank() < 2) || b.shape()[vector ? 0 : -2] != a.shape()[-2])
        throw ShapeError("lstsq", "[.., m, n] and [.., m, k]", fmt::format("{} and {}", described(a), described(b)));
    if (vector) return squeeze(lstsq(a, unsqueeze(b, -1)), -1);
    static_cast<void>(broadcast(batch_of(a.shape()), batch_of(b.shape()), "lstsq"));
    const Qr<T> y = decomposed("lstsq", a);
    return triangular_solve(y.r, matmul(transposed(y.q), b), {.lower = false});
}

#define WENGERT_INSTANTIATE(T)                                                                                                             \
    template Qr<T> qr(const Tensor<T>&);                                                                                                   \
    template Tensor<T> lstsq(const Tensor<T>&, const Tensor<T>&);
WENGERT_INSTANTIATE(float)
WENGERT_INSTANTIATE(double)
#undef WENGERT_INSTANTIATE

}  // namespace v1
}  // namespace autodiff
