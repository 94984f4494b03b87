// SPDX-License-Identifier: MIT
#include "documents.hpp"

#include <array>
#include <set>

#include <fmt/format.h>

namespace documents {

namespace {

const std::set<std::string, std::less<>> void_tags{"meta", "link", "input", "br", "!DOCTYPE"};

bool is_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == ':';
}

class HtmlReader {
  public:
    explicit HtmlReader(std::string_view html) : html_(html) {}
    std::vector<HtmlElement> read() {
        elements_.push_back({"", {}, "", 0});
        open_.push_back(0);
        while (at_ < html_.size()) {
            if (html_[at_] != '<') {
                const std::size_t end = std::min(html_.find('<', at_), html_.size());
                elements_[open_.back()].text += unescaped_html(html_.substr(at_, end - at_));
                at_ = end;
            } else if (html_.substr(at_).starts_with("</")) {
                close();
            } else {
                open();
            }
        }
        if (open_.size() != 1) fail("an element that is not closed: " + elements_[open_.back()].tag);
        return std::move(elements_);
    }

  private:
    [[noreturn]] void fail(const std::string& what) const {
        throw Malformed(fmt::format("{} at byte {}: {}", what, at_, html_.substr(at_ > 40 ? at_ - 40 : 0, 120)));
    }
    void expect(char c) {
        if (at_ >= html_.size() || html_[at_] != c) fail(fmt::format("expected {}", c));
        ++at_;
    }
    std::string name() {
        const std::size_t begin = at_;
        while (at_ < html_.size() && is_name(html_[at_])) ++at_;
        if (at_ == begin) fail("expected a name");
        return std::string(html_.substr(begin, at_ - begin));
    }
    void blanks() {
        while (at_ < html_.size() && (html_[at_] == ' ' || html_[at_] == '\n')) ++at_;
    }
    void close() {
        at_ += 2;
        const std::string tag = name();
        expect('>');
        if (elements_[open_.back()].tag != tag) fail("</" + tag + "> closes " + elements_[open_.back()].tag);
        open_.pop_back();
    }
    void open() {
        expect('<');
        if (html_[at_] == '!') {
            if (!html_.substr(at_).starts_with("!DOCTYPE html>") || at_ != 1) fail("a declaration");
            at_ += std::string_view("!DOCTYPE html>").size();
            return;
        }
        HtmlElement element{name(), {}, "", open_.back()};
        bool closed = false;
        for (blanks(); at_ < html_.size() && html_[at_] != '>' && html_[at_] != '/'; blanks()) {
            const std::string key = name();
            if (element.attributes.contains(key)) fail("twice the attribute " + key);
            std::string value;
            if (html_[at_] == '=') {
                ++at_;
                if (html_[at_] == '"') {
                    const std::size_t end = html_.find('"', ++at_);
                    if (end == std::string_view::npos) fail("an attribute that is not closed");
                    if (html_.substr(at_, end - at_).find('<') != std::string_view::npos) fail("a bare < in an attribute");
                    value = unescaped_html(html_.substr(at_, end - at_));
                    at_ = end + 1;
                } else {
                    fail("an attribute without quotes");
                }
            }
            element.attributes[key] = value;
        }
        if (html_[at_] == '/') closed = true, ++at_;
        expect('>');
        const std::string tag = element.tag;
        elements_.push_back(std::move(element));
        if (closed || void_tags.contains(tag)) return;
        if (tag == "script" || tag == "style") {
            const std::size_t end = html_.find("</" + tag, at_);
            if (end == std::string_view::npos) fail("a script that is not closed");
            elements_.back().text = html_.substr(at_, end - at_);
            at_ = end + tag.size() + 2;
            expect('>');
            return;
        }
        open_.push_back(elements_.size() - 1);
    }

    std::string_view html_;
    std::size_t at_ = 0;
    std::vector<HtmlElement> elements_;
    std::vector<std::size_t> open_;
};

/// A quoted string from `at` on, unescaped; afterwards `at` stands behind it.
std::string quoted(std::string_view line, std::size_t& at) {
    if (at >= line.size() || line[at] != '"') throw Malformed(fmt::format("expected a string in: {}", line));
    std::string text;
    for (++at; at < line.size(); ++at) {
        if (line[at] == '"') {
            ++at;
            return text;
        }
        if (line[at] == '\\') {
            ++at;
            text += line[at] == 'n' ? '\n' : line[at];
        } else {
            text += line[at];
        }
    }
    throw Malformed(fmt::format("a string is not closed: {}", line));
}

}  // namespace

std::string unescaped_html(std::string_view text) {
    static const std::map<std::string, std::string, std::less<>> named{{"lt", "<"},  {"gt", ">"},     {"amp", "&"},  {"quot", "\""},
                                                                       {"#39", "'"}, {"middot", "·"}, {"ensp", " "}, {"emsp", " "}};
    std::string result;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] != '&') {
            result += text[at];
            continue;
        }
        const std::size_t end = text.find(';', at);
        const std::string entity(text.substr(at + 1, end == std::string_view::npos ? 0 : end - at - 1));
        if (const auto found = named.find(entity); found != named.end())
            result += found->second;
        else if (entity.size() < 3 || entity.size() > 6 || entity[0] != '#')
            throw Malformed(fmt::format("a bare ampersand: {}", text.substr(at, 20)));
        else
            result += std::stoi(entity.substr(1)) < 128 ? std::string(1, static_cast<char>(std::stoi(entity.substr(1)))) : "?";
        at = end;
    }
    return result;
}

std::vector<HtmlElement> read_html(std::string_view html) { return HtmlReader(html).read(); }

Dot read_dot(std::string_view text) {
    Dot dot;
    int depth = 0;
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        std::string_view line = text.substr(begin, end - begin);
        begin = end + 1;
        line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
        std::size_t at = 0;
        if (line.starts_with("digraph ")) {
            at = 8;
            static_cast<void>(quoted(line, at));
            if (line.substr(at) != " {") throw Malformed(std::string(line));
            ++depth;
        } else if (line.starts_with("subgraph cluster_") && line.ends_with(" {")) {
            ++depth;
        } else if (line == "}") {
            --depth;
        } else if (line.starts_with("label=")) {
            at = 6;
            dot.clusters.push_back(unescaped_html(quoted(line, at)));
            if (line.substr(at) != ";") throw Malformed(std::string(line));
        } else if (line.starts_with("n") && line[1] >= '0' && line[1] <= '9') {
            const std::size_t bracket = line.find(" [label=");
            if (bracket == std::string_view::npos || !line.ends_with("];")) throw Malformed(std::string(line));
            at = bracket + 8;
            const std::string label = unescaped_html(quoted(line, at));
            if (line[at] != ']' && !line.substr(at).starts_with(", ")) throw Malformed(std::string(line));
            const std::string what(line.substr(0, bracket));
            if (const std::size_t arrow = what.find(" -> "); arrow != std::string::npos)
                dot.edges.push_back({what.substr(0, arrow), what.substr(arrow + 4), label});
            else if (!dot.label.emplace(what, label).second)
                throw Malformed("twice " + what);
        } else if (!line.starts_with("rankdir=") && !line.starts_with("node [") && !line.starts_with("edge [")) {
            throw Malformed(std::string(line));
        }
    }
    if (depth != 0) throw Malformed("braces do not match");
    return dot;
}

void check_latex(std::string_view formula) {
    int depth = 0, environments = 0;
    for (std::size_t at = 0; at < formula.size(); ++at) {
        const char c = formula[at];
        if (c == '\\') {
            const std::string_view rest = formula.substr(at + 1);
            environments += rest.starts_with("begin{") - rest.starts_with("end{");
            ++at;  // what follows is a command or an escaped character
            continue;
        }
        if (c == '{') ++depth;
        if (c == '}' && --depth < 0) throw Malformed(fmt::format("a closing brace too many: {}", formula));
        if (c == '\n' || c == '$' || c == '#' || c == '%' || c == '~' || c == '`' || (c == '&' && environments == 0))
            throw Malformed(fmt::format("a bare {} in {}", c, formula));
    }
    if (depth != 0 || environments != 0) throw Malformed(fmt::format("not balanced: {}", formula));
}

std::vector<std::string> formulas(std::string_view markdown) {
    std::vector<std::string> found;
    constexpr std::string_view fence = "```math\n";
    for (std::size_t at = markdown.find(fence); at != std::string_view::npos; at = markdown.find(fence, at)) {
        at += fence.size();
        const std::size_t end = markdown.find("\n```\n", at);
        if (end == std::string_view::npos) throw Malformed("a fence is not closed");
        found.emplace_back(markdown.substr(at, end - at));
        at = end;
    }
    return found;
}

}  // namespace documents
