// SPDX-License-Identifier: MIT
// Which kernels a machine uses: those for its best instruction set, and those for one point at a time.
#include "autodiff/function/kernel_loops.hpp"

namespace autodiff {
inline namespace v1 {
namespace function {

template <class T>
const LaneKernels<T>& lane_kernels() {
    static const LaneKernels<T> table = [] {
        LaneKernels<T> t;
        kernels::with_instruction_set([&t]<kernels::InstructionSet S>() { fill<S>(t); });
        return t;
    }();
    return table;
}
template const LaneKernels<float>& lane_kernels();
template const LaneKernels<double>& lane_kernels();

template <class T>
const LaneKernels<T>& scalar_kernels() {
    static const LaneKernels<T> table = [] {
        LaneKernels<T> t;
        Loops<T, T>::fill(t);
        return t;
    }();
    return table;
}
template const LaneKernels<float>& scalar_kernels();
template const LaneKernels<double>& scalar_kernels();

}  // namespace function
}  // namespace v1
}  // namespace autodiff
