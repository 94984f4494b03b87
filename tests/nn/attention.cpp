// SPDX-License-Identifier: MIT
// Attention and its layer: shapes, masks, options, errors.
#include "nn/attention.hpp"
#include "autodiff/autodiff.hpp"
#include "tests/nn/near.hpp"
#include "tests/nn/says.hpp"

#include <cmath>

using namespace test;
using autodiff::ShapeError;
using autodiff::ValueError;
using nn::Index;
using nn::Shape;
using nn::Tensor;
using Attention = nn::BasicMultiheadAttention<double>;

namespace {

/// The tokens from one position on, changed.
Matrix with_another_end(const Matrix& x, Index from) {
    const Matrix keep = slice(x, {autodiff::all, {0, from}}), change = slice(x, {autodiff::all, {from, {}}});
    return autodiff::concat({keep, change + 1}, 1);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(nn_attention)

BOOST_AUTO_TEST_CASE(weights_are_probabilities_over_what_may_be_looked_at) {
    const auto q = drawn({2, 3, 4}, 1), k = drawn({2, 5, 4}, 2), v = drawn({2, 5, 6}, 3);
    const Tensor<bool> mask({3, 5}, {true, false, true, true, false, false, false, false, false, false, true, true, true, true, true});
    const auto weights = nn::attention_weights(q, k, {.mask = mask});
    BOOST_TEST((weights.shape() == Shape{2, 3, 5}));
    for (Index n = 0; n < 2; ++n)
        for (Index i = 0; i < 3; ++i) {
            double total = 0;
            for (Index j = 0; j < 5; ++j) {
                total += weights.at(n, i, j);
                BOOST_TEST((weights.at(n, i, j) > 0) == mask.at(i, j));
            }
            BOOST_TEST(std::abs(total - (i == 1 ? 0 : 1)) < 1e-15);  // query 1 may look at nothing
        }
    const auto y = nn::scaled_dot_product_attention(q, k, v, {.mask = mask});
    BOOST_TEST((y.shape() == Shape{2, 3, 6}));
    BOOST_TEST(near(y, matmul(weights, v)));
    BOOST_TEST(near(nn::attention_weights(q, k, {.scale = 0.0}), Matrix::full({2, 3, 5}, 0.2)));
    BOOST_TEST(near(nn::attention_weights(q, k), nn::attention_weights(2 * q, k, {.scale = 0.25})));
}

BOOST_AUTO_TEST_CASE(a_query_without_a_key_gives_and_gets_0) {
    const auto q = drawn({3, 4}, 4), k = drawn({5, 4}, 5), v = drawn({5, 2}, 6);
    Tensor<bool> mask = Tensor<bool>::full({3, 5}, true);
    for (Index j = 0; j < 5; ++j) autodiff::in_place(mask)[static_cast<std::size_t>(5 + j)] = false;
    const auto [L, parts] = autodiff::value_and_gradient(
        [&](const Matrix& a, const Matrix& b, const Matrix& c) {
            return sum(square(nn::scaled_dot_product_attention(a, b, c, {.mask = mask}) + 1));
        },
        q, k, v);
    const auto& [dq, dk, dv] = parts;
    for (Index c = 0; c < 4; ++c) BOOST_TEST(dq.at(1, c) == 0);
    for (const Matrix* d : {&dq, &dk, &dv})
        for (const double g : d->data()) BOOST_TEST(std::isfinite(g));
    BOOST_TEST(std::isfinite(L));
}

BOOST_AUTO_TEST_CASE(a_causal_mask_hides_what_comes_later) {
    const Attention layer(8, 2);
    const auto x = drawn({2, 5, 8}, 7), other = with_another_end(x, 3);
    const auto y = layer(x, {.causal = true}), z = layer(other, {.causal = true});
    BOOST_TEST(equal(slice(y, {autodiff::all, {0, 3}}), slice(z, {autodiff::all, {0, 3}})));
    BOOST_TEST(!near(slice(y, {autodiff::all, {3, 5}}), slice(z, {autodiff::all, {3, 5}})));
    const auto lower = Tensor<Index>::arange(5);
    BOOST_TEST(near(y, layer(x, {.mask = unsqueeze(lower, 1) >= lower})));
}

BOOST_AUTO_TEST_CASE(padding_is_not_looked_at) {
    const Attention layer(8, 2);
    const auto x = drawn({2, 5, 8}, 8), other = with_another_end(x, 3);
    const Tensor<bool> present({2, 5}, {true, true, true, false, false, true, true, true, false, false});
    const auto y = layer(x, {.key_mask = present});
    BOOST_TEST(equal(slice(y, {autodiff::all, {0, 3}}), slice(layer(other, {.key_mask = present}), {autodiff::all, {0, 3}})));
    BOOST_TEST(near(slice(y, {autodiff::all, {0, 3}}), layer(slice(x, {autodiff::all, {0, 3}}))));
    // Masks are joined, whatever their rank.
    const Tensor<bool> own = Tensor<bool>::full({2, 5, 5}, true), by_heads = Tensor<bool>::full({1, 2, 5, 5}, true);
    BOOST_TEST(equal(layer(x, {.mask = own, .key_mask = present}), y));
    BOOST_TEST(equal(layer(x, {.mask = by_heads, .key_mask = present}), y));
    BOOST_TEST(near(layer(x, {.key_mask = present, .causal = true}),
                    layer(x, {.mask = unsqueeze(present, 1) && unsqueeze(Tensor<Index>::arange(5), 1) >= Tensor<Index>::arange(5)})));
}

BOOST_AUTO_TEST_CASE(packed_weights_are_three_side_by_side) {
    for (const bool bias : {true, false}) {
        Attention packed(8, 2, {.bias = bias});
        if (bias) packed.in_proj_bias = drawn({24}, 9);
        Attention apart(8, 2, {.key_width = 4, .bias = bias});
        BOOST_TEST(packed.packed());
        BOOST_TEST(!apart.packed());
        BOOST_TEST((apart.k_proj_weight.shape() == Shape{4, 8}));
        const auto weights = autodiff::split(packed.in_proj_weight, 3, 1);
        apart.q_proj_weight = weights[0], apart.k_proj_weight = weights[1], apart.v_proj_weight = weights[2];
        apart.in_proj_bias = packed.in_proj_bias;
        apart.out_proj = packed.out_proj;
        const auto x = drawn({2, 5, 8}, 10), memory = drawn({2, 3, 8}, 11);
        BOOST_TEST(near(packed(x), apart(x)));
        BOOST_TEST(near(packed(x), packed(x, x, x)));
        BOOST_TEST(near(packed(x, memory), apart(x, memory)));
        BOOST_TEST(near(packed(x, memory), packed(x, memory, memory)));
        const auto [y, p] = packed.with_weights(x, memory, memory);
        BOOST_TEST((p.shape() == Shape{2, 2, 5, 3}));
        BOOST_TEST(near(y, packed(x, memory)));
        BOOST_TEST(near(sum(p, -1), Matrix::ones({2, 2, 5})));
    }
}

BOOST_AUTO_TEST_CASE(one_head_is_the_function_between_two_linear_layers) {
    const Attention layer(6, 1, {.bias = false});
    const auto x = drawn({2, 4, 6}, 12);
    const auto qkv = autodiff::split(matmul(x, layer.in_proj_weight), 3, -1);
    BOOST_TEST(near(layer(x), matmul(nn::scaled_dot_product_attention(qkv[0], qkv[1], qkv[2]), layer.out_proj.weight)));
}

BOOST_AUTO_TEST_CASE(dropout_drops_weights_of_attention_in_training) {
    Attention layer(8, 2, {.dropout = 0.5});
    const auto x = drawn({2, 5, 8}, 13);
    const auto p = layer.with_weights(x, x, x).weights;
    Index dropped = 0;
    for (const double w : p.data()) dropped += w == 0 ? 1 : 0;
    BOOST_TEST(dropped > 20);
    BOOST_TEST(dropped < 80);
    nn::eval(layer);
    const auto position = layer.dropout.random.position();
    BOOST_TEST(equal(layer(x), layer(x)));
    BOOST_TEST(layer.dropout.random.position() == position);
    nn::train(layer);
    BOOST_TEST(!equal(layer(x), layer(x)));
}

BOOST_AUTO_TEST_CASE(a_layer_starts_within_its_bounds) {
    const nn::MultiheadAttention layer(32, 4);
    const double bound = std::sqrt(6.0 / (32 + 96)), largest = amax(abs(layer.in_proj_weight)).item();
    BOOST_TEST(largest <= bound);
    BOOST_TEST(largest > 0.99 * bound);
    BOOST_TEST(amax(abs(layer.in_proj_bias)).item() == 0);
    BOOST_TEST(amax(abs(layer.out_proj.bias)).item() == 0);
    Attention other(8, 2, {.dropout = 0.5});
    nn::Random random{1};
    other.in_proj_bias = Matrix::ones({24});
    nn::initialise(other, nn::constant{0.5}, random);
    BOOST_TEST(equal(other.in_proj_weight, Matrix::full({8, 24}, 0.5)));
    BOOST_TEST(equal(other.in_proj_bias, Matrix::zeros({24})));
    BOOST_TEST(equal(other.out_proj.weight, Matrix::full({8, 8}, 0.5)));
    BOOST_TEST(!(other.dropout.random == Attention(8, 2, {.dropout = 0.5}).dropout.random));
}

BOOST_AUTO_TEST_CASE(errors_name_the_shapes) {
    const auto of = [](const Shape& shape) { return Matrix::ones(shape); };
    const auto refuses = [](const auto& f, const std::string& text) {
        BOOST_CHECK_EXCEPTION(static_cast<void>(f()), ShapeError, says(text));
    };
    refuses(
        [&] {
            return nn::scaled_dot_product_attention(of({3, 4}), of({5, 3}), of({5, 2}));
        },
        "attention: expected queries [.., queries, width] and keys [.., keys, width], at least one of them, got [3, 4] and [5, 3]");
    refuses(
        [&] {
            return nn::attention_weights(of({3, 4}), of({0, 4}));
        },
        "attention: expected queries [.., queries, width] and keys [.., keys, width], at least one of them, got [3, 4] and [0, 4]");
    refuses(
        [&] {
            return nn::scaled_dot_product_attention(of({3, 4}), of({5, 4}), of({4, 2}));
        },
        "attention: expected values [.., 5, values] for keys [5, 4], got [4, 2]");
    refuses(
        [&] {
            return nn::attention_weights(of({3, 4}), of({5, 4}), {.mask = Tensor<bool>::full({5, 3}, true)});
        },
        "attention: expected a mask that broadcasts to [3, 5], got [5, 3]");
    const Attention layer(8, 2), wide(8, 2, {.key_width = 4, .value_width = 6});
    refuses(
        [&] {
            return layer(of({5, 8}));
        },
        "multihead_attention: expected [n, queries, 8], [n, keys, 8] and [n, keys, 8], got [5, 8], [5, 8] and [5, 8]");
    refuses(
        [&] {
            return layer(of({2, 5, 8}), of({1, 3, 8}));
        },
        "multihead_attention: expected [n, queries, 8], [n, keys, 8] and [n, keys, 8], got [2, 5, 8], [1, 3, 8] and [1, 3, 8]");
    refuses(
        [&] {
            return wide(of({2, 5, 8}), of({2, 3, 4}), of({2, 4, 6}));
        },
        "multihead_attention: expected [n, queries, 8], [n, keys, 4] and [n, keys, 6], got [2, 5, 8], [2, 3, 4] and [2, 4, 6]");
    refuses(
        [&] {
            return layer(of({2, 5, 8}), {.key_mask = Tensor<bool>::full({2, 4}, true)});
        },
        "multihead_attention: expected a key mask [2, 5], got [2, 4]");
    refuses(
        [&] {
            return layer(of({2, 5, 8}), {.mask = Tensor<bool>::full({3, 5, 5}, true)});
        },
        "attention: expected a mask that broadcasts to [2, 2, 5, 5], got [3, 1, 5, 5]");
    BOOST_CHECK_EXCEPTION(static_cast<void>(nn::MultiheadAttention(8, 3)), ValueError,
                          says("multihead_attention: expected a width that is a positive multiple of the heads, no negative widths, got "
                               "width 8, 3 heads, key width 0, value width 0"));
}

BOOST_AUTO_TEST_SUITE_END()
