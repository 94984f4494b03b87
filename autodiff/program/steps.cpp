// SPDX-License-Identifier: MIT
// The loops over packs, compiled once for every instruction set.
#include "autodiff/program/step_loops.hpp"

namespace autodiff {
inline namespace v1 {
namespace program {

template <>
void fill<kernels::InstructionSet::WENGERT_SET>(LaneKernels<float>& table) {
    Loops<float, kernels::Pack<float, WENGERT_LANES>>::fill(table);
}
template <>
void fill<kernels::InstructionSet::WENGERT_SET>(LaneKernels<double>& table) {
    Loops<double, kernels::Pack<double, WENGERT_LANES>>::fill(table);
}

}  // namespace program
}  // namespace v1
}  // namespace autodiff
