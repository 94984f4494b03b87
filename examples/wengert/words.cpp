// SPDX-License-Identifier: MIT
#include "examples/wengert/words.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <numeric>
#include <utility>

namespace wengert {

namespace {

/// How many letters must be put in, taken out or replaced. source: Levenshtein (1966), by rows of the table
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i + 1);
        for (std::size_t j = 0; j < b.size(); ++j)
            diagonal = std::exchange(row[j + 1], std::min({diagonal + (a[i] == b[j] ? 0 : 1), row[j] + 1, row[j + 1] + 1}));
    }
    return row.back();
}

template <class T>
std::optional<T> parsed(std::string_view text) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace

std::string did_you_mean(std::string_view given, const std::vector<std::string>& names) {
    given = given.substr(0, 64);
    std::vector<std::pair<std::size_t, std::string>> near;
    for (const std::string& name : names) {
        // A name that goes on where the given one ends is as near as one wrong letter.
        const std::size_t apart = given.size() > 1 && name.starts_with(given) ? 1 : distance(given, name);
        if (apart <= std::max<std::size_t>(1, std::min(given.size(), name.size()) / 2)) near.emplace_back(apart, name);
    }
    std::stable_sort(near.begin(), near.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    if (near.size() > 3) near.resize(3);
    std::string text;
    for (std::size_t k = 0; k < near.size(); ++k)
        text += fmt::format("{}'{}'", k == 0 ? "; did you mean " : k + 1 < near.size() ? ", " : " or ", near[k].second);
    return text.empty() ? text : text + "?";
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    std::size_t start = 0;
    int depth = 0;
    for (std::size_t at = 0; at <= text.size(); ++at) {
        const char c = at < text.size() ? text[at] : separator;
        depth += c == '(' || c == '[' ? 1 : c == ')' || c == ']' ? -1 : 0;
        if (at == text.size() || (c == separator && depth <= 0)) {
            parts.push_back(text.substr(start, at - start));
            start = at + 1;
        }
    }
    return parts;
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n";
    const std::size_t first = text.find_first_not_of(blanks);
    return first == std::string_view::npos ? std::string_view{} : text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::optional<double> real_number(std::string_view text) { return parsed<double>(text); }
std::optional<std::int64_t> whole_number(std::string_view text) { return parsed<std::int64_t>(text); }

}  // namespace wengert
