// SPDX-License-Identifier: MIT
#include "autodiff/kernels/conv_lanes.hpp"
#include "autodiff/kernels/pool_lanes.hpp"

namespace autodiff {
inline namespace v1 {
namespace kernels {

namespace {

template <class Table>
const Table& chosen() {
    static const Table table = [] {
        Table t;
        with_instruction_set([&t]<InstructionSet S>() { fill<S>(t); });
        return t;
    }();
    return table;
}

}  // namespace

template <class T>
const ConvKernels<T>& conv_kernels() {
    return chosen<ConvKernels<T>>();
}
template <class T>
const PoolKernels<T>& pool_kernels() {
    return chosen<PoolKernels<T>>();
}
template const ConvKernels<float>& conv_kernels();
template const ConvKernels<double>& conv_kernels();
template const PoolKernels<float>& pool_kernels();
template const PoolKernels<double>& pool_kernels();

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff
