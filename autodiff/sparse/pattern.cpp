// SPDX-License-Identifier: MIT
// Patterns as matrices without numbers. How they are found: jacobian_pattern.cpp, hessian_pattern.cpp.
#include "autodiff/sparse/pattern.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>

namespace autodiff {
inline namespace v1 {

bool Pattern::has(std::size_t i, std::size_t j) const {
    const auto columns_of_row = row(i);
    return std::binary_search(columns_of_row.begin(), columns_of_row.end(), j);
}
std::size_t Pattern::longest_row() const noexcept {
    std::size_t longest = 0;
    for (std::size_t i = 0; i < rows; ++i) longest = std::max(longest, row(i).size());
    return longest;
}

double Csr::operator()(std::size_t i, std::size_t j) const {
    const auto columns_of_row = row(i);
    const auto at = std::lower_bound(columns_of_row.begin(), columns_of_row.end(), j);
    return at != columns_of_row.end() && *at == j ? value[row_begin[i] + static_cast<std::size_t>(at - columns_of_row.begin())] : 0;
}

Pattern transposed(const Pattern& pattern) {
    Pattern result{pattern.columns, pattern.rows, std::vector<std::size_t>(pattern.columns + 1), {}};
    for (const std::uint32_t j : pattern.column) ++result.row_begin[j + 1];
    for (std::size_t j = 0; j < pattern.columns; ++j) result.row_begin[j + 1] += result.row_begin[j];
    result.column.resize(pattern.entries());
    std::vector<std::size_t> next(result.row_begin.begin(), result.row_begin.end() - 1);
    for (std::size_t i = 0; i < pattern.rows; ++i)
        for (const std::uint32_t j : pattern.row(i)) result.column[next[j]++] = static_cast<std::uint32_t>(i);
    return result;
}

namespace {

void check_sizes(const Pattern& a, const Pattern& b, std::string_view operation) {
    if (a.rows != b.rows || a.columns != b.columns)
        throw ShapeError(operation, "patterns of one size", fmt::format("{} x {} and {} x {}", a.rows, a.columns, b.rows, b.columns));
}

}  // namespace

Pattern united(const Pattern& a, const Pattern& b) {
    check_sizes(a, b, "united");
    Pattern result{a.rows, a.columns, {0}, {}};
    result.row_begin.reserve(a.rows + 1);
    result.column.reserve(std::max(a.entries(), b.entries()));
    for (std::size_t i = 0; i < a.rows; ++i) {
        const auto first = a.row(i), second = b.row(i);
        std::set_union(first.begin(), first.end(), second.begin(), second.end(), std::back_inserter(result.column));
        result.row_begin.push_back(result.column.size());
    }
    return result;
}

bool contains(const Pattern& whole, const Pattern& part) {
    check_sizes(whole, part, "contains");
    for (std::size_t i = 0; i < part.rows; ++i) {
        const auto all = whole.row(i), some = part.row(i);
        if (!std::includes(all.begin(), all.end(), some.begin(), some.end())) return false;
    }
    return true;
}

void check(const Pattern& pattern, std::string_view operation) {
    const auto& begin = pattern.row_begin;
    if (begin.size() != pattern.rows + 1 || begin.front() != 0 || begin.back() != pattern.column.size() ||
        !std::is_sorted(begin.begin(), begin.end()))
        throw ValueError(operation,
                         fmt::format("a pattern whose row_begin ascends from 0 to {} in {} steps", pattern.column.size(), pattern.rows),
                         fmt::format("{} positions", begin.size()));
    for (std::size_t i = 0; i < pattern.rows; ++i) {
        const auto columns = pattern.row(i);
        for (std::size_t k = 0; k < columns.size(); ++k)
            if (columns[k] >= pattern.columns || (k > 0 && columns[k - 1] >= columns[k]))
                throw ValueError(operation, fmt::format("a pattern whose rows name ascending columns below {}", pattern.columns),
                                 fmt::format("column {} in row {}", columns[k], i));
    }
}

}  // namespace v1
}  // namespace autodiff
