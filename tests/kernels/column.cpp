// SPDX-License-Identifier: MIT
// A partial in lanes is the rule's formula on `Column`, a number type each of whose operations is one kernel of the library.
#include "tests/kernels/column.hpp"

#include <concepts>
#include <utility>

namespace autodiff {
inline namespace v1 {

/// Numbers, one for each point, or a constant for all. Here, because here are the functions that rules call.
template <class T>
struct Column {
    using value_type = T;
    /// What a comparison gives: 1 and 0.
    struct Mask;

    std::vector<T> numbers;
    bool is_constant = false;
    kernels::InstructionSet set = kernels::InstructionSet::baseline;

    Column(T c) : numbers{c}, is_constant(true) {}
    template <std::integral I>
    Column(I c) : Column(static_cast<T>(c)) {}
    Column(std::vector<T> x, kernels::InstructionSet s) : numbers(std::move(x)), set(s) {}

    friend Column operator+(const Column& a, const Column& b) { return apply(rules::Add{}, a, b); }
    friend Column operator-(const Column& a, const Column& b) { return apply(rules::Sub{}, a, b); }
    friend Column operator*(const Column& a, const Column& b) { return apply(rules::Mul{}, a, b); }
    friend Column operator/(const Column& a, const Column& b) { return apply(rules::Div{}, a, b); }
    friend Column operator-(const Column& a) { return apply(rules::Neg{}, a); }
    friend Mask operator<(const Column& a, const Column& b) { return {apply(rules::Less{}, a, b)}; }
    friend Mask operator>(const Column& a, const Column& b) { return {apply(rules::Less{}, b, a)}; }
    friend Mask operator<=(const Column& a, const Column& b) { return {apply(rules::LessEqual{}, a, b)}; }
    friend Mask operator>=(const Column& a, const Column& b) { return {apply(rules::LessEqual{}, b, a)}; }
    friend Mask operator==(const Column& a, const Column& b) { return {apply(rules::Equal{}, a, b)}; }
    friend Mask operator!=(const Column& a, const Column& b) { return {apply(rules::NotEqual{}, a, b)}; }
    friend Column select(const Mask& condition, const Column& a, const Column& b) { return apply(rules::Where{}, condition.column, a, b); }
};
template <class T>
struct Column<T>::Mask {
    Column column;
};
template <class T>
inline constexpr bool is_lifted<Column<T>> = true;

/// R's value at every point, by its kernel.
template <class R, class T, std::same_as<Column<T>>... X>
Column<T> apply(R, const Column<T>& x, const X&... more) {
    const std::array<const Column<T>*, 1 + sizeof...(X)> operands{&x, &more...};
    const auto varying = std::find_if(operands.begin(), operands.end(), [](const Column<T>* each) { return !each->is_constant; });
    const Column<T>& shape = varying == operands.end() ? x : **varying;
    const std::size_t count = shape.numbers.size();
    lanes::Block<T> block(shape.set, operands.size(), count);
    for (std::size_t k = 0; k < operands.size(); ++k)
        for (std::size_t i = 0; i < count; ++i) block.operand(k)[i] = operands[k]->numbers[operands[k]->is_constant ? 0 : i];
    const T* y = block.evaluate(code_of<R>);
    Column<T> result(std::vector<T>(y, y + count), shape.set);
    result.is_constant = shape.is_constant;
    return result;
}

}  // namespace v1
}  // namespace autodiff

namespace lanes {

using autodiff::Column;

namespace {

/// f(R{}, operands...) for the rule with this code, operands of type X made of the points x by `operand(k)`.
template <class F, class Operand>
auto with_operands(Operation code, const F& f, const Operand& operand) {
    return visit(code, [&]<class R>(R rule) {
        if constexpr (autodiff::rules::UnaryRule<R>)
            return f(rule, operand(0));
        else if constexpr (autodiff::rules::BinaryRule<R>)
            return f(rule, operand(0), operand(1));
        else
            return f(rule, operand(0), operand(1), operand(2));
    });
}
/// y (which = 0) or the partial of operand which - 1, for y = R(x...).
template <class R, class Y, class... X>
Y value_or_partial(std::size_t which, const Y& y, const X&... x) {
    if (which == 0) return y;
    if constexpr (autodiff::rules::UnaryRule<R>) {
        return R::partial(x..., y);
    } else {
        if (which == 1) return R::partial_a(x..., y);
        if constexpr (autodiff::rules::TernaryRule<R>)
            if (which == 3) return R::partial_c(x..., y);
        return R::partial_b(x..., y);
    }
}

}  // namespace

template <class T>
std::vector<T> on_rule(InstructionSet set, Operation code, std::size_t which, const Points<T>& x) {
    return with_operands(
        code,
        [&]<class R>(R rule, const auto&... operands) {
            Column<T> result = value_or_partial<R>(which, apply(rule, operands...), operands...);
            result.numbers.resize(x[0].size(), result.numbers[0]);  // a constant partial
            return std::move(result.numbers);
        },
        [&](std::size_t k) { return Column<T>(x[k], set); });
}
template <class T, class Result>
std::vector<Result> by_scalars(Operation code, std::size_t which, const Points<T>& x) {
    std::vector<Result> y(x[0].size());
    for (std::size_t i = 0; i < y.size(); ++i)
        y[i] = with_operands(
            code, [&]<class R>(R, const auto&... at) { return value_or_partial<R>(which, R::value(at...), at...); },
            [&](std::size_t k) { return static_cast<Result>(x[k][i]); });
    return y;
}

template std::vector<float> on_rule(InstructionSet, Operation, std::size_t, const Points<float>&);
template std::vector<double> on_rule(InstructionSet, Operation, std::size_t, const Points<double>&);
template std::vector<float> by_scalars(Operation, std::size_t, const Points<float>&);
template std::vector<double> by_scalars(Operation, std::size_t, const Points<double>&);
template std::vector<long double> by_scalars(Operation, std::size_t, const Points<float>&);
template std::vector<long double> by_scalars(Operation, std::size_t, const Points<double>&);

}  // namespace lanes
