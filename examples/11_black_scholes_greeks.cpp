// SPDX-License-Identifier: MIT
// Claim: write the price of an option, and every Greek comes out, of first and of second order.
//
// The price of a European call after Black and Scholes (1973). The Greeks are its derivatives: traders know them by formulas, one for
// each. Here one sweep over the price gives the five of first order; the sweep recorded and swept again gives those of second order.
#include "autodiff/autodiff.hpp"
#include "examples/evidence.hpp"

#include <numbers>

namespace {

/// Phi(x), the normal distribution function
template <class T>
T normal(const T& x) {
    using std::erfc;
    return erfc(-x / std::numbers::sqrt2) / 2;
}

/// C = S Phi(d1) - K exp(-r T) Phi(d2)
template <class T>
T call(const T& spot, double strike, const T& rate, const T& volatility, const T& time) {
    using std::exp, std::log, std::sqrt;
    const T spread = volatility * sqrt(time);
    const T d1 = (log(spot / strike) + (rate + volatility * volatility / 2) * time) / spread, d2 = d1 - spread;
    return spot * normal(d1) - strike * exp(-rate * time) * normal(d2);
}

}  // namespace

int main() {
    const double S = 100, K = 110, r = 0.03, sigma = 0.25, T = 0.75;
    autodiff::Tape tape;
    const auto spot = tape.variable(S, "S"), rate = tape.variable(r, "r"), volatility = tape.variable(sigma, "sigma"),
               time = tape.variable(T, "T");
    const auto price = call(spot, K, rate, volatility, time);
    const auto first = gradient(price);
    const auto recorded = recorded_gradient(price);
    const auto of_delta = gradient(recorded[spot]), of_vega = gradient(recorded[volatility]);

    // The textbook's formulas.
    const double root = std::sqrt(T), d1 = (std::log(S / K) + (r + sigma * sigma / 2) * T) / (sigma * root), d2 = d1 - sigma * root;
    const double density = std::exp(-d1 * d1 / 2) / std::sqrt(2 * std::numbers::pi), discounted = K * std::exp(-r * T);
    const double vega = S * density * root;

    fmt::print("a call of strike {}, spot {}, rate {}, volatility {}, {} years\n\n", K, S, r, sigma, T);
    Evidence evidence;
    evidence.check("price", price.value(), S * normal(d1) - discounted * normal(d2));
    evidence.check("delta = dC/dS", first[spot], normal(d1));
    evidence.check("vega  = dC/dsigma", first[volatility], vega);
    evidence.check("rho   = dC/dr", first[rate], discounted * T * normal(d2));
    evidence.check("theta = -dC/dT", -first[time], -S * density * sigma / (2 * root) - r * discounted * normal(d2));
    evidence.check("gamma = d2C/dS2", of_delta[spot], density / (S * sigma * root));
    evidence.check("vanna = d2C/dS dsigma", of_delta[volatility], -density * d2 / sigma);
    evidence.check("the same, the other way", of_vega[spot], -density * d2 / sigma);
    evidence.check("volga = d2C/dsigma2", of_vega[volatility], vega * d1 * d2 / sigma);
    return evidence.status();
}
