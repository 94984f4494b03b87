// SPDX-License-Identifier: MIT
// The blocks of a Transformer and stacks of them: names, wiring, masks, state.
#include "nn/transformer.hpp"
#include "autodiff/autodiff.hpp"
#include "nn/checkpoint.hpp"
#include "nn/parameters.hpp"
#include "tests/nn/near.hpp"
#include "tests/nn/says.hpp"

#include <filesystem>

using namespace test;
using autodiff::ValueError;
using nn::Index;
using nn::Shape;
using nn::Tensor;

namespace {

/// The tokens from one position on, changed.
Matrix with_another_end(const Matrix& x, Index from) {
    const Matrix keep = slice(x, {autodiff::all, {0, from}}), change = slice(x, {autodiff::all, {from, {}}});
    return autodiff::concat({keep, change + 1}, 1);
}
std::vector<std::string> names(const auto& model) {
    std::vector<std::string> all;
    for (const auto& [name, tensor] : nn::parameters(model))
        if (tensor.size() != 0) all.push_back(name);
    return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(nn_transformer)

BOOST_AUTO_TEST_CASE(transformer_parameters_have_the_names_of_pytorch) {
    const std::vector<std::string> encoder{"self_attn.in_proj_weight",
                                           "self_attn.in_proj_bias",
                                           "self_attn.out_proj.weight",
                                           "self_attn.out_proj.bias",
                                           "linear1.weight",
                                           "linear1.bias",
                                           "linear2.weight",
                                           "linear2.bias",
                                           "norm1.weight",
                                           "norm1.bias",
                                           "norm2.weight",
                                           "norm2.bias"};
    BOOST_TEST(names(nn::TransformerEncoderLayer(8, 2)) == encoder, boost::test_tools::per_element());
    const auto stack = names(nn::TransformerEncoder(8, 2, 2, {.feedforward = 4, .norm_first = true}));
    BOOST_TEST(stack.size() == 26u);
    BOOST_TEST(stack[12] == "layers.1.self_attn.in_proj_weight");
    BOOST_TEST(stack[24] == "norm.weight");
    BOOST_TEST(names(nn::TransformerDecoder(8, 2, 1)).size() == 18u);
}

BOOST_AUTO_TEST_CASE(a_stack_is_its_layers_and_with_norm_first_a_last_norm) {
    const auto x = drawn({2, 5, 8}, 14), memory = drawn({2, 3, 8}, 15);
    const nn::AttentionMasks causal{.causal = true};
    for (const bool norm_first : {false, true}) {
        const nn::TransformerOptions options{.feedforward = 6, .dropout = 0, .norm_first = norm_first};
        const nn::BasicTransformerEncoder<double> encoder(8, 2, 2, options);
        const nn::BasicTransformerDecoder<double> decoder(8, 2, 2, options);
        BOOST_TEST(!equal(encoder.layers[0].linear1.weight, encoder.layers[1].linear1.weight));
        const auto encoded = encoder.layers[1](encoder.layers[0](x, causal), causal);
        const auto decoded = decoder.layers[1](decoder.layers[0](x, memory, causal), memory, causal);
        BOOST_TEST(equal(encoder(x, causal), norm_first ? encoder.norm(encoded) : encoded));
        BOOST_TEST(equal(decoder(x, memory, causal), norm_first ? decoder.norm(decoded) : decoded));
        BOOST_TEST((encoder.norm.weight.size() == (norm_first ? 8 : 0)));
    }
}

BOOST_AUTO_TEST_CASE(a_decoder_may_not_look_ahead_but_at_all_of_the_memory) {
    const nn::BasicTransformerDecoderLayer<double> layer(8, 2, {.feedforward = 6, .dropout = 0});
    const auto x = drawn({2, 5, 8}, 16), memory = drawn({2, 4, 8}, 17);
    const auto first = [](const Matrix& y) { return slice(y, {autodiff::all, {0, 3}}); };
    const auto y = layer(x, memory, {.causal = true});
    BOOST_TEST(equal(first(y), first(layer(with_another_end(x, 3), memory, {.causal = true}))));
    BOOST_TEST(!near(first(y), first(layer(x, with_another_end(memory, 3), {.causal = true}))));
    const Tensor<bool> present({2, 4}, {true, true, true, false, true, true, true, false});
    BOOST_TEST(equal(layer(x, memory, {}, {.key_mask = present}), layer(x, with_another_end(memory, 3), {}, {.key_mask = present})));
}

BOOST_AUTO_TEST_CASE(a_stack_has_a_layer) {
    BOOST_CHECK_EXCEPTION(static_cast<void>(nn::TransformerEncoder(8, 2, 0)), ValueError,
                          says("transformer_encoder: expected at least one layer, got 0"));
    BOOST_CHECK_EXCEPTION(static_cast<void>(nn::TransformerDecoder(8, 2, 0)), ValueError,
                          says("transformer_decoder: expected at least one layer, got 0"));
}

BOOST_AUTO_TEST_CASE(train_eval_and_state_reach_every_dropout) {
    nn::BasicTransformerEncoder<double> model(8, 2, 2, {.feedforward = 6});
    const auto x = drawn({2, 5, 8}, 18);
    const auto positions = [](const auto& m) {
        std::vector<std::uint64_t> all;
        nn::for_each_layer(m, [&all]<class L>(const L& layer) {
            if constexpr (std::same_as<L, nn::Dropout>) all.push_back(layer.random.position());
        });
        return all;
    };
    const auto before = positions(model);
    BOOST_TEST(before.size() == 8u);
    const auto grads = autodiff::gradient([&](const auto& m) { return sum(m(x)); }, model);
    BOOST_TEST(positions(model) == before, boost::test_tools::per_element());
    nn::take_state(model, grads);
    const auto after = positions(model);
    for (const std::uint64_t position : after) BOOST_TEST(position > 0u);
    nn::eval(model);
    BOOST_TEST(equal(model(x), model(x)));
    BOOST_TEST(positions(model) == after, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_transformer_is_saved_and_loaded) {
    const auto path = std::filesystem::temp_directory_path() / "wengert_transformer.safetensors";
    const nn::TransformerOptions options{.feedforward = 6, .dropout = 0, .norm_first = true};
    const nn::BasicTransformerDecoder<double> saved(8, 2, 2, options, 1);
    nn::BasicTransformerDecoder<double> loaded(8, 2, 2, options, 2);
    const auto x = drawn({2, 5, 8}, 19), memory = drawn({2, 3, 8}, 20);
    BOOST_TEST(!equal(loaded(x, memory), saved(x, memory)));
    nn::save(saved, path);
    nn::load(loaded, path);
    BOOST_TEST(equal(loaded(x, memory), saved(x, memory)));
    std::filesystem::remove(path);
}

BOOST_AUTO_TEST_SUITE_END()
