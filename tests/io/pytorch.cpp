// SPDX-License-Identifier: MIT
// Checkpoints with PyTorch's names and order of axes: a file has what a state_dict of the same model has, and comes back as it was.
#include "autodiff/autodiff.hpp"
#include "nn/nn.hpp"
#include "tests/io/files.hpp"

#include <map>

using namespace autodiff;
using files::TemporaryFile;

namespace {

/// Every parameter different, so that nothing can be mistaken for something else.
template <class M>
void fill(M& model, float first) {
    for_each_parameter_and_buffer(model, [&first](std::string_view, auto& p) {
        for (auto& value : in_place(p)) value = first += 1;
    });
}

/// Saves in PyTorch's layout: {name: shape} as in `{name: tuple(p.shape) for name, p in model.state_dict().items()}`.
template <class M>
std::map<std::string, std::string> state_dict(const M& model) {
    const TemporaryFile file(".safetensors");
    nn::save(model, file.path, nn::Layout::pytorch);
    std::map<std::string, std::string> shapes;
    for (const auto& [name, tensor] : io::read_safetensors(file.path)) shapes[name] = to_string(std::get<Tensor<float>>(tensor).shape());
    return shapes;
}
using Shapes = std::map<std::string, std::string>;

template <class M>
void check_round_trip(M model) {
    for (const nn::Layout layout : {nn::Layout::own, nn::Layout::pytorch}) {
        const TemporaryFile file(".safetensors");
        fill(model, 0);
        M loaded = model;
        fill(loaded, -1000);
        nn::save(model, file.path, layout);
        nn::load(loaded, file.path, layout);
        std::vector<std::vector<float>> expected, got;
        const auto collect = [](auto& into) {
            return [&into](std::string_view, const auto& p) { into.emplace_back(p.data().begin(), p.data().end()); };
        };
        for_each_parameter_and_buffer(model, collect(expected));
        for_each_parameter_and_buffer(loaded, collect(got));
        BOOST_TEST((got == expected));
    }
}

struct Mlp {
    nn::Linear hidden{3, 4};
    nn::BatchNorm1d norm{4};
    nn::Linear output{4, 2, false};
};
struct Cells {
    std::vector<nn::LSTMCell> layers{nn::LSTMCell(3, 2), nn::LSTMCell(2, 2)};
};
struct Everything {
    nn::Sequential<nn::Conv2d, nn::Relu, nn::Linear> body{nn::Conv2d(2, 3, 3), nn::Relu{}, nn::Linear(3, 4)};
    nn::ConvTranspose2d up{2, 3, 2};
    nn::LSTM lstm{3, 5, {.layers = 2, .bidirectional = true}};
    nn::GRU gru{3, 2, {.bias = false}};
    Cells cells;
    nn::MultiheadAttention packed{4, 2}, apart{4, 2, {.key_width = 3, .value_width = 5}};
    nn::TransformerEncoder encoder{4, 2, 2};
    nn::Embedding words{7, 4};
    nn::WeightNorm<nn::Linear> normed{nn::Linear(3, 2)};
    nn::WeightNorm<nn::Conv2d> kernels{nn::Conv2d(2, 3, 3)};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(pytorch_layout)

BOOST_AUTO_TEST_CASE(a_dense_weight_is_transposed_and_a_missing_bias_left_out) {
    const TemporaryFile file(".safetensors");
    Mlp model;
    model.hidden.weight = Tensor<float>::from_rows({{1, 2, 3, 4}, {5, 6, 7, 8}, {9, 10, 11, 12}});
    nn::save(model, file.path, nn::Layout::pytorch);
    for (const auto& [name, tensor] : io::read_safetensors(file.path))
        if (name == "hidden.weight") {
            const auto& w = std::get<Tensor<float>>(tensor);
            BOOST_TEST((w.shape() == Shape{4, 3}));
            for (Index i = 0; i < 3; ++i)
                for (Index j = 0; j < 4; ++j) BOOST_TEST(w.at(j, i) == model.hidden.weight.at(i, j));
        }
    BOOST_TEST((state_dict(model) == Shapes{{"hidden.weight", "[4, 3]"},
                                            {"hidden.bias", "[4]"},
                                            {"norm.weight", "[4]"},
                                            {"norm.bias", "[4]"},
                                            {"norm.running_mean", "[4]"},
                                            {"norm.running_var", "[4]"},
                                            {"output.weight", "[2, 4]"}}));
}

BOOST_AUTO_TEST_CASE(recurrent_layers_have_pytorchs_names_and_cells_keep_theirs) {
    BOOST_TEST((state_dict(nn::LSTM(3, 5, {.bidirectional = true})) == Shapes{{"weight_ih_l0", "[20, 3]"},
                                                                              {"weight_hh_l0", "[20, 5]"},
                                                                              {"bias_ih_l0", "[20]"},
                                                                              {"bias_hh_l0", "[20]"},
                                                                              {"weight_ih_l0_reverse", "[20, 3]"},
                                                                              {"weight_hh_l0_reverse", "[20, 5]"},
                                                                              {"bias_ih_l0_reverse", "[20]"},
                                                                              {"bias_hh_l0_reverse", "[20]"}}));
    struct Model {
        nn::GRU gru{3, 5, {.layers = 2, .bias = false}};
    };
    BOOST_TEST((state_dict(Model{}) == Shapes{{"gru.weight_ih_l0", "[15, 3]"},
                                              {"gru.weight_hh_l0", "[15, 5]"},
                                              {"gru.weight_ih_l1", "[15, 5]"},
                                              {"gru.weight_hh_l1", "[15, 5]"}}));
    const Shapes cells = state_dict(Cells{});
    BOOST_TEST(cells.at("layers.0.weight_ih") == "[8, 3]");
    BOOST_TEST(cells.at("layers.1.bias_hh") == "[8]");
}

BOOST_AUTO_TEST_CASE(attention_and_transformers_have_pytorchs_names) {
    BOOST_TEST((state_dict(nn::MultiheadAttention(4, 2, {.key_width = 3, .value_width = 5})) == Shapes{{"q_proj_weight", "[4, 4]"},
                                                                                                       {"k_proj_weight", "[4, 3]"},
                                                                                                       {"v_proj_weight", "[4, 5]"},
                                                                                                       {"in_proj_bias", "[12]"},
                                                                                                       {"out_proj.weight", "[4, 4]"},
                                                                                                       {"out_proj.bias", "[4]"}}));
    const Shapes layer = state_dict(nn::TransformerEncoder(4, 2, 1));
    BOOST_TEST(layer.size() == 12u);
    BOOST_TEST(layer.at("layers.0.self_attn.in_proj_weight") == "[12, 4]");
    BOOST_TEST(layer.at("layers.0.linear1.weight") ==
               to_string(transpose(nn::TransformerEncoder(4, 2, 1).layers[0].linear1.weight).shape()));
    BOOST_TEST(layer.at("layers.0.norm2.bias") == "[4]");
}

BOOST_AUTO_TEST_CASE(weight_norm_has_a_direction_and_lengths) {
    BOOST_TEST((state_dict(nn::WeightNorm<nn::Linear>{nn::Linear(3, 2)}) ==
                Shapes{{"weight_g", "[2, 1]"}, {"weight_v", "[2, 3]"}, {"bias", "[2]"}}));
}

BOOST_AUTO_TEST_CASE(weight_norm_is_read_by_its_newer_names_too) {
    const TemporaryFile file(".safetensors");
    using Layer = nn::WeightNorm<nn::Linear>;
    const Layer saved{nn::Linear(3, 2)};
    nn::save(saved, file.path, nn::Layout::pytorch);
    io::NamedTensors tensors = io::read_safetensors(file.path);
    for (auto& [name, tensor] : tensors)
        name = name == "weight_g" ? "parametrizations.weight.original0" : name == "weight_v" ? "parametrizations.weight.original1" : name;
    io::write_safetensors(file.path, tensors);
    Layer loaded{nn::Linear(3, 2)};
    loaded.weight_g = loaded.weight_g * 0.0f;
    nn::load(loaded, file.path, nn::Layout::pytorch);
    BOOST_TEST(loaded.weight_g.at(0, 1) == saved.weight_g.at(0, 1));
    BOOST_TEST(loaded.layer.weight.at(2, 1) == saved.layer.weight.at(2, 1));
}

BOOST_AUTO_TEST_CASE(every_layer_comes_back_in_both_layouts) { check_round_trip(Everything{}); }

BOOST_AUTO_TEST_CASE(counters_of_batches_are_passed_by_and_other_tensors_are_not) {
    const TemporaryFile file(".safetensors");
    nn::save(Mlp{}, file.path, nn::Layout::pytorch);
    io::NamedTensors tensors = io::read_safetensors(file.path);
    tensors.emplace_back("norm.num_batches_tracked", Tensor<double>(3.0));
    io::write_safetensors(file.path, tensors);
    Mlp model;
    BOOST_CHECK_NO_THROW(nn::load(model, file.path, nn::Layout::pytorch));
    tensors.emplace_back("norm.eps", Tensor<double>(3.0));
    io::write_safetensors(file.path, tensors);
    BOOST_CHECK_EXCEPTION(nn::load(model, file.path, nn::Layout::pytorch), ValueError, [](const ValueError& e) {
        return e.what() == std::string("load: expected a file with the model's tensors only, got \"norm.eps\" too");
    });
}

BOOST_AUTO_TEST_CASE(a_file_of_the_other_layout_is_refused_by_the_shape_of_its_weights) {
    const TemporaryFile file(".safetensors");
    Mlp model;
    nn::save(model, file.path, nn::Layout::own);
    BOOST_CHECK_EXCEPTION(nn::load(model, file.path, nn::Layout::pytorch), ShapeError, [](const ShapeError& e) {
        return e.what() == std::string("load: expected shape [4, 3] for \"hidden.weight\", got [3, 4]");
    });
}

BOOST_AUTO_TEST_SUITE_END()
