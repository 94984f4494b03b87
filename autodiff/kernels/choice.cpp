// SPDX-License-Identifier: MIT
// Which kernels a machine uses: those for its best instruction set.
#include "autodiff/kernels/conv_lanes.hpp"
#include "autodiff/kernels/pool_lanes.hpp"
#include "autodiff/kernels/products.hpp"
#include "autodiff/kernels/rows.hpp"

namespace autodiff {
inline namespace v1 {
namespace kernels {

template <class T>
const ConvKernels<T>& conv_kernels() {
    return kernels_in_use<ConvKernels<T>>();
}
template <class T>
const PoolKernels<T>& pool_kernels() {
    return kernels_in_use<PoolKernels<T>>();
}
template <class T>
const ProductKernels<T>& product_kernels() {
    return kernels_in_use<ProductKernels<T>>();
}
template <class T>
const RowKernels<T>& row_kernels() {
    return kernels_in_use<RowKernels<T>>();
}

#define WENGERT_INSTANTIATE(T)                                                                                                             \
    template const ConvKernels<T>& conv_kernels();                                                                                         \
    template const PoolKernels<T>& pool_kernels();                                                                                         \
    template const ProductKernels<T>& product_kernels();                                                                                   \
    template const RowKernels<T>& row_kernels();
WENGERT_INSTANTIATE(float)
WENGERT_INSTANTIATE(double)
#undef WENGERT_INSTANTIATE

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff
