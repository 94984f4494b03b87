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
inline void flow(const Adjoints<double>& adjoints, Operand x, double ybar, double partial) { flow(adjoints.scalar, x, ybar, partial); }

/// sum += part, without a row for what nothing has been added to yet.
inline void accumulate(Scalar& sum, const Scalar& part) {
    if (silent(sum))
        sum = part;
    else if (!silent(part))
        sum = sum + part;
}
/// sum += first * second for an adjoint and a partial, or a partial and a tangent: the first factor lies nearer to the result, and where
/// it is 0 nothing flows through the second one, even if that is infinite. No row for a factor of 1, nor for one that is always 0.
inline void accumulate(Scalar& sum, const Scalar& first, const Scalar& second) {
    if (silent(first) || silent(second)) return;
    if (!second.recorded() && second.value() == 1)
        accumulate(sum, first);
    else if (!first.recorded() && first.value() == 1)
        accumulate(sum, second);
    else
        sum = silent(sum) ? rules::chain_product(first, second) : rules::chain_sum(first, second, sum);
}
inline void flow(const Adjoints<Scalar>& adjoints, Operand x, const Scalar& ybar, const Scalar& partial) {
    const auto row = static_cast<std::uint32_t>(x);
    if (adjoints.wants(row)) accumulate(adjoints.at_row(row), ybar, partial);
}
/// A silent row: if an adjoint of 0 has arrived there, it is passed on as 0 * anything = 0, so that its operands count as reached.
inline void touch(const Adjoints<double>& adjoints, double ybar, const Operand* first, std::uint32_t operands) {
    if (std::signbit(ybar)) return;
    for (std::uint32_t k = 0; k < operands; ++k) adjoints.scalar[static_cast<std::uint32_t>(first[k])] += 0.0;
}
inline void touch(const Adjoints<Scalar>&, const Scalar&, const Operand*, std::uint32_t) {}

inline double& number(const Adjoints<double>& adjoints, std::uint32_t row) { return adjoints.scalar[row]; }
inline Scalar& number(const Adjoints<Scalar>& adjoints, std::uint32_t row) { return adjoints.at_row(row); }

/// The partials that the list holds, for a plain sweep. Asked of the list each time: a hook may record, and the column move. (For a
/// sweep that records itself: replay.hpp.)
struct ListedPartials {
    const WengertList& list;
    const double* operator()(std::uint32_t, std::uint32_t first) const { return list.partial + first; }
};

/// The number of operands that rows 1 to `row` have: where the operands of the next row begin.
inline std::uint32_t operands_up_to(const WengertList& list, std::uint32_t row) {
    std::uint32_t end = list.operands;
    for (std::uint32_t later = list.rows - 1; later > row; --later) end -= list.count[later];
    return end;
}
inline std::size_t nodes_up_to(const NodeList& nodes, std::uint32_t row) {
    std::size_t n = nodes.size();
    while (n > 0 && nodes[n - 1].row > row) --n;
    return n;
}

/// A tensor row: its primitive's VJP, if an adjoint has arrived. The adjoint is given back at once unless it was asked to stay.
/// (Out of line, so that the loop over scalar rows stays small.)
template <class Number>
[[gnu::noinline]] void pull_through(const NodeList& nodes, std::size_t index, Adjoints<Number>& adjoints) {
    Pullback pull(nodes, index, adjoints);
    if (pull.arrived()) nodes[index].primitive->vjp(pull);
    const auto release = [&](std::size_t at) {
        if (nodes[at].retained) return;
        adjoints.at(at) = {};
        if constexpr (requires { adjoints.error; })
            if (!adjoints.error.empty()) adjoints.error[at] = {};
    };
    if (nodes[index].primitive->is_further_result()) return;  // its adjoint waits for the first of the results
    const std::size_t end = std::min(index + 1 + nodes[index].primitive->further_results(), adjoints.end());
    for (std::size_t at = index; at < end; ++at) release(at);
    if constexpr (requires { adjoints.spent; })
        if (adjoints.spent != nullptr) (*adjoints.spent)[index].spend();
}

/// xbar += ybar * dy/dx for every row from `root` down to `from`. The root's own adjoint is the seed, set by the caller.
template <class Number, class Partials>
void reverse_sweep(const WengertList& list, const NodeList& nodes, Adjoints<Number>& adjoints, std::uint32_t root,
                   const Partials& partials, const ListPosition& from = {}) {
    std::uint32_t row = root, first = operands_up_to(list, root);
    for (std::size_t node = nodes_up_to(nodes, root);; --node) {
        const std::uint32_t next_tensor = node == from.node ? from.row - 1 : nodes[node - 1].row;
        for (; row > next_tensor; --row) {
            const std::uint32_t operands = list.count[row];
            const Number ybar = number(adjoints, row);
            first -= operands;
            if (silent(ybar)) {
                touch(adjoints, ybar, list.operand + first, operands);
                continue;
            }
            const auto partial = partials(row, first);
            for (std::uint32_t k = 0; k < operands; ++k) flow(adjoints, list.operand[first + k], ybar, partial[k]);
        }
        if (node == from.node) return;
        pull_through(nodes, node - 1, adjoints);
        --row;
    }
}

/// Marks every row of the passage that depends on a marked one.
void spread(Passage& passage, const WengertList& list, const NodeList& nodes);

/// The tangent of a tensor row: its primitive's JVP, if an operand has a tangent. A seed at the row itself is added.
template <class Number>
void push_through(const NodeList& nodes, std::size_t index, Adjoints<Number>& tangents);
extern template void push_through(const NodeList&, std::size_t, Adjoints<double>&);
extern template void push_through(const NodeList&, std::size_t, Adjoints<Scalar>&);

/// The part of ydot that the operands of a scalar row bring. A partial of exactly 0 lets no tangent through, not even an infinite one: so
/// a branch that is masked stays masked in both modes.
template <class Partials>
double pushed(const WengertList& list, const Adjoints<double>& tangents, std::uint32_t row, std::uint32_t first, const Partials& partials) {
    const auto partial = partials(row, first);
    double ydot = 0;
    for (std::uint32_t k = 0; k < list.count[row]; ++k) {
        const double xdot = tangents.scalar[static_cast<std::uint32_t>(list.operand[first + k])];
        if (!silent(xdot) && partial[k] != 0) ydot += partial[k] * xdot;
    }
    return ydot;
}
template <class Partials>
Scalar pushed(const WengertList& list, const Adjoints<Scalar>& tangents, std::uint32_t row, std::uint32_t first, const Partials& partials) {
    Scalar ydot;
    if (!tangents.wants(row)) return ydot;
    const std::uint32_t operands = list.count[row];
    const auto partial = partials(row, first);
    for (std::uint32_t k = 0; k < operands; ++k) {
        const auto x = static_cast<std::uint32_t>(list.operand[first + k]);
        if (tangents.wants(x)) accumulate(ydot, partial[k], tangents.at_row(x));
    }
    return ydot;
}
inline void accumulate(double& sum, double part) { sum += part; }

/// ydot += dy/dx * xdot for every row from `from` up to `root`: the mirror image. The seeds are tangents of any rows, set by the caller.
template <class Number, class Partials>
void tangent_sweep(const WengertList& list, const NodeList& nodes, Adjoints<Number>& tangents, std::uint32_t root,
                   const Partials& partials, const ListPosition& from = {}) {
    std::uint32_t first = from.operand;
    std::size_t node = from.node;
    for (std::uint32_t row = from.row; row <= root; ++row) {
        if (node < nodes.size() && nodes[node].row == row) {
            push_through(nodes, node++, tangents);
            continue;
        }
        const std::uint32_t operands = list.count[row];
        if (operands > 0) accumulate(number(tangents, row), pushed(list, tangents, row, first, partials));
        first += operands;
    }
}
/// The same with the partials of the list.
inline void tangent_sweep(const WengertList& list, const NodeList& nodes, Adjoints<double>& tangents, std::uint32_t root) {
    tangent_sweep(list, nodes, tangents, root, ListedPartials{list});
}

}  // namespace v1
}  // namespace autodiff
