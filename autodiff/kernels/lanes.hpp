// SPDX-License-Identifier: MIT
/// Elementary functions of packs, by the names under which rules call them: so every rule of rules::All takes packs.
#pragma once

#include "autodiff/kernels/lanes/each_lane.hpp"
#include "autodiff/kernels/lanes/pack.hpp"
#include "autodiff/rules/binary.hpp"
#include "autodiff/rules/ternary.hpp"
#include "autodiff/rules/unary.hpp"

namespace autodiff {
inline namespace v1 {
namespace kernels {

template <class T, class Arch>
Pack<T, Arch> floor(const Pack<T, Arch>& x) {
    return each_lane<rules::Floor>(x);
}
template <class T, class Arch>
Pack<T, Arch> cbrt(const Pack<T, Arch>& x) {
    return each_lane<rules::Cbrt>(x);
}
template <class T, class Arch>
Pack<T, Arch> exp(const Pack<T, Arch>& x) {
    return each_lane<rules::Exp>(x);
}
template <class T, class Arch>
Pack<T, Arch> exp2(const Pack<T, Arch>& x) {
    return each_lane<rules::Exp2>(x);
}
template <class T, class Arch>
Pack<T, Arch> expm1(const Pack<T, Arch>& x) {
    return each_lane<rules::Expm1>(x);
}
template <class T, class Arch>
Pack<T, Arch> log(const Pack<T, Arch>& x) {
    return each_lane<rules::Log>(x);
}
template <class T, class Arch>
Pack<T, Arch> log2(const Pack<T, Arch>& x) {
    return each_lane<rules::Log2>(x);
}
template <class T, class Arch>
Pack<T, Arch> log10(const Pack<T, Arch>& x) {
    return each_lane<rules::Log10>(x);
}
template <class T, class Arch>
Pack<T, Arch> log1p(const Pack<T, Arch>& x) {
    return each_lane<rules::Log1p>(x);
}
template <class T, class Arch>
Pack<T, Arch> sin(const Pack<T, Arch>& x) {
    return each_lane<rules::Sin>(x);
}
template <class T, class Arch>
Pack<T, Arch> cos(const Pack<T, Arch>& x) {
    return each_lane<rules::Cos>(x);
}
template <class T, class Arch>
Pack<T, Arch> tan(const Pack<T, Arch>& x) {
    return each_lane<rules::Tan>(x);
}
template <class T, class Arch>
Pack<T, Arch> asin(const Pack<T, Arch>& x) {
    return each_lane<rules::Asin>(x);
}
template <class T, class Arch>
Pack<T, Arch> acos(const Pack<T, Arch>& x) {
    return each_lane<rules::Acos>(x);
}
template <class T, class Arch>
Pack<T, Arch> atan(const Pack<T, Arch>& x) {
    return each_lane<rules::Atan>(x);
}
template <class T, class Arch>
Pack<T, Arch> sinh(const Pack<T, Arch>& x) {
    return each_lane<rules::Sinh>(x);
}
template <class T, class Arch>
Pack<T, Arch> cosh(const Pack<T, Arch>& x) {
    return each_lane<rules::Cosh>(x);
}
template <class T, class Arch>
Pack<T, Arch> tanh(const Pack<T, Arch>& x) {
    return each_lane<rules::Tanh>(x);
}
template <class T, class Arch>
Pack<T, Arch> asinh(const Pack<T, Arch>& x) {
    return each_lane<rules::Asinh>(x);
}
template <class T, class Arch>
Pack<T, Arch> acosh(const Pack<T, Arch>& x) {
    return each_lane<rules::Acosh>(x);
}
template <class T, class Arch>
Pack<T, Arch> atanh(const Pack<T, Arch>& x) {
    return each_lane<rules::Atanh>(x);
}
template <class T, class Arch>
Pack<T, Arch> erf(const Pack<T, Arch>& x) {
    return each_lane<rules::Erf>(x);
}
template <class T, class Arch>
Pack<T, Arch> erfc(const Pack<T, Arch>& x) {
    return each_lane<rules::Erfc>(x);
}
template <class T, class Arch>
Pack<T, Arch> lgamma(const Pack<T, Arch>& x) {
    return each_lane<rules::Lgamma>(x);
}
template <class T, class Arch>
Pack<T, Arch> digamma(const Pack<T, Arch>& x) {
    return each_lane<rules::Digamma>(x);
}
template <class T, class Arch>
Pack<T, Arch> pow(const Pack<T, Arch>& a, const Pack<T, Arch>& b) {
    return each_lane<rules::Pow>(a, b);
}
template <class T, class Arch>
Pack<T, Arch> hypot(const Pack<T, Arch>& a, const Pack<T, Arch>& b) {
    return each_lane<rules::Hypot>(a, b);
}
template <class T, class Arch>
Pack<T, Arch> atan2(const Pack<T, Arch>& a, const Pack<T, Arch>& b) {
    return each_lane<rules::Atan2>(a, b);
}
template <class T, class Arch>
Pack<T, Arch> polygamma(const Pack<T, Arch>& a, const Pack<T, Arch>& b) {
    return each_lane<rules::Polygamma>(a, b);
}
template <class T, class Arch>
Pack<T, Arch> fma(const Pack<T, Arch>& a, const Pack<T, Arch>& b, const Pack<T, Arch>& c) {
    return each_lane<rules::Fma>(a, b, c);
}

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff
