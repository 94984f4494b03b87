// SPDX-License-Identifier: MIT
// Making random programs whose values stay inside the domains of their operations, and running them.
#include "tests/modes/scalar_program.hpp"

#include "autodiff/rules/dependence.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

namespace modes {

namespace {

constexpr double largest_value = 100, largest_bound = 1e6;

/// Whether a rule may be put here: operands in its domain and not at a kink, a tame result.
bool fits(const Rule& rule, std::span<const Bound> x) {
    Operands at{};
    for (std::size_t k = 0; k < rule.arity; ++k) {
        at[k] = x[k].value;
        if (at[k] < rule.domain[k].low || at[k] > rule.domain[k].high) return false;
        if (!rule.differentiable[k] && (x[k].along_v != 0 || x[k].along_w != 0)) return false;
    }
    if (rule.near_a_kink(at, 1e-3)) return false;
    const Bound y = bound_of(rule, x);
    return std::abs(y.value) <= largest_value && y.along_v <= largest_bound && y.along_w <= largest_bound &&
           y.mixed <= largest_bound * largest_bound;
}

/// Marks the operands after whose use nobody reads their slot; half of them, so that both kinds occur.
void mark_last_uses(ScalarProgram& program, std::mt19937_64& random) {
    std::vector<bool> read_later(program.inputs.size() + program.instructions.size(), false);
    std::fill_n(read_later.begin(), program.inputs.size(), true);  // inputs belong to the caller
    for (auto instruction = program.instructions.rbegin(); instruction != program.instructions.rend(); ++instruction) {
        for (ProgramOperand& operand : instruction->operands) {
            if (operand.slot < 0) continue;
            const auto same = [&operand](const ProgramOperand& other) { return other.slot == operand.slot; };
            const bool alone = std::count_if(instruction->operands.begin(), instruction->operands.end(), same) == 1;
            operand.last_use = alone && !read_later[static_cast<std::size_t>(operand.slot)] && random() % 4 != 0;
        }
        for (const ProgramOperand& operand : instruction->operands)
            if (operand.slot >= 0) read_later[static_cast<std::size_t>(operand.slot)] = true;
    }
}

}  // namespace

Bound bound_of(const Rule& rule, std::span<const Bound> x) {
    Operands at{};
    for (std::size_t k = 0; k < rule.arity; ++k) at[k] = x[k].value;
    const auto unit = [](std::size_t k) {
        Operands e{};
        e[k] = 1;
        return e;
    };
    Bound y{rule.value(at), 0, 0, 0};
    for (std::size_t k = 0; k < rule.arity; ++k) {
        if (!rule.differentiable[k]) continue;
        const Operands ek = unit(k);
        const double first = std::abs(rule.derivative(at, std::span(&ek, 1)));
        y.along_v += first * x[k].along_v, y.along_w += first * x[k].along_w, y.mixed += first * x[k].mixed;
        for (std::size_t l = 0; l < rule.arity; ++l) {
            if (!rule.differentiable[l]) continue;
            const std::array<Operands, 2> both{ek, unit(l)};
            y.mixed += std::abs(rule.derivative(at, both)) * x[k].along_v * x[l].along_w;
        }
    }
    return y;
}

Bound bound_of(const ScalarProgram& program, std::span<const double> v, std::span<const double> w) {
    std::vector<Bound> slots;
    for (std::size_t i = 0; i < program.inputs.size(); ++i) slots.push_back({program.inputs[i], std::abs(v[i]), std::abs(w[i]), 0});
    for (const Instruction& instruction : program.instructions) {
        std::array<Bound, 3> x;
        for (std::size_t k = 0; k < instruction.rule->arity; ++k) {
            const ProgramOperand& operand = instruction.operands[k];
            x[k] = operand.slot < 0 ? Bound{operand.constant} : slots[static_cast<std::size_t>(operand.slot)];
        }
        slots.push_back(bound_of(*instruction.rule, x));
    }
    return slots.back();
}

ScalarProgram random_scalar_program(unsigned seed, std::size_t operations) {
    std::mt19937_64 random(seed);
    const auto uniform = [&random](double low, double high) { return std::uniform_real_distribution<double>(low, high)(random); };
    const auto chance = [&random](unsigned one_in) { return random() % one_in == 0; };
    ScalarProgram program{seed, {}, {}};
    std::vector<Bound> slots;
    for (std::size_t n = 1 + random() % 5; program.inputs.size() < n;) {
        program.inputs.push_back(uniform(-2.5, 2.5));
        slots.push_back({program.inputs.back(), 1, 1, 0});
    }
    const auto& table = rule_table();
    for (int tries = 0; program.instructions.size() < operations && tries < 100; ++tries) {
        Instruction instruction{&table[random() % table.size()], {}, chance(2)};
        const Rule& rule = *instruction.rule;
        if (dependence(rule.code).flows == 0 && !chance(4)) continue;  // comparisons and steps: some, but they end every derivative
        std::array<Bound, 3> x;
        bool depends = false;
        for (std::size_t k = 0; k < rule.arity; ++k) {
            ProgramOperand& operand = instruction.operands[k];
            if (!rule.differentiable[k] || (rule.arity > 1 && chance(5))) {
                operand.constant = uniform(rule.domain[k].low, rule.domain[k].high);
                x[k] = {operand.constant};
            } else {
                const std::size_t slot = chance(2) ? slots.size() - 1 : random() % slots.size();
                operand.slot = static_cast<std::int32_t>(slot);
                x[k] = slots[slot];
                depends = true;
            }
        }
        if (!depends || !fits(rule, x)) continue;
        tries = 0;
        slots.push_back(bound_of(rule, x));
        program.instructions.push_back(instruction);
    }
    mark_last_uses(program, random);
    return program;
}

Scalar ScalarProgram::run(std::span<const Scalar> x) const {
    std::vector<Scalar> slots(x.begin(), x.end());
    slots.reserve(x.size() + instructions.size());
    for (const Instruction& instruction : instructions) {
        const Rule& rule = *instruction.rule;
        std::array<Scalar, 3> constants;
        std::array<Scalar*, 3> operands{};
        std::array<bool, 3> movable{};
        for (std::size_t k = 0; k < rule.arity; ++k) {
            const ProgramOperand& operand = instruction.operands[k];
            constants[k] = operand.constant;
            operands[k] = operand.slot < 0 ? &constants[k] : &slots[static_cast<std::size_t>(operand.slot)];
            movable[k] = operand.slot < 0 || operand.last_use;
        }
        const bool all = std::all_of(movable.begin(), movable.begin() + static_cast<std::ptrdiff_t>(rule.arity), [](bool m) { return m; });
        if (rule.arity == 2 && instruction.plain_number && instruction.operands[1].slot < 0)
            slots.push_back(rule.with_number(*operands[0], instruction.operands[1].constant));
        else if (rule.arity == 2 && instruction.plain_number && instruction.operands[0].slot < 0)
            slots.push_back(rule.number_with(instruction.operands[0].constant, *operands[1]));
        else
            slots.push_back(rule.on_scalars(operands, all ? Temporary::all : movable[0] ? Temporary::first : Temporary::none));
    }
    return slots.back();
}

Dual2 ScalarProgram::run(std::span<const Dual2> x) const {
    std::vector<Dual2> slots(x.begin(), x.end());
    for (const Instruction& instruction : instructions) {
        std::array<Dual2, 3> operands;
        for (std::size_t k = 0; k < instruction.rule->arity; ++k) {
            const ProgramOperand& operand = instruction.operands[k];
            operands[k] = operand.slot < 0 ? Dual2(operand.constant) : slots[static_cast<std::size_t>(operand.slot)];
        }
        slots.push_back(instruction.rule->on_duals(operands.data()));
    }
    return slots.back();
}

std::string ScalarProgram::text() const {
    std::string code = fmt::format("// seed {}\n", seed);
    for (std::size_t i = 0; i < inputs.size(); ++i) code += fmt::format("auto t{} = tape.variable({:.17g});\n", i, inputs[i]);
    for (std::size_t n = 0; n < instructions.size(); ++n) {
        const Instruction& instruction = instructions[n];
        std::string operands;
        for (std::size_t k = 0; k < instruction.rule->arity; ++k) {
            const ProgramOperand& operand = instruction.operands[k];
            if (k > 0) operands += ", ";
            if (operand.slot < 0)
                operands +=
                    instruction.plain_number ? fmt::format("{:.17g}", operand.constant) : fmt::format("Scalar({:.17g})", operand.constant);
            else
                operands += operand.last_use ? fmt::format("std::move(t{})", operand.slot) : fmt::format("t{}", operand.slot);
        }
        code += fmt::format("auto t{} = {}({});\n", inputs.size() + n, instruction.rule->name, operands);
    }
    return code;
}

}  // namespace modes
