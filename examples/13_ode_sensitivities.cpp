// SPDX-License-Identifier: MIT
// Claim: a solver of differential equations is a program like any other; sweep it, and the sensitivities of its result come out.
//
// Boost.odeint integrates Scalars as it integrates doubles. First a damped oscillator, whose solution has a formula to differentiate by
// hand. Then foxes and hares (Lotka, Volterra), which have none: there the classical way is to integrate the variational equations, eight
// more equations for two animals and four rates. The tape needs one sweep for each result, and nobody derives them.
#include "autodiff/adaptors/odeint.hpp"
#include "autodiff/autodiff.hpp"
#include "examples/evidence.hpp"

#include <array>
#include <boost/numeric/odeint.hpp>
#include <cmath>
#include <vector>

namespace {

using autodiff::Scalar;
namespace odeint = boost::numeric::odeint;

/// Adaptive steps of Dormand and Prince, of order five. The error is measured on values: the steps are those that doubles would take.
template <class State, class System>
void integrate(const System& system, State& x, double end) {
    odeint::integrate_adaptive(odeint::make_controlled(1e-12, 1e-12, odeint::runge_kutta_dopri5<State>()), system, x, 0.0, end, 0.01);
}

/// x'' + 2 damping x' + omega^2 x = 0 from x = 1, x' = 0
void oscillator(Evidence& evidence) {
    const double end = 3, d = 0.2, w = 1.7;
    autodiff::Tape tape(autodiff::Detail::derivatives);
    const Scalar damping = tape.variable(d), omega = tape.variable(w);
    std::array<Scalar, 2> x{1, 0};
    const auto system = [&](const auto& state, auto& rate, double) {
        rate[0] = state[1];
        rate[1] = -2.0 * damping * state[1] - omega * omega * state[0];
    };
    integrate(system, x, end);

    // x(t) = exp(-d t) a with a = cos(v t) + d/v sin(v t) and v = sqrt(w^2 - d^2); dv/dd = -d/v, dv/dw = w/v.
    const double v = std::sqrt(w * w - d * d), c = std::cos(v * end), s = std::sin(v * end), decay = std::exp(-d * end);
    const double a = c + d / v * s, da_dv = -end * s - d / (v * v) * s + d * end / v * c;
    const auto dx = gradient(x[0]);
    evidence.check("oscillator: x(3)", x[0].value(), decay * a);
    evidence.check("  dx(3)/d damping", dx[damping], decay * (-end * a + s / v - da_dv * d / v));
    evidence.check("  dx(3)/d omega", dx[omega], decay * da_dv * w / v);
}

constexpr std::array<double, 4> rates{1.5, 1.0, 0.6, 2.0};

/// hares' = r0 hares - r1 hares foxes, foxes' = r2 hares foxes - r3 foxes
template <class State, class Rates>
void grow(const Rates& r, const State& x, State& rate) {
    rate[0] = r[0] * x[0] - r[1] * x[0] * x[1];
    rate[1] = r[2] * x[0] * x[1] - r[3] * x[1];
}

/// The same with S = dx/dr beside it: S' = (df/dx) S + df/dr, derived by hand.
std::vector<double> variational(double end) {
    std::vector<double> state{2, 1, 0, 0, 0, 0, 0, 0, 0, 0};
    const auto system = [](const std::vector<double>& x, std::vector<double>& rate, double) {
        grow(rates, x, rate);
        const double meals = x[0] * x[1];
        const std::array<double, 4> hares{x[0], -meals, 0, 0}, foxes{0, 0, meals, -x[1]};
        for (std::size_t k = 0; k < 4; ++k) {
            rate[2 + k] = (rates[0] - rates[1] * x[1]) * x[2 + k] - rates[1] * x[0] * x[6 + k] + hares[k];
            rate[6 + k] = rates[2] * x[1] * x[2 + k] + (rates[2] * x[0] - rates[3]) * x[6 + k] + foxes[k];
        }
    };
    integrate(system, state, end);
    return state;
}

void foxes_and_hares(Evidence& evidence) {
    const double end = 5;
    autodiff::Tape tape(autodiff::Detail::derivatives);
    std::array<Scalar, 4> r;
    for (std::size_t k = 0; k < 4; ++k) r[k] = tape.variable(rates[k]);
    std::vector<Scalar> x{2, 1};
    integrate([&r](const auto& state, auto& rate, double) { grow(r, state, rate); }, x, end);

    const std::vector<double> expected = variational(end);
    const auto hares = gradient(x[0]), foxes = gradient(x[1]);
    evidence.check("hares at time 5", x[0].value(), expected[0]);
    evidence.check("foxes at time 5", x[1].value(), expected[1]);
    for (std::size_t k = 0; k < 4; ++k) evidence.check(fmt::format("  d hares / d rate {}", k), hares[r[k]], expected[2 + k]);
    for (std::size_t k = 0; k < 4; ++k) evidence.check(fmt::format("  d foxes / d rate {}", k), foxes[r[k]], expected[6 + k]);
}

}  // namespace

int main() {
    Evidence evidence(1e-8);
    oscillator(evidence);
    foxes_and_hares(evidence);
    return evidence.status();
}
