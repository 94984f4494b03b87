// SPDX-License-Identifier: MIT
// Normalisations by root mean square, in groups and of weights; convolutions of other kinds; positions: shapes, starts, errors.
#include "autodiff/autodiff.hpp"
#include "nn/checkpoint.hpp"
#include "nn/conv.hpp"
#include "nn/conv1d.hpp"
#include "nn/conv_transpose.hpp"
#include "nn/group_norm.hpp"
#include "nn/linear.hpp"
#include "nn/parameters.hpp"
#include "nn/positions.hpp"
#include "nn/rms_norm.hpp"
#include "nn/weight_norm.hpp"
#include "tests/nn/near.hpp"
#include "tests/nn/says.hpp"

#include <cmath>
#include <filesystem>

using namespace test;
using autodiff::ShapeError;
using autodiff::ValueError;
using nn::Index;
using nn::Shape;
using nn::Tensor;

namespace {

Matrix of(const Shape& shape) { return Matrix::ones(shape); }
template <class E, class F>
void refuses(const F& f, const std::string& text) {
    BOOST_CHECK_EXCEPTION(static_cast<void>(f()), E, says(text));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(nn_further_layers)

BOOST_AUTO_TEST_CASE(linear_as_a_function_takes_any_rank) {
    const auto w = drawn({3, 4}, 1), b = drawn({4}, 2), x = drawn({2, 5, 3}, 3);
    BOOST_TEST(near(nn::linear(x, w, b), matmul(x, w) + b));
    BOOST_TEST(near(nn::linear(x, w), matmul(x, w)));
    BOOST_TEST((nn::linear(of({3}), w, b).shape() == Shape{4}));
    BOOST_TEST((nn::linear(of({2, 0, 3}), w, b).shape() == Shape{2, 0, 4}));
    BOOST_TEST(near(nn::linear(swap_axes(x, 0, 1), w), swap_axes(nn::linear(x, w), 0, 1)));
    refuses<ShapeError>([&] { return nn::linear(x, of({3})); }, "linear: expected a weight [in, out], got [3]");
    refuses<ShapeError>([&] { return nn::linear(x, w, of({3})); }, "linear: expected a bias [4] for weight [3, 4], got [3]");
}

BOOST_AUTO_TEST_CASE(rms_norm_leaves_a_mean_square_of_1) {
    const nn::BasicRMSNorm<double> layer(6);
    const auto y = layer(3 * drawn({4, 6}, 4));
    for (Index s = 0; s < 4; ++s) BOOST_TEST(std::abs(mean(square(autodiff::select(y, 0, s))).item() - 1) < 1e-4);
    BOOST_TEST((nn::RMSNorm(Shape{3, 4})(Tensor<float>::ones({2, 3, 4})).shape() == Shape{2, 3, 4}));
    BOOST_TEST(near(nn::BasicRMSNorm<double>(Shape{3, 4})(of({2, 3, 4})), of({2, 3, 4}) / std::sqrt(1 + 1e-5)));
    refuses<ShapeError>([&] { return layer(of({2, 4})); }, "rms_norm: expected last extents [6], got [2, 4]");
    refuses<ShapeError>([] { return nn::RMSNorm(Shape{}); }, "rms_norm: expected at least one axis, got []");
    nn::BasicRMSNorm<double> other(6, 0.5);
    other.weight = Matrix::zeros({6});
    nn::Random random{1};
    nn::initialise(other, nn::kaiming_uniform{}, random);
    BOOST_TEST(equal(other.weight, of({6})));
    BOOST_TEST(other.eps == 0.5);
}

BOOST_AUTO_TEST_CASE(group_norm_takes_images_signals_and_rows) {
    const nn::BasicGroupNorm<double> layer(2, 4);
    for (const Shape& shape : {Shape{3, 4}, Shape{3, 4, 5}, Shape{3, 4, 5, 2}, Shape{0, 4, 5}})
        BOOST_TEST((layer(of(shape)).shape() == shape));
    BOOST_TEST(nn::count_parameters(layer) == 8);
    BOOST_TEST(nn::count_parameters(nn::BasicGroupNorm<double>(2, 4, {.affine = false})) == 0);
    BOOST_TEST(nn::count_parameters(nn::InstanceNorm(4)) == 0);
    BOOST_TEST(nn::count_parameters(nn::InstanceNorm(4, {.affine = true})) == 8);
    const auto x = drawn({3, 4, 5}, 5);
    BOOST_TEST(equal(layer(x), nn::group_norm(x, 2)));
    refuses<ShapeError>([&] { return layer(of({2, 3, 5})); }, "group_norm: expected [n, 4, ..], got [2, 3, 5]");
    refuses<ShapeError>([&] { return nn::group_norm(x, 3); },
                        "group_norm: expected [n, channels, ..] with channels in 3 equal groups, got [3, 4, 5]");
    refuses<ValueError>(
        [] {
            return nn::InstanceNorm(4)(Tensor<float>::ones({2, 4, 1}));
        },
        "group_norm: expected at least two values per group, got 1 in 4 groups of [2, 4, 1]");
    refuses<ValueError>([] { return nn::GroupNorm(3, 4); },
                        "group_norm: expected channels that are a positive multiple of the groups, got 4 channels in 3 groups");
    nn::BasicGroupNorm<double> other(2, 4);
    other.weight = Matrix::zeros({4}), other.bias = of({4});
    nn::Random random{1};
    nn::initialise(other, nn::kaiming_uniform{}, random);
    BOOST_TEST(equal(other(x), layer(x)));
}

BOOST_AUTO_TEST_CASE(weight_norm_begins_with_the_weight_as_it_was) {
    const nn::BasicLinear<double> linear(4, 3);
    nn::WeightNorm layer{linear};
    const auto x = drawn({5, 4}, 6);
    BOOST_TEST((layer.weight_g.shape() == Shape{1, 3}));
    BOOST_TEST(near(layer(x), linear(x)));
    layer.weight_g = 2 * layer.weight_g;
    BOOST_TEST(near(layer(x) - linear.bias, 2 * (linear(x) - linear.bias)));
    layer.layer.weight = 5 * layer.layer.weight;  // only its direction matters
    BOOST_TEST(near(layer(x) - linear.bias, 2 * (linear(x) - linear.bias)));
    BOOST_TEST((nn::WeightNorm{nn::Conv2d(2, 3, 2)}.weight_g.shape() == Shape{3, 1, 1, 1}));
    BOOST_TEST((nn::WeightNorm<nn::Linear>(nn::Linear(4, 3), 0).weight_g.shape() == Shape{4, 1}));

    std::vector<std::string> names;
    for (const auto& [name, tensor] : nn::parameters(layer)) names.push_back(name);
    const std::vector<std::string> expected{"weight_g", "weight", "bias"};
    BOOST_TEST(names == expected, boost::test_tools::per_element());
    nn::Random random{1};
    nn::initialise(layer, nn::xavier_uniform{}, random);
    BOOST_TEST(near(layer(x), layer.layer(x)));
    BOOST_TEST(!near(layer(x), linear(x)));

    const auto path = std::filesystem::temp_directory_path() / "wengert_weight_norm.safetensors";
    nn::save(layer, path);
    nn::WeightNorm loaded{linear};
    nn::load(loaded, path);
    BOOST_TEST(equal(loaded(x), layer(x)));
    std::filesystem::remove(path);
    refuses<ShapeError>(
        [] {
            return nn::weight_norm(of({4, 3}), of({4, 1}), 1);
        },
        "weight_norm: expected lengths [1, 3] for v [4, 3], got [4, 1]");
    refuses<ShapeError>(
        [] {
            return nn::weight_lengths(of({4, 3}), 2);
        },
        "weight_norm: expected an axis of [4, 3], from -2 to 1, got axis 2");
}

BOOST_AUTO_TEST_CASE(conv1d_has_the_extent_of_its_formula) {
    const nn::Conv1d layer(4, 6, 5, {.stride = 2, .padding = 3, .dilation = 2, .groups = 2});
    BOOST_TEST((layer.weight.shape() == Shape{6, 2, 5}));
    BOOST_TEST((layer(Tensor<float>::ones({2, 4, 11})).shape() == Shape{2, 6, 5}));
    BOOST_TEST(!nn::Conv1d(3, 2, 3, {}, false).has_bias());
    BOOST_TEST(amax(abs(layer.weight)).item() <= 1 / std::sqrt(10.0f));
    refuses<ShapeError>([&] { return layer(Tensor<float>::ones({2, 3, 11})); }, "conv1d: expected [n, 4, length], got [2, 3, 11]");
    refuses<ValueError>([] { return nn::Conv1d(3, 8, 3, {.groups = 2}); },
                        "conv1d: expected channels and kernel extent of at least 1, groups that divide the channels, got 3 in, 8 out, "
                        "kernel 3, 2 groups");
}

BOOST_AUTO_TEST_CASE(conv_transpose_has_the_extents_of_its_formula) {
    const nn::ConvTranspose2d layer(4, 6, {3, 2},
                                    {.stride = {2, 3}, .padding = {1, 0}, .output_padding = {1, 2}, .dilation = {2, 1}, .groups = 2});
    BOOST_TEST((layer.weight.shape() == Shape{4, 3, 3, 2}));
    BOOST_TEST((layer(Tensor<float>::ones({2, 4, 5, 6})).shape() == Shape{2, 6, 12, 19}));
    BOOST_TEST((nn::ConvTranspose2d(1, 1, 2, {.stride = {2, 2}})(Tensor<float>::ones({1, 1, 3, 3})).shape() == Shape{1, 1, 6, 6}));
    BOOST_TEST(!nn::ConvTranspose2d(3, 2, 3, {}, false).has_bias());
    nn::BasicConvTranspose2d<double> other(16, 32, {5, 3}, {.groups = 2});
    nn::Random random{1};
    nn::initialise(other, nn::kaiming_uniform{}, random);
    const double bound = std::sqrt(6.0 / (8 * 15)), largest = amax(abs(other.weight)).item();  // an output sees 16 / 2 channels
    BOOST_TEST(largest <= bound);
    BOOST_TEST(largest > 0.99 * bound);
    refuses<ShapeError>(
        [&] {
            return layer(Tensor<float>::ones({2, 3, 5, 6}));
        },
        "conv_transpose2d: expected [n, 4, h, w], got [2, 3, 5, 6]");
    refuses<ShapeError>(
        [] {
            return nn::ConvTranspose2d(1, 1, 1, {.padding = {2, 0}})(Tensor<float>::ones({1, 1, 3, 3}));
        },
        "conv_transpose2d: expected an image that is larger than its padding takes away, got [1, 1, 3, 3], which would "
        "become [-1, 3]");
    refuses<ValueError>([] { return nn::ConvTranspose2d(3, 8, 3, {.groups = 2}); },
                        "conv_transpose2d: expected channels and kernel extents of at least 1, groups that divide the channels, got 3 in, "
                        "8 out, kernel (3, 3), 2 groups");
    refuses<ValueError>(
        [] {
            return nn::ConvTranspose2d(1, 1, 3, {.stride = {2, 2}, .output_padding = {0, 2}});
        },
        "conv_transpose2d: expected an output padding from 0 to less than the stride, got output padding (0, 2) with "
        "stride (2, 2)");
}

BOOST_AUTO_TEST_CASE(positions_end_where_their_table_ends) {
    const nn::BasicSinusoidalPositions<double> sinusoidal(6, 4);
    const nn::BasicLearnedPositions<double> learned(6, 4);
    const nn::BasicRotaryPositions<double> rotary(6, 4);
    const auto x = drawn({2, 3, 4}, 7);
    BOOST_TEST(near(sinusoidal(x, 3), x + slice(sinusoidal.table, {{3, 6}})));
    BOOST_TEST(near(learned(x), x + slice(learned.weight, {{0, 3}})));
    BOOST_TEST(equal(rotary(slice(x, {autodiff::all, {0, 1}})), slice(x, {autodiff::all, {0, 1}})));  // position 0 is not turned
    BOOST_TEST((rotary(drawn({2, 5, 3, 4}, 8)).shape() == Shape{2, 5, 3, 4}));
    BOOST_TEST((nn::sinusoidal_positions<float>(3, 5).shape() == Shape{3, 5}));
    BOOST_TEST(nn::count_parameters(learned) == 24);
    refuses<ShapeError>([&] { return sinusoidal(x, 4); },
                        "sinusoidal_positions: expected [.., tokens, 4] with positions below 6, got [2, 3, 4] from position 4 on");
    refuses<ShapeError>([&] { return learned(x, -1); },
                        "learned_positions: expected [.., tokens, 4] with positions below 6, got [2, 3, 4] from position -1 on");
    refuses<ShapeError>(
        [&] {
            return rotary(of({2, 3, 6}));
        },
        "rotary_positions: expected [.., tokens, 4] with positions below 6, got [2, 3, 6] from position 0 on");
    refuses<ValueError>(
        [] { return nn::RotaryPositions(6, 5); },
        "rotary_positions: expected a length of at least 0, an even width of at least 2, a positive base, got 6, 5 and 10000");
    refuses<ValueError>(
        [] { return nn::sinusoidal_positions<float>(6, 0); },
        "sinusoidal_positions: expected a length of at least 0, a width of at least 1, a positive base, got 6, 0 and 10000");
    refuses<ValueError>([] { return nn::LearnedPositions(0, 4); },
                        "learned_positions: expected at least one position and a width of 1, got 0 and 4");
}

BOOST_AUTO_TEST_SUITE_END()
