// SPDX-License-Identifier: MIT
/// Elementary functions of packs, by the names under which rules call them: so every rule of rules::All takes packs.
///
/// Their special values (zeros with their signs, infinities, NaN, denormal arguments and results) are those of the rules on scalars;
/// other values differ in the last places, by no more than is said of each function and tested by tests/kernels/accuracy.hpp. Each lane gives
/// what it gives alone.
/// Loops over packs are fastest with [[gnu::flatten]]: the rules' functions are not inlined otherwise.
/// To be included only by sources that are compiled for one instruction set: instruction_set.hpp.
#pragma once

#include "autodiff/kernels/lanes/circular.hpp"
#include "autodiff/kernels/lanes/each_lane.hpp"
#include "autodiff/kernels/lanes/error_function.hpp"
#include "autodiff/kernels/lanes/exponential.hpp"
#include "autodiff/kernels/lanes/gamma.hpp"
#include "autodiff/kernels/lanes/hyperbolic.hpp"
#include "autodiff/kernels/lanes/inverse_circular.hpp"
#include "autodiff/kernels/lanes/logarithm.hpp"
#include "autodiff/kernels/lanes/pack.hpp"
#include "autodiff/kernels/lanes/power.hpp"
#include "autodiff/rules/ternary.hpp"

namespace autodiff {
inline namespace v1 {
namespace kernels {

/// a b + c, rounded once.
template <class T, class A>
[[nodiscard, gnu::always_inline]] inline Pack<T, A> fma(const Pack<T, A>& a, const Pack<T, A>& b, const Pack<T, A>& c) {
    if constexpr (is_fused<A>)
        return fused(a, b, c);
    else
        return each_lane<rules::Fma>(a, b, c);
}

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff
