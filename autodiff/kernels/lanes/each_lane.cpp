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

template void value_of_each<rules::Floor>(float*, std::size_t, const float* const*);
template void value_of_each<rules::Floor>(double*, std::size_t, const double* const*);
template void value_of_each<rules::Cbrt>(float*, std::size_t, const float* const*);
template void value_of_each<rules::Cbrt>(double*, std::size_t, const double* const*);
template void value_of_each<rules::Exp>(float*, std::size_t, const float* const*);
template void value_of_each<rules::Exp>(double*, std::size_t, const double* const*);
template void value_of_each<rules::Exp2>(float*, std::size_t, const float* const*);
template void value_of_each<rules::Exp2>(double*, std::size_t, const double* const*);
template void value_of_each<rules::Expm1>(float*, std::size_t, const float* const*);
template void value_of_each<rules::Expm1>(double*, std::size_t, const double* const*);
template void value_of_each<rules::Log>(float*, std::size_t, const float* const*);
template void value_of_each<rules::Log>(double*, std::size_t, const double* const*);
template void value_of_each<rules::Log2>(float*, std::size_t, const float* const*);
template void value_of_each<rules::Log2>(double*, std::size_t, const double* const*);
template void value_of_each<rules::Log10>(float*, std::size_t, const float* const*);
template void value_of_each<rules::Log10>(double*, std::size_t, const double* const*);
template void value_of_each<rules::Log1p>(float*, std::size_t, const float* const*);
template void value_of_each<rules::Log1p>(double*, std::size_t, const double* const*);
template void value_of_each<rules::Sin>(float*, std::size_t, const float* const*);
template void value_of_each<rules::Sin>(double*, std::size_t, const double* const*);
template void value_of_each<rules::Cos>(float*, std::size_t, const float* const*);
template void value_of_each<rules::Cos>(double*, std::size_t, const double* const*);
template void value_of_each<rules::Tan>(float*, std::size_t, const float* const*);
template void value_of_each<rules::Tan>(double*, std::size_t, const double* const*);
template void value_of_each<rules::Asin>(float*, std::size_t, const float* const*);
template void value_of_each<rules::Asin>(double*, std::size_t, const double* const*);
template void value_of_each<rules::Acos>(float*, std::size_t, const float* const*);
template void value_of_each<rules::Acos>(double*, std::size_t, const double* const*);
template void value_of_each<rules::Atan>(float*, std::size_t, const float* const*);
template void value_of_each<rules::Atan>(double*, std::size_t, const double* const*);
template void value_of_each<rules::Sinh>(float*, std::size_t, const float* const*);
template void value_of_each<rules::Sinh>(double*, std::size_t, const double* const*);
template void value_of_each<rules::Cosh>(float*, std::size_t, const float* const*);
template void value_of_each<rules::Cosh>(double*, std::size_t, const double* const*);
template void value_of_each<rules::Tanh>(float*, std::size_t, const float* const*);
template void value_of_each<rules::Tanh>(double*, std::size_t, const double* const*);
template void value_of_each<rules::Asinh>(float*, std::size_t, const float* const*);
template void value_of_each<rules::Asinh>(double*, std::size_t, const double* const*);
template void value_of_each<rules::Acosh>(float*, std::size_t, const float* const*);
template void value_of_each<rules::Acosh>(double*, std::size_t, const double* const*);
template void value_of_each<rules::Atanh>(float*, std::size_t, const float* const*);
template void value_of_each<rules::Atanh>(double*, std::size_t, const double* const*);
template void value_of_each<rules::Erf>(float*, std::size_t, const float* const*);
template void value_of_each<rules::Erf>(double*, std::size_t, const double* const*);
template void value_of_each<rules::Erfc>(float*, std::size_t, const float* const*);
template void value_of_each<rules::Erfc>(double*, std::size_t, const double* const*);
template void value_of_each<rules::Lgamma>(float*, std::size_t, const float* const*);
template void value_of_each<rules::Lgamma>(double*, std::size_t, const double* const*);
template void value_of_each<rules::Digamma>(float*, std::size_t, const float* const*);
template void value_of_each<rules::Digamma>(double*, std::size_t, const double* const*);
template void value_of_each<rules::Pow>(float*, std::size_t, const float* const*);
template void value_of_each<rules::Pow>(double*, std::size_t, const double* const*);
template void value_of_each<rules::Hypot>(float*, std::size_t, const float* const*);
template void value_of_each<rules::Hypot>(double*, std::size_t, const double* const*);
template void value_of_each<rules::Atan2>(float*, std::size_t, const float* const*);
template void value_of_each<rules::Atan2>(double*, std::size_t, const double* const*);
template void value_of_each<rules::Polygamma>(float*, std::size_t, const float* const*);
template void value_of_each<rules::Polygamma>(double*, std::size_t, const double* const*);
template void value_of_each<rules::Fma>(float*, std::size_t, const float* const*);
template void value_of_each<rules::Fma>(double*, std::size_t, const double* const*);

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff
