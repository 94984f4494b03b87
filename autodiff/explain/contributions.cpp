// SPDX-License-Identifier: MIT
// Local derivatives, asked from the operations themselves, and sums of paths of length one.
#include "autodiff/explain/reading.hpp"

#include <algorithm>
#include <cmath>

namespace autodiff {
inline namespace v1 {

AnyTensor unit_tensor(const Node& node, Index flat, bool everywhere) {
    const auto make = [&]<class T>(T) -> AnyTensor {
        if (everywhere) return Tensor<T>::ones(node.shape);
        Tensor<T> x = Tensor<T>::zeros(node.shape);
        x.fill_data()[flat] = T{1};
        return x;
    };
    return node.is_double ? make(double{}) : make(float{});
}

std::vector<double> Reading::jvp(std::uint32_t y, const Adjoints<double>& tangents) const {
    return flattened(node(y).primitive->jvp(Pushforward(tape_.nodes(), y, tangents)));
}

std::vector<double> Reading::derivatives(std::uint32_t y, const Spot& s) const {
    std::vector<double> scalars(std::size_t{root_} + 1, 0);
    Adjoints<double> tangents{scalars.data(), std::vector<AnyTensor>(adjoints_.block.size())};
    if (s.node == no_node || node(s.node).scalar_result)
        scalars[s.row] = 1;
    else
        tangents.block[s.node] = unit_tensor(node(s.node), s.flat, false);
    return jvp(y, tangents);
}

std::vector<double> Reading::derivatives(std::uint32_t y, std::uint32_t x, std::span<const Index> elements) const {
    std::vector<double> scalars(std::size_t{root_} + 1, 0);
    Adjoints<double> tangents{scalars.data(), std::vector<AnyTensor>(adjoints_.block.size())};
    AnyTensor ones = unit_tensor(node(x), elements[0], false);
    std::visit(
        [&]<class X>(X& tensor) {
            if constexpr (!std::same_as<X, std::monostate>)
                for (const Index flat : elements) tensor.fill_data()[flat] = 1;
        },
        ones);
    tangents.block[x] = std::move(ones);
    return jvp(y, tangents);
}

std::vector<double> Reading::slopes(std::uint32_t y, std::uint32_t x) const {
    std::vector<double> scalars(std::size_t{root_} + 1, 0);
    Adjoints<double> tangents{scalars.data(), std::vector<AnyTensor>(adjoints_.block.size())};
    tangents.block[x] = unit_tensor(node(x), 0, true);
    return jvp(y, tangents);
}

namespace {

/// A contribution before it has words: a long sum names only what it shows.
struct Path {
    Spot through;
    double incoming, local, product;
};

/// The largest products to the front, NaN before all, equal ones in their order.
void largest_first(std::vector<Path>& paths) {
    std::stable_sort(paths.begin(), paths.end(), [](const Path& a, const Path& b) {
        if (std::isnan(a.product) || std::isnan(b.product)) return std::isnan(a.product) && !std::isnan(b.product);
        return std::abs(a.product) > std::abs(b.product);
    });
}

}  // namespace

void Reading::each_use(const Spot& s, const std::function<void(const Spot&, double)>& f) const {
    for (const std::uint32_t row : consumers(s.row)) {
        const auto read = operands(row);
        for (std::size_t k = 0; k < read.size(); ++k)
            if (read[k] == Operand{s.row}) f({row, no_node, 0}, partials(row)[k]);
        if (!read.empty()) continue;
        const std::uint32_t n = node_at(row);
        const std::vector<double> local = derivatives(n, s);
        for (std::size_t k = 0; k < local.size(); ++k)
            if (local[k] != 0) f({row, node(n).scalar_result ? no_node : n, static_cast<Index>(k)}, local[k]);
    }
}

Contributions Reading::contributions(const Spot& s) const {
    Contributions sum;
    sum.of = label(s), sum.reached = reached(s.row), sum.seed = s.row == root_, sum.total = adjoint(s);
    std::vector<Path> paths;
    each_use(s, [&](const Spot& through, double local) {
        const double incoming = adjoint(through);
        paths.push_back({through, incoming, local, incoming == 0 ? 0 : incoming * local});
    });
    if (paths.size() > options_.terms) largest_first(paths);
    const std::size_t shown = std::min(paths.size(), options_.terms);
    for (std::size_t k = shown; k < paths.size(); ++k) sum.rest += paths[k].product;
    sum.others = paths.size() - shown;
    for (const Path& path : std::span(paths).first(shown))
        sum.shown.push_back({label(path.through), std::string(operation(path.through.row)), path.incoming, path.local, path.product,
                             step(path.through.row)});
    return sum;
}

}  // namespace v1
}  // namespace autodiff
