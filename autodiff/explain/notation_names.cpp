// SPDX-License-Identifier: MIT
// Names as mathematics: stem, layer and indices.
#include "autodiff/explain/escape.hpp"
#include "autodiff/explain/notation.hpp"

#include <algorithm>

namespace autodiff {
inline namespace v1 {

Notations::Name Notations::parsed(std::string_view name) const {
    Name result;
    std::string_view rest = name;
    if (const std::size_t bracket = rest.find('['); bracket != std::string_view::npos && rest.ends_with(']') && bracket > 0) {
        const std::string_view inside = rest.substr(bracket + 1, rest.size() - bracket - 2);
        if (std::all_of(inside.begin(), inside.end(), [](char c) { return is_digit(c) || c == ',' || c == ' '; })) {
            for (const char c : inside)
                if (c != ',') result.index += c;
            rest = rest.substr(0, bracket);
        }
    }
    std::size_t digits = rest.size();
    while (digits > 0 && is_digit(rest[digits - 1])) --digits;
    const std::string_view letters = rest.substr(0, digits);
    const bool short_stem = letters.size() == 1 && is_letter(letters[0]) && letters[0] != '_';
    if (short_stem && digits < rest.size()) {
        const std::string number(rest.substr(digits));
        // A number that is neither a layer nor alone stays part of the name.
        if (layers_.contains(number))
            result.layer = number, rest = letters;
        else if (result.index.empty())
            result.index = number, rest = letters;
    }
    result.stem = rest;
    result.word = rest.size() > 1;
    return result;
}

std::string Notations::latex(std::string_view name) const {
    const Name n = parsed(name);
    std::string text = n.word ? "\\mathtt{" + latex_escaped(n.stem) + "}" : latex_escaped(n.stem);
    if (!n.index.empty()) {
        std::string index;
        for (const char c : n.index) index += c == ' ' ? std::string("\\,") : std::string(1, c);
        text += "_{" + index + "}";
    }
    if (!n.layer.empty()) text += "^{(" + n.layer + ")}";
    return text;
}

std::string Notations::mathml(std::string_view name) const {
    const Name n = parsed(name);
    const std::string base = n.word ? "<mi class=\"w\">" + html_escaped(n.stem) + "</mi>" : "<mi>" + html_escaped(n.stem) + "</mi>";
    const std::string index = "<mn>" + html_escaped(n.index) + "</mn>";
    const std::string layer = "<mrow><mo>(</mo><mn>" + html_escaped(n.layer) + "</mn><mo>)</mo></mrow>";
    if (!n.index.empty() && !n.layer.empty()) return "<msubsup>" + base + index + layer + "</msubsup>";
    if (!n.index.empty()) return "<msub>" + base + index + "</msub>";
    if (!n.layer.empty()) return "<msup>" + base + layer + "</msup>";
    return base;
}

}  // namespace v1
}  // namespace autodiff
