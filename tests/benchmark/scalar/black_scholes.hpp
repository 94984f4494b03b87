// SPDX-License-Identifier: MIT
/// The price of a million European options, all with their five sensitivities.
#pragma once

#include "task.hpp"

namespace benchmark {

/// y = S Phi(d1) - K exp(-r T) Phi(d2),   d1 = (log(S/K) + (r + sigma^2/2) T) / (sigma sqrt T),   d2 = d1 - sigma sqrt T
/// Variables: S, K, r, sigma, T. Phi by the polynomial of Abramowitz and Stegun 26.2.17, which every tool can differentiate.
class BlackScholes {
  public:
    static constexpr std::string_view name = "black-scholes";
    static constexpr std::size_t outputs = 1;

    explicit BlackScholes(bool quick) : points_(quick ? 100'000 : 1'000'000) {
        for (std::size_t p = 0; p < points_; ++p) {
            inputs_.push_back(uniform(10, p, 50, 150));
            inputs_.push_back(uniform(11, p, 50, 150));
            inputs_.push_back(uniform(12, p, 0.01, 0.1));
            inputs_.push_back(uniform(13, p, 0.1, 0.6));
            inputs_.push_back(uniform(14, p, 0.1, 2));
        }
    }
    [[nodiscard]] std::size_t points() const { return points_; }
    [[nodiscard]] std::size_t dimension() const { return 5; }
    [[nodiscard]] const std::vector<double>& inputs() const { return inputs_; }

    template <class T>
    void evaluate(std::size_t, const T* x, T* y) const {
        using std::exp;
        using std::log;
        using std::sqrt;
        const T &S = x[0], &K = x[1], &r = x[2], &sigma = x[3], &time = x[4];
        const T spread = sigma * sqrt(time);
        const T d1 = (log(S / K) + (r + 0.5 * (sigma * sigma)) * time) / spread;
        const T d2 = d1 - spread;
        y[0] = S * cumulative<T>(d1) - K * exp(-(r * time)) * cumulative<T>(d2);
    }

  private:
    template <class T>
    [[gnu::always_inline]] static T cumulative(const T& x) {
        using std::exp;
        const T minus = -x, a = choose(x < 0.0, minus, x);
        const T k = 1.0 / (1.0 + 0.2316419 * a);
        const T density = 0.39894228040143270 * exp(-0.5 * (a * a));
        const T tail = density * (k * (0.319381530 + k * (-0.356563782 + k * (1.781477937 + k * (-1.821255978 + k * 1.330274429)))));
        const T rest = 1.0 - tail;
        return choose(x < 0.0, tail, rest);
    }

    std::size_t points_;
    std::vector<double> inputs_;
};

}  // namespace benchmark
