// SPDX-License-Identifier: MIT
// Making random tensor programs, and running them over tensors and over grids of numbers.
#include "tests/modes/tensor_program.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <numeric>

namespace modes {

using namespace autodiff;

Tensor<double> numbered(const Shape& shape, std::size_t from) {
    std::vector<double> values(static_cast<std::size_t>(shape.size()));
    std::iota(values.begin(), values.end(), static_cast<double>(from));
    return Tensor<double>(shape, values);
}
std::vector<std::size_t> as_numbers(const Tensor<double>& x) {
    std::vector<std::size_t> result;
    const Tensor<double> row_major = x.contiguous();
    for (const double value : row_major.data()) result.push_back(static_cast<std::size_t>(value));
    return result;
}

namespace {


constexpr double largest_value = 50, largest_bound = 1e5;
constexpr Index most_elements = 24;

Shape shape_of(const std::vector<Index>& extents) { return Shape(std::span<const Index>(extents)); }

const Rule& rule_of(Operation code) { return rule_table()[static_cast<std::size_t>(code) - 1]; }

Scalar call(const Rule& rule, std::array<Scalar, 3> x) { return rule.on_scalars({&x[0], &x[1], &x[2]}, Temporary::none); }
Dual2 call(const Rule& rule, const std::array<Dual2, 3>& x) { return rule.on_duals(x.data()); }
Bound call(const Rule& rule, const std::array<Bound, 3>& x) { return bound_of(rule, x); }

template <class R, class N>
N call(const N& a, const N& b = N{}) {
    return call(rule_of(code_of<R>), std::array<N, 3>{a, b, N{}});
}

template <class R, class N>
N folded(const std::vector<N>& x) {
    N y = x.at(0);
    for (std::size_t i = 1; i < x.size(); ++i) y = call<R>(y, x[i]);
    return y;
}
template <class R, class N>
std::vector<N> mapped(std::vector<N> x) {
    for (N& each : x) each = call<R>(each);
    return x;
}
template <class N>
N reduced(Step step, const std::vector<N>& x) {
    switch (step) {
        case Step::sum: return folded<rules::Add>(x);
        case Step::prod: return folded<rules::Mul>(x);
        case Step::amax: return folded<rules::Maximum>(x);
        case Step::amin: return folded<rules::Minimum>(x);
        case Step::logsumexp: return call<rules::Log>(folded<rules::Add>(mapped<rules::Exp>(x)));
        default: return call<rules::Sqrt>(folded<rules::Add>(mapped<rules::Square>(x)));
    }
}

bool is_reduction(Step step) { return step >= Step::sum && step <= Step::norm2; }
bool is_movement(Step step) { return step >= Step::reshape && step <= Step::concat; }

/// What an instruction does to tensors.
Tensor<double> apply_step(const TensorInstruction& i, const std::vector<Tensor<double>>& x) {
    switch (i.step) {
        case Step::rule:
            if (i.rule->arity == 1) return apply_unary(i.rule->code, x[0]);
            if (i.rule->arity == 2) return apply_binary(i.rule->code, x[0], x[1]);
            return apply_ternary(i.rule->code, x[0], x[1], x[2]);
        case Step::matmul: return matmul(x[0], x[1]);
        case Step::sum: return sum(x[0], i.axis, i.keep_axis);
        case Step::prod: return prod(x[0], i.axis, i.keep_axis);
        case Step::amax: return amax(x[0], i.axis, i.keep_axis);
        case Step::amin: return amin(x[0], i.axis, i.keep_axis);
        case Step::logsumexp: return logsumexp(x[0], i.axis, i.keep_axis);
        case Step::norm2: return norm2(x[0], i.axis, i.keep_axis);
        case Step::reshape: return reshape(x[0], i.shape);
        case Step::transpose: return transpose(x[0]);
        case Step::broadcast: return broadcast_to(x[0], i.shape);
        case Step::flip: return flip(x[0], i.axis);
        case Step::take: return take(x[0], i.indices, i.axis);
        case Step::concat: return concat(std::span<const Tensor<double>>(x), i.axis);
        default: return where(i.condition, x[0], x[1]);
    }
}

template <class N>
Grid<N> apply_step(const TensorInstruction& i, const std::vector<Grid<N>>& x) {
    Grid<N> y;
    if (i.step == Step::rule || i.step == Step::where) {
        for (const Grid<N>& operand : x) y.shape = broadcast(y.shape, operand.shape);
        std::vector<std::vector<std::size_t>> from;
        for (const Grid<N>& operand : x) from.push_back(as_numbers(broadcast_to(numbered(operand.shape), y.shape)));
        const std::vector<std::size_t> chosen = as_numbers(cast<double>(i.condition));
        for (std::size_t p = 0; p < static_cast<std::size_t>(y.shape.size()); ++p) {
            std::array<N, 3> operands{};
            for (std::size_t k = 0; k < x.size(); ++k) operands[k] = x[k].values[from[k][p]];
            y.values.push_back(i.step == Step::rule ? call(*i.rule, operands) : operands[chosen[p] == 1 ? 0 : 1]);
        }
    } else if (i.step == Step::matmul) {
        const auto m = static_cast<std::size_t>(x[0].shape[0]), n = static_cast<std::size_t>(x[0].shape[1]),
                   p = static_cast<std::size_t>(x[1].shape[1]);
        y.shape = Shape{x[0].shape[0], x[1].shape[1]};
        for (std::size_t row = 0; row < m; ++row)
            for (std::size_t column = 0; column < p; ++column) {
                std::vector<N> terms;
                for (std::size_t k = 0; k < n; ++k)
                    terms.push_back(call<rules::Mul>(x[0].values[row * n + k], x[1].values[k * p + column]));
                y.values.push_back(folded<rules::Add>(terms));
            }
    } else if (is_reduction(i.step)) {
        const Tensor<double> last = swap_axes(numbered(x[0].shape), i.axis, -1);
        const auto from = as_numbers(reshape(last.contiguous(), {-1, last.shape()[-1]}));
        const auto length = static_cast<std::size_t>(x[0].shape[i.axis]);
        std::vector<N> results;
        for (std::size_t first = 0; first < from.size(); first += length) {
            std::vector<N> line;
            for (std::size_t k = 0; k < length; ++k) line.push_back(x[0].values[from[first + k]]);
            results.push_back(reduced(i.step, line));
        }
        // The lines are numbered with the axis last; its place is given back, with extent 1.
        std::vector<Index> kept(last.shape().begin(), last.shape().end());
        kept.back() = 1;
        const Tensor<double> order = swap_axes(numbered(shape_of(kept)), i.axis, -1);
        for (const std::size_t line : as_numbers(order)) y.values.push_back(results[line]);
        y.shape = i.keep_axis ? order.shape() : squeeze(order, i.axis).shape();
    } else {
        std::vector<N> all_values;
        std::vector<Tensor<double>> numbers;
        for (const Grid<N>& operand : x) {
            numbers.push_back(numbered(operand.shape, all_values.size()));
            all_values.insert(all_values.end(), operand.values.begin(), operand.values.end());
        }
        const Tensor<double> from = apply_step(i, numbers);
        y.shape = from.shape();
        for (const std::size_t n : as_numbers(from)) y.values.push_back(all_values[n]);
    }
    return y;
}

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

Tensor<double> TensorProgram::run(std::vector<Tensor<double>> slots) const {
    for (const TensorInstruction& instruction : instructions) {
        std::vector<Tensor<double>> operands;
        for (const std::size_t slot : instruction.operands) operands.push_back(slots[slot]);
        slots.push_back(apply_step(instruction, operands));
    }
    return slots.back();
}

template <class N>
Grid<N> TensorProgram::run(std::vector<Grid<N>> slots) const {
    for (const TensorInstruction& instruction : instructions) {
        std::vector<Grid<N>> operands;
        for (const std::size_t slot : instruction.operands) operands.push_back(slots[slot]);
        slots.push_back(apply_step(instruction, operands));
    }
    return slots.back();
}
template Grid<Scalar> TensorProgram::run(std::vector<Grid<Scalar>>) const;
template Grid<Dual2> TensorProgram::run(std::vector<Grid<Dual2>>) const;
template Grid<Bound> TensorProgram::run(std::vector<Grid<Bound>>) const;

std::size_t TensorProgram::input_elements() const {
    std::size_t n = 0;
    for (const Tensor<double>& input : inputs) n += static_cast<std::size_t>(input.size());
    return n;
}

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
                for (std::size_t n = 1 + below(3); at.size() < n;) at.push_back(static_cast<Index>(below(static_cast<std::size_t>(first[i.axis]))));
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

std::string TensorProgram::text() const {
    static constexpr std::array<const char*, static_cast<std::size_t>(Step::count)> names{
        "", "matmul", "sum", "prod", "amax", "amin", "logsumexp", "norm2", "reshape", "transpose", "broadcast_to", "flip", "take", "concat", "where"};
    std::string code = fmt::format("// seed {}\n", seed);
    for (std::size_t n = 0; n < inputs.size(); ++n) {
        code += fmt::format("t{} = tape.variable(Tensor<double>({}, {{", n, to_string(inputs[n].shape()));
        for (const double value : inputs[n].data()) code += fmt::format(" {:.17g}", value);
        code += " }));\n";
    }
    for (std::size_t n = 0; n < instructions.size(); ++n) {
        const TensorInstruction& i = instructions[n];
        code += fmt::format("t{} = {}(", inputs.size() + n, i.rule != nullptr ? i.rule->name : names[static_cast<std::size_t>(i.step)]);
        for (std::size_t k = 0; k < i.operands.size(); ++k) code += fmt::format("{}t{}", k == 0 ? "" : ", ", i.operands[k]);
        if (is_reduction(i.step)) code += fmt::format(", {}, {}", i.axis, i.keep_axis);
        if (is_movement(i.step)) code += fmt::format(", axis {}, shape {}", i.axis, to_string(i.shape));
        code += ");\n";
    }
    return code;
}

}  // namespace modes
