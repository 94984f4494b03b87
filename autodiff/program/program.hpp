// SPDX-License-Identifier: MIT
/// A recorded program: what is left of a tape's scalar rows when they are to be run again. Straight-line code in single assignment.
///
/// `Assembler` makes one, simplifying as it goes: constants are folded, a value that was computed before is used again, operations
/// that change nothing disappear; `finish` removes what no output needs. Derivatives are programs too (derivative.hpp): the sweep
/// records itself, and what it recorded is assembled. How a program is run: plan.hpp.
#pragma once

#include "autodiff/tape.hpp"

#include <array>
#include <functional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace autodiff {
inline namespace v1 {
namespace program {

/// Names a value of a program: an input, the result of an instruction (numbered on after the inputs), or a constant.
enum class Value : std::uint32_t {};
inline constexpr std::uint32_t constant_bit = 0x80000000u;
[[nodiscard]] constexpr bool is_constant(Value v) noexcept { return (static_cast<std::uint32_t>(v) & constant_bit) != 0; }
/// Its place among the constants, or among inputs and results.
[[nodiscard]] constexpr std::uint32_t index_of(Value v) noexcept { return static_cast<std::uint32_t>(v) & ~constant_bit; }

/// y = R(x...) for the rule with this code.
struct Instruction {
    Operation operation{};
    std::array<Value, 3> x{};
    friend bool operator==(const Instruction&, const Instruction&) = default;
};

/// A comparison that decided a branch of the recorded program: replays are valid only where it comes out the same.
struct Guard {
    Value condition{};  ///< 1 or 0
    bool holds = false;
    std::uint32_t place = 0;  ///< its number among the comparisons of the recording
    friend bool operator==(const Guard&, const Guard&) = default;
};

struct Program {
    std::uint32_t inputs = 0;
    std::vector<double> constants;
    std::vector<Instruction> code;
    std::vector<Value> outputs;
    std::vector<Guard> guards;

    /// inputs + results
    [[nodiscard]] std::uint32_t values() const noexcept { return inputs + static_cast<std::uint32_t>(code.size()); }
    [[nodiscard]] bool is_input(Value v) const noexcept { return !is_constant(v) && index_of(v) < inputs; }
    /// The instruction whose result v is, or nullptr.
    [[nodiscard]] const Instruction* maker_of(Value v) const noexcept {
        return is_constant(v) || is_input(v) ? nullptr : &code[index_of(v) - inputs];
    }
    [[nodiscard]] double constant(Value v) const { return constants[index_of(v)]; }
    friend bool operator==(const Program&, const Program&) = default;
};

/// Number of operands of an instruction.
[[nodiscard]] inline std::size_t operands(const Instruction& i) { return static_cast<std::size_t>(arity(i.operation)); }

class Assembler {
  public:
    explicit Assembler(std::uint32_t inputs) { program_.inputs = inputs; }
    [[nodiscard]] Value input(std::uint32_t k) const noexcept { return Value{k}; }
    Value constant(double c);
    /// The value of R(x...): a new instruction, an earlier one, an operand or a constant.
    Value append(Operation operation, std::array<Value, 3> x);
    /// The program that computes the outputs and the guards, and nothing else. A guard of a constant is dropped.
    [[nodiscard]] Program finish(std::span<const Value> outputs, std::span<const Guard> guards) &&;

  private:
    struct Hash {
        std::size_t operator()(const Instruction& i) const noexcept;
    };
    [[nodiscard]] bool equals(Value v, double c) const { return is_constant(v) && program_.constant(v) == c; }
    [[nodiscard]] bool finite(Value v) const;
    [[nodiscard]] const Instruction* mask(Value v, bool& inverted) const;
    [[nodiscard]] bool fold(Operation operation, const std::array<Value, 3>& x, Value& y);
    [[nodiscard]] bool simplify(Operation& operation, std::array<Value, 3>& x, Value& y);

    Program program_;
    std::unordered_map<std::uint64_t, Value> constants_;  // by bits
    std::unordered_map<Instruction, Value, Hash> known_;
};

/// The program that a tape of scalar rows has recorded, from `inputs` (rows of variables) to `outputs` (Scalars on it, or constants),
/// guarded by the tape's branches. `conditions` are guards of a program that was run on the tape, as the Scalars that came out.
/// throws   TapeError (detail) unless the tape keeps operations, ValueError naming the operation if an output depends on a tensor row
[[nodiscard]] Program assemble(const Tape& tape, std::span<const Scalar> inputs, std::span<const Scalar> outputs,
                               std::span<const Guard> guards = {}, std::span<const Scalar> conditions = {});

/// Runs the program on the recording tape. y: outputs, conditions: of the guards.
struct Recorded {
    std::vector<Scalar> outputs, conditions;
};
[[nodiscard]] Recorded run(const Program& program, std::span<const Scalar> inputs);

/// The text of a program, one instruction a line.
[[nodiscard]] std::string to_string(const Program& program);
/// `t5 < 0.5`: the comparison that a guard stands for.
[[nodiscard]] std::string comparison_of(const Program& program, const Guard& guard);

}  // namespace program
}  // namespace v1
}  // namespace autodiff
