// SPDX-License-Identifier: MIT
// Normalisations beyond those of batch and layer: by root mean square, in groups of channels, and of weights.
#include "nn/conv.hpp"
#include "nn/group_norm.hpp"
#include "nn/layer_norm.hpp"
#include "nn/linear.hpp"
#include "nn/rms_norm.hpp"
#include "nn/weight_norm.hpp"
#include "tests/formulas/group.hpp"
#include "tests/formulas/recovered.hpp"
#include "tests/formulas/second_order.hpp"

using namespace test;

namespace {

void check_equal(const Tensor<double>& a, const Tensor<double>& b) {
    BOOST_REQUIRE(a.shape() == b.shape());
    const auto x = a.contiguous(), y = b.contiguous();
    for (std::size_t i = 0; i < x.data().size(); ++i) BOOST_TEST(close(x.data()[i], y.data()[i], {.absolute = 1e-14}));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(formulas_scales)

// u = gamma dy,  dx = r u - x r^3 mean(u x),  dgamma = sum dy x r,  r = (mean x^2 + eps)^(-1/2)        source: Zhang and Sennrich (2019)
BOOST_AUTO_TEST_CASE(rms_norm_recovers_the_formula_of_its_paper) {
    const Index n = 4, width = 5;
    nn::BasicRMSNorm<double> layer(width, 0.1);
    layer.weight = random_tensor({width}, 1);
    const auto x = random_tensor({n, width}, 2), C = random_tensor({n, width}, 3);
    const auto loss = [&](const auto& l, const auto& input) { return sum(C * l(input)); };
    const auto [L, parts] = value_and_gradient(loss, layer, x);
    const auto& [g, dx] = parts;
    Table dX(n, width), dgamma(1, width);
    for (Index s = 0; s < n; ++s) {
        double mean_square = 0;
        for (Index j = 0; j < width; ++j) mean_square += x.at(s, j) * x.at(s, j) / static_cast<double>(width);
        const double r = 1 / std::sqrt(mean_square + 0.1);
        for (Index j = 0; j < width; ++j) {
            dgamma(0, j).add(C.at(s, j) * x.at(s, j) * r);
            dX(s, j).add(r * layer.weight.at(j) * C.at(s, j));
            for (Index k = 0; k < width; ++k)
                dX(s, j).add(-x.at(s, j) * r * r * r * layer.weight.at(k) * C.at(s, k) * x.at(s, k) / static_cast<double>(width));
        }
    }
    check_recovers("x", dx, dX);
    check_recovers("weight", g.weight, dgamma);
    check_all_differences([&](const auto& l) { return loss(l, x); }, layer, g);
    check_differences([&](const auto& moved) { return loss(layer, moved); }, x, dx);
    check_hessian_of(layer, {x}, 4, [](const auto& l, const Inputs& v) { return l(v[0]); });
}

// The formula of layer normalisation on every group of channels, with a weight per channel        source: Wu and He (2018)
BOOST_AUTO_TEST_CASE(group_norm_recovers_layer_normalisation_on_its_groups) {
    const Index n = 2, channels = 6, h = 2, w = 3;
    for (const Index groups : {1, 2, 3, 6}) {
        BOOST_TEST_CONTEXT(groups << " groups") {
            nn::BasicGroupNorm<double> layer(groups, channels);
            layer.weight = random_tensor({channels}, 5);
            layer.bias = random_tensor({channels}, 6);
            const auto x = random_tensor({n, channels, h, w}, 7), C = random_tensor(x.shape(), 8);
            const auto loss = [&](const auto& l, const auto& input) { return sum(C * l(input)); };
            const auto [L, parts] = value_and_gradient(loss, layer, x);
            const auto& [g, dx] = parts;
            const Index each = channels / groups;
            Table dX(n * channels, h * w), dgamma(1, channels), dbeta(1, channels);
            for (Index s = 0; s < n; ++s)
                for (Index k = 0; k < groups; ++k) {
                    Group group;
                    for (Index c = k * each; c < (k + 1) * each; ++c)
                        for (Index p = 0; p < h * w; ++p) {
                            group.x.push_back(x.at(s, c, p / w, p % w));
                            group.dy.push_back(layer.weight.at(c) * C.at(s, c, p / w, p % w));
                        }
                    group.normalise(layer.eps);
                    for (std::size_t i = 0; i < group.x.size(); ++i) {
                        const Index c = k * each + static_cast<Index>(i) / (h * w), p = static_cast<Index>(i) % (h * w);
                        dX(s * channels + c, p) = group.dx(i);
                        dgamma(0, c).add(C.at(s, c, p / w, p % w) * group.xhat[i]);
                        dbeta(0, c).add(C.at(s, c, p / w, p % w));
                    }
                }
            check_recovers("x", dx, dX);
            check_recovers("weight", g.weight, dgamma);
            check_recovers("bias", g.bias, dbeta);
            check_all_differences([&](const auto& l) { return loss(l, x); }, layer, g);
            check_differences([&](const auto& moved) { return loss(layer, moved); }, x, dx);
            check_hessian_of(layer, {x}, 9, [](const auto& l, const Inputs& v) { return l(v[0]); });
        }
    }
}

BOOST_AUTO_TEST_CASE(one_group_is_layer_normalisation_and_one_per_channel_instance_normalisation) {
    const Index channels = 4;
    const auto x = random_tensor({3, channels, 2, 3}, 10), C = random_tensor(x.shape(), 11);
    const auto gradient_of = [&](const auto& layer) {
        return value_and_gradient([&](const auto& input) { return sum(C * layer(input)); }, x).second;
    };
    const nn::BasicGroupNorm<double> one(1, channels), all(channels, channels);
    const nn::BasicLayerNorm<double> layer_norm(Shape{channels, 2, 3});
    const nn::BasicInstanceNorm<double> instance_norm(channels);
    check_equal(one(x), layer_norm(x));
    check_equal(gradient_of(one), gradient_of(layer_norm));
    check_equal(all(x), instance_norm(x));
    check_equal(gradient_of(all), gradient_of(instance_norm));
    // Each image by itself, as batch normalisation of a batch of one channel each would.
    for (Index s = 0; s < 3; ++s)
        for (Index c = 0; c < channels; ++c) {
            const auto image = slice(instance_norm(x), {{s, s + 1}, {c, c + 1}});
            BOOST_TEST(std::abs(mean(image).item()) < 1e-15);
            BOOST_TEST(close(variance(image).item(), 1.0, {.absolute = 1e-4}));
        }
}

// w = g v / |v|:  dg = G . v / |v|,  dv = g / |v| (G - (G . v) v / |v|^2), for every output by itself
// source: Salimans and Kingma (2016), equation 3
BOOST_AUTO_TEST_CASE(weight_norm_recovers_the_formula_of_its_paper) {
    const Index in = 4, out = 3;
    const auto v = random_tensor({in, out}, 12), g = random_tensor({1, out}, 13), G = random_tensor({in, out}, 14);
    const auto loss = [&](const auto& direction, const auto& length) { return sum(G * nn::weight_norm(direction, length, 1)); };
    const auto [L, parts] = value_and_gradient(loss, v, g);
    const auto& [dv, dg] = parts;
    Table dV(in, out), dG(1, out);
    for (Index j = 0; j < out; ++j) {
        double squares = 0;
        for (Index i = 0; i < in; ++i) squares += v.at(i, j) * v.at(i, j);
        const double norm = std::sqrt(squares);
        for (Index i = 0; i < in; ++i) {
            dG(0, j).add(G.at(i, j) * v.at(i, j) / norm);
            dV(i, j).add(g.at(0, j) / norm * G.at(i, j));
            for (Index k = 0; k < in; ++k) dV(i, j).add(-g.at(0, j) / norm * G.at(k, j) * v.at(k, j) * v.at(i, j) / squares);
        }
    }
    check_recovers("v", dv, dV);
    check_recovers("g", dg, dG);
    check_differences([&](const auto& moved) { return loss(moved, g); }, v, dv);
    check_differences([&](const auto& moved) { return loss(v, moved); }, g, dg);
    check_hessian_at(
        {v, g}, [](const Inputs& x) { return weighed(nn::weight_norm(x[0], x[1], 1)); }, 15);
    // The gradient is orthogonal to the direction, so that |v| only grows.
    for (Index j = 0; j < out; ++j) {
        Terms product;
        for (Index i = 0; i < in; ++i) product.add(dv.at(i, j) * v.at(i, j));
        BOOST_TEST(std::abs(product.value) <= 1e-15 * (1 + product.size));
    }
}

BOOST_AUTO_TEST_CASE(a_layer_with_normed_weights_passes_its_gradient_on_to_length_and_direction) {
    nn::WeightNorm layer{nn::BasicConv2d<double>(2, 3, 2, {}, true, 16)};
    layer.weight_g = random_tensor({3, 1, 1, 1}, 17);
    const auto x = random_tensor({2, 2, 3, 3}, 18), C = random_tensor({2, 3, 2, 2}, 19);
    const auto loss = [&](const auto& l, const auto& input) { return sum(C * l(input)); };
    const auto [L, parts] = value_and_gradient(loss, layer, x);
    check_all_differences([&](const auto& l) { return loss(l, x); }, layer, std::get<0>(parts));
    check_differences([&](const auto& moved) { return loss(layer, moved); }, x, std::get<1>(parts));
    check_hessian_of(layer, {x}, 20, [](const auto& l, const Inputs& v) { return l(v[0]); });
}

BOOST_AUTO_TEST_SUITE_END()
