// SPDX-License-Identifier: MIT
/// Sparse Jacobians and Hessians: as many sweeps as the pattern needs colours, not as many as there are variables.
///
///     SparseJacobian jacobian([](const std::vector<Scalar>& u) { return residuals(u); });
///     for (...) solve(jacobian(u), ...);        // pattern and colouring are found at the first point and kept
///
/// f is run anew at every point. Where it took the branches that it took before, the pattern stands. Where it did not, the pattern is
/// derived again, and what is new in it is added: no entry is ever lost, and the pattern of a plan only grows. (Functions with tensors
/// inside are not compared: their pattern is derived at every point.)
#pragma once

#include "autodiff/scalar.hpp"
#include "autodiff/sparse/compression.hpp"

#include <concepts>
#include <functional>
#include <iterator>
#include <type_traits>
#include <utility>

namespace autodiff {
inline namespace v1 {

/// J[i, j] = dy[i]/dx[j] of a recording on a live tape that keeps operations: forwards or backwards, whichever needs fewer sweeps.
/// cost     pattern and colouring; then one sweep over the tape for each colour, and another for each column or row with a NaN
/// throws   as jacobian_pattern
[[nodiscard]] Csr sparse_jacobian(std::span<const Scalar> y, std::span<const Scalar> x);
/// The same with a pattern that holds for this recording, and a compression of it. Entries outside the pattern are not looked for.
/// throws   also ShapeError unless the pattern has the size y x x and the compression its entries
[[nodiscard]] Csr sparse_jacobian(std::span<const Scalar> y, std::span<const Scalar> x, const Pattern& pattern,
                                  const Compression& compression);

/// H[i, j] = d2y/dx[i] dx[j] of a recording on the newest live tape, which must keep operations.
/// cost     pattern and colouring; the gradient is recorded (and removed again), then one forward sweep over both for each colour
/// throws   as hessian_pattern and recorded_gradient
/// source   Curtis, Powell, Reid (1974) for Jacobians, Powell, Toint (1979) and Coleman, More (1984) for Hessians: entries read directly
[[nodiscard]] Csr sparse_hessian(const Scalar& y, std::span<const Scalar> x);
/// The same with a pattern that holds for this recording, and a compression of it.
[[nodiscard]] Csr sparse_hessian(const Scalar& y, std::span<const Scalar> x, const Pattern& pattern, const Compression& compression);

/// What takes a point of recorded numbers and returns a vector, or a number.
template <class F>
concept VectorFunction = requires(F& f, const std::vector<Scalar>& x) {
    { *std::begin(f(x)) } -> std::convertible_to<const Scalar&>;
    std::end(f(x));
};
template <class F>
concept ScalarFunction = std::invocable<F&, const std::vector<Scalar>&> &&
                         std::convertible_to<std::invoke_result_t<F&, const std::vector<Scalar>&>, Scalar>;

/// Pattern and compression of a function, kept from point to point.
class SparsePlan {
  public:
    [[nodiscard]] const Pattern& pattern() const noexcept { return pattern_; }
    [[nodiscard]] const Compression& compression() const noexcept { return compression_; }
    /// How often the function was coloured: 1 after the first point, more where it took branches that made new entries.
    [[nodiscard]] std::size_t colourings() const noexcept { return colourings_; }

  protected:
    explicit SparsePlan(Ordering ordering) : ordering_(ordering) {}
    ~SparsePlan() = default;
    SparsePlan(const SparsePlan&) = default;
    SparsePlan(SparsePlan&&) = default;
    SparsePlan& operator=(const SparsePlan&) = default;
    SparsePlan& operator=(SparsePlan&&) = default;

    /// Makes the plan fit the recording of f from x to y. `find` and `compress` are the functions of the matrix wanted.
    template <class Find, class Compress>
    void fit(const char* operation, std::span<const Scalar> y, std::span<const Scalar> x, const Find& find, const Compress& compress);
    void check_point(std::size_t variables, const char* operation) const;
    void check_results(std::size_t results, const char* operation) const;

  private:
    /// Everything of a recording of scalars that a pattern depends on.
    struct Structure {
        std::vector<Operation> operation;
        std::vector<Operand> operand;
        std::vector<std::uint32_t> y;
    };
    [[nodiscard]] bool is_structure_of(const WengertList& list, std::span<const std::uint32_t> y, std::uint32_t root) const;

    Ordering ordering_;
    Pattern pattern_;
    Compression compression_;
    Structure structure_;
    std::size_t colourings_ = 0;
};

/// x -> dy/dx for a function f of vectors. One thread at a time.
class SparseJacobian : public SparsePlan {
  public:
    /// f takes a std::vector<Scalar> (or what that converts to) and returns a range of Scalars.
    template <VectorFunction F>
        requires(!std::same_as<std::remove_cvref_t<F>, SparseJacobian>)
    explicit SparseJacobian(F f, Ordering ordering = Ordering::best) : SparsePlan(ordering), f_(as_vector_function(std::move(f))) {}

    struct Result {
        std::vector<double> value;
        Csr jacobian;
    };
    /// {f(x), its Jacobian at x}
    /// cost     recording f; comparing what was recorded with the last point; one sweep for each colour; at the first point pattern and
    ///          colouring besides, about as much as recording f three times
    /// throws   what f throws; TapeError if f returns values of another tape; ShapeError if x or f(x) has another size than at the first
    ///          point. The plan is then as before.
    [[nodiscard]] Result value_and_jacobian(std::span<const double> x);
    [[nodiscard]] Csr operator()(std::span<const double> x) { return value_and_jacobian(x).jacobian; }

  private:
    using Function = std::function<std::vector<Scalar>(const std::vector<Scalar>&)>;
    template <class F>
    static Function as_vector_function(F f) {
        if constexpr (std::same_as<std::invoke_result_t<F&, const std::vector<Scalar>&>, std::vector<Scalar>>)
            return f;
        else
            return [f = std::move(f)](const std::vector<Scalar>& x) mutable {
                auto&& y = f(x);
                std::vector<Scalar> result;
                for (const Scalar& each : y) result.push_back(each);
                return result;
            };
    }
    Function f_;
};

/// x -> d2y/dx2 for a function f of a vector. One thread at a time.
class SparseHessian : public SparsePlan {
  public:
    /// f takes a std::vector<Scalar> (or what that converts to) and returns a Scalar.
    template <ScalarFunction F>
        requires(!std::same_as<std::remove_cvref_t<F>, SparseHessian>)
    explicit SparseHessian(F f, Ordering ordering = Ordering::best) : SparsePlan(ordering), f_(std::move(f)) {}

    struct Result {
        double value;
        std::vector<double> gradient;
        Csr hessian;
    };
    /// {f(x), its gradient, its Hessian at x}
    /// cost     recording f and its gradient; one sweep over both for each colour; at the first point pattern and colouring besides
    /// throws   as SparseJacobian, and TapeError (not recorded) if f(x) is a constant
    [[nodiscard]] Result value_gradient_and_hessian(std::span<const double> x);
    [[nodiscard]] Csr operator()(std::span<const double> x) { return value_gradient_and_hessian(x).hessian; }

  private:
    std::function<Scalar(const std::vector<Scalar>&)> f_;
};

/// The Jacobian of f at one point: SparseJacobian without what it keeps.
template <VectorFunction F>
[[nodiscard]] Csr sparse_jacobian(F f, std::span<const double> x) {
    return SparseJacobian(std::move(f))(x);
}
/// The Hessian of f at one point.
template <ScalarFunction F>
[[nodiscard]] Csr sparse_hessian(F f, std::span<const double> x) {
    return SparseHessian(std::move(f))(x);
}

}  // namespace v1
}  // namespace autodiff
