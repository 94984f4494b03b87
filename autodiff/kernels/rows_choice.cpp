// SPDX-License-Identifier: MIT
#include "autodiff/kernels/rows.hpp"

namespace autodiff {
inline namespace v1 {
namespace kernels {

template <class T>
const RowKernels<T>& row_kernels() {
    static const RowKernels<T> table = [] {
        RowKernels<T> t;
        with_instruction_set([&t]<InstructionSet S>() { fill<S>(t); });
        return t;
    }();
    return table;
}
template const RowKernels<float>& row_kernels();
template const RowKernels<double>& row_kernels();

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff
