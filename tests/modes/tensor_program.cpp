// SPDX-License-Identifier: MIT
// Running tensor programs over tensors and over grids of numbers. How they are made up: make_tensor_program.cpp.
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
    case Step::sum:
        return folded<rules::Add>(x);
    case Step::prod:
        return folded<rules::Mul>(x);
    case Step::amax:
        return folded<rules::Maximum>(x);
    case Step::amin:
        return folded<rules::Minimum>(x);
    case Step::logsumexp:
        return call<rules::Log>(folded<rules::Add>(mapped<rules::Exp>(x)));
    default:
        return call<rules::Sqrt>(folded<rules::Add>(mapped<rules::Square>(x)));
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
    case Step::matmul:
        return matmul(x[0], x[1]);
    case Step::sum:
        return sum(x[0], i.axis, i.keep_axis);
    case Step::prod:
        return prod(x[0], i.axis, i.keep_axis);
    case Step::amax:
        return amax(x[0], i.axis, i.keep_axis);
    case Step::amin:
        return amin(x[0], i.axis, i.keep_axis);
    case Step::logsumexp:
        return logsumexp(x[0], i.axis, i.keep_axis);
    case Step::norm2:
        return norm2(x[0], i.axis, i.keep_axis);
    case Step::reshape:
        return reshape(x[0], i.shape);
    case Step::transpose:
        return transpose(x[0]);
    case Step::broadcast:
        return broadcast_to(x[0], i.shape);
    case Step::flip:
        return flip(x[0], i.axis);
    case Step::take:
        return take(x[0], i.indices, i.axis);
    case Step::concat:
        return concat(std::span<const Tensor<double>>(x), i.axis);
    default:
        return where(i.condition, x[0], x[1]);
    }
}

}  // namespace

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
        const Tensor<double> order = swap_axes(numbered(Shape(std::span<const Index>(kept))), i.axis, -1);
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
template Grid<Scalar> apply_step(const TensorInstruction&, const std::vector<Grid<Scalar>>&);
template Grid<Dual2> apply_step(const TensorInstruction&, const std::vector<Grid<Dual2>>&);
template Grid<Bound> apply_step(const TensorInstruction&, const std::vector<Grid<Bound>>&);

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

std::string TensorProgram::text() const {
    static constexpr std::array<const char*, static_cast<std::size_t>(Step::count)> names{
        "",        "matmul",    "sum",          "prod", "amax", "amin",   "logsumexp", "norm2",
        "reshape", "transpose", "broadcast_to", "flip", "take", "concat", "where"};
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
