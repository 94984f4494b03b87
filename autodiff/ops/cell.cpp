// SPDX-License-Identifier: MIT
#include "autodiff/ops/cell.hpp"

namespace autodiff {
inline namespace v1 {

namespace {

template <class T>
program::Plan<T> plan_of(const program::Program& program) {
    return program::make_plan<T>(program, std::vector<bool>(program.inputs, false),
                                 std::vector<program::Delivery>(program.outputs.size(), program::Delivery::each));
}

}  // namespace

CellProgram::CellProgram(std::string_view name, std::size_t operands, std::size_t results, std::size_t seeded,
                         void (*f)(const Scalar* x, Scalar* y)) {
    const program::Program forward = internal::traced(name, operands, results, f);
    std::vector<double> point(operands);
    for (std::size_t k = 0; k < operands; ++k) point[k] = 0.25 + 0.0625 * static_cast<double>(k);
    const program::Program pull = program::pullback(forward, point, std::vector<bool>(operands, true), seeded);
    of_float_ = {plan_of<float>(forward), plan_of<float>(pull)};
    of_double_ = {plan_of<double>(forward), plan_of<double>(pull)};
}

template <>
const program::Plan<float>& CellProgram::forward<float>() const {
    return of_float_.forward;
}
template <>
const program::Plan<double>& CellProgram::forward<double>() const {
    return of_double_.forward;
}
template <>
const program::Plan<float>& CellProgram::pull<float>() const {
    return of_float_.pull;
}
template <>
const program::Plan<double>& CellProgram::pull<double>() const {
    return of_double_.pull;
}

}  // namespace v1
}  // namespace autodiff
