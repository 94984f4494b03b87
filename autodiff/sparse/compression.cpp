// SPDX-License-Identifier: MIT
#include "autodiff/sparse/compression.hpp"

#include <algorithm>

namespace autodiff {
inline namespace v1 {

namespace {

/// What a list of (colour, thing) becomes: things by colour, in the order of the list.
template <class Thing>
struct ByColour {
    std::vector<std::size_t>& begin;
    std::vector<Thing>& things;

    /// for_each(f) calls f(colour, thing); it is run twice, to count and to place.
    template <class ForEach>
    void fill(std::uint32_t colours, const ForEach& for_each) {
        begin.assign(std::size_t{colours} + 1, 0);
        for_each([this](std::uint32_t colour, const Thing&) { ++begin[colour + 1]; });
        for (std::size_t c = 0; c < colours; ++c) begin[c + 1] += begin[c];
        things.resize(begin.back());
        std::vector<std::size_t> next(begin.begin(), begin.end() - 1);
        for_each([&](std::uint32_t colour, const Thing& thing) { things[next[colour]++] = thing; });
    }
};

/// An entry is what a seed at one vertex leaves at another.
struct Location {
    std::uint32_t seed, from;
};

/// Seeds by colour, and reads by the colour of the seed that locate(row, entry) names.
template <class Locate>
Compression compressed(const Pattern& pattern, const Colouring& colouring, Compression::Direction direction, const Locate& locate) {
    Compression result;
    result.direction = direction, result.colours = colouring.colours;
    ByColour<std::uint32_t>{result.seed_begin, result.seed}.fill(colouring.colours, [&](const auto& place) {
        for (std::uint32_t v = 0; v < colouring.colour.size(); ++v) place(colouring.colour[v], v);
    });
    ByColour<Read>{result.read_begin, result.read}.fill(colouring.colours, [&](const auto& place) {
        for (std::uint32_t i = 0; i < pattern.rows; ++i)
            for (std::size_t k = pattern.row_begin[i]; k < pattern.row_begin[i + 1]; ++k) {
                const Location at = locate(i, k);
                place(colouring.colour[at.seed], Read{k, at.seed, at.from});
            }
    });
    return result;
}

}  // namespace

Compression compress_jacobian(const Pattern& pattern, Ordering ordering) {
    check(pattern, "compress_jacobian");
    const std::size_t least_columns = pattern.longest_row(), least_rows = transposed(pattern).longest_row();
    const auto colour = [&](bool by_rows) { return by_rows ? colour_rows(pattern, ordering) : colour_columns(pattern, ordering); };
    bool by_rows = least_rows < least_columns;
    Colouring best = colour(by_rows);
    if (const std::size_t least = by_rows ? least_columns : least_rows; least < best.colours)
        if (Colouring other = colour(!by_rows); other.colours < best.colours) best = std::move(other), by_rows = !by_rows;
    if (by_rows)
        return compressed(pattern, best, Compression::Direction::rows, [&](std::uint32_t i, std::size_t entry) {
            return Location{i, pattern.column[entry]};
        });
    return compressed(pattern, best, Compression::Direction::columns, [&](std::uint32_t i, std::size_t entry) {
        return Location{pattern.column[entry], i};
    });
}

Compression compress_hessian(const Pattern& symmetric, Ordering ordering) {
    const Colouring colouring = colour_star(symmetric, ordering);
    // How many neighbours of the present row have each colour. Rows come in order, so each counts its own when it comes.
    std::vector<std::uint32_t> seen(colouring.colours), row_of(colouring.colours, 0xffffffffu);
    std::vector<bool> direct(symmetric.entries());  // the only one of its colour in its row
    for (std::uint32_t i = 0; i < symmetric.rows; ++i) {
        for (const std::uint32_t j : symmetric.row(i)) {
            const std::uint32_t c = colouring.colour[j];
            if (row_of[c] != i) row_of[c] = i, seen[c] = 0;
            ++seen[c];
        }
        for (std::size_t k = symmetric.row_begin[i]; k < symmetric.row_begin[i + 1]; ++k)
            direct[k] = seen[colouring.colour[symmetric.column[k]]] == 1;
    }
    // Below the diagonal what is above, so that both entries are one number. The columns of the lower part of a row come as rows
    // of the upper part, each at its next entry.
    std::vector<std::size_t> above(symmetric.rows);
    for (std::uint32_t j = 0; j < symmetric.rows; ++j) {
        const auto row = symmetric.row(j);
        above[j] = symmetric.row_begin[j] + static_cast<std::size_t>(std::upper_bound(row.begin(), row.end(), j) - row.begin());
    }
    for (std::uint32_t i = 0; i < symmetric.rows; ++i)
        for (std::size_t k = symmetric.row_begin[i]; k < symmetric.row_begin[i + 1] && symmetric.column[k] < i; ++k)
            direct[k] = !direct[above[symmetric.column[k]]++];
    return compressed(symmetric, colouring, Compression::Direction::columns, [&](std::uint32_t i, std::size_t entry) {
        const std::uint32_t j = symmetric.column[entry];
        return direct[entry] ? Location{j, i} : Location{i, j};
    });
}

}  // namespace v1
}  // namespace autodiff
