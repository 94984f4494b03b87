// SPDX-License-Identifier: MIT
// Finds the dense layer around a weight: a product, the sum that it goes into, the activation that follows. The layer may be written
// with matmul, affine or product by product; either way the factors are read from the tape, not derived here.
#include "autodiff/explain/reading.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
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

// With matmul or affine -----------------------------------------------------------------------------------------------------------------

Shape with_extent(const Shape& shape, Index axis, Index extent) {
    std::vector<Index> extents(shape.begin(), shape.end());
    extents[static_cast<std::size_t>(shape.normalise_axis(axis))] = extent;
    return Shape(std::span<const Index>(extents));
}

/// Where the numbers of a layer stand. Samples are numbered through all blocks of the batch.
struct Matrices {
    Layer layer{};
    std::uint32_t weight_node = no_node, product_node = no_node, z_node = no_node, a_node = no_node;
    Source source;
    Shape source_shape;
    bool right = true;  ///< z = a W; else z = W a
    Index rows = 0, columns = 0, inputs = 0, outputs = 0, samples = 0;

    [[nodiscard]] Index output(Index sample, Index neuron) const {
        return right ? sample * columns + neuron : (sample / columns * rows + neuron) * columns + sample % columns;
    }
    [[nodiscard]] Index input(Index sample, Index from) const {
        return right ? sample * inputs + from : (sample / columns * inputs + from) * columns + sample % columns;
    }
    [[nodiscard]] Index weight(Index from, Index neuron) const { return right ? from * outputs + neuron : neuron * inputs + from; }
};

std::optional<Matrices> find_matrices(const Reading& tape, std::uint32_t weight_row) {
    Matrices m;
    m.weight_node = tape.node_at(weight_row);
    const std::uint32_t product = only_consumer(tape, weight_row);
    if (product == 0 || m.weight_node == no_node || times_read(tape, weight_row, product) != 1) return {};
    const std::string_view operation = tape.operation(product);
    m.product_node = tape.node_at(product);
    if (operation != "matmul" && (operation != "affine" || tape.node(m.product_node).operands[1].row != weight_row)) return {};
    const Node& matmul = tape.node(m.product_node);
    const Shape& shape = tape.node(m.weight_node).shape;
    if (shape.rank() != 2) return {};
    m.layer = layer_of(tape, product);
    m.z_node = tape.node_at(m.layer.z), m.a_node = tape.node_at(m.layer.a);
    if (m.layer.activation == nullptr && m.layer.z != product && matmul.shape != tape.node(m.z_node).shape) return {};
    m.right = matmul.operands[1].row == weight_row;
    m.source = matmul.operands[m.right ? 0 : 1];
    // Of two variables the right one is the weight: what stands left of it is the layer's input.
    if (tape.operation(weight_row) != "variable" || (!m.right && m.source.row != 0 && tape.operation(m.source.row) == "variable"))
        return {};
    m.inputs = m.right ? shape[0] : shape[1], m.outputs = m.right ? shape[1] : shape[0];
    m.source_shape = with_extent(matmul.shape, m.right ? -1 : -2, m.inputs);
    m.rows = matmul.shape[-2], m.columns = matmul.shape[-1];
    m.samples = m.outputs == 0 ? 0 : matmul.shape.size() / m.outputs;
    if (m.samples == 0 || m.inputs == 0 || std::holds_alternative<std::monostate>(tape.block(m.a_node))) return {};
    return m;
}

/// What the weights multiply, [samples, inputs]. A constant input is not on the tape: the operation tells it, as many inputs at a time
/// as there are neurons to hold them apart.
std::vector<double> inputs_of(const Reading& tape, const Matrices& m) {
    std::vector<double> input(static_cast<std::size_t>(m.samples * m.inputs));
    const auto at = [&](Index sample, Index from) -> double& { return input[static_cast<std::size_t>(sample * m.inputs + from)]; };
    if (m.source.node != no_node) {
        const std::vector<double> values = flattened(tape.node(m.source.node).value);
        for (Index sample = 0; sample < m.samples; ++sample)
            for (Index from = 0; from < m.inputs; ++from) at(sample, from) = values[static_cast<std::size_t>(m.input(sample, from))];
        return input;
    }
    for (Index first = 0; first < m.inputs; first += m.outputs) {
        const Index together = std::min(m.outputs, m.inputs - first);
        std::vector<Index> ones;
        for (Index k = 0; k < together; ++k) ones.push_back(m.weight(first + k, k));
        const std::vector<double> z = tape.derivatives(m.product_node, m.weight_node, ones);
        for (Index sample = 0; sample < m.samples; ++sample)
            for (Index k = 0; k < together; ++k) at(sample, first + k) = z[static_cast<std::size_t>(m.output(sample, k))];
    }
    return input;
}

/// Elements of a tensor of z's shape as [samples, outputs].
std::vector<double> by_sample(const Matrices& m, const std::vector<double>& x) {
    std::vector<double> result(x.size());
    for (Index sample = 0; sample < m.samples; ++sample)
        for (Index neuron = 0; neuron < m.outputs; ++neuron)
            result[static_cast<std::size_t>(sample * m.outputs + neuron)] = x[static_cast<std::size_t>(m.output(sample, neuron))];
    return result;
}

DenseLayer read_layer(const Reading& tape, std::uint32_t weight_row, const Matrices& m) {
    DenseLayer layer;
    layer.weight_row = weight_row, layer.z_row = m.layer.z, layer.a_row = m.layer.a, layer.input_row = m.source.row;
    layer.weight = tape.label(weight_row);
    if (m.layer.activation != nullptr) {
        layer.activation = m.layer.activation->name;
        layer.derivative = m.layer.activation->derivative[0];
    }
    layer.inputs_first = m.right;
    layer.samples = m.samples, layer.inputs = m.inputs, layer.outputs = m.outputs;
    layer.input = inputs_of(tape, m);
    layer.abar = by_sample(m, flattened(tape.block(m.a_node)));
    layer.slope = m.layer.activation == nullptr ? std::vector<double>(layer.abar.size(), 1) : by_sample(m, tape.slopes(m.a_node, m.z_node));
    layer.z = by_sample(m, flattened(tape.node(m.z_node).value));
    layer.a = by_sample(m, flattened(tape.node(m.a_node).value));
    return layer;
}

bool explain_matmul(const Reading& tape, const Spot& weight, DenseWeight& into) {
    const std::optional<Matrices> found = find_matrices(tape, weight.row);
    if (!found) return false;
    const Matrices& m = *found;
    const DenseLayer layer = read_layer(tape, weight.row, m);
    const Index first = weight.flat / (m.right ? m.outputs : m.inputs), second = weight.flat % (m.right ? m.outputs : m.inputs);
    const Index from = m.right ? first : second, neuron = m.right ? second : first;

    describe(tape, weight, m.layer, into);
    std::vector<DenseSample> samples;
    std::vector<Spot> spots;
    for (Index n = 0; n < m.samples; ++n) {
        DenseSample& sample = samples.emplace_back();
        const auto at = static_cast<std::size_t>(n * m.outputs + neuron);
        spots.push_back({m.layer.a, m.a_node, m.output(n, neuron)});
        sample.sample = n;
        sample.a = tape.label(spots.back()), sample.z = tape.label({m.layer.z, m.z_node, m.output(n, neuron)});
        sample.from =
            fmt::format("{}[{}]", m.source.row == 0 ? "input" : tape.label(m.source.row), tape.indices(m.source_shape, m.input(n, from)));
        sample.sum = layer.z[at], sample.output = layer.a[at];
        sample.abar.of = sample.a, sample.abar.total = layer.abar[at];
        sample.slope = layer.slope[at];
        sample.delta = flow(layer.abar[at], layer.slope[at]);
        sample.input = layer.input[static_cast<std::size_t>(n * m.inputs + from)];
        sample.product = flow(sample.delta, sample.input);
    }
    keep_samples(tape, std::move(samples), spots, into);

    into.neuron = fmt::format("neuron {}, {}", neuron + tape.options().first_index, m.right ? "column over i" : "row over j");
    std::vector<double> gradient = flattened(tape.block(weight.node));
    gradient.resize(static_cast<std::size_t>(m.inputs * m.outputs));  // nothing arrives through an activation like floor
    for (Index k = 0; k < m.inputs; ++k) into.column.push_back(gradient[static_cast<std::size_t>(m.weight(k, neuron))]);
    into.selected = static_cast<std::size_t>(from);
    return true;
}

}  // namespace

std::optional<DenseLayer> dense_layer(const Reading& tape, std::uint32_t weight_row) {
    if (!tape.reached(weight_row)) return {};
    const std::optional<Matrices> found = find_matrices(tape, weight_row);
    if (!found || std::holds_alternative<std::monostate>(tape.block(found->weight_node))) return {};
    return read_layer(tape, weight_row, *found);
}

bool explain_dense(const Reading& tape, const Spot& weight, DenseWeight& into) {
    if (!tape.reached(weight.row)) return false;
    if (weight.node == no_node) return explain_product(tape, weight, weight.row, into);
    if (const std::uint32_t row = element_row(tape, weight)) return explain_product(tape, weight, row, into);
    return explain_matmul(tape, weight, into);
}

}  // namespace v1
}  // namespace autodiff
