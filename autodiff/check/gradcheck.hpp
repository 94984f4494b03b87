// SPDX-License-Identifier: MIT
/// Is the gradient right? Values of f alone decide, by differences whose own error is known.
///
///     auto report = gradcheck([](const Mlp& m) { return loss(m); }, model);          // the tape's gradient
///     auto mine = gradcheck(f, my_gradient, W, {.names = {"W"}});                    // a gradient written by hand
///     if (!report) fmt::print("{}", report.text());
///
/// Directions first, then elements: central differences, and for whoever disagrees Ridders' method with its error estimate. Where f has
/// a kink, recorded branches tell, and the gradient is held against the slopes on both sides. The sweep itself is checked beside:
/// repeatable, linear, the transpose of forward mode. A check that could not have failed says that it is vacuous.
/// The parts: gradcheck_function.hpp (f without types), gradcheck_difference.hpp (slopes), branches.hpp (kinks), gradcheck_judge.hpp (one
/// element; gradcheck_confirm.cpp is its second witness), gradcheck.cpp (the order of things). For Boost.Test: testing.hpp.
#pragma once

#include "autodiff/check/gradcheck_function.hpp"
#include "autodiff/check/gradcheck_report.hpp"
#include "autodiff/gradient.hpp"

#include <complex>
#include <functional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace autodiff {
inline namespace v1 {

/// f, which may also be called with std::complex<double> in place of each number: for Method::complex, and a better judge for doubtful
/// elements. Whether that is so cannot be found out without compiling it, so the program says it.
template <class F>
struct TakesComplex {
    F f;
    template <class... X>
    requires std::invocable<const F&, const X&...>
    auto operator()(const X&... x) const { return f(x...); }
};
template <class F>
[[nodiscard]] TakesComplex<F> takes_complex(F f) {
    return {std::move(f)};
}

namespace internal {

[[nodiscard]] GradReport gradcheck(const GradcheckProblem& problem, const GradcheckOptions& options);
/// What argument `number` of `count` is called.
[[nodiscard]] std::string argument_name(const GradcheckOptions& options, std::size_t number, std::size_t count);

/// x with leaves from `next` on.
template <class X>
Received<X> received(const X& x, const Value*& next) {
    return lifted(x, [&next]<class V>(const V&, std::string_view) { return std::get<V>(*next++); });
}
template <class X>
void name_leaves(const X& x, const std::string& argument, bool alone, std::vector<std::string>& names) {
    std::size_t i = 0;
    static_cast<void>(lifted(x, [&]<class V>(const V& v, std::string_view member) {
        if constexpr (is_number_container<X>)
            names.push_back(argument + "[" + std::to_string(i++) + "]");
        else
            names.push_back(member.empty() ? argument : alone ? std::string(member) : argument + "." + std::string(member));
        return v;
    }));
}
template <class X>
auto complex_like(const X& x, const std::complex<double>*& next) {
    if constexpr (Arithmetic<X>) {
        return *next++;
    } else {
        auto result = container_like<std::complex<double>>(x);
        for (auto& each : result) each = *next++;
        return result;
    }
}
template <class Y>
void take_complex_apart(const Y& y, GradcheckProblem::Complex& to) {
    if constexpr (std::is_convertible_v<Y, std::complex<double>>)
        to.push_back(y);
    else
        for (const auto& each : y) to.push_back(each);
}

template <class F>
inline constexpr bool is_takes_complex = false;
template <class F>
inline constexpr bool is_takes_complex<TakesComplex<F>> = true;

template <class F, class... X>
GradcheckProblem gradcheck_problem(const F& f, const GradcheckOptions& options, const X&... x) {
    GradcheckProblem problem;
    (take_apart(x, problem.x), ...);
    problem.x = constants(problem.x);
    std::size_t number = 0;
    (name_leaves(x, argument_name(options, number++, sizeof...(X)), sizeof...(X) == 1 && options.names.empty(), problem.names), ...);
    problem.f = [&f, &x...](const Values& leaves) {
        const Value* next = leaves.data();
        const std::tuple<Received<X>...> own{received(x, next)...};  // braces keep the order
        const auto y = std::apply(f, own);
        Values results;
        take_results_apart(y, results);
        return results;
    };
    if constexpr (is_takes_complex<F> && (PlainNumbers<X> && ...))
        problem.complex_f = [&f, &x...](const GradcheckProblem::Complex& numbers) {
            const std::complex<double>* next = numbers.data();
            const std::tuple own{complex_like(x, next)...};
            GradcheckProblem::Complex results;
            take_complex_apart(std::apply(f, own), results);
            return results;
        };
    return problem;
}
template <class G, class... X>
std::function<Values()> gradient_numbers(const G& g, const X&... x) {
    return [&g, &x...] {
        Values results;
        take_results_apart(g(x...), results);
        return results;
    };
}

/// What is no argument: a gradient written by hand.
template <class G>
concept IsGradient = !Argument<G> && !std::same_as<G, GradcheckOptions> && !is_tuple<G>;
/// Called with x as it is, it returns what value_and_gradient would.
template <class G, class... X>
concept GradientOf = IsGradient<G> && std::invocable<const G&, const X&...>;

}  // namespace internal

/// Compares the derivative of f at x with differences of its values. f is called as value_and_gradient calls it; its results may also be
/// several numbers: a Tensor, a container of Scalars, a tuple. Several arguments are a tuple, or stand one after the other.
/// cost     2 evaluations of f for each element that is checked, about 40 for a doubtful one (GradcheckOptions says how many are checked)
/// throws   ValueError for options outside their range, and for float without `rtol` and `atol`: how good differences of floats are, only
///          their user knows; what f throws. Never for a mismatch: the report says that, and converts to false
template <class F, Argument X>
requires internal::FunctionOf<F, X>
[[nodiscard]] GradReport gradcheck(const F& f, const X& x, const GradcheckOptions& options = {}) {
    return internal::gradcheck(internal::gradcheck_problem(f, options, x), options);
}
template <class F, Argument... X>
requires internal::FunctionOf<F, X...>
[[nodiscard]] GradReport gradcheck(const F& f, const std::tuple<X...>& x, const GradcheckOptions& options = {}) {
    return internal::gradcheck(std::apply([&](const X&... each) { return internal::gradcheck_problem(f, options, each...); }, x), options);
}
template <class F, Argument A, Argument B>
requires internal::FunctionOf<F, A, B>
[[nodiscard]] GradReport gradcheck(const F& f, const A& a, const B& b, const GradcheckOptions& options = {}) {
    return gradcheck(f, std::tuple<A, B>(a, b), options);
}
template <class F, Argument A, Argument B, Argument C>
requires internal::FunctionOf<F, A, B, C>
[[nodiscard]] GradReport gradcheck(const F& f, const A& a, const B& b, const C& c, const GradcheckOptions& options = {}) {
    return gradcheck(f, std::tuple<A, B, C>(a, b, c), options);
}

/// The same for a gradient g(x...) that somebody has written: in the kind of x, a tuple for several arguments.
/// throws   also ShapeError unless it has the shapes of x
template <class F, class G, Argument X>
requires(internal::IsGradient<G>&& internal::FunctionOf<F, X>&& internal::GradientOf<G, X>) [[nodiscard]] GradReport
    gradcheck(const F& f, const G& g, const X& x, const GradcheckOptions& options = {}) {
    internal::GradcheckProblem problem = internal::gradcheck_problem(f, options, x);
    problem.gradient = internal::gradient_numbers(g, x);
    return internal::gradcheck(problem, options);
}
template <class F, class G, Argument... X>
requires(internal::IsGradient<G>&& internal::FunctionOf<F, X...>&& internal::GradientOf<G, X...>) [[nodiscard]] GradReport
    gradcheck(const F& f, const G& g, const std::tuple<X...>& x, const GradcheckOptions& options = {}) {
    return std::apply(
        [&](const X&... each) {
            internal::GradcheckProblem problem = internal::gradcheck_problem(f, options, each...);
            problem.gradient = internal::gradient_numbers(g, each...);
            return internal::gradcheck(problem, options);
        },
        x);
}

}  // namespace v1
}  // namespace autodiff
