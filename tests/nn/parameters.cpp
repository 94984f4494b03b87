// SPDX-License-Identifier: MIT
#include "nn/parameters.hpp"

#include "nn/activations.hpp"
#include "nn/batch_norm.hpp"
#include "nn/linear.hpp"
#include "nn/sequential.hpp"
#include "nn/summary.hpp"
#include "tests/nn/says.hpp"

#include <vector>

using namespace test;
using nn::Index;
using nn::Tensor;

namespace {

struct Mlp {
    nn::Linear hidden{784, 128}, output{128, 10};
};
struct Mixed {
    Tensor<float> single = Tensor<float>::ones({2});
    std::vector<nn::BasicLinear<double>> layers{nn::BasicLinear<double>{2, 3}, nn::BasicLinear<double>{3, 1, false}};
    autodiff::Scalar viscosity = 0.3;
};

std::vector<std::string> names(const auto& parameters) {
    std::vector<std::string> all;
    for (const auto& [name, tensor] : parameters) all.push_back(name);
    return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(nn_parameters)

BOOST_AUTO_TEST_CASE(names_are_the_paths_of_the_members) {
    Mlp model;
    const std::vector<std::string> expected{"hidden.weight", "hidden.bias", "output.weight", "output.bias"};
    BOOST_TEST(names(nn::parameters(model)) == expected, boost::test_tools::per_element());
    BOOST_TEST(nn::count_parameters(model) == 784 * 128 + 128 + 1280 + 10);
}

BOOST_AUTO_TEST_CASE(positions_name_the_layers_of_a_sequential) {
    struct Outer {
        nn::Sequential<nn::Linear, nn::Relu, nn::Sequential<nn::Tanh, nn::Linear>> net{nn::Linear{4, 3}, nn::Relu{},
                                                                                       nn::Sequential{nn::Tanh{}, nn::Linear{3, 2}}};
    };
    Outer outer;
    const std::vector<std::string> inside{"net.0.weight", "net.0.bias", "net.2.1.weight", "net.2.1.bias"},
        alone{"0.weight", "0.bias", "2.1.weight", "2.1.bias"};
    BOOST_TEST(names(nn::parameters(outer)) == inside, boost::test_tools::per_element());
    BOOST_TEST(names(nn::parameters(outer.net)) == alone, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(running_statistics_are_no_parameters) {
    nn::BatchNorm norm(3);
    const std::vector<std::string> expected{"weight", "bias"};
    BOOST_TEST(names(nn::parameters(norm)) == expected, boost::test_tools::per_element());
    BOOST_TEST(nn::count_parameters(norm) == 6);
}

BOOST_AUTO_TEST_CASE(tensors_are_the_models_own) {
    Mlp model;
    for (auto& [name, tensor] : nn::parameters(model)) tensor = Tensor<float>::zeros(tensor.shape());
    BOOST_TEST(model.output.weight.at(5, 5) == 0);
    const Mlp& fixed = model;
    static_assert(std::same_as<decltype(nn::parameters(fixed)[0].second), const Tensor<float>&>);
}

BOOST_AUTO_TEST_CASE(a_model_of_two_types_is_asked_for_one) {
    Mixed model;
    const std::vector<std::string> floats{"single"}, doubles{"layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias"};
    BOOST_TEST(names(nn::parameters<float>(model)) == floats, boost::test_tools::per_element());
    BOOST_TEST(names(nn::parameters<double>(model)) == doubles, boost::test_tools::per_element());
    BOOST_TEST(nn::count_parameters(model) == 2 + 9 + 3 + 1);
}

BOOST_AUTO_TEST_CASE(the_summary_is_a_table) {
    BOOST_TEST(nn::summary(Mlp{}) == "name           shape       parameters\n"
                                     "hidden.weight  [784, 128]     100,352\n"
                                     "hidden.bias    [128]              128\n"
                                     "output.weight  [128, 10]        1,280\n"
                                     "output.bias    [10]                10\n"
                                     "total                         101,770\n");
    BOOST_TEST(nn::summary(Mixed{}) == "name             shape   parameters\n"
                                       "single           [2]              2\n"
                                       "layers.0.weight  [2, 3]           6\n"
                                       "layers.0.bias    [3]              3\n"
                                       "layers.1.weight  [3, 1]           3\n"
                                       "layers.1.bias    [0]              0\n"
                                       "viscosity        []               1\n"
                                       "total                            15\n");
}

BOOST_AUTO_TEST_SUITE_END()
