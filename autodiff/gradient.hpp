// SPDX-License-Identifier: MIT
/// What users ask: `gradient(y)`, and `value_and_gradient(f, x...)` with no tape in sight. The sweep itself is sweep.hpp.
#pragma once

#include "autodiff/kinds.hpp"
#include "autodiff/node.hpp"
#include "autodiff/scalar.hpp"
#include "autodiff/structure.hpp"
#include "autodiff/tape.hpp"

#include <tuple>
#include <type_traits>

namespace autodiff {
inline namespace v1 {

/// All adjoints of one sweep, by value: it outlives clear() and the tape.
///
/// `g[x]` is dy/dx: a double for a Scalar, a Tensor of the shape of x for a Tensor; zero if y does not depend on x, and then
/// `g.reaches(x)` is false. An element `W(3, 5)` means that element of dy/dW, whenever it was asked for.
class Gradient {
  public:
    Gradient() = default;

    /// throws TapeError if x is a constant, was moved from, or belongs to another recording
    [[nodiscard]] double operator[](const Scalar& x) const {
        if (x.recording() == newest_ && block_.empty() && x.row() <= root_) [[likely]]
            return scalar_[x.row()] + 0.0;  // never -0: that is how the sweep spells "nothing has arrived"
        return look_up(x);
    }
    /// throws the same, and TapeError (detail) for an intermediate value of a tape that keeps derivatives only, unless it was
    /// named or retained
    template <class T>
    [[nodiscard]] Tensor<T> operator[](const Tensor<T>& x) const;
    /// A struct of variables gives a struct of gradients.
    template <Structure M>
    [[nodiscard]] M operator[](const M& model) const {
        M result = model;
        for_each_parameter(result, [this](std::string_view, auto& x) { x = (*this)[x]; });
        return result;
    }
    /// Whether y depends on x at all, which a derivative of 0 does not tell.
    [[nodiscard]] bool reaches(const Scalar& x) const;
    template <class T>
    [[nodiscard]] bool reaches(const Tensor<T>& x) const;

    /// The row of y and its recording: what was differentiated.
    [[nodiscard]] std::uint32_t row() const noexcept { return root_; }
    [[nodiscard]] RecordingId recording() const noexcept;

  private:
    friend class Tape;
    struct Element {
        std::uint32_t row, node;
        Index flat;
    };
    [[nodiscard]] double look_up(const Scalar& x) const;
    void grow(std::size_t rows);
    void forget() noexcept;
    void begin(const Tape& tape, std::uint32_t root);
    void sweep_scalars(const Tape& tape, std::uint32_t root);
    void sweep_tensors(const Tape& tape, std::uint32_t root, const AnyTensor& seed, const GradientOptions& options, NodeList* spent = nullptr);
    void trace_reach(const Tape& tape, std::uint32_t root);
    [[nodiscard]] bool covers(std::uint32_t row, RecordingId id) const noexcept;
    [[nodiscard]] std::uint32_t checked(std::uint32_t row, RecordingId id, std::string_view operation) const;
    [[nodiscard]] const Element* element(const Scalar& x, Element& storage) const;
    [[nodiscard]] bool reaches_row(std::uint32_t row) const;

    struct Free {
        void operator()(double* p) const noexcept;
    };
    std::unique_ptr<double[], Free> scalar_;
    std::size_t capacity_ = 0;
    std::uint32_t root_ = 0;
    RecordingId newest_ = no_tape_id;  // of the last segment
    std::vector<Tape::Segment> segments_;
    std::vector<AnyTensor> block_;
    std::vector<bool> kept_;               // per node: its adjoint was retained
    std::vector<std::uint32_t> node_row_;  // per node: its row
    std::vector<Element> elements_;        // rows that are elements of tensors, ascending
    std::vector<bool> reached_;            // per row, on tapes with tensors; on others each adjoint tells by itself
};

/// dy/dx for every x on y's tape, which must live on this thread.
/// throws TapeError (not recorded) for a constant, (stale handle) after clear(), ShapeError for a tensor with several elements
[[nodiscard]] inline Gradient gradient(const Scalar& y, const GradientOptions& options = {}) {
    return Tape::of(y.row(), y.recording(), "gradient").gradient(y, options);
}
template <class T>
[[nodiscard]] Gradient gradient(const Tensor<T>& y, const GradientOptions& options = {}) {
    return Tape::of(y.place().row, y.place().id, "gradient").gradient(y, options);
}

// Functions instead of tapes ----------------------------------------------------------------------------------------------------------

namespace internal {

template <Argument X>
auto as_variable(Tape& tape, const X& x) {
    if constexpr (Arithmetic<X>)
        return tape.variable(static_cast<double>(x));
    else
        return lifted(x, [&tape]<class V>(const V& v, std::string_view name) {
            if constexpr (AScalar<V>)
                return tape.variable(v.value(), name);
            else
                return tape.variable(v, name);
        });
}

/// dy/dx in the kind of x, for the variables that stand for x.
template <class X, class V>
Kind<X> gradient_at(const Gradient& g, const V& variables) {
    if constexpr (is_number_container<X>) {
        Kind<X> result = container_like<double>(variables);
        for (std::size_t i = 0; i < variables.size(); ++i) result[i] = g[variables[i]];
        return result;
    } else {
        return g[variables];
    }
}

/// The plain value of what f returned.
inline double primal(const Scalar& y) { return y.value(); }
template <class T>
T primal(const Tensor<T>& y) {
    return y.item();
}
/// The value is a plain number, except beside Scalars.
template <class Y, class... X>
using ValueKind = std::conditional_t<((AScalar<X> || is_scalar_container<X>) || ...), Y, decltype(primal(std::declval<const Y&>()))>;
template <class V, class Y>
V value_as(const Y& y, bool recorded) {
    if constexpr (Arithmetic<V>)
        return primal(y);
    else if (recorded)
        return y;
    else if constexpr (AScalar<V>)
        return y.value();
    else
        return y.constant();
}

template <class Y>
void check_depends(const Y& y) {
    static_assert(!Arithmetic<Y>, "f must return a Scalar or a rank-0 Tensor, not a plain number");
    if (!y.recorded())
        throw TapeError(TapeError::Kind::not_recorded, "value_and_gradient", "a result that depends on an argument", "a constant");
}

/// y = f(x...) with x as the arguments of a recording; y is its result.
template <class F, class... X>
auto run_on(Recording& recording, F&& f, const X&... x) {
    const std::tuple<Received<X>...> own{lifted(x, [&recording](const auto& v, std::string_view name) { return recording.argument(v, name); })...};
    auto y = std::apply(std::forward<F>(f), own);
    static_assert(!Arithmetic<decltype(y)>, "f must return Scalars or tensors, not a plain number");
    Values results;
    take_results_apart(y, results);
    recording.finish(std::move(results));
    return y;
}

}  // namespace internal

/// {f(x...), gradient of f at x...}. Each x is a number, a Tensor, a vector or array of numbers, or a plain struct of tensors (a model);
/// f receives Scalars, recorded Tensors, a container of Scalars, and a struct of recorded Tensors, and returns a Scalar or a rank-0
/// Tensor. With one x the gradient has its type (double, Tensor, container of doubles, struct), with several it is a std::tuple.
///
/// Inside a function that is being differentiated, and where x is recorded on the tape of a program, the gradient is recorded there, so
/// that it can be differentiated again (derivatives.hpp says more). The value is a plain number all the same, except beside arguments
/// that are Scalars: a value that is to be differentiated is f(x...).
/// f runs once more if it asks for derivatives itself.
/// throws TapeError if the result does not depend on any variable
template <class F, Argument... X>
    requires(sizeof...(X) > 0)
[[nodiscard]] auto value_and_gradient(F&& f, const X&... x) {
    if constexpr (!(internal::PlainNumbers<X> && ...))
        if (Tape* const outer = internal::tape_of_arguments("value_and_gradient", x...)) {
            internal::Recording recording(*outer, "value_and_gradient", internal::Sweeps::recorded);
            const auto y = internal::run_on(recording, std::forward<F>(f), x...);
            using V = internal::ValueKind<std::remove_const_t<decltype(y)>, X...>;
            auto parts = internal::put_arguments_together(recording.pull_from_one(), x...);
            return std::pair<V, decltype(parts)>{internal::value_as<V>(y, true), std::move(parts)};
        }
    return internal::on_own_tape(Detail::derivatives, [&](Tape& tape) {
        // The types are spelled out: braces keep the order of the arguments, and a model that is a tuple stays one element.
        const std::tuple<internal::Received<X>...> variables{internal::as_variable(tape, x)...};
        const auto y = std::apply(std::forward<F>(f), variables);
        using V = internal::ValueKind<std::remove_const_t<decltype(y)>, X...>;
        internal::check_depends(y);
        const Gradient g = tape.spend(y);
        auto parts = std::apply([&g](const auto&... v) { return std::tuple<internal::Kind<X>...>{internal::gradient_at<X>(g, v)...}; }, variables);
        if constexpr (sizeof...(X) == 1)
            return std::pair<V, internal::Kind<X>...>{internal::value_as<V>(y, false), std::get<0>(std::move(parts))};
        else
            return std::pair<V, decltype(parts)>{internal::value_as<V>(y, false), std::move(parts)};
    });
}

/// The second half of value_and_gradient.
template <class F, Argument... X>
    requires internal::FunctionOf<F, X...>
[[nodiscard]] auto gradient(F&& f, const X&... x) {
    return value_and_gradient(std::forward<F>(f), x...).second;
}

}  // namespace v1
}  // namespace autodiff
