// SPDX-License-Identifier: MIT
// Relatives of the two-dimensional convolution: transposed, one-dimensional, and those that are dense layers in disguise.
#include "autodiff/ops/conv.hpp"
#include "autodiff/ops/layout.hpp"
#include "nn/conv.hpp"
#include "nn/conv1d.hpp"
#include "nn/conv_transpose.hpp"
#include "nn/linear.hpp"
#include "tests/formulas/recovered.hpp"
#include "tests/formulas/second_order.hpp"

using namespace test;

namespace {

/// Small integers, whose sums of products are exact.
Tensor<double> integers(const Shape& shape, std::uint64_t seed) {
    nn::Random random{seed};
    Tensor<double> x = Tensor<double>::zeros(shape);
    for (double& v : autodiff::in_place(x)) v = static_cast<double>(random.below(15) - 7);
    return x;
}

struct Kind {
    const char* name;
    Index in, out;
    std::array<Index, 2> kernel;
    nn::ConvTranspose2dOptions options;
};
const std::array kinds{Kind{"plain", 2, 3, {3, 3}, {}},
                       Kind{"stride and padding", 2, 3, {3, 2}, {.stride = {2, 3}, .padding = {1, 1}}},
                       Kind{"output padding", 3, 2, {2, 3}, {.stride = {3, 2}, .padding = {0, 1}, .output_padding = {2, 1}}},
                       Kind{"dilation", 2, 2, {2, 2}, {.dilation = {2, 3}}},
                       Kind{"groups", 4, 6, {2, 3}, {.stride = {2, 1}, .padding = {1, 1}, .output_padding = {1, 0}, .groups = 2}},
                       Kind{"depthwise", 3, 3, {3, 3}, {.stride = {2, 2}, .padding = {1, 1}, .groups = 3}}};

}  // namespace

BOOST_AUTO_TEST_SUITE(formulas_convolution_kinds)

// <conv(y, w), x> = <y, convT(x, w)>, exactly for integers        source: Dumoulin and Visin (2016), chapter 4
BOOST_AUTO_TEST_CASE(transposed_convolution_is_the_adjoint_of_convolution) {
    for (const auto& [name, in, out, kernel, options] : kinds) {
        BOOST_TEST_CONTEXT(name) {
            nn::BasicConvTranspose2d<double> layer(in, out, kernel, options, false);
            layer.weight = integers(layer.weight.shape(), 1);
            const auto x = integers({2, in, 4, 5}, 2);
            const auto enlarged = layer(x), y = integers(enlarged.shape(), 3);
            const auto back =
                conv2d(y, layer.weight,
                       {.stride = options.stride, .padding = options.padding, .dilation = options.dilation, .groups = options.groups});
            BOOST_REQUIRE(back.shape() == x.shape());
            const double product = sum(back * x).item();
            BOOST_TEST(product == sum(y * enlarged).item());
            BOOST_TEST(product != 0);
        }
    }
}

// y[n,o,a,b] = b[o] + sum x[n,c,i,j] W[c,o,u,v] over i s - p + u d = a, j s - p + v d = b: so dW collects x C, and dx is a convolution of C
BOOST_AUTO_TEST_CASE(transposed_convolution_follows_its_sums) {
    for (const auto& [name, in, out, kernel, options] : kinds) {
        BOOST_TEST_CONTEXT(name) {
            const nn::BasicConvTranspose2d<double> layer(in, out, kernel, options, true, 4);
            const Index n = 2, h = 3, w = 4;
            const auto x = random_tensor({n, in, h, w}, 5), y = layer(x), C = random_tensor(y.shape(), 6);
            const auto loss = [&, &C = C](const auto& l, const auto& input) { return sum(C * l(input)); };
            const auto [L, parts] = value_and_gradient(loss, layer, x);
            const auto& [g, dx] = parts;
            const Index group_in = in / options.groups, group_out = out / options.groups, height = y.shape()[2], width = y.shape()[3];
            Table value(n * out * height, width), dW(in * group_out * kernel[0], kernel[1]), db(1, out), dX(n * in * h, w);
            for (Index s = 0; s < n; ++s) {
                for (Index o = 0; o < out; ++o)
                    for (Index a = 0; a < height; ++a)
                        for (Index b = 0; b < width; ++b) {
                            db(0, o).add(C.at(s, o, a, b));
                            value((s * out + o) * height + a, b).add(layer.bias.at(o));
                        }
                for (Index c = 0; c < in; ++c)
                    for (Index i = 0; i < h; ++i)
                        for (Index j = 0; j < w; ++j)
                            for (Index k = 0; k < group_out; ++k)
                                for (Index u = 0; u < kernel[0]; ++u)
                                    for (Index v = 0; v < kernel[1]; ++v) {
                                        const Index a = i * options.stride[0] - options.padding[0] + u * options.dilation[0];
                                        const Index b = j * options.stride[1] - options.padding[1] + v * options.dilation[1];
                                        if (a < 0 || a >= height || b < 0 || b >= width) continue;
                                        const Index o = c / group_in * group_out + k;
                                        value((s * out + o) * height + a, b).add(x.at(s, c, i, j) * layer.weight.at(c, k, u, v));
                                        dW((c * group_out + k) * kernel[0] + u, v).add(C.at(s, o, a, b) * x.at(s, c, i, j));
                                        dX((s * in + c) * h + i, j).add(C.at(s, o, a, b) * layer.weight.at(c, k, u, v));
                                    }
            }
            check_recovers("y", y, value);
            check_recovers("weight", g.weight, dW);
            check_recovers("bias", g.bias, db);
            check_recovers("x", dx, dX);
            check_all_differences([&](const auto& l) { return loss(l, x); }, layer, g);
            check_differences([&](const auto& moved) { return loss(layer, moved); }, x, dx);
            check_hessian_of(layer, {x}, 7, [](const auto& l, const Inputs& v) { return l(v[0]); });
        }
    }
}

// dK[o,c,u] = sum C[n,o,i] X[n,c,i s - p + u d], and the same pairs collected at X
BOOST_AUTO_TEST_CASE(convolution_along_one_axis_follows_its_sums) {
    struct Case {
        const char* name;
        Index in, out, kernel;
        nn::Conv1dOptions options;
    };
    for (const auto& [name, in, out, kernel, options] :
         {Case{"plain", 2, 3, 3, {}}, Case{"stride and padding", 2, 3, 4, {.stride = 3, .padding = 2}},
          Case{"dilation", 1, 2, 3, {.dilation = 2}}, Case{"depthwise", 3, 6, 2, {.padding = 1, .groups = 3}}}) {
        BOOST_TEST_CONTEXT(name) {
            const nn::BasicConv1d<double> layer(in, out, kernel, options, true, 8);
            const Index n = 2, length = 8;
            const auto x = random_tensor({n, in, length}, 9), y = layer(x), C = random_tensor(y.shape(), 10);
            const auto loss = [&, &C = C](const auto& l, const auto& input) { return sum(C * l(input)); };
            const auto [L, parts] = value_and_gradient(loss, layer, x);
            const auto& [g, dx] = parts;
            const Index group_in = in / options.groups, group_out = out / options.groups, steps = y.shape()[2];
            Table value(n * out, steps), dK(out * group_in, kernel), db(1, out), dX(n * in, length);
            for (Index s = 0; s < n; ++s)
                for (Index o = 0; o < out; ++o)
                    for (Index i = 0; i < steps; ++i) {
                        db(0, o).add(C.at(s, o, i));
                        value(s * out + o, i).add(layer.bias.at(o));
                        for (Index c = 0; c < group_in; ++c)
                            for (Index u = 0; u < kernel; ++u) {
                                const Index at = i * options.stride - options.padding + u * options.dilation;
                                if (at < 0 || at >= length) continue;
                                const Index channel = o / group_out * group_in + c;
                                value(s * out + o, i).add(x.at(s, channel, at) * layer.weight.at(o, c, u));
                                dK(o * group_in + c, u).add(C.at(s, o, i) * x.at(s, channel, at));
                                dX(s * in + channel, at).add(C.at(s, o, i) * layer.weight.at(o, c, u));
                            }
                    }
            check_recovers("y", y, value);
            check_recovers("weight", g.weight, dK);
            check_recovers("bias", g.bias, db);
            check_recovers("x", dx, dX);
            check_all_differences([&](const auto& l) { return loss(l, x); }, layer, g);
            check_differences([&](const auto& moved) { return loss(layer, moved); }, x, dx);
            check_hessian_of(layer, {x}, 11, [](const auto& l, const Inputs& v) { return l(v[0]); });
        }
    }
}

// A kernel of one pixel is a dense layer at every pixel.
BOOST_AUTO_TEST_CASE(a_kernel_of_one_pixel_is_a_dense_layer_on_the_channels) {
    const Index n = 2, in = 3, out = 4, h = 3, w = 2;
    const nn::BasicConv2d<double> conv(in, out, 1, {}, true, 12);
    nn::BasicLinear<double> dense(in, out);
    dense.weight = transpose(reshape(conv.weight, {out, in})).contiguous();
    dense.bias = conv.bias;
    const auto x = random_tensor({n, in, h, w}, 13), C = random_tensor({n, out, h, w}, 14);
    const auto by_conv = [&](const auto& l, const auto& input) { return sum(C * l(input)); };
    const auto by_dense = [&](const auto& l, const auto& input) {
        return sum(C * transpose(l(transpose(input, {0, 2, 3, 1})), {0, 3, 1, 2}));
    };
    const auto [L, conv_parts] = value_and_gradient(by_conv, conv, x);
    const auto [M, dense_parts] = value_and_gradient(by_dense, dense, x);
    BOOST_TEST(close(L, M, {.relative = 1e-13}));
    const auto& [gc, dxc] = conv_parts;
    const auto& [gd, dxd] = dense_parts;
    for (Index o = 0; o < out; ++o) {
        BOOST_TEST(close(gc.bias.at(o), gd.bias.at(o), {.relative = 1e-13}));
        for (Index c = 0; c < in; ++c) BOOST_TEST(close(gc.weight.at(o, c, 0, 0), gd.weight.at(c, o), {.absolute = 1e-13}));
    }
    for (Index s = 0; s < n; ++s)
        for (Index c = 0; c < in; ++c)
            for (Index a = 0; a < h; ++a)
                for (Index b = 0; b < w; ++b) BOOST_TEST(close(dxc.at(s, c, a, b), dxd.at(s, c, a, b), {.absolute = 1e-13}));
}

BOOST_AUTO_TEST_SUITE_END()
