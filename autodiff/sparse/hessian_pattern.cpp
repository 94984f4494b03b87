// SPDX-License-Identifier: MIT
// Pairs of rows that interact nonlinearly, pushed from the last row down to the inputs.
#include "autodiff/sparse/recording.hpp"

#include <algorithm>

namespace autodiff {
inline namespace v1 {

namespace {

/// The rows that a row interacts with, itself and earlier ones. Doubles are removed when they could be half of it.
class Partners {
  public:
    void add(std::uint32_t row) {
        if (rows_.size() >= 2 * distinct_ + 8) make_distinct();
        rows_.push_back(row);
    }
    [[nodiscard]] bool empty() const { return rows_.empty(); }
    [[nodiscard]] std::vector<std::uint32_t> take() {
        make_distinct();
        distinct_ = 0;
        return std::move(rows_);
    }

  private:
    void make_distinct() {
        std::sort(rows_.begin(), rows_.end());
        rows_.erase(std::unique(rows_.begin(), rows_.end()), rows_.end());
        distinct_ = static_cast<std::uint32_t>(rows_.size());
    }
    std::vector<std::uint32_t> rows_;
    std::uint32_t distinct_ = 0;
};

/// A row's operands that are no constants and have a derivative, and which of them interact.
struct Operands {
    std::array<std::uint32_t, 3> row{};
    std::array<std::uint8_t, 3> interacts{};
    std::size_t size = 0;

    void add(std::uint32_t operand, std::uint8_t with) { row[size] = operand, interacts[size] = with, ++size; }
};

class EdgePushing {
  public:
    EdgePushing(const Tape& tape, std::uint32_t root) : tape_(tape), reached_(std::size_t{root} + 1), partners_(std::size_t{root} + 1) {
        const WengertList& list = tape.list();
        reached_[root] = true;
        std::uint32_t first = 0;
        for (std::uint32_t row = 1; row <= root; ++row) first += list.count[row];
        std::size_t node = nodes_before(root + 1);
        for (std::uint32_t row = root; row > 0; --row) {
            first -= list.count[row];
            const bool tensor = node > 0 && tape.nodes()[node - 1].row == row;
            if (tensor) --node;
            if (!reached_[row]) continue;
            if (tensor)
                push_tensor(row, tape.nodes()[node]);
            else if (list.count[row] > 0)
                push(row, operands_of_scalar_row(row, first));
        }
    }
    /// The inputs, or tensors, that row interacts with, at or below it; to be asked once.
    [[nodiscard]] std::vector<std::uint32_t> partners(std::uint32_t row) { return partners_[row].take(); }

  private:
    [[nodiscard]] std::size_t nodes_before(std::uint32_t row) const {
        const auto& nodes = tape_.nodes();
        return static_cast<std::size_t>(
            std::lower_bound(nodes.begin(), nodes.end(), row, [](const Node& n, std::uint32_t r) { return n.row < r; }) - nodes.begin());
    }
    [[nodiscard]] Operands operands_of_scalar_row(std::uint32_t row, std::uint32_t first) const {
        const WengertList& list = tape_.list();
        const Dependence& facts = dependence(list.operation[row]);
        Operands operands;
        std::array<std::size_t, 3> kept{};
        for (std::size_t k = 0; k < list.count[row]; ++k) {
            const auto operand = static_cast<std::uint32_t>(list.operand[first + k]);
            if (operand != 0 && facts.flows_from(k)) kept[operands.size] = k, operands.add(operand, 0);
        }
        for (std::size_t j = 0; j < operands.size; ++j)
            for (std::size_t k = 0; k < operands.size; ++k)
                if (facts.interact(kept[j], kept[k])) operands.interacts[j] = static_cast<std::uint8_t>(operands.interacts[j] | 1u << k);
        return operands;
    }
    /// Of a primitive nothing is known: all interact, but an element of a tensor is the tensor, as far as a pattern sees it.
    void push_tensor(std::uint32_t row, const Node& node) {
        const bool element = node.element_node != no_node;
        std::vector<std::uint32_t> rows;
        for (const Source& operand : node.operands)
            if (operand.row != 0) rows.push_back(operand.row);
        push_rows(row, rows, [element](std::size_t, std::size_t) { return !element; });
    }
    void push(std::uint32_t row, const Operands& operands) {
        push_rows(row, std::span(operands.row).first(operands.size),
                  [&operands](std::size_t j, std::size_t k) { return (operands.interacts[j] >> k & 1) != 0; });
    }
    template <class Interact>
    void push_rows(std::uint32_t row, std::span<const std::uint32_t> operands, const Interact& interact) {
        bool with_itself = false;
        if (!partners_[row].empty())
            for (const std::uint32_t partner : partners_[row].take()) {
                if (partner == row)
                    with_itself = true;
                else
                    for (const std::uint32_t operand : operands) join(operand, partner);
            }
        for (std::size_t j = 0; j < operands.size(); ++j) {
            reached_[operands[j]] = true;
            for (std::size_t k = 0; k <= j; ++k)
                if (with_itself || interact(j, k)) join(operands[j], operands[k]);
        }
    }
    void join(std::uint32_t a, std::uint32_t b) { partners_[std::max(a, b)].add(std::min(a, b)); }

    const Tape& tape_;
    std::vector<bool> reached_;
    std::vector<Partners> partners_;
};

}  // namespace

Pattern hessian_pattern(const Scalar& y, std::span<const Scalar> x) {
    if (!y.recorded()) static_cast<void>(Tape::of(y.row(), y.recording(), "hessian_pattern"));  // throws what is wrong with it
    const internal::Recorded f = internal::recorded(std::span(&y, 1), x, "hessian_pattern");
    EdgePushing pushing(*f.tape, f.root);
    const std::vector<std::uint32_t> input = internal::column_of_row(f);
    std::vector<std::vector<std::uint32_t>> columns(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
        if (f.x[i] > f.root) continue;
        for (const std::uint32_t partner : pushing.partners(f.x[i])) {
            const std::uint32_t j = input[partner];
            if (j == internal::no_column) continue;  // a variable that was not asked for
            columns[i].push_back(j);
            if (j != i) columns[j].push_back(static_cast<std::uint32_t>(i));
        }
    }
    Pattern pattern{x.size(), x.size(), {0}, {}};
    for (std::vector<std::uint32_t>& row : columns) {
        std::sort(row.begin(), row.end());
        pattern.column.insert(pattern.column.end(), row.begin(), row.end());
        pattern.row_begin.push_back(pattern.column.size());
    }
    return pattern;
}

}  // namespace v1
}  // namespace autodiff
