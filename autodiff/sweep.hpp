// SPDX-License-Identifier: MIT
/// The chain rule: one loop from the last row to the first, and its mirror image. Nothing else in the library knows it.
///
/// `Number` is what flows: doubles give the gradient, Scalars (which record themselves) give the gradient as a recorded function.
/// `partials(row, first)[k]` is the partial derivative of the row with respect to its operand k.
#pragma once

#include "autodiff/node.hpp"
#include "autodiff/scalar.hpp"

#include <algorithm>

namespace autodiff {
inline namespace v1 {

/// An adjoint to which nothing has flown yet. Contributions are never -0 (see `flow`) and sums of them never become it, so this one
/// bit pattern tells *absent* from 0, for free: `reaches` reads it.
inline constexpr double nothing = -0.0;

/// Nothing flows where nothing arrives, and an adjoint that is exactly 0 moves no number.
inline bool silent(double adjoint) { return adjoint == 0; }
inline bool silent(const Scalar& adjoint) { return !adjoint.recorded() && adjoint.value() == 0; }

/// xbar += ybar * partial, for operand x of a row. Adding +0 turns a product of -0 into +0 and changes nothing else.
[[gnu::always_inline]] inline void flow(double* adjoint, Operand x, double ybar, double partial) {
    adjoint[static_cast<std::uint32_t>(x)] += ybar * partial + 0.0;
}
inline void flow(Scalar* adjoint, Operand x, const Scalar& ybar, const Scalar& partial) {
    if (x != Operand{0}) adjoint[static_cast<std::uint32_t>(x)] += ybar * partial;  // what flows into the sink need not be recorded
}
/// A silent row: if an adjoint of 0 has arrived there, it is passed on as 0 * anything = 0, so that its operands count as reached.
inline void touch(double* adjoint, double ybar, const Operand* first, std::uint32_t operands) {
    if (std::signbit(ybar)) return;
    for (std::uint32_t k = 0; k < operands; ++k) adjoint[static_cast<std::uint32_t>(first[k])] += 0.0;
}
inline void touch(Scalar*, const Scalar&, const Operand*, std::uint32_t) {}

/// The number of operands that rows 1 to `row` have: where the operands of the next row begin.
inline std::uint32_t operands_up_to(const WengertList& list, std::uint32_t row) {
    std::uint32_t end = list.operands;
    for (std::uint32_t later = list.rows - 1; later > row; --later) end -= list.count[later];
    return end;
}
inline std::size_t nodes_up_to(const std::vector<Node>& nodes, std::uint32_t row) {
    std::size_t n = nodes.size();
    while (n > 0 && nodes[n - 1].row > row) --n;
    return n;
}

/// A tensor row: its primitive's VJP, if an adjoint has arrived. The adjoint is given back at once unless it was asked to stay.
/// (Out of line, so that the loop over scalar rows stays small.)
template <class Number>
[[gnu::noinline]] void pull_through(const std::vector<Node>& nodes, std::size_t index, Adjoints<Number>& adjoints) {
    Pullback pull(nodes, index, adjoints);
    if (pull.arrived()) nodes[index].primitive->vjp(pull);
    const auto release = [&](std::size_t at) {
        if (nodes[at].retained) return;
        adjoints.block[at] = {};
        if (!adjoints.error.empty()) adjoints.error[at] = {};
    };
    if (nodes[index].primitive->is_further_result()) return;
    const std::size_t end = std::min(index + 1 + nodes[index].primitive->further_results(), adjoints.block.size());
    for (std::size_t at = index; at < end; ++at) release(at);
}

/// xbar += ybar * dy/dx for every row from `root` down. The root's own adjoint is the seed, set by the caller.
template <class Number, class Partials>
void reverse_sweep(const WengertList& list, const std::vector<Node>& nodes, Adjoints<Number>& adjoints, std::uint32_t root,
                   const Partials& partials) {
    std::uint32_t row = root, first = operands_up_to(list, root);
    for (std::size_t node = nodes_up_to(nodes, root);; --node) {
        const std::uint32_t next_tensor = node == 0 ? 0 : nodes[node - 1].row;
        for (; row > next_tensor; --row) {
            const std::uint32_t operands = list.count[row];
            const Number ybar = adjoints.scalar[row];
            first -= operands;
            if (silent(ybar)) {
                touch(adjoints.scalar, ybar, list.operand + first, operands);
                continue;
            }
            const auto partial = partials(row, first);
            for (std::uint32_t k = 0; k < operands; ++k) flow(adjoints.scalar, list.operand[first + k], ybar, partial[k]);
        }
        if (node == 0) return;
        pull_through(nodes, node - 1, adjoints);
        --row;
    }
}

/// ydot = sum of dy/dx * xdot for every row up to `root`. The tangents of the variables are the seed, set by the caller.
void tangent_sweep(const WengertList& list, const std::vector<Node>& nodes, Adjoints<double>& tangents, std::uint32_t root);

}  // namespace v1
}  // namespace autodiff
