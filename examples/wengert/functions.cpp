// SPDX-License-Identifier: MIT
#include "examples/wengert/functions.hpp"

namespace wengert {

using autodiff::Operation, autodiff::Scalar;

namespace {

constexpr std::size_t rules = autodiff::rules::All::size;
constexpr Operation rule_number(std::size_t k) { return static_cast<Operation>(k + 1); }  // 0 is a variable

}  // namespace

std::optional<Operation> find_function(std::string_view name) {
    for (std::size_t k = 0; k < rules; ++k)
        if (autodiff::name(rule_number(k)) == name) return rule_number(k);
    return std::nullopt;
}

std::vector<std::string> function_names(std::optional<int> arity) {
    std::vector<std::string> names;
    for (std::size_t k = 0; k < rules; ++k)
        if (!arity || autodiff::arity(rule_number(k)) == *arity) names.emplace_back(autodiff::name(rule_number(k)));
    return names;
}

Scalar call(Operation rule, std::span<const Scalar> x) {
    switch (autodiff::arity(rule)) {
    case 1:
        return autodiff::visit_unary(rule, [x](auto r) { return apply(r, x[0]); });
    case 2:
        return autodiff::visit_binary(rule, [x](auto r) { return apply(r, x[0], x[1]); });
    default:
        return autodiff::visit_ternary(rule, [x](auto r) { return apply(r, x[0], x[1], x[2]); });
    }
}

}  // namespace wengert
