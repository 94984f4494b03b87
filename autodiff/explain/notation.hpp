// SPDX-License-Identifier: MIT
/// Names and derivatives as formulas. `W1[0, 1]` of layer 1 becomes W^(1) with the indices 0 1, `y (1 - y)` becomes a product, in LaTeX and
/// in MathML; and with numbers in place of the variables it stays text. Everything that comes out is escaped.
#pragma once

#include "autodiff/explain/words.hpp"

#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace autodiff {
inline namespace v1 {

/// The rule's text with numbers: x and y, or a, b, c and y. Empty if that says nothing new: the text is one variable, or holds none.
[[nodiscard]] std::string with_numbers(std::string_view symbol, std::span<const double> operands, double y, const Numbers& number);

/// What the variables of a rule's text stand for: a, b, c or x are operands, y the result.
struct RuleVariables {
    std::vector<std::string> operands;
    std::string result;
};
/// The text in the names of the program: `y (1 - y)` as `a1 (1 - a1)`, `ybar b^T` as `ybar W2^T`.
[[nodiscard]] std::string with_names(std::string_view symbol, const RuleVariables& variables);

/// How a derivative or a name is written as mathematics.
class Notations {
  public:
    /// `layers`: numbers that mean a layer at the end of a name
    explicit Notations(std::set<std::string> layers) : layers_(std::move(layers)) {}
    [[nodiscard]] std::string latex(std::string_view name) const;
    [[nodiscard]] std::string mathml(std::string_view name) const;

  private:
    struct Name {
        std::string stem, layer, index;
        bool word = false;
    };
    [[nodiscard]] Name parsed(std::string_view name) const;
    std::set<std::string> layers_;
};

[[nodiscard]] std::string latex_formula(std::string_view symbol);
[[nodiscard]] std::string mathml_formula(std::string_view symbol);
/// In the names of the program.
[[nodiscard]] std::string mathml_formula(std::string_view symbol, const RuleVariables& variables, const Notations& names);
/// A number: 1.5e-07 as 1.5 times a power of ten.
[[nodiscard]] std::string latex_number(std::string_view number);
[[nodiscard]] std::string mathml_number(std::string_view number);

}  // namespace v1
}  // namespace autodiff
