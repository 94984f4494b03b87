// SPDX-License-Identifier: MIT
// Why the defaults of gradcheck are what they are: methods and steps against gradients that are known, on networks and on functions that
// are unpleasant. The table:  build/tests/test_gradcheck --run_test=gradcheck_steps --log_level=message
#include "autodiff/check/gradcheck.hpp"

#include "autodiff/check/gradcheck_difference.hpp"
#include "autodiff/ops/arithmetic.hpp"
#include "autodiff/ops/matmul.hpp"
#include "autodiff/ops/reduce.hpp"
#include "autodiff/ops/softmax.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <fmt/format.h>
#include <map>
#include <random>

using namespace autodiff;
using internal::Line;

namespace {

constexpr std::uint64_t seed = 20240609;

struct Mlp {
    Tensor<double> w1, b1, w2, b2;
};

Tensor<double> normal(std::mt19937_64& random, Shape shape, double deviation) {
    Tensor<double> x = Tensor<double>::uninitialised(std::move(shape));
    for (Index i = 0; i < x.size(); ++i) x.fill_data()[i] = std::normal_distribution<double>(0, deviation)(random);
    return x;
}

/// The largest error of each way to find a slope, over all elements.
using Errors = std::map<std::string, double>;

template <class F, class X>
Errors errors(const F& f, const X& x) {
    const GradcheckOptions options;
    const internal::GradcheckProblem problem = internal::gradcheck_problem(f, options, x);
    internal::GradcheckCounts counts;
    const auto function = internal::function_of(problem, counts);
    const std::vector<double> one{1.0}, gradient = function->pull(one);
    Errors result;
    const auto note = [&](const std::string& way, double slope, std::size_t k) {
        double& worst = result[way];
        worst = std::fmax(worst, std::abs(slope - gradient[k]));
    };
    for (std::size_t k = 0; k < gradient.size(); ++k) {
        for (const int power : {-10, -13, -15, -17, -18, -20, -23, -26}) {
            const Line line(*function, k, std::ldexp(1.0, power));
            note(fmt::format("central 2^{}", power), line.central_quotient(one, Line::central), k);
        }
        const Line line(*function, k, 0);
        const double unit = line.scale(k);
        note("forward 2^-26", Line(*function, k, 0x1p-26).one_sided_quotient(one, Line::central, Line::right), k);
        note("default step", line.central_quotient(one, Line::central) / unit, k);
        std::vector<double> q;
        for (int level = 0; level < 10; ++level) q.push_back(line.central_quotient(one, level) / unit);
        note("Ridders from 2^-7", internal::extrapolate(q, line.step(0), 2, 0).value, k);
        note("6th order 2^-7", (q[0] - 20 * q[1] + 64 * q[2]) / 45, k);  // Richardson's scheme at h, h/2, h/4
    }
    return result;
}

Errors errors_of_network(bool with_relu) {
    std::mt19937_64 random(seed);
    const Mlp model{normal(random, {20, 16}, 0.3), normal(random, {16}, 0.1), normal(random, {16, 5}, 0.4), normal(random, {5}, 0.1)};
    const Tensor<double> inputs = normal(random, {8, 20}, 1);
    Tensor<double> targets = Tensor<double>::zeros({8, 5});
    for (Index i = 0; i < 8; ++i) targets.fill_data()[i * 5 + i % 5] = 0.125;
    return errors(
        [&](const Mlp& m) {
            const Tensor<double> z = matmul(inputs, m.w1) + m.b1;
            return -1.0 * sum(targets * log_softmax(matmul(with_relu ? relu(z) : sigmoid(z), m.w2) + m.b2));
        },
        model);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(gradcheck_steps)

BOOST_AUTO_TEST_CASE(the_default_step_is_near_the_best_one_and_the_default_tolerance_far_above_its_error) {
    const std::vector<std::pair<std::string, Errors>> columns{
        {"MLP sigmoid", errors_of_network(false)},
        {"MLP relu", errors_of_network(true)},
        {"x^x at 30", errors([](const Scalar& x) { return pow(x, x) * 1e-43; }, 30.0)},
        {"sin(100 x)", errors([](const Scalar& x) { return sin(100.0 * x); }, 0.3)},
        {"1e6 + x^2", errors([](const Scalar& x) { return 1e6 + x * x; }, 0.7)},
        {"log at 1e-3", errors([](const Scalar& x) { return log(x) * 1e-3; }, 1e-3)},
        {"kink at 1e-4", errors([](const Scalar& x) { return abs(x - 0.4999) + exp(x); }, 0.5)},
    };
    std::string table = fmt::format("seed {}; largest absolute error\n{:<20}", seed, "");
    for (const auto& [name, column] : columns) table += fmt::format("{:>14}", name);
    for (const auto& [way, unused] : columns[0].second) {
        table += fmt::format("\n{:<20}", way);
        for (const auto& [name, column] : columns) table += fmt::format("{:>14.1e}", column.at(way));
    }
    BOOST_TEST_MESSAGE(table);

    for (const std::size_t network : {0u, 1u}) {
        const Errors& e = columns[network].second;
        double best = 1;
        for (const auto& [way, error] : e)
            if (way.starts_with("central")) best = std::fmin(best, error);
        BOOST_TEST(e.at("default step") < 10 * best);
        BOOST_TEST(100 * e.at("default step") < 1e-6);  // rtol, of gradients of about 1
        BOOST_TEST(10 * e.at("default step") < e.at("central 2^-10"));
        BOOST_TEST(10 * e.at("default step") < e.at("forward 2^-26"));
        BOOST_TEST(e.at("Ridders from 2^-7") < e.at("default step"));
    }
    // A stencil of fixed width breaks on a kink that Ridders' method steps back from.
    const Errors& kink = columns.back().second;
    BOOST_TEST(kink.at("6th order 2^-7") > 1e-3);
    BOOST_TEST(kink.at("default step") < 1e-9);
}

BOOST_AUTO_TEST_SUITE_END()
