// SPDX-License-Identifier: MIT
#include "nn/summary.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace nn {
inline namespace v1 {
namespace internal {

namespace {

/// 100352 as 100,352, on every machine and in every locale.
std::string grouped(Index n) {
    std::string digits = fmt::format("{}", n);
    for (std::size_t place = digits.size(); place > 3;) digits.insert(place -= 3, 1, ',');
    return digits;
}

}  // namespace

std::string summary_table(const std::vector<SummaryRow>& rows) {
    Index total = 0;
    std::size_t names = std::string_view("total").size(), shapes = std::string_view("shape").size();
    for (const auto& [name, shape] : rows) {
        total += shape.size();
        names = std::max(names, name.size());
        shapes = std::max(shapes, to_string(shape).size());
    }
    const std::size_t numbers = std::max(std::string_view("parameters").size(), grouped(total).size());
    std::string table;
    const auto line = [&](std::string_view name, std::string_view shape, std::string_view count) {
        table += fmt::format("{:<{}}  {:<{}}  {:>{}}\n", name, names, shape, shapes, count, numbers);
    };
    line("name", "shape", "parameters");
    for (const auto& [name, shape] : rows) line(name, to_string(shape), grouped(shape.size()));
    line("total", "", grouped(total));
    return table;
}

}  // namespace internal
}  // namespace v1
}  // namespace nn
