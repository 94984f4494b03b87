// SPDX-License-Identifier: MIT
/// What a comparison says before and beside the numbers: whose adjoint a name means, what a wrong shape looks like, where elements
/// differ, and what their quotients depend on.
#pragma once

#include "autodiff/check/compare.hpp"
#include "autodiff/check/compare_tape.hpp"

namespace autodiff {
inline namespace v1 {
namespace check {

/// The row that `W2`, `dW2` or `dL/dW2` names. throws ValueError with the nearest names if none has it, or if several have it
[[nodiscard]] std::uint32_t resolved(const CheckedTape& tape, const std::string& name);

/// Why a shape may be what it is instead of the value's own.
[[nodiscard]] std::string about_shapes(const CheckedTape& tape, std::uint32_t row, const Shape& given);

/// `[2, 1]`, counted from options.first_index; empty for a number.
[[nodiscard]] std::string position_of(const Shape& shape, Index flat, Index first_index);

[[nodiscard]] Comparison::Difference difference(const Flat& yours, const Flat& expected, const Flat& allowed, const Shape& shape,
                                                const CompareOptions& options);

/// What yours/expected depends on, for a matrix: nothing, i, j, or both. A vector stands for one row.
enum class QuotientPattern { scalar, rows, columns, both };
[[nodiscard]] QuotientPattern quotient_pattern(const Flat& yours, const Flat& expected, const Shape& shape);
[[nodiscard]] std::string described(QuotientPattern pattern, const std::vector<std::string>& names, const std::vector<std::string>& ask);

}  // namespace check
}  // namespace v1
}  // namespace autodiff
