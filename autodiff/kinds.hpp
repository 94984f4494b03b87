// SPDX-License-Identifier: MIT
/// What functions that are differentiated take and give: numbers, Scalars, tensors, containers of numbers, plain structs. Here each is
/// taken apart into values, and put together again from values; what happens to the values in between is recording.hpp.
#pragma once

#include "autodiff/recording.hpp"
#include "autodiff/structure.hpp"

#include <array>
#include <concepts>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace autodiff {
inline namespace v1 {
namespace internal {

template <class X>
inline constexpr bool is_number_container = false;
template <Arithmetic N, class A>
inline constexpr bool is_number_container<std::vector<N, A>> = true;
template <Arithmetic N, std::size_t n>
inline constexpr bool is_number_container<std::array<N, n>> = true;

template <class X>
inline constexpr bool is_scalar_container = false;
template <class A>
inline constexpr bool is_scalar_container<std::vector<Scalar, A>> = true;
template <std::size_t n>
inline constexpr bool is_scalar_container<std::array<Scalar, n>> = true;

template <class X>
inline constexpr bool is_tuple = false;
template <class... X>
inline constexpr bool is_tuple<std::tuple<X...>> = true;
template <class A, class B>
inline constexpr bool is_tuple<std::pair<A, B>> = true;

/// Without a place on any tape: derivatives with respect to them are plain, too.
template <class X>
concept PlainNumbers = Arithmetic<X> || is_number_container<X>;

}  // namespace internal

/// A number, a Scalar, a tensor, a vector or array of numbers, or a plain struct: what a function can be differentiated by.
template <class X>
concept Argument = internal::PlainNumbers<X> || AScalar<X> || ADifferentiableTensor<X> || Structure<X>;

namespace internal {

// The same container with other elements.
template <class X, class N>
struct Rebind;
template <class M, class A, class N>
struct Rebind<std::vector<M, A>, N> {
    using type = std::vector<N>;
};
template <class M, std::size_t n, class N>
struct Rebind<std::array<M, n>, N> {
    using type = std::array<N, n>;
};

/// What a derivative with respect to an X looks like: of the same kind, its numbers doubles.
template <class X>
struct KindOf {
    using type = X;
};
template <Arithmetic X>
struct KindOf<X> {
    using type = double;
};
template <class X>
    requires is_number_container<X>
struct KindOf<X> : Rebind<X, double> {};
template <class X>
using Kind = typename KindOf<std::remove_cvref_t<X>>::type;

/// What f receives for an X: Scalars for numbers.
template <class X>
struct ReceivedOf {
    using type = X;
};
template <Arithmetic X>
struct ReceivedOf<X> {
    using type = Scalar;
};
template <class X>
    requires is_number_container<X>
struct ReceivedOf<X> : Rebind<X, Scalar> {};
template <class X>
using Received = typename ReceivedOf<std::remove_cvref_t<X>>::type;

/// A function of arguments like these.
template <class F, class... X>
concept FunctionOf = sizeof...(X) > 0 && (Argument<X> && ...) && std::invocable<F, const Received<X>&...>;

/// What a result looks like as plain numbers: Scalars become doubles.
template <class Y>
struct PlainOf {
    using type = Y;
};
template <>
struct PlainOf<Scalar> {
    using type = double;
};
template <class Y>
    requires is_scalar_container<Y>
struct PlainOf<Y> : Rebind<Y, double> {};
template <class... Y>
struct PlainOf<std::tuple<Y...>> {
    using type = std::tuple<typename PlainOf<Y>::type...>;
};
template <class A, class B>
struct PlainOf<std::pair<A, B>> {
    using type = std::pair<typename PlainOf<A>::type, typename PlainOf<B>::type>;
};
template <class... X>
inline constexpr bool all_plain = (PlainNumbers<X> && ...);
/// A function of plain numbers has plain results; those of other functions stay what they are.
template <class Y, bool plain>
using ResultKind = std::conditional_t<plain, typename PlainOf<std::remove_cvref_t<Y>>::type, std::remove_cvref_t<Y>>;

template <class N>
auto container_like(const auto& pattern) {
    typename Rebind<std::remove_cvref_t<decltype(pattern)>, N>::type result{};
    if constexpr (requires { result.resize(pattern.size()); }) result.resize(pattern.size());
    return result;
}

/// x as what f receives: f(number or Scalar) for each number, f(tensor) for each tensor, with its name if it has one.
template <Argument X, class F>
auto lifted(const X& x, F&& f) {
    if constexpr (Arithmetic<X>) {
        return f(Scalar(x), std::string_view());
    } else if constexpr (AScalar<X> || ATensor<X>) {
        return f(x, std::string_view());
    } else if constexpr (is_number_container<X>) {
        auto result = container_like<Scalar>(x);
        for (std::size_t i = 0; i < x.size(); ++i) result[i] = f(Scalar(x[i]), std::string_view());
        return result;
    } else {
        X result = x;
        for_each_parameter(result, [&f](std::string_view name, auto& p) { p = f(std::as_const(p), name); });
        return result;
    }
}

/// Appends the values of which x consists, in order.
template <class X>
void take_apart(const X& x, Values& to) {
    if constexpr (Arithmetic<X>) {
        to.emplace_back(Scalar(x));
    } else if constexpr (AScalar<X> || ADifferentiableTensor<X>) {
        to.emplace_back(x);
    } else if constexpr (is_number_container<X>) {
        for (const auto& each : x) to.emplace_back(Scalar(each));
    } else if constexpr (Structure<X>) {
        for_each_parameter(x, [&to](std::string_view, const auto& p) { to.emplace_back(p); });
    } else {
        static_assert(Structure<X>, "expected a number, a Scalar, a floating tensor, a container of numbers or a struct of them");
    }
}
/// The same for results, where a tuple is several of them.
template <class Y>
void take_results_apart(const Y& y, Values& to) {
    if constexpr (is_tuple<Y>)
        std::apply([&to](const auto&... each) { (take_results_apart(each, to), ...); }, y);
    else
        take_apart(y, to);
}

/// An Out like `pattern`, of the values from `next` on.
template <class Out, class Pattern>
Out put_together(const Pattern& pattern, const Value*& next) {
    if constexpr (Arithmetic<Out>) {
        return as_scalar(*next++).value();
    } else if constexpr (AScalar<Out>) {
        return as_scalar(*next++);
    } else if constexpr (ATensor<Out>) {
        return as_tensor<typename Out::value_type>(*next++);
    } else if constexpr (is_number_container<Out>) {
        Out result = container_like<typename Out::value_type>(pattern);
        for (auto& each : result) each = as_scalar(*next++).value();
        return result;
    } else {
        Out result = pattern;
        for_each_parameter(result, [&next]<class P>(std::string_view, P& p) { p = put_together<P>(p, next); });
        return result;
    }
}
template <class Out, class Pattern>
Out put_results_together(const Pattern& pattern, const Value*& next) {
    if constexpr (is_tuple<Out>) {
        return [&]<std::size_t... I>(std::index_sequence<I...>) {
            return Out{put_results_together<std::tuple_element_t<I, Out>>(std::get<I>(pattern), next)...};  // braces keep the order
        }(std::make_index_sequence<std::tuple_size_v<Out>>{});
    } else {
        return put_together<Out>(pattern, next);
    }
}

/// One kind for one argument, a tuple of kinds for several.
template <class... X>
auto put_arguments_together(const Values& values, const X&... x) {
    const Value* next = values.data();
    if constexpr (sizeof...(X) == 1)
        return (put_together<Kind<X>>(x, next), ...);
    else
        return std::tuple<Kind<X>...>{put_together<Kind<X>>(x, next)...};
}

/// The values of seeds that belong to x. throws ShapeError unless there are as many as x has
template <class X, class V>
void take_seeds_apart(const Recording& recording, std::string_view what, const X& x, const V& v, Values& to) {
    static_assert(!PlainNumbers<X> || PlainNumbers<V>, "a plain number takes a plain tangent; give the point as a Scalar, too");
    if constexpr (requires { x.size(), v.size(); } && !ATensor<X>) recording.check_extent(what, x.size(), v.size());
    Values own;
    take_apart(x, own);
    const std::size_t before = to.size();
    take_apart(v, to);
    recording.check_count(what, own.size(), to.size() - before);
}

/// The live tape on which derivatives with respect to x are recorded, because a function runs that is being differentiated itself, or
/// because x is recorded on it; null if they are plain. throws TapeError if x is recorded on an older tape
template <class... X>
Tape* tape_of_arguments(std::string_view operation, const X&... x) {
    if constexpr ((PlainNumbers<X> && ...)) {
        return nullptr;
    } else {
        if (current == &no_tape) return nullptr;
        Values values;
        (take_apart(x, values), ...);
        return recording_tape(operation, values);
    }
}

/// run(tape), or nothing if the function asked for what only a tape that keeps operations can answer: an inner derivative.
template <class Run>
auto attempt(Tape& tape, Run& run) -> std::optional<decltype(run(tape))> {
    try {
        auto answer = run(tape);
        if (!tape.missed_operations()) return answer;
    } catch (...) {
        if (!tape.missed_operations()) throw;
    }
    return std::nullopt;
}
/// run(tape) on a tape of its own: a fast one first, if that is enough.
template <class Run>
auto on_own_tape(Detail detail, Run run) {
    if (detail == Detail::derivatives) {
        Tape fast(Detail::derivatives, {}, HeldBy::function);
        if (auto answer = attempt(fast, run)) return *std::move(answer);
    }
    Tape tape(Detail::operations, {}, HeldBy::function);
    return run(tape);
}

}  // namespace internal
}  // namespace v1
}  // namespace autodiff
