// SPDX-License-Identifier: MIT
#include "autodiff/kernels/conv_lanes.hpp"

namespace autodiff {
inline namespace v1 {
namespace kernels {

template <class T>
const ConvKernels<T>& conv_kernels() {
    static const ConvKernels<T> table = [] {
        ConvKernels<T> t;
        with_instruction_set([&t]<InstructionSet S>() { fill<S>(t); });
        return t;
    }();
    return table;
}
template const ConvKernels<float>& conv_kernels();
template const ConvKernels<double>& conv_kernels();

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff
