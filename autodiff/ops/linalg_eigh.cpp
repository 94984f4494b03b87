// SPDX-License-Identifier: MIT
// A row of the tape has one result, so values and vectors are recorded as one tensor, the values as its first row, and sliced.
#include "autodiff/kernels/lapack.hpp"
#include "autodiff/ops/arithmetic.hpp"
#include "autodiff/ops/compare.hpp"
#include "autodiff/ops/layout.hpp"
#include "autodiff/ops/linalg.hpp"
#include "autodiff/ops/linear.hpp"
#include "autodiff/ops/matmul.hpp"
#include "autodiff/ops/matrices.hpp"

#include <fmt/format.h>
#include <limits>

namespace autodiff {
inline namespace v1 {

namespace {

template <class T>
Eigh<T> unpacked(const Tensor<T>& both) {
    return {select(both, -2, 0), rows(both, 1, both.shape()[-2])};
}

/// f[i,j] = 1 / (values[j] - values[i]), and `where_equal` where both are the same, but 0 on the diagonal.
template <class T>
Tensor<T> reciprocal_gaps(const Tensor<T>& values, T where_equal) {
    const Index n = values.shape()[-1];
    const Tensor<T> gaps = unsqueeze(values, -2) - unsqueeze(values, -1);
    const Tensor<bool> equal = gaps.constant() == 0;
    const Tensor<T> instead = where(Tensor<T>::eye(n) == 1, T(0), Tensor<T>::full({n, n}, where_equal));
    return where(equal, instead, 1 / where(equal, T(1), gaps));
}

/// throws ValueError if an adjoint has arrived at a vector whose eigenvalue is not simple
template <class T>
void check_simple(const Tensor<T>& values, const Tensor<T>& vectorsbar) {
    const Index n = values.shape()[-1];
    const Tensor<T> value = values.constant().contiguous(), adjoint = vectorsbar.constant().contiguous();
    const auto arrived = [&](Index matrix, Index column) {
        for (Index i = 0; i < n; ++i)
            if (adjoint.begin_data()[(matrix * n + i) * n + column] != 0) return true;
        return false;
    };
    for (Index matrix = 0; matrix * n < value.size(); ++matrix)
        for (Index j = 0; j + 1 < n; ++j) {
            const T first = value.begin_data()[matrix * n + j], second = value.begin_data()[matrix * n + j + 1];
            if (first == second && (arrived(matrix, j) || arrived(matrix, j + 1)))
                throw ValueError("eigh", "distinct eigenvalues, to differentiate their vectors",
                                 fmt::format("eigenvalues {} and {} that are both {}{}", j, j + 1, first,
                                             values.rank() == 1 ? "" : fmt::format(" in matrix {}", matrix)));
        }
}

/// sym(a) v = v diag(values)
template <class T>
class EighFactors final : public Primitive {
  public:
    [[nodiscard]] std::string_view name() const override { return "eigh"; }
    [[nodiscard]] bool saves_result() const override { return true; }
    void vjp(Pullback& pull) const override {
        const Eigh<T> y = unpacked(pull.result<T>()), ybar = unpacked(pull.ybar<T>());
        check_simple(y.values, ybar.vectors);
        const Tensor<T> turned = reciprocal_gaps(y.values, T(0)) * matmul(transposed(y.vectors), ybar.vectors);
        const Tensor<T> inside = diagonal_matrix(ybar.values) + turned;
        pull.add(0, symmetrised(matmul(y.vectors, matmul(inside, transposed(y.vectors)))));
    }
    [[nodiscard]] AnyTensor jvp(const Pushforward& push) const override {
        const Eigh<T> y = unpacked(push.result<T>());
        const Tensor<T> inside = matmul(transposed(y.vectors), matmul(symmetrised(push.tangent<T>(0)), y.vectors));
        const Tensor<T> turned = reciprocal_gaps(y.values, std::numeric_limits<T>::quiet_NaN()) * inside;
        return concat({unsqueeze(diagonal_of(inside), -2), matmul(y.vectors, turned)}, -2);
    }
};

}  // namespace

template <class T>
Eigh<T> eigh(const Tensor<T>& a) {
    Sources operands = sources("eigh", a);
    check_square("eigh", a);
    check_finite("eigh", a);
    const Index n = a.shape()[-1], count = batch_of(a.shape()).size(), size = (n + 1) * n;
    const Tensor<T> symmetric = symmetrised_copy(a);
    Tensor<T> both = Tensor<T>::uninitialised(with_matrix(batch_of(a.shape()), n + 1, n));
    std::vector<char> converged(static_cast<std::size_t>(count));
    T* const data = both.fill_data();
    kernels::for_each_matrix(count, 9 * n * n * n, [&](Index k) {
        T *const values = data + k * size, *const vectors = values + n;
        std::copy_n(symmetric.begin_data() + k * n * n, n * n, vectors);
        converged[static_cast<std::size_t>(k)] = kernels::eigh(n, vectors, values) ? 1 : 0;
    });
    for (Index k = 0; k < count; ++k)
        if (converged[static_cast<std::size_t>(k)] == 0)
            throw ValueError("eigh", "eigenvalues to which LAPACK's iteration converges", described(a, k));
    return unpacked(record<EighFactors<T>>(std::move(both), std::move(operands)));
}

template Eigh<float> eigh(const Tensor<float>&);
template Eigh<double> eigh(const Tensor<double>&);

}  // namespace v1
}  // namespace autodiff
