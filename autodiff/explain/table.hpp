// SPDX-License-Identifier: MIT
/// Text in columns.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace autodiff {
inline namespace v1 {

/// Characters, as far as alignment is concerned.
inline std::size_t text_width(std::string_view text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0u) != 0x80u; }));
}

/// Cells in columns, two blanks apart.
class TextTable {
  public:
    void line(std::vector<std::string> cells) { lines_.push_back(std::move(cells)); }
    [[nodiscard]] std::string text(std::size_t indent = 0) const {
        std::string out;
        for (const std::string& line : lines(indent)) out += line;
        return out;
    }
    /// One by one, each with its end of line.
    [[nodiscard]] std::vector<std::string> lines(std::size_t indent = 0) const {
        std::vector<std::size_t> widths;
        for (const auto& cells : lines_)
            for (std::size_t k = 0; k < cells.size(); ++k) {
                if (widths.size() <= k) widths.push_back(0);
                widths[k] = std::max(widths[k], text_width(cells[k]));
            }
        std::vector<std::string> out;
        for (const auto& cells : lines_) {
            std::string line(indent, ' ');
            for (std::size_t k = 0; k < cells.size(); ++k) line += cells[k] + std::string(widths[k] - text_width(cells[k]) + 2, ' ');
            out.push_back(line.substr(0, line.find_last_not_of(' ') + 1) + '\n');
        }
        return out;
    }

  private:
    std::vector<std::vector<std::string>> lines_;
};

}  // namespace v1
}  // namespace autodiff
