// SPDX-License-Identifier: MIT
// What is shown of a value or an adjoint: a number, or a tensor's extremes, its norm and a small picture of it.
#include "autodiff/explain/tracing.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

namespace autodiff {
inline namespace v1 {

namespace {

constexpr Index thumbnail_extent = 8;
constexpr std::size_t most_values = 4096;

/// At most 8 positions, evenly over the extent, the first and the last among them.
std::vector<Index> sampled(Index extent) {
    std::vector<Index> positions;
    const Index n = std::min(extent, thumbnail_extent);
    for (Index k = 0; k < n; ++k) positions.push_back(n < 2 ? 0 : k * (extent - 1) / (n - 1));
    return positions;
}

void draw_thumbnail(TensorSummary& s, const std::vector<double>& values) {
    const Index columns = s.shape.rank() == 0 ? 1 : s.shape[-1];
    const Index rows = columns == 0 ? 0 : s.shape.size() / columns;
    if (rows == 0) return;
    const std::vector<Index> across = sampled(columns), down = sampled(rows);
    s.rows = static_cast<Index>(down.size()), s.columns = static_cast<Index>(across.size());
    s.sampled = rows > s.rows || columns > s.columns;
    for (const Index row : down)
        for (const Index column : across) s.thumbnail.push_back(values[static_cast<std::size_t>(row * columns + column)]);
}

}  // namespace

TensorSummary summary_of(const AnyTensor& x, const Shape& shape) {
    TensorSummary s;
    s.shape = shape;
    std::vector<double> values = flattened(x);
    double sum = 0, squares = 0;
    std::size_t finite = 0;
    for (const double v : values) {
        squares += v * v;
        s.zeros += v == 0;
        if (!std::isfinite(v)) {
            ++s.not_finite;
            continue;
        }
        s.min = finite == 0 ? v : std::min(s.min, v), s.max = finite == 0 ? v : std::max(s.max, v);
        sum += v, ++finite;
    }
    s.norm = std::sqrt(squares);
    s.mean = finite == 0 ? 0 : sum / static_cast<double>(finite);
    draw_thumbnail(s, values);
    if (values.size() <= most_values) s.values = std::move(values);
    return s;
}

namespace {

Quantity quantity_of(const Reading& tape, std::uint32_t n, const AnyTensor& x) {
    Quantity q;
    q.known = !std::holds_alternative<std::monostate>(x);
    q.tensor = TensorSummary{};
    q.tensor->shape = tape.node(n).shape;
    if (!q.known) return q;
    q.tensor = summary_of(x, tape.node(n).shape);
    if (q.tensor->values.size() == 1) q.number = q.tensor->values[0];
    return q;
}

bool is_tensor_row(const Reading& tape, std::uint32_t n) { return n != no_node && !tape.node(n).scalar_result; }

}  // namespace

Quantity value_of(const Reading& tape, std::uint32_t row) {
    const std::uint32_t n = tape.node_at(row);
    if (is_tensor_row(tape, n)) return quantity_of(tape, n, tape.node(n).value);
    return {true, tape.value({row, no_node, 0})};
}

Quantity adjoint_of(const Reading& tape, std::uint32_t row) {
    const std::uint32_t n = tape.node_at(row);
    if (is_tensor_row(tape, n)) return quantity_of(tape, n, tape.block(n));
    return {tape.reached(row), tape.adjoint({row, no_node, 0})};
}

}  // namespace v1
}  // namespace autodiff
