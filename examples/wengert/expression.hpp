// SPDX-License-Identifier: MIT
/// Formulas as people write them: sigmoid(w*a + b), or with names for what lies between, z = w*a + b; a1 = sigmoid(z); (a1 - 1)^2.
///
///   operators   + - * / and ^ (to the right), a minus in front; parentheses; constants pi, e, inf and nan
///   functions   whatever has a rule (functions.hpp)
///   names       letters, digits and _; a name with = in front of a formula can be used in those behind it
#pragma once

#include "examples/wengert/functions.hpp"

#include <map>
#include <string>
#include <variant>
#include <vector>

namespace wengert {

/// A formula in the order in which it is computed, on a stack.
struct Expression {
    struct Number {
        double value;
    };
    struct Name {
        std::string name;
        std::size_t at;  ///< where it stands in the text
    };
    struct Call {
        autodiff::Operation rule;
    };
    struct Assign {
        std::string name;
        std::size_t at;
    };
    using Step = std::variant<Number, Name, Call, Assign>;
    std::string text;
    std::vector<Step> steps;
};

/// throws BadInput that points into the text and says what was expected there
[[nodiscard]] Expression parse_expression(const std::string& text);

/// Values by name, those of the variables and those that are assigned.
using Values = std::map<std::string, autodiff::Scalar>;
/// Computes the formula, on the tape of the values; what is assigned is named on the tape and added to the values.
/// throws BadInput that points to a name without a value, or one that is assigned twice
[[nodiscard]] autodiff::Scalar evaluate(const Expression& expression, Values& values);

/// The names that an expression needs from outside, in their order.
[[nodiscard]] std::vector<std::string> free_names(const Expression& expression);

/// A sentence, then the part of the text around a place, and a caret below it.
[[nodiscard]] std::string pointing(const std::string& sentence, const std::string& text, std::size_t at);

}  // namespace wengert
