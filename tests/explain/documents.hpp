// SPDX-License-Identifier: MIT
/// Strict little readers of HTML and DOT, for tests that want to know what a document says and not only that it was written.
#pragma once

#include <array>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace documents {

struct Malformed : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Replaces the entities that the library writes; any other ampersand is an error.
std::string unescaped_html(std::string_view text);

struct HtmlElement {
    std::string tag;
    std::map<std::string, std::string> attributes;
    std::string text;  ///< directly inside, unescaped
    std::size_t parent = 0;
};
/// All elements in the order in which they open; the first one is the document. throws Malformed for whatever is not written by the book:
/// tags that do not close in order, unquoted attributes, bare < or &.
std::vector<HtmlElement> read_html(std::string_view html);

struct Dot {
    std::map<std::string, std::string> label;       ///< of nodes, unescaped
    std::vector<std::array<std::string, 3>> edges;  ///< from, to, label
    std::vector<std::string> clusters;              ///< labels
};
/// throws Malformed for a statement of another form than the library writes, and for a string that is not closed on its line
Dot read_dot(std::string_view text);

/// Whether braces, \left and environments of a formula are balanced, no dollar and no bare special character is in it. throws Malformed
void check_latex(std::string_view formula);
/// The formulas of a document: the contents of its ```math fences.
std::vector<std::string> formulas(std::string_view markdown);

}  // namespace documents
