// SPDX-License-Identifier: MIT
/// What is checked, without types: a function from n numbers to m numbers and its derivative at one point, in both modes.
///
/// The user's function arrives as one from leaves to leaves (gradcheck.hpp takes structs and tensors apart). Here it is run in three
/// ways: plainly, for values; recorded as users record it, for the gradient under test; recorded with operations, for its branches and
/// for second order, where the function that is checked is the gradient itself.
#pragma once

#include "autodiff/check/branches.hpp"
#include "autodiff/recording.hpp"

#include <complex>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace autodiff {
inline namespace v1 {
namespace internal {

/// A user's function and where it is checked.
struct GradcheckProblem {
    using Complex = std::vector<std::complex<double>>;
    std::function<Values(const Values& x)> f;
    std::function<Values()> gradient{};  ///< the user's own, at x; empty: the tape's
    std::function<Complex(const Complex& x)> complex_f{};
    Values x{};
    std::vector<std::string> names{};  ///< one per value of x
};

struct GradcheckCounts {
    std::size_t evaluations = 0;  ///< of f, plain or recorded
    std::size_t sweeps = 0;
};

/// n numbers in, m out.
class GradcheckFunction {
  public:
    virtual ~GradcheckFunction() = default;
    /// At any x, without a tape.
    [[nodiscard]] virtual std::vector<double> value(const std::vector<double>& x) const = 0;
    /// What a recording at x decided.
    [[nodiscard]] virtual std::unique_ptr<const Branches> branches(const std::vector<double>& x) const = 0;
    /// At the point under test: J^T v, J u. No answer from `push` if an operation has no forward mode, which `why` then says.
    [[nodiscard]] virtual std::vector<double> pull(const std::vector<double>& v) const = 0;
    [[nodiscard]] virtual std::optional<std::vector<double>> push(const std::vector<double>& u, std::string& why) const = 0;
    /// What the rounding of every intermediate value does to <v, f(x)>, to first order: eps times the root of the sum of squares of
    /// adjoint * value over all rows. (Some of it may not show in values of f at all: 1 - eps and 1 are neighbours.)
    [[nodiscard]] virtual double rounding(const std::vector<double>& v) const = 0;
    /// The same for <J^T v, u>: contributions that cancel leave their rounding behind. eps times the root of the sum of squares of
    /// adjoint * partial * tangent over all rows.
    [[nodiscard]] virtual double rounding_of_slope(const std::vector<double>& v, const std::vector<double>& u) const = 0;
    /// f(x) as the recording under test has it.
    [[nodiscard]] virtual std::vector<double> recorded_value() const { return value_at_x(); }
    /// J^T v from a new recording at any point: how the gradient turns beside the one under test, and whether it is the same there again.
    [[nodiscard]] virtual std::vector<double> pull_at(const std::vector<double>& x, const std::vector<double>& v) const = 0;
    /// What result i is called.
    [[nodiscard]] virtual std::string result(std::size_t i) const = 0;
    /// First and past-the-last result of each value that f returned.
    [[nodiscard]] virtual std::vector<std::pair<std::size_t, std::size_t>> groups() const = 0;

    [[nodiscard]] const std::vector<double>& x() const noexcept { return x_; }
    [[nodiscard]] const std::vector<double>& value_at_x() const noexcept { return value_; }
    [[nodiscard]] const GradcheckProblem& problem() const noexcept { return problem_; }
    [[nodiscard]] GradcheckCounts& counts() const noexcept { return counts_; }
    /// Of the least precise number in x or f(x).
    [[nodiscard]] double eps() const noexcept { return eps_; }
    /// z as element k of x holds it.
    [[nodiscard]] double stored(std::size_t k, double z) const { return leaves_[leaf_[k]].is_float ? static_cast<float>(z) : z; }
    /// max(1, |x_k|), up to a power of two.
    [[nodiscard]] double scale(std::size_t k) const;
    /// `W[1, 2]`
    [[nodiscard]] std::string name(std::size_t k) const;
    struct Leaf {
        std::size_t first, end;
        Shape shape;
        bool is_float;
        std::string name;
    };
    [[nodiscard]] const std::vector<Leaf>& leaves() const noexcept { return leaves_; }
    [[nodiscard]] const Leaf& leaf_of(std::size_t k) const { return leaves_[leaf_[k]]; }

  protected:
    GradcheckFunction(const GradcheckProblem& problem, GradcheckCounts& counts);
    /// Called by constructors, once value() works.
    void evaluate_at_x(bool float_results);
    [[nodiscard]] Values shaped(const std::vector<double>& x) const;

  private:
    const GradcheckProblem& problem_;
    GradcheckCounts& counts_;
    double eps_;
    std::vector<double> x_, value_;
    std::vector<Leaf> leaves_;
    std::vector<std::size_t> leaf_;  // per element
};

/// f itself.
[[nodiscard]] std::unique_ptr<const GradcheckFunction> function_of(const GradcheckProblem& problem, GradcheckCounts& counts);
/// x -> J(x)^T v, whose own J^T is J again for a gradient: the Hessian of <v, f>.
[[nodiscard]] std::unique_ptr<const GradcheckFunction> gradient_of(const GradcheckProblem& problem, std::vector<double> v,
                                                                   GradcheckCounts& counts);

[[nodiscard]] std::vector<double> numbers_of(const Values& x);
[[nodiscard]] Values values_like(const Values& x, const std::vector<double>& numbers);
[[nodiscard]] bool has_float(const Values& x);

}  // namespace internal
}  // namespace v1
}  // namespace autodiff
