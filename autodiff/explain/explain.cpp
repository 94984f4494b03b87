// SPDX-License-Identifier: MIT
// The questions, checked and handed to whoever can answer them.
#include "autodiff/explain/explain.hpp"

#include "autodiff/explain/tracing.hpp"

namespace autodiff {
inline namespace v1 {
namespace internal {

const ExplainOptions& checked(const ExplainOptions& options) {
    if (options.digits < 1 || options.digits > 17) throw ValueError("explain", "digits from 1 to 17", fmt::format("{}", options.digits));
    if (options.terms == 0 || options.rows == 0)
        throw ValueError("explain", "at least 1 term and 1 row", fmt::format("{} terms and {} rows", options.terms, options.rows));
    return options;
}

namespace {

Explanation about(const Reading& reading) {
    Explanation result;
    const std::uint32_t root = reading.root(), n = reading.node_at(root);
    result.loss = reading.label(root);
    result.loss_value = reading.value({root, n == no_node || reading.node(n).scalar_result ? no_node : n, 0});
    result.digits = reading.options().digits, result.first_index = reading.options().first_index;
    return result;
}

}  // namespace

Explanation explain_weight(std::uint32_t root, RecordingId id, const Scalar& x, const ExplainOptions& options) {
    const Reading reading(Tape::of(root, id, "explain"), root, checked(options));
    const Spot spot = reading.spot(x);
    Explanation result = about(reading);
    DenseWeight dense;
    if (explain_dense(reading, spot, dense))
        result.form = std::move(dense);
    else
        result.form = reading.contributions(spot);
    return result;
}

Explanation explain_tape(std::uint32_t root, RecordingId id, const ExplainOptions& options) {
    const Reading reading(Tape::of(root, id, "explain"), root, checked(options), options.rows);
    Explanation result = about(reading);
    result.form = steps_of(reading, Scopes(reading));
    return result;
}

void throw_not_a_loss(const Shape& shape) {
    throw ShapeError("explain", "a result with one element", fmt::format("shape {}", to_string(shape)), "sum it, or take one element");
}

}  // namespace internal
}  // namespace v1
}  // namespace autodiff
