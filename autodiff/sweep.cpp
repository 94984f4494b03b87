// SPDX-License-Identifier: MIT
#include "autodiff/sweep.hpp"

namespace autodiff {
inline namespace v1 {

void tangent_sweep(const WengertList& list, const std::vector<Node>& nodes, Adjoints<double>& tangents, std::uint32_t root) {
    std::uint32_t first = 0;
    std::size_t node = 0;
    for (std::uint32_t row = 1; row <= root; ++row) {
        if (node < nodes.size() && nodes[node].row == row) {
            const Pushforward push(nodes, node, tangents);
            if (push.any()) {
                AnyTensor ydot = nodes[node].primitive->jvp(push);
                if (nodes[node].scalar_result)
                    tangents.scalar[row] = std::get<Tensor<double>>(ydot).item();
                else
                    tangents.block[node] = std::move(ydot);
            }
            ++node;
            continue;
        }
        const std::uint32_t operands = list.count[row];
        for (std::uint32_t k = 0; k < operands; ++k) {
            const double xdot = tangents.scalar[static_cast<std::uint32_t>(list.operand[first + k])];
            if (xdot != 0) tangents.scalar[row] += list.partial[first + k] * xdot;
        }
        first += operands;
    }
}

}  // namespace v1
}  // namespace autodiff
