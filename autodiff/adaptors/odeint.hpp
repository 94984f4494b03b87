// SPDX-License-Identifier: MIT
/// Boost.odeint with Scalars: an integration is a program like any other, so its result is differentiated by sweeping it. Optional.
///
///     std::vector<Scalar> x{...};                                     // or std::array<Scalar, N>
///     integrate_adaptive(make_controlled(1e-10, 1e-10, runge_kutta_dopri5<std::vector<Scalar>>()), system, x, 0.0, 10.0, 0.1);
///     gradient(x[0])[parameter];
///
/// What comes out is the derivative of the numerical scheme, step sizes taken as constants: the scheme applied to the variational
/// equations, so it converges with the same order. Steppers of fixed step need nothing from here. Controlled steppers measure their
/// error by norm_inf, which here reads values and records nothing, so that they take the steps that they would take with doubles.
/// Time and coefficients stay double: write integrate<double>(...), not integrate(...), which would take Scalars for them.
/// cost     rows: about one for each operation of each evaluation of the system, and one for each stage and component; those of a
///          rejected step stay on the tape, and no adjoint reaches them. A stepper belongs to one recording
#pragma once

#include "autodiff/scalar.hpp"

#include <algorithm>
#include <array>
#include <boost/numeric/odeint/algebra/algebra_dispatcher.hpp>
#include <boost/numeric/odeint/algebra/array_algebra.hpp>
#include <boost/numeric/odeint/algebra/range_algebra.hpp>
#include <boost/numeric/odeint/stepper/controlled_runge_kutta.hpp>
#include <cmath>
#include <cstddef>
#include <vector>

namespace autodiff {
inline namespace v1 {

/// An algebra of odeint whose norm is a number, not a Scalar.
template <class Algebra>
struct NormOfValues : Algebra {
    template <class State>
    static double norm_inf(const State& x) {
        double norm = 0;
        for (const Scalar& xi : x) norm = std::max(norm, std::abs(xi.value()));
        return norm;
    }
};

}  // namespace v1
}  // namespace autodiff

namespace boost::numeric::odeint {

template <class Allocator>
struct algebra_dispatcher<std::vector<autodiff::Scalar, Allocator>> {
    using algebra_type = autodiff::NormOfValues<range_algebra>;
};
template <std::size_t N>
struct algebra_dispatcher<std::array<autodiff::Scalar, N>> {
    using algebra_type = autodiff::NormOfValues<array_algebra>;
};

/// max_i |error_i| / (eps_abs + eps_rel (a_x |x_i| + a_dxdt |dt dxdt_i|)), the default checker's formula, of values.
template <class Value, class Algebra, class Operations>
class default_error_checker<Value, autodiff::NormOfValues<Algebra>, Operations> {
  public:
    using value_type = Value;
    using algebra_type = autodiff::NormOfValues<Algebra>;
    using operations_type = Operations;

    default_error_checker(Value eps_abs = 1e-6, Value eps_rel = 1e-6, Value a_x = 1, Value a_dxdt = 1)
        : eps_abs_(eps_abs), eps_rel_(eps_rel), a_x_(a_x), a_dxdt_(a_dxdt) {}

    template <class State, class Derivative, class Error, class Time>
    Value error(algebra_type&, const State& x, const Derivative& dxdt, const Error& x_error, Time dt) const {
        return error(x, dxdt, x_error, dt);
    }
    template <class State, class Derivative, class Error, class Time>
    Value error(const State& x, const Derivative& dxdt, const Error& x_error, Time dt) const {
        Value worst = 0;
        for (std::size_t i = 0; i < x.size(); ++i) {
            const Value size = a_x_ * std::abs(x[i].value()) + a_dxdt_ * std::abs(dt) * std::abs(dxdt[i].value());
            worst = std::max(worst, std::abs(x_error[i].value()) / (eps_abs_ + eps_rel_ * size));
        }
        return worst;
    }

  private:
    Value eps_abs_, eps_rel_, a_x_, a_dxdt_;
};

}  // namespace boost::numeric::odeint
