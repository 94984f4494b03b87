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

/// What a variable of a rule's text stands for; nullptr if it is none, or of an operand that is not known. VJPs of tensors also say w and z.
const std::string* meant(std::string_view word, const RuleVariables& variables, bool vjp) {
    if (word.size() != 1) return nullptr;
    if (word == "y") return &variables.result;
    const std::string_view known = vjp ? "abcxwz" : "abcx";
    const std::size_t at = known.find(word[0]);
    if (at == std::string_view::npos) return nullptr;
    const std::size_t k = at < 3 ? at : word == "w" ? 1 : 0;
    return k < variables.operands.size() ? &variables.operands[k] : nullptr;
}

/// A name where a variable stood: in parentheses if it would not hold together.
std::string as_factor(const std::string& name) {
    const bool holds = std::all_of(name.begin(), name.end(), [](char c) {
        return is_letter(c) || is_digit(c) || c == '[' || c == ']' || c == ',' || c == ' ' || c == '.' ||
               (static_cast<unsigned char>(c) & 0x80u) != 0;
    });
    return holds ? name : "(" + name + ")";
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
    const RuleVariables* variables = nullptr;
    const Notations* names = nullptr;
    [[nodiscard]] std::string variable(const std::string& t) const {
        const std::string* const name = variables == nullptr ? nullptr : meant(t, *variables, false);
        if (name == nullptr) return "<mi>" + t + "</mi>";
        const bool number = name->find_first_not_of("0123456789.-e+") == std::string::npos && !is_letter(name->front());
        const std::string text = number ? mathml_number(*name) : names->mathml(*name);
        return name->starts_with('-') ? group(text) : text;
    }
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
std::string written(const std::vector<Token>& tokens, std::size_t& at, const Writer& writer) {
    std::vector<std::string> parts;
    bool root = false;
    const auto group = [&] {
        const std::string inner = written(tokens, at, writer);
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
            return writer.variable(token.text);
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
                exponent = written(tokens, ++at, writer);
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
std::string formula(std::string_view symbol, const Writer& writer) {
    const std::vector<Token> tokens = tokens_of(symbol);
    std::string text;
    for (std::size_t at = 0; at < tokens.size();) text += written(tokens, at, writer);
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
    const std::string text = formula(symbol, Latex{});
    return text.empty() ? "\\text{" + std::string(symbol) + "}" : text;
}
std::string mathml_formula(std::string_view symbol) {
    const std::string text = formula(symbol, MathMl{});
    return text.empty() ? "<mtext>" + html_escaped(symbol) + "</mtext>" : text;
}

std::string mathml_formula(std::string_view symbol, const RuleVariables& variables, const Notations& names) {
    const std::string text = formula(symbol, MathMl{&variables, &names});
    return text.empty() ? "<mtext>" + html_escaped(with_names(symbol, variables)) + "</mtext>" : text;
}

std::string with_names(std::string_view symbol, const RuleVariables& variables) {
    const bool vjp = symbol.find("ybar") != std::string_view::npos;
    std::string text;
    for (std::size_t at = 0, end = 0; at < symbol.size(); at = end) {
        end = at + 1;
        if (!is_letter(symbol[at])) {
            text += symbol[at];
            continue;
        }
        while (end < symbol.size() && (is_letter(symbol[end]) || is_digit(symbol[end]))) ++end;
        const std::string_view word = symbol.substr(at, end - at);
        const std::string* const name = meant(word, variables, vjp);
        text += name == nullptr ? std::string(word) : word == symbol ? *name : as_factor(*name);
    }
    return text;
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

}  // namespace v1
}  // namespace autodiff
