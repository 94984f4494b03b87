// SPDX-License-Identifier: MIT
// Sets of outputs flow backwards, or sets of inputs forwards, 64 at a time: one word a row.
#include "autodiff/sparse/recording.hpp"

#include <algorithm>
#include <bit>
#include <optional>

namespace autodiff {
inline namespace v1 {

namespace {

using internal::no_column;
using internal::Recorded;

/// Which earlier rows each row depends on, with what is structurally zero left out: row r reads operand[begin[r]], ...
struct Reading {
    std::vector<std::uint32_t> begin;
    std::vector<std::uint32_t> operand;

    explicit Reading(const Recorded& f) {
        const WengertList& list = f.tape->list();
        const NodeList& nodes = f.tape->nodes();
        begin.reserve(std::size_t{f.root} + 2);
        begin.push_back(0), begin.push_back(0);  // the sink reads nothing
        operand.reserve(list.operands);
        std::uint32_t first = 0;
        std::size_t node = 0;
        for (std::uint32_t row = 1; row <= f.root; ++row) {
            const std::uint32_t operands = list.count[row];
            if (operands > 0) {
                const Dependence& facts = dependence(list.operation[row]);
                for (std::uint32_t k = 0; k < operands; ++k)
                    if (facts.flows_from(k)) add(static_cast<std::uint32_t>(list.operand[first + k]));
                first += operands;
            } else if (node < nodes.size() && nodes[node].row == row) {
                for (const Source& from : nodes[node].operands) add(from.row);
                ++node;
            }
            begin.push_back(static_cast<std::uint32_t>(operand.size()));
        }
    }
    [[nodiscard]] std::span<const std::uint32_t> of(std::uint32_t row) const {
        return std::span(operand).subspan(begin[row], begin[row + 1] - begin[row]);
    }

  private:
    void add(std::uint32_t row) {
        if (row != 0) operand.push_back(row);
    }
};

/// What one pass found: the bits of `set` are outputs that depend on input `index`, or inputs on which output `index` depends.
struct Found {
    std::uint32_t index;
    std::uint64_t set;
};

template <class F>
void for_each_bit(std::uint64_t set, F&& f) {
    for (; set != 0; set &= set - 1) f(static_cast<std::size_t>(std::countr_zero(set)));
}

std::size_t passes_over(std::size_t n) { return (n + 63) / 64; }

/// Backwards from 64 outputs at a time, through the rows that they reach only: a bit per row says where there is something to do.
/// Gives up, with no result, once that has been more work than `limit`.
std::optional<Pattern> backwards(const Recorded& f, const Reading& reading, std::uint64_t limit) {
    const std::vector<std::uint32_t> input = internal::column_of_row(f);
    std::vector<std::uint64_t> outputs(std::size_t{f.root} + 1), reached(f.root / 64 + 1);
    const auto reach = [&](std::uint32_t row, std::uint64_t set) {
        outputs[row] |= set;
        reached[row / 64] |= std::uint64_t{1} << row % 64;
    };
    Pattern pattern{f.y.size(), f.x.size(), {0}, {}};
    pattern.row_begin.reserve(f.y.size() + 1);
    std::vector<Found> found;
    std::uint64_t work = 0;
    for (std::size_t base = 0; base < f.y.size(); base += 64) {
        const std::size_t end = std::min(base + 64, f.y.size());
        std::uint32_t top = 0;
        for (std::size_t i = base; i < end; ++i)
            if (f.y[i] != 0) reach(f.y[i], std::uint64_t{1} << (i - base)), top = std::max(top, f.y[i]);
        found.clear();
        for (std::size_t word = top / 64 + 1; word-- > 0;)
            while (reached[word] != 0) {
                const auto row = static_cast<std::uint32_t>(64 * word + 63 - static_cast<std::size_t>(std::countl_zero(reached[word])));
                reached[word] &= ~(std::uint64_t{1} << row % 64);
                const std::uint64_t set = std::exchange(outputs[row], 0);
                if (input[row] != no_column) found.push_back({input[row], set});
                for (const std::uint32_t operand : reading.of(row)) reach(operand, set);
                work += 1 + reading.of(row).size();
            }
        work += top / 64;
        if (work > limit) return {};
        std::sort(found.begin(), found.end(), [](const Found& a, const Found& b) { return a.index < b.index; });
        std::array<std::size_t, 64> next{};
        for (const Found& each : found) for_each_bit(each.set, [&](std::size_t bit) { ++next[bit]; });
        for (std::size_t i = base; i < end; ++i) {
            const std::size_t entries = std::exchange(next[i - base], pattern.row_begin.back());
            pattern.row_begin.push_back(pattern.row_begin.back() + entries);
        }
        pattern.column.resize(pattern.row_begin.back());
        for (const Found& each : found) for_each_bit(each.set, [&](std::size_t bit) { pattern.column[next[bit]++] = each.index; });
    }
    return pattern;
}

/// Forwards from 64 inputs at a time, through all rows.
Pattern forwards(const Recorded& f, const Reading& reading) {
    std::vector<std::uint64_t> inputs(std::size_t{f.root} + 1);
    std::vector<Found> found;
    std::vector<std::size_t> end_of_pass;
    Pattern pattern{f.y.size(), f.x.size(), std::vector<std::size_t>(f.y.size() + 1), {}};
    for (std::size_t base = 0; base < f.x.size(); base += 64) {
        std::fill(inputs.begin(), inputs.end(), 0);
        for (std::size_t j = base; j < std::min(base + 64, f.x.size()); ++j)
            if (f.x[j] <= f.root) inputs[f.x[j]] = std::uint64_t{1} << (j - base);
        for (std::uint32_t row = 1; row <= f.root; ++row)
            for (const std::uint32_t operand : reading.of(row)) inputs[row] |= inputs[operand];
        for (std::size_t i = 0; i < f.y.size(); ++i)
            if (const std::uint64_t set = inputs[f.y[i]]; set != 0) {
                found.push_back({static_cast<std::uint32_t>(i), set});
                pattern.row_begin[i + 1] += static_cast<std::size_t>(std::popcount(set));
            }
        end_of_pass.push_back(found.size());
    }
    for (std::size_t i = 0; i < f.y.size(); ++i) pattern.row_begin[i + 1] += pattern.row_begin[i];
    pattern.column.resize(pattern.row_begin.back());
    std::vector<std::size_t> next(pattern.row_begin.begin(), pattern.row_begin.end() - 1);
    std::size_t at = 0;
    for (std::size_t pass = 0; pass < end_of_pass.size(); ++pass)
        for (; at < end_of_pass[pass]; ++at)
            for_each_bit(found[at].set,
                         [&](std::size_t bit) { pattern.column[next[found[at].index]++] = static_cast<std::uint32_t>(64 * pass + bit); });
    return pattern;
}

}  // namespace

Pattern jacobian_pattern(std::span<const Scalar> y, std::span<const Scalar> x) {
    const Recorded f = internal::recorded(y, x, "jacobian_pattern");
    if (f.root == 0) return {y.size(), x.size(), std::vector<std::size_t>(y.size() + 1), {}};
    const Reading reading(f);
    const std::uint64_t forward_work = passes_over(x.size()) * (std::uint64_t{f.root} + reading.operand.size());
    if (auto pattern = backwards(f, reading, forward_work)) return *std::move(pattern);
    return forwards(f, reading);
}

}  // namespace v1
}  // namespace autodiff
