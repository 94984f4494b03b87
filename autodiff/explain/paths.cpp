// SPDX-License-Identifier: MIT
// Every path from a number to the loss. There can be exponentially many, so none is walked to be counted: counts, the largest product
// and the sum of all |products| are carried from the loss down, value by value, as adjoints are. Then the largest are found best first.
#include "autodiff/explain/reading.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <queue>

namespace autodiff {
inline namespace v1 {

namespace {

constexpr std::size_t most_spots = 4096, most_edges = 1u << 18;
constexpr std::uint64_t saturated = std::numeric_limits<std::uint64_t>::max();

struct Edge {
    std::size_t to;
    double local;
};
struct Vertex {
    Spot spot;
    std::vector<Edge> edges;
    std::uint64_t count = 0;  ///< of paths from here
    double best = 0;          ///< the largest |product| of them
    double magnitude = 0;     ///< the sum of all
};

/// A path that is not at the loss yet.
struct Prefix {
    double bound;  ///< no path that begins so is larger
    double product;
    std::size_t at;
    std::size_t hop;  ///< in the list of hops; the way back
};
struct Hop {
    std::size_t vertex;
    double local;
    std::size_t before;
};

double by(double a, double b) { return a == 0 || b == 0 ? 0 : a * b; }
/// NaN is looked at first.
double size_of(double x) { return std::isnan(x) ? std::numeric_limits<double>::infinity() : std::abs(x); }

/// All numbers between s and the loss, in the order of the program. False if they are too many.
bool collect(const Reading& tape, const Spot& s, std::vector<Vertex>& vertices) {
    std::map<std::pair<std::uint32_t, Index>, Spot> waiting{{{s.row, s.flat}, s}};
    std::map<std::pair<std::uint32_t, Index>, std::size_t> position;
    std::vector<std::vector<std::pair<Spot, double>>> uses;
    std::size_t edges = 0;
    while (!waiting.empty()) {
        const Spot spot = waiting.begin()->second;
        position[waiting.begin()->first] = vertices.size();
        waiting.erase(waiting.begin());
        vertices.push_back({spot, {}});
        auto& out = uses.emplace_back();
        if (spot.row != tape.root())
            tape.each_use(spot, [&](const Spot& through, double local) {
                out.emplace_back(through, local);
                waiting.try_emplace({through.row, through.flat}, through);
            });
        edges += out.size();
        if (vertices.size() + waiting.size() > most_spots || edges > most_edges) return false;
    }
    for (std::size_t v = 0; v < vertices.size(); ++v)
        for (const auto& use : uses[v]) vertices[v].edges.push_back({position.at({use.first.row, use.first.flat}), use.second});
    return true;
}

void measure(std::vector<Vertex>& vertices, std::uint32_t root) {
    for (std::size_t v = vertices.size(); v-- > 0;) {
        Vertex& from = vertices[v];
        if (from.spot.row == root) from.count = 1, from.best = 1, from.magnitude = 1;
        for (const Edge& edge : from.edges) {
            const Vertex& to = vertices[edge.to];
            from.count = to.count > saturated - from.count ? saturated : from.count + to.count;
            from.best = std::max(from.best, size_of(by(edge.local, to.best)));
            from.magnitude += size_of(by(edge.local, to.magnitude));
        }
    }
}

}  // namespace

Paths paths_from(const Reading& tape, const Spot& s, std::size_t most) {
    Paths paths;
    paths.of = tape.label(s), paths.total = tape.adjoint(s);
    std::vector<Vertex> vertices;
    if (!tape.reached(s.row)) {
        paths.counted = true;
        return paths;
    }
    if (!collect(tape, s, vertices)) return paths;
    measure(vertices, tape.root());
    paths.counted = true, paths.count = vertices[0].count, paths.magnitude = vertices[0].magnitude;

    // Of equal ones the one that is nearest to the loss: so a path is finished before its like are begun. Then in the order in which they
    // were found, so that the same tape gives the same list.
    using Entry = std::pair<Prefix, std::size_t>;
    const auto later = [](const Entry& a, const Entry& b) {
        if (a.first.bound != b.first.bound) return a.first.bound < b.first.bound;
        return a.first.at != b.first.at ? a.first.at < b.first.at : a.second > b.second;
    };
    std::priority_queue<Entry, std::vector<Entry>, decltype(later)> open(later);
    std::vector<Hop> hops{{0, 1, 0}};
    std::size_t found = 0;
    open.push({{vertices[0].best, 1, 0, 0}, found++});
    double shown = 0;
    while (!open.empty() && paths.shown.size() < most) {
        const Prefix prefix = open.top().first;
        open.pop();
        const Vertex& at = vertices[prefix.at];
        if (at.spot.row == tape.root()) {
            Paths::Path& path = paths.shown.emplace_back();
            path.product = prefix.product, shown += prefix.product;
            for (std::size_t h = prefix.hop; h != 0; h = hops[h].before)
                path.hops.push_back(
                    {tape.label(vertices[hops[h].vertex].spot), tape.step(vertices[hops[h].vertex].spot.row), hops[h].local});
            std::reverse(path.hops.begin(), path.hops.end());
            continue;
        }
        for (const Edge& edge : at.edges) {
            if (vertices[edge.to].count == 0) continue;
            const double product = by(prefix.product, edge.local);
            hops.push_back({edge.to, edge.local, prefix.hop});
            open.push({{size_of(by(product, vertices[edge.to].best)), product, edge.to, hops.size() - 1}, found++});
        }
    }
    paths.rest = paths.total - shown;
    return paths;
}

}  // namespace v1
}  // namespace autodiff
