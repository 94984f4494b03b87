// SPDX-License-Identifier: MIT
/// Eigen matrices of Scalar: products, decompositions and solvers record themselves. Matrices of Dual numbers carry their tangents through
/// the same code. Optional; only the adaptors to optimisers include Eigen beside this.
///
///     Eigen::MatrixX<autodiff::Scalar> a = ...;   auto y = a.lu().solve(b).squaredNorm();   gradient(y)[a(0, 1)];
///
/// Every elementary operation of a decomposition is a row: n^3/3 rows for the LU of n x n. For large matrices use Tensor, whose
/// solve() is one row. Pivots are chosen by value and stay fixed, as in any program with branches.
/// Matrices of double mix with matrices of either, without being converted first.
#pragma once

#include "autodiff/dual.hpp"
#include "autodiff/scalar.hpp"

#include <concepts>
#include <utility>

#include <Eigen/Core>

namespace autodiff {
inline namespace v1 {

// What Eigen finds by argument-dependent lookup on a real number.
inline Scalar conj(const Scalar& x) { return x; }
inline Scalar real(const Scalar& x) { return x; }
inline Scalar imag(const Scalar&) { return 0; }
inline Scalar abs2(const Scalar& x) { return x * x; }
template <class T, std::size_t n>
Dual<T, n> conj(const Dual<T, n>& x) {
    return x;
}
template <class T, std::size_t n>
Dual<T, n> real(const Dual<T, n>& x) {
    return x;
}
template <class T, std::size_t n>
Dual<T, n> imag(const Dual<T, n>&) {
    return 0;
}
template <class T, std::size_t n>
Dual<T, n> abs2(const Dual<T, n>& x) {
    return x * x;
}

}  // namespace v1
}  // namespace autodiff

namespace Eigen {

namespace internal {

/// A number type of ours in Eigen's terms.
template <class Number>
struct TraitsOfLifted : GenericNumTraits<Number> {
    using Real = Number;
    using NonInteger = Number;
    using Nested = Number;
    using Literal = double;
    enum {
        IsComplex = 0,
        IsInteger = 0,
        IsSigned = 1,
        RequireInitialization = 1,
        ReadCost = 2,
        AddCost = 4,
        MulCost = 4,
    };
    static Real epsilon() { return NumTraits<double>::epsilon(); }
    static Real dummy_precision() { return NumTraits<double>::dummy_precision(); }
    static Real highest() { return NumTraits<double>::highest(); }
    static Real lowest() { return NumTraits<double>::lowest(); }
    static Real infinity() { return NumTraits<double>::infinity(); }
    static Real quiet_NaN() { return NumTraits<double>::quiet_NaN(); }
    static constexpr int digits10() { return NumTraits<double>::digits10(); }
    static constexpr int digits() { return NumTraits<double>::digits(); }
};

}  // namespace internal

template <>
struct NumTraits<autodiff::Scalar> : internal::TraitsOfLifted<autodiff::Scalar> {};
template <class T, std::size_t n>
struct NumTraits<autodiff::Dual<T, n>> : internal::TraitsOfLifted<autodiff::Dual<T, n>> {
    static_assert(std::same_as<T, double> && (n == 1 || n == 8), "Eigen's solvers must be told below what a 0 is, for each Dual by itself");
};

template <autodiff::Lifted Number, class Operation>
struct ScalarBinaryOpTraits<Number, double, Operation> {
    using ReturnType = Number;
};
template <autodiff::Lifted Number, class Operation>
struct ScalarBinaryOpTraits<double, Number, Operation> {
    using ReturnType = Number;
};

namespace numext {

// Eigen's solvers leave out what they multiply by 0. A 0 that is recorded or has a tangent is not left out: its derivative is not 0.
template <>
inline bool not_equal_strict(const autodiff::Scalar& x, const autodiff::Scalar& y) {
    return x.recorded() || y.recorded() || x != y;
}
template <>
inline bool not_equal_strict(const autodiff::Dual<double>& x, const autodiff::Dual<double>& y) {
    return x != y || x.tangent != 0 || y.tangent != 0;
}
template <>
inline bool not_equal_strict(const autodiff::Dual<double, 8>& x, const autodiff::Dual<double, 8>& y) {
    return x != y || !autodiff::internal::vanishes(x.tangent) || !autodiff::internal::vanishes(y.tangent);
}

}  // namespace numext

namespace internal {

template <class A, class B>
concept MixesScalars = autodiff::Lifted<typename A::Scalar> != autodiff::Lifted<typename B::Scalar>;

/// y[i,j] = sum_k a[i,k] b[k,j] where one factor is of numbers. Eigen's blocked kernels would convert a Scalar to a number there, which
/// does not compile, and should not: the derivative would end silently. One row for every sixteen terms.
struct MixedProduct {
    template <class Y, class A, class B>
    static void evalTo(Y& y, const A& a, const B& b) {
        for_each_element(y, a, b, []<class T>(T& yij, T&& dot) { yij = std::move(dot); });
    }
    template <class Y, class A, class B>
    static void addTo(Y& y, const A& a, const B& b) {
        for_each_element(y, a, b, []<class T>(T& yij, T&& dot) { yij += std::move(dot); });
    }
    template <class Y, class A, class B>
    static void subTo(Y& y, const A& a, const B& b) {
        for_each_element(y, a, b, []<class T>(T& yij, T&& dot) { yij -= std::move(dot); });
    }
    template <class Y, class A, class B>
    static void scaleAndAddTo(Y& y, const A& a, const B& b, const typename Y::Scalar& alpha) {
        for_each_element(y, a, b, [&alpha]<class T>(T& yij, T&& dot) { yij += alpha * std::move(dot); });
    }

  private:
    template <class Y, class A, class B, class Assign>
    static void for_each_element(Y& y, const A& lhs, const B& rhs, const Assign& assign) {
        const auto& a = lhs.eval();
        const auto& b = rhs.eval();
        for (Index j = 0; j < b.cols(); ++j)
            for (Index i = 0; i < a.rows(); ++i) {
                typename Y::Scalar dot = 0;
                if (a.cols() > 0) dot = a(i, 0) * b(0, j);
                for (Index k = 1; k < a.cols(); ++k) dot += a(i, k) * b(k, j);
                assign(y.coeffRef(i, j), std::move(dot));
            }
    }
};
template <class A, class B>
    requires MixesScalars<A, B>
struct generic_product_impl<A, B, DenseShape, DenseShape, GemmProduct> : MixedProduct {};
template <class A, class B>
    requires MixesScalars<A, B>
struct generic_product_impl<A, B, DenseShape, DenseShape, GemvProduct> : MixedProduct {};

}  // namespace internal
}  // namespace Eigen
