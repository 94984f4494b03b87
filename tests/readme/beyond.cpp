// SPDX-License-Identifier: MIT
// The blocks of README.md on control, recorded functions, sparsity and linear algebra, as they stand there.
#include "autodiff/autodiff.hpp"
#include "autodiff/check/gradcheck.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>

using namespace autodiff;

BOOST_AUTO_TEST_SUITE(readme_beyond)

BOOST_AUTO_TEST_CASE(control_over_the_chain_rule) {
    Tape tape;
    auto a = tape.variable(0.8), x = tape.variable(3.0);
    double arrived = 0;
    auto seen = on_adjoint(x, [&](const Scalar& ybar) { arrived = ybar.value(); });   // or return another adjoint
    auto calmed = scale_gradient(seen, 0.1);                                          // also reverse_gradient, stop_gradient
    auto cube = custom("cube", [](double z) { return z * z * z; }, [](double ybar, double, double z) { return 3 * z * z * ybar; });
    auto z = fixed_point([](const Scalar& s, const Scalar& k) { return cos(k * s); }, 0.5, a);  // differentiated without its iterations
    auto y = checkpoint([](const auto& s) { return exp(sin(s)); }, cube(calmed)) + z;           // recorded again when the sweep comes
    auto dy = gradient(y);

    const double s = 27, slope = std::exp(std::sin(s)) * std::cos(s) * 27;
    BOOST_TEST(std::abs(dy[x] - 0.1 * slope) < 1e-12 * std::abs(slope));
    BOOST_TEST(std::abs(arrived - 0.1 * slope) < 1e-12 * std::abs(slope));
    const double zv = z.value(), sine = std::sin(0.8 * zv);
    BOOST_TEST(std::abs(dy[a] + zv * sine / (1 + 0.8 * sine)) < 1e-10);
}

BOOST_AUTO_TEST_CASE(recorded_functions) {
    auto f = autodiff::record([](auto amplitude, auto rate, auto t, auto observed) {
        auto error = amplitude * exp(-rate * t) - observed;
        return where(error < 0.0, 3.0 * error * error, error * error);  // where() records both sides
    }, shared(1.0), shared(0.5), passive(0.0), passive(1.0));           // parameters that all points share; data

    std::vector<double> t(1000), observed(1000);
    for (std::size_t i = 0; i < t.size(); ++i) t[i] = 0.005 * double(i), observed[i] = 2 * std::exp(-0.7 * t[i]);
    auto [loss, slope] = f.sum_and_gradient(1.9, 0.8, t, observed);  // all points in SIMD lanes; slope: by amplitude and rate
    auto [damplitude, drate] = slope;
    auto one = f(1.9, 0.8, 0.25, 1.6);                               // or at one point

    const auto [expected, gradient] = value_and_gradient(
        [&](auto amplitude, auto rate) {
            Scalar sum = 0;
            for (std::size_t i = 0; i < t.size(); ++i) {
                auto error = amplitude * exp(-rate * t[i]) - observed[i];
                sum += error < 0.0 ? 3.0 * error * error : error * error;
            }
            return sum;
        },
        1.9, 0.8);
    BOOST_TEST(std::abs(loss - expected) < 1e-12 * expected);
    BOOST_TEST(std::abs(damplitude - std::get<0>(gradient)) < 1e-11 * std::abs(std::get<0>(gradient)));
    BOOST_TEST(std::abs(drate - std::get<1>(gradient)) < 1e-11 * std::abs(std::get<1>(gradient)));
    BOOST_TEST(std::abs(one - 3 * std::pow(1.9 * std::exp(-0.2) - 1.6, 2)) < 1e-14);
}

BOOST_AUTO_TEST_CASE(sparse_derivatives) {
    auto chain = [](const std::vector<Scalar>& x) {
        Scalar sum = 0;
        for (std::size_t i = 1; i < x.size(); ++i) sum += 100.0 * square(x[i] - x[i - 1] * x[i - 1]) + square(1.0 - x[i - 1]);
        return sum;
    };
    std::vector<double> start(1000, -1.2);
    auto H = sparse_hessian(chain, start);  // compressed rows, 2998 entries, by 3 sweeps; to_eigen(H) in <autodiff/eigen_sparse.hpp>

    BOOST_TEST(H.value.size() == 2998u);
}

BOOST_AUTO_TEST_CASE(linear_algebra) {
    const auto x = Tensor<double>::of({0, 0.5, 1.3, 2, 3.1}), y = Tensor<double>::of({0.1, 0.6, 1.1, 0.7, -0.2});
    auto evidence = [&](const auto& s) {  // of a Gaussian process
        auto k = exp(square(unsqueeze(x, 0) - unsqueeze(x, 1)) * (-0.5 * exp(-2 * s))) + 0.01 * Tensor<double>::eye(5);
        return -0.5 * sum(y * solve(k, y)) - 0.5 * logdet(k);
    };
    auto [value, slope] = value_and_gradient(evidence, 0.2);

    const double h = 1e-5, above = value_and_gradient(evidence, 0.2 + h).first, below = value_and_gradient(evidence, 0.2 - h).first;
    BOOST_TEST(std::isfinite(value));
    BOOST_TEST(std::abs(slope - (above - below) / (2 * h)) < 1e-7);
}

BOOST_AUTO_TEST_CASE(tensors_at_speed) {
    const auto x = Tensor<double>::from_rows({{0.1, -0.2, 0.3}, {0.4, 0.5, -0.6}});
    const auto w = Tensor<double>::of({1.5, 2.0, -1.0});
    const double b = 0.25;
    auto h = elementwise([](auto t, auto u, auto v) { return tanh(t * u + v); }, x, w, b);  // one pass forward, one backward

    for (Index i = 0; i < 2; ++i)
        for (Index j = 0; j < 3; ++j) BOOST_TEST(std::abs(h.at(i, j) - std::tanh(x.at(i, j) * w.at(j) + b)) < 1e-15);

    autodiff::memory::set_limit(std::size_t{4} << 30);  // beyond it a tensor throws MemoryError, and nothing else changes
    auto [in_use, cached, peak, limit, system_calls] = autodiff::memory::stats();
    autodiff::memory::trim();                           // gives what is kept back to the system

    BOOST_TEST(limit == std::size_t{4} << 30);
    BOOST_TEST(in_use >= 9 * sizeof(double));
    BOOST_TEST(peak >= in_use);
    BOOST_TEST(system_calls > 0u);
    BOOST_TEST(in_use + cached <= limit);
    BOOST_CHECK_THROW(Tensor<double>::zeros({Index{1} << 30}), MemoryError);
    autodiff::memory::set_limit(0);
}

BOOST_AUTO_TEST_CASE(gradient_checking) {
    const auto x = Tensor<double>::of({0.3, -1.2, 0.5});
    auto f = [](const auto& v) { return sum(sin(v) * exp(v)); };
    auto report = gradcheck(f, x, {.names = {"x"}});         // the tape's gradient, or one of your own, which stands between f and x
    if (!report) fmt::print("{}", report.text());            // verdict, elements, step, likely cause

    BOOST_TEST(bool(report));
    const auto wrong = gradcheck(f, [](const Tensor<double>& v) { return exp(v); }, x, {.names = {"x"}});
    BOOST_TEST(!wrong);
}

BOOST_AUTO_TEST_SUITE_END()
