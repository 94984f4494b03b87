// SPDX-License-Identifier: MIT
#include "autodiff/sparse/colouring.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <numeric>

namespace autodiff {
inline namespace v1 {

namespace {

/// Columns are neighbours if a row has both. Calls f once for every neighbour of a column.
class SharedRows {
  public:
    explicit SharedRows(const Pattern& pattern) : rows_(pattern), columns_(transposed(pattern)), seen_(pattern.columns) {}
    [[nodiscard]] std::size_t size() const { return rows_.columns; }
    template <class F>
    void for_each_neighbour(std::uint32_t v, F&& f) {
        seen_[v] = ++asked_;
        for (const std::uint32_t row : columns_.row(v))
            for (const std::uint32_t w : rows_.row(row))
                if (seen_[w] != asked_) seen_[w] = asked_, f(w);
    }

  private:
    const Pattern& rows_;
    Pattern columns_;
    std::vector<std::uint64_t> seen_;  // by which question last
    std::uint64_t asked_ = 0;
};

/// Rows of a symmetric pattern are neighbours if the pattern has their entry.
class Adjacency {
  public:
    explicit Adjacency(const Pattern& symmetric) : pattern_(symmetric) {}
    [[nodiscard]] std::size_t size() const { return pattern_.rows; }
    template <class F>
    void for_each_neighbour(std::uint32_t v, F&& f) const {
        for (const std::uint32_t w : pattern_.row(v))
            if (w != v) f(w);
    }

  private:
    const Pattern& pattern_;
};

template <class Graph>
std::vector<std::uint32_t> degrees(Graph& graph) {
    std::vector<std::uint32_t> degree(graph.size());
    for (std::uint32_t v = 0; v < graph.size(); ++v) graph.for_each_neighbour(v, [&](std::uint32_t) { ++degree[v]; });
    return degree;
}

/// Vertices, the last to be coloured first taken away: kept in buckets by how many neighbours they have left, the highest number first
/// (on a grid that gives five colours to columns, the other way round seven).
template <class Graph>
std::vector<std::uint32_t> smallest_last(Graph& graph) {
    std::vector<std::uint32_t> degree = degrees(graph), order(graph.size());
    std::vector<std::vector<std::uint32_t>> bucket;
    const auto put = [&](std::uint32_t v) {
        if (degree[v] >= bucket.size()) bucket.resize(degree[v] + std::size_t{1});
        bucket[degree[v]].push_back(v);
    };
    for (std::uint32_t v = 0; v < graph.size(); ++v) put(v);
    std::vector<bool> gone(graph.size());
    std::size_t least = 0;
    for (std::size_t left = graph.size(); left > 0;) {
        while (bucket[least].empty()) ++least;
        const std::uint32_t v = bucket[least].back();
        bucket[least].pop_back();
        if (gone[v] || degree[v] != least) continue;  // it has been put into a lower bucket since
        gone[v] = true;
        order[--left] = v;
        graph.for_each_neighbour(v, [&](std::uint32_t w) {
            if (!gone[w]) --degree[w], put(w);
        });
        least -= std::min<std::size_t>(least, 1);
    }
    return order;
}

template <class Graph>
std::vector<std::uint32_t> ordered(Graph& graph, Ordering ordering) {
    if (ordering == Ordering::smallest_last) return smallest_last(graph);
    std::vector<std::uint32_t> order(graph.size());
    std::iota(order.begin(), order.end(), 0u);
    if (ordering == Ordering::largest_first) {
        const std::vector<std::uint32_t> degree = degrees(graph);
        std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return degree[a] > degree[b]; });
    }
    return order;
}

constexpr std::uint32_t uncoloured = 0xffffffffu;

/// Hands out the smallest colour that was not refused to a vertex.
class Palette {
  public:
    void refuse(std::uint32_t colour, std::uint32_t v) {
        if (colour != uncoloured) refused_[colour] = v;
    }
    std::uint32_t take(std::uint32_t v) {
        std::uint32_t colour = 0;
        while (colour < refused_.size() && refused_[colour] == v) ++colour;
        if (colour == refused_.size()) refused_.push_back(uncoloured);
        return colour;
    }
    [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(refused_.size()); }

  private:
    std::vector<std::uint32_t> refused_;  // to whom last
};

/// All colours around a vertex, sorted: how many neighbours have each, and the first of them.
struct Around {
    std::uint32_t colour, neighbours, first;
};

class StarColouring {
  public:
    explicit StarColouring(const Pattern& symmetric) : graph_(symmetric), around_(symmetric.rows), centres_(symmetric.rows) {
        result_.colour.assign(symmetric.rows, uncoloured);
    }
    Colouring run(Ordering ordering) {
        for (const std::uint32_t v : ordered(graph_, ordering)) colour(v);
        result_.colours = palette_.size();
        return std::move(result_);
    }

  private:
    void colour(std::uint32_t v) {
        graph_.for_each_neighbour(v, [&](std::uint32_t w) {
            if (result_.colour[w] == uncoloured) return;
            palette_.refuse(result_.colour[w], v);
            for (const std::uint32_t centre : centres_[w]) palette_.refuse(centre, v);  // v - w - centre - another of w's colour
            if (find(v, result_.colour[w])->neighbours > 1)                             // another of w's colour - v - w - x
                for (const Around& x : around_[w]) palette_.refuse(x.colour, v);
        });
        const std::uint32_t mine = result_.colour[v] = palette_.take(v);
        graph_.for_each_neighbour(v, [&](std::uint32_t w) {
            if (const std::uint32_t theirs = result_.colour[w]; theirs != uncoloured && find(v, theirs)->neighbours > 1)
                add_centre(w, mine);
            const Around& now = meet(w, mine, v);
            if (now.neighbours > 1 && result_.colour[w] != uncoloured)
                add_centre(v, result_.colour[w]), add_centre(now.first, result_.colour[w]);
        });
    }
    [[nodiscard]] std::vector<Around>::iterator find(std::uint32_t v, std::uint32_t colour) {
        return std::lower_bound(around_[v].begin(), around_[v].end(), colour,
                                [](const Around& a, std::uint32_t c) { return a.colour < c; });
    }
    /// Vertex w learns that v next to it has this colour.
    const Around& meet(std::uint32_t w, std::uint32_t colour, std::uint32_t v) {
        auto at = find(w, colour);
        if (at == around_[w].end() || at->colour != colour) at = around_[w].insert(at, {colour, 0, v});
        ++at->neighbours;
        return *at;
    }
    /// Vertex w is now a leaf of a two-coloured star whose centre has this colour.
    void add_centre(std::uint32_t w, std::uint32_t colour) {
        const auto at = std::lower_bound(centres_[w].begin(), centres_[w].end(), colour);
        if (at == centres_[w].end() || *at != colour) centres_[w].insert(at, colour);
    }

    Adjacency graph_;
    std::vector<std::vector<Around>> around_;
    std::vector<std::vector<std::uint32_t>> centres_;
    Palette palette_;
    Colouring result_;
};

/// colour(ordering), or the best of all orderings.
template <class Colour>
Colouring in(Ordering ordering, const Colour& colour) {
    if (ordering != Ordering::best) return colour(ordering);
    Colouring best = colour(Ordering::natural);
    for (const Ordering another : {Ordering::largest_first, Ordering::smallest_last})
        if (Colouring next = colour(another); next.colours < best.colours) best = std::move(next);
    return best;
}

void check_symmetric(const Pattern& pattern) {
    if (pattern.rows != pattern.columns)
        throw ValueError("colour_star", "a symmetric pattern", fmt::format("{} x {}", pattern.rows, pattern.columns));
    if (transposed(pattern) == pattern) return;
    for (std::uint32_t i = 0; i < pattern.rows; ++i)
        for (const std::uint32_t j : pattern.row(i))
            if (!pattern.has(j, i))
                throw ValueError("colour_star", "a symmetric pattern", fmt::format("an entry at {}, {} without one at {}, {}", i, j, j, i));
}

}  // namespace

Colouring colour_columns(const Pattern& pattern, Ordering ordering) {
    check(pattern, "colour_columns");
    if (pattern.longest_row() == pattern.columns) {  // a full row: all differ, and nothing need be looked at
        Colouring result{std::vector<std::uint32_t>(pattern.columns), static_cast<std::uint32_t>(pattern.columns)};
        std::iota(result.colour.begin(), result.colour.end(), 0u);
        return result;
    }
    return in(ordering, [&](Ordering order) {
        Colouring colouring{std::vector<std::uint32_t>(pattern.columns, uncoloured), 0};
        SharedRows graph(pattern);
        Palette palette;
        for (const std::uint32_t v : ordered(graph, order)) {
            graph.for_each_neighbour(v, [&](std::uint32_t w) { palette.refuse(colouring.colour[w], v); });
            colouring.colour[v] = palette.take(v);
        }
        colouring.colours = palette.size();
        return colouring;
    });
}

Colouring colour_rows(const Pattern& pattern, Ordering ordering) {
    check(pattern, "colour_rows");
    return colour_columns(transposed(pattern), ordering);
}

Colouring colour_star(const Pattern& symmetric, Ordering ordering) {
    check(symmetric, "colour_star");
    check_symmetric(symmetric);
    return in(ordering, [&](Ordering order) { return StarColouring(symmetric).run(order); });
}

}  // namespace v1
}  // namespace autodiff
