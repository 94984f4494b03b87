// SPDX-License-Identifier: MIT
// The loops over lanes, compiled for the baseline.
#include "autodiff/kernels/lanes/each_lane.hpp"

#include "autodiff/rules/list.hpp"

namespace autodiff {
inline namespace v1 {
namespace kernels {

template <class R, class T>
void value_of_each(T* y, std::size_t count, const T* const* x) {
    for (std::size_t i = 0; i < count; ++i)
        if constexpr (rules::UnaryRule<R>)
            y[i] = R::value(x[0][i]);
        else if constexpr (rules::BinaryRule<R>)
            y[i] = R::value(x[0][i], x[1][i]);
        else
            y[i] = R::value(x[0][i], x[1][i], x[2][i]);
}

template void value_of_each<rules::Sin>(double*, std::size_t, const double* const*);
template void value_of_each<rules::Cos>(double*, std::size_t, const double* const*);
template void value_of_each<rules::Tan>(double*, std::size_t, const double* const*);
template void value_of_each<rules::Lgamma>(float*, std::size_t, const float* const*);
template void value_of_each<rules::Lgamma>(double*, std::size_t, const double* const*);
template void value_of_each<rules::Digamma>(float*, std::size_t, const float* const*);
template void value_of_each<rules::Digamma>(double*, std::size_t, const double* const*);
template void value_of_each<rules::Polygamma>(float*, std::size_t, const float* const*);
template void value_of_each<rules::Polygamma>(double*, std::size_t, const double* const*);
template void value_of_each<rules::Fma>(float*, std::size_t, const float* const*);
template void value_of_each<rules::Fma>(double*, std::size_t, const double* const*);

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff
