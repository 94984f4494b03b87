// SPDX-License-Identifier: MIT
/// Values that are given by an equation instead of a program: found by iterating, differentiated by the implicit function theorem.
///
///     Scalar z = fixed_point([](const Scalar& z, const Scalar& a) { return cos(a * z); }, 0.5, a);
///     Tensor<double> x = root([](const Tensor<double>& x, const Model& m) { return m(x) - target; }, guess, model);
///
/// Nothing of the iterations is recorded or kept. Where g(z, theta) = 0, dz/dtheta = -(dg/dz)^-1 dg/dtheta: the VJP solves
/// (dg/dz)^T u = -zbar by GMRES, each product one sweep over one recording of g at the solution, and gives theta (dg/dtheta)^T u. The
/// adjoint equation is again of that kind, so every order and mode follows.
/// source   Christianson (1994), "Reverse accumulation and attractive fixed points"; Bai, Kolter, Koltun (2019), "Deep equilibrium models"
#pragma once

#include "autodiff/call.hpp"

#include <concepts>
#include <memory>
#include <tuple>

namespace autodiff {
inline namespace v1 {

struct FixedPointOptions {
    /// Of the largest change in an iteration, relative to 1 + max |z|; and of the adjoint equation's residual. At least some eps of z's type.
    double tolerance = 1e-12;
    Index max_iterations = 10000;
};
struct RootOptions {
    double tolerance = 1e-10;  ///< of Newton's last step, relative to 1 + max |z|: the error left behind is its square
    Index max_iterations = 100;
};

namespace internal {

enum class Equation { fixed_point, root };
struct ImplicitOptions {
    double tolerance;
    Index max_iterations;
};
/// The z that solves f(z, theta) = z, or = 0, as one operation; f takes the leaves of z, then those of theta.
Values solve_implicit(Equation equation, std::shared_ptr<const Subprogram> f, const Values& z0, const Values& theta, ImplicitOptions options);

template <class F, class Z, class Theta>
auto implicit(Equation equation, std::string_view name, F f, const Z& z0, const Theta& theta, ImplicitOptions options) {
    using State = Lifted<Z>;
    static_assert(Leafy<State>, "z must be a Scalar, a Tensor, or a struct or container of them");
    const State first = with_constant_leaves(State(z0));
    const auto program = std::make_shared<const Function<F, State, Theta>>(name, std::move(f), first, theta);
    static_assert(std::same_as<typename Function<F, State, Theta>::Result, State>, "f must return what z is");
    return with_leaves(first, solve_implicit(equation, program, leaves(first), leaves(std::tuple<Theta>(theta)), options));
}

}  // namespace internal

/// z = f(z, theta), by iterating from z0: a number, Tensor, or struct of them. f is a contraction near z, and differentiable there.
/// vjp      thetabar += (df/dtheta)^T u with (I - df/dz)^T u = zbar; z0 has no part in it
/// saves    z, theta          cost  a sweep of f per product with its Jacobian, about as many as GMRES needs digits, at most dim z
/// throws   ValueError if the iteration does not converge, or (in the sweep) the adjoint equation has no solution;
///          ShapeError if f returns another shape; TapeError if f uses recorded values other than z and theta
template <class F, class Z, class Theta>
    requires std::invocable<F&, const internal::Lifted<Z>&, const Theta&>
[[nodiscard]] internal::Lifted<Z> fixed_point(F f, const Z& z0, const Theta& theta, const FixedPointOptions& options = {}) {
    return internal::implicit(internal::Equation::fixed_point, "fixed_point", std::move(f), z0, theta, {options.tolerance, options.max_iterations});
}

/// g(z, theta) = 0, by Newton's method from z0, damped where a step would make g larger; its linear equations are solved with JVPs of g.
/// vjp      thetabar += (dg/dtheta)^T u with (dg/dz)^T u = -zbar
/// saves, cost and throws as fixed_point; ValueError where dg/dz is singular
template <class G, class Z, class Theta>
    requires std::invocable<G&, const internal::Lifted<Z>&, const Theta&>
[[nodiscard]] internal::Lifted<Z> root(G g, const Z& z0, const Theta& theta, const RootOptions& options = {}) {
    return internal::implicit(internal::Equation::root, "root", std::move(g), z0, theta, {options.tolerance, options.max_iterations});
}

}  // namespace v1
}  // namespace autodiff
