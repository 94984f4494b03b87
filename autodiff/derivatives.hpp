// SPDX-License-Identifier: MIT
/// Derivatives of functions in both modes and of any order: jvp, vjp, jacobian, hessian, hvp. (The gradient: gradient.hpp.)
///
/// The function comes first. Each x is a number, a Tensor, a vector or array of numbers, or a plain struct; f receives Scalars,
/// recorded Tensors, the same container of Scalars, the same struct, and returns a Scalar, a Tensor, a container of Scalars or (jvp and
/// vjp) a tuple of them. Results of functions of plain numbers are plain numbers; else they stay what f returned.
///
/// Any order by nesting: f may ask for derivatives itself, at a Scalar, a recorded Tensor or a struct of them. While a function is being
/// differentiated, and for arguments that are recorded on the tape of a program, such inner derivatives are recorded on that tape, so that
/// they can be differentiated again; what f takes from outside is a constant of the inner derivative and keeps its outer one. A plain
/// number as an argument always gives plain derivatives, on a tape of its own, in which outer values are refused.
/// The first run of f keeps partial derivatives only; if f asks for an inner derivative, it runs once more on a tape that keeps
/// operations. So f may run twice, and must not mind.
#pragma once

#include "autodiff/gradient.hpp"
#include "autodiff/kinds.hpp"

#include <memory>
#include <optional>

namespace autodiff {
inline namespace v1 {

/// How a Jacobian is computed: by columns, one tangent sweep for each element of x, or by rows, one reverse sweep for each element of f(x).
enum class Mode : std::uint8_t { forward, reverse };

namespace internal {

/// Leaves of one argument or result that make one axis group of a Jacobian: a single value, or several in a row.
struct Part {
    std::size_t first, count;
    bool flat;
    Shape shape;
};
using Parts = std::vector<Part>;

/// One part for a number, a tensor, a container; one for each parameter of a struct, or one for all of them.
template <class X>
void add_parts(const X& x, bool structs_are_flat, Parts& parts, std::size_t& leaf) {
    Values values;
    take_apart(x, values);
    if (is_number_container<X> || is_scalar_container<X> || (structs_are_flat && Structure<X>)) {
        Index elements = 0;
        for (const Value& v : values) elements += shape_of(v).size();
        parts.push_back({leaf, values.size(), true, {elements}});
        leaf += values.size();
    } else {
        for (const Value& v : values) parts.push_back({leaf++, 1, false, shape_of(v)});
    }
}
template <class... X>
Parts parts_of(bool structs_are_flat, const X&... x) {
    Parts parts;
    std::size_t leaf = 0;
    (add_parts(x, structs_are_flat, parts, leaf), ...);
    return parts;
}

/// d result / d argument, of the one's shape followed by the other's, for each pair of parts.
std::vector<Values> jacobian_blocks(const Recording& recording, const Parts& results, const Parts& arguments, std::optional<Mode> mode);

/// The element type of a block: that of the tensor among the two, double if there is none.
template <class X>
struct ElementOf {
    using type = void;
};
template <class T>
struct ElementOf<Tensor<T>> {
    using type = T;
};
template <class X, class Y>
using BlockElement = std::conditional_t<ADifferentiableTensor<X>, typename ElementOf<X>::type,
                                        std::conditional_t<ADifferentiableTensor<Y>, typename ElementOf<Y>::type, double>>;
/// A number for two numbers, a Scalar if one of them is one, else a tensor.
template <class X, class Y>
using BlockKind = std::conditional_t<Arithmetic<X> && (Arithmetic<Y> || AScalar<Y>), double,
                                     std::conditional_t<AScalar<X> && (Arithmetic<Y> || AScalar<Y>), Scalar, Tensor<BlockElement<X, Y>>>>;

template <class X>
concept PlainStructure = Structure<X> && !is_scalar_container<X>;

/// The Jacobian with respect to x, from its blocks.
template <class Y, class X>
auto block_of(const X& x, const Value*& next) {
    if constexpr (PlainStructure<X>)
        return put_together<X>(x, next);
    else
        return put_together<BlockKind<X, Y>>(x, next);
}

/// work(recording, y) for one run of f at x: on a tape of its own, or on the one where `beside` or x are recorded.
template <class F, class Work, class Beside, class... X>
auto differentiated(std::string_view operation, Detail detail, F&& f, const Work& work, const Beside& beside, const X&... x) {
    const auto run = [&](Tape& tape, Sweeps sweeps) {
        Recording recording(tape, operation, sweeps);
        const auto y = run_on(recording, std::forward<F>(f), x...);
        return work(recording, y);
    };
    if (Tape* const tape = std::apply([&](const auto&... each) { return tape_of_arguments(operation, x..., each...); }, beside))
        return run(*tape, Sweeps::recorded);
    return on_own_tape(detail, [&](Tape& tape) { return run(tape, Sweeps::plain); });
}

/// The tangents of several arguments, each of its argument's kind.
template <class... X, class... V>
Seeds tangents(const Recording& recording, const std::tuple<const X&...>& x, const std::tuple<const V&...>& v) {
    static_assert(sizeof...(X) == sizeof...(V), "expected a tangent for each argument");
    Values values;
    [&]<std::size_t... I>(std::index_sequence<I...>) {
        (take_seeds_apart(recording, "tangent", std::get<I>(x), std::get<I>(v), values), ...);
    }
    (std::index_sequence_for<X...>{});
    return seeds_at_all(std::move(values));
}

/// The results as an R: constants where the tape is about to go.
template <class R, class Y>
R results_as(const Y& y, const Values& values) {
    const Value* next = values.data();
    return put_results_together<R>(y, next);
}

template <class F, class... X, class... V>
auto jvp_at(F&& f, const std::tuple<const X&...>& x, const std::tuple<const V&...>& v) {
    const auto work = [&]<class Y>(const Recording& recording, const Y& y) {
        using R = ResultKind<Y, all_plain<X..., V...>>;
        const Values ydot = recording.push(tangents(recording, x, v));
        return std::pair<R, R>{results_as<R>(y, recording.values()), results_as<R>(y, ydot)};
    };
    return std::apply([&](const X&... each) { return differentiated("jvp", Detail::derivatives, std::forward<F>(f), work, v, each...); },
                      x);
}

template <class F, class... X, class... V>
auto hvp_at(F&& f, const std::tuple<const X&...>& x, const std::tuple<const V&...>& v) {
    const auto work = [&](const Recording& recording, const auto&) {
        const Recording gradient = recording.gradient();
        const Values hv = gradient.push(tangents(gradient, x, v));
        return std::apply([&hv](const X&... each) { return put_arguments_together(hv, each...); }, x);
    };
    return std::apply([&](const X&... each) { return differentiated("hvp", Detail::operations, std::forward<F>(f), work, v, each...); }, x);
}

template <class F, Argument... X>
auto jacobian_at(std::optional<Mode> mode, F&& f, const X&... x) {
    const auto work = [&]<class Y>(const Recording& recording, const Y& y) {
        static_assert(AScalar<Y> || ATensor<Y> || is_scalar_container<Y>, "f must return a Scalar, a Tensor or a container of Scalars");
        const Values blocks = jacobian_blocks(recording, parts_of(false, y), parts_of(false, x...), mode)[0];
        const Value* next = blocks.data();
        if constexpr (sizeof...(X) == 1)
            return (block_of<Y>(x, next), ...);
        else
            return std::tuple<decltype(block_of<Y>(x, next))...>{block_of<Y>(x, next)...};
    };
    return differentiated("jacobian", Detail::derivatives, std::forward<F>(f), work, std::tuple<>{}, x...);
}

/// A row of a Hessian of several arguments.
template <class Xi, class... X>
auto hessian_row(const Values& blocks) {
    const Value* next = blocks.data();
    if constexpr (sizeof...(X) == 1)
        return (put_together<BlockKind<Xi, X>>(0, next), ...);
    else
        return std::tuple<BlockKind<Xi, X>...>{put_together<BlockKind<Xi, X>>(0, next)...};
}

}  // namespace internal

// Forward and reverse -----------------------------------------------------------------------------------------------------------------

/// {f(x), J v}: the derivative of f at x in the direction v, which has the kind of x. For several arguments x and v are tuples.
/// cost     f and one tangent sweep, whatever the sizes of x and f(x)
/// throws   ShapeError unless v has the shape of x, TapeError if the result does not depend on any argument
template <class F, Argument X, class V>
    requires internal::FunctionOf<F, X>
[[nodiscard]] auto jvp(F&& f, const X& x, const V& v) { return internal::jvp_at(std::forward<F>(f), std::tie(x), std::tie(v)); }
template <class F, Argument... X, class... V>
    requires internal::FunctionOf<F, X...>
[[nodiscard]] auto jvp(F&& f, const std::tuple<X...>& x, const std::tuple<V...>& v) {
    return internal::jvp_at(std::forward<F>(f), std::tuple<const X&...>(x), std::tuple<const V&...>(v));
}

/// The second half of vjp: ybar -> J^T ybar, in the kind of x, a tuple for several arguments. It owns its recording, may be kept, copied,
/// and called as often as one likes. Where the derivative is recorded on an outer tape it is good as long as that tape records.
/// throws ShapeError unless ybar has the shape of f(x)
template <class... X>
class Vjp {
  public:
    struct Run {
        std::unique_ptr<Tape> tape;  // of its own; null on the tape of others
        internal::Recording recording;
    };
    Vjp(std::shared_ptr<const Run> run, const X&... x) : run_(std::move(run)), x_(x...) {}
    template <class Ybar>
    [[nodiscard]] auto operator()(const Ybar& ybar) const {
        const internal::Recording& recording = run_->recording;
        internal::Values values;
        internal::take_results_apart(ybar, values);
        recording.check_count("cotangent", recording.results().size(), values.size());
        const internal::Values xbar = recording.pull(internal::seeds_at_all(std::move(values)));
        return std::apply([&xbar](const X&... each) { return internal::put_arguments_together(xbar, each...); }, x_);
    }

  private:
    std::shared_ptr<const Run> run_;
    std::tuple<X...> x_;
};

/// {f(x...), pullback}: pullback(ybar) is J^T ybar; see Vjp.
/// cost     f, then one reverse sweep for each call of the pullback
/// throws   TapeError if the result does not depend on any argument
template <class F, Argument... X>
    requires internal::FunctionOf<F, X...>
[[nodiscard]] auto vjp(F&& f, const X&... x) {
    const auto run = [&](Tape& tape, internal::Sweeps sweeps) {
        internal::Recording recording(tape, "vjp", sweeps);
        const auto y = internal::run_on(recording, std::forward<F>(f), x...);
        using R = internal::ResultKind<std::remove_const_t<decltype(y)>, internal::all_plain<X...>>;
        R value = internal::results_as<R>(y, recording.values());
        return std::pair<R, internal::Recording>{std::move(value), std::move(recording)};
    };
    const auto kept = [&]<class R>(std::pair<R, internal::Recording> answer, std::unique_ptr<Tape> own) {
        if (own != nullptr) own->finish();
        using Run = typename Vjp<X...>::Run;
        Vjp<X...> pullback(std::make_shared<const Run>(Run{std::move(own), std::move(answer.second)}), x...);
        return std::pair<R, Vjp<X...>>{std::move(answer.first), std::move(pullback)};
    };
    if (Tape* const tape = internal::tape_of_arguments("vjp", x...)) return kept(run(*tape, internal::Sweeps::recorded), nullptr);
    const auto plainly = [&](Tape& tape) { return run(tape, internal::Sweeps::plain); };
    auto own = std::make_unique<Tape>(Detail::derivatives, TapeLimits{}, HeldBy::function);
    if (auto answer = internal::attempt(*own, plainly)) return kept(*std::move(answer), std::move(own));
    own.reset();
    own = std::make_unique<Tape>(Detail::operations, TapeLimits{}, HeldBy::function);
    auto answer = plainly(*own);
    return kept(std::move(answer), std::move(own));
}

// Whole matrices ----------------------------------------------------------------------------------------------------------------------

/// J[i.., j..] = d f(x)[i..] / dx[j..]: a Tensor of the result's shape followed by that of x; a double for a function of one number to
/// one number. A container of n numbers has shape [n]. A struct gives a struct, each parameter's Jacobian in its place (that of a Scalar
/// is one only if the result is a number); several arguments give a tuple.
/// cost     f once, then one sweep for each element of x (forward) or of f(x) (reverse), whichever are fewer, unless the last argument is
///          a Mode
/// throws   TapeError if the result does not depend on any argument
template <class F, Argument... X>
    requires internal::FunctionOf<F, X...>
[[nodiscard]] auto jacobian(F&& f, const X&... x) { return internal::jacobian_at(std::nullopt, std::forward<F>(f), x...); }
template <class F, Argument X>
    requires internal::FunctionOf<F, X>
[[nodiscard]] auto jacobian(F&& f, const X& x, Mode mode) { return internal::jacobian_at(mode, std::forward<F>(f), x); }
template <class F, Argument A, Argument B>
    requires internal::FunctionOf<F, A, B>
[[nodiscard]] auto jacobian(F&& f, const A& a, const B& b, Mode mode) { return internal::jacobian_at(mode, std::forward<F>(f), a, b); }
template <class F, Argument A, Argument B, Argument C>
    requires internal::FunctionOf<F, A, B, C>
[[nodiscard]] auto jacobian(F&& f, const A& a, const B& b, const C& c, Mode mode) {
    return internal::jacobian_at(mode, std::forward<F>(f), a, b, c);
}

/// H[i.., j..] = d^2 f(x) / dx[i..] dx[j..] of a function to one number: a Tensor of the shape of x, twice; a double for a number. For a
/// struct x is the list of all its parameters' elements, in the order of for_each_parameter: [n, n]. For several arguments a tuple of
/// tuples, whose entry (i, j) has the shape of x_i followed by that of x_j.
/// cost     f and its gradient recorded once, then one tangent sweep for each element of x
/// throws   ShapeError if the result has several elements, TapeError if it does not depend on any argument
template <class F, Argument... X>
    requires internal::FunctionOf<F, X...>
[[nodiscard]] auto hessian(F&& f, const X&... x) {
    const auto work = [&](const internal::Recording& recording, const auto&) {
        const internal::Parts parts = internal::parts_of(true, x...);
        const std::vector<internal::Values> blocks = internal::jacobian_blocks(recording.gradient(), parts, parts, Mode::forward);
        if constexpr (sizeof...(X) == 1) {
            return internal::hessian_row<X..., X...>(blocks[0]);
        } else {
            return [&]<std::size_t... I>(std::index_sequence<I...>) { return std::tuple{internal::hessian_row<X, X...>(blocks[I])...}; }
            (std::index_sequence_for<X...>{});
        }
    };
    return internal::differentiated("hessian", Detail::operations, std::forward<F>(f), work, std::tuple<>{}, x...);
}

/// H v for a function to one number, without forming H: the tangent of the gradient in the direction v, in the kind of x. For several
/// arguments x and v are tuples, and so is the result.
/// cost     f and its gradient recorded once, then one tangent sweep over both, whatever the size of x
/// throws   as hessian, and ShapeError unless v has the shape of x
template <class F, Argument X, class V>
    requires internal::FunctionOf<F, X>
[[nodiscard]] auto hvp(F&& f, const X& x, const V& v) { return internal::hvp_at(std::forward<F>(f), std::tie(x), std::tie(v)); }
template <class F, Argument... X, class... V>
    requires internal::FunctionOf<F, X...>
[[nodiscard]] auto hvp(F&& f, const std::tuple<X...>& x, const std::tuple<V...>& v) {
    return internal::hvp_at(std::forward<F>(f), std::tuple<const X&...>(x), std::tuple<const V&...>(v));
}

}  // namespace v1
}  // namespace autodiff
