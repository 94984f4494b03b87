// SPDX-License-Identifier: MIT
// Recorded functions whose values and derivatives are known in closed form.
#include "autodiff/function.hpp"
#include "tests/function/near.hpp"
#include "tests/support/compare.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <numbers>
#include <random>
#include <vector>

namespace {

using namespace autodiff;
using test::Near;

/// The price of a call, after Black and Scholes (1973); N is the normal distribution.
template <class T>
T normal(const T& x) {
    using std::erfc;
    return 0.5 * erfc(-x / std::numbers::sqrt2);
}
const auto black_scholes = [](const auto& spot, const auto& volatility, const auto& rate, const auto& time) {
    using std::exp, std::log, std::sqrt;
    constexpr double strike = 100;
    const auto deviation = volatility * sqrt(time);
    const auto d1 = (log(spot / strike) + (rate + 0.5 * volatility * volatility) * time) / deviation;
    return spot * normal(d1) - strike * exp(-rate * time) * normal(d1 - deviation);
};

}  // namespace

BOOST_AUTO_TEST_SUITE(function_known_answers)

BOOST_AUTO_TEST_CASE(the_hessian_of_rosenbrock) {
    const auto f = record([](const auto& x, const auto& y) { return (1 - x) * (1 - x) + 100 * (y - x * x) * (y - x * x); }, 0.0, 0.0);
    BOOST_TEST(f(-1.2, 1.0) == 24.199999999999996, boost::test_tools::tolerance(1e-15));
    BOOST_TEST((f.gradient(1.0, 1.0) == std::tuple(0.0, 0.0)));
    std::vector<double> x, y;
    for (int k = 0; k < 70; ++k) x.push_back(-2 + 0.06 * k), y.push_back(1.5 - 0.05 * k);
    const std::vector<double> one(70, 1.0), none(70, 0.0);
    const auto [xx, xy] = f.hvp(x, y, one, none);
    const auto [yx, yy] = f.hvp(x, y, none, one);
    Near near("H", 1e-13, 1e-13);
    for (std::size_t i = 0; i < x.size(); ++i) {
        const auto k = static_cast<Index>(i);
        near(xx.at(k), 1200 * x[i] * x[i] - 400 * y[i] + 2, 1200, "xx at {}", x[i]);
        near(xy.at(k), -400 * x[i], 0, "xy at {}", x[i]);
        near(yx.at(k), -400 * x[i], 0, "yx at {}", x[i]);
        near(yy.at(k), 200, 0, "yy at {}", x[i]);
        const auto [row_x, row_y] = f.hvp(x[i], y[i], 1.0, 0.0);
        near(row_x, 1200 * x[i] * x[i] - 400 * y[i] + 2, 1200, "xx at the point {}", x[i]);
        near(row_y, -400 * x[i], 0, "xy at the point {}", x[i]);
    }
}

// y = x1 x2 ... xn, Speelpenning (1980): dy/dxi = y / xi, d2y/dxi dxj = y / (xi xj).
BOOST_AUTO_TEST_CASE(the_product_of_speelpenning) {
    constexpr std::size_t n = 12, points = 65;
    const auto f = record(
        [](const std::vector<Scalar>& x) {
            Scalar y = 1;
            for (const Scalar& xi : x) y = y * xi;
            return y;
        },
        std::vector<double>(n, 1.0));
    std::mt19937_64 random(5);
    std::uniform_real_distribution<double> anywhere(0.5, 2);
    std::vector<double> x, v;
    for (std::size_t i = 0; i < n * points; ++i) x.push_back(anywhere(random)), v.push_back(anywhere(random));
    const Shape shape{points, n};
    const auto [y, dy] = f.value_and_gradient(Tensor<double>(shape, x));
    const Tensor<double> hv = f.hvp(Tensor<double>(shape, x), Tensor<double>(shape, v));
    Near near("Speelpenning", 1e-13, 0);
    for (std::size_t p = 0; p < points; ++p) {
        const double* const at = x.data() + p * n;
        double product = 1, along = 0;
        for (std::size_t i = 0; i < n; ++i) product *= at[i], along += v[p * n + i] / at[i];
        near(y.at(p), product, 0, "value at {}", p);
        for (std::size_t i = 0; i < n; ++i) {
            near(dy.at(p, i), product / at[i], 0, "dy/dx{} at {}", i, p);
            near(hv.at(p, i), product / at[i] * (along - v[p * n + i] / at[i]), 0, "(H v){} at {}", i, p);
        }
    }
    std::vector<double> zero(n, 2.0);
    zero[4] = 0;
    const std::vector<double> dy_at_zero = f.gradient(zero);
    for (std::size_t i = 0; i < n; ++i) BOOST_TEST(dy_at_zero[i] == (i == 4 ? std::exp2(n - 1) : 0));
}

// delta = N(d1), vega = S n(d1) sqrt(T), rho = K T exp(-r T) N(d2), gamma = n(d1) / (S sigma sqrt(T)); n is the normal density.
BOOST_AUTO_TEST_CASE(the_greeks_of_black_scholes) {
    constexpr std::size_t points = 1000;
    const auto f = record(black_scholes, 100.0, 0.2, 0.05, 1.0);
    std::mt19937_64 random(7);
    const auto column = [&random](double low, double high) {
        std::vector<double> x(points);
        for (double& each : x) each = std::uniform_real_distribution<double>(low, high)(random);
        return x;
    };
    const auto spot = column(70, 140), volatility = column(0.1, 0.6), rate = column(0, 0.1), time = column(0.2, 2);
    const std::vector<double> one(points, 1.0), none(points, 0.0);
    const auto [price, greeks] = f.value_and_gradient(spot, volatility, rate, time);
    const auto second = f.hvp(spot, volatility, rate, time, one, none, none, none);
    Near near("Black-Scholes", 1e-12, 1e-14);
    for (std::size_t i = 0; i < points; ++i) {
        const double S = spot[i], sigma = volatility[i], r = rate[i], T = time[i], deviation = sigma * std::sqrt(T);
        const double d1 = (std::log(S / 100) + (r + 0.5 * sigma * sigma) * T) / deviation, d2 = d1 - deviation;
        const double density = std::exp(-0.5 * d1 * d1) / std::sqrt(2 * std::numbers::pi), discounted = 100 * std::exp(-r * T);
        const double theta = S * density * sigma / (2 * std::sqrt(T)) + r * discounted * normal(d2);
        const auto k = static_cast<Index>(i);
        near(price.at(k), S * normal(d1) - discounted * normal(d2), 2 * S, "price {}", i);  // the difference cancels
        near(std::get<0>(greeks).at(k), normal(d1), 1, "delta {}", i);
        near(std::get<1>(greeks).at(k), S * density * std::sqrt(T), S, "vega {}", i);
        near(std::get<2>(greeks).at(k), T * discounted * normal(d2), S, "rho {}", i);
        near(std::get<3>(greeks).at(k), theta, S, "theta {}", i);
        near(std::get<0>(second).at(k), density / (S * deviation), 1 / deviation, "gamma {}", i);
        const auto at_point = f.gradient(S, sigma, r, T);
        near(std::get<1>(at_point), S * density * std::sqrt(T), S, "vega at the point {}", i);
    }
}

BOOST_AUTO_TEST_SUITE_END()
