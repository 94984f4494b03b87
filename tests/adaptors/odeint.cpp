// SPDX-License-Identifier: MIT
// Boost.odeint with Scalars: orders of convergence, closed solutions, the variational equations, and step control by values.
#include "autodiff/adaptors/odeint.hpp"

#include "autodiff/gradient.hpp"
#include "tests/support/compare.hpp"

#include <array>
#include <boost/numeric/odeint.hpp>
#include <boost/test/unit_test.hpp>
#include <vector>

using autodiff::Scalar;
using autodiff::Tape;
using test::close;
namespace odeint = boost::numeric::odeint;

namespace {

/// x'' = -omega^2 x as x' = v, v' = -omega^2 x
template <class T>
struct Oscillator {
    T omega;
    template <class State>
    void operator()(const State& x, State& dxdt, double) const {
        dxdt[0] = x[1];
        dxdt[1] = -omega * omega * x[0];
    }
};
constexpr double omega = 1.3, x0 = 0.8, v0 = -0.4, end = 2.0;
/// The solution at `end` and its derivatives with respect to omega, x0 and v0.
const double c = std::cos(omega * end), s = std::sin(omega * end);
const double exact = x0 * c + v0 / omega * s;
const std::array exact_gradient{-x0 * end * s + v0 * (end * omega * c - s) / (omega * omega), c, s / omega};

/// Lotka and Volterra: x' = p0 x - p1 x y, y' = p2 x y - p3 y
template <class T>
struct Predators {
    std::array<T, 4> p;
    template <class State>
    void operator()(const State& x, State& dxdt, double) const {
        dxdt[0] = p[0] * x[0] - p[1] * x[0] * x[1];
        dxdt[1] = p[2] * x[0] * x[1] - p[3] * x[1];
    }
};
constexpr std::array rates{1.5, 1.0, 0.6, 2.0};

/// x and y together with S[i][k] = dx_i/dp_k, whose equations are S' = (df/dx) S + df/dp.
struct Variational {
    template <class State>
    void operator()(const State& x, State& dxdt, double t) const {
        Predators<double>{rates}(x, dxdt, t);
        const std::array<std::array<double, 2>, 2> dfdx{
            {{rates[0] - rates[1] * x[1], -rates[1] * x[0]}, {rates[2] * x[1], rates[2] * x[0] - rates[3]}}};
        const std::array<std::array<double, 4>, 2> dfdp{{{x[0], -x[0] * x[1], 0, 0}, {0, 0, x[0] * x[1], -x[1]}}};
        for (std::size_t i = 0; i < 2; ++i)
            for (std::size_t k = 0; k < 4; ++k) dxdt[2 + 4 * i + k] = dfdx[i][0] * x[2 + k] + dfdx[i][1] * x[6 + k] + dfdp[i][k];
    }
};

template <class State>
using Dopri5 = odeint::runge_kutta_dopri5<State>;

/// The state at time 5 and its derivatives with respect to the four rates, as Variational has them.
template <class State, class Integrate>
std::array<double, 10> differentiated(const Integrate& integrate) {
    Tape tape(autodiff::Detail::derivatives);
    Predators<Scalar> system;
    for (std::size_t k = 0; k < 4; ++k) system.p[k] = tape.variable(rates[k]);
    State x{Scalar(2), Scalar(1)};
    integrate(system, x);
    std::array<double, 10> result{x[0].value(), x[1].value()};
    for (std::size_t i = 0; i < 2; ++i) {
        const auto dx = gradient(x[i]);
        for (std::size_t k = 0; k < 4; ++k) result[2 + 4 * i + k] = dx[system.p[k]];
    }
    return result;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ode)

BOOST_AUTO_TEST_CASE(errors_of_the_value_and_of_the_sensitivities_shrink_with_the_fourth_power_of_the_step) {
    const auto errors = [](int steps) {
        Tape tape(autodiff::Detail::derivatives);
        const Oscillator<Scalar> system{tape.variable(omega)};
        const std::array start{tape.variable(x0), tape.variable(v0)};
        std::vector<Scalar> x(start.begin(), start.end());
        odeint::integrate_n_steps(odeint::runge_kutta4<std::vector<Scalar>>(), system, x, 0.0, end / steps,
                                  static_cast<std::size_t>(steps));
        const auto dx = gradient(x[0]);
        return std::array{std::abs(x[0].value() - exact), std::abs(dx[system.omega] - exact_gradient[0]),
                          std::abs(dx[start[0]] - exact_gradient[1]), std::abs(dx[start[1]] - exact_gradient[2])};
    };
    const auto coarse = errors(128), fine = errors(256);
    for (std::size_t k = 0; k < coarse.size(); ++k) BOOST_TEST(close(std::log2(coarse[k] / fine[k]), 4.0, {.absolute = 0.1}));
}

BOOST_AUTO_TEST_CASE(differentiating_fixed_steps_is_the_same_scheme_on_the_variational_equations) {
    std::vector<double> expected{2, 1, 0, 0, 0, 0, 0, 0, 0, 0};
    odeint::integrate_n_steps(odeint::runge_kutta4<std::vector<double>>(), Variational{}, expected, 0.0, 0.05, 100);
    const auto check = [&expected](const std::array<double, 10>& got) {
        for (std::size_t i = 0; i < got.size(); ++i) BOOST_TEST(close(got[i], expected[i], {.relative = 1e-12}));
    };
    const auto steps = []<class System, class State>(const System& system, State& x) {
        odeint::integrate_n_steps(odeint::runge_kutta4<State>(), system, x, 0.0, 0.05, 100);
    };
    check(differentiated<std::vector<Scalar>>(steps));
    check(differentiated<std::array<Scalar, 2>>(steps));
}

BOOST_AUTO_TEST_CASE(controlled_steps_give_the_sensitivities_of_the_variational_equations) {
    std::vector<double> expected{2, 1, 0, 0, 0, 0, 0, 0, 0, 0};
    odeint::integrate_adaptive(odeint::make_controlled(1e-13, 1e-13, Dopri5<std::vector<double>>()), Variational{}, expected, 0.0, 5.0,
                               0.01);
    const auto check = [&expected](const std::array<double, 10>& got) {
        for (std::size_t i = 0; i < got.size(); ++i) BOOST_TEST(close(got[i], expected[i], {.relative = 1e-8, .absolute = 1e-8}));
    };
    const auto controlled = []<class System, class State>(const System& system, State& x) {
        odeint::integrate_adaptive(odeint::make_controlled(1e-11, 1e-11, Dopri5<State>()), system, x, 0.0, 5.0, 0.01);
    };
    const auto cash_karp = []<class System, class State>(const System& system, State& x) {
        odeint::integrate_adaptive(odeint::make_controlled(1e-11, 1e-11, odeint::runge_kutta_cash_karp54<State>()), system, x, 0.0, 5.0,
                                   0.01);
    };
    const auto dense = []<class System, class State>(const System& system, State& x) {
        const std::array times{0.0, 1.7, 5.0};
        odeint::integrate_times(odeint::make_dense_output(1e-11, 1e-11, Dopri5<State>()), system, x, times, 0.01, odeint::null_observer());
    };
    check(differentiated<std::vector<Scalar>>(controlled));
    check(differentiated<std::array<Scalar, 2>>(controlled));
    check(differentiated<std::vector<Scalar>>(cash_karp));
    check(differentiated<std::vector<Scalar>>(dense));
    check(differentiated<std::array<Scalar, 2>>(dense));
}

BOOST_AUTO_TEST_CASE(step_control_reads_values_and_takes_the_steps_that_numbers_would_take) {
    const auto run = []<class T>(const Predators<T>& system) {
        std::vector<T> x{T(2), T(1)};
        std::vector<double> times;
        const auto stepper = odeint::make_controlled(1e-7, 1e-7, Dopri5<std::vector<T>>());
        odeint::integrate_adaptive(stepper, system, x, 0.0, 5.0, 1.0, [&times](const auto&, double t) { times.push_back(t); });
        return times;
    };
    const std::vector<double> plain = run(Predators<double>{rates});
    Tape tape(autodiff::Detail::derivatives);
    Predators<Scalar> system;
    for (std::size_t k = 0; k < 4; ++k) system.p[k] = tape.variable(rates[k]);
    const std::vector<double> recorded = run(system);
    BOOST_TEST(plain.size() > 20u);
    BOOST_TEST(recorded.size() == plain.size());
    for (std::size_t i = 0; i < std::min(plain.size(), recorded.size()); ++i) BOOST_TEST(close(recorded[i], plain[i], {.relative = 1e-12}));
}

BOOST_AUTO_TEST_CASE(integrate_with_numbers_for_time) {
    Tape tape(autodiff::Detail::derivatives);
    const Oscillator<Scalar> system{tape.variable(omega)};
    std::vector<Scalar> x{Scalar(x0), Scalar(v0)};
    odeint::integrate<double>(system, x, 0.0, end, 0.01);
    BOOST_TEST(close(x[0].value(), exact, {.absolute = 1e-5}));
    BOOST_TEST(close(gradient(x[0])[system.omega], exact_gradient[0], {.absolute = 1e-5}));
}

BOOST_AUTO_TEST_CASE(a_stepper_that_outlives_its_recording_says_so) {
    Tape tape(autodiff::Detail::derivatives);
    auto stepper = odeint::make_controlled(1e-7, 1e-7, Dopri5<std::vector<Scalar>>());
    Oscillator<Scalar> system{tape.variable(omega)};
    std::vector<Scalar> x{Scalar(x0), Scalar(v0)};
    double t = 0, dt = 0.1;
    stepper.try_step(system, x, t, dt);
    tape.clear();
    system.omega = tape.variable(omega);
    x = {Scalar(x0), Scalar(v0)};
    BOOST_CHECK_THROW((void)stepper.try_step(system, x, t, dt), autodiff::TapeError);
}

BOOST_AUTO_TEST_SUITE_END()
