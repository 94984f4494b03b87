// SPDX-License-Identifier: MIT
#include "autodiff/explain/reading.hpp"

#include "autodiff/sweep.hpp"

#include <algorithm>
#include <cmath>

namespace autodiff {
inline namespace v1 {

namespace {

const Tape& with_operations(const Tape& tape) {
    if (tape.detail() != Detail::operations)
        throw TapeError(TapeError::Kind::detail, "explain", "a tape that keeps operations", "one that keeps derivatives only",
                        "record with Tape{Detail::operations}, the default of a Tape");
    return tape;
}

/// A tensor of one element type, with a one in one place or in all.
AnyTensor unit(const Node& node, Index flat, bool everywhere) {
    const auto make = [&]<class T>(T) -> AnyTensor {
        if (everywhere) return Tensor<T>::ones(node.shape);
        Tensor<T> x = Tensor<T>::zeros(node.shape);
        x.fill_data()[flat] = T{1};
        return x;
    };
    return node.is_double ? make(double{}) : make(float{});
}

}  // namespace

std::vector<double> flattened(const AnyTensor& x) {
    return std::visit(
        []<class X>(const X& tensor) -> std::vector<double> {
            if constexpr (std::same_as<X, std::monostate>) {
                return {};
            } else {
                const X row_major = tensor.contiguous();
                return {row_major.data().begin(), row_major.data().end()};
            }
        },
        x);
}

const RuleText* find_rule(std::string_view operation) {
    for (const RuleText& rule : internal::entries)
        if (rule.arity > 0 && rule.name == operation) return &rule;
    return nullptr;
}

Reading::Reading(const Tape& tape, std::uint32_t root, const ExplainOptions& options)
    : tape_(with_operations(tape)), root_(root), options_(options), numbers_(options.digits) {
    const WengertList& list = tape.list();
    first_.resize(std::size_t{root} + 1);
    for (std::uint32_t row = 1; row <= root; ++row) first_[row] = first_[row - 1] + list.count[row - 1];
    sweep();
    trace_reach();
    index_consumers();
}

void Reading::sweep() {
    const WengertList& list = tape_.list();
    const NodeList& nodes = tape_.nodes();
    scalar_.assign(std::size_t{root_} + 1, 0);
    adjoints_.scalar = scalar_.data();
    adjoints_.block.resize(nodes_up_to(nodes, root_));
    if (const std::uint32_t n = node_at(root_); n != no_node && !nodes[n].scalar_result)
        adjoints_.block[n] = unit(nodes[n], 0, true);
    else
        scalar_[root_] = 1;
    reverse_sweep(list, nodes, adjoints_, root_, [&list](std::uint32_t, std::uint32_t first) { return list.partial + first; });
    for (AnyTensor& block : adjoints_.block)
        std::visit(
            []<class X>(X& x) {
                if constexpr (!std::same_as<X, std::monostate>) x = x.contiguous();
            },
            block);
}

/// Each recorded operand of a row once.
template <class Visit>
void Reading::each_operand(std::uint32_t row, const Visit& visit) const {
    std::vector<std::uint32_t> read;
    for (const Operand operand : operands(row)) read.push_back(static_cast<std::uint32_t>(operand));
    if (const std::uint32_t n = node_at(row); n != no_node)
        for (const Source& source : node(n).operands) read.push_back(source.row);
    std::sort(read.begin(), read.end());
    read.erase(std::unique(read.begin(), read.end()), read.end());
    for (const std::uint32_t operand : read)
        if (operand != 0) visit(operand);
}

void Reading::trace_reach() {
    reached_.assign(std::size_t{root_} + 1, false);
    reached_[root_] = true;
    for (std::uint32_t row = root_; row > 0; --row)
        if (reached_[row]) each_operand(row, [this](std::uint32_t operand) { reached_[operand] = true; });
}

/// The list turned around: for every row, who reads it.
void Reading::index_consumers() {
    first_consumer_.assign(std::size_t{root_} + 2, 0);
    for (std::uint32_t row = root_; row > 0; --row)
        if (reached_[row]) each_operand(row, [this](std::uint32_t operand) { ++first_consumer_[operand + 1]; });
    for (std::uint32_t row = 0; row <= root_; ++row) first_consumer_[row + 1] += first_consumer_[row];
    consumer_.resize(first_consumer_.back());
    std::vector<std::uint32_t> next(first_consumer_);
    for (std::uint32_t row = root_; row > 0; --row)
        if (reached_[row]) each_operand(row, [&](std::uint32_t operand) { consumer_[next[operand]++] = row; });
}

// Places ------------------------------------------------------------------------------------------------------------------------------

std::uint32_t Reading::node_at(std::uint32_t row) const {
    const auto& nodes = tape_.nodes();
    const auto at = std::lower_bound(nodes.begin(), nodes.end(), row, [](const Node& n, std::uint32_t r) { return n.row < r; });
    return at != nodes.end() && at->row == row ? static_cast<std::uint32_t>(at - nodes.begin()) : no_node;
}

Spot Reading::spot(const Scalar& x) const {
    const std::uint32_t row = x.row();
    if (row == 0 || !tape_.holds(row, x.recording())) {
        const Tape& other = Tape::of(row, x.recording(), "explain");  // says what is wrong with x, or:
        throw TapeError(TapeError::Kind::wrong_tape, "explain", "a value of the loss's tape",
                        printable(other.name_of(row)) + " of another tape");
    }
    return origin(row);
}

Spot Reading::origin(std::uint32_t row) const {
    const std::uint32_t n = node_at(row);
    if (n == no_node || node(n).element_node == no_node) return {row, no_node, 0};
    const std::uint32_t tensor = node(n).element_node;
    return {node(tensor).row, tensor, node(n).element};
}

double Reading::value(const Spot& s) const {
    if (s.node == no_node) return tape_.list().value[s.row];
    return std::visit(
        [&]<class X>(const X& x) -> double {
            if constexpr (std::same_as<X, std::monostate>) {
                return std::nan("");
            } else {
                Index offset = 0, rest = s.flat;
                for (Index axis = x.rank(); axis-- > 0;) {
                    const Index extent = x.shape()[axis];
                    offset += rest % extent * x.strides()[static_cast<std::size_t>(axis)];
                    rest /= extent;
                }
                return static_cast<double>(x.begin_data()[offset]);
            }
        },
        node(s.node).value);
}

double Reading::adjoint(const Spot& s) const {
    if (s.row > root_) return 0;
    if (s.node == no_node) return scalar_[s.row];
    return std::visit(
        [&]<class X>(const X& x) -> double {
            if constexpr (std::same_as<X, std::monostate>)
                return 0;
            else
                return static_cast<double>(x.begin_data()[s.flat]);
        },
        adjoints_.block[s.node]);
}

std::string Reading::indices_from(Index first, const Shape& shape, Index flat) {
    std::string text;
    for (Index axis = shape.rank(); axis-- > 0;) {
        const Index extent = shape[axis];
        text = fmt::format("{}{}{}", flat % extent + first, text.empty() ? "" : ", ", text);
        flat /= extent;
    }
    return text;
}

std::string Reading::label(std::uint32_t row) const {
    const std::string name = tape_.name_of(row);
    const std::uint32_t n = node_at(row);
    if (n != no_node && node(n).element_node != no_node) {
        // An element without a name of its own is called after its tensor, with the indices that the options ask for.
        const Spot s = origin(row);
        if (name == fmt::format("{}[{}]", tape_.name_of(s.row), indices_from(0, node(s.node).shape, s.flat))) return label(s);
    }
    return printable(row == root_ && name == fmt::format("t{}", row) ? "L" : name);
}

std::string Reading::label(const Spot& s) const {
    if (s.node == no_node || node(s.node).scalar_result || node(s.node).shape.rank() == 0) return label(s.row);
    return fmt::format("{}[{}]", label(s.row), indices(node(s.node).shape, s.flat));
}

std::string_view Reading::operation(std::uint32_t row) const {
    if (const std::uint32_t n = node_at(row); n != no_node) return node(n).primitive->name();
    const Operation code = tape_.list().operation[row];
    return code == Operation{} ? std::string_view("variable") : name(code);
}

std::span<const Operand> Reading::operands(std::uint32_t row) const {
    return {tape_.list().operand + first_[row], tape_.list().count[row]};
}

std::span<const std::uint32_t> Reading::consumers(std::uint32_t row) const {
    if (row > root_) return {};
    return std::span(consumer_).subspan(first_consumer_[row], first_consumer_[row + 1] - first_consumer_[row]);
}

// Local derivatives -------------------------------------------------------------------------------------------------------------------

std::vector<double> Reading::jvp(std::uint32_t y, const Adjoints<double>& tangents) const {
    return flattened(node(y).primitive->jvp(Pushforward(tape_.nodes(), y, tangents)));
}

std::vector<double> Reading::derivatives(std::uint32_t y, const Spot& s) const {
    std::vector<double> scalars(std::size_t{root_} + 1, 0);
    Adjoints<double> tangents{scalars.data(), std::vector<AnyTensor>(adjoints_.block.size())};
    if (s.node == no_node || node(s.node).scalar_result)
        scalars[s.row] = 1;
    else
        tangents.block[s.node] = unit(node(s.node), s.flat, false);
    return jvp(y, tangents);
}

std::vector<double> Reading::slopes(std::uint32_t y, std::uint32_t x) const {
    std::vector<double> scalars(std::size_t{root_} + 1, 0);
    Adjoints<double> tangents{scalars.data(), std::vector<AnyTensor>(adjoints_.block.size())};
    tangents.block[x] = unit(node(x), 0, true);
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

Contributions Reading::contributions(const Spot& s) const {
    Contributions sum;
    sum.of = label(s), sum.reached = reached(s.row), sum.seed = s.row == root_, sum.total = adjoint(s);
    std::vector<Path> paths;
    const auto add = [&](const Spot& through, double local) {
        const double incoming = adjoint(through);
        paths.push_back({through, incoming, local, incoming == 0 ? 0 : incoming * local});
    };
    for (const std::uint32_t row : consumers(s.row)) {
        const auto read = operands(row);
        for (std::size_t k = 0; k < read.size(); ++k)
            if (read[k] == Operand{s.row}) add({row, no_node, 0}, partials(row)[k]);
        if (!read.empty()) continue;
        const std::uint32_t n = node_at(row);
        const std::vector<double> local = derivatives(n, s);
        for (std::size_t k = 0; k < local.size(); ++k)
            if (local[k] != 0) add({row, node(n).scalar_result ? no_node : n, static_cast<Index>(k)}, local[k]);
    }
    if (paths.size() > options_.terms) largest_first(paths);
    const std::size_t shown = std::min(paths.size(), options_.terms);
    for (std::size_t k = shown; k < paths.size(); ++k) sum.rest += paths[k].product;
    sum.others = paths.size() - shown;
    for (const Path& path : std::span(paths).first(shown))
        sum.shown.push_back({label(path.through), std::string(operation(path.through.row)), path.incoming, path.local, path.product});
    return sum;
}

}  // namespace v1
}  // namespace autodiff
