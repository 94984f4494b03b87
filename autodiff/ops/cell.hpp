// SPDX-License-Identifier: MIT
/// The element-wise part of a recurrent cell: a program with several results, and its pullback. For the .cpp files of ops/.
#pragma once

#include "autodiff/elementwise.hpp"
#include "autodiff/program/derivative.hpp"
#include "autodiff/program/run.hpp"

namespace autodiff {
inline namespace v1 {

/// results = f(operands) at each element, the first `seeded` of which have adjoints; the others are saved for the pullback, which is written
/// in terms of them.
class CellProgram {
  public:
    CellProgram(std::string_view name, std::size_t operands, std::size_t results, std::size_t seeded,
                void (*f)(const Scalar* x, Scalar* y));

    /// inputs: the operands
    template <class T>
    [[nodiscard]] const program::Plan<T>& forward() const;
    /// inputs: the operands, the results, the adjoints of the seeded ones; outputs: the adjoints of the operands
    template <class T>
    [[nodiscard]] const program::Plan<T>& pull() const;

  private:
    template <class T>
    struct Plans {
        program::Plan<T> forward, pull;
    };
    Plans<float> of_float_;
    Plans<double> of_double_;
};

}  // namespace v1
}  // namespace autodiff
