// SPDX-License-Identifier: MIT
/// The list of all rules, and what is generated from it: the numbering of operations, their names, the one dispatch from a number to
/// its rule. A new rule is a struct beside its kin and one entry below.
#pragma once

#include "autodiff/rules/binary.hpp"
#include "autodiff/rules/choice.hpp"
#include "autodiff/rules/ternary.hpp"
#include "autodiff/rules/unary.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace autodiff {
inline namespace v1 {
namespace rules {

template <class... R>
struct List {
    static constexpr std::size_t size = sizeof...(R);
};

using Unary = List<Neg, Square, Reciprocal, Sqrt, Cbrt, Rsqrt, Exp, Exp2, Expm1, Log, Log2, Log10, Log1p, Sin, Cos, Tan, Asin, Acos, Atan,
                   Sinh, Cosh, Tanh, Asinh, Acosh, Atanh, Sigmoid, Softplus, Relu, Abs, Sign, Floor, Erf, Erfc, Lgamma, Digamma>;
using Binary =
    List<Add, Sub, Mul, Div, Pow, Maximum, Minimum, Hypot, Atan2, Polygamma, Less, LessEqual, Equal, NotEqual, Through, ChainProduct>;
using Ternary = List<Fma, Where, ChainSum>;

template <class... A, class... B, class... C>
List<A..., B..., C...> join(List<A...>, List<B...>, List<C...>);
/// Every rule, in the order of its code.
using All = decltype(join(Unary{}, Binary{}, Ternary{}));

template <class R>
concept UnaryRule = requires(double x) {
    { R::value(x) } -> std::same_as<double>;
    { R::partial(x, x) } -> std::same_as<double>;
    { R::derivative } -> std::convertible_to<std::string_view>;
    { R::domain } -> std::convertible_to<Interval>;
};
template <class R>
concept BinaryRule = requires(double x) {
    { R::value(x, x) } -> std::same_as<double>;
    { R::partial_a(x, x, x) } -> std::same_as<double>;
    { R::partial_b(x, x, x) } -> std::same_as<double>;
    { R::derivative_b } -> std::convertible_to<std::string_view>;
    { R::domain_b } -> std::convertible_to<Interval>;
};
template <class R>
concept TernaryRule = requires(double x) {
    { R::value(x, x, x) } -> std::same_as<double>;
    { R::partial_a(x, x, x, x) } -> std::same_as<double>;
    { R::partial_b(x, x, x, x) } -> std::same_as<double>;
    { R::partial_c(x, x, x, x) } -> std::same_as<double>;
    { R::derivative_c } -> std::convertible_to<std::string_view>;
    { R::domain_c } -> std::convertible_to<Interval>;
};
static_assert([]<class... R>(List<R...>) { return (UnaryRule<R> && ...); }(Unary{}));
static_assert([]<class... R>(List<R...>) { return (BinaryRule<R> && ...); }(Binary{}));
static_assert([]<class... R>(List<R...>) { return (TernaryRule<R> && ...); }(Ternary{}));

/// Calls f(R{}) for every rule of a list, in order.
template <class L, class F>
constexpr void for_each(F&& f) {
    [&f]<class... R>(List<R...>) { (f(R{}), ...); }(L{});
}

}  // namespace rules

/// The code of an operation on a tape: 0 is a row without an operation, the rules follow in the order of `rules::All`.
enum class Operation : std::uint16_t { variable = 0 };

namespace internal {

template <class R, class... All>
constexpr std::size_t position_in(rules::List<All...>) {
    std::size_t position = 0;
    static_cast<void>(((std::same_as<R, All> ? false : (++position, true)) && ...));
    return position;
}
[[noreturn]] void throw_not_a_rule(Operation operation, std::size_t first, std::size_t last);
/// The one dispatch from codes to rules: a table of functions, one for each rule of a list whose codes begin at First.
template <std::size_t First, class F, class... R>
constexpr decltype(auto) dispatch(Operation operation, F& f, rules::List<R...>) {
    using Result = std::common_type_t<decltype(f(R{}))...>;
    constexpr std::array<Result (*)(F&), sizeof...(R)> calls{[](F& g) -> Result { return g(R{}); }...};
    const std::size_t position = static_cast<std::size_t>(operation) - First;  // wraps round below First
    if (position >= calls.size()) throw_not_a_rule(operation, First, First + sizeof...(R) - 1);
    return calls[position](f);
}

/// What a table says of each code, the variable's entry first.
struct Entry {
    std::string_view name;
    int arity;
    std::array<std::string_view, 3> derivative;
};
template <class R>
constexpr Entry entry_of() {
    if constexpr (rules::UnaryRule<R>)
        return {R::name, 1, {R::derivative, "", ""}};
    else if constexpr (rules::BinaryRule<R>)
        return {R::name, 2, {R::derivative_a, R::derivative_b, ""}};
    else
        return {R::name, 3, {R::derivative_a, R::derivative_b, R::derivative_c}};
}
inline constexpr auto entries = []<class... R>(rules::List<R...>) {
    return std::array<Entry, sizeof...(R) + 1>{Entry{"variable", 0, {}}, entry_of<R>()...};
}(rules::All{});
static_assert(
    [] {
        for (std::size_t i = 0; i < entries.size(); ++i)
            for (std::size_t j = 0; j < i; ++j)
                if (entries[i].name == entries[j].name) return false;
        return true;
    }(),
    "two rules have one name");

constexpr const Entry& entry(Operation operation) {
    const auto code = static_cast<std::size_t>(operation);
    if (code >= entries.size()) throw_not_a_rule(operation, 0, entries.size() - 1);
    return entries[code];
}

}  // namespace internal

/// The code of rule R.
template <class R>
inline constexpr Operation code_of = [] {
    constexpr std::size_t position = internal::position_in<R>(rules::All{});
    static_assert(position < rules::All::size, "this rule is missing in the lists of rules/list.hpp");
    return static_cast<Operation>(position + 1);
}();

/// `tanh` for the code of Tanh. throws ValueError for a number that is no code, as do the following
[[nodiscard]] constexpr std::string_view name(Operation operation) { return internal::entry(operation).name; }
/// How many operands the operation has; 0 for a variable.
[[nodiscard]] constexpr int arity(Operation operation) { return internal::entry(operation).arity; }
/// The text of the derivative with respect to one operand, in terms of x or a, b, c and y; empty where there is no such operand.
[[nodiscard]] constexpr std::string_view derivative(Operation operation, std::size_t operand = 0) {
    return operand < 3 ? internal::entry(operation).derivative[operand] : std::string_view{};
}

/// Calls f(R{}) with the rule that has this code. throws ValueError if no rule of the arity asked for has it
template <class F>
constexpr decltype(auto) visit(Operation operation, F&& f) {
    return internal::dispatch<1>(operation, f, rules::All{});
}
template <class F>
constexpr decltype(auto) visit_unary(Operation operation, F&& f) {
    return internal::dispatch<1>(operation, f, rules::Unary{});
}
template <class F>
constexpr decltype(auto) visit_binary(Operation operation, F&& f) {
    return internal::dispatch<1 + rules::Unary::size>(operation, f, rules::Binary{});
}
template <class F>
constexpr decltype(auto) visit_ternary(Operation operation, F&& f) {
    return internal::dispatch<1 + rules::Unary::size + rules::Binary::size>(operation, f, rules::Ternary{});
}

}  // namespace v1
}  // namespace autodiff
