// SPDX-License-Identifier: MIT
// One wrong element of a thousand: found whenever its error exceeds ten times what the check says it can see there.
#include "autodiff/check/gradcheck.hpp"

#include "autodiff/ops/arithmetic.hpp"
#include "autodiff/ops/matmul.hpp"
#include "autodiff/ops/reduce.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <random>

using namespace autodiff;

namespace {

constexpr std::uint64_t seed = 20240608;
constexpr Index rows = 25, columns = 40;  // 1000 elements

Tensor<double> one_row() { return Tensor<double>::ones({1, rows}); }

/// Elements that act alone and together, kinks among them, and gradients over ten orders of magnitude.
Tensor<double> objective(const Tensor<double>& w, const Tensor<double>& a, const Tensor<double>& scale) {
    const Tensor<double> z = a * w + 0.1;
    return sum(scale * (tanh(z) + 0.3 * relu(z))) + sum(square(matmul(one_row(), w)));
}

struct Trial {
    std::mt19937_64 random;
    Tensor<double> uniform(Shape shape, double low, double high) {
        Tensor<double> x = Tensor<double>::uninitialised(std::move(shape));
        for (Index i = 0; i < x.size(); ++i) x.fill_data()[i] = std::uniform_real_distribution<double>(low, high)(random);
        return x;
    }
};

/// How many of the trials found the one wrong element, where the error is `factor` times what is stated of it.
std::size_t found(const GradcheckOptions& options, double factor, std::size_t trials, bool by_noise) {
    Trial trial{std::mt19937_64(seed)};
    std::size_t count = 0;
    for (std::size_t t = 0; t < trials; ++t) {
        const Tensor<double> w = trial.uniform({rows, columns}, -1, 1), a = trial.uniform({rows, columns}, -1, 1);
        const Tensor<double> scale = exp(trial.uniform({rows, columns}, -12, 6));
        const auto f = [&](const Tensor<double>& x) { return objective(x, a, scale); };
        const Tensor<double> right = value_and_gradient(f, w).second;
        const auto k = static_cast<std::size_t>(trial.random() % (rows * columns));
        GradcheckOptions one = options;
        one.directions = 1, one.negative_control = false;
        const GradReport stated = gradcheck(
            f, [&](const Tensor<double>&) { return right; }, w, one);
        if (!stated) {
            BOOST_TEST_ERROR("the right gradient raises an alarm: " << stated.text());
            continue;
        }
        const GradcheckElement& e = stated.elements[k];
        const double error = factor * (by_noise ? e.noise : e.allowed) * ((trial.random() & 1) != 0 ? 1 : -1);
        const auto wrong = [&](const Tensor<double>&) {
            Tensor<double> g = right;
            in_place(g)[k] += error;
            return g;
        };
        const GradReport report = gradcheck(f, wrong, w, one);
        const bool named = std::any_of(report.worst.begin(), report.worst.end(),
                                       [k](const GradcheckElement& b) { return b.index == k && b.verdict == Verdict::fail; });
        if (report.verdict == Verdict::fail && named && report.worst.size() == 1)
            ++count;
        else if (factor > 1)
            BOOST_TEST_MESSAGE("trial " << t << ", element " << k << ", error " << error << ": " << report.text());
    }
    return count;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(gradcheck_sensitivity)

BOOST_AUTO_TEST_CASE(an_error_of_ten_times_what_is_allowed_is_always_found_by_name) {
    BOOST_TEST_MESSAGE("seed " << seed);
    BOOST_TEST(found({}, 10, 40, false) == 40u);
}

BOOST_AUTO_TEST_CASE(without_a_relative_tolerance_an_error_of_ten_times_the_noise_is_always_found_by_name) {
    BOOST_TEST(found({.rtol = 0.0}, 10, 40, true) == 40u);
}

BOOST_AUTO_TEST_CASE(an_error_of_a_hundredth_of_what_is_allowed_is_none) { BOOST_TEST(found({}, 0.01, 10, false) == 0u); }

BOOST_AUTO_TEST_SUITE_END()
