// SPDX-License-Identifier: MIT
// Finds the dense layer around a weight: a product, the sum that it goes into, the activation that follows. The layer may be written
// with matmul or product by product; either way the factors are read from the tape, not derived here.
#include "autodiff/explain/reading.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace autodiff {
inline namespace v1 {

namespace {

/// The rows of one layer: z is the weighted sum, a what the activation makes of it, or z again.
struct Layer {
    std::uint32_t product, z, a;
    const RuleText* activation;
};

/// The row that alone reads `row`, or 0.
std::uint32_t only_consumer(const Reading& tape, std::uint32_t row) {
    const auto found = tape.consumers(row);
    return row == tape.root() || found.size() != 1 ? 0 : found[0];
}

bool same_shape(const Reading& tape, std::uint32_t a, std::uint32_t b) {
    const std::uint32_t na = tape.node_at(a), nb = tape.node_at(b);
    if (na == no_node || nb == no_node) return na == nb;
    return tape.node(na).shape == tape.node(nb).shape;
}

/// How often `row` is among the operands of `by`.
std::size_t times_read(const Reading& tape, std::uint32_t row, std::uint32_t by) {
    const auto scalars = tape.operands(by);
    std::size_t n = static_cast<std::size_t>(std::count(scalars.begin(), scalars.end(), Operand{row}));
    if (const std::uint32_t node = tape.node_at(by); node != no_node)
        for (const Source& source : tape.node(node).operands) n += source.row == row;
    return n;
}

/// Upwards from a product, through the additions that it alone goes into, to the activation.
Layer layer_of(const Reading& tape, std::uint32_t product) {
    std::uint32_t z = product, next = only_consumer(tape, z);
    while (next != 0 && tape.operation(next) == rules::Add::name && same_shape(tape, z, next) && times_read(tape, z, next) == 1) {
        z = next;
        next = only_consumer(tape, z);
    }
    const RuleText* const rule = next == 0 || !same_shape(tape, z, next) ? nullptr : find_rule(tape.operation(next));
    const bool activation = rule != nullptr && rule->arity == 1 && rule->name != rules::Neg::name;
    return {product, z, activation ? next : z, activation ? rule : nullptr};
}

double flow(double adjoint, double by) { return adjoint == 0 ? 0 : adjoint * by; }

/// The samples whose products are largest, the first of them with all paths of its step 1.
void keep_samples(const Reading& tape, std::vector<DenseSample> samples, std::span<const Spot> a, DenseWeight& into) {
    std::vector<std::size_t> order(samples.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t x, std::size_t y) {
        const double px = samples[x].product, py = samples[y].product;
        if (std::isnan(px) || std::isnan(py)) return std::isnan(px) && !std::isnan(py);
        return std::abs(px) > std::abs(py);
    });
    into.samples = samples.size();
    const std::size_t shown = std::min(std::max<std::size_t>(tape.options().terms, 1), samples.size());
    for (std::size_t k = shown; k < order.size(); ++k) into.rest += samples[order[k]].product;
    order.resize(shown);
    for (std::size_t k = 0; k < shown; ++k) into.shown.push_back(std::move(samples[order[k]]));
    into.shown[0].abar = tape.contributions(a[order[0]]);
}

void describe(const Reading& tape, const Spot& weight, const Layer& layer, DenseWeight& into) {
    into.weight = tape.label(weight);
    into.total = tape.adjoint(weight);
    if (layer.activation == nullptr) return;
    into.activation = layer.activation->name;
    into.derivative = layer.activation->derivative[0];
}

// Product by product ------------------------------------------------------------------------------------------------------------------

/// A number that nothing computed: a variable, or an element of a tensor.
bool is_leaf(const Reading& tape, std::uint32_t row) {
    const std::uint32_t n = tape.node_at(row);
    return row != 0 && tape.operands(row).empty() && (n == no_node || tape.node(n).element_node != no_node);
}

/// The weights of all products in the sum z, each the operand on the same side as the one that was asked for.
std::vector<std::uint32_t> weights_of(const Reading& tape, std::uint32_t z, std::size_t side) {
    std::vector<std::uint32_t> weights, left{z};
    while (!left.empty()) {
        const std::uint32_t row = left.back();
        left.pop_back();
        const auto operands = tape.operands(row);
        if (row != z && only_consumer(tape, row) == 0) continue;
        if (tape.operation(row) == rules::Mul::name) {
            for (const std::size_t k : {side, 1 - side})
                if (const auto w = static_cast<std::uint32_t>(operands[k]); is_leaf(tape, w)) {
                    weights.push_back(w);
                    break;
                }
        } else if (tape.operation(row) == rules::Add::name) {
            for (std::size_t k = operands.size(); k-- > 0;)
                if (operands[k] != Operand{0}) left.push_back(static_cast<std::uint32_t>(operands[k]));
        }
    }
    return weights;
}

bool explain_product(const Reading& tape, const Spot& weight, std::uint32_t row, DenseWeight& into) {
    const std::uint32_t product = only_consumer(tape, row);
    if (product == 0 || !is_leaf(tape, row) || tape.operation(product) != rules::Mul::name || times_read(tape, row, product) != 1)
        return false;
    const auto operands = tape.operands(product);
    if (operands.size() != 2) return false;
    const std::size_t side = operands[0] == Operand{row} ? 0 : 1;
    const Layer layer = layer_of(tape, product);
    const std::vector<std::uint32_t> weights = weights_of(tape, layer.z, side);
    const auto selected = std::find(weights.begin(), weights.end(), row);
    if (selected == weights.end() || (layer.activation == nullptr && weights.size() < 2)) return false;  // a product, not a neuron

    describe(tape, weight, layer, into);
    const Spot a{layer.a, no_node, 0}, z{layer.z, no_node, 0};
    const auto input = static_cast<std::uint32_t>(operands[1 - side]);
    DenseSample sample;
    sample.a = tape.label(a), sample.z = tape.label(z);
    sample.from = input == 0 ? "input" : tape.label(input);
    sample.sum = tape.value(z), sample.output = tape.value(a);
    sample.abar.of = sample.a, sample.abar.total = tape.adjoint(a);
    sample.slope = layer.activation == nullptr ? 1 : *tape.partials(layer.a);
    sample.delta = flow(tape.adjoint(a), sample.slope);
    sample.input = tape.partials(product)[side];
    sample.product = flow(sample.delta, sample.input);
    keep_samples(tape, {std::move(sample)}, std::span(&a, 1), into);
    into.neuron = fmt::format("neuron {}, in the order of its sum", tape.label(z));
    for (const std::uint32_t w : weights) into.column.push_back(tape.adjoint(tape.origin(w)));
    into.selected = static_cast<std::size_t>(selected - weights.begin());
    return true;
}

/// The one row that reads this element of a tensor, if the tensor is read element by element; else 0.
std::uint32_t element_row(const Reading& tape, const Spot& weight) {
    std::uint32_t found = 0;
    for (const std::uint32_t row : tape.consumers(weight.row)) {
        const std::uint32_t n = tape.node_at(row);
        if (n == no_node || tape.node(n).element_node != weight.node) return 0;
        if (tape.node(n).element != weight.flat) continue;
        if (found != 0) return 0;
        found = row;
    }
    return found;
}

// With matmul -------------------------------------------------------------------------------------------------------------------------

Shape with_extent(const Shape& shape, Index axis, Index extent) {
    std::vector<Index> extents(shape.begin(), shape.end());
    extents[static_cast<std::size_t>(shape.normalise_axis(axis))] = extent;
    return Shape(std::span<const Index>(extents));
}

bool explain_matmul(const Reading& tape, const Spot& weight, DenseWeight& into) {
    const std::uint32_t product = only_consumer(tape, weight.row);
    if (product == 0 || tape.operation(product) != "matmul" || times_read(tape, weight.row, product) != 1) return false;
    const Layer layer = layer_of(tape, product);
    const std::uint32_t product_node = tape.node_at(product), z_node = tape.node_at(layer.z), a_node = tape.node_at(layer.a);
    const Node& matmul = tape.node(product_node);
    if (layer.activation == nullptr && layer.z != product && matmul.shape != tape.node(z_node).shape) return false;
    const bool right = matmul.operands[1].row == weight.row;  // z = a W; else z = W a
    const Source source = matmul.operands[right ? 0 : 1];
    // Of two variables the right one is the weight: what stands left of it is the layer's input.
    if (tape.operation(weight.row) != "variable" || (!right && source.row != 0 && tape.operation(source.row) == "variable")) return false;
    const Shape& shape = tape.node(weight.node).shape;
    const Index i = weight.flat / shape[1], j = weight.flat % shape[1];
    const Index neuron = right ? j : i, from = right ? i : j;

    const std::vector<double> abar = flattened(tape.block(a_node)), input = tape.derivatives(product_node, weight);
    if (abar.empty()) return false;
    const std::vector<double> slope = layer.activation == nullptr ? std::vector<double>(abar.size(), 1) : tape.slopes(a_node, z_node);

    describe(tape, weight, layer, into);
    const Shape source_shape = with_extent(matmul.shape, right ? -1 : -2, right ? shape[0] : shape[1]);
    const Index rows = matmul.shape[-2], columns = matmul.shape[-1];
    std::vector<DenseSample> samples;
    std::vector<Spot> spots;
    for (Index flat = 0; flat < matmul.shape.size(); ++flat) {
        const Index block = flat / (rows * columns), row = flat / columns % rows, column = flat % columns;
        if ((right ? column : row) != neuron) continue;
        const auto at = static_cast<std::size_t>(flat);
        const Index read = right ? (block * rows + row) * shape[0] + from : (block * shape[1] + from) * columns + column;
        DenseSample& sample = samples.emplace_back();
        spots.push_back({layer.a, a_node, flat});
        const Spot z{layer.z, z_node, flat};
        sample.sample = static_cast<Index>(samples.size()) - 1;
        sample.a = tape.label(spots.back()), sample.z = tape.label(z);
        sample.from = fmt::format("{}[{}]", source.row == 0 ? "input" : tape.label(source.row), tape.indices(source_shape, read));
        sample.sum = tape.value(z), sample.output = tape.value(spots.back());
        sample.abar.of = sample.a, sample.abar.total = abar[at];
        sample.slope = slope[at];
        sample.delta = flow(abar[at], slope[at]);
        // A recorded input is read as it is: beside an infinite one the JVP would say 0 * inf.
        sample.input = source.node == no_node ? input[at] : tape.value({source.row, source.node, read});
        sample.product = flow(sample.delta, sample.input);
    }
    if (samples.empty()) return false;
    keep_samples(tape, std::move(samples), spots, into);

    into.neuron = fmt::format("neuron {}, {}", neuron + tape.options().first_index, right ? "column over i" : "row over j");
    const std::vector<double> gradient = flattened(tape.block(weight.node));
    for (Index k = 0; k < (right ? shape[0] : shape[1]); ++k)
        into.column.push_back(gradient[static_cast<std::size_t>(right ? k * shape[1] + j : i * shape[1] + k)]);
    into.selected = static_cast<std::size_t>(from);
    return true;
}

}  // namespace

bool explain_dense(const Reading& tape, const Spot& weight, DenseWeight& into) {
    if (!tape.reached(weight.row)) return false;
    if (weight.node == no_node) return explain_product(tape, weight, weight.row, into);
    if (const std::uint32_t row = element_row(tape, weight)) return explain_product(tape, weight, row, into);
    return tape.node(weight.node).shape.rank() == 2 && explain_matmul(tape, weight, into);
}

}  // namespace v1
}  // namespace autodiff
