// SPDX-License-Identifier: MIT
#include "autodiff/explain/escape.hpp"

#include "autodiff/explain/words.hpp"

#include <fmt/format.h>

namespace autodiff {
inline namespace v1 {

namespace {

/// The text with some characters replaced; `replacement` gives nothing for those that stay.
template <class F>
std::string replaced(std::string_view text, const F& replacement) {
    std::string result;
    result.reserve(text.size() + text.size() / 8);
    for (const char c : text) {
        const std::string_view instead = replacement(c);
        if (instead.empty())
            result += c;
        else
            result += instead;
    }
    return result;
}

}  // namespace

std::string html_escaped(std::string_view text) {
    return replaced(visible(text), [](char c) -> std::string_view {
        switch (c) {
        case '<':
            return "&lt;";
        case '>':
            return "&gt;";
        case '&':
            return "&amp;";
        case '"':
            return "&quot;";
        case '\'':
            return "&#39;";
        default:
            return {};
        }
    });
}

std::string latex_escaped(std::string_view text) {
    return replaced(visible(text), [](char c) -> std::string_view {
        switch (c) {
        case '\\':
            return "\\backslash{}";
        case '{':
            return "\\{";
        case '}':
            return "\\}";
        case '$':
            return "\\$";
        case '&':
            return "\\&";
        case '#':
            return "\\#";
        case '%':
            return "\\%";
        case '_':
            return "\\_";
        case '^':
            return "\\wedge{}";
        case '~':
            return "\\sim{}";
        case '<':
            return "\\lt{}";
        case '>':
            return "\\gt{}";
        case '*':
            return "\\ast{}";
        case '`':
            return "\\backprime{}";
        case '"':
            return "\\text{''}";
        case '\'':
            return "\\text{'}";
        case ' ':
            return "\\ ";
        default:
            return {};
        }
    });
}

std::string markdown_escaped(std::string_view text) {
    std::string escaped = replaced(visible(text), [](char c) -> std::string_view {
        switch (c) {
        case '<':
            return "&lt;";
        case '>':
            return "&gt;";
        case '&':
            return "&amp;";
        case '|':
            return "&#124;";
        case '`':
            return "&#96;";
        case '$':
            return "&#36;";
        case '*':
            return "&#42;";
        case '_':
            return "&#95;";
        case '[':
            return "&#91;";
        case ']':
            return "&#93;";
        case '\\':
            return "&#92;";
        case '~':
            return "&#126;";
        case '#':
            return "&#35;";
        case '!':
            return "&#33;";
        case ':':
            return "&#58;";
        case '@':
            return "&#64;&#8203;";  // a space of no width, so that it is no address
        default:
            return {};
        }
    });
    // GitHub makes links of what begins so.
    for (std::size_t at = escaped.find("www."); at != std::string::npos; at = escaped.find("www.", at)) escaped.replace(at, 4, "www&#46;");
    return escaped;
}

std::string dot_escaped(std::string_view text) {
    return replaced(visible(text), [](char c) -> std::string_view {
        if (c == '"') return "\\\"";
        if (c == '\\') return "\\\\";
        if (c == '&') return "&amp;";  // Graphviz reads HTML entities in labels
        return {};
    });
}

std::string mermaid_escaped(std::string_view text) {
    // Mermaid writes entities as #NNN; and takes HTML in labels unless its pointed brackets are entities. What it looks for after it has
    // decoded them ($$ of formulas, fa: of icons, \n, the word direction with a blank) is parted by a space of no width.
    constexpr std::string_view apart = "#8203;";
    std::string result;
    const std::string all = visible(text);
    for (std::size_t at = 0; at < all.size(); ++at) {
        const char c = all[at];
        if (c == ' ' && std::string_view(all).substr(0, at).ends_with("direction")) {
            result += "#32;";
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = byte >= 0x80 || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == ' ' ||
                           c == '.' || c == ',' || c == '-' || c == '+' || c == '=' || c == '/' || c == '_';
        if (c == ':') result += apart;
        if (plain)
            result += c;
        else
            result += fmt::format("#{};", byte);
        if (c == '$' || c == '\\') result += apart;
    }
    return result;
}

std::string script_safe(std::string_view json) {
    std::string result;
    result.reserve(json.size());
    for (std::size_t at = 0; at < json.size(); ++at) {
        const char c = json[at];
        const std::string_view three = json.substr(at, 3);
        if (c == '<' || c == '>' || c == '&') {
            result += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
        } else if (three == "\xe2\x80\xa8" || three == "\xe2\x80\xa9") {
            result += three == "\xe2\x80\xa8" ? "\\u2028" : "\\u2029";
            at += 2;
        } else {
            result += c;
        }
    }
    return result;
}

}  // namespace v1
}  // namespace autodiff
