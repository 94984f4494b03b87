// SPDX-License-Identifier: MIT
#include "autodiff/kernels/lapack.hpp"
#include "autodiff/ops/arithmetic.hpp"
#include "autodiff/ops/linalg.hpp"
#include "autodiff/ops/linear.hpp"
#include "autodiff/ops/matmul.hpp"
#include "autodiff/ops/matrices.hpp"
#include "autodiff/ops/reduce.hpp"

#include <fmt/format.h>

namespace autodiff {
inline namespace v1 {

namespace {

/// l l^T = sym(a)
template <class T>
class Cholesky final : public Primitive {
  public:
    [[nodiscard]] std::string_view name() const override { return "cholesky"; }
    [[nodiscard]] bool saves_result() const override { return true; }
    void vjp(Pullback& pull) const override {
        const Tensor<T> l = pull.result<T>();
        if (!pull.records()) return pull.add(0, computed_adjoint(l, pull.ybar<T>()));
        const Tensor<T> left = triangular_solve(l, phi(matmul(transposed(l), pull.ybar<T>())), {.transpose = true});  // l^-T phi
        const Tensor<T> both = triangular_solve(l, transposed(left), {.transpose = true});                            // (left l^-1)^T
        pull.add(0, symmetrised(both));
    }
    // l^-1 adot l^-T = l^-1 ldot + (l^-1 ldot)^T, whose first part is lower triangular.
    [[nodiscard]] AnyTensor jvp(const Pushforward& push) const override {
        const Tensor<T> l = push.result<T>(), left = triangular_solve(l, symmetrised(push.tangent<T>(0)));
        return matmul(l, phi(triangular_solve(l, transposed(left))));
    }

  private:
    /// The same in a third of the operations.
    static Tensor<T> computed_adjoint(const Tensor<T>& l, const Tensor<T>& lbar) {
        const Index n = l.shape()[-1];
        const Tensor<T> factor = l.contiguous();
        Tensor<T> abar = copied(lbar, l.shape());
        T* const data = abar.fill_data();
        kernels::for_each_matrix(batch_of(l.shape()).size(), n * n * n,
                                 [&](Index k) { kernels::cholesky_adjoint(n, factor.begin_data() + k * n * n, data + k * n * n); });
        return abar;
    }
    static Tensor<T> phi(const Tensor<T>& x) { return x * triangle(x.shape()[-1], true, T(0.5)); }
};

template <class T>
Tensor<T> factor(std::string_view operation, const Tensor<T>& a) {
    Sources operands = sources(operation, a);
    check_square(operation, a);
    check_finite(operation, a);
    const Index n = a.shape()[-1], count = batch_of(a.shape()).size();
    Tensor<T> l = symmetrised_copy(a);
    std::vector<Index> minor(static_cast<std::size_t>(count));
    T* const data = l.fill_data();
    kernels::for_each_matrix(count, n * n * n / 3,
                             [&](Index k) { minor[static_cast<std::size_t>(k)] = kernels::cholesky(n, data + k * n * n); });
    for (Index k = 0; k < count; ++k)
        if (const Index order = minor[static_cast<std::size_t>(k)]; order > 0)
            throw ValueError(operation, "a positive definite matrix",
                             fmt::format("{} whose leading minor of order {} is not positive", described(a, k), order));
    return record<Cholesky<T>>(std::move(l), std::move(operands));
}

}  // namespace

template <class T>
Tensor<T> cholesky(const Tensor<T>& a) {
    return factor("cholesky", a);
}

template <class T>
Tensor<T> logdet(const Tensor<T>& a) {
    return 2 * sum(log(diagonal_of(factor("logdet", a))), -1);
}

#define WENGERT_INSTANTIATE(T)                                                                                                             \
    template Tensor<T> cholesky(const Tensor<T>&);                                                                                         \
    template Tensor<T> logdet(const Tensor<T>&);
WENGERT_INSTANTIATE(float)
WENGERT_INSTANTIATE(double)
#undef WENGERT_INSTANTIATE

}  // namespace v1
}  // namespace autodiff
