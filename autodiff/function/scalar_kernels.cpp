// SPDX-License-Identifier: MIT
// One point at a time: the same loops over single numbers.
#include "autodiff/function/kernel_loops.hpp"

namespace autodiff {
inline namespace v1 {
namespace function {

template <class T>
const LaneKernels<T>& scalar_kernels() {
    static const LaneKernels<T> kernels = Loops<T, T>::table();
    return kernels;
}
template const LaneKernels<float>& scalar_kernels();
template const LaneKernels<double>& scalar_kernels();

}  // namespace function
}  // namespace v1
}  // namespace autodiff
