// SPDX-License-Identifier: MIT
// The steps of a trace: forward what was computed from what, backward what arrives at each row and what it hands on.
#include "autodiff/explain/notation.hpp"
#include "autodiff/explain/phrases.hpp"
#include "autodiff/explain/tracing.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <map>

namespace autodiff {
inline namespace v1 {

namespace {

bool is_tensor(const Reading& tape, std::uint32_t row) {
    const std::uint32_t n = tape.node_at(row);
    return n != no_node && !tape.node(n).scalar_result;
}

/// Of a tensor, its shape will do: its own step shows it.
Quantity operand_value(const Reading& tape, std::uint32_t row) {
    if (!is_tensor(tape, row)) return value_of(tape, row);
    Quantity q;
    q.known = true, q.tensor = TensorSummary{};
    q.tensor->shape = tape.node(tape.node_at(row)).shape;
    return q;
}

std::vector<Trace::Operand> operands_of(const Reading& tape, std::uint32_t row) {
    std::vector<Trace::Operand> result;
    const auto operands = tape.operands(row);
    for (std::size_t k = 0; k < operands.size(); ++k) {
        const auto read = static_cast<std::uint32_t>(operands[k]);
        const double constant = tape.partials(row)[k];
        if (read == 0)
            result.push_back({0, tape.number(constant), {true, constant}});
        else
            result.push_back({read, tape.label(read), operand_value(tape, read)});
    }
    if (const std::uint32_t n = tape.node_at(row); n != no_node)
        for (const Source& source : tape.node(n).operands) {
            if (source.row == 0)
                result.push_back({0, "constant", {}});
            else
                result.push_back({source.row, tape.label(source.row), operand_value(tape, source.row)});
        }
    return result;
}

class Sweep {
  public:
    Sweep(const Reading& tape, const Scopes& scopes) : tape_(tape), scopes_(scopes), number_(tape.options().digits) {}

    Trace::Reverse step(std::uint32_t row) {
        Trace::Reverse step;
        step.number = tape_.step(row), step.row = row;
        step.name = tape_.label(row), step.operation = tape_.operation(row);
        step.scope = scopes_.of(row), step.place = scopes_.place(row);
        step.computation = computation(tape_, row);
        step.operands = variables_of(tape_, row).operands;
        step.reached = tape_.reached(row), step.tensor = is_tensor(tape_, row);
        step.value = value_of(tape_, row), step.adjoint = adjoint_of(tape_, row);
        step.flags.unused = !step.reached;
        if (row == tape_.root()) step.terms.push_back({0, "seed", 1, 1, 1, 1, false});
        if (const auto arrived = arrived_.find({row, 0}); !step.tensor && arrived != arrived_.end())
            step.terms = std::move(arrived->second.terms);
        if (step.tensor) add_tensor_terms(step);
        step.why = why(step);
        if (!step.reached) return step;
        if (const std::uint32_t n = tape_.node_at(row); n != no_node)
            push_node(step, n);
        else
            push_row(step, row);
        return step;
    }

  private:
    struct Arrived {
        std::vector<Trace::Term> terms;
        double running = 0;
    };

    std::string why(const Trace::Reverse& step) const {
        if (!step.reached) return fmt::format("{} does not depend on it", tape_.label(tape_.root()));
        if (step.row == tape_.root()) return "the seed: the derivative of a value by itself is 1";
        const std::size_t uses = std::max(step.terms.size(), tape_.consumers(step.row).size());
        if (uses == 1) return "used once: one term";
        return fmt::format("used {} times: {} terms, added up", uses, uses);
    }

    /// What arrived at a tensor that several rows read; of one that a single row reads, the adjoint says it all.
    void add_tensor_terms(Trace::Reverse& step) const {
        for (const std::uint32_t from : tape_.consumers(step.row))
            if (const Arrival* const arrival = tape_.arrival(from, step.row))
                step.terms.push_back({tape_.step(from), tape_.label(from), 0, 0, arrival->part, arrival->sum, false});
    }

    /// How many terms the adjoint of a number has.
    [[nodiscard]] std::size_t expected(const Spot& to) const {
        std::size_t n = 0;
        for (const std::uint32_t row : tape_.consumers(to.row)) {
            const auto read = tape_.operands(row);
            const std::uint32_t at = tape_.node_at(row);
            if (to.node != no_node)
                n += at != no_node && tape_.node(at).element_node == to.node && tape_.node(at).element == to.flat;
            else
                n += read.empty() ? 1 : static_cast<std::size_t>(std::count(read.begin(), read.end(), Operand{to.row}));
        }
        return n;
    }

    void push(Trace::Reverse& step, const Spot& to, Trace::Push push) {
        Arrived& arrived = arrived_[{to.row, to.flat}];
        arrived.running += push.product;
        arrived.terms.push_back({step.number, step.name, step.adjoint.number, push.local, push.product, arrived.running, push.factor});
        push.row = to.row, push.to = tape_.label(to);
        push.running = arrived.running, push.complete = only_elements_read(to);
        push.arrived = arrived.terms.size(), push.expected = expected(to);
        const bool born = std::isfinite(step.adjoint.number) && !step.tensor;
        step.flags.nan_born = step.flags.nan_born || (born && std::isnan(push.product));
        step.flags.inf_born = step.flags.inf_born || (born && std::isinf(push.product));
        step.pushes.push_back(std::move(push));
    }

    /// Whether no row but its elements reads a tensor, so that what arrives at an element is all of it.
    [[nodiscard]] bool only_elements_read(const Spot& s) const {
        const auto readers = tape_.consumers(s.row);
        return s.node == no_node || std::all_of(readers.begin(), readers.end(), [&](std::uint32_t row) {
                   const std::uint32_t n = tape_.node_at(row);
                   return n != no_node && tape_.node(n).element_node == s.node;
               });
    }

    void push_row(Trace::Reverse& step, std::uint32_t row) {
        const auto operands = tape_.operands(row);
        std::vector<double> values;
        for (const Trace::Operand& operand : operands_of(tape_, row)) values.push_back(operand.value.number);
        const RuleVariables variables{step.operands, step.name};
        for (std::size_t k = 0; k < operands.size(); ++k) {
            if (operands[k] == Operand{0}) continue;
            Trace::Push p;
            p.rule = derivative(tape_.tape().list().operation[row], k);
            p.derivative = with_names(p.rule, variables);
            p.local = tape_.partials(row)[k];
            p.with_numbers = with_numbers(p.rule, values, step.value.number, number_);
            p.meaning = meaning_of_factor(p.rule, p.local);
            p.product = step.adjoint.number == 0 ? 0 : step.adjoint.number * p.local;
            push(step, {static_cast<std::uint32_t>(operands[k]), no_node, 0}, std::move(p));
        }
    }

    void push_node(Trace::Reverse& step, std::uint32_t n) {
        const Node& node = tape_.node(n);
        if (node.element_node != no_node) {
            Trace::Push p;
            p.rule = p.derivative = "1", p.local = 1, p.product = step.adjoint.number, p.meaning = "back to its place in the tensor";
            return push(step, tape_.origin(node.row), std::move(p));
        }
        std::vector<double> ybar = flattened(tape_.block(n));
        if (node.scalar_result) ybar = {step.adjoint.number};
        for (std::size_t k = 0; k < node.operands.size(); ++k) {
            const Source& to = node.operands[k];
            const bool again = std::any_of(node.operands.begin(), node.operands.begin() + static_cast<std::ptrdiff_t>(k),
                                           [&](const Source& earlier) { return earlier.row == to.row; });
            if (to.row == 0 || again) continue;
            Trace::Push p;
            describe_vjp(p, step, n, k);
            if (to.node != no_node) {
                push_tensor(step, to, std::move(p));
                continue;
            }
            const std::vector<double> local = tape_.derivatives(n, {to.row, no_node, 0});
            for (std::size_t e = 0; e < std::min(ybar.size(), local.size()); ++e)
                if (ybar[e] != 0 && local[e] != 0) p.product += ybar[e] * local[e];
            p.factor = local.size() == 1;
            if (p.factor) p.local = local[0];
            push(step, {to.row, no_node, 0}, std::move(p));
        }
    }

    /// An operation of the list of rules says its derivative for tensors, too; others have a phrase.
    void describe_vjp(Trace::Push& p, const Trace::Reverse& step, std::uint32_t n, std::size_t k) const {
        const Node& node = tape_.node(n);
        const RuleText* const rule = find_rule(step.operation);
        if (rule == nullptr || k >= 3 || rule->derivative[k].empty()) {
            const TensorPhrase phrase = tensor_phrase(step.operation, k);
            p.rule = phrase.vjp, p.meaning = phrase.meaning;
            p.derivative = with_names(p.rule, {step.operands, step.name});
            return;
        }
        p.rule = rule->derivative[k];
        p.derivative = with_names(p.rule, {step.operands, step.name});
        const Source& to = node.operands[k];
        const bool repeated = to.node != no_node && tape_.node(to.node).shape != node.shape;
        p.meaning = rule->derivative[k] == "1"    ? "copies what arrives"
                    : rule->derivative[k] == "-1" ? "copies what arrives, with its sign turned"
                    : rule->arity > 1             ? "element by element, with the other operand"
                                                  : "element by element, with the slope there";
        if (repeated) p.meaning += "; summed back where it was repeated";
    }

    void push_tensor(Trace::Reverse& step, const Source& to, Trace::Push p) const {
        p.row = to.row, p.to = tape_.label(to.row), p.numeric = p.factor = false;
        const auto& readers = tape_.consumers(to.row);
        p.expected = readers.size();
        p.arrived = static_cast<std::size_t>(std::find(readers.begin(), readers.end(), step.row) - readers.begin()) + 1;
        if (const Arrival* const arrival = tape_.arrival(step.row, to.row))
            p.product = arrival->part, p.running = arrival->sum;
        else if (const Quantity whole = adjoint_of(tape_, to.row); whole.tensor)
            p.product = p.running = whole.tensor->norm;
        step.pushes.push_back(std::move(p));
    }

    const Reading& tape_;
    const Scopes& scopes_;
    Numbers number_;
    std::map<std::pair<std::uint32_t, Index>, Arrived> arrived_;
};

}  // namespace

RuleVariables variables_of(const Reading& tape, std::uint32_t row) {
    RuleVariables variables{{}, tape.label(row)};
    for (const Trace::Operand& operand : operands_of(tape, row)) variables.operands.push_back(operand.name);
    return variables;
}

std::string computation(const Reading& tape, std::uint32_t row) {
    const std::vector<std::string> operands = variables_of(tape, row).operands;
    return operands.empty() ? std::string(tape.operation(row)) : fmt::format("{}({})", tape.operation(row), fmt::join(operands, ", "));
}

bool is_filler(const Reading& tape, std::uint32_t row) {
    return tape.operands(row).empty() && tape.node_at(row) == no_node && !tape.reached(row) && tape.tape().list().value[row] == 0 &&
           tape.tape().given_name(row).empty();
}

void list_forward(const Reading& tape, const Scopes& scopes, Trace& trace) {
    for (std::uint32_t row = 1; row <= tape.root(); ++row) {
        if (is_filler(tape, row)) continue;
        ++trace.rows;
        trace.variables += tape.operation(row) == "variable";
        if (trace.forward.size() == tape.options().rows) continue;
        trace.forward.push_back({row, tape.label(row), std::string(tape.operation(row)), computation(tape, row), scopes.of(row),
                                 scopes.place(row), operands_of(tape, row), value_of(tape, row), flags_of(tape, row)});
    }
}

void list_reverse(const Reading& tape, const Scopes& scopes, Trace& trace) {
    Sweep sweep(tape, scopes);
    for (std::uint32_t row = tape.root(); row > 0 && trace.reverse.size() < tape.options().rows; --row)
        if (!is_filler(tape, row)) trace.reverse.push_back(sweep.step(row));
}

}  // namespace v1
}  // namespace autodiff
