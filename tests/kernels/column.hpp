// SPDX-License-Identifier: MIT
/// Every rule in lanes as a function of arrays, by the kernels that the library has compiled for each instruction set; so tests need
/// compile no rule again. A partial is the rule's formula on `Column`, a number type each of whose operations is one such kernel.
#pragma once

#include "autodiff/program/steps.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <new>
#include <vector>

namespace lanes {

using autodiff::Operation;
using autodiff::kernels::InstructionSet;

/// Those that this CPU runs, best last.
inline std::vector<InstructionSet> sets() {
    std::vector<InstructionSet> result;
    for (const InstructionSet set : {InstructionSet::baseline, InstructionSet::avx2, InstructionSet::avx512})
        if (available(set)) result.push_back(set);
    return result;
}
/// f.operator()<S>() for the set S.
template <class F>
auto with_set(InstructionSet set, const F& f) {
#if defined(WENGERT_AVX2)
    if (set == InstructionSet::avx2) return f.template operator()<InstructionSet::avx2>();
#endif
#if defined(WENGERT_AVX512)
    if (set == InstructionSet::avx512) return f.template operator()<InstructionSet::avx512>();
#endif
    static_cast<void>(set);
    return f.template operator()<InstructionSet::baseline>();
}

template <class T>
const autodiff::program::LaneKernels<T>& kernels_of(InstructionSet set) {
    static const auto tables = [] {
        std::array<autodiff::program::LaneKernels<T>, 3> all{};
        for (const InstructionSet each : sets())
            with_set(each, [&]<InstructionSet S> { autodiff::program::fill<S>(all[static_cast<std::size_t>(each)]); });
        return all;
    }();
    return tables[static_cast<std::size_t>(set)];
}

/// Numbers that lie as kernels want them: aligned, and as many as fill whole vectors, the last ones being 1.
template <class T>
class Block {
  public:
    Block(InstructionSet set, std::size_t operands, std::size_t count)
        : kernels_(kernels_of<T>(set)),
          count_(count),
          stride_((count + kernels_.size - 1) / kernels_.size * kernels_.size),
          memory_(static_cast<T*>(operator new(sizeof(T) * stride_ * (operands + 1), std::align_val_t(64)))) {
        std::fill_n(memory_.get(), stride_ * (operands + 1), T(1));
    }
    T* operand(std::size_t k) { return memory_.get() + k * stride_; }
    /// R(operand 0, ...), which takes the place behind the operands.
    const T* evaluate(Operation code) {
        const auto operands = static_cast<std::uint32_t>(arity(code));
        std::array<autodiff::program::Place<T>, 4> places;
        for (std::uint32_t k = 0; k <= operands; ++k) places[k] = {operand(k), kernels_.size};
        const autodiff::program::Frame<T> frame{places.data(), nullptr, 0, static_cast<int>(stride_ / kernels_.size),
                                                static_cast<autodiff::Index>(count_)};
        const auto kernel = kernels_.of_rule[static_cast<std::size_t>(code)];
        kernel({kernel, operands, 0, operands > 1 ? 1u : 0u, operands > 2 ? 2u : 0u}, frame);
        return operand(operands);
    }

  private:
    struct Free {
        void operator()(T* p) const { operator delete(p, std::align_val_t(64)); }
    };
    const autodiff::program::LaneKernels<T>& kernels_;
    std::size_t count_, stride_;
    std::unique_ptr<T, Free> memory_;
};

}  // namespace lanes

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

/// Points of one rule, operand by operand.
template <class T>
using Points = std::vector<std::vector<T>>;

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

/// The value (which = 0) or the partial of operand which - 1, of the rule with this code, in lanes of the set.
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
/// The same by the scalar rule.
template <class T, class Result = T>
std::vector<Result> by_scalars(Operation code, std::size_t which, const Points<T>& x) {
    std::vector<Result> y(x[0].size());
    for (std::size_t i = 0; i < y.size(); ++i)
        y[i] = with_operands(
            code, [&]<class R>(R, const auto&... at) { return value_or_partial<R>(which, R::value(at...), at...); },
            [&](std::size_t k) { return static_cast<Result>(x[k][i]); });
    return y;
}

}  // namespace lanes
