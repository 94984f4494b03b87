// SPDX-License-Identifier: MIT
#include "autodiff/check/compare_tape.hpp"

#include "autodiff/explain/words.hpp"
#include "autodiff/sweep.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

namespace autodiff {
inline namespace v1 {
namespace check {

namespace {

Tape& with_operations(Tape& tape) {
    if (tape.detail() != Detail::operations)
        throw TapeError(TapeError::Kind::detail, "compare", "a tape that keeps operations", "one that keeps derivatives only",
                        "record with Tape{Detail::operations}, the default of a Tape");
    return tape;
}

Operation rule_called(std::string_view name) {
    for (std::size_t code = 1; code < internal::entries.size(); ++code)
        if (internal::entries[code].arity == 1 && internal::entries[code].name == name) return static_cast<Operation>(code);
    return Operation::variable;
}

}  // namespace

CheckedTape::CheckedTape(Tape& tape, std::uint32_t root) : tape_(with_operations(tape)), root_(root) {
    const std::size_t rows = std::size_t{root} + 1;
    first_.resize(rows);
    for (std::uint32_t row = 1; row <= root; ++row) first_[row] = first_[row - 1] + tape.list().count[row - 1];
    node_.assign(rows, no_node);
    for (std::size_t n = 0; n < nodes_up_to(tape.nodes(), root); ++n) {
        node_[tape.nodes()[n].row] = static_cast<std::uint32_t>(n);
        node_rule_.push_back(rule_called(tape.nodes()[n].primitive->name()));
    }
    reached_.assign(rows, false);
    reached_[root] = true;
    first_consumer_.assign(rows + 1, 0);
    for (std::uint32_t row = root; row > 0; --row)
        if (reached_[row])
            each_operand(row, [this](std::uint32_t operand) {
                reached_[operand] = true;
                ++first_consumer_[operand + 1];
            });
    for (std::size_t row = 0; row < rows; ++row) first_consumer_[row + 1] += first_consumer_[row];
    consumer_.resize(first_consumer_.back());
    std::vector<std::uint32_t> next(first_consumer_);
    for (std::uint32_t row = root; row > 0; --row)
        if (reached_[row]) each_operand(row, [&](std::uint32_t operand) { consumer_[next[operand]++] = row; });
}

template <class Visit>
void CheckedTape::each_operand(std::uint32_t row, const Visit& visit) const {
    const auto read = scalar_operands(row);
    for (std::size_t k = 0; k < read.size(); ++k)  // a few
        if (read[k] != Operand{0} && std::find(read.begin(), read.begin() + static_cast<std::ptrdiff_t>(k), read[k]) ==
                                         read.begin() + static_cast<std::ptrdiff_t>(k))
            visit(static_cast<std::uint32_t>(read[k]));
    if (node_[row] == no_node) return;
    const Sources& sources = tape_.nodes()[node_[row]].operands;
    for (std::size_t k = 0; k < sources.size(); ++k) {
        const auto before = [&](const Source& source) { return source.row == sources[k].row; };
        if (sources[k].row != 0 && std::none_of(sources.begin(), sources.begin() + static_cast<std::ptrdiff_t>(k), before))
            visit(sources[k].row);
    }
}

std::vector<std::uint32_t> CheckedTape::operands(std::uint32_t row) const {
    std::vector<std::uint32_t> read;
    each_operand(row, [&read](std::uint32_t operand) { read.push_back(operand); });
    return read;
}

std::span<const Operand> CheckedTape::scalar_operands(std::uint32_t row) const {
    return {tape_.list().operand + first_[row], tape_.list().count[row]};
}

std::span<const std::uint32_t> CheckedTape::consumers(std::uint32_t row) const {
    if (row > root_) return {};
    return std::span(consumer_).subspan(first_consumer_[row], first_consumer_[row + 1] - first_consumer_[row]);
}

std::uint32_t CheckedTape::completed_by(std::uint32_t row) const {
    const auto readers = consumers(row);
    return readers.empty() ? row : readers.back();
}

const Node* CheckedTape::tensor(std::uint32_t row) const {
    const std::uint32_t n = node_at(row);
    return n == no_node || tape_.nodes()[n].scalar_result ? nullptr : &tape_.nodes()[n];
}

Shape CheckedTape::shape(std::uint32_t row) const {
    const Node* const node = tensor(row);
    return node == nullptr ? Shape{} : node->shape;
}

bool CheckedTape::is_float(std::uint32_t row) const {
    const Node* const node = tensor(row);
    return node != nullptr && !node->is_double;
}

Flat CheckedTape::value(std::uint32_t row) const {
    const Node* const node = tensor(row);
    return node == nullptr ? Flat{tape_.list().value[row]} : flattened(node->value);
}

template <class T>
Tensor<T> CheckedTape::recorded(std::uint32_t row) const {
    const std::uint32_t n = node_at(row);
    return std::get<Tensor<T>>(tape_.nodes()[n].value).with_place({row, tape_.id_of(row), n});
}
template Tensor<float> CheckedTape::recorded(std::uint32_t) const;
template Tensor<double> CheckedTape::recorded(std::uint32_t) const;

std::string CheckedTape::label(std::uint32_t row) const { return printable(row == root_ && !named(row) ? "L" : tape_.name_of(row)); }

std::string CheckedTape::words(std::uint32_t row, int steps) const {
    constexpr std::size_t longest = 60;
    if (named(row) || row == root_ || steps == 0) return label(row);
    std::string list;
    const auto add = [&](std::uint32_t operand) {
        if (operand != 0) list += (list.empty() ? "" : ", ") + words(operand, steps - 1);
    };
    for (const Operand operand : scalar_operands(row)) add(static_cast<std::uint32_t>(operand));
    if (const std::uint32_t n = node_at(row); n != no_node)
        for (const Source& source : tape_.nodes()[n].operands) add(source.row);
    return list.empty() || list.size() > longest ? label(row) : fmt::format("{}({})", operation(row), list);
}

Flat CheckedTape::pushed(std::uint32_t row, const std::map<std::uint32_t, AnyTensor>& tangents) const {
    const auto& nodes = tape_.nodes();
    const std::uint32_t n = node_at(row);
    std::vector<double> numbers(std::size_t{row} + 1, 0);
    Adjoints<double> all{numbers.data(), std::vector<AnyTensor>(n)};
    for (const auto& [operand, tangent] : tangents) all.block[node_at(operand)] = tangent;
    return flattened(nodes[n].primitive->jvp(Pushforward(nodes, n, all)));
}

AnyTensor CheckedTape::ones(std::uint32_t row) const {
    const Node* const node = tensor(row);
    return node->is_double ? AnyTensor(Tensor<double>::ones(node->shape)) : AnyTensor(Tensor<float>::ones(node->shape));
}

std::string_view CheckedTape::operation(std::uint32_t row) const {
    if (const std::uint32_t n = node_at(row); n != no_node) return tape_.nodes()[n].primitive->name();
    const Operation code = tape_.list().operation[row];
    return code == Operation{} ? std::string_view("variable") : name(code);
}

Operation CheckedTape::unary_rule(std::uint32_t row) const {
    if (node_[row] != no_node) return node_rule_[node_[row]];
    const Operation code = tape_.list().operation[row];
    return code != Operation::variable && arity(code) == 1 ? code : Operation::variable;
}

}  // namespace check
}  // namespace v1
}  // namespace autodiff
