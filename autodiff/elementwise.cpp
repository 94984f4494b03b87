// SPDX-License-Identifier: MIT
#include "autodiff/elementwise.hpp"

#include "autodiff/program/run.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace autodiff {
inline namespace v1 {
namespace internal {

program::Program traced(std::string_view name, std::size_t operands, std::size_t results, void (*f)(const Scalar* x, Scalar* y)) {
    Tape tape(Detail::operations, {}, HeldBy::function);
    std::vector<Scalar> x, y(results);
    for (std::size_t k = 0; k < operands; ++k) x.push_back(tape.variable(0.5 + 0.0625 * static_cast<double>(k)));
    f(x.data(), y.data());
    try {
        return program::assemble(tape, x, y);
    } catch (const TapeError& error) {
        throw ValueError(name, "a function of its arguments alone", error.what());
    }
}

void throw_lengths_differ(std::size_t expected, std::size_t got) {
    throw ShapeError("elementwise_update", fmt::format("spans of {} numbers", expected), fmt::format("{}", got));
}

struct Update::Plans {
    program::Plan<float> of_float;
    program::Plan<double> of_double;
    std::vector<bool> apart;  ///< per result: whether the operand in whose place it goes is read after it was written
};

namespace {

template <class T>
program::Plan<T> plan_of(const program::Program& program) {
    return program::make_plan<T>(program, std::vector<bool>(program.inputs, false),
                                 std::vector<program::Delivery>(program.outputs.size(), program::Delivery::each));
}

/// Whether some step after the one that writes column k reads input k.
template <class T>
bool read_after_written(const program::Plan<T>& plan, std::uint32_t k) {
    const auto input = std::find(plan.varying.begin(), plan.varying.end(), k);
    if (input == plan.varying.end()) return false;
    const auto place = static_cast<std::uint32_t>(input - plan.varying.begin());
    bool written = false, read = false;
    for (const program::Step<T>& step : plan.main) {
        if (written) {
            if (step.kernel == plan.lanes->sum)
                for (std::uint32_t t = step.a; t < step.a + step.b; ++t)
                    read = read || plan.terms[t].a == place || plan.terms[t].b == place;
            else
                read = read || step.a == place || step.b == place || step.c == place;
        }
        written = written || step.y == plan.first_column() + k;
    }
    return read;
}

}  // namespace

Update::Update(program::Program program, std::size_t results) {
    if (!program.guards.empty())
        throw ValueError("elementwise_update", "one formula for all elements",
                         "a branch on " + program::comparison_of(program, program.guards[0]),
                         "choose with where(), which takes both sides");
    Plans plans{plan_of<float>(program), plan_of<double>(program), {}};
    for (std::uint32_t k = 0; k < results; ++k)
        plans.apart.push_back(read_after_written(plans.of_float, k) || read_after_written(plans.of_double, k));
    plans_ = std::make_unique<const Plans>(std::move(plans));
}
Update::~Update() = default;

template <class T>
void Update::run(std::size_t n, std::span<T* const> targets, std::span<const T* const> x, std::span<const Index> steps) const {
    ShortList<program::Input<T>, 12> inputs;
    for (std::size_t k = 0; k < x.size(); ++k) inputs.push_back({x[k], &steps[k]});
    ShortList<program::Output<T>, 4> outputs;
    for (std::size_t k = 0; k < targets.size(); ++k)
        outputs.push_back({targets[k], plans_->apart[k] ? program::Arrival::copied : program::Arrival::assigned});
    const auto length = static_cast<Index>(n);
    const auto run_with = [&](const auto& plan) {
        program::run<T>(plan, std::span(&length, 1), std::span<const program::Input<T>>(inputs.data(), inputs.size()),
                        std::span<const program::Output<T>>(outputs.data(), outputs.size()));
    };
    if constexpr (std::same_as<T, float>)
        run_with(plans_->of_float);
    else
        run_with(plans_->of_double);
}
template void Update::run(std::size_t, std::span<float* const>, std::span<const float* const>, std::span<const Index>) const;
template void Update::run(std::size_t, std::span<double* const>, std::span<const double* const>, std::span<const Index>) const;

}  // namespace internal
}  // namespace v1
}  // namespace autodiff
