// SPDX-License-Identifier: MIT
// The products in lanes, compiled once for every instruction set.
#include "autodiff/kernels/products_loops.hpp"

namespace autodiff {
inline namespace v1 {
namespace kernels {

template <>
void fill<InstructionSet::WENGERT_SET>(ProductKernels<float>& table) {
    Products<float, Pack<float, WENGERT_LANES>>::fill(table);
}
template <>
void fill<InstructionSet::WENGERT_SET>(ProductKernels<double>& table) {
    Products<double, Pack<double, WENGERT_LANES>>::fill(table);
}

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff
