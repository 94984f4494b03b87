// SPDX-License-Identifier: MIT
// A program from the rows of a tape, and a program run on a tape.
#include "autodiff/node.hpp"
#include "autodiff/program/program.hpp"
#include "autodiff/scalar.hpp"

#include <fmt/format.h>

namespace autodiff {
inline namespace v1 {
namespace program {

namespace {

[[noreturn]] void throw_tensor_row(const Tape& tape, const Node& node) {
    throw ValueError("record", "operations on numbers",
                     fmt::format("the tensor operation {} ({})", node.primitive->name(), tape.name_of(node.row)),
                     "compute with the numbers of the tensor, or record anew at each point");
}

/// Reads the rows of a tape that some output needs.
class Reader {
  public:
    Reader(const Tape& tape, std::span<const Scalar> inputs)
        : tape_(tape),
          list_(tape.list()),
          assembler_(static_cast<std::uint32_t>(inputs.size())),
          value_(list_.rows, unread),
          needed_(list_.rows, false) {
        for (std::size_t k = 0; k < inputs.size(); ++k) {
            value_[inputs[k].row()] = assembler_.input(static_cast<std::uint32_t>(k));
            is_input_.push_back(inputs[k].row());
        }
    }
    void need(const Scalar& x) {
        if (x.recorded()) needed_[x.row()] = true;
    }
    void need(std::uint32_t row) { needed_[row] = true; }
    void read();
    [[nodiscard]] Value value(const Scalar& x) { return x.recorded() ? value_[x.row()] : assembler_.constant(x.value()); }
    [[nodiscard]] Value value(std::uint32_t row, double c) { return row == 0 ? assembler_.constant(c) : value_[row]; }
    [[nodiscard]] Assembler& assembler() { return assembler_; }

  private:
    static constexpr Value unread{0xffffffffu};
    const Tape& tape_;
    const WengertList& list_;
    Assembler assembler_;
    std::vector<Value> value_;  // per row
    std::vector<bool> needed_;
    std::vector<std::uint32_t> is_input_;
};

void Reader::read() {
    std::uint32_t first = list_.operands;
    for (std::uint32_t row = list_.rows; row-- > 1;) {
        first -= list_.count[row];
        if (!needed_[row] || value_[row] != unread) continue;
        for (std::uint32_t k = 0; k < list_.count[row]; ++k) needed_[static_cast<std::uint32_t>(list_.operand[first + k])] = true;
    }
    std::size_t node = 0;
    const NodeList& nodes = tape_.nodes();
    for (std::uint32_t row = 1; row < list_.rows; ++row) {
        const std::uint32_t begin = first;
        first += list_.count[row];
        while (node < nodes.size() && nodes[node].row < row) ++node;
        if (!needed_[row] || value_[row] != unread) continue;
        if (node < nodes.size() && nodes[node].row == row) throw_tensor_row(tape_, nodes[node]);
        if (list_.operation[row] == Operation{}) {  // a variable that is no input keeps its value
            value_[row] = assembler_.constant(list_.value[row]);
            continue;
        }
        std::array<Value, 3> x{};
        for (std::uint32_t k = 0; k < list_.count[row]; ++k)
            x[k] = value(static_cast<std::uint32_t>(list_.operand[begin + k]), list_.partial[begin + k]);
        value_[row] = assembler_.append(list_.operation[row], x);
    }
}

}  // namespace

Program assemble(const Tape& tape, std::span<const Scalar> inputs, std::span<const Scalar> outputs, std::span<const Guard> guards,
                 std::span<const Scalar> conditions) {
    if (tape.detail() != Detail::operations)
        throw TapeError(TapeError::Kind::detail, "record", "a tape that keeps operations", "one that keeps derivatives only");
    for (const Scalar& y : outputs)  // a captured value of another tape, or one that was moved from
        if (y.row() != 0 && &Tape::of(y.row(), y.recording(), "record") != &tape)
            throw TapeError(TapeError::Kind::wrong_tape, "record", "results computed from the inputs", "a value of another tape",
                            "make it an input, or take its value()");
    Reader reader(tape, inputs);
    for (const Scalar& y : outputs) reader.need(y);
    for (const Scalar& c : conditions) reader.need(c);
    for (const Branch& branch : tape.branches()) reader.need(branch.a), reader.need(branch.b);
    reader.read();
    std::vector<Guard> all;
    for (std::size_t k = 0; k < guards.size(); ++k) all.push_back({reader.value(conditions[k]), guards[k].holds, guards[k].place});
    for (const Branch& branch : tape.branches()) {
        const Value condition = reader.assembler().append(
            branch.relation, {reader.value(branch.a, branch.a_value), reader.value(branch.b, branch.b_value), Value{}});
        all.push_back({condition, branch.holds, static_cast<std::uint32_t>(all.size())});
    }
    std::vector<Value> values;
    for (const Scalar& y : outputs) values.push_back(reader.value(y));
    return std::move(reader.assembler()).finish(values, all);
}

Recorded run(const Program& program, std::span<const Scalar> inputs) {
    std::vector<Scalar> value(inputs.begin(), inputs.end());
    value.reserve(program.values());
    const auto at = [&](Value v) { return is_constant(v) ? Scalar(program.constant(v)) : value[index_of(v)]; };
    for (const Instruction& i : program.code)
        value.push_back(visit(i.operation, [&]<class R>(R rule) -> Scalar {
            const Scalar a = at(i.x[0]);
            if constexpr (rules::UnaryRule<R>) {
                return apply(rule, a);
            } else {
                const Scalar b = at(i.x[1]);
                if constexpr (rules::BinaryRule<R>)
                    return apply(rule, a, b);
                else
                    return apply(rule, a, b, at(i.x[2]));
            }
        }));
    Recorded result;
    for (const Value v : program.outputs) result.outputs.push_back(at(v));
    for (const Guard& guard : program.guards) result.conditions.push_back(at(guard.condition));
    return result;
}

}  // namespace program
}  // namespace v1
}  // namespace autodiff
