// SPDX-License-Identifier: MIT
/// Five ways to write one trace: text for a terminal, Markdown with formulas, one HTML page, and two kinds of drawings. All are functions
/// of the trace alone, so that the same trace gives the same bytes. Names are data: none of them can break out of its place.
#pragma once

#include "autodiff/explain/trace.hpp"

#include <cstddef>
#include <string>

namespace autodiff {
inline namespace v1 {

/// A table of the steps, forward and backward, one line a step.
[[nodiscard]] std::string to_text(const Trace& trace);

struct MarkdownOptions {
    bool dollars = false;  ///< formulas between $$ instead of in ```math fences
    bool diagram = true;   ///< a Mermaid block, if the graph is small enough for one
};
/// A document that GitHub renders: the table of steps, then every layer and every step with its formula and its numbers.
[[nodiscard]] std::string to_markdown(const Trace& trace, const MarkdownOptions& options = {});

struct DrawingOptions {
    bool products = false;   ///< edges tell what flows back along them, too
    bool constants = false;  ///< constant operands are drawn
};
/// For Graphviz: values as nodes n<k>, k the step F<k>; local derivatives on the edges; scopes as clusters. Of more than 60 nodes the labels
/// of edges stand where there is room, of more than 300 they are tooltips: Graphviz would not finish.
/// throws ValueError for a graph of more than 2,000 nodes, saying what to collapse
[[nodiscard]] std::string to_dot(const Trace& trace, const DrawingOptions& options = {});
/// The same for Mermaid. throws ValueError above 150 nodes, 200 edges or 50,000 bytes, more than its renderers take
[[nodiscard]] std::string to_mermaid(const Trace& trace, const DrawingOptions& options = {});

struct PageOptions {
    std::size_t most_bytes = 8u << 20;  ///< a page beyond that is refused: browsers would not open it
};
/// One self-contained page: it loads nothing, steps forward and backward by keyboard, opens every step, and is readable without JavaScript.
/// throws ValueError if it would be larger than `most_bytes`
[[nodiscard]] std::string to_html(const Trace& trace, const PageOptions& options = {});

}  // namespace v1
}  // namespace autodiff
