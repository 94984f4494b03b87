// SPDX-License-Identifier: MIT
#include "autodiff/sparse/recording.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace autodiff {
inline namespace v1 {
namespace internal {

namespace {

[[noreturn]] void throw_not_a_variable(std::string_view operation, const std::string& got) {
    throw ValueError(operation, "scalar variables to differentiate with respect to", got);
}

void check_variable(const Tape& tape, std::uint32_t row, std::string_view operation) {
    const NodeList& nodes = tape.nodes();
    const auto node = std::lower_bound(nodes.begin(), nodes.end(), row, [](const Node& n, std::uint32_t r) { return n.row < r; });
    if (node != nodes.end() && node->row == row)
        throw_not_a_variable(operation, fmt::format("{}, which {} computed", tape.name_of(row), node->primitive->name()));
    if (const Operation code = tape.list().operation[row]; code != Operation::variable)
        throw_not_a_variable(operation, fmt::format("{}, which {} computed", tape.name_of(row), name(code)));
}

}  // namespace

Recorded recorded(std::span<const Scalar> y, std::span<const Scalar> x, std::string_view operation) {
    using Kind = TapeError::Kind;
    Recorded f;
    f.x.reserve(x.size()), f.y.reserve(y.size());
    const auto take = [&](const Scalar& v) {
        const Tape& tape =
            f.tape != nullptr && f.tape->holds(v.row(), v.recording()) ? *f.tape : Tape::of(v.row(), v.recording(), operation);
        if (f.tape != nullptr && &tape != f.tape)
            throw TapeError(Kind::wrong_tape, operation, "values of one tape", fmt::format("{} of another one", tape.name_of(v.row())));
        f.tape = &tape;
        return v.row();
    };
    for (const Scalar& v : x) f.x.push_back(take(v));
    for (const Scalar& v : y) f.y.push_back(v.recorded() ? take(v) : 0);
    if (f.tape == nullptr) return f;
    if (f.tape->detail() != Detail::operations)
        throw TapeError(Kind::detail, operation, "a tape that keeps operations", "one that keeps derivatives only",
                        "record with Tape{Detail::operations}");
    for (const std::uint32_t row : f.x) check_variable(*f.tape, row, operation);
    std::vector<std::uint32_t> ascending = f.x;
    std::sort(ascending.begin(), ascending.end());
    if (const auto twice = std::adjacent_find(ascending.begin(), ascending.end()); twice != ascending.end())
        throw ValueError(operation, "distinct variables", fmt::format("{} twice", f.tape->name_of(*twice)));
    if (!ascending.empty()) f.last_x = ascending.back();
    for (const std::uint32_t row : f.y) f.root = std::max(f.root, row);
    return f;
}

std::vector<std::uint32_t> column_of_row(const Recorded& f) {
    std::vector<std::uint32_t> column(std::size_t{f.root} + 1, no_column);
    for (std::size_t j = 0; j < f.x.size(); ++j)
        if (f.x[j] <= f.root) column[f.x[j]] = static_cast<std::uint32_t>(j);
    return column;
}

}  // namespace internal
}  // namespace v1
}  // namespace autodiff
