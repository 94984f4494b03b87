// SPDX-License-Identifier: MIT
/// A random program over the rules: 1 to 200 operations with reuse, constants, plain numbers, temporaries and rows that nobody reads.
/// Run over doubles it gives a value, over Scalars a recording, over nested duals the reference, over Bounds the size of what is summed.
/// It prints as C++ code. The suite is random_scalar_programs.cpp.
#pragma once

#include "tests/modes/rule_table.hpp"

#include <cstdint>

namespace modes {

/// An operand of an instruction: the result of an earlier one (the inputs come first), or a constant.
struct ProgramOperand {
    std::int32_t slot = -1;  ///< -1: a constant
    double constant = 0;
    bool last_use = false;  ///< nobody reads the slot later: it may be moved from
};

struct Instruction {
    const Rule* rule = nullptr;
    std::array<ProgramOperand, 3> operands;
    bool plain_number = false;  ///< the constant operand is a double, not a Scalar
};

struct ScalarProgram {
    unsigned seed = 0;
    std::vector<double> inputs;
    std::vector<Instruction> instructions;  ///< the result of the last is the program's

    [[nodiscard]] std::string text() const;
    [[nodiscard]] Scalar run(std::span<const Scalar> inputs) const;
    [[nodiscard]] Dual2 run(std::span<const Dual2> inputs) const;
};

ScalarProgram random_scalar_program(unsigned seed, std::size_t operations);

/// Derivatives in the directions v and w, and sums of the absolute values of all products that add up to each of them.
struct Bound {
    double value = 0, along_v = 0, along_w = 0, mixed = 0;
};
Bound bound_of(const Rule& rule, std::span<const Bound> x);
Bound bound_of(const ScalarProgram& program, std::span<const double> v, std::span<const double> w);

}  // namespace modes
