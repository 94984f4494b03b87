// SPDX-License-Identifier: MIT
// The graph of a page as SVG. The script only changes classes and hides what is not computed yet.
#include "autodiff/explain/escape.hpp"
#include "autodiff/explain/layout.hpp"
#include "autodiff/explain/page.hpp"
#include "autodiff/explain/table.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <initializer_list>
#include <map>
#include <optional>

namespace autodiff {
inline namespace v1 {
namespace page {

namespace {

constexpr double digit_width = 6.95, label_width = 6.35, label_height = 12;  // of the fixed-width letters in nodes and on arrows
constexpr double inside = node_width - 8;

/// How wide a bold letter is, rather too much: which font a browser has is not known here.
double letter_width(std::string_view letter) {
    constexpr std::string_view narrow = "ijlt.,:;'|!()[]{} ", wide = "mwMW@%";
    if (letter.size() > 1) return letter.size() > 2 ? 12 : 9;
    return narrow.find(letter[0]) != std::string_view::npos ? 4.8 : wide.find(letter[0]) != std::string_view::npos ? 11.5 : 8;
}
double digit(std::string_view) { return digit_width; }
double label_letter(std::string_view) { return label_width; }

/// As much of a text as is not wider than `most`; a name in full is in its node's title.
std::string cut(std::string_view text, double most, double (*width)(std::string_view)) {
    const double ellipsis = width("~");
    double used = 0;
    std::size_t kept = 0;  // bytes in front of which an ellipsis has room
    for (std::size_t at = 0; at < text.size();) {
        std::size_t end = at + 1;
        while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0u) == 0x80u) ++end;
        if (used + ellipsis <= most) kept = at;
        used += width(text.substr(at, end - at));
        if (used > most) return std::string(text.substr(0, kept)) + "…";
        at = end;
    }
    return std::string(text);
}

std::string lines(std::initializer_list<std::string> texts) {
    std::string all;
    for (const std::string& text : texts) all += (all.empty() ? "" : "\n") + html_escaped(text);
    return all;
}

/// A number short enough for a node; of a tensor the norm.
std::string brief(const Writer& write, const Quantity& q) {
    if (!q.known) return "–";
    if (!q.tensor || q.tensor->shape.size() == 1) return Numbers(std::min(write.trace.options.digits, 6))(q.number);
    return "‖" + Numbers(std::min(write.trace.options.digits, 4))(q.tensor->norm) + "‖";
}

/// Shape and norm if both have room, else what tells more.
std::string value_line(const Writer& write, const Trace::Graph::Node& node) {
    const std::string value = brief(write, node.value), both = node.shape + " " + value;
    const bool one = node.shape.empty() || node.value.number != 0;
    return one || static_cast<double>(text_width(both)) * digit_width > inside ? value : both;
}

/// An arrow, and where its label may stand.
struct Route {
    std::string d;
    std::vector<Point> places;
};

Route route(const Layout& layout, const Trace::Graph::Edge& e, const std::vector<Point>& bends) {
    constexpr std::array along{0.5, 0.35, 0.65, 0.25, 0.75};
    Route route;
    const Point from{layout.node[e.from].x + node_width / 2, layout.node[e.from].y},
        to{layout.node[e.to].x - node_width / 2, layout.node[e.to].y};
    route.d = fmt::format("M{:.1f} {:.1f}", from.x, from.y);
    Point last = from;
    const auto curve = [&](const Point& p) {
        const double bow = std::max(20.0, (p.x - last.x) / 2);
        route.d += fmt::format("C{:.1f} {:.1f} {:.1f} {:.1f} {:.1f} {:.1f}", last.x + bow, last.y, p.x - bow, p.y, p.x, p.y);
        std::vector<Point> here;
        for (const double t : along) {
            const double s = 1 - t;
            here.push_back({s * s * s * last.x + 3 * s * s * t * (last.x + bow) + 3 * s * t * t * (p.x - bow) + t * t * t * p.x,
                            (s * s * s + 3 * s * s * t) * last.y + (3 * s * t * t + t * t * t) * p.y});
        }
        route.places.insert(route.places.begin(), here.begin(), here.end());  // near the result first
        last = p;
    };
    for (const Point& bend : bends) {
        curve({bend.x - node_width / 2, bend.y});
        route.d += fmt::format("L{:.1f} {:.1f}", bend.x + node_width / 2, bend.y);
        last = {bend.x + node_width / 2, bend.y};
    }
    curve(to);
    return route;
}

/// What is drawn already, in squares, so that only what is near is looked at.
class Drawn {
  public:
    struct Box {
        double left, top, right, bottom;
    };
    [[nodiscard]] bool free(const Box& box) const {
        return each_square(box, [&](const std::pair<int, int>& square) {
            const auto there = boxes_.find(square);
            return there == boxes_.end() || std::none_of(there->second.begin(), there->second.end(), [&](const Box& other) {
                       return box.left < other.right && other.left < box.right && box.top < other.bottom && other.top < box.bottom;
                   });
        });
    }
    void add(const Box& box) {
        each_square(box, [&](const std::pair<int, int>& square) { return boxes_[square].push_back(box), true; });
    }

  private:
    /// Whether f is true for all squares that a box touches.
    template <class F>
    static bool each_square(const Box& box, const F& f) {
        constexpr double side = 128;
        for (int x = static_cast<int>(box.left / side); x <= static_cast<int>(box.right / side); ++x)
            for (int y = static_cast<int>(box.top / side); y <= static_cast<int>(box.bottom / side); ++y)
                if (!f({x, y})) return false;
        return true;
    }
    std::map<std::pair<int, int>, std::vector<Box>> boxes_;
};

/// Where a label covers nothing: above its arrow, else below. There may be no such place.
std::optional<Point> place(const Route& route, double width, Drawn& drawn) {
    for (const double above : {-4.0, label_height})
        for (const Point& p : route.places) {
            const Point at{p.x, p.y + above};
            const Drawn::Box box{at.x - width / 2, at.y - label_height + 2, at.x + width / 2, at.y + 2};
            if (!drawn.free(box)) continue;
            drawn.add(box);
            return at;
        }
    return std::nullopt;
}

std::string edges(const Writer& write, const Layout& layout) {
    const Trace::Graph& graph = write.trace.graph;
    const Numbers few(std::min(write.trace.options.digits, 4));
    Drawn drawn;
    for (const Point& p : layout.node)
        drawn.add({p.x - node_width / 2, p.y - node_height / 2, p.x + node_width / 2, p.y + node_height / 2});
    std::string text;
    for (std::size_t k = 0; k < graph.edges.size(); ++k) {
        const Trace::Graph::Edge& e = graph.edges[k];
        const Route way = route(layout, e, layout.edge[k]);
        const std::string label = e.numeric ? few(e.local) : cut(vjp_signs(e.symbol), layer_gap - 2, label_letter);
        const std::optional<Point> found = place(way, label_width * static_cast<double>(text_width(label)), drawn);
        const Point at = found.value_or(way.places.front());
        text += fmt::format(
            "<g class=\"edge{}{}\" data-from=\"{}\" data-to=\"{}\"><title>{}</title><path d=\"{}\"/><text x=\"{:.1f}\" "
            "y=\"{:.1f}\">{}</text></g>\n",
            e.numeric ? " numeric" : "", found ? "" : " crowded", graph.nodes[e.from].row, graph.nodes[e.to].row,
            e.numeric ? lines({"local derivative " + e.symbol, "= " + write.number(e.local), write.number(e.product) + " flows back"})
                      : html_escaped("hands back " + e.symbol),
            way.d, at.x, at.y, html_escaped(label));
    }
    return text;
}

std::string nodes(const Writer& write, const Layout& layout) {
    const Trace::Graph& graph = write.trace.graph;
    std::string text;
    for (std::size_t k = 0; k < graph.nodes.size(); ++k) {
        const Trace::Graph::Node& node = graph.nodes[k];
        const double left = layout.node[k].x - node_width / 2, top = layout.node[k].y - node_height / 2;
        const std::string title = lines({node.name + " = " + node.operation, "value " + quantity_text(node.value, write.number),
                                         "adjoint " + quantity_text(node.adjoint, write.number)});
        text +=
            fmt::format("<g class=\"node{}{}\" id=\"n{}\" data-row=\"{}\" data-scope=\"{}\" tabindex=\"-1\"><title>{}</title>",
                        node.variable ? " variable" : "", node.rows > 1 ? " box" : "", node.row, node.row, html_escaped(node.scope), title);
        text += fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{}\" height=\"{}\" rx=\"7\"/>", left, top, node_width, node_height);
        const auto put = [&](std::string_view kind, double y, const std::string& line) {
            text +=
                fmt::format("<text class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>", kind, layout.node[k].x, top + y, html_escaped(line));
        };
        put("name", 15,
            cut(node.variable || node.name == node.scope ? node.name : node.name + "  " + node.operation, inside, letter_width));
        put("value", 31, cut(value_line(write, node), inside, digit));
        put("adjoint", 46, cut(brief(write, node.adjoint), inside, digit));
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
