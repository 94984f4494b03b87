// SPDX-License-Identifier: MIT
/// Functors for optimisers that speak Eigen: least squares and systems of equations for <unsupported/Eigen/NonLinearOptimization>
/// (LevenbergMarquardt, HybridNonLinearSolver), and losses for gradient methods. Optional; nothing else includes Eigen.
///
///     autodiff::EigenResiduals fit(decay, 2, 1);           // decay: residuals.hpp
///     Eigen::LevenbergMarquardt solver(fit);   solver.minimize(x);
///
/// Exceptions of the function pass through the solver to its caller.
#pragma once

#include "autodiff/adaptors/residuals.hpp"
#include "autodiff/eigen.hpp"

#include <Eigen/Core>
#include <string>
#include <utility>

namespace autodiff {
inline namespace v1 {

/// r[values] = f(x[inputs]) and its Jacobian from `bool f(const T* x, T* r)`, generic in T.
/// cost     residuals.hpp: dual numbers where there are more residuals than parameters, sweeps otherwise
/// f returns false: the solver stops and says UserAsked.
template <class F>
class EigenResiduals {
  public:
    using Scalar = double;
    using Index = Eigen::Index;
    using InputType = Eigen::VectorXd;
    using ValueType = Eigen::VectorXd;
    using JacobianType = Eigen::MatrixXd;
    enum { InputsAtCompileTime = Eigen::Dynamic, ValuesAtCompileTime = Eigen::Dynamic };

    EigenResiduals(F f, Index inputs, Index values) : f_(std::move(f)), inputs_(inputs), values_(values) {}
    [[nodiscard]] Index inputs() const { return inputs_; }
    [[nodiscard]] Index values() const { return values_; }

    int operator()(const InputType& x, ValueType& r) const { return evaluate(x, r, nullptr); }
    int df(const InputType& x, JacobianType& jacobian) const {
        jacobian.resize(values_, inputs_);
        ValueType r;
        return evaluate(x, r, &jacobian);
    }

  private:
    int evaluate(const InputType& x, ValueType& r, JacobianType* jacobian) const {
        if (x.size() != inputs_)
            throw ShapeError("EigenResiduals", "a vector of " + std::to_string(inputs_), "one of " + std::to_string(x.size()));
        r.resize(values_);
        const double* numbers = x.data();
        ParameterBlock block{static_cast<std::size_t>(x.size())};
        if (jacobian != nullptr)
            block.jacobian = jacobian->data(), block.row_stride = jacobian->rowStride(), block.column_stride = jacobian->colStride();
        const auto of_one_block = [this]<class T>(const T* const* blocks, T* residual) { return f_(blocks[0], residual); };
        return evaluate_residuals(of_one_block, &numbers, {&block, 1}, {r.data(), static_cast<std::size_t>(r.size())}) ? 0 : -1;
    }

    F f_;
    Index inputs_, values_;
};

/// y = f(x) and its gradient for gradient methods that call `y = loss(x, gradient)`, such as the header-only L-BFGS libraries;
/// from `T f(const Eigen::VectorX<T>& x)`, generic in T: a lambda of `const auto& x` will do.
/// cost     one recording and one sweep, however many parameters. Where y depends on no x the gradient is 0
template <class F>
class EigenLoss {
  public:
    explicit EigenLoss(F f) : f_(std::move(f)) {}

    double operator()(const Eigen::VectorXd& x) const { return f_(x); }
    double operator()(const Eigen::VectorXd& x, Eigen::VectorXd& gradient) const {
        Tape tape(Detail::derivatives);
        Eigen::VectorX<Scalar> variables(x.size());
        for (Eigen::Index i = 0; i < x.size(); ++i) variables[i] = tape.variable(x[i]);
        const Scalar y = f_(std::as_const(variables));
        gradient.setZero(x.size());
        if (y.recorded()) {
            const Gradient dy = tape.gradient(y);
            for (Eigen::Index i = 0; i < x.size(); ++i) gradient[i] = dy[variables[i]];
        }
        return y.value();
    }

  private:
    F f_;
};

}  // namespace v1
}  // namespace autodiff
