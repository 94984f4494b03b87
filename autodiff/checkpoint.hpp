// SPDX-License-Identifier: MIT
/// Memory for time: parts of a program that are recorded only while the sweep passes through them.
///
///     Scalar y = checkpoint([](const auto& x) { return long_computation(x); }, x);
///     State last = checkpointed_loop([](Index i, const State& s) { return next(i, s); }, first, 10000, {.snapshots = 100});
///
/// Both give the same gradient as the plain program, bit for bit, because the inner sweep goes on with the sums of the outer one.
/// (On a tape that keeps derivatives only: as the plain program that gives the result a name.) Both may be nested, and differentiated
/// in forward mode and to any order. How the loop chooses its snapshots: revolve.hpp. How a part is recorded again: call.hpp.
#pragma once

#include "autodiff/call.hpp"

#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <type_traits>

namespace autodiff {
inline namespace v1 {

/// y = f(x...)        x: Scalars, tensors, structs or containers of them, and anything else, which is carried along
/// vjp      records f(x...) on an inner tape, sweeps it, throws it away
/// saves    x and y          cost  f once more in each sweep
///
/// f returns a Scalar, a Tensor, or a tuple or struct of them. It must compute the same again when it is run again (it is copied for each
/// run, so that what a lambda changes inside itself starts afresh), and be safe to call from each thread that sweeps.
/// throws   TapeError if f uses a recorded value that is not among its arguments; ValueError in the sweep if f gives other values there
template <class F, class... X>
    requires std::invocable<F&, const X&...>
[[nodiscard]] auto checkpoint(F f, const X&... x) {
    using Function = internal::Function<F, X...>;
    const auto program = std::make_shared<const Function>("checkpoint", std::move(f), x...);
    std::optional<typename Function::Result> form;
    const internal::Values y = internal::call(program, internal::leaves(std::tuple<X...>(x...)), [&](const internal::Values& inner) {
        form = program->apply(inner);
        return internal::leaves(*form);
    });
    return internal::with_leaves(std::move(*form), y);
}

/// What a loop has done so far, its sweeps included.
struct LoopStatistics {
    Index snapshots = 0;    ///< of the state, held at most at one time; the first state is one of them
    std::size_t bytes = 0;  ///< in their tensors and Scalars, at most
    Index advances = 0;     ///< steps run without a sweep through them
    Index recordings = 0;   ///< steps run to be swept
};

struct LoopOptions {
    Index snapshots = 16;                                  ///< at most so many states are kept
    std::shared_ptr<LoopStatistics> statistics = nullptr;  ///< filled in if given
};

namespace internal {

/// A state between two steps: its leaves, and the struct around them with what else it holds.
struct LoopState {
    Values leaves;
    std::shared_ptr<const void> form;
};

class LoopStep {
  public:
    virtual ~LoopStep() = default;
    [[nodiscard]] virtual LoopState run(Index i, const LoopState& state, const Values& parameters) const = 0;
};

LoopState run_loop(std::shared_ptr<const LoopStep> step, LoopState first, const Values& parameters, Index n, const LoopOptions& options);

template <class F, class S, class... P>
class StepFunction final : public LoopStep {
  public:
    StepFunction(F f, const P&... parameters) : f_(std::move(f)), parameters_(with_constant_leaves(std::tuple<P...>(parameters...))) {}
    [[nodiscard]] LoopState run(Index i, const LoopState& state, const Values& parameters) const override {
        const S s = with_leaves(*static_cast<const S*>(state.form.get()), state.leaves);
        const std::tuple<P...> p = with_leaves(parameters_, parameters);
        F f = f_;
        auto next = std::make_shared<S>(std::apply([&](const P&... each) -> S { return f(i, s, each...); }, p));
        return {leaves(*next), next};
    }

  private:
    F f_;
    std::tuple<P...> parameters_;
};

}  // namespace internal

/// z_n of z_{i+1} = step(i, z_i, parameters...), i = 0 .. n-1        z: a Scalar, Tensor, or a struct or container of them
/// vjp      step by step from the last to the first, one of them recorded at a time, from at most `snapshots` states
/// saves    the snapshots
/// cost     a sweep runs n recorded steps and r n - C(s + r, r - 1) others, where r is the least with C(s + r, r) >= n; the first sweep
///          starts from the snapshots of the forward run and does without the steps that led to them
///
/// Everything that is said of `checkpoint` holds; what the steps share and are differentiated with respect to is passed as parameters.
/// While the snapshots lie in wait for the sweep and during it, at most `snapshots` states are held, the first one included.
/// throws   ValueError unless n >= 0 and snapshots >= 1; ShapeError if a step returns a state with another number of leaves
/// source   Griewank, Walther (2000), "Algorithm 799: revolve"
template <class F, class S, class... P>
    requires std::invocable<F&, Index, const internal::Lifted<S>&, const P&...>
[[nodiscard]] internal::Lifted<S> checkpointed_loop(F step, const S& state, Index n, const LoopOptions& options = {}, const P&... parameters) {
    using State = internal::Lifted<S>;
    static_assert(internal::Leafy<State>, "the state must be a Scalar, a Tensor, or a struct or container of them");
    const auto first = std::make_shared<const State>(state);
    const auto run = std::make_shared<const internal::StepFunction<F, State, P...>>(std::move(step), parameters...);
    const internal::LoopState last =
        internal::run_loop(run, {internal::leaves(*first), first}, internal::leaves(std::tuple<P...>(parameters...)), n, options);
    return internal::with_leaves(*static_cast<const State*>(last.form.get()), last.leaves);
}

}  // namespace v1
}  // namespace autodiff
