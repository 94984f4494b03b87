// SPDX-License-Identifier: MIT
/// A gradient taken apart, with its numbers: where every factor comes from, and that they multiply and add up to what the sweep says.
///
/// An explanation is read from the tape: nothing is run again, and its adjoints come from the same sweep as every gradient's. It is
/// a value that prints: `fmt::print("{}", explain(L, W(3, 5)))`. reading.hpp is what it reads, dense.cpp finds the layer around a
/// weight, trace.cpp lists a whole tape, text.cpp prints. Other forms than text: outputs.hpp.
#pragma once

#include "autodiff/explain/trace.hpp"

#include <fmt/format.h>

#include <string>
#include <variant>

namespace autodiff {
inline namespace v1 {

/// What explain() found out.
struct Explanation {
    std::string loss;       ///< the name of L
    double loss_value = 0;  ///< L
    std::variant<Contributions, DenseWeight, Trace> form;
    int digits = 6;         ///< from the options
    Index first_index = 0;  ///< from the options
};

std::string to_string(const Explanation& explanation);

namespace internal {
Explanation explain_weight(std::uint32_t root, RecordingId id, const Scalar& x, const ExplainOptions& options);
Explanation explain_tape(std::uint32_t root, RecordingId id, const ExplainOptions& options);
}  // namespace internal

/// Why dL/dx is what it is. For a weight of a dense layer, written with matmul or product by product, the three steps
/// dL/da * activation'(z) * input with their numbers; for every other x the paths from L to x: incoming * local = product, added up.
/// x is a Scalar of L's tape or an element `W(i, j)` of a tensor on it.
/// cost     one sweep, and one JVP of each operation that reads x
/// throws   TapeError if L or x is a constant, stale, or of another tape, (detail) if the tape keeps derivatives only;
///          ShapeError if L has several elements; ValueError for options outside their range
[[nodiscard]] inline Explanation explain(const Scalar& loss, const Scalar& x, const ExplainOptions& options = {}) {
    return internal::explain_weight(loss.row(), loss.recording(), x, options);
}
template <class T>
[[nodiscard]] Explanation explain(const Tensor<T>& loss, const Scalar& x, const ExplainOptions& options = {}) {
    const Place& place = internal::loss_place(loss);
    return internal::explain_weight(place.row, place.id, x, options);
}

/// Every row up to L, forward with its value, backward with its incoming adjoint and what it pushes to its operands.
[[nodiscard]] inline Explanation explain(const Scalar& loss, const ExplainOptions& options = {}) {
    return internal::explain_tape(loss.row(), loss.recording(), options);
}
template <class T>
[[nodiscard]] Explanation explain(const Tensor<T>& loss, const ExplainOptions& options = {}) {
    const Place& place = internal::loss_place(loss);
    return internal::explain_tape(place.row, place.id, options);
}

}  // namespace v1
}  // namespace autodiff

template <>
struct fmt::formatter<autodiff::Explanation> : fmt::formatter<fmt::string_view> {
    template <class Context>
    auto format(const autodiff::Explanation& explanation, Context& context) const {
        return fmt::formatter<fmt::string_view>::format(autodiff::to_string(explanation), context);
    }
};
