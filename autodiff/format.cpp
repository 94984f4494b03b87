// SPDX-License-Identifier: MIT
#include "autodiff/format.hpp"

#include <algorithm>
#include <optional>
#include <vector>

namespace autodiff {
inline namespace v1 {

namespace {

/// The positions that an axis shows; nothing stands for what is left out.
std::vector<std::optional<Index>> shown_positions(Index extent, bool summarised) {
    std::vector<std::optional<Index>> positions;
    const bool gap = summarised && extent > 2 * edge_elements;
    for (Index i = 0; i < (gap ? edge_elements : extent); ++i) positions.emplace_back(i);
    if (!gap) return positions;
    positions.emplace_back();
    for (Index i = extent - edge_elements; i < extent; ++i) positions.emplace_back(i);
    return positions;
}

struct Bracketed {
    const Shape& shape;
    const std::function<std::string(Index)>& element;
    bool summarised = shape.size() > summarised_above;
    Strides strides = row_major(shape);
    std::size_t width = 0;

    template <class Visit>
    void each_shown(Index axis, Index flat, const Visit& visit) const {
        if (axis == shape.rank()) return visit(flat);
        for (const auto& position : shown_positions(shape[axis], summarised))
            if (position) each_shown(axis + 1, flat + *position * strides[static_cast<std::size_t>(axis)], visit);
    }
    void print(Index axis, Index flat, std::string& out) const {
        if (axis == shape.rank()) {
            fmt::format_to(std::back_inserter(out), "{:>{}}", element(flat), width);
            return;
        }
        const bool innermost = axis + 1 == shape.rank();
        // Matrices stand on lines of their own, stacks of matrices with an empty line between.
        const std::string lines(static_cast<std::size_t>(shape.rank() - axis - 1), '\n');
        const std::string separator = innermost ? ", " : "," + lines + std::string(static_cast<std::size_t>(axis) + 1, ' ');
        out += '[';
        bool first = true;
        for (const auto& position : shown_positions(shape[axis], summarised)) {
            if (!first) out += separator;
            first = false;
            if (position)
                print(axis + 1, flat + *position * strides[static_cast<std::size_t>(axis)], out);
            else
                out += "...";
        }
        out += ']';
    }
};

}  // namespace

namespace internal {

std::string bracketed(const Shape& shape, const std::function<std::string(Index)>& element) {
    Bracketed layout{shape, element};
    if (shape.size() > 0) layout.each_shown(0, 0, [&](Index flat) { layout.width = std::max(layout.width, element(flat).size()); });
    std::string out;
    layout.print(0, 0, out);
    return out;
}

}  // namespace internal

namespace {

std::string counted(std::size_t n, std::string_view noun) { return fmt::format("{} {}{}", n, noun, n == 1 ? "" : "s"); }

std::string bytes(std::size_t n) {
    double size = static_cast<double>(n);
    for (const char* unit : {"bytes", "KiB", "MiB", "GiB"}) {
        if (size < 1024) return fmt::format("{:.4g} {}", size, unit);
        size /= 1024;
    }
    return fmt::format("{:.4g} TiB", size);
}

}  // namespace

std::string to_string(const TapeStatistics& s) {
    std::string text =
        fmt::format("{}, {}, {}, {}, {} used of {}", counted(s.rows, "row"), counted(s.operands, "operand"),
                    counted(s.tensor_rows, "tensor row"), counted(s.variables, "variable"), bytes(s.bytes), bytes(s.bytes_reserved));
    for (std::size_t k = 0; k < s.by_operation.size(); ++k)
        text += fmt::format("{} {} {}", k == 0 ? ";" : ",", s.by_operation[k].second, s.by_operation[k].first);
    return text;
}

}  // namespace v1
}  // namespace autodiff
