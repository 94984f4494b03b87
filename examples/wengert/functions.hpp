// SPDX-License-Identifier: MIT
/// The functions of expressions are the rules of the library: whatever has a rule can be written. Nothing is listed here.
#pragma once

#include "autodiff/rules/list.hpp"
#include "autodiff/scalar.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wengert {

/// The rule of this name.
[[nodiscard]] std::optional<autodiff::Operation> find_function(std::string_view name);
/// The names of all rules with so many operands; of all, without a number.
[[nodiscard]] std::vector<std::string> function_names(std::optional<int> arity = {});
/// y = rule(x...), recorded; x has as many elements as the rule has operands.
[[nodiscard]] autodiff::Scalar call(autodiff::Operation rule, std::span<const autodiff::Scalar> x);

}  // namespace wengert
