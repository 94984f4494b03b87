// SPDX-License-Identifier: MIT
// What is drawn of a tape: rows as nodes, local derivatives on the edges, and a scope with too many rows as one box.
#include "autodiff/explain/notation.hpp"
#include "autodiff/explain/phrases.hpp"
#include "autodiff/explain/tracing.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>

namespace autodiff {
inline namespace v1 {

namespace {

constexpr std::size_t most_nodes = 2000;
constexpr std::size_t most_unused = 200;  // rows up to which those are drawn that the loss does not depend on
constexpr std::size_t none = static_cast<std::size_t>(-1);

/// "3412 nodes" and what to do about it.
std::string refusal(std::size_t nodes, const std::map<std::string, std::size_t>& rows_in) {
    std::vector<std::size_t> sizes;
    for (const auto& [scope, rows] : rows_in)
        if (!scope.empty()) sizes.push_back(rows);
    std::sort(sizes.begin(), sizes.end(), std::greater<>());
    const auto with = [&](std::size_t collapse) {
        std::size_t drawn = rows_in.contains("") ? rows_in.at("") : 0;
        for (const std::size_t rows : sizes) drawn += rows > collapse ? 1 : rows;
        return drawn;
    };
    for (const std::size_t rows : sizes)
        if (const std::size_t collapse = rows - 1; with(collapse) <= most_nodes)
            return fmt::format("{} nodes; options.collapse = {} would draw {}", nodes, collapse, with(collapse));
    return fmt::format("{} nodes; name the parameters by layers (\"hidden.weight\"), so that layers can be drawn as one", nodes);
}

class Drawing {
  public:
    Drawing(const Reading& tape, const Scopes& scopes) : tape_(tape), scopes_(scopes), position_(std::size_t{tape.root()} + 1, none) {}

    Trace::Graph graph() {
        choose_rows();
        std::size_t drawn = rows_in_.contains("") ? rows_in_[""] : 0;
        for (const auto& [scope, rows] : rows_in_)
            if (!scope.empty()) drawn += collapsed(scope) ? 1 : rows;
        if (drawn > most_nodes) {
            graph_.refused = refusal(drawn, rows_in_);
            return std::move(graph_);
        }
        for (const std::uint32_t row : rows_) place(row);
        for (const std::uint32_t row : rows_) connect(row);
        return std::move(graph_);
    }

  private:
    [[nodiscard]] bool collapsed(const std::string& scope) const { return !scope.empty() && rows_in_.at(scope) > tape_.options().collapse; }
    void choose_rows() {
        std::size_t all = 0;
        for (std::uint32_t row = 1; row <= tape_.root(); ++row) all += !is_filler(tape_, row);
        for (std::uint32_t row = 1; row <= tape_.root(); ++row) {
            if (is_filler(tape_, row) || (!tape_.reached(row) && all > most_unused)) continue;
            rows_.push_back(row);
            ++rows_in_[scopes_.of(row)];
        }
    }

    /// A row's node, or the box of its scope, which shows the last row in it.
    void place(std::uint32_t row) {
        const std::string& scope = scopes_.of(row);
        const bool box = collapsed(scope);
        std::size_t at = graph_.nodes.size();
        if (box) at = box_of_.try_emplace(scope, at).first->second;
        if (at == graph_.nodes.size()) {
            graph_.nodes.push_back({});
            graph_.nodes.back().rows = 0;
            graph_.constants.emplace_back();
        }
        position_[row] = at;
        Trace::Graph::Node& node = graph_.nodes[at];
        ++node.rows;
        node.row = row, node.scope = scope;
        node.name = box ? scope : tape_.label(row);
        node.operation = box ? fmt::format("{} rows", node.rows) : std::string(tape_.operation(row));
        node.variable = !box && tape_.operation(row) == "variable", node.reached = tape_.reached(row);
        if (box && row != last_of(scope)) return;
        node.value = value_of(tape_, row), node.adjoint = adjoint_of(tape_, row);
        node.shape.clear();
        if (node.value.tensor) node.shape = to_string(node.value.tensor->shape);
        for (Quantity* const q : {&node.value, &node.adjoint})
            if (q->tensor && q->tensor->values.size() > 8) q->tensor->values.clear();  // a drawing shows no more
    }
    [[nodiscard]] std::uint32_t last_of(const std::string& scope) const {
        return *std::find_if(rows_.rbegin(), rows_.rend(), [&](std::uint32_t row) { return scopes_.of(row) == scope; });
    }

    void connect(std::uint32_t row) {
        const std::size_t to = position_[row];
        const RuleVariables variables = variables_of(tape_, row);
        const auto operands = tape_.operands(row);
        for (std::size_t k = 0; k < operands.size(); ++k) {
            const double local = tape_.partials(row)[k];
            if (operands[k] == Operand{0}) {
                add_constant(to, tape_.number(local));
                continue;
            }
            const double ybar = tape_.adjoint({row, no_node, 0});
            const std::string symbol = with_names(derivative(tape_.tape().list().operation[row], k), variables);
            edge({position_[static_cast<std::uint32_t>(operands[k])], to, symbol, true, local, ybar == 0 ? 0 : ybar * local});
        }
        const std::uint32_t n = tape_.node_at(row);
        if (n == no_node) return;
        const Node& node = tape_.node(n);
        const RuleText* const rule = find_rule(tape_.operation(row));
        for (std::size_t k = 0; k < node.operands.size(); ++k) {
            if (node.operands[k].row == 0) {
                add_constant(to, "constant");
                continue;
            }
            const std::string_view symbol = node.element_node != no_node ? "1"
                                            : rule != nullptr && k < 3 && rule->arity > static_cast<int>(k)
                                                ? rule->derivative[k]
                                                : tensor_phrase(tape_.operation(row), k).vjp;
            edge({position_[node.operands[k].row], to, with_names(symbol, variables), false, 0, 0});
        }
    }
    void add_constant(std::size_t to, const std::string& constant) {
        if (graph_.nodes[to].rows > 1) return;
        graph_.constants[to] += (graph_.constants[to].empty() ? "" : ", ") + constant;
    }
    /// Between boxes one edge stands for all.
    void edge(Trace::Graph::Edge e) {
        if (e.from == none || e.from == e.to) return;
        const bool box = graph_.nodes[e.from].rows > 1 || graph_.nodes[e.to].rows > 1;
        if (box && !between_boxes_.insert({e.from, e.to}).second) return;
        if (graph_.nodes[e.to].rows > 1) e.symbol.clear(), e.numeric = false;
        graph_.edges.push_back(std::move(e));
    }

    const Reading& tape_;
    const Scopes& scopes_;
    std::vector<std::size_t> position_;
    std::vector<std::uint32_t> rows_;
    std::map<std::string, std::size_t> rows_in_, box_of_;
    std::set<std::pair<std::size_t, std::size_t>> between_boxes_;
    Trace::Graph graph_;
};

}  // namespace

Trace::Graph graph_of(const Reading& tape, const Scopes& scopes) { return Drawing(tape, scopes).graph(); }

}  // namespace v1
}  // namespace autodiff
