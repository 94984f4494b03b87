// SPDX-License-Identifier: MIT
// The residual block with normalisation first, and what positions add: dx = dy + J^T dy, and rotations undone.
#include "nn/positions.hpp"
#include "nn/transformer.hpp"
#include "tests/formulas/group.hpp"
#include "tests/formulas/recovered.hpp"
#include "tests/formulas/second_order.hpp"

using namespace test;

namespace {

struct Block {
    nn::BasicLayerNorm<double> norm{4};
    nn::BasicLinear<double> linear{4, 4, true, 1};
    auto operator()(const Tensor<double>& x) const { return x + linear(norm(x)); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(formulas_residual)

// y = x + f(norm(x)):  dx = dy + J^T dy, here for f(u) = u W + b: J^T dy is the gradient of the normalisation at dy W^T
// source: He, Zhang, Ren, Sun (2016), "Identity mappings in deep residual networks"; Xiong et al. (2020)
BOOST_AUTO_TEST_CASE(a_residual_block_adds_the_cotangent_itself) {
    const Index n = 3, width = 4;
    Block block;
    block.norm.weight = random_tensor({width}, 2);
    block.norm.bias = random_tensor({width}, 3);
    const auto x = random_tensor({n, width}, 4), C = random_tensor({n, width}, 5);
    const auto loss = [&](const auto& b, const auto& input) { return sum(C * b(input)); };
    const auto [L, parts] = value_and_gradient(loss, block, x);
    const auto& [g, dx] = parts;
    Table dX(n, width);
    for (Index s = 0; s < n; ++s) {
        Group group;
        for (Index i = 0; i < width; ++i) {
            double du = 0;
            for (Index j = 0; j < width; ++j) du += C.at(s, j) * block.linear.weight.at(i, j);
            group.x.push_back(x.at(s, i));
            group.dy.push_back(block.norm.weight.at(i) * du);
        }
        group.normalise(block.norm.eps);
        for (Index i = 0; i < width; ++i) {
            const Terms through = group.dx(static_cast<std::size_t>(i));
            dX(s, i).add(C.at(s, i));
            dX(s, i).value += through.value, dX(s, i).size += through.size;
        }
    }
    check_recovers("x", dx, dX);
    check_all_differences([&](const auto& b) { return loss(b, x); }, block, g);
    check_differences([&](const auto& moved) { return loss(block, moved); }, x, dx);
    check_hessian_of(block, {x}, 6, [](const auto& b, const Inputs& v) { return b(v[0]); });
}

BOOST_AUTO_TEST_CASE(with_norm_first_the_gradient_comes_through_a_layer_that_adds_nothing_undiminished) {
    nn::BasicTransformerEncoderLayer<double> layer(4, 2, {.feedforward = 6, .dropout = 0, .norm_first = true}, 7);
    for (auto* last : {&layer.self_attn.out_proj, &layer.linear2}) {
        last->weight = Tensor<double>::zeros(last->weight.shape());
        last->bias = Tensor<double>::zeros(last->bias.shape());
    }
    const auto x = random_tensor({2, 3, 4}, 8), C = random_tensor(x.shape(), 9);
    const auto dx = value_and_gradient([&](const auto& input) { return sum(C * layer(input)); }, x).second;
    for (Index i = 0; i < x.size(); ++i) BOOST_TEST(dx.data()[static_cast<std::size_t>(i)] == C.data()[static_cast<std::size_t>(i)]);
}

BOOST_AUTO_TEST_CASE(transformer_layers_have_the_gradients_of_differences_and_a_second_order) {
    for (const bool norm_first : {false, true}) {
        const nn::TransformerOptions options{
            .feedforward = 5, .dropout = 0, .activation = nn::FeedforwardActivation::gelu, .norm_first = norm_first};
        const nn::BasicTransformerEncoderLayer<double> encoder(4, 2, options, 10);
        const nn::BasicTransformerDecoderLayer<double> decoder(4, 2, options, 11);
        const auto x = random_tensor({2, 3, 4}, 12), memory = random_tensor({2, 2, 4}, 13), C = random_tensor(x.shape(), 14);
        const auto encoded = [&](const auto& l, const auto& input) { return sum(C * l(input)); };
        const auto decoded = [&](const auto& l, const auto& input, const auto& m) { return sum(C * l(input, m, {.causal = true})); };
        const auto [by_encoder, encoder_parts] = value_and_gradient(encoded, encoder, x);
        check_all_differences([&](const auto& l) { return encoded(l, x); }, encoder, std::get<0>(encoder_parts));
        check_differences([&](const auto& moved) { return encoded(encoder, moved); }, x, std::get<1>(encoder_parts));
        check_hessian_of(encoder, {x}, 15, [](const auto& l, const Inputs& v) { return l(v[0]); });
        const auto [by_decoder, decoder_parts] = value_and_gradient(decoded, decoder, x, memory);
        check_all_differences([&](const auto& l) { return decoded(l, x, memory); }, decoder, std::get<0>(decoder_parts));
        check_differences([&](const auto& moved) { return decoded(decoder, moved, memory); }, x, std::get<1>(decoder_parts));
        check_differences([&](const auto& moved) { return decoded(decoder, x, moved); }, memory, std::get<2>(decoder_parts));
        check_hessian_of(decoder, {x, memory}, 16, [](const auto& l, const Inputs& v) { return l(v[0], v[1], {.causal = true}); });
    }
}

// dx = R(-angle) dy, and R is orthogonal        source: Su et al. (2021), equations 14 and 15
BOOST_AUTO_TEST_CASE(rotary_positions_are_rotations) {
    const Index tokens = 4, width = 6, half = width / 2, first = 3;
    for (const auto pairs : {nn::RotaryPairs::neighbours, nn::RotaryPairs::halves}) {
        const nn::BasicRotaryPositions<double> rotary(10, width, {.base = 100, .pairs = pairs});
        const auto x = random_tensor({2, tokens, width}, 20), C = random_tensor(x.shape(), 21);
        const auto loss = [&](const auto& input) { return sum(C * rotary(input, first)); };
        const auto dx = value_and_gradient(loss, x).second;
        const auto y = rotary(x, first);
        const auto at = [&](Index i, Index which) { return pairs == nn::RotaryPairs::neighbours ? 2 * i + which : i + which * half; };
        for (Index s = 0; s < 2; ++s)
            for (Index t = 0; t < tokens; ++t) {
                Terms squares_before;
                double squares_after = 0;
                for (Index i = 0; i < half; ++i) {
                    const double angle = static_cast<double>(first + t) * std::pow(100.0, -2.0 * static_cast<double>(i) / width);
                    const double c = std::cos(angle), r = std::sin(angle);
                    const double a = x.at(s, t, at(i, 0)), b = x.at(s, t, at(i, 1)), da = C.at(s, t, at(i, 0)), db = C.at(s, t, at(i, 1));
                    BOOST_TEST(recovers(y.at(s, t, at(i, 0)), Terms{}.add(c * a).add(-r * b)));
                    BOOST_TEST(recovers(y.at(s, t, at(i, 1)), Terms{}.add(r * a).add(c * b)));
                    BOOST_TEST(recovers(dx.at(s, t, at(i, 0)), Terms{}.add(c * da).add(r * db)));
                    BOOST_TEST(recovers(dx.at(s, t, at(i, 1)), Terms{}.add(-r * da).add(c * db)));
                    squares_before.add(a * a).add(b * b);
                    squares_after += y.at(s, t, at(i, 0)) * y.at(s, t, at(i, 0)) + y.at(s, t, at(i, 1)) * y.at(s, t, at(i, 1));
                }
                BOOST_TEST(recovers(squares_after, squares_before));
            }
        check_differences(loss, x, dx);
        check_hessian_at(
            {x}, [&](const Inputs& v) { return weighed(rotary(v[0], first)); }, 22);

        // The product of a query at m and a key at l depends on m - l.
        const auto q = random_tensor({1, width}, 23), k = random_tensor({1, width}, 24);
        const auto product = [&](Index m, Index l) { return sum(rotary(q, m) * rotary(k, l)).item(); };
        for (Index shift = 1; shift < 6; ++shift) BOOST_TEST(close(product(3 + shift, 1 + shift), product(3, 1), {.relative = 1e-13}));
        BOOST_TEST(std::abs(product(3, 2) - product(3, 1)) > 1e-3);
    }
}

// source: Vaswani et al. (2017), 3.5
BOOST_AUTO_TEST_CASE(sinusoidal_positions_are_constants_that_shift_by_rotation) {
    const Index length = 9, width = 6;
    const auto table = nn::sinusoidal_positions<double>(length, width);
    for (Index t = 0; t < length; ++t)
        for (Index i = 0; 2 * i < width; ++i) {
            const double frequency = std::pow(10000.0, -2.0 * static_cast<double>(i) / width), angle = static_cast<double>(t) * frequency;
            BOOST_TEST(close(table.at(t, 2 * i), std::sin(angle), {.relative = 1e-14, .absolute = 1e-16}));
            BOOST_TEST(close(table.at(t, 2 * i + 1), std::cos(angle), {.relative = 1e-14}));
            if (t + 3 >= length) continue;
            const double c = std::cos(3 * frequency), r = std::sin(3 * frequency);  // three positions on, wherever one stands
            BOOST_TEST(close(table.at(t + 3, 2 * i), table.at(t, 2 * i) * c + table.at(t, 2 * i + 1) * r, {.absolute = 1e-14}));
            BOOST_TEST(close(table.at(t + 3, 2 * i + 1), table.at(t, 2 * i + 1) * c - table.at(t, 2 * i) * r, {.absolute = 1e-14}));
        }
    const nn::BasicSinusoidalPositions<double> layer(length, width);
    const auto x = random_tensor({2, 4, width}, 30), C = random_tensor(x.shape(), 31);
    const auto dx = value_and_gradient([&](const auto& input) { return sum(C * layer(input, 2)); }, x).second;
    const auto y = layer(x, 2);
    for (Index s = 0; s < 2; ++s)
        for (Index t = 0; t < 4; ++t)
            for (Index j = 0; j < width; ++j) {
                BOOST_TEST(y.at(s, t, j) == x.at(s, t, j) + table.at(t + 2, j));
                BOOST_TEST(dx.at(s, t, j) == C.at(s, t, j));
            }
}

BOOST_AUTO_TEST_CASE(learned_positions_add_up_over_the_batch_and_leave_others_at_0) {
    const Index length = 6, width = 3;
    const nn::BasicLearnedPositions<double> layer(length, width, 40);
    const auto x = random_tensor({3, 4, width}, 41), C = random_tensor(x.shape(), 42);
    const auto g = autodiff::gradient([&](const nn::BasicLearnedPositions<double>& l) { return sum(C * l(x, 1)); }, layer);
    Table formula(length, width);
    for (Index s = 0; s < 3; ++s)
        for (Index t = 0; t < 4; ++t)
            for (Index j = 0; j < width; ++j) formula(t + 1, j).add(C.at(s, t, j));
    check_recovers("weight", g.weight, formula);
}

BOOST_AUTO_TEST_SUITE_END()
