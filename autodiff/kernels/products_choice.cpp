// SPDX-License-Identifier: MIT
#include "autodiff/kernels/products.hpp"

namespace autodiff {
inline namespace v1 {
namespace kernels {

template <class T>
const ProductKernels<T>& product_kernels() {
    static const ProductKernels<T> table = [] {
        ProductKernels<T> t;
        with_instruction_set([&t]<InstructionSet S>() { fill<S>(t); });
        return t;
    }();
    return table;
}
template const ProductKernels<float>& product_kernels();
template const ProductKernels<double>& product_kernels();

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff
