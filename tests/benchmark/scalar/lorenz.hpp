// SPDX-License-Identifier: MIT
/// The equations of Lorenz (1963), a million steps of the classical Runge-Kutta method.
#pragma once

#include "task.hpp"

namespace benchmark {

/// y = u + v + w at time 2.   u' = sigma (v - u), v' = u (rho - w) - v, w' = u v - beta w.   Variables: sigma, rho, beta, start.
/// The steps are short, so that the gradient of a chaotic system still has ten digits at the end.
class Lorenz {
  public:
    static constexpr std::string_view name = "lorenz";
    static constexpr std::size_t outputs = 1;

    explicit Lorenz(bool quick) : steps_(quick ? 100'000 : 1'000'000) {}
    [[nodiscard]] std::size_t points() const { return 1; }
    [[nodiscard]] std::size_t dimension() const { return inputs_.size(); }
    [[nodiscard]] const std::vector<double>& inputs() const { return inputs_; }

    template <class T>
    void evaluate(std::size_t, const T* x, T* y) const {
        const T &sigma = x[0], &rho = x[1], &beta = x[2];
        const double h = 2.0 / static_cast<double>(steps_);
        T u = x[3], v = x[4], w = x[5];
        for (std::size_t step = 0; step < steps_; ++step) {
            T u1, v1, w1, u2, v2, w2, u3, v3, w3, u4, v4, w4;
            field<T>(sigma, rho, beta, u, v, w, u1, v1, w1);
            field<T>(sigma, rho, beta, u + 0.5 * h * u1, v + 0.5 * h * v1, w + 0.5 * h * w1, u2, v2, w2);
            field<T>(sigma, rho, beta, u + 0.5 * h * u2, v + 0.5 * h * v2, w + 0.5 * h * w2, u3, v3, w3);
            field<T>(sigma, rho, beta, u + h * u3, v + h * v3, w + h * w3, u4, v4, w4);
            u += h / 6 * (u1 + 2.0 * (u2 + u3) + u4);
            v += h / 6 * (v1 + 2.0 * (v2 + v3) + v4);
            w += h / 6 * (w1 + 2.0 * (w2 + w3) + w4);
        }
        y[0] = u + v + w;
    }

  private:
    template <class T>
    [[gnu::always_inline]] static void field(const T& sigma, const T& rho, const T& beta, const T& u, const T& v, const T& w, T& du, T& dv,
                                             T& dw) {
        du = sigma * (v - u);
        dv = u * (rho - w) - v;
        dw = u * v - beta * w;
    }

    std::size_t steps_;
    std::vector<double> inputs_{10, 28, 8.0 / 3, 1, 1, 1};
};

}  // namespace benchmark
