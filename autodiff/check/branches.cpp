// SPDX-License-Identifier: MIT
#include "autodiff/check/branches.hpp"

#include "autodiff/explain/reading.hpp"
#include "autodiff/explain/words.hpp"
#include "autodiff/node.hpp"
#include "autodiff/rules/dependence.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fmt/format.h>

namespace autodiff {
inline namespace v1 {
namespace internal {

namespace {

/// How an operation shows the piece it ran on.
enum class Shows { nothing, partials, value };

Shows shows(Operation operation) {
    const Dependence& facts = dependence(operation);
    if (facts.flows == 0) return Shows::value;
    const bool linear = std::all_of(facts.interacts.begin(), facts.interacts.end(), [](std::uint8_t bits) { return bits == 0; });
    return linear ? Shows::partials : Shows::nothing;
}

/// The rule behind a tensor row, if it is one.
std::optional<Operation> rule_named(std::string_view name) {
    for (std::size_t code = 1; code < entries.size(); ++code)
        if (entries[code].name == name) return static_cast<Operation>(code);
    return std::nullopt;
}

/// A tangent in (1, 2), the same in every recording, and another in every place, so that no two winners look alike.
double probe(std::uint32_t row, Index flat) {
    std::uint64_t z = (std::uint64_t{row} << 40) + static_cast<std::uint64_t>(flat) + 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return 1 + static_cast<double>((z ^ (z >> 31)) >> 12) * 0x1p-52;
}
template <class T>
Tensor<T> probes(std::uint32_t row, const Shape& shape) {
    Tensor<T> x = Tensor<T>::uninitialised(shape);
    for (Index i = 0; i < x.size(); ++i) x.fill_data()[i] = static_cast<T>(probe(row, i));
    return x;
}

bool same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

}  // namespace

Branches::Branches(const Tape& tape, const Values& results)
    : tape_(&tape), rows_(tape.list().rows), branches_(tape.branches().begin(), tape.branches().end()) {
    if (tape.detail() != Detail::operations)
        throw TapeError(TapeError::Kind::detail, "gradcheck", "a tape that keeps operations", "one that keeps derivatives only");
    const NodeList& nodes = tape.nodes();
    const std::vector<bool> matters = leading_to(results);
    std::uint32_t first = 0;
    std::size_t node = 0;
    for (std::uint32_t row = 1; row < rows_; ++row) {
        const bool tensor = node < nodes.size() && nodes[node].row == row;
        if (matters[row]) tensor ? read_tensor(node) : read_scalar(row, first);
        if (tensor) ++node;
        first += tape.list().count[row];
    }
}

std::vector<bool> Branches::leading_to(const Values& results) const {
    const WengertList& list = tape_->list();
    const NodeList& nodes = tape_->nodes();
    std::vector<bool> leads(rows_, false);
    for (const Value& y : results) leads[place_of(y).row] = true;
    std::uint32_t operand = list.operands;
    std::size_t node = nodes.size();
    for (std::uint32_t row = rows_ - 1; row > 0; --row) {
        operand -= list.count[row];
        const bool tensor = node > 0 && nodes[node - 1].row == row;
        if (tensor) --node;
        if (!leads[row]) continue;
        for (std::uint32_t k = 0; k < list.count[row]; ++k) leads[static_cast<std::uint32_t>(list.operand[operand + k])] = true;
        if (tensor)
            for (const Source& source : nodes[node].operands) leads[source.row] = true;
    }
    return leads;
}

void Branches::read_scalar(std::uint32_t row, std::uint32_t first_operand) {
    const WengertList& list = tape_->list();
    const Operation operation = list.operation[row];
    if (operation == Operation{}) return;
    const Shows how = shows(operation);
    if (how == Shows::nothing) return;
    choices_.push_back({row, name(operation), numbers_.size(), true});
    if (how == Shows::value)
        numbers_.push_back(list.value[row]);
    else
        for (std::uint32_t k = first_operand; k < first_operand + list.count[row]; ++k)
            if (list.operand[k] != Operand{}) numbers_.push_back(list.partial[k]);
}

void Branches::read_tensor(std::size_t index) {
    const NodeList& nodes = tape_->nodes();
    const Node& node = nodes[index];
    if (node.operands.empty()) return;
    const std::string_view operation = node.primitive->name();
    const std::optional<Operation> rule = rule_named(operation);
    const Shows how = rule ? shows(*rule) : Shows::partials;
    if (how == Shows::nothing) return;
    std::vector<double> numbers;
    if (how == Shows::value) {
        numbers = flattened(node.value);
    } else {
        std::vector<double> scalars(node.row, 0.0);
        Adjoints<double> tangents{scalars.data(), std::vector<AnyTensor>(index)};
        for (const Source& source : node.operands) {
            if (source.row == 0) continue;
            if (source.node == no_node || nodes[source.node].scalar_result)
                scalars[source.row] = probe(source.row, 0);
            else if (nodes[source.node].is_double)
                tangents.block[source.node] = probes<double>(source.row, nodes[source.node].shape);
            else
                tangents.block[source.node] = probes<float>(source.row, nodes[source.node].shape);
        }
        try {
            numbers = flattened(node.primitive->jvp(Pushforward(nodes, index, tangents)));
        } catch (const TapeError&) {
            return;  // an operation without forward mode keeps its pieces to itself
        }
    }
    choices_.push_back({node.row, operation, numbers_.size(), rule.has_value()});
    numbers_.insert(numbers_.end(), numbers.begin(), numbers.end());
}

std::size_t Branches::end_of(std::size_t choice) const {
    return choice + 1 < choices_.size() ? choices_[choice + 1].first : numbers_.size();
}

/// The first number of a choice that is another one in `other`, beyond what a smooth operation does over a small step.
std::optional<std::size_t> Branches::jump(std::size_t choice, const Branches& other) const {
    constexpr double smooth = 1e-3;
    const std::size_t begin = choices_[choice].first, n = end_of(choice) - begin, there = other.choices_[choice].first;
    double scale = 0;
    if (!choices_[choice].exact)
        for (std::size_t i = 0; i < n; ++i) scale = std::fmax(scale, std::abs(numbers_[begin + i]));
    for (std::size_t i = 0; i < n; ++i) {
        const double a = numbers_[begin + i], b = other.numbers_[there + i];
        if (!same(a, b) && !(std::abs(a - b) <= smooth * scale)) return i;
    }
    return std::nullopt;
}

std::optional<Kink> Branches::difference(const Branches& other) const {
    const std::size_t decisions = std::min(branches_.size(), other.branches_.size());
    std::optional<Kink> decided;
    for (std::size_t b = 0; b < decisions && !decided; ++b)
        if (branches_[b].holds != other.branches_[b].holds) decided = describe(branches_[b]);
    const std::size_t common = std::min(choices_.size(), other.choices_.size());
    for (std::size_t c = 0; c < common; ++c) {
        const Choice &here = choices_[c], &there = other.choices_[c];
        if (decided && decided->row <= here.row) return decided;
        if (here.row != there.row || here.operation != there.operation || end_of(c) - here.first != other.end_of(c) - there.first)
            return Kink{here.row, fmt::format("the program takes another way at step F{}", here.row)};
        if (const auto flat = jump(c, other)) return describe(here.row, *flat);
    }
    if (decided) return decided;
    if (rows_ != other.rows_ || choices_.size() != other.choices_.size())
        return Kink{std::min(rows_, other.rows_), fmt::format("the program takes another way at step F{}", std::min(rows_, other.rows_))};
    return std::nullopt;
}

// In words ----------------------------------------------------------------------------------------------------------------------------

std::string Branches::named(std::uint32_t row) const { return printable(tape_->name_of(row)); }

Kink Branches::describe(const Branch& branch) const {
    const auto side = [this](std::uint32_t row, double value) { return row == 0 ? fmt::format("{:g}", value) : named(row); };
    std::string text = fmt::format("kink at step F{} {}({}, {})", branch.before, name(branch.relation), side(branch.a, branch.a_value),
                                   side(branch.b, branch.b_value));
    if (branch.a != 0) text += fmt::format(", {} = {:.2g}", named(branch.a), branch.a_value);
    if (branch.b != 0) text += fmt::format(", {} = {:.2g}", named(branch.b), branch.b_value);
    return {branch.before, text};
}

Kink Branches::describe(std::uint32_t row, std::size_t flat) const {
    const NodeList& nodes = tape_->nodes();
    const auto at = std::lower_bound(nodes.begin(), nodes.end(), row, [](const Node& n, std::uint32_t r) { return n.row < r; });
    std::string operands, values;
    const auto list = [&](const std::string& operand, std::optional<double> value) {
        operands += (operands.empty() ? "" : ", ") + operand;
        if (value) values += fmt::format(", {} = {:.2g}", operand, *value);
    };
    if (at == nodes.end() || at->row != row) {
        const WengertList& wengert = tape_->list();
        std::uint32_t first = 0;
        for (std::uint32_t r = 1; r < row; ++r) first += wengert.count[r];
        for (std::uint32_t k = first; k < first + wengert.count[row]; ++k) {
            const auto operand = static_cast<std::uint32_t>(wengert.operand[k]);
            operand == 0 ? list(fmt::format("{:g}", wengert.partial[k]), {}) : list(named(operand), wengert.value[operand]);
        }
        return {row, fmt::format("kink at step F{} {}({}){}", row, name(wengert.operation[row]), operands, values)};
    }
    const Node& node = *at;
    bool element_wise = false;
    for (const Source& source : node.operands) {
        if (source.row == 0) {
            list("a constant", {});
        } else if (source.node == no_node || nodes[source.node].scalar_result) {
            list(named(source.row), tape_->list().value[source.row]);
        } else if (nodes[source.node].shape == node.shape && node.shape.rank() > 0) {
            element_wise = true;
            list(fmt::format("{}[{}]", named(source.row), position(node.shape, flat)), flattened(nodes[source.node].value).at(flat));
        } else {
            list(named(source.row), {});
        }
    }
    const std::string result = element_wise || node.shape.rank() == 0 ? "" : fmt::format("[{}]", position(node.shape, flat));
    return {row, fmt::format("kink at step F{} {}({}){}{}", row, node.primitive->name(), operands, result, values)};
}

std::string position(const Shape& shape, std::size_t flat) {
    std::string text;
    for (Index axis = shape.rank(); axis-- > 0;) {
        const auto extent = static_cast<std::size_t>(shape[axis]);
        text = fmt::format("{}{}{}", flat % extent, text.empty() ? "" : ", ", text);
        flat /= extent;
    }
    return text;
}

}  // namespace internal
}  // namespace v1
}  // namespace autodiff
