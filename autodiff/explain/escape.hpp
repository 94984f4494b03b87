// SPDX-License-Identifier: MIT
/// Text that is put into a document keeps its meaning there: no name opens a tag, ends a string or starts a formula. What cannot be
/// written in a document at all (control characters, line separators, broken UTF-8) is written \xNN, as in printable().
#pragma once

#include <string>
#include <string_view>

namespace autodiff {
inline namespace v1 {

/// In an element or in a quoted attribute.
[[nodiscard]] std::string html_escaped(std::string_view text);
/// In a formula.
[[nodiscard]] std::string latex_escaped(std::string_view text);
/// In a cell of a Markdown table, or in a line of its own.
[[nodiscard]] std::string markdown_escaped(std::string_view text);
/// In a quoted string of DOT.
[[nodiscard]] std::string dot_escaped(std::string_view text);
/// In a quoted label of Mermaid.
[[nodiscard]] std::string mermaid_escaped(std::string_view text);
/// JSON inside a script element: `<`, `>`, `&`, U+2028 and U+2029 as \uNNNN, which changes nothing for a JSON parser.
[[nodiscard]] std::string script_safe(std::string_view json);

}  // namespace v1
}  // namespace autodiff
