// SPDX-License-Identifier: MIT
// The loops of convolutions and pooling, compiled once for every instruction set.
#include "autodiff/kernels/conv_loops.hpp"
#include "autodiff/kernels/pool_loops.hpp"

namespace autodiff {
inline namespace v1 {
namespace kernels {

template <>
void fill<InstructionSet::WENGERT_SET>(ConvKernels<float>& table) {
    ConvLoops<float, Pack<float, WENGERT_LANES>>::fill(table);
}
template <>
void fill<InstructionSet::WENGERT_SET>(ConvKernels<double>& table) {
    ConvLoops<double, Pack<double, WENGERT_LANES>>::fill(table);
}
template <>
void fill<InstructionSet::WENGERT_SET>(PoolKernels<float>& table) {
    PoolLoops<float, Pack<float, WENGERT_LANES>>::fill(table);
}
template <>
void fill<InstructionSet::WENGERT_SET>(PoolKernels<double>& table) {
    PoolLoops<double, Pack<double, WENGERT_LANES>>::fill(table);
}

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff
