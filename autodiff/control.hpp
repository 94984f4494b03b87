// SPDX-License-Identifier: MIT
/// Control over the chain rule: operations that change nothing in the value, and something in what flows back.
///
/// Each is a row of its own (never absorbed), whose operand is x. Next: custom.hpp for operations with a derivative of your own.
#pragma once

#include "autodiff/tensor.hpp"

#include <concepts>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

namespace autodiff {
inline namespace v1 {

/// x as a constant: nothing flows back.
template <class T>
Tensor<T> stop_gradient(const Tensor<T>& x) {
    return x.constant();
}
inline Scalar stop_gradient(const Scalar& x) { return x.value(); }

/// y = x        vjp: xbar += factor ybar        jvp: ydot = factor xdot
/// Not the derivative of y = x unless factor is 1: differences do not agree with it, and are not meant to.
[[nodiscard]] Scalar scale_gradient(const Scalar& x, double factor);
template <class T>
[[nodiscard]] Tensor<T> scale_gradient(const Tensor<T>& x, double factor);

/// y = x        vjp: xbar -= lambda ybar        jvp: ydot = -lambda xdot
/// source   Ganin, Lempitsky (2015), "Unsupervised domain adaptation by backpropagation", equations 11 and 12
[[nodiscard]] Scalar reverse_gradient(const Scalar& x, double lambda = 1);
template <class T>
[[nodiscard]] Tensor<T> reverse_gradient(const Tensor<T>& x, double lambda = 1);

namespace internal {

template <class X>
using AdjointHook = std::function<std::optional<X>(const X&)>;
Scalar hooked(const Scalar& x, AdjointHook<Scalar> hook);
template <class T>
Tensor<T> hooked(const Tensor<T>& x, AdjointHook<Tensor<T>> hook);

template <class X, class Hook>
AdjointHook<X> adjoint_hook(Hook hook) {
    if constexpr (std::invocable<Hook&, const X&>) {
        if constexpr (std::is_void_v<std::invoke_result_t<Hook&, const X&>>)
            return [hook = std::move(hook)](const X& ybar) mutable { return hook(ybar), std::optional<X>(); };
        else
            return [hook = std::move(hook)](const X& ybar) mutable { return std::optional<X>(hook(ybar)); };
    } else {
        static_assert(AScalar<X> && std::is_void_v<std::invoke_result_t<Hook&, double>>,
                      "a hook that changes the adjoint of a Scalar takes a Scalar, so that it can be differentiated again");
        return [hook = std::move(hook)](const X& ybar) mutable { return hook(ybar.value()), std::optional<X>(); };
    }
}

}  // namespace internal

/// y = x        vjp: xbar += hook(ybar), or ybar if the hook returns nothing        jvp: ydot = xdot, the hook is not asked
///
/// The hook sees the whole adjoint, after all that uses y has added its part and before x gets it: use y, not x, in what follows. It is
/// called once in each sweep that brings something, with a constant; with a recorded value in a sweep that records itself
/// (recorded_gradient), where what it returns is differentiated like everything else. A hook that only looks at a Scalar's adjoint may
/// take a double. What it throws ends the sweep and leaves the tape as it was. It must not clear or rewind the tape being swept.
/// throws   ShapeError in the sweep, naming x, if the hook returns another shape
template <class Hook>
[[nodiscard]] Scalar on_adjoint(const Scalar& x, Hook hook) {
    return internal::hooked(x, internal::adjoint_hook<Scalar>(std::move(hook)));
}
template <class T, class Hook>
[[nodiscard]] Tensor<T> on_adjoint(const Tensor<T>& x, Hook hook) {
    return internal::hooked(x, internal::adjoint_hook<Tensor<T>>(std::move(hook)));
}

/// Tape::retain on the live tape that x is on.
inline void retain(const Scalar& x) { Tape::of(x.row(), x.recording(), "retain").retain(x); }
template <class T>
void retain(const Tensor<T>& x) {
    Tape::of(x.place().row, x.place().id, "retain").retain(x);
}

}  // namespace v1
}  // namespace autodiff
