// SPDX-License-Identifier: MIT
/// Words in what the tool says: names that the user may have meant, numbers that the user wrote.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wengert {

/// "; did you mean 'sin' or 'sinh'?": the names that are like the one that was given; nothing if none is.
[[nodiscard]] std::string did_you_mean(std::string_view given, const std::vector<std::string>& names);

/// `text` between commas (or another separator) outside parentheses and brackets.
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);
[[nodiscard]] std::string_view trimmed(std::string_view text);

/// The whole text as a number; nothing if it is none or out of range.
[[nodiscard]] std::optional<double> real_number(std::string_view text);
[[nodiscard]] std::optional<std::int64_t> whole_number(std::string_view text);

}  // namespace wengert
