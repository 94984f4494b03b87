// SPDX-License-Identifier: MIT
#include "autodiff/explain/notation.hpp"

#include "autodiff/explain/escape.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>
#include <vector>

namespace autodiff {
inline namespace v1 {

namespace {

// A rule's text in pieces ---------------------------------------------------------------------------------------------------------------

enum class Kind { number, variable, word, open, close, sign, power, comma, times };

struct Token {
    Kind kind;
    std::string text;
};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool ends_factor(Kind k) { return k == Kind::number || k == Kind::variable || k == Kind::close; }
bool begins_factor(Kind k) { return k == Kind::number || k == Kind::variable || k == Kind::open || k == Kind::word; }
bool is_constant(std::string_view word) { return word == "pi" || word == "e"; }

/// The pieces, a product that is written as a blank made visible; none for a text in words.
std::vector<Token> tokens_of(std::string_view text) {
    std::vector<Token> tokens;
    bool blank = false;
    for (std::size_t at = 0; at < text.size();) {
        const char c = text[at];
        std::size_t end = at + 1;
        Kind kind = Kind::sign;
        if (c == ' ') {
            blank = true, ++at;
            continue;
        }
        if (is_digit(c)) {
            while (end < text.size() && (is_digit(text[end]) || text[end] == '.')) ++end;
            kind = Kind::number;
        } else if (is_letter(c)) {
            while (end < text.size() && (is_letter(text[end]) || is_digit(text[end]))) ++end;
            const std::string_view word = text.substr(at, end - at);
            static constexpr std::array<std::string_view, 5> variables{"x", "y", "a", "b", "c"};
            kind = std::find(variables.begin(), variables.end(), word) != variables.end() ? Kind::variable
                   : is_constant(word)                                                    ? Kind::number
                                                                                          : Kind::word;
            if (word == "if" || word == "else" || word == "defined" || word == "not" || word == "ybar") return {};
        } else if (c == '(') {
            kind = Kind::open;
        } else if (c == ')') {
            kind = Kind::close;
        } else if (c == '^') {
            kind = Kind::power;
        } else if (c == ',') {
            kind = Kind::comma;
        } else if (c != '+' && c != '-' && c != '/' && c != '*') {
            return {};
        }
        if (!tokens.empty() && blank && ends_factor(tokens.back().kind) && begins_factor(kind)) tokens.push_back({Kind::times, "*"});
        tokens.push_back({kind, std::string(text.substr(at, end - at))});
        blank = false, at = end;
    }
    return tokens;
}

// The pieces as LaTeX or MathML -----------------------------------------------------------------------------------------------------------

struct Latex {
    static std::string number(const std::string& t) { return t == "pi" ? "\\pi" : t; }
    static std::string variable(const std::string& t) { return t; }
    static std::string word(const std::string& t) {
        return t == "sin" || t == "cos" || t == "sinh" || t == "cosh" || t == "tan" || t == "ln" ? "\\" + t + " "
                                                                                                 : "\\mathrm{" + latex_escaped(t) + "}";
    }
    static std::string sign(const std::string& t) { return t == "*" ? "\\cdot " : t; }
    static std::string times() { return "\\,"; }
    static std::string group(const std::string& inner) { return "(" + inner + ")"; }
    static std::string root(const std::string& inner) { return "\\sqrt{" + inner + "}"; }
    static std::string power(const std::string& base, const std::string& exponent) { return base + "^{" + exponent + "}"; }
};

struct MathMl {
    static std::string number(const std::string& t) { return t == "pi" ? "<mi>π</mi>" : "<mn>" + t + "</mn>"; }
    static std::string variable(const std::string& t) { return "<mi>" + t + "</mi>"; }
    static std::string word(const std::string& t) { return "<mi>" + html_escaped(t) + "</mi><mo>&#8289;</mo>"; }
    static std::string sign(const std::string& t) { return "<mo>" + (t == "*" ? "·" : t == "-" ? "−" : t) + "</mo>"; }
    static std::string times() { return "<mo>&#8290;</mo>"; }
    static std::string group(const std::string& inner) {
        return "<mrow><mo stretchy=\"false\">(</mo>" + inner + "<mo stretchy=\"false\">)</mo></mrow>";
    }
    static std::string root(const std::string& inner) { return "<msqrt>" + inner + "</msqrt>"; }
    static std::string power(const std::string& base, const std::string& exponent) {
        return "<msup>" + base + "<mrow>" + exponent + "</mrow></msup>";
    }
};

/// The tokens from `at` to the parenthesis that closes them; a rule's text is a few levels deep.
template <class Writer>
std::string written(const std::vector<Token>& tokens, std::size_t& at) {
    std::vector<std::string> parts;
    bool root = false;
    const auto group = [&] {
        const std::string inner = written<Writer>(tokens, at);
        const std::string text = root ? Writer::root(inner) : Writer::group(inner);
        root = false;
        return text;
    };
    const auto word = [&root](const std::string& text) {
        root = text == "sqrt";
        return root ? std::string() : Writer::word(text);
    };
    const auto atom = [&]() -> std::string {
        const Token& token = tokens[at++];
        switch (token.kind) {
        case Kind::number:
            return Writer::number(token.text);
        case Kind::variable:
            return Writer::variable(token.text);
        case Kind::open:
            return group();
        case Kind::word:
            return word(token.text);
        case Kind::times:
            return Writer::times();
        default:
            return Writer::sign(token.text);
        }
    };
    while (at < tokens.size()) {
        if (tokens[at].kind == Kind::close) {
            ++at;
            break;
        }
        if (tokens[at].kind == Kind::power && !parts.empty() && at + 1 < tokens.size()) {
            ++at;
            std::string exponent;
            if (tokens[at].kind == Kind::open)
                exponent = written<Writer>(tokens, ++at);
            else
                exponent = atom();
            parts.back() = Writer::power(parts.back(), exponent);
            continue;
        }
        std::string part = atom();
        if (!part.empty()) parts.push_back(std::move(part));
    }
    std::string text;
    for (const std::string& part : parts) text += part;
    return text;
}

template <class Writer>
std::string formula(std::string_view symbol) {
    const std::vector<Token> tokens = tokens_of(symbol);
    std::string text;
    for (std::size_t at = 0; at < tokens.size();) text += written<Writer>(tokens, at);
    return text;
}

std::pair<std::string_view, std::string_view> mantissa_and_exponent(std::string_view number) {
    const std::size_t e = number.find('e');
    if (e == std::string_view::npos || !is_digit(number.back())) return {number, {}};
    return {number.substr(0, e), number.substr(e + 1)};
}
int exponent_of(std::string_view text) { return std::stoi(std::string(text)); }

}  // namespace

std::string with_numbers(std::string_view symbol, std::span<const double> operands, double y, const Numbers& number) {
    const std::vector<Token> tokens = tokens_of(symbol);
    std::size_t variables = 0;
    std::string text;
    const auto value = [&](char name) {
        if (name == 'y') return y;
        const auto k = static_cast<std::size_t>(name == 'x' ? 0 : name - 'a');
        return k < operands.size() ? operands[k] : std::nan("");
    };
    for (std::size_t at = 0; at < tokens.size(); ++at) {
        const Token& token = tokens[at];
        const bool spaced = token.kind == Kind::sign && (at > 0 && ends_factor(tokens[at - 1].kind));
        if (token.kind == Kind::variable) {
            ++variables;
            const std::string n = number(value(token.text[0]));
            text += n[0] == '-' && at > 0 ? "(" + n + ")" : n;
        } else if (token.kind == Kind::times) {
            text += " * ";
        } else if (spaced) {
            text += " " + token.text + " ";
        } else if (token.kind == Kind::comma) {
            text += ", ";
        } else {
            text += token.text;
            if (token.kind == Kind::word && at + 1 < tokens.size() && tokens[at + 1].kind != Kind::open) text += " ";
        }
    }
    return variables == 0 || tokens.size() == 1 ? "" : text;
}

std::string latex_formula(std::string_view symbol) {
    const std::string text = formula<Latex>(symbol);
    return text.empty() ? "\\text{" + std::string(symbol) + "}" : text;
}
std::string mathml_formula(std::string_view symbol) {
    const std::string text = formula<MathMl>(symbol);
    return text.empty() ? "<mtext>" + html_escaped(symbol) + "</mtext>" : text;
}

std::string latex_number(std::string_view number) {
    const auto [mantissa, exponent] = mantissa_and_exponent(number);
    if (!exponent.empty()) return fmt::format("{} \\cdot 10^{{{}}}", mantissa, exponent_of(exponent));
    if (number == "inf" || number == "-inf") return number == "inf" ? "\\infty" : "-\\infty";
    return number == "nan" ? "\\mathrm{NaN}" : std::string(number);
}
std::string mathml_number(std::string_view number) {
    auto [mantissa, exponent] = mantissa_and_exponent(number);
    const bool negative = !mantissa.empty() && mantissa[0] == '-';
    if (negative) mantissa.remove_prefix(1);
    std::string text = fmt::format("<mn>{}</mn>", mantissa == "inf" ? "∞" : mantissa == "nan" ? "NaN" : mantissa);
    if (!exponent.empty()) {
        const int e = exponent_of(exponent);
        text += fmt::format("<mo>·</mo><msup><mn>10</mn><mrow>{}<mn>{}</mn></mrow></msup>", e < 0 ? "<mo>−</mo>" : "", std::abs(e));
    }
    return negative ? "<mrow><mo form=\"prefix\">−</mo>" + text + "</mrow>" : text;
}

// Names ---------------------------------------------------------------------------------------------------------------------------------

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
