// SPDX-License-Identifier: MIT
// The graph of a trace for Graphviz and for Mermaid: values as nodes n<k>, local derivatives on the edges, scopes around them.
#include "autodiff/explain/escape.hpp"
#include "autodiff/explain/outputs.hpp"
#include "autodiff/explain/writing.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <functional>
#include <map>

namespace autodiff {
inline namespace v1 {

namespace {

// Graphviz gives labels of edges ranks of their own, which takes minutes in larger graphs; in still larger ones any label does.
constexpr std::size_t ranked_labels = 60, drawn_labels = 300;
constexpr std::size_t mermaid_nodes = 150, mermaid_edges = 200, mermaid_bytes = 50'000;  // its maxTextSize

void check_drawn(std::string_view output, const Trace& trace) {
    if (!trace.graph.refused.empty()) throw ValueError(output, "at most 2000 nodes", trace.graph.refused);
}

/// What stands in a node, line by line.
std::vector<std::string> lines_of(const Trace& trace, const Trace::Graph::Node& node) {
    const Numbers number(trace.options.digits);
    std::vector<std::string> lines{node.name == node.scope ? node.name : fmt::format("{}  {}", node.name, node.operation)};
    if (node.rows > 1) lines.push_back(fmt::format("{} rows", node.rows));
    if (!node.shape.empty()) lines.push_back(node.shape);
    const auto brief = [&](const Quantity& q) {
        return q.known && q.tensor && q.tensor->shape.size() > 8 ? "norm " + number(q.tensor->norm) : quantity_text(q, number);
    };
    lines.push_back(fmt::format("= {}", brief(node.value)));
    lines.push_back(fmt::format("{} = {}", derivative_name(trace, node.rows > 1 ? "its last row" : node.name), brief(node.adjoint)));
    return lines;
}

std::string edge_text(const Trace::Graph::Edge& edge, const Numbers& number, bool products) {
    const std::string local = number(edge.local);
    std::string text = !edge.numeric || edge.symbol == local ? edge.symbol : fmt::format("{} = {}", edge.symbol, local);
    if (products && edge.numeric) text += fmt::format(" ({} flows back)", number(edge.product));
    return text;
}

std::string joined(const std::vector<std::string>& lines, std::string_view separator, std::string (*escaped)(std::string_view)) {
    std::string text;
    for (const std::string& line : lines) text += (text.empty() ? "" : std::string(separator)) + escaped(line);
    return text;
}

/// Nodes by scope, in the order in which scopes begin; the first are those in none.
std::vector<std::pair<std::string, std::vector<std::size_t>>> by_scope(const Trace::Graph& graph) {
    std::vector<std::pair<std::string, std::vector<std::size_t>>> scopes{{"", {}}};
    std::map<std::string, std::size_t> position{{"", 0}};
    for (std::size_t k = 0; k < graph.nodes.size(); ++k) {
        const std::string scope = graph.nodes[k].rows > 1 ? "" : graph.nodes[k].scope;
        const auto at = position.try_emplace(scope, scopes.size());
        if (at.second) scopes.push_back({scope, {}});
        scopes[at.first->second].second.push_back(k);
    }
    return scopes;
}

}  // namespace

std::string to_dot(const Trace& trace, const DrawingOptions& options) {
    check_drawn("to_dot", trace);
    const Trace::Graph& graph = trace.graph;
    const Numbers number(trace.options.digits);
    const bool few = graph.nodes.size() <= ranked_labels;
    const std::string_view label = few ? "label" : graph.nodes.size() <= drawn_labels ? "xlabel" : "edgetooltip";
    std::string text = fmt::format("digraph \"{}\" {{\n  rankdir=LR; ordering=out;\n", dot_escaped(trace.title)) +
                       "  node [shape=box, style=\"rounded,filled\", fillcolor=white, fontname=\"sans-serif\", fontsize=11];\n"
                       "  edge [fontname=\"sans-serif\", fontsize=10];\n" +
                       (few ? "" : "  nslimit=1; nslimit1=1; splines=line;\n");
    std::size_t cluster = 0;
    for (const auto& [scope, nodes] : by_scope(graph)) {
        const std::string indent = scope.empty() ? "  " : "    ";
        if (!scope.empty()) text += fmt::format("  subgraph cluster_{} {{\n    label=\"{}\";\n", cluster++, dot_escaped(scope));
        for (const std::size_t k : nodes) {
            const Trace::Graph::Node& node = graph.nodes[k];
            text += fmt::format("{}n{} [label=\"{}\"{}{}];\n", indent, node.row, joined(lines_of(trace, node), "\\n", dot_escaped),
                                node.variable   ? ", fillcolor=\"#e8f0fe\""
                                : node.rows > 1 ? ", shape=box3d"
                                                : "",
                                node.reached ? "" : ", style=\"rounded,dashed\"");
            if (options.constants && !graph.constants[k].empty())
                text += fmt::format("{0}c{1} [label=\"{2}\", shape=plaintext, style=\"\"];\n{0}c{1} -> n{1} [style=dotted];\n", indent,
                                    node.row, dot_escaped(graph.constants[k]));
        }
        if (!scope.empty()) text += "  }\n";
    }
    for (const Trace::Graph::Edge& edge : graph.edges)
        text += fmt::format("  n{} -> n{} [{}=\"{}\"];\n", graph.nodes[edge.from].row, graph.nodes[edge.to].row, label,
                            dot_escaped(edge_text(edge, number, options.products)));
    return text + "}\n";
}

std::string to_mermaid(const Trace& trace, const DrawingOptions& options) {
    check_drawn("to_mermaid", trace);
    const Trace::Graph& graph = trace.graph;
    constexpr std::string_view hint = "a smaller options.collapse draws layers as one node; to_dot takes up to 2000";
    if (graph.nodes.size() > mermaid_nodes || graph.edges.size() > mermaid_edges)
        throw ValueError("to_mermaid", fmt::format("at most {} nodes and {} edges", mermaid_nodes, mermaid_edges),
                         fmt::format("{} and {}", graph.nodes.size(), graph.edges.size()), hint);
    const Numbers number(trace.options.digits);
    std::string text = "flowchart LR\n";
    std::size_t cluster = 0;
    for (const auto& [scope, nodes] : by_scope(graph)) {
        if (!scope.empty()) text += fmt::format("  subgraph s{}[\"{}\"]\n", cluster++, mermaid_escaped(scope));
        for (const std::size_t k : nodes) {
            const Trace::Graph::Node& node = graph.nodes[k];
            const std::string label = joined(lines_of(trace, node), "<br/>", mermaid_escaped);
            text += node.variable ? fmt::format("  n{}([\"{}\"])\n", node.row, label) : fmt::format("  n{}[\"{}\"]\n", node.row, label);
            if (options.constants && !graph.constants[k].empty())
                text += fmt::format("  c{0}[\"{1}\"] -.-> n{0}\n", node.row, mermaid_escaped(graph.constants[k]));
        }
        if (!scope.empty()) text += "  end\n";
    }
    for (const Trace::Graph::Edge& edge : graph.edges) {
        const std::string label = edge_text(edge, number, options.products);
        text += label.empty() ? fmt::format("  n{} --> n{}\n", graph.nodes[edge.from].row, graph.nodes[edge.to].row)
                              : fmt::format("  n{} -- \"{}\" --> n{}\n", graph.nodes[edge.from].row, mermaid_escaped(label),
                                            graph.nodes[edge.to].row);
    }
    if (text.size() > mermaid_bytes)
        throw ValueError("to_mermaid", fmt::format("a drawing of at most {} bytes", mermaid_bytes), fmt::format("{}", text.size()), hint);
    return text;
}

}  // namespace v1
}  // namespace autodiff
