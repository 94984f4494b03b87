// SPDX-License-Identifier: MIT
// What holds for every function: the two modes are each other's transpose, Hessians are symmetric, derivatives commute, homogeneous
// functions obey Euler, discrete adjoints converge. Next: errors.cpp.
#include "autodiff/autodiff.hpp"
#include "nn/nn.hpp"
#include "tests/support/compare.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <random>
#include <vector>

namespace {

using namespace autodiff;
using T = Tensor<double>;
using test::close;

/// A straight-line program of smooth operations, the same for every number type.
struct RandomProgram {
    struct Step {
        int operation;
        std::size_t a, b;
    };
    std::vector<Step> steps;

    RandomProgram(unsigned seed, std::size_t inputs, std::size_t length) {
        std::mt19937_64 draw(seed);
        for (std::size_t n = inputs; n < inputs + length; ++n)
            steps.push_back({static_cast<int>(draw() % 7), draw() % n, n - 1 - draw() % std::min<std::size_t>(n, 4)});
    }
    std::vector<Scalar> operator()(const std::vector<Scalar>& x) const {
        std::vector<Scalar> v = x;
        for (const auto& [operation, a, b] : steps) switch (operation) {
            case 0:
                v.push_back(v[a] + v[b]);
                break;
            case 1:
                v.push_back(v[a] - 0.5 * v[b]);
                break;
            case 2:
                v.push_back(v[a] * v[b]);
                break;
            case 3:
                v.push_back(v[a] / (1.0 + v[b] * v[b]));
                break;
            case 4:
                v.push_back(sin(v[a]) * v[b]);
                break;
            case 5:
                v.push_back(tanh(v[a] - v[b]));
                break;
            default:
                v.push_back(exp(-v[a] * v[a]));
                break;
            }
        return {v.end() - 3, v.end()};
    }
};

std::vector<double> random_numbers(unsigned seed, std::size_t n) {
    std::mt19937_64 engine(seed);
    std::uniform_real_distribution<double> next(-1, 1);
    std::vector<double> result(n);
    for (double& x : result) x = next(engine);
    return result;
}

struct Dot {
    double value = 0, size = 0;
    void add(double a, double b) { value += a * b, size += std::abs(a * b); }
};
Dot dot(const std::vector<double>& a, const std::vector<double>& b) {
    Dot result;
    for (std::size_t k = 0; k < a.size(); ++k) result.add(a[k], b[k]);
    return result;
}
void check_equal(const Dot& a, const Dot& b) { BOOST_TEST(close(a.value, b.value, {.absolute = 1e-12 * (a.size + b.size)})); }

struct Mlp {
    nn::BasicLinear<double> hidden{3, 4, true, 1}, output{4, 2, true, 2};
    [[nodiscard]] T operator()(const T& x) const { return output(tanh(hidden(x))); }
};
/// The same model with other numbers.
Mlp drawn(unsigned seed) {
    Mlp model;
    for_each_parameter(model,
                       [&seed](std::string_view, T& p) { p = T(p.shape(), random_numbers(seed++, static_cast<std::size_t>(p.size()))); });
    return model;
}
Dot dot(const Mlp& a, const Mlp& b) {
    std::vector<double> x, y;
    for_each_parameter(
        a, [&x](std::string_view, const T& p) { x.insert(x.end(), p.contiguous().data().begin(), p.contiguous().data().end()); });
    for_each_parameter(
        b, [&y](std::string_view, const T& p) { y.insert(y.end(), p.contiguous().data().begin(), p.contiguous().data().end()); });
    return dot(x, y);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(identities)

BOOST_AUTO_TEST_CASE(pullbacks_are_the_transpose_of_tangents_for_random_programs) {
    for (unsigned seed = 1; seed <= 40; ++seed) {
        const RandomProgram f(seed, 4, 30);
        const std::vector<double> x = random_numbers(seed, 4), v = random_numbers(seed + 100, 4), u = random_numbers(seed + 200, 3);
        const auto [y, ydot] = jvp(f, x, v);
        const auto [same_y, pullback] = vjp(f, x);
        BOOST_TEST_CONTEXT("seed " << seed) {
            for (std::size_t k = 0; k < 3; ++k) BOOST_TEST(y[k] == same_y[k]);
            check_equal(dot(u, ydot), dot(pullback(u), v));
        }
    }
}

BOOST_AUTO_TEST_CASE(hessians_of_random_programs_are_symmetric_and_all_ways_to_them_agree) {
    for (unsigned seed = 1; seed <= 15; ++seed) {
        const RandomProgram f(seed, 4, 30);
        const auto loss = [&f](const std::vector<Scalar>& x) {
            const auto y = f(x);
            return y[0] * y[1] + y[2];
        };
        const std::vector<double> x = random_numbers(seed, 4), v = random_numbers(seed + 100, 4);
        const T h = hessian(loss, x);
        const std::vector<double> hv = hvp(loss, x, v);
        const T by_rows = jacobian([&](const std::vector<Scalar>& at) { return gradient(loss, at); }, x, Mode::reverse);
        const auto slope = [&](const std::vector<Scalar>& at) { return jvp(loss, at, std::vector<Scalar>(v.begin(), v.end())).second; };
        const std::vector<double> reverse_over_forward = gradient(slope, x);
        double scale = 1e-3;
        for (const double each : h.data()) scale = std::max(scale, std::abs(each));
        BOOST_TEST_CONTEXT("seed " << seed) {
            for (Index i = 0; i < 4; ++i) {
                double sum = 0;
                for (Index j = 0; j < 4; ++j) {
                    BOOST_TEST(close(h.at(i, j), h.at(j, i), {.absolute = 1e-12 * scale}));
                    BOOST_TEST(close(h.at(i, j), by_rows.at(i, j), {.absolute = 1e-12 * scale}));
                    sum += h.at(i, j) * v[static_cast<std::size_t>(j)];
                }
                BOOST_TEST(close(hv[static_cast<std::size_t>(i)], sum, {.absolute = 1e-12 * scale}));
                BOOST_TEST(close(reverse_over_forward[static_cast<std::size_t>(i)], sum, {.absolute = 1e-12 * scale}));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(pullbacks_are_the_transpose_of_tangents_for_a_model) {
    const T x = T::from_rows({{0.5, -1, 0.25}, {1.5, 0.3, -0.7}});
    const auto f = [&x](const Mlp& m) { return m(x); };
    const Mlp model, v = drawn(7);
    const auto [y, ydot] = jvp(f, model, v);
    const auto [same_y, pullback] = vjp(f, model);
    const T u = T({2, 2}, random_numbers(9, 4));
    Dot forward;
    for (std::size_t k = 0; k < 4; ++k) forward.add(u.data()[k], ydot.contiguous().data()[k]);
    check_equal(forward, dot(pullback(u), v));

    const auto loss = [&](const Mlp& m) { return nn::cross_entropy(m(x), Tensor<Index>::of({1, 0})); };
    const Mlp w = drawn(20);
    check_equal(dot(hvp(loss, model, v), w), dot(hvp(loss, model, w), v));
    // Differences of gradients along v.
    const double h = 1e-5;
    const auto moved = [&](double t) {
        Mlp m = model;
        std::vector<T> along;
        for_each_parameter(v, [&along](std::string_view, const T& p) { along.push_back(p); });
        std::size_t k = 0;
        for_each_parameter(m, [&](std::string_view, T& p) { p = p + t * along[k++]; });
        return dot(gradient(loss, m), w).value;
    };
    BOOST_TEST(close(dot(hvp(loss, model, v), w).value, (moved(h) - moved(-h)) / (2 * h), {.relative = 1e-8, .absolute = 1e-9}));
}

BOOST_AUTO_TEST_CASE(mixed_derivatives_commute) {
    const auto f = [](const Scalar& x, const Scalar& y) { return sin(x * y) * exp(x - y * y); };
    const double x0 = 0.4, y0 = -0.7;
    const auto in_y = [&](const Scalar& x) { return gradient([&](const Scalar& y) { return f(x, y); }, Scalar(y0)); };
    const auto in_x = [&](const Scalar& y) { return gradient([&](const Scalar& x) { return f(x, y); }, Scalar(x0)); };
    const auto forward_in_x = [&](const Scalar& y) { return jvp([&](const Scalar& x) { return f(x, y); }, Scalar(x0), Scalar(1)).second; };
    const double xy = gradient(in_y, x0), yx = gradient(in_x, y0), yx_forward = jvp(forward_in_x, y0, 1.0).second;
    BOOST_TEST(close(xy, yx, {.relative = 1e-13}));
    BOOST_TEST(close(xy, yx_forward, {.relative = 1e-13}));
    const auto h = hessian(f, x0, y0);
    BOOST_TEST(close(std::get<1>(std::get<0>(h)), xy, {.relative = 1e-13}));
    BOOST_TEST(close(std::get<0>(std::get<1>(h)), xy, {.relative = 1e-13}));
}

// <df/dx, x> = k f for f homogeneous of degree k; <H x, x> = k (k - 1) f.
BOOST_AUTO_TEST_CASE(homogeneous_functions_obey_euler) {
    const T W = T({3, 4}, random_numbers(3, 12)), u = T({4, 2}, random_numbers(4, 8)), x = T({1, 3}, random_numbers(5, 3));
    const auto network = [&](const T& at) { return sum(matmul(relu(matmul(at, W)), u)); };
    const auto [y, ydot] = jvp(network, x, x);
    BOOST_TEST(close(ydot.item(), y.item(), {.relative = 1e-13, .absolute = 1e-15}));
    BOOST_TEST(close(sum(gradient(network, x) * x).item(), y.item(), {.relative = 1e-13, .absolute = 1e-15}));
    const auto cubic = [](const std::vector<Scalar>& v) { return v[0] * v[0] * v[1] + v[2] * v[2] * v[2] - v[0] * v[1] * v[2]; };
    const std::vector<double> at{0.5, -1.25, 2};
    const double value = jvp(cubic, at, at).first;
    BOOST_TEST(close(jvp(cubic, at, at).second, 3 * value, {.relative = 1e-14}));
    BOOST_TEST(close(dot(hvp(cubic, at, at), at).value, 6 * value, {.relative = 1e-13}));
}

// Chen et al. (2018), "Neural ordinary differential equations": the adjoint of a discretised equation converges to the adjoint equation as
// fast as the method itself, here with order 4.
BOOST_AUTO_TEST_CASE(adjoints_of_a_runge_kutta_method_converge_with_its_order) {
    const auto solve = [](const Scalar& z0, const Scalar& theta, int steps) {
        const double h = 2.0 / steps;
        const auto slope = [&theta](const Scalar& z) { return theta * z * (1.0 - z); };
        Scalar z = z0;
        for (int n = 0; n < steps; ++n) {
            const Scalar k1 = slope(z), k2 = slope(z + 0.5 * h * k1), k3 = slope(z + 0.5 * h * k2), k4 = slope(z + h * k3);
            z = z + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4);
        }
        return z;
    };
    // The logistic equation: z(t) = z0 e / (1 + z0 (e - 1)), e = exp(theta t).
    const double z0 = 0.2, theta = 1.1, e = std::exp(2 * theta), below = 1 + z0 * (e - 1);
    const double z = z0 * e / below, in_z0 = e / (below * below), in_theta = 2 * z * (1 - z);
    std::vector<double> errors;
    for (const int steps : {16, 32, 64}) {
        const auto [value, pullback] = vjp([&](const Scalar& a, const Scalar& b) { return solve(a, b, steps); }, z0, theta);
        const auto [g0, gt] = pullback(1.0);
        errors.push_back(std::abs(value - z) + std::abs(g0 - in_z0) + std::abs(gt - in_theta));
        const double along =
            jvp([&](const Scalar& a, const Scalar& b) { return solve(a, b, steps); }, std::tuple{z0, theta}, std::tuple{2.0, -1.0}).second;
        BOOST_TEST(close(along, 2 * g0 - gt, {.relative = 1e-13}));
    }
    for (std::size_t k = 0; k + 1 < errors.size(); ++k) {
        const double order = std::log2(errors[k] / errors[k + 1]);
        BOOST_TEST(order > 3.7);
        BOOST_TEST(order < 4.3);
    }
}

BOOST_AUTO_TEST_SUITE_END()
