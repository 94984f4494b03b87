// SPDX-License-Identifier: MIT
#include "autodiff/program/derivative.hpp"

#include "autodiff/recorded_gradient.hpp"
#include "autodiff/scalar.hpp"

#include <algorithm>

namespace autodiff {
inline namespace v1 {
namespace program {

namespace {

std::vector<Scalar> variables(Tape& tape, std::span<const double> values) {
    std::vector<Scalar> x;
    for (const double v : values) x.push_back(tape.variable(v));
    return x;
}
std::vector<Scalar> only(const std::vector<Scalar>& x, const std::vector<bool>& active) {
    std::vector<Scalar> some;
    for (std::size_t k = 0; k < x.size(); ++k)
        if (active[k]) some.push_back(x[k]);
    return some;
}

/// dy/dx[i] as recorded values.
std::vector<Scalar> recorded_derivatives(const Scalar& y, std::span<const Scalar> x) {
    if (!y.recorded()) return std::vector<Scalar>(x.size());
    const RecordedGradient g = recorded_gradient(y);
    std::vector<Scalar> dy;
    for (const Scalar& xi : x) dy.push_back(g[xi]);
    return dy;
}

/// Copies a program into an assembler, value by value.
class Copy {
  public:
    Copy(const Program& program, Assembler& into) : program_(program), into_(into) {
        for (const Instruction& i : program.code) {
            std::array<Value, 3> x{};
            for (std::size_t k = 0; k < operands(i); ++k) x[k] = (*this)(i.x[k]);
            result_.push_back(into.append(i.operation, x));
        }
    }
    Value operator()(Value v) const {
        if (is_constant(v)) return into_.constant(program_.constant(v));
        return program_.is_input(v) ? v : result_[index_of(v) - program_.inputs];
    }

  private:
    const Program& program_;
    Assembler& into_;
    std::vector<Value> result_;
};

}  // namespace

Program with_jacobian(const Program& program, std::span<const double> example, const std::vector<bool>& active) {
    Tape tape;
    const std::vector<Scalar> x = variables(tape, example), by = only(x, active);
    const Recorded y = run(program, x);
    std::vector<Scalar> outputs = y.outputs;
    for (const Scalar& yj : y.outputs) {
        const std::vector<Scalar> row = recorded_derivatives(yj, by);
        outputs.insert(outputs.end(), row.begin(), row.end());
    }
    return assemble(tape, x, outputs, program.guards, y.conditions);
}

Program hessian_times_vector(const Program& program, std::span<const double> example, const std::vector<bool>& active) {
    Tape tape;
    std::vector<Scalar> x = variables(tape, example);
    const std::vector<Scalar> by = only(x, active), v = variables(tape, std::vector<double>(by.size(), 1));
    const Recorded y = run(program, x);
    Scalar total = 0, slope = 0;
    for (const Scalar& yj : y.outputs) total = total + yj;
    const std::vector<Scalar> gradient = recorded_derivatives(total, by);
    for (std::size_t i = 0; i < by.size(); ++i)
        if (gradient[i].recorded()) slope = slope + gradient[i] * v[i];
    const std::vector<Scalar> outputs = recorded_derivatives(slope, by);
    x.insert(x.end(), v.begin(), v.end());
    return assemble(tape, x, outputs, program.guards, y.conditions);
}

Program pullback(const Program& program, std::span<const double> example, const std::vector<bool>& active, std::size_t seeded) {
    Tape tape;
    std::vector<Scalar> x = variables(tape, example);
    const std::vector<Scalar> by = only(x, active), y = run(program, x).outputs, ybar = variables(tape, std::vector<double>(seeded, 1));
    Scalar total = ybar[0] * y[0];
    for (std::size_t j = 1; j < seeded; ++j) total = total + ybar[j] * y[j];
    const std::vector<Scalar> xbar = recorded_derivatives(total, by);
    x.insert(x.end(), y.begin(), y.end());
    x.insert(x.end(), ybar.begin(), ybar.end());
    return assemble(tape, x, xbar);
}

Program pushforward(const Program& program, std::span<const double> example, const std::vector<bool>& active, bool plain) {
    Tape tape;
    std::vector<Scalar> x = variables(tape, example);
    const std::vector<Scalar> by = only(x, active), xdot = variables(tape, std::vector<double>(by.size(), 1));
    const Scalar y = run(program, x).outputs[0];
    const std::vector<Scalar> partial = recorded_derivatives(y, by);
    Scalar ydot = 0;
    for (std::size_t i = 0; i < by.size(); ++i) {
        if (!partial[i].recorded()) {
            ydot = ydot + partial[i].value() * xdot[i];
            continue;
        }
        const Scalar term = rules::chain_product(partial[i], xdot[i]);
        ydot = ydot + (plain ? where(xdot[i] == 0, 0, term) : term);
    }
    x.push_back(y);
    x.insert(x.end(), xdot.begin(), xdot.end());
    return assemble(tape, x, std::span(&ydot, 1));
}

Program with_outputs(const Program& program, std::span<const Value> outputs) {
    Assembler assembler(program.inputs);
    const Copy copy(program, assembler);
    std::vector<Value> copied;
    for (const Value v : outputs) copied.push_back(copy(v));
    return std::move(assembler).finish(copied, {});
}

Program with_sums(const Program& program, const std::vector<bool>& added) {
    const auto more = static_cast<std::uint32_t>(std::count(added.begin(), added.end(), true));
    Assembler assembler(program.inputs + more);
    const Copy copy(program, assembler);
    std::vector<Value> outputs;
    for (std::uint32_t k = 0, there = program.inputs; k < program.outputs.size(); ++k) {
        const Value y = copy(program.outputs[k]);
        outputs.push_back(added[k] ? assembler.append(code_of<rules::Add>, {assembler.input(there++), y, Value{}}) : y);
    }
    return std::move(assembler).finish(outputs, {});
}

Program failed_guards(const Program& program) {
    Assembler assembler(program.inputs);
    const Copy copy(program, assembler);
    Value failed = assembler.constant(0);
    for (const Guard& guard : program.guards) {
        const Value fails =
            assembler.append(code_of<rules::NotEqual>, {copy(guard.condition), assembler.constant(guard.holds ? 1 : 0), Value{}});
        failed = assembler.append(code_of<rules::Add>, {failed, fails, Value{}});
    }
    return std::move(assembler).finish(std::span(&failed, 1), {});
}

}  // namespace program
}  // namespace v1
}  // namespace autodiff
