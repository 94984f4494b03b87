// SPDX-License-Identifier: MIT
// What deserves attention at a row: a kink, a saturated activation, the birth of a NaN or an infinity. Rules are probed, not known by name.
#include "autodiff/explain/tracing.hpp"

#include <algorithm>
#include <cmath>

namespace autodiff {
inline namespace v1 {

namespace {

constexpr double near_kink = 1e-6;    // of the operand's size, at least of 1
constexpr double nearly_flat = 0.01;  // of the steepest slope

double step_at(double x) { return near_kink * std::max(1.0, std::abs(x)); }
bool jumps(double left, double right) { return std::abs(left - right) > 0.1; }

/// Whether the derivative of a piecewise rule is another one just beside the operands. Its own text says that it is piecewise.
bool at_kink(Operation operation, std::span<const double> x, double y) {
    const std::string_view text = derivative(operation);
    if (text.find("if") == std::string_view::npos && text.find("sign") == std::string_view::npos) return false;
    if (x.size() == 1 && arity(operation) == 1)
        return visit_unary(operation, [&](auto rule) {
            using R = decltype(rule);
            const double h = step_at(x[0]);
            return jumps(R::partial(x[0] - h, R::value(x[0] - h)), R::partial(x[0] + h, R::value(x[0] + h)));
        });
    if (x.size() == 2 && arity(operation) == 2)
        return visit_binary(operation, [&](auto rule) {
            using R = decltype(rule);
            const double h = step_at(x[0]);
            return jumps(R::partial_a(x[0] - h, x[1], y), R::partial_a(x[0] + h, x[1], y));
        });
    return false;
}

/// Whether a rule that is flat far out on both sides is nearly flat here already.
bool is_saturated(Operation operation, double x) {
    if (arity(operation) != 1) return false;
    return visit_unary(operation, [&](auto rule) {
        using R = decltype(rule);
        const auto level = [](double far) { return R::value(far); };
        const double right = level(1e3), left = level(-1e3);
        if (!(std::abs(level(2e3) - right) < 1e-3 && std::abs(level(-2e3) - left) < 1e-3) || right == left) return false;
        const double steepest = std::abs(R::partial(0.0, level(0.0))), here = std::abs(R::partial(x, level(x)));
        return std::isfinite(steepest) && here < nearly_flat * steepest;
    });
}

Operation code_of_rule(std::string_view operation) {
    for (std::size_t code = 1; code < internal::entries.size(); ++code)
        if (internal::entries[code].name == operation) return static_cast<Operation>(code);
    return Operation::variable;
}

struct Odd {
    bool nan = false, inf = false;
};
Odd odd(const std::vector<double>& x) {
    Odd found;
    for (const double v : x) found.nan = found.nan || std::isnan(v), found.inf = found.inf || std::isinf(v);
    return found;
}

void add_births(Trace::Flags& flags, const Odd& result, const Odd& operands) {
    flags.nan_born = result.nan && !operands.nan;
    flags.inf_born = result.inf && !operands.inf && !operands.nan;
}

Trace::Flags of_tensor_row(const Reading& tape, const Node& node) {
    Trace::Flags flags;
    const std::vector<double> y = flattened(node.value);
    const Operation operation = code_of_rule(node.primitive->name());
    std::vector<std::vector<double>> x;
    for (const Source& source : node.operands)
        if (source.node != no_node) x.push_back(flattened(tape.node(source.node).value));
    if (node.operands.empty()) return flags;
    Odd operands;
    for (const auto& values : x) operands.nan = operands.nan || odd(values).nan, operands.inf = operands.inf || odd(values).inf;
    add_births(flags, odd(y), operands);
    flags.constant = std::any_of(node.operands.begin(), node.operands.end(), [](const Source& source) { return source.row == 0; });
    if (operation == Operation::variable || x.size() != node.operands.size()) return flags;
    std::size_t flat = 0;
    for (std::size_t k = 0; k < y.size(); ++k) {
        if (std::any_of(x.begin(), x.end(), [&](const auto& values) { return values.size() != y.size(); })) break;
        std::vector<double> at;
        for (const auto& values : x) at.push_back(values[k]);
        flags.kink = flags.kink || at_kink(operation, at, y[k]);
        flat += at.size() == 1 && is_saturated(operation, at[0]);
    }
    flags.saturated = 2 * flat > y.size();  // most of its elements
    return flags;
}

}  // namespace

Trace::Flags flags_of(const Reading& tape, std::uint32_t row) {
    Trace::Flags flags;
    const std::uint32_t n = tape.node_at(row);
    if (n != no_node && !tape.node(n).scalar_result) {
        flags = of_tensor_row(tape, tape.node(n));
    } else if (n == no_node && !tape.operands(row).empty()) {
        std::vector<double> x;
        const auto operands = tape.operands(row);
        for (std::size_t k = 0; k < operands.size(); ++k)
            x.push_back(operands[k] == Operand{0} ? tape.partials(row)[k]
                                                  : tape.value({static_cast<std::uint32_t>(operands[k]), no_node, 0}));
        const Operation operation = tape.tape().list().operation[row];
        const double y = tape.value({row, no_node, 0});
        add_births(flags, odd({y}), odd(x));
        flags.kink = at_kink(operation, x, y);
        flags.saturated = is_saturated(operation, x[0]);
    }
    flags.unused = !tape.reached(row);
    return flags;
}

}  // namespace v1
}  // namespace autodiff
