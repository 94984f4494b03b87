// SPDX-License-Identifier: MIT
// The dense layer and the recursion of backpropagation: every dL/dW that textbooks print, out of the sweep.
#include "autodiff/ops/matmul.hpp"
#include "nn/linear.hpp"
#include "tests/formulas/recovered.hpp"

#include <array>

using namespace test;

BOOST_AUTO_TEST_SUITE(formulas_dense)

// delta = abar sigma'(z),  dW_ij = sum_n x_ni delta_nj,  db_j = sum_n delta_nj,  dX = delta W^T
// source: Rumelhart, Hinton, Williams (1986); Goodfellow, Bengio, Courville (2016), algorithm 6.4
BOOST_AUTO_TEST_CASE(weights_bias_and_input_follow_the_delta_of_the_layer) {
    const Index n = 5, in = 4, out = 3;
    nn::BasicLinear<double> layer(in, out, true, 3);
    const auto x = random_tensor({n, in}, 1), C = random_tensor({n, out}, 2);
    const auto loss = [&](const auto& l, const auto& input) { return sum(C * sigmoid(l(input))); };
    const auto [L, parts] = value_and_gradient(loss, layer, x);
    const auto& [g, dx] = parts;

    std::array<std::array<double, 3>, 5> delta{};
    double expected = 0;
    for (Index s = 0; s < n; ++s)
        for (Index j = 0; j < out; ++j) {
            double z = layer.bias.at(j);
            for (Index i = 0; i < in; ++i) z += x.at(s, i) * layer.weight.at(i, j);
            const double a = 1 / (1 + std::exp(-z));
            expected += C.at(s, j) * a;
            delta[static_cast<std::size_t>(s)][static_cast<std::size_t>(j)] = C.at(s, j) * a * (1 - a);
        }
    const auto d = [&](Index s, Index j) { return delta[static_cast<std::size_t>(s)][static_cast<std::size_t>(j)]; };
    BOOST_TEST(close(L, expected, {.relative = 1e-13}));
    for (Index j = 0; j < out; ++j) {
        Terms db;
        for (Index s = 0; s < n; ++s) db.add(d(s, j));
        BOOST_TEST(recovers(g.bias.at(j), db));
        for (Index i = 0; i < in; ++i) {
            Terms dW;
            for (Index s = 0; s < n; ++s) dW.add(x.at(s, i) * d(s, j));
            BOOST_TEST(recovers(g.weight.at(i, j), dW));
        }
    }
    for (Index s = 0; s < n; ++s)
        for (Index i = 0; i < in; ++i) {
            Terms t;
            for (Index j = 0; j < out; ++j) t.add(d(s, j) * layer.weight.at(i, j));
            BOOST_TEST(recovers(dx.at(s, i), t));
        }
    check_differences([&](const auto& moved) { return loss(layer, moved); }, x, dx);
    check_differences(
        [&](const auto& moved) {
            auto other = layer;
            other.weight = moved;
            return loss(other, x);
        },
        layer.weight, g.weight);
    check_differences(
        [&](const auto& moved) {
            auto other = layer;
            other.bias = moved;
            return loss(other, x);
        },
        layer.bias, g.bias);
}

struct Network {
    nn::BasicLinear<double> hidden{2, 3}, output{3, 2};
    auto operator()(const auto& x) const { return sigmoid(output(sigmoid(hidden(x)))); }
};

Network known_network() {
    Network m;
    m.hidden.weight = Tensor<double>::from_rows({{0.1, -0.2, 0.3}, {0.4, 0.5, -0.6}});
    m.hidden.bias = Tensor<double>::of({0.01, 0.02, 0.03});
    m.output.weight = Tensor<double>::from_rows({{0.7, -0.8}, {0.9, 0.15}, {-0.25, 0.35}});
    m.output.bias = Tensor<double>::of({0.04, -0.05});
    return m;
}

void check_values(const Tensor<double>& got, std::initializer_list<double> expected) {
    const auto values = got.contiguous();
    BOOST_REQUIRE(values.size() == static_cast<Index>(expected.size()));
    for (std::size_t i = 0; const double e : expected) BOOST_TEST(close(values.data()[i++], e, {.relative = 1e-12}));
}

BOOST_AUTO_TEST_CASE(a_network_of_2_3_2_gives_the_worked_numbers) {
    const auto x = Tensor<double>::from_rows({{0.5, -1.0}}), t = Tensor<double>::from_rows({{1.0, 0.0}});
    const auto [L, parts] =
        value_and_gradient([&](const Network& m, const auto& input) { return 0.5 * sum(square(m(input) - t)); }, known_network(), x);
    const auto& [g, dx] = parts;
    BOOST_TEST(close(L, 0.18696722154794609, {.relative = 1e-12}));
    check_values(g.output.weight, {-0.037446312054042268, 0.049571616521472816, -0.032324183670939493, 0.042790917166767926,
                                   -0.061749894920731981, 0.081744821942254079});
    check_values(g.output.bias, {-0.090056417949861411, 0.11921713971365849});
    check_values(g.hidden.weight, {-0.019240230648671763, -0.0072675015933096485, 0.0069226065378058894, 0.038480461297343527,
                                   0.014535003186619297, -0.013845213075611779});
    check_values(g.hidden.bias, {-0.038480461297343527, -0.014535003186619297, 0.013845213075611779});
    check_values(dx, {0.0032125184302730403, -0.030966813957614127});
}

// BP1 delta^L = dL/da sigma'(z^L), BP2 delta^l = (W^{l+1} delta^{l+1}) sigma'(z^l), BP3 db = delta, BP4 dW_kj = a_k delta_j
// source: Nielsen (2015), "Neural networks and deep learning", chapter 2, whose weights are the transposes of ours
BOOST_AUTO_TEST_CASE(the_four_equations_of_backpropagation_hold) {
    const Network m = known_network();
    const auto x = Tensor<double>::from_rows({{0.5, -1.0}}), C = random_tensor({1, 2}, 5);
    const auto g = autodiff::gradient([&](const Network& model) { return sum(C * model(x)); }, m);
    std::array<double, 3> a1{};
    std::array<double, 2> delta2{};
    for (std::size_t j = 0; j < 3; ++j) {
        const auto col = static_cast<Index>(j);
        a1[j] =
            1 /
            (1 + std::exp(-(x.at(0, 0) * m.hidden.weight.at(0, col) + x.at(0, 1) * m.hidden.weight.at(1, col) + m.hidden.bias.at(col))));
    }
    for (std::size_t k = 0; k < 2; ++k) {
        const auto col = static_cast<Index>(k);
        double z = m.output.bias.at(col);
        for (std::size_t j = 0; j < 3; ++j) z += a1[j] * m.output.weight.at(static_cast<Index>(j), col);
        const double a2 = 1 / (1 + std::exp(-z));
        delta2[k] = C.at(0, col) * a2 * (1 - a2);                             // BP1
        BOOST_TEST(recovers(g.output.bias.at(col), Terms{}.add(delta2[k])));  // BP3
        for (std::size_t j = 0; j < 3; ++j)
            BOOST_TEST(recovers(g.output.weight.at(static_cast<Index>(j), col), Terms{}.add(a1[j] * delta2[k])));  // BP4
    }
    for (std::size_t j = 0; j < 3; ++j) {
        const auto col = static_cast<Index>(j);
        Terms d;
        for (std::size_t k = 0; k < 2; ++k) d.add(m.output.weight.at(col, static_cast<Index>(k)) * delta2[k] * a1[j] * (1 - a1[j]));  // BP2
        BOOST_TEST(recovers(g.hidden.bias.at(col), d));
        for (Index i = 0; i < 2; ++i)
            BOOST_TEST(recovers(g.hidden.weight.at(i, col), {d.value * x.at(0, i), d.size * std::abs(x.at(0, i))}));
    }
}

BOOST_AUTO_TEST_CASE(matmul_gives_the_integers_of_the_worked_case) {
    const auto A = Tensor<double>::from_rows({{1, 2, 3}, {4, 5, 6}}), B = Tensor<double>::from_rows({{1, -1}, {0, 2}, {3, 1}}),
               C = Tensor<double>::from_rows({{1, -1}, {2, 0.5}});
    const auto [L, parts] = value_and_gradient([&](const auto& a, const auto& b) { return sum(C * matmul(a, b)); }, A, B);
    const auto& [dA, dB] = parts;
    BOOST_TEST(L == 54);
    const auto same = [](const Tensor<double>& got, std::vector<double> expected) {
        const auto values = got.contiguous();
        BOOST_TEST(std::vector<double>(values.data().begin(), values.data().end()) == expected, boost::test_tools::per_element());
    };
    same(dA, {2, -2, 2, 1.5, 1, 6.5});
    same(dB, {9, 1, 12, 0.5, 15, 0});
}

BOOST_AUTO_TEST_SUITE_END()
