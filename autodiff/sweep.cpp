// SPDX-License-Identifier: MIT
// The tensor rows of a tangent sweep, and which rows a sweep that records itself need not visit.
#include "autodiff/sweep.hpp"

#include "autodiff/ops/linear.hpp"

namespace autodiff {
inline namespace v1 {

namespace {

double as_number(const Adjoints<double>&, const Tensor<double>& ydot) { return ydot.item(); }
Scalar as_number(const Adjoints<Scalar>&, const Tensor<double>& ydot) { return ydot(); }

bool wants(const Adjoints<double>&, std::uint32_t) { return true; }
bool wants(const Adjoints<Scalar>& tangents, std::uint32_t row) { return tangents.wants(row); }

}  // namespace

void spread(Passage& passage, const WengertList& list, const NodeList& nodes) {
    const ListPosition& from = passage.from;
    std::vector<bool>& active = passage.active;
    const auto is_active = [&](std::uint32_t row) { return row >= from.row && active[row - from.row]; };
    std::uint32_t first = from.operand;
    std::size_t node = from.node;
    for (std::size_t k = 0; k < active.size(); ++k) {
        const std::uint32_t row = from.row + static_cast<std::uint32_t>(k);
        bool any = active[k];
        if (node < nodes.size() && nodes[node].row == row)
            for (const Source& x : nodes[node++].operands) any = any || is_active(x.row);
        for (std::uint32_t n = 0; n < list.count[row]; ++n) any = any || is_active(static_cast<std::uint32_t>(list.operand[first + n]));
        first += list.count[row];
        active[k] = any;
    }
}

template <class Number>
void push_through(const NodeList& nodes, std::size_t index, Adjoints<Number>& tangents) {
    const std::uint32_t row = nodes[index].row;
    if (!wants(tangents, row)) return;
    const Pushforward push(nodes, index, tangents);
    if (!push.any()) return;
    AnyTensor ydot = nodes[index].primitive->jvp(push);
    if (nodes[index].scalar_result) {
        accumulate(number(tangents, row), as_number(tangents, std::get<Tensor<double>>(ydot)));
        return;
    }
    AnyTensor& sum = tangents.at(index);
    std::visit(
        [&sum]<class X>(X& part) {
            if constexpr (!std::same_as<X, std::monostate>) add_tangent(sum, std::move(part));
        },
        ydot);
}
template void push_through(const NodeList&, std::size_t, Adjoints<double>&);
template void push_through(const NodeList&, std::size_t, Adjoints<Scalar>&);

}  // namespace v1
}  // namespace autodiff
