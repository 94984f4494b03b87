// SPDX-License-Identifier: MIT
/// What users ask: `gradient(y)`, and `value_and_gradient(f, x...)` with no tape in sight. The sweep itself is sweep.hpp.
#pragma once

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
    void sweep_tensors(const Tape& tape, std::uint32_t root, const AnyTensor& seed, const GradientOptions& options);
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

/// A number, a tensor, or a plain struct of them: what a function can be differentiated with respect to.
template <class X>
concept Argument = Arithmetic<X> || ADifferentiableTensor<X> || Structure<X>;

namespace internal {

template <Argument X>
auto as_variable(Tape& tape, const X& x) {
    if constexpr (Arithmetic<X>) {
        return tape.variable(static_cast<double>(x));
    } else if constexpr (ATensor<X>) {
        return tape.variable(x);
    } else {
        X variables = x;
        for_each_parameter(variables, [&tape]<class P>(std::string_view name, P& p) {
            if constexpr (AScalar<P>)
                p = tape.variable(p.value(), name);
            else
                p = tape.variable(p.constant(), name);
        });
        return variables;
    }
}

/// The plain value of what f returned.
inline double primal(const Scalar& y) { return y.value(); }
template <class T>
T primal(const Tensor<T>& y) {
    return y.item();
}
template <class Y>
void check_depends(const Y& y) {
    if (!y.recorded())
        throw TapeError(TapeError::Kind::not_recorded, "value_and_gradient", "a result that depends on an argument", "a constant");
}

}  // namespace internal

/// {f(x...), gradient of f at x...}. Each x is a number, a Tensor, or a plain struct of tensors (a model); f receives Scalars,
/// recorded Tensors, and a struct of recorded Tensors, and returns a Scalar or a rank-0 Tensor. With one x the gradient has its
/// type (double, Tensor, struct), with several it is a std::tuple. throws TapeError if the result does not depend on any variable
template <class F, Argument... X>
    requires(sizeof...(X) > 0)
[[nodiscard]] auto value_and_gradient(F&& f, const X&... x) {
    Tape tape(Detail::derivatives);
    // The types are spelled out: braces keep the order of the arguments, and a model that is a tuple stays one element.
    const std::tuple<decltype(internal::as_variable(tape, x))...> variables{internal::as_variable(tape, x)...};
    const auto y = std::apply(std::forward<F>(f), variables);
    static_assert(!Arithmetic<std::remove_cvref_t<decltype(y)>>, "f must return a Scalar or a rank-0 Tensor, not a plain number");
    internal::check_depends(y);
    const Gradient g = tape.gradient(y);
    auto parts = std::apply([&g](const auto&... v) { return std::tuple<decltype(g[v])...>{g[v]...}; }, variables);
    if constexpr (sizeof...(X) == 1)
        return std::pair{internal::primal(y), std::get<0>(std::move(parts))};
    else
        return std::pair{internal::primal(y), std::move(parts)};
}

/// The second half of value_and_gradient.
template <class F, Argument... X>
    requires(sizeof...(X) > 0 && std::invocable<F, decltype(internal::as_variable(std::declval<Tape&>(), std::declval<const X&>()))...>)
[[nodiscard]] auto gradient(F&& f, const X&... x) {
    return value_and_gradient(std::forward<F>(f), x...).second;
}

}  // namespace v1
}  // namespace autodiff
