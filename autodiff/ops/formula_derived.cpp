// SPDX-License-Identifier: MIT
#include "autodiff/ops/formula_derived.hpp"

#include "autodiff/program/derivative.hpp"

namespace autodiff {
inline namespace v1 {

using program::Program;
using program::Value;

namespace {

std::vector<bool> as_list(unsigned bits, std::size_t n) {
    std::vector<bool> list(n);
    for (std::size_t k = 0; k < n; ++k) list[k] = (bits & bit(k)) != 0;
    return list;
}

/// Where derivatives are recorded: any point will do, for a program without guards.
std::vector<double> example(std::size_t n) {
    std::vector<double> point(n);
    for (std::size_t k = 0; k < n; ++k) point[k] = 0.5 + 0.0625 * static_cast<double>(k);
    return point;
}

template <class T>
program::Plan<T> plan_of(const Program& program) {
    return program::make_plan<T>(program, std::vector<bool>(program.inputs, false),
                                 std::vector<program::Delivery>(program.outputs.size(), program::Delivery::each));
}

/// The inputs that a program reads, as bits.
unsigned reads(const Program& program) {
    unsigned bits = 0;
    const auto read = [&](Value v) {
        if (program.is_input(v)) bits |= bit(program::index_of(v));
    };
    for (const program::Instruction& i : program.code)
        for (std::size_t k = 0; k < program::operands(i); ++k) read(i.x[k]);
    for (const Value v : program.outputs) read(v);
    return bits;
}

}  // namespace

template <class T>
std::vector<Tensor<T>> run_recorded(const Program& program, std::vector<Tensor<T>> values) {
    const auto at = [&](Value v) {
        return program::is_constant(v) ? Tensor<T>(static_cast<T>(program.constant(v))) : values[program::index_of(v)];
    };
    for (const program::Instruction& i : program.code) {
        const Formula& rule = Formula::of(i.operation);
        const Tensor<T> a = at(i.x[0]);
        if (program::operands(i) == 1)
            values.push_back(rule(a));
        else if (program::operands(i) == 2)
            values.push_back(rule(a, at(i.x[1])));
        else
            values.push_back(rule(a, at(i.x[1]), at(i.x[2])));
    }
    std::vector<Tensor<T>> outputs;
    for (const Value v : program.outputs) outputs.push_back(at(v));
    return outputs;
}
template std::vector<Tensor<float>> run_recorded(const Program&, std::vector<Tensor<float>>);
template std::vector<Tensor<double>> run_recorded(const Program&, std::vector<Tensor<double>>);

Formula::Plans::Plans(const Program& program) : of_float(plan_of<float>(program)), of_double(plan_of<double>(program)) {}

Formula::Derived::Derived(const Program& program, unsigned recorded) : operands_(program.inputs) {
    const std::vector<bool> active = as_list(recorded, operands_);
    const std::vector<double> point = example(operands_);
    pull = program::pullback(program, point, active);
    push = program::pushforward(program, point, active, false);
    std::vector<Value> computed;
    for (std::size_t k = 0, next = 0; k < operands_; ++k) {
        part_.push_back(Part::nothing);
        if (!active[k]) continue;
        const Value xbar = pull.outputs[next++];
        if (xbar == Value{static_cast<std::uint32_t>(operands_ + 1)})
            part_[k] = Part::ybar;
        else if (!program::is_constant(xbar) || pull.constant(xbar) != 0)
            part_[k] = Part::computed, computed.push_back(xbar);
    }
    contributions_ = program::with_outputs(pull, computed);
    push_plans = std::make_unique<const Plans>(program::pushforward(program, point, active, true));
    const unsigned both = reads(pull) | reads(push);
    read = both & (bit(operands_) - 1);
    reads_result = (both & bit(operands_)) != 0;
}

const Formula::Plans& Formula::Derived::pull_plans(unsigned added) const {
    return pull_plans_.get(added, [&] {
        std::vector<bool> sums;
        for (std::size_t k = 0; k < operands_; ++k)
            if (part_[k] == Part::computed) sums.push_back((added & bit(k)) != 0);
        return std::make_unique<const Plans>(program::with_sums(contributions_, sums));
    });
}

}  // namespace v1
}  // namespace autodiff
