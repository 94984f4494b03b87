// SPDX-License-Identifier: MIT
/// A formula: an element-wise operation on tensors, given as a program of one number per operand. A rule is a formula of one instruction,
/// `elementwise` makes one of a user's function.
///
/// One pass over the elements computes it, in SIMD lanes, with broadcasting; one pass computes the contributions to all operands, by the
/// program that the sweep recorded of itself (program/derivative.hpp). Higher orders run that program on recorded tensors, one row an
/// instruction. What is saved for the sweep is what that program reads, no more. For the .cpp files of ops/ and elementwise.hpp.
#pragma once

#include "autodiff/ops/made_once.hpp"
#include "autodiff/program/program.hpp"
#include "autodiff/tensor.hpp"

#include <array>
#include <memory>
#include <span>
#include <string>

namespace autodiff {
inline namespace v1 {

class Formula {
  public:
    static constexpr std::size_t most_operands = 10;

    /// throws ValueError naming the operation unless the program has 1 to 10 inputs, one output and no guards
    Formula(std::string name, program::Program program);
    ~Formula();
    Formula(const Formula&) = delete;
    Formula& operator=(const Formula&) = delete;

    /// The formula of one rule.
    [[nodiscard]] static const Formula& of(Operation rule);

    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] const program::Program& program() const noexcept { return program_; }

    /// y[i] = f(x[i]...), broadcast        vjp: xbar[i] += ybar[i] df/dx, summed over the broadcast axes; where ybar[i] is 0, nothing flows
    /// The formula must live as long as what it records.
    /// throws   ShapeError unless the shapes broadcast together
    template <class T>
    [[nodiscard]] Tensor<T> operator()(std::span<const Tensor<T>* const> x) const;
    /// The same as one row where the tape keeps derivatives only, as a row for each instruction where it keeps operations.
    template <class T>
    [[nodiscard]] Tensor<T> fused_or_recorded(std::span<const Tensor<T>> x) const;
    /// The elements summed back to a shape, as numbers.
    template <class T>
    [[nodiscard]] Tensor<T> summed(std::span<const Tensor<T>> x, const Shape& to) const;
    template <class T, std::same_as<Tensor<T>>... X>
    [[nodiscard]] Tensor<T> operator()(const Tensor<T>& x, const X&... more) const {
        const std::array<const Tensor<T>*, 1 + sizeof...(X)> operands{&x, &more...};
        return (*this)(std::span<const Tensor<T>* const>(operands));
    }

    /// What follows from the formula for some of its operands, the recorded ones: bit k for operand k.
    class Derived;
    [[nodiscard]] const Derived& derived(unsigned recorded) const;

  private:
    struct Plans;

    std::string name_;
    program::Program program_;
    std::unique_ptr<const Plans> plans_;
    MadeOnce<Derived> derived_;  // by the bits of the recorded operands
};

}  // namespace v1
}  // namespace autodiff
