// SPDX-License-Identifier: MIT
// The programs of README.md: every block there stands here, word for word (tests/support/readme.cmake compares), and gives what it says.
#include "autodiff/autodiff.hpp"
#include "autodiff/explain/explain.hpp"
#include "nn/nn.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <fmt/format.h>

using autodiff::Index, autodiff::Scalar, autodiff::Tape, autodiff::Tensor;

struct Mlp {
    nn::Linear hidden{64, 32}, output{32, 10};
    auto operator()(const Tensor<float>& x) const { return output(sigmoid(hidden(x))); }
};

template <class T>
auto loss(const T& x) {
    T w = x * 2.0;
    return sin(w) * w + w;
}

BOOST_AUTO_TEST_SUITE(readme)

BOOST_AUTO_TEST_CASE(level_0) {
    auto [y, g] = autodiff::value_and_gradient([](auto a, auto b) { return a * b + sin(a); }, 1.3, 5.2);
    auto [dy_da, dy_db] = g;  // 5.46749882862459 and 1.3

    BOOST_TEST(y == 1.3 * 5.2 + std::sin(1.3));
    BOOST_TEST(std::abs(dy_da - 5.46749882862459) < 1e-13);
    BOOST_TEST(dy_db == 1.3);
}

BOOST_AUTO_TEST_CASE(level_1) {
    Tape tape;
    auto a = tape.variable(1.3, "a"), b = tape.variable(5.2, "b"), c = tape.variable(7.0, "c");
    auto y = a * b + sin(a);  // an ordinary number: auto, ternaries, lambdas, containers, std algorithms just work
    auto dy = gradient(y);    // a value; ask again and get the same
    double da = dy[a], db = dy[b];
    bool used = dy.reaches(b), unused = dy.reaches(c);  // true and false, which dy[c] == 0 does not tell

    BOOST_TEST(da == 5.2 + std::cos(1.3));
    BOOST_TEST(db == 1.3);
    BOOST_TEST(used);
    BOOST_TEST(!unused);
    const Scalar x = tape.variable(1.5);
    BOOST_TEST(std::abs(gradient(loss(x))[x] - 2 * (3 * std::cos(3.0) + std::sin(3.0) + 1)) < 1e-13);
}

BOOST_AUTO_TEST_CASE(level_2) {
    Tape tape;
    auto a = tape.variable(0.3, "a");
    auto W = tape.variable(Tensor<double>::from_rows({{1, 2, 3}, {4, 5, 6}}), "W");
    auto X = Tensor<double>::from_rows({{1, 2}, {3, 4}});
    auto L = sum(matmul(X, a * W)) + W(1, 2) * W(1, 2);  // Scalar * Tensor; an element is a Scalar
    auto dL = gradient(L);
    Tensor<double> dW = dL[W];
    double da = dL[a], d12 = dL[W(1, 2)];  // the element of dL/dW

    BOOST_TEST((dW.shape() == autodiff::Shape{2, 3}));
    BOOST_TEST(std::abs(d12 - (0.3 * 6 + 12)) < 1e-13);
    BOOST_TEST(std::abs(da - 114) < 1e-12);
}

BOOST_AUTO_TEST_CASE(level_3) {
    nn::Random rng{1};
    auto images = rng.uniform_tensor<float>({128, 64}, 0, 1);
    auto labels = Tensor<Index>::zeros({128});
    Mlp model;
    nn::Adam optimizer{{.lr = 1e-2}};
    float first = 0, last = 0;
    for (const auto& batch : nn::Dataset<float>{images, labels} | nn::shuffle(rng) | nn::batch(64)) {
        auto [loss, grads] = autodiff::value_and_gradient([&](const Mlp& m) { return nn::cross_entropy(m(batch.features), batch.labels); }, model);
        optimizer.step(model, grads);  // grads is an Mlp: grads.hidden.weight is a Tensor; no zero_grad, nothing to forget
        if (first == 0) first = loss;
        last = loss;
    }
    BOOST_TEST(last < first);
}

BOOST_AUTO_TEST_CASE(both_modes) {
    auto rosenbrock = [](const auto& v) { return 100.0 * square(v[1] - v[0] * v[0]) + square(1.0 - v[0]); };
    auto at = std::vector{-1.2, 1.0};
    auto H = autodiff::hessian(rosenbrock, at);                                           // [[1330, 480], [480, 200]]
    auto Hv = autodiff::hvp(rosenbrock, at, std::vector{1.0, 2.0});                       // 2290 and 880, without forming H
    auto [y, slope] = autodiff::jvp(rosenbrock, at, std::vector{1.0, 2.0});               // forward: one direction
    auto [same_y, pullback] = autodiff::vjp(rosenbrock, at);                              // reverse: pullback(1.0) is the gradient, call it often
    auto J = autodiff::jacobian([](const auto& t) { return std::array{cos(t), sin(t)}; }, 0.5);  // by rows or columns, whichever are fewer

    BOOST_TEST(std::abs(H.at(0, 0) - 1330) < 1e-10);
    BOOST_TEST(H.at(1, 1) == 200.0);
    BOOST_TEST(std::abs(Hv[0] - 2290) < 1e-10);
    BOOST_TEST(std::abs(Hv[1] - 880) < 1e-10);
    BOOST_TEST(y == same_y);
    const auto g = pullback(1.0);
    BOOST_TEST(std::abs(slope - (g[0] + 2 * g[1])) < 1e-12);
    BOOST_TEST(J.at(1) == std::cos(0.5));
}

struct Wave {
    Scalar amplitude = 1.5, frequency = 2;
    Scalar operator()(const Scalar& x) const { return amplitude * sin(frequency * x); }
};

BOOST_AUTO_TEST_CASE(derivatives_inside_functions) {
    const Wave wave;
    auto residual = [](const Wave& net) {
        auto u_x = [&](const Scalar& x) { return gradient(net, x); };
        auto u_xx = gradient(u_x, Scalar(0.3));
        return square(u_xx + net(0.3));
    };
    auto [loss, g] = autodiff::value_and_gradient(residual, wave);  // g is a Wave

    // u_xx + u = a (1 - w^2) sin(w x)
    const double a = 1.5, w = 2, x = 0.3, r = a * (1 - w * w) * std::sin(w * x);
    BOOST_TEST(std::abs(loss - r * r) < 1e-13);
    BOOST_TEST(std::abs(g.amplitude.value() - 2 * r * r / a) < 1e-13);
    BOOST_TEST(std::abs(g.frequency.value() - 2 * r * a * ((1 - w * w) * x * std::cos(w * x) - 2 * w * std::sin(w * x))) < 1e-12);
}

BOOST_AUTO_TEST_CASE(any_order) {
    Tape tape;
    auto x = tape.variable(-1.2), y = tape.variable(1.0);
    auto f = 100.0 * square(y - x * x) + square(1.0 - x);
    auto g = recorded_gradient(f);  // the sweep records itself
    auto row = gradient(g[x]);
    double fxx = row[x], fxy = row[y];  // 1330 and 480, the first row of the Hessian

    BOOST_TEST(std::abs(fxx - 1330) < 1e-10);
    BOOST_TEST(std::abs(fxy - 480) < 1e-10);
}

BOOST_AUTO_TEST_SUITE_END()
