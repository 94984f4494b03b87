// SPDX-License-Identifier: MIT
// Convolution and pooling: the sums of the textbook, index by index.
#include "nn/conv.hpp"
#include "nn/pool.hpp"
#include "tests/formulas/recovered.hpp"

#include <map>

using namespace test;

BOOST_AUTO_TEST_SUITE(formulas_convolution)

// dK[o,c,u,v] = sum dY[n,o,i,j] X[n,c,is-p+ud,js-p+vd];  dX the same pairs, collected at X;  db[o] = sum dY
// source: Goodfellow, Bengio, Courville (2016), section 9.5; Dumoulin and Visin (2016)
BOOST_AUTO_TEST_CASE(kernel_bias_and_input_follow_the_sums_of_the_textbook) {
    struct Case {
        const char* name;
        Index in, out;
        std::array<Index, 2> kernel;
        nn::BasicConv2d<double>::Options options;
    };
    for (const auto& [name, in, out, kernel, options] :
         {Case{"plain", 2, 3, {3, 3}, {}}, Case{"stride and padding", 2, 3, {3, 2}, {.stride = {2, 1}, .padding = {1, 2}}},
          Case{"dilation", 2, 2, {2, 2}, {.dilation = {2, 3}}}, Case{"groups", 4, 6, {2, 3}, {.padding = {1, 1}, .groups = 2}},
          Case{"depthwise", 3, 3, {3, 3}, {.stride = {2, 2}, .padding = {1, 1}, .groups = 3}}, Case{"1x1", 3, 2, {1, 1}, {}}}) {
        BOOST_TEST_CONTEXT(name) {
            const Index n = 2, h = 6, w = 7;
            const nn::BasicConv2d<double> layer(in, out, kernel, options, true, 4);
            const auto x = random_tensor({n, in, h, w}, 1);
            const auto y = layer(x), C = random_tensor(y.shape(), 2);
            const auto loss = [&](const auto& l, const auto& input) { return sum(C * l(input)); };
            const auto [L, parts] = value_and_gradient(loss, layer, x);
            const auto& [g, dx] = parts;

            std::map<std::array<Index, 4>, Terms> dK, dX, value;
            std::map<Index, Terms> db;
            const Index group_in = in / options.groups, group_out = out / options.groups;
            for (Index s = 0; s < n; ++s)
                for (Index o = 0; o < out; ++o)
                    for (Index i = 0; i < y.shape()[2]; ++i)
                        for (Index j = 0; j < y.shape()[3]; ++j) {
                            const double up = C.at(s, o, i, j);
                            db[o].add(up);
                            value[{s, o, i, j}].add(layer.bias.at(o));
                            for (Index c = 0; c < group_in; ++c)
                                for (Index u = 0; u < kernel[0]; ++u)
                                    for (Index v = 0; v < kernel[1]; ++v) {
                                        const Index a = i * options.stride[0] - options.padding[0] + u * options.dilation[0];
                                        const Index b = j * options.stride[1] - options.padding[1] + v * options.dilation[1];
                                        if (a < 0 || a >= h || b < 0 || b >= w) continue;
                                        const Index channel = o / group_out * group_in + c;
                                        dK[{o, c, u, v}].add(up * x.at(s, channel, a, b));
                                        dX[{s, channel, a, b}].add(up * layer.weight.at(o, c, u, v));
                                        value[{s, o, i, j}].add(x.at(s, channel, a, b) * layer.weight.at(o, c, u, v));
                                    }
                        }
            for (const auto& [at, t] : value) BOOST_TEST(recovers(y.at(at[0], at[1], at[2], at[3]), t));
            for (Index o = 0; o < out; ++o) BOOST_TEST(recovers(g.bias.at(o), db[o]));
            for (Index o = 0; o < out; ++o)
                for (Index c = 0; c < group_in; ++c)
                    for (Index u = 0; u < kernel[0]; ++u)
                        for (Index v = 0; v < kernel[1]; ++v) BOOST_TEST(recovers(g.weight.at(o, c, u, v), dK[{o, c, u, v}]));
            for (Index s = 0; s < n; ++s)
                for (Index c = 0; c < in; ++c)
                    for (Index a = 0; a < h; ++a)
                        for (Index b = 0; b < w; ++b) BOOST_TEST(recovers(dx.at(s, c, a, b), dX[{s, c, a, b}]));
            check_differences(
                [&](const auto& moved) {
                    auto other = layer;
                    other.weight = moved;
                    return loss(other, x);
                },
                layer.weight, g.weight);
            check_differences([&](const auto& moved) { return loss(layer, moved); }, x, dx);
        }
    }
}

BOOST_AUTO_TEST_CASE(the_worked_convolution_gives_integers) {
    nn::BasicConv2d<double> layer(1, 1, 2, {}, false);
    layer.weight = Tensor<double>({1, 1, 2, 2}, {1, 0, -1, 2});
    const Tensor<double> x({1, 1, 3, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9}), C({1, 1, 2, 2}, {1, 2, 3, 4});
    const auto [L, parts] = value_and_gradient([&](const auto& l, const auto& input) { return sum(C * l(input)); }, layer, x);
    const auto same = [](const Tensor<double>& got, std::vector<double> expected) {
        const auto values = got.contiguous();
        BOOST_TEST(std::vector<double>(values.data().begin(), values.data().end()) == expected, boost::test_tools::per_element());
    };
    same(layer(x), {7, 9, 13, 15});
    BOOST_TEST(L == 124);
    same(std::get<0>(parts).weight, {37, 47, 67, 77});
    same(std::get<1>(parts), {1, 2, 0, 2, 4, 4, -3, 2, 8});
}

// The gradient goes to the first largest element of each window, or in equal parts to all of it.        source: LeCun et al. (1998)
BOOST_AUTO_TEST_CASE(pooling_routes_the_gradient) {
    const Index h = 5, w = 6;
    auto x = random_tensor({2, 2, h, w}, 3);
    autodiff::in_place(x)[0] = autodiff::in_place(x)[1] = 3;  // a tie in the first window: the first one gets it
    for (const auto& [window, stride, padding] : {std::array<Index, 3>{2, 2, 0}, {3, 2, 1}, {2, 1, 1}, {3, 1, 0}}) {
        BOOST_TEST_CONTEXT("window " << window << " stride " << stride << " padding " << padding) {
            const nn::MaxPool2d largest(window, stride, padding);
            const auto C = random_tensor(largest(x).shape(), 4);
            for (const int kind : {0, 1, 2}) {
                const nn::AvgPool2d mean(window, stride, padding, kind == 1);
                const auto loss = [&](const auto& input) { return sum(C * (kind == 0 ? largest(input) : mean(input))); };
                const auto dx = value_and_gradient(loss, x).second;
                std::map<std::array<Index, 4>, Terms> expected;
                for (Index s = 0; s < 2; ++s)
                    for (Index c = 0; c < 2; ++c)
                        for (Index i = 0; i < C.shape()[2]; ++i)
                            for (Index j = 0; j < C.shape()[3]; ++j) {
                                std::vector<std::array<Index, 4>> inside;
                                for (Index a = i * stride - padding; a < i * stride - padding + window; ++a)
                                    for (Index b = j * stride - padding; b < j * stride - padding + window; ++b)
                                        if (a >= 0 && a < h && b >= 0 && b < w) inside.push_back({s, c, a, b});
                                const auto at = [&](const auto& p) { return x.at(p[0], p[1], p[2], p[3]); };
                                if (kind == 0) {
                                    const auto first = std::ranges::max_element(inside, {}, at);
                                    expected[*first].add(C.at(s, c, i, j));
                                } else {
                                    const double count =
                                        kind == 1 ? static_cast<double>(window * window) : static_cast<double>(inside.size());
                                    for (const auto& p : inside) expected[p].add(C.at(s, c, i, j) / count);
                                }
                            }
                for (Index s = 0; s < 2; ++s)
                    for (Index c = 0; c < 2; ++c)
                        for (Index a = 0; a < h; ++a)
                            for (Index b = 0; b < w; ++b) BOOST_TEST(recovers(dx.at(s, c, a, b), expected[{s, c, a, b}]));
                // Where maxima tie there is no derivative, so the differences are those without the tie.
                auto apart = x;
                autodiff::in_place(apart)[0] = 3.25;
                check_differences(loss, apart, autodiff::gradient(loss, apart));
            }
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
