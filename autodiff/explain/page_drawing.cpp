// SPDX-License-Identifier: MIT
// The graph of a page as SVG. The script only changes classes and hides what is not computed yet.
#include "autodiff/explain/escape.hpp"
#include "autodiff/explain/layout.hpp"
#include "autodiff/explain/page.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

namespace autodiff {
inline namespace v1 {
namespace page {

namespace {

/// So many characters that they fit into a node; a name in full is in its title.
std::string cut(std::string_view text, std::size_t most) {
    std::size_t bytes = 0, characters = 0;
    while (bytes < text.size() && characters < most) {
        ++bytes, ++characters;
        while (bytes < text.size() && (static_cast<unsigned char>(text[bytes]) & 0xc0u) == 0x80u) ++bytes;
    }
    return bytes == text.size() ? std::string(text) : std::string(text.substr(0, bytes)) + "…";
}

/// A number short enough for a node; of a tensor the norm.
std::string brief(const Writer& write, const Quantity& q) {
    if (!q.known) return "–";
    if (!q.tensor || q.tensor->shape.size() == 1) return Numbers(std::min(write.trace.options.digits, 6))(q.number);
    return "‖" + Numbers(std::min(write.trace.options.digits, 4))(q.tensor->norm) + "‖";
}

std::string edge_path(const Layout& layout, const Trace::Graph::Edge& e, const std::vector<Point>& bends, double at, Point& middle) {
    const Point from{layout.node[e.from].x + node_width / 2, layout.node[e.from].y},
        to{layout.node[e.to].x - node_width / 2, layout.node[e.to].y};
    std::string d = fmt::format("M{:.1f} {:.1f}", from.x, from.y);
    Point last = from;
    const auto curve = [&](const Point& p) {
        const double bow = std::max(20.0, (p.x - last.x) / 2);
        d += fmt::format("C{:.1f} {:.1f} {:.1f} {:.1f} {:.1f} {:.1f}", last.x + bow, last.y, p.x - bow, p.y, p.x, p.y);
        // A point of the curve: the labels of curves that cross in the middle stand apart.
        const double t = at, s = 1 - t;
        middle = {s * s * s * last.x + 3 * s * s * t * (last.x + bow) + 3 * s * t * t * (p.x - bow) + t * t * t * p.x,
                  (s * s * s + 3 * s * s * t) * last.y + (3 * s * t * t + t * t * t) * p.y};
        last = p;
    };
    for (const Point& bend : bends) {
        curve({bend.x - node_width / 2, bend.y});
        d += fmt::format("L{:.1f} {:.1f}", bend.x + node_width / 2, bend.y);
        last = {bend.x + node_width / 2, bend.y};
    }
    curve(to);
    return d;
}

std::string edges(const Writer& write, const Layout& layout) {
    const Trace::Graph& graph = write.trace.graph;
    const Numbers few(std::min(write.trace.options.digits, 4));
    std::string text;
    for (std::size_t k = 0; k < graph.edges.size(); ++k) {
        const Trace::Graph::Edge& e = graph.edges[k];
        Point middle;
        const std::string d = edge_path(layout, e, layout.edge[k], 0.35 + 0.15 * static_cast<double>(k % 3), middle);
        std::size_t same = 0;  // labels of operands that are read twice stand below each other
        for (std::size_t earlier = 0; earlier < k; ++earlier)
            same += graph.edges[earlier].from == e.from && graph.edges[earlier].to == e.to;
        const std::string label = e.numeric ? few(e.local) : cut(vjp_signs(e.symbol), 15);
        text += fmt::format("<g class=\"edge\" data-from=\"{}\" data-to=\"{}\"><title>{}</title><path d=\"{}\"/><text x=\"{:.1f}\" "
                            "y=\"{:.1f}\">{}</text></g>\n",
                            graph.nodes[e.from].row, graph.nodes[e.to].row,
                            html_escaped(e.numeric ? fmt::format("local derivative {} = {}, {} flows back", e.symbol, write.number(e.local),
                                                                 write.number(e.product))
                                                   : "hands back " + e.symbol),
                            d, middle.x, middle.y - 4 + 12 * static_cast<double>(same), html_escaped(label));
    }
    return text;
}

std::string nodes(const Writer& write, const Layout& layout) {
    const Trace::Graph& graph = write.trace.graph;
    std::string text;
    for (std::size_t k = 0; k < graph.nodes.size(); ++k) {
        const Trace::Graph::Node& node = graph.nodes[k];
        const double left = layout.node[k].x - node_width / 2, top = layout.node[k].y - node_height / 2;
        const std::string title = fmt::format("{} = {}\nvalue {}\nadjoint {}", node.name, node.operation,
                                              quantity_text(node.value, write.number), quantity_text(node.adjoint, write.number));
        text += fmt::format("<g class=\"node{}{}\" id=\"n{}\" data-row=\"{}\" data-scope=\"{}\" tabindex=\"-1\"><title>{}</title>",
                            node.variable ? " variable" : "", node.rows > 1 ? " box" : "", node.row, node.row, html_escaped(node.scope),
                            html_escaped(title));
        text += fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{}\" height=\"{}\" rx=\"7\"/>", left, top, node_width, node_height);
        const auto put = [&](std::string_view kind, double y, const std::string& line) {
            text +=
                fmt::format("<text class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>", kind, layout.node[k].x, top + y, html_escaped(line));
        };
        put("name", 15, cut(node.variable || node.name == node.scope ? node.name : node.name + "  " + node.operation, 19));
        put("value", 31, cut(node.shape.empty() || node.value.number != 0 ? "" : node.shape + " ", 13) + brief(write, node.value));
        put("adjoint", 46, brief(write, node.adjoint));
        text += "</g>\n";
    }
    return text;
}

/// A frame around the nodes of each scope.
std::string frames(const Writer& write, const Layout& layout) {
    const Trace::Graph& graph = write.trace.graph;
    std::vector<std::string> scopes;
    for (const auto& node : graph.nodes)
        if (!node.scope.empty() && node.rows == 1 && std::find(scopes.begin(), scopes.end(), node.scope) == scopes.end())
            scopes.push_back(node.scope);
    std::string text;
    for (std::size_t s = 0; s < scopes.size(); ++s)
        for (std::size_t k = 0; k < graph.nodes.size(); ++k)
            if (graph.nodes[k].scope == scopes[s])
                text += fmt::format("<rect class=\"frame f{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{}\" height=\"{}\" rx=\"10\"/>", s % 6,
                                    layout.node[k].x - node_width / 2 - 5, layout.node[k].y - node_height / 2 - 5, node_width + 10,
                                    node_height + 10);
    return text;
}

std::string legend(const Writer& write) {
    std::vector<std::string> scopes;
    std::string text;
    for (const auto& node : write.trace.graph.nodes) {
        if (node.scope.empty() || node.rows > 1 || std::find(scopes.begin(), scopes.end(), node.scope) != scopes.end()) continue;
        text += fmt::format("<span class=\"key f{}\">{}</span>", scopes.size() % 6, html_escaped(node.scope));
        scopes.push_back(node.scope);
    }
    return "<p class=\"legend\">" + text +
           "<span>each value: its name, what it is, and below it the derivative of the loss by it; on the arrows the local "
           "derivatives</span></p>";
}

}  // namespace

std::string drawing(const Writer& write) {
    const Trace::Graph& graph = write.trace.graph;
    if (!graph.refused.empty()) return "<p>The graph is not drawn: " + html_escaped(graph.refused) + "</p>";
    const Layout layout = layout_of(graph);
    return fmt::format("<div class=\"canvas\" tabindex=\"0\" role=\"group\" aria-label=\"graph of the computation\"><svg class=\"graph\" "
                       "viewBox=\"0 0 {0:.0f} {1:.0f}\" width=\"{0:.0f}\" height=\"{1:.0f}\" xmlns=\"http://www.w3.org/2000/svg\">"
                       "<defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"9\" markerHeight=\"9\" "
                       "markerUnits=\"userSpaceOnUse\" "
                       "orient=\"auto-start-reverse\"><path d=\"M0 0L8 4L0 8z\"/></marker></defs>\n",
                       layout.width, layout.height) +
           frames(write, layout) + edges(write, layout) + nodes(write, layout) + "</svg></div>" + legend(write);
}

}  // namespace page
}  // namespace v1
}  // namespace autodiff
