// SPDX-License-Identifier: MIT
/// Cost functions for Ceres Solver from the functors that its users have already. Optional; nothing else includes Ceres.
///
///     problem.AddResidualBlock(new autodiff::CeresCostFunction<Reprojection, 2, 9, 3>(Reprojection{u, v}), nullptr, camera, point);
///
/// where Ceres' own line would be `new ceres::AutoDiffCostFunction<Reprojection, 2, 9, 3>(new Reprojection{u, v})`. Functors may use
/// Eigen's maps and <ceres/rotation.h>. Where ceres::Jet carries all derivatives forward, this records once and sweeps once for each
/// residual: for few residuals and many parameters (how it chooses: residuals.hpp).
///
/// Threads: Ceres evaluates from several at once. Every evaluation has a tape of its own, so the functor need only be safe to call.
/// Exceptions must not pass through Ceres, whose threads they would end the program in: an evaluation that throws counts as one that
/// returned false, which Ceres takes as an infeasible step, or as failure at the start. The first exception is kept; `rethrow_failure`.
#pragma once

#include "autodiff/adaptors/residuals.hpp"
#include "autodiff/eigen.hpp"

#include <ceres/dynamic_cost_function.h>
#include <ceres/first_order_function.h>
#include <ceres/problem.h>
#include <ceres/sized_cost_function.h>
#include <exception>
#include <mutex>
#include <vector>

namespace autodiff {
inline namespace v1 {

/// What all functions of this file have in common: the first exception that an evaluation ended with.
class KeepsFailure {
  public:
    /// Null if no evaluation has thrown. An optimiser may have stepped back from it and succeeded: its summary tells.
    [[nodiscard]] std::exception_ptr failure() const {
        const std::lock_guard lock(mutex_);
        return failure_;
    }

  protected:
    KeepsFailure() = default;
    ~KeepsFailure() = default;
    template <class Evaluation>
    bool false_if_it_throws(const Evaluation& evaluation) const noexcept {
        try {
            return evaluation();
        } catch (...) {
            const std::lock_guard lock(mutex_);
            if (!failure_) failure_ = std::current_exception();
            return false;
        }
    }

  private:
    mutable std::mutex mutex_;
    mutable std::exception_ptr failure_;
};

/// Throws what an evaluation of one of the problem's cost functions has thrown, if any did; for use after ceres::Solve.
inline void rethrow_failure(const ceres::Problem& problem) {
    std::vector<ceres::ResidualBlockId> blocks;
    problem.GetResidualBlocks(&blocks);
    for (const ceres::ResidualBlockId block : blocks)
        if (const auto* cost = dynamic_cast<const KeepsFailure*>(problem.GetCostFunctionForResidualBlock(block)))
            if (const std::exception_ptr failure = cost->failure()) std::rethrow_exception(failure);
}

namespace internal {

/// Ceres' layout: jacobians[b] is row-major, residuals by the size of block b; it is null, or the whole array is, where nobody asks.
template <class F>
bool evaluate_for_ceres(const F& f, const ceres::CostFunction& cost, const double* const* x, double* residuals, double** jacobians) {
    ShortArray<ParameterBlock> blocks;
    for (std::size_t b = 0; b < cost.parameter_block_sizes().size(); ++b) {
        const std::int32_t size = cost.parameter_block_sizes()[b];
        blocks.push_back({static_cast<std::size_t>(size), jacobians == nullptr ? nullptr : jacobians[b], size, 1});
    }
    return evaluate_residuals(f, x, {blocks.data(), blocks.size()}, {residuals, static_cast<std::size_t>(cost.num_residuals())});
}

}  // namespace internal

/// r[residuals] = f(x_1[sizes_1], ..., x_n[sizes_n]) from `bool f(const T* x_1, ..., const T* x_n, T* r)`, generic in T.
/// With ceres::DYNAMIC residuals their number is the constructor's second argument.
template <class F, int residuals, int... sizes>
class CeresCostFunction final : public ceres::SizedCostFunction<residuals, sizes...>, public KeepsFailure {
  public:
    explicit CeresCostFunction(F f)
        requires(residuals != ceres::DYNAMIC)
        : f_(std::move(f)) {}
    CeresCostFunction(F f, int number_of_residuals)
        requires(residuals == ceres::DYNAMIC)
        : f_(std::move(f)) {
        this->set_num_residuals(number_of_residuals);
    }
    [[nodiscard]] const F& functor() const { return f_; }

    bool Evaluate(const double* const* x, double* r, double** jacobians) const override {
        const auto spread = [this]<class T>(const T* const* blocks, T* residual) {
            return [&]<std::size_t... b>(std::index_sequence<b...>) {
                return f_(blocks[b]..., residual);
            }(std::make_index_sequence<sizeof...(sizes)>{});
        };
        return false_if_it_throws([&] { return internal::evaluate_for_ceres(spread, *this, x, r, jacobians); });
    }

  private:
    F f_;
};

/// The same for arguments whose number or sizes are known at run time, from `bool f(const T* const* x, T* r)`, generic in T.
/// Say AddParameterBlock(size) for each argument and SetNumResiduals(n) before use, as with ceres::DynamicAutoDiffCostFunction.
template <class F>
class DynamicCeresCostFunction final : public ceres::DynamicCostFunction, public KeepsFailure {
  public:
    explicit DynamicCeresCostFunction(F f) : f_(std::move(f)) {}
    [[nodiscard]] const F& functor() const { return f_; }

    bool Evaluate(const double* const* x, double* r, double** jacobians) const override {
        return false_if_it_throws([&] { return internal::evaluate_for_ceres(f_, *this, x, r, jacobians); });
    }

  private:
    F f_;
};

/// y = f(x[parameters]), for ceres::GradientProblem (L-BFGS, BFGS, conjugate gradients), from `bool f(const T* x, T* y)`, generic in T.
/// cost     one recording and one sweep, however many parameters
template <class F>
class CeresFirstOrderFunction final : public ceres::FirstOrderFunction, public KeepsFailure {
  public:
    CeresFirstOrderFunction(F f, int parameters) : f_(std::move(f)), parameters_(parameters) {}
    [[nodiscard]] const F& functor() const { return f_; }
    [[nodiscard]] int NumParameters() const override { return parameters_; }

    bool Evaluate(const double* x, double* y, double* gradient) const override {
        const auto of_one_block = [this]<class T>(const T* const* blocks, T* result) { return f_(blocks[0], result); };
        const ParameterBlock block{static_cast<std::size_t>(parameters_), gradient, 0, 1};
        return false_if_it_throws([&] { return evaluate_residuals(of_one_block, &x, {&block, 1}, {y, 1}); });
    }

  private:
    F f_;
    int parameters_;
};

}  // namespace v1
}  // namespace autodiff
