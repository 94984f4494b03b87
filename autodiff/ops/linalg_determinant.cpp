// SPDX-License-Identifier: MIT
// Determinants are polynomials: unlike the inverse, they and their derivatives exist everywhere. Where pivots cannot be divided by, the
// singular values say what the derivatives are: for a = u diag(s) v they are products of all s but one, or but two.
#include "autodiff/kernels/lapack.hpp"
#include "autodiff/ops/arithmetic.hpp"
#include "autodiff/ops/layout.hpp"
#include "autodiff/ops/linalg.hpp"
#include "autodiff/ops/linalg_lu.hpp"
#include "autodiff/ops/linear.hpp"
#include "autodiff/ops/matmul.hpp"
#include "autodiff/ops/matrices.hpp"
#include "autodiff/ops/reduce.hpp"

#include <cmath>
#include <fmt/format.h>
#include <limits>

namespace autodiff {
inline namespace v1 {

namespace {

/// A result for every matrix of a batch.
template <class T, class F>
Tensor<T> for_each(const Tensor<T>& a, const F& f) {
    Tensor<T> y = Tensor<T>::uninitialised(batch_of(a.shape()));
    for (Index k = 0; k < y.size(); ++k) y.fill_data()[k] = f(k);
    return y;
}

template <class T>
T determinant_of(const Lu<T>& lu, Index k) {
    if (lu.zero[static_cast<std::size_t>(k)] >= 0) return 0;
    T product = lu.sign(k);
    for (Index i = 0; i < lu.order(); ++i) product *= std::abs(lu.matrix(k)[i * (lu.order() + 1)]);
    return product;
}

/// a = left diag(s) right for every matrix of a batch; the determinants of left and right multiplied, each 1 or -1.
template <class T>
struct Svd {
    Tensor<T> left, s, right, sign;
};

template <class T>
T sign_of_orthogonal(Index n, const T* q) {
    Lu<T> lu{Tensor<T>(Shape{n, n}, std::span<const T>(q, static_cast<std::size_t>(n * n))),
             std::vector<int>(static_cast<std::size_t>(n)),
             {-1}};
    kernels::lu(n, lu.factors.fill_data(), lu.pivots.data());
    return lu.sign(0);
}

template <class T>
Svd<T> singular_values(std::string_view operation, const Tensor<T>& a) {
    const Index n = a.shape()[-1], count = batch_of(a.shape()).size();
    Tensor<T> work = copied(a, a.shape());
    Svd<T> svd{Tensor<T>::uninitialised(a.shape()), Tensor<T>::uninitialised(with_matrix(batch_of(a.shape()), 1, n)),
               Tensor<T>::uninitialised(a.shape()), Tensor<T>::uninitialised(with_matrix(batch_of(a.shape()), 1, 1))};
    std::vector<char> converged(static_cast<std::size_t>(count));
    T *const from = work.fill_data(), *const left = svd.left.fill_data(), *const s = svd.s.fill_data(),
             *const right = svd.right.fill_data(), *const sign = svd.sign.fill_data();
    kernels::for_each_matrix(count, 20 * n * n * n, [&](Index k) {
        const Index at = k * n * n;
        converged[static_cast<std::size_t>(k)] = kernels::svd(n, from + at, left + at, s + k * n, right + at) ? 1 : 0;
        sign[k] = sign_of_orthogonal(n, left + at) * sign_of_orthogonal(n, right + at);
    });
    for (Index k = 0; k < count; ++k)
        if (converged[static_cast<std::size_t>(k)] == 0)
            throw ValueError(operation, "singular values to which LAPACK's iteration converges", described(a, k));
    return svd;
}

/// y[i] = product of all s but s[i], for every row of s
template <class T>
Tensor<T> products_without_one(const Tensor<T>& s) {
    Tensor<T> y = Tensor<T>::uninitialised(s.shape());
    const Index n = s.shape()[-1];
    for (Index begin = 0; begin < s.size(); begin += n)
        for (Index i = 0; i < n; ++i) {
            T product = 1;
            for (Index k = 0; k < n; ++k)
                if (k != i) product *= s.begin_data()[begin + k];
            y.fill_data()[begin + i] = product;
        }
    return y;
}

/// y[i,j] = product of all s but s[i] and s[j], 0 on the diagonal
template <class T>
Tensor<T> products_without_two(const Tensor<T>& s) {
    const Index n = s.shape()[-1];
    Tensor<T> y = Tensor<T>::zeros(with_matrix(batch_of(s.shape()), n, n));
    for (Index row = 0; row * n < s.size(); ++row) {
        const T* const x = s.begin_data() + row * n;
        T* const out = y.fill_data() + row * n * n;
        T before = 1;
        for (Index i = 0; i < n; before *= x[i++]) {
            T between = before;
            for (Index j = i + 1; j < n; between *= x[j++]) {
                T product = between;
                for (Index k = j + 1; k < n; ++k) product *= x[k];
                out[i * n + j] = out[j * n + i] = product;
            }
        }
    }
    return y;
}

template <class T>
Tensor<T> cofactor_with(const SharedLu<T>& lu, const Tensor<T>& a);

/// y = cofactor(a)
template <class T>
class Cofactor final : public Primitive {
  public:
    Cofactor(const Tensor<T>& a, SharedLu<T> lu) : a_(a), lu_(std::move(lu)) {}
    [[nodiscard]] std::string_view name() const override { return "cofactor"; }
    [[nodiscard]] bool saves_result() const override { return true; }
    void vjp(Pullback& pull) const override { pull.add(0, along(pull.ybar<T>(), pull)); }
    // The second derivative of det is symmetric.
    [[nodiscard]] AnyTensor jvp(const Pushforward& push) const override { return along(push.tangent<T>(0), push); }

  private:
    /// d<x, cofactor(a)>/da. A sweep that records itself takes what it can differentiate again, which needs an inverse.
    template <class Sweep>
    [[nodiscard]] Tensor<T> along(const Tensor<T>& x, const Sweep& sweep) const {
        if (lu_->order() <= 1) return Tensor<T>::zeros(a_.shape());  // a minor of nothing is 1, whatever a
        if (!sweep.records()) return second_derivative(x);
        const Tensor<T> a = sweep.saved(a_), y = sweep.template result<T>();
        check_invertible("cofactor", a, *lu_);
        const Tensor<T> inverse = solve_with(lu_, a, Tensor<T>::eye(lu_->order()), true);  // transposed
        return sum(x * y, {-2, -1}, true) * inverse - matmul(y, matmul(transposed(x), inverse));
    }
    /// The same by numbers. In the basis of the singular vectors h = left^T x right^T: only products of two elements that share no
    /// row and no column enter a determinant, h[i,i] h[j,j] - h[i,j] h[j,i].
    [[nodiscard]] Tensor<T> second_derivative(const Tensor<T>& x) const {
        const Svd<T> svd = singular_values("cofactor", a_.constant());
        const Tensor<T> products = products_without_two(svd.s), h = matmul(transposed(svd.left), matmul(x, transposed(svd.right)));
        const Tensor<T> on_diagonal = diagonal_matrix(sum(products * unsqueeze(diagonal_of(h), -1), -2));
        return svd.sign * matmul(svd.left, matmul(on_diagonal - products * transposed(h), svd.right));
    }
    Tensor<T> a_;
    SharedLu<T> lu_;
};

template <class T>
Tensor<T> cofactor_with(const SharedLu<T>& lu, const Tensor<T>& a) {
    Sources operands = sources("cofactor", a);
    const Index n = lu->order(), size = n * n;
    Tensor<T> y = copied(Tensor<T>::eye(n), a.shape());
    const auto value = [&](Index k) { return y.fill_data() + k * size; };
    bool singular = false;
    for (Index k = 0; k < lu->count(); ++k) singular = singular || !std::isnormal(determinant_of(*lu, k));
    if (!singular)
        kernels::for_each_matrix(lu->count(), 2 * n * size, [&](Index k) {
            kernels::lu_solve(n, n, lu->matrix(k), lu->exchanges(k), true, value(k));
            const T determinant = determinant_of(*lu, k);
            for (Index i = 0; i < size; ++i) value(k)[i] *= determinant;
        });
    else {
        const Svd<T> svd = singular_values("cofactor", a.constant());
        y = svd.sign * matmul(svd.left * products_without_one(svd.s), svd.right);
    }
    return record<Cofactor<T>>(std::move(y), std::move(operands), a, lu);
}

/// y = det a
template <class T>
class Determinant final : public Primitive {
  public:
    Determinant(const Tensor<T>& a, SharedLu<T> lu) : a_(a), lu_(std::move(lu)) {}
    [[nodiscard]] std::string_view name() const override { return "determinant"; }
    void vjp(Pullback& pull) const override { pull.add(0, as_matrices(pull.ybar<T>()) * cofactor_with(lu_, pull.saved(a_))); }
    [[nodiscard]] AnyTensor jvp(const Pushforward& push) const override {
        return sum(push.tangent<T>(0) * cofactor_with(lu_, push.saved(a_)), {-2, -1});
    }

  private:
    Tensor<T> a_;
    SharedLu<T> lu_;
};

/// y = log |det a|
template <class T>
class LogAbsDet final : public Primitive {
  public:
    LogAbsDet(const Tensor<T>& a, SharedLu<T> lu) : a_(a), lu_(std::move(lu)) {}
    [[nodiscard]] std::string_view name() const override { return "slogdet"; }
    void vjp(Pullback& pull) const override { pull.add(0, as_matrices(pull.ybar<T>()) * inverse_transposed(pull.saved(a_))); }
    [[nodiscard]] AnyTensor jvp(const Pushforward& push) const override {
        return sum(push.tangent<T>(0) * inverse_transposed(push.saved(a_)), {-2, -1});
    }

  private:
    [[nodiscard]] Tensor<T> inverse_transposed(const Tensor<T>& a) const {
        check_invertible("slogdet", a, *lu_);
        return solve_with(lu_, a, Tensor<T>::eye(lu_->order()), true);
    }
    Tensor<T> a_;
    SharedLu<T> lu_;
};

}  // namespace

template <class T>
Tensor<T> determinant(const Tensor<T>& a) {
    Sources operands = sources("determinant", a);
    const SharedLu<T> lu = factorised("determinant", a);
    Tensor<T> y = for_each(a, [&](Index k) { return determinant_of(*lu, k); });
    return record<Determinant<T>>(std::move(y), std::move(operands), a, lu);
}

template <class T>
Tensor<T> cofactor(const Tensor<T>& a) {
    static_cast<void>(source("cofactor", a));
    return cofactor_with(factorised("cofactor", a), a);
}

template <class T>
SignAndLog<T> slogdet(const Tensor<T>& a) {
    Sources operands = sources("slogdet", a);
    const SharedLu<T> lu = factorised("slogdet", a);
    Tensor<T> sign = for_each(a, [&](Index k) { return lu->zero[static_cast<std::size_t>(k)] >= 0 ? T(0) : lu->sign(k); });
    Tensor<T> y = for_each(a, [&](Index k) {
        if (lu->zero[static_cast<std::size_t>(k)] >= 0) return -std::numeric_limits<T>::infinity();
        T logarithm = 0;
        for (Index i = 0; i < lu->order(); ++i) logarithm += std::log(std::abs(lu->matrix(k)[i * (lu->order() + 1)]));
        return logarithm;
    });
    return {std::move(sign), record<LogAbsDet<T>>(std::move(y), std::move(operands), a, lu)};
}

#define WENGERT_INSTANTIATE(T)                                                                                                             \
    template Tensor<T> determinant(const Tensor<T>&);                                                                                      \
    template Tensor<T> cofactor(const Tensor<T>&);                                                                                         \
    template SignAndLog<T> slogdet(const Tensor<T>&);
WENGERT_INSTANTIATE(float)
WENGERT_INSTANTIATE(double)
#undef WENGERT_INSTANTIATE

}  // namespace v1
}  // namespace autodiff
