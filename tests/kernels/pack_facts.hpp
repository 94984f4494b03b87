// SPDX-License-Identifier: MIT
/// What a pack does, compiled for every instruction set.
#pragma once

#include "autodiff/kernels/instruction_set.hpp"

namespace lanes {

/// Reports what a pack does otherwise than its lanes one by one.
using Report = void (*)(void* to, const char* what);
template <autodiff::kernels::InstructionSet>
void check_facts(Report report, void* to);

}  // namespace lanes
