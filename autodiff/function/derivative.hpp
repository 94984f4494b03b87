// SPDX-License-Identifier: MIT
/// Programs made from programs: derivatives, by letting the sweep record itself on a tape on which the program is run once more.
#pragma once

#include "autodiff/function/program.hpp"

namespace autodiff {
inline namespace v1 {
namespace function {

/// y[0], ..., y[m-1], then dy[0]/dx[i] for every active input i, then dy[1]/dx[i], ... `example` is a point at which the program can be run.
[[nodiscard]] Program with_jacobian(const Program& program, std::span<const double> example, const std::vector<bool>& active);
/// Of sum_j y[j] and its Hessian H by the active inputs: inputs x (all) and then v, outputs H v.
[[nodiscard]] Program hessian_times_vector(const Program& program, std::span<const double> example, const std::vector<bool>& active);
/// The same program for other outputs, without guards.
[[nodiscard]] Program with_outputs(const Program& program, std::span<const Value> outputs);
/// How many guards of the program fail: its only output.
[[nodiscard]] Program failed_guards(const Program& program);

}  // namespace function
}  // namespace v1
}  // namespace autodiff
