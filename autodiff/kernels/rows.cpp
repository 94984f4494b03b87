// SPDX-License-Identifier: MIT
// The loops over rows, compiled once for every instruction set.
#include "autodiff/kernels/rows_loops.hpp"

namespace autodiff {
inline namespace v1 {
namespace kernels {

template <>
void fill<InstructionSet::WENGERT_SET>(RowKernels<float>& table) {
    Rows<float, Pack<float, WENGERT_LANES>>::fill(table);
}
template <>
void fill<InstructionSet::WENGERT_SET>(RowKernels<double>& table) {
    Rows<double, Pack<double, WENGERT_LANES>>::fill(table);
}

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff
