// SPDX-License-Identifier: MIT
// Programs as text.
#include "autodiff/program/program.hpp"

#include <fmt/format.h>

namespace autodiff {
inline namespace v1 {
namespace program {

namespace {

std::string word(const Program& program, Value v) {
    if (is_constant(v)) return fmt::format("{}", program.constant(v));
    return fmt::format("{}{}", program.is_input(v) ? "x" : "t", program.is_input(v) ? index_of(v) : index_of(v) - program.inputs);
}

}  // namespace

std::string comparison_of(const Program& program, const Guard& guard) {
    const Instruction* const i = program.maker_of(guard.condition);
    const auto sign = [](Operation o) {
        if (o == code_of<rules::Less>) return "<";
        if (o == code_of<rules::LessEqual>) return "<=";
        return o == code_of<rules::Equal> ? "==" : "!=";
    };
    return fmt::format("{} {} {}", word(program, i->x[0]), sign(i->operation), word(program, i->x[1]));
}

std::string to_string(const Program& program) {
    std::string text = "inputs ";
    for (std::uint32_t k = 0; k < program.inputs; ++k) text += fmt::format("{}x{}", k == 0 ? "" : ", ", k);
    text += '\n';
    for (std::uint32_t k = 0; k < program.code.size(); ++k) {
        const Instruction& i = program.code[k];
        text += fmt::format("t{} = {}(", k, name(i.operation));
        for (std::size_t x = 0; x < operands(i); ++x) text += fmt::format("{}{}", x == 0 ? "" : ", ", word(program, i.x[x]));
        text += ")\n";
    }
    for (const Guard& guard : program.guards)
        text += fmt::format("guard {} is {}\n", comparison_of(program, guard), guard.holds ? "true" : "false");
    text += "outputs ";
    for (std::size_t k = 0; k < program.outputs.size(); ++k)
        text += fmt::format("{}{}", k == 0 ? "" : ", ", word(program, program.outputs[k]));
    return text + '\n';
}

}  // namespace program
}  // namespace v1
}  // namespace autodiff
