// SPDX-License-Identifier: MIT
// Batch and layer normalisation: three statements of code, and the sweep finds the formulas that papers derive on a page.
#include "nn/batch_norm.hpp"
#include "nn/layer_norm.hpp"
#include "tests/formulas/group.hpp"
#include "tests/formulas/recovered.hpp"

using namespace test;

BOOST_AUTO_TEST_SUITE(formulas_normalisation)

// source: Ioffe and Szegedy (2015), section 3
BOOST_AUTO_TEST_CASE(batch_norm_recovers_the_formula_of_its_paper) {
    const Index n = 3, channels = 2, h = 2, w = 3;
    nn::BasicBatchNorm<double> layer(channels);
    layer.weight = Tensor<double>::of({1.7, -0.6});
    layer.bias = Tensor<double>::of({0.3, -0.2});
    const auto x = random_tensor({n, channels, h, w}, 1), C = random_tensor(x.shape(), 2);
    const auto loss = [&](const auto& l, const auto& input) { return sum(C * l(input)); };
    const auto [L, parts] = value_and_gradient(loss, layer, x);
    const auto& g = std::get<0>(parts);
    const auto& dx = std::get<1>(parts);
    for (Index c = 0; c < channels; ++c) {
        Group group;
        const auto each = [&](const auto& f) {
            for (Index i = 0; i < n; ++i)
                for (Index a = 0; a < h; ++a)
                    for (Index b = 0; b < w; ++b) f(i, a, b);
        };
        each([&](Index i, Index a, Index b) {
            group.x.push_back(x.at(i, c, a, b));
            group.dy.push_back(C.at(i, c, a, b));
        });
        group.normalise(layer.options.eps);
        Terms dgamma, dbeta;
        for (std::size_t k = 0; k < group.x.size(); ++k) {
            dgamma.add(group.dy[k] * group.xhat[k]);
            dbeta.add(group.dy[k]);
        }
        BOOST_TEST(recovers(g.weight.at(c), dgamma));
        BOOST_TEST(recovers(g.bias.at(c), dbeta));
        std::size_t k = 0;
        each([&](Index i, Index a, Index b) {
            const Terms t = group.dx(k++);
            const double gamma = layer.weight.at(c);
            BOOST_TEST(recovers(dx.at(i, c, a, b), {gamma * t.value, std::abs(gamma) * t.size}));
        });
    }
    check_differences([&](const auto& moved) { return loss(layer, moved); }, x, dx);
}

BOOST_AUTO_TEST_CASE(batch_norm_with_running_statistics_is_a_line) {
    nn::BasicBatchNorm<double> layer(2);
    layer.running_mean.tensor = Tensor<double>::of({0.5, -1});
    layer.running_var.tensor = Tensor<double>::of({4, 0.25});
    layer.weight = Tensor<double>::of({1.5, 2});
    layer.training = false;
    const auto x = random_tensor({4, 2}, 3), C = random_tensor({4, 2}, 4);
    const auto dx = value_and_gradient([&](const auto& input) { return sum(C * layer(input)); }, x).second;
    for (Index i = 0; i < 4; ++i)
        for (Index c = 0; c < 2; ++c)
            BOOST_TEST(
                recovers(dx.at(i, c), Terms{}.add(C.at(i, c) * layer.weight.at(c) / std::sqrt(layer.running_var.tensor.at(c) + 1e-5))));
}

// u = gamma dy,  dx = s (u - mean u - xhat mean(u xhat))        source: Ba, Kiros, Hinton (2016)
BOOST_AUTO_TEST_CASE(layer_norm_recovers_the_formula_of_its_paper) {
    const Index n = 4, width = 5;
    nn::BasicLayerNorm<double> layer(width);
    layer.weight = random_tensor({width}, 5);
    layer.bias = random_tensor({width}, 6);
    const auto x = random_tensor({n, width}, 7), C = random_tensor({n, width}, 8);
    const auto loss = [&](const auto& l, const auto& input) { return sum(C * l(input)); };
    const auto [L, parts] = value_and_gradient(loss, layer, x);
    const auto& [g, dx] = parts;
    std::vector<Terms> dgamma(5), dbeta(5);
    for (Index i = 0; i < n; ++i) {
        Group group;
        for (Index j = 0; j < width; ++j) {
            group.x.push_back(x.at(i, j));
            group.dy.push_back(layer.weight.at(j) * C.at(i, j));
        }
        group.normalise(layer.eps);
        for (std::size_t j = 0; j < 5; ++j) {
            const auto col = static_cast<Index>(j);
            dgamma[j].add(C.at(i, col) * group.xhat[j]);
            dbeta[j].add(C.at(i, col));
            BOOST_TEST(recovers(dx.at(i, col), group.dx(j)));
        }
    }
    for (std::size_t j = 0; j < 5; ++j) {
        BOOST_TEST(recovers(g.weight.at(static_cast<Index>(j)), dgamma[j]));
        BOOST_TEST(recovers(g.bias.at(static_cast<Index>(j)), dbeta[j]));
    }
    check_differences([&](const auto& moved) { return loss(layer, moved); }, x, dx);
}

/// The same numbers through both layers: four samples of one channel, or one sample of width four.
struct Known {
    Tensor<double> y, dx;
    double L, dgamma, dbeta;
};
Known by_batch_norm(double eps, const Tensor<double>& C) {
    nn::BasicBatchNorm<double> layer(1, {.eps = eps});
    layer.weight = Tensor<double>::of({2});
    layer.bias = Tensor<double>::of({1});
    const Tensor<double> x({4, 1}, {1, 2, 3, 4}), upstream({4, 1}, C.data());
    auto [L, parts] = value_and_gradient([&](const auto& l, const auto& input) { return sum(upstream * l(input)); }, layer, x);
    const auto y = layer(x);
    return {Tensor<double>({4}, y.contiguous().data()), Tensor<double>({4}, std::get<1>(parts).contiguous().data()), L,
            std::get<0>(parts).weight.at(0), std::get<0>(parts).bias.at(0)};
}
Known by_layer_norm(double eps, const Tensor<double>& C) {
    nn::BasicLayerNorm<double> layer(4, eps);
    layer.weight = Tensor<double>::full({4}, 2);
    layer.bias = Tensor<double>::full({4}, 1);
    const auto x = Tensor<double>::of({1, 2, 3, 4});
    auto [L, parts] = value_and_gradient([&](const auto& l, const auto& input) { return sum(C * l(input)); }, layer, x);
    const auto total = [](const Tensor<double>& v) { return sum(v).item(); };
    return {layer(x), std::get<1>(parts), L, total(std::get<0>(parts).weight), total(std::get<0>(parts).bias)};
}
void check_known(const Known& got, double L, std::array<double, 4> dx, double dgamma, double dbeta) {
    BOOST_TEST(close(got.L, L, {.relative = 1e-12}));
    for (std::size_t i = 0; i < 4; ++i) BOOST_TEST(close(got.dx.at(i), dx[i], {.relative = 1e-12}));
    BOOST_TEST(close(got.dgamma, dgamma, {.relative = 1e-12}));
    BOOST_TEST(close(got.dbeta, dbeta, {.relative = 1e-12}));
    BOOST_TEST(std::abs(sum(got.dx).item()) < 1e-14);
}

BOOST_AUTO_TEST_CASE(known_answers_are_met_by_both_layers) {
    for (const auto& by : {by_batch_norm, by_layer_norm}) {
        const Known first = by(0, Tensor<double>::of({1, 0, 0, 0}));
        const std::array y{-1.6832815729997476, 0.10557280900008412, 1.8944271909999159, 3.6832815729997476};
        for (std::size_t i = 0; i < 4; ++i) BOOST_TEST(close(first.y.at(i), y[i], {.relative = 1e-12}));
        check_known(first, y[0], {0.53665631459994953, -0.71554175279993270, -0.17888543819998318, 0.35777087639996635},
                    -1.3416407864998738, 1);
        check_known(by(1e-5, Tensor<double>::of({1, 2, -1, 0.5})), -1.5249062599067809,
                    {-0.53664450828982460, 2.0571775305182701, -2.5043893371745791, 0.98385631494613359}, -2.0124531299533905, 2.5);
    }
}

BOOST_AUTO_TEST_CASE(the_gradient_of_batch_norm_is_orthogonal_to_what_it_removes) {
    nn::BasicBatchNorm<double> layer(1, {.eps = 0});
    const auto x = random_tensor({16, 1}, 9), C = random_tensor({16, 1}, 10);
    const auto dx = value_and_gradient([&](const auto& input) { return sum(C * layer(input)); }, x).second;
    BOOST_TEST(std::abs(sum(dx).item()) < 1e-14);
    BOOST_TEST(std::abs(sum(dx * layer(x)).item()) < 1e-14);
}

BOOST_AUTO_TEST_SUITE_END()
