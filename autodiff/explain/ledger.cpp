// SPDX-License-Identifier: MIT
// The whole list as a table: forward what was computed from what, backward what arrives at each row and what it hands on.
#include "autodiff/explain/reading.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace autodiff {
inline namespace v1 {

namespace {

constexpr std::size_t listed_elements = 8;  // a larger tensor is its shape and its norm

std::string tensor_text(const Reading& tape, const AnyTensor& x, const Shape& shape) {
    const std::vector<double> elements = flattened(x);
    if (elements.empty() && shape.size() > 0) return "-";
    if (elements.size() <= listed_elements) {
        std::string text = "[";
        for (const double element : elements) text += (text.size() > 1 ? " " : "") + tape.number(element);
        return text + "]";
    }
    double squares = 0;
    for (const double element : elements) squares += element * element;
    return fmt::format("{}, norm {}", to_string(shape), tape.number(std::sqrt(squares)));
}

/// `mul(a, 2)`
std::string computation(const Reading& tape, std::uint32_t row) {
    const std::string_view operation = tape.operation(row);
    std::string list;
    const auto add = [&list](const std::string& operand) { list += (list.empty() ? "" : ", ") + operand; };
    const auto operands = tape.operands(row);
    for (std::size_t k = 0; k < operands.size(); ++k)
        add(operands[k] == Operand{0} ? tape.number(tape.partials(row)[k]) : tape.label(static_cast<std::uint32_t>(operands[k])));
    if (const std::uint32_t n = tape.node_at(row); n != no_node)
        for (const Source& source : tape.node(n).operands) add(source.row == 0 ? "constant" : tape.label(source.row));
    return list.empty() ? std::string(operation) : fmt::format("{}({})", operation, list);
}

/// What mark() puts on top of the list: a row that holds nothing.
bool is_filler(const Reading& tape, std::uint32_t row) {
    return tape.operands(row).empty() && tape.node_at(row) == no_node && !tape.reached(row) && tape.tape().list().value[row] == 0 &&
           tape.label(row) == fmt::format("t{}", row);
}

class Sweep {
  public:
    explicit Sweep(const Reading& tape) : tape_(tape) {}

    Ledger::Reverse step(std::uint32_t row) {
        Ledger::Reverse step;
        step.number = tape_.root() - row + 1;
        step.name = tape_.label(row), step.operation = tape_.operation(row), step.reached = tape_.reached(row);
        const std::uint32_t n = tape_.node_at(row);
        step.tensor = n != no_node && !tape_.node(n).scalar_result;
        if (step.tensor) {
            step.incoming = tensor_text(tape_, tape_.block(n), tape_.node(n).shape);
            if (tape_.node(n).shape.size() == 1) step.adjoint = tape_.adjoint({row, n, 0});
        } else {
            step.adjoint = tape_.adjoint({row, no_node, 0});
            step.incoming = step.reached ? tape_.number(step.adjoint) : "-";
        }
        if (row == tape_.root()) step.terms.emplace_back("seed", 1);
        if (const auto arrived = arrived_.find({row, 0}); !step.tensor && arrived != arrived_.end())
            step.terms = std::move(arrived->second.terms);
        if (!step.reached) return step;
        if (n != no_node)
            push_node(step, n);
        else
            push_row(step, row);
        return step;
    }

  private:
    struct Arrived {
        std::vector<std::pair<std::string, double>> terms;
        double running = 0;
    };

    void push(Ledger::Reverse& step, const Spot& to, std::string_view derivative, double local, double product) {
        Arrived& arrived = arrived_[{to.row, to.flat}];
        arrived.running += product;
        arrived.terms.emplace_back(fmt::format("R{} {}", step.number, step.name), product);
        step.pushes.push_back({tape_.label(to), std::string(derivative), true, local, product, arrived.running, only_elements_read(to)});
    }
    /// Whether no row but its elements reads a tensor, so that what arrives at an element is all of it.
    [[nodiscard]] bool only_elements_read(const Spot& s) const {
        const auto readers = tape_.consumers(s.row);
        return s.node == no_node || std::all_of(readers.begin(), readers.end(), [&](std::uint32_t row) {
                   const std::uint32_t n = tape_.node_at(row);
                   return n != no_node && tape_.node(n).element_node == s.node;
               });
    }
    void push_row(Ledger::Reverse& step, std::uint32_t row) {
        const auto operands = tape_.operands(row);
        for (std::size_t k = 0; k < operands.size(); ++k) {
            if (operands[k] == Operand{0}) continue;
            const double local = tape_.partials(row)[k];
            push(step, {static_cast<std::uint32_t>(operands[k]), no_node, 0}, derivative(tape_.tape().list().operation[row], k), local,
                 step.adjoint == 0 ? 0 : step.adjoint * local);
        }
    }
    void push_node(Ledger::Reverse& step, std::uint32_t n) {
        const Node& node = tape_.node(n);
        if (node.element_node != no_node) return push(step, tape_.origin(node.row), "1", 1, step.adjoint);
        std::vector<double> ybar = flattened(tape_.block(n));
        if (node.scalar_result) ybar = {step.adjoint};
        for (std::size_t k = 0; k < node.operands.size(); ++k) {
            const Source& to = node.operands[k];
            const bool again = std::any_of(node.operands.begin(), node.operands.begin() + static_cast<std::ptrdiff_t>(k),
                                           [&](const Source& earlier) { return earlier.row == to.row; });
            if (to.row == 0 || again) continue;
            if (to.node != no_node) {
                step.pushes.push_back({tape_.label(to.row), "vjp", false});
                continue;
            }
            const std::vector<double> local = tape_.derivatives(n, {to.row, no_node, 0});
            double product = 0;
            for (std::size_t e = 0; e < std::min(ybar.size(), local.size()); ++e)
                if (ybar[e] != 0 && local[e] != 0) product += ybar[e] * local[e];
            push(step, {to.row, no_node, 0}, "vjp", local.size() == 1 ? local[0] : std::numeric_limits<double>::quiet_NaN(), product);
        }
    }

    const Reading& tape_;
    std::map<std::pair<std::uint32_t, Index>, Arrived> arrived_;
};

}  // namespace

Ledger make_ledger(const Reading& tape) {
    Ledger ledger;
    const std::size_t most = tape.options().rows;
    for (std::uint32_t row = 1; row <= tape.root(); ++row) {
        if (is_filler(tape, row)) continue;
        ++ledger.rows;
        ledger.variables += tape.operation(row) == "variable";
        if (ledger.forward.size() == most) continue;
        const std::uint32_t n = tape.node_at(row);
        const bool tensor = n != no_node && !tape.node(n).scalar_result;
        ledger.forward.push_back(
            {row, tape.label(row), computation(tape, row),
             tensor ? tensor_text(tape, tape.node(n).value, tape.node(n).shape) : tape.number(tape.value({row, no_node, 0}))});
    }
    Sweep sweep(tape);
    for (std::uint32_t row = tape.root(); row > 0 && ledger.reverse.size() < most; --row)
        if (!is_filler(tape, row)) ledger.reverse.push_back(sweep.step(row));
    return ledger;
}

}  // namespace v1
}  // namespace autodiff
