// SPDX-License-Identifier: MIT
/// Programs made from programs: derivatives, by letting the sweep record itself on a tape on which the program is run once more.
#pragma once

#include "autodiff/program/program.hpp"

namespace autodiff {
inline namespace v1 {
namespace program {

/// y[0], ..., y[m-1], then dy[0]/dx[i] for every active input i, then dy[1]/dx[i], ... `example` is a point at which the program can be run.
[[nodiscard]] Program with_jacobian(const Program& program, std::span<const double> example, const std::vector<bool>& active);
/// Of sum_j y[j] and its Hessian H by the active inputs: inputs x (all) and then v, outputs H v.
[[nodiscard]] Program hessian_times_vector(const Program& program, std::span<const double> example, const std::vector<bool>& active);
/// Inputs x (all), y (all outputs), and ybar of the first `seeded` outputs; outputs xbar[i] = sum_j ybar[j] dy[j]/dx[i] for every active
/// input i, written in terms of the outputs where the rules are: those beyond the seeded ones are there to be saved for that.
[[nodiscard]] Program pullback(const Program& program, std::span<const double> example, const std::vector<bool>& active,
                               std::size_t seeded = 1);
/// Of a program with one output y, the mirror image: inputs x (all), y, and xdot of the active inputs; output
/// ydot = sum_i dy/dx[i] xdot[i]. A derivative of 0 lets nothing through; if `plain`, nor does a tangent of 0, even where the derivative
/// is infinite: for numbers, which are not differentiated again.
[[nodiscard]] Program pushforward(const Program& program, std::span<const double> example, const std::vector<bool>& active, bool plain);
/// The same program for other outputs, without guards.
[[nodiscard]] Program with_outputs(const Program& program, std::span<const Value> outputs);
/// The program with further inputs, one for each output that is chosen, in order: what is there already, to which that output is added.
[[nodiscard]] Program with_sums(const Program& program, const std::vector<bool>& added);
/// How many guards of the program fail: its only output.
[[nodiscard]] Program failed_guards(const Program& program);

}  // namespace program
}  // namespace v1
}  // namespace autodiff
