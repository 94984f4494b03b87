// SPDX-License-Identifier: MIT
// Element-wise operations by the code of their rule. How they are computed and differentiated: formula.cpp.
#include "autodiff/ops/arithmetic.hpp"

#include "autodiff/ops/formula.hpp"
#include "autodiff/ops/linear.hpp"

namespace autodiff {
inline namespace v1 {

namespace {

/// The formula of a rule that must be in the list whose codes begin at First.
template <std::size_t First, class List>
const Formula& formula_in(Operation rule) {
    if (static_cast<std::size_t>(rule) - First >= List::size) internal::throw_not_a_rule(rule, First, First + List::size - 1);
    return Formula::of(rule);
}

}  // namespace

template <class T>
Tensor<T> apply_unary(Operation rule, const Tensor<T>& x) {
    return formula_in<1, rules::Unary>(rule)(x);
}
template <class T>
Tensor<T> apply_binary(Operation rule, const Tensor<T>& a, const Tensor<T>& b) {
    return formula_in<1 + rules::Unary::size, rules::Binary>(rule)(a, b);
}
template <class T>
Tensor<T> apply_ternary(Operation rule, const Tensor<T>& a, const Tensor<T>& b, const Tensor<T>& c) {
    return formula_in<1 + rules::Unary::size + rules::Binary::size, rules::Ternary>(rule)(a, b, c);
}

template <class T>
void add_tangent(AnyTensor& sum, Tensor<T> part) {
    if (const auto* so_far = std::get_if<Tensor<T>>(&sum))
        sum = *so_far + part;
    else
        sum = std::move(part);
}

template Tensor<float> apply_unary(Operation, const Tensor<float>&);
template Tensor<double> apply_unary(Operation, const Tensor<double>&);
template Tensor<float> apply_binary(Operation, const Tensor<float>&, const Tensor<float>&);
template Tensor<double> apply_binary(Operation, const Tensor<double>&, const Tensor<double>&);
template Tensor<float> apply_ternary(Operation, const Tensor<float>&, const Tensor<float>&, const Tensor<float>&);
template Tensor<double> apply_ternary(Operation, const Tensor<double>&, const Tensor<double>&, const Tensor<double>&);
template void add_tangent(AnyTensor&, Tensor<float>);
template void add_tangent(AnyTensor&, Tensor<double>);

}  // namespace v1
}  // namespace autodiff
