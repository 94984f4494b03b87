// SPDX-License-Identifier: MIT
// Making random tensor programs whose shapes fit, whose values are tame and not at a kink. How they run: tensor_program.cpp.
#include "tests/modes/tensor_program.hpp"

#include <algorithm>
#include <cmath>

namespace modes {

using namespace autodiff;

namespace {

constexpr double largest_value = 50, largest_bound = 1e5;
constexpr Index most_elements = 24;

Shape shape_of(const std::vector<Index>& extents) { return Shape(std::span<const Index>(extents)); }

/// Whether the instruction may stand here: it fits the shapes, the values are tame and not at a kink.
bool fits(const TensorInstruction& i, const std::vector<Grid<Bound>>& x) {
    if (i.step == Step::rule) {
        Shape y;
        try {
            for (const Grid<Bound>& operand : x) y = broadcast(y, operand.shape);
        } catch (const ShapeError&) {
            return false;
        }
        std::vector<std::vector<std::size_t>> from;
        for (const Grid<Bound>& operand : x) from.push_back(as_numbers(broadcast_to(numbered(operand.shape), y)));
        for (std::size_t p = 0; p < static_cast<std::size_t>(y.size()); ++p) {
            Operands at{};
            for (std::size_t k = 0; k < x.size(); ++k) {
                at[k] = x[k].values[from[k][p]].value;
                if (at[k] < i.rule->domain[k].low || at[k] > i.rule->domain[k].high) return false;
            }
            if (i.rule->near_a_kink(at, 1e-3)) return false;
        }
    }
    if (i.step == Step::amax || i.step == Step::amin)  // no ties
        for (std::size_t a = 0; a < x[0].values.size(); ++a)
            for (std::size_t b = 0; b < a; ++b)
                if (std::abs(x[0].values[a].value - x[0].values[b].value) < 1e-3) return false;
    if (i.step == Step::norm2)
        for (const Bound& each : x[0].values)
            if (std::abs(each.value) < 1e-2) return false;
    return true;
}

bool tame(const Grid<Bound>& y) {
    return y.shape.size() <= most_elements && std::all_of(y.values.begin(), y.values.end(), [](const Bound& b) {
               return std::abs(b.value) <= largest_value && b.along_v <= largest_bound && b.mixed <= largest_bound * largest_bound;
           });
}

}  // namespace

TensorProgram random_tensor_program(unsigned seed, std::size_t operations) {
    std::mt19937_64 random(seed);
    const auto below = [&random](std::size_t n) { return static_cast<std::size_t>(random() % n); };
    const auto chance = [&random](unsigned one_in) { return random() % one_in == 0; };
    TensorProgram program{seed, {}, {}};
    std::vector<Grid<Bound>> slots;
    for (std::size_t n = 1 + below(3); program.inputs.size() < n;) {
        std::vector<Index> extents;
        for (std::size_t rank = below(4); extents.size() < rank;) extents.push_back(static_cast<Index>(1 + below(3)));
        Grid<Bound> grid{shape_of(extents), {}};
        std::vector<double> values;
        for (Index i = 0; i < grid.shape.size(); ++i) {
            values.push_back(std::uniform_real_distribution<double>(-1.8, 1.8)(random));
            grid.values.push_back({values.back(), 1, 1, 0});
        }
        program.inputs.emplace_back(grid.shape, values);
        slots.push_back(std::move(grid));
    }
    for (int tries = 0; program.instructions.size() < operations && tries < 300; ++tries) {
        TensorInstruction i;
        i.step = chance(2) ? Step::rule : static_cast<Step>(below(static_cast<std::size_t>(Step::count)));
        const auto slot = [&] { return chance(2) ? slots.size() - 1 : below(slots.size()); };
        i.operands = {slot()};
        const Shape& first = slots[i.operands[0]].shape;
        if (i.step == Step::rule) {
            i.rule = &rule_table()[below(rule_table().size())];
            if (!i.rule->differentiable[0]) continue;  // polygamma's order is no tensor of a program
            while (i.operands.size() < i.rule->arity) i.operands.push_back(slot());
        } else if (i.step == Step::matmul || i.step == Step::concat || i.step == Step::where) {
            i.operands.push_back(slot());
            const Shape& second = slots[i.operands[1]].shape;
            if (i.step == Step::matmul && (first.rank() != 2 || second.rank() != 2 || first[1] != second[0])) continue;
            if (i.step != Step::matmul && (first != second || (i.step == Step::concat && first.rank() == 0))) continue;
            if (i.step == Step::where) {
                std::vector<double> chosen;
                for (Index n = 0; n < first.size(); ++n) chosen.push_back(chance(2) ? 1 : 0);
                i.condition = Tensor<double>(first, chosen) > 0.5;
            }
        } else if (i.step == Step::broadcast) {
            std::vector<Index> extents(first.begin(), first.end());
            for (Index& extent : extents)
                if (extent == 1) extent = static_cast<Index>(1 + below(3));
            if (chance(2)) extents.insert(extents.begin(), static_cast<Index>(1 + below(2)));
            i.shape = shape_of(extents);
        } else if (i.step == Step::reshape) {
            i.shape = first.size() % 2 == 0 && chance(2) ? Shape{2, first.size() / 2} : Shape{first.size()};
        } else if (first.rank() == 0) {
            continue;
        } else {
            i.axis = static_cast<Index>(below(static_cast<std::size_t>(first.rank())));
            i.keep_axis = chance(2);
            if (i.step == Step::take) {
                std::vector<Index> at;
                for (std::size_t n = 1 + below(3); at.size() < n;)
                    at.push_back(static_cast<Index>(below(static_cast<std::size_t>(first[i.axis]))));
                i.indices = Tensor<Index>(Shape{static_cast<Index>(at.size())}, at);
            }
        }
        std::vector<Grid<Bound>> operands;
        for (const std::size_t operand : i.operands) operands.push_back(slots[operand]);
        if (!fits(i, operands)) continue;
        Grid<Bound> y = apply_step(i, operands);
        if (!tame(y)) continue;
        tries = 0;
        slots.push_back(std::move(y));
        program.instructions.push_back(std::move(i));
    }
    return program;
}

}  // namespace modes
