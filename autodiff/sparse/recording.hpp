// SPDX-License-Identifier: MIT
/// What patterns and sparse derivatives ask of a recording first: where its inputs and outputs stand. For the .cpp files of sparse/.
#pragma once

#include "autodiff/node.hpp"
#include "autodiff/rules/dependence.hpp"
#include "autodiff/sparse/pattern.hpp"

#include <string_view>

namespace autodiff {
inline namespace v1 {
namespace internal {

inline constexpr std::uint32_t no_column = 0xffffffffu;

/// Inputs and outputs of a function, as rows of the tape that holds them.
struct Recorded {
    const Tape* tape = nullptr;  ///< null if there is no input, or no output but constants
    std::vector<std::uint32_t> x;
    std::vector<std::uint32_t> y;  ///< 0 for a constant
    std::uint32_t root = 0;        ///< the last row of an output; 0 if all are constants
    std::uint32_t last_x = 0;      ///< the last row of an input
};

/// throws TapeError unless all are on one live tape that keeps operations, ValueError unless the inputs are distinct scalar variables
[[nodiscard]] Recorded recorded(std::span<const Scalar> y, std::span<const Scalar> x, std::string_view operation);

/// By row up to the root: which input it is, or no_column.
[[nodiscard]] std::vector<std::uint32_t> column_of_row(const Recorded& f);

}  // namespace internal
}  // namespace v1
}  // namespace autodiff
