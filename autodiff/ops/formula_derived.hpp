// SPDX-License-Identifier: MIT
/// What follows from a formula: its plans, its pullback and pushforward, and both on recorded tensors. For formula.cpp.
#pragma once

#include "autodiff/ops/formula.hpp"
#include "autodiff/program/plan.hpp"

#include <vector>

namespace autodiff {
inline namespace v1 {

constexpr unsigned bit(std::size_t k) { return 1u << k; }

/// The program on recorded tensors: one row an instruction. Values: of its inputs.
template <class T>
[[nodiscard]] std::vector<Tensor<T>> run_recorded(const program::Program& program, std::vector<Tensor<T>> values);

/// For each output of the program a value an element.
struct Formula::Plans {
    explicit Plans(const program::Program& program);
    template <class T>
    [[nodiscard]] const program::Plan<T>& get() const {
        if constexpr (std::same_as<T, float>)
            return of_float;
        else
            return of_double;
    }
    program::Plan<float> of_float;
    program::Plan<double> of_double;
};

/// The pullback and the pushforward for the recorded operands. Contributions that are ybar itself, or nothing, need no pass.
class Formula::Derived {
  public:
    enum class Part : std::uint8_t { computed, ybar, nothing };

    Derived(const program::Program& program, unsigned recorded);
    [[nodiscard]] Part part(std::size_t k) const { return part_[k]; }
    /// For the contributions that are computed; those of operands whose bit is set are added to what is there, further inputs.
    [[nodiscard]] const Plans& pull_plans(unsigned added) const;

    program::Program pull, push;
    std::unique_ptr<const Plans> push_plans;
    unsigned read = 0;  ///< operands that derivatives are written in terms of
    bool reads_result = false;

  private:
    std::size_t operands_;
    std::vector<Part> part_;
    program::Program contributions_;
    MadeOnce<Plans> pull_plans_;
};

}  // namespace v1
}  // namespace autodiff
