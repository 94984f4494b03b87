// SPDX-License-Identifier: MIT
// Computing a parsed formula, and pointing into its text.
#include "examples/wengert/bad_input.hpp"
#include "examples/wengert/expression.hpp"
#include "examples/wengert/words.hpp"

#include "autodiff/tape.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <limits>
#include <numbers>
#include <set>

namespace wengert {

using autodiff::Scalar;

namespace {

const std::map<std::string, double> constants{{"pi", std::numbers::pi},
                                              {"e", std::numbers::e},
                                              {"inf", std::numeric_limits<double>::infinity()},
                                              {"nan", std::numeric_limits<double>::quiet_NaN()}};

/// `z = w` gives w no second name.
void name_if_it_has_none(const Scalar& y, const std::string& name) {
    if (!y.recorded()) return;
    autodiff::Tape& tape = autodiff::Tape::of(y.row(), y.recording(), "evaluate");
    if (tape.given_name(y.row()).empty()) tape.name(y, name);
}

}  // namespace

std::string pointing(const std::string& sentence, const std::string& text, std::size_t at) {
    constexpr std::size_t around = 50;
    const auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xc0u) == 0x80u; };  // of a character in UTF-8
    std::size_t first = at > around ? at - around : 0, last = std::min(text.size(), at + around);
    while (first > 0 && continues(text[first])) --first;
    while (last < text.size() && continues(text[last])) ++last;
    std::string line = first > 0 ? "..." : "", caret(line.size(), ' ');
    for (std::size_t k = first; k < last; ++k) {
        line += static_cast<unsigned char>(text[k]) < 0x20 || text[k] == 0x7f ? ' ' : text[k];
        if (k < at && !continues(text[k])) caret += ' ';
    }
    return fmt::format("{}{}\n  {}{}\n  {}^", sentence, sentence.ends_with('?') ? "" : ":", line, last < text.size() ? "..." : "", caret);
}

Scalar evaluate(const Expression& expression, Values& values) {
    std::vector<Scalar> stack;
    const auto step = [&]<class S>(const S& s) {
        if constexpr (std::same_as<S, Expression::Number>) {
            stack.emplace_back(s.value);
        } else if constexpr (std::same_as<S, Expression::Name>) {
            if (const auto value = values.find(s.name); value != values.end()) {
                stack.push_back(value->second);
            } else if (const auto constant = constants.find(s.name); constant != constants.end()) {
                stack.emplace_back(constant->second);
            } else {
                std::vector<std::string> known;
                for (const auto& [name, unused] : values) known.push_back(name);
                const std::string hint =
                    find_function(s.name) ? fmt::format("; the function is {}(...)", s.name) : did_you_mean(s.name, known);
                throw BadInput(
                    pointing(fmt::format("expected a value for '{0}', as in --at {0}=1{1}", s.name, hint), expression.text, s.at));
            }
        } else if constexpr (std::same_as<S, Expression::Call>) {
            const auto operands = static_cast<std::size_t>(autodiff::arity(s.rule));
            const Scalar y = call(s.rule, std::span<const Scalar>(stack).last(operands));
            stack.resize(stack.size() - operands);
            stack.push_back(y);
        } else {
            if (!values.emplace(s.name, stack.back()).second)
                throw BadInput(pointing(fmt::format("expected a new name, '{}' has a value", s.name), expression.text, s.at));
            name_if_it_has_none(stack.back(), s.name);
        }
    };
    for (const Expression::Step& s : expression.steps) std::visit(step, s);
    return stack.back();
}

std::vector<std::string> free_names(const Expression& expression) {
    std::vector<std::string> names;
    std::set<std::string> assigned;
    for (const Expression::Step& step : expression.steps) {
        if (const auto* a = std::get_if<Expression::Assign>(&step)) assigned.insert(a->name);
        if (const auto* n = std::get_if<Expression::Name>(&step))
            if (!assigned.contains(n->name) && std::find(names.begin(), names.end(), n->name) == names.end()) names.push_back(n->name);
    }
    return names;
}

}  // namespace wengert
