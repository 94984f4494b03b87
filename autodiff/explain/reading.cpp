// SPDX-License-Identifier: MIT
#include "autodiff/explain/reading.hpp"

#include "autodiff/sweep.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

namespace autodiff {
inline namespace v1 {

namespace {

const Tape& with_operations(const Tape& tape) {
    if (tape.detail() != Detail::operations)
        throw TapeError(TapeError::Kind::detail, "explain", "a tape that keeps operations", "one that keeps derivatives only",
                        "record with Tape{Detail::operations}, the default of a Tape");
    return tape;
}

/// The first word that no value up to the root is called.
std::string free_loss_name(const Tape& tape, std::uint32_t root) {
    for (const std::string_view word : {"L", "loss", "result"}) {
        std::uint32_t row = 1;
        while (row <= root && tape.given_name(row) != word) ++row;
        if (row > root) return std::string(word);
    }
    return fmt::format("t{}", root);
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

Reading::Reading(const Tape& tape, std::uint32_t root, const ExplainOptions& options, std::size_t observed)
    : tape_(with_operations(tape)), root_(root), options_(options), numbers_(options.digits), loss_name_(free_loss_name(tape, root)) {
    const WengertList& list = tape.list();
    first_.resize(std::size_t{root} + 1);
    for (std::uint32_t row = 1; row <= root; ++row) first_[row] = first_[row - 1] + list.count[row - 1];
    trace_reach();
    index_consumers();
    sweep(observed);
}

void Reading::sweep(std::size_t observed) {
    const NodeList& nodes = tape_.nodes();
    scalar_.assign(std::size_t{root_} + 1, 0);
    adjoints_.scalar = scalar_.data();
    adjoints_.block.resize(nodes_up_to(nodes, root_));
    if (const std::uint32_t n = node_at(root_); n != no_node && !nodes[n].scalar_result)
        adjoints_.block[n] = unit_tensor(nodes[n], 0, true);
    else
        scalar_[root_] = 1;
    sweep_observed(observed >= root_ ? 1 : root_ - static_cast<std::uint32_t>(observed) + 1);
    for (AnyTensor& block : adjoints_.block)
        std::visit(
            []<class X>(X& x) {
                if constexpr (!std::same_as<X, std::monostate>) x = x.contiguous();
            },
            block);
}

namespace {

double norm_of(const std::vector<double>& x, const std::vector<double>& minus = {}) {
    double squares = 0;
    for (std::size_t k = 0; k < x.size(); ++k) {
        const double d = minus.empty() ? x[k] : x[k] - minus[k];
        squares += d * d;
    }
    return std::sqrt(squares);
}

}  // namespace

/// The sweep, interrupted at tensor rows down to row `last` that add to an adjoint to which others add as well.
void Reading::sweep_observed(std::uint32_t last) {
    const WengertList& list = tape_.list();
    const NodeList& nodes = tape_.nodes();
    const auto part = [&](std::uint32_t from_row, std::uint32_t to_row, std::size_t first_node) {
        reverse_sweep(list, nodes, adjoints_, from_row, ListedPartials{list}, {to_row, 0, first_node});
    };
    std::uint32_t top = root_;  // swept so far: everything above
    for (std::size_t n = adjoints_.block.size(); n-- > 0 && nodes[n].row >= last;) {
        const std::uint32_t row = nodes[n].row;
        std::vector<std::uint32_t> shared;
        for (const Source& to : nodes[n].operands)
            if (to.node != no_node && reached_[row] && consumers(to.row).size() > 1) shared.push_back(to.node);
        if (shared.empty()) continue;
        if (top > row) part(top, row + 1, n + 1);
        std::vector<std::vector<double>> before;
        for (const std::uint32_t to : shared) before.push_back(flattened(adjoints_.block[to]));
        part(row, row, n);
        top = row - 1;
        for (std::size_t k = 0; k < shared.size(); ++k) {
            const std::vector<double> after = flattened(adjoints_.block[shared[k]]);
            arrivals_[{row, nodes[shared[k]].row}] = {norm_of(after, before[k]), norm_of(after)};
        }
    }
    if (top > 0) part(top, 1, 0);
}

const Arrival* Reading::arrival(std::uint32_t from, std::uint32_t to) const {
    const auto found = arrivals_.find({from, to});
    return found == arrivals_.end() ? nullptr : &found->second;
}

std::vector<std::uint32_t> Reading::operand_rows(std::uint32_t row) const {
    std::vector<std::uint32_t> read;
    for (const Operand operand : operands(row)) read.push_back(static_cast<std::uint32_t>(operand));
    if (const std::uint32_t n = node_at(row); n != no_node)
        for (const Source& source : node(n).operands) read.push_back(source.row);
    std::sort(read.begin(), read.end());
    read.erase(std::unique(read.begin(), read.end()), read.end());
    if (!read.empty() && read.front() == 0) read.erase(read.begin());
    return read;
}

void Reading::trace_reach() {
    reached_.assign(std::size_t{root_} + 1, false);
    reached_[root_] = true;
    for (std::uint32_t row = root_; row > 0; --row)
        if (reached_[row])
            for (const std::uint32_t operand : operand_rows(row)) reached_[operand] = true;
}

/// The list turned around: for every row, who reads it.
void Reading::index_consumers() {
    first_consumer_.assign(std::size_t{root_} + 2, 0);
    for (std::uint32_t row = root_; row > 0; --row)
        if (reached_[row])
            for (const std::uint32_t operand : operand_rows(row)) ++first_consumer_[operand + 1];
    for (std::uint32_t row = 0; row <= root_; ++row) first_consumer_[row + 1] += first_consumer_[row];
    consumer_.resize(first_consumer_.back());
    std::vector<std::uint32_t> next(first_consumer_);
    for (std::uint32_t row = root_; row > 0; --row)
        if (reached_[row])
            for (const std::uint32_t operand : operand_rows(row)) consumer_[next[operand]++] = row;
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
    return printable(row == root_ && name == fmt::format("t{}", row) ? loss_name_ : name);
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

}  // namespace v1
}  // namespace autodiff
