// SPDX-License-Identifier: MIT
/// Colours of rows and columns: those of one colour share one sweep, and every entry can still be read from what the sweeps give.
///
/// For a Jacobian, columns of one colour have no row in common (rows: no column). For a Hessian, whose entries may be read in two
/// places, a star colouring needs fewer: neighbours differ, and every path of four vertices has three colours.
/// The greedy method, over all vertices in an order that decides how many colours it needs; none is best for all patterns.
/// How colours become seeds: compression.hpp.
/// source   Gebremedhin, Manne, Pothen (2005), "What color is your Jacobian? Graph coloring for computing derivatives"
#pragma once

#include "autodiff/sparse/pattern.hpp"

namespace autodiff {
inline namespace v1 {

enum class Ordering : std::uint8_t {
    natural,        ///< as they are numbered
    largest_first,  ///< most neighbours first
    smallest_last,  ///< what has fewest neighbours among the others is taken away, again and again, and coloured last
    best,           ///< whichever of these needs fewest colours, at the cost of all
};

struct Colouring {
    std::vector<std::uint32_t> colour;  ///< of each vertex, from 0
    std::uint32_t colours = 0;
};

/// Columns that have a row in common differ in colour. At least as many colours as the longest row has entries.
/// cost     the sum of the squares of the lengths of the rows, up to three times in each ordering
/// throws   ValueError if the pattern is malformed
[[nodiscard]] Colouring colour_columns(const Pattern& pattern, Ordering ordering = Ordering::best);
/// The same for rows that have a column in common.
[[nodiscard]] Colouring colour_rows(const Pattern& pattern, Ordering ordering = Ordering::best);

/// A star colouring of the graph whose edges are the entries beside the diagonal of a symmetric pattern.
/// method   a colour is refused if it would close a path of four vertices in two colours, and only then; for that, each vertex knows how
///          often it has met a colour around it, and the colours of the centres of the two-coloured stars that it is a leaf of
/// cost     over all edges, the colours around one end
/// throws   ValueError if the pattern is malformed or not symmetric
/// source   Gebremedhin, Tarafdar, Manne, Pothen (2007), "New acyclic and star coloring algorithms with application to Hessians"
[[nodiscard]] Colouring colour_star(const Pattern& symmetric, Ordering ordering = Ordering::best);

}  // namespace v1
}  // namespace autodiff
