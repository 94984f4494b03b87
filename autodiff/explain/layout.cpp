// SPDX-License-Identifier: MIT
#include "autodiff/explain/layout.hpp"

#include <algorithm>
#include <numeric>

namespace autodiff {
inline namespace v1 {

namespace {

constexpr double node_gap = 16, bend_height = 22, margin = 20;
constexpr int relaxations = 12;

/// A node of the drawing, or a bend of an edge that passes through a layer.
struct Place {
    std::size_t layer = 0;
    bool bend = false;
    std::vector<std::size_t> before, after;  // neighbours in the next layers
    double y = 0;

    [[nodiscard]] double height() const { return bend ? bend_height : node_height; }
};

class Arrangement {
  public:
    explicit Arrangement(const Trace::Graph& graph) : graph_(graph), places_(graph.nodes.size()), bends_(graph.edges.size()) {}

    Layout layout() {
        assign_layers();
        route_edges();
        order_layers();
        assign_heights();
        return read();
    }

  private:
    /// Boxes of scopes can make circles: what goes back to an earlier node does not count.
    [[nodiscard]] static bool forward(const Trace::Graph::Edge& e) { return e.from < e.to; }

    void assign_layers() {
        std::vector<std::vector<std::size_t>> into(places_.size()), out(places_.size());
        for (const Trace::Graph::Edge& e : graph_.edges)
            if (forward(e)) into[e.to].push_back(e.from), out[e.from].push_back(e.to);
        for (std::size_t k = 0; k < places_.size(); ++k)
            for (const std::size_t from : into[k]) places_[k].layer = std::max(places_[k].layer, places_[from].layer + 1);
        for (std::size_t k = places_.size(); k-- > 0;) {  // what nothing leads to stands just before its first reader
            if (!into[k].empty() || out[k].empty()) continue;
            std::size_t first = places_[out[k][0]].layer;
            for (const std::size_t to : out[k]) first = std::min(first, places_[to].layer);
            places_[k].layer = first - 1;
        }
    }

    void route_edges() {
        for (std::size_t e = 0; e < graph_.edges.size(); ++e) {
            const Trace::Graph::Edge& edge = graph_.edges[e];
            if (!forward(edge)) continue;
            std::size_t last = edge.from;
            for (std::size_t layer = places_[edge.from].layer + 1; layer < places_[edge.to].layer; ++layer) {
                places_.push_back({layer, true, {}, {}, 0});
                join(last, places_.size() - 1);
                last = places_.size() - 1;
                bends_[e].push_back(last);
            }
            join(last, edge.to);
        }
    }
    void join(std::size_t a, std::size_t b) { places_[a].after.push_back(b), places_[b].before.push_back(a); }

    void order_layers() {
        std::size_t layers = 0;
        for (const Place& place : places_) layers = std::max(layers, place.layer + 1);
        layers_.resize(layers);
        for (std::size_t k = 0; k < places_.size(); ++k) layers_[places_[k].layer].push_back(k);
        spread();
        for (std::size_t l = 1; l < layers_.size(); ++l) sort(layers_[l], &Place::before);
        for (std::size_t l = layers_.size(); l-- > 1;) sort(layers_[l - 1], &Place::after);
        for (std::size_t l = 1; l < layers_.size(); ++l) sort(layers_[l], &Place::before);
    }
    /// Heights that only tell the order: the middle of each layer at 0.
    void spread() {
        for (auto& layer : layers_) spread(layer);
    }
    void spread(const std::vector<std::size_t>& layer) {
        double total = 0;
        for (const std::size_t k : layer) total += places_[k].height() + node_gap;
        double y = -total / 2;
        for (const std::size_t k : layer) {
            places_[k].y = y + places_[k].height() / 2;
            y += places_[k].height() + node_gap;
        }
    }
    [[nodiscard]] double barycentre(const Place& place, std::vector<std::size_t> Place::*side) const {
        const std::vector<std::size_t>& neighbours = place.*side;
        if (neighbours.empty()) return place.y;
        double sum = 0;
        for (const std::size_t k : neighbours) sum += places_[k].y;
        return sum / static_cast<double>(neighbours.size());
    }
    void sort(std::vector<std::size_t>& layer, std::vector<std::size_t> Place::*side) {
        std::vector<std::pair<double, std::size_t>> keys;
        for (const std::size_t k : layer) keys.emplace_back(barycentre(places_[k], side), k);
        std::stable_sort(keys.begin(), keys.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
        for (std::size_t k = 0; k < layer.size(); ++k) layer[k] = keys[k].second;
        spread(layer);
    }

    /// Everything is drawn towards its neighbours, in its order and without overlap.
    void assign_heights() {
        for (int round = 0; round < relaxations; ++round) {
            for (std::size_t l = 0; l < layers_.size(); ++l) {
                const auto& layer = layers_[round % 2 == 0 ? l : layers_.size() - 1 - l];
                std::vector<double> wanted;
                for (const std::size_t k : layer) {
                    const Place& p = places_[k];
                    const double before = barycentre(p, &Place::before), after = barycentre(p, &Place::after);
                    wanted.push_back(p.before.empty() ? after : p.after.empty() ? before : (before + after) / 2);
                }
                settle(layer, wanted);
            }
        }
    }
    void settle(const std::vector<std::size_t>& layer, const std::vector<double>& wanted) {
        // From above and from below, each as near as the one before allows; then the middle of both, which keeps the distances.
        std::vector<double> down(layer.size()), up(layer.size());
        const auto gap = [&](std::size_t a, std::size_t b) {
            return (places_[layer[a]].height() + places_[layer[b]].height()) / 2 + node_gap;
        };
        for (std::size_t k = 0; k < layer.size(); ++k) down[k] = k == 0 ? wanted[k] : std::max(wanted[k], down[k - 1] + gap(k - 1, k));
        for (std::size_t k = layer.size(); k-- > 0;)
            up[k] = k + 1 == layer.size() ? wanted[k] : std::min(wanted[k], up[k + 1] - gap(k, k + 1));
        for (std::size_t k = 0; k < layer.size(); ++k) places_[layer[k]].y = (down[k] + up[k]) / 2;
    }

    [[nodiscard]] double x_of(std::size_t layer) const {
        return margin + node_width / 2 + static_cast<double>(layer) * (node_width + layer_gap);
    }
    Layout read() const {
        Layout layout;
        double top = 0, bottom = 0;
        for (const Place& p : places_) top = std::min(top, p.y - p.height() / 2), bottom = std::max(bottom, p.y + p.height() / 2);
        const auto at = [&](std::size_t k) { return Point{x_of(places_[k].layer), places_[k].y - top + margin}; };
        for (std::size_t k = 0; k < graph_.nodes.size(); ++k) layout.node.push_back(at(k));
        for (std::size_t e = 0; e < graph_.edges.size(); ++e) {
            auto& points = layout.edge.emplace_back();
            for (const std::size_t bend : bends_[e]) points.push_back(at(bend));
        }
        layout.width = layers_.empty() ? 0 : x_of(layers_.size() - 1) + node_width / 2 + margin;
        layout.height = bottom - top + 2 * margin;
        return layout;
    }

    const Trace::Graph& graph_;
    std::vector<Place> places_;                    // the nodes first
    std::vector<std::vector<std::size_t>> bends_;  // of every edge
    std::vector<std::vector<std::size_t>> layers_;
};

}  // namespace

Layout layout_of(const Trace::Graph& graph) { return Arrangement(graph).layout(); }

}  // namespace v1
}  // namespace autodiff
