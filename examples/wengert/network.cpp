// SPDX-License-Identifier: MIT
#include "examples/wengert/network.hpp"

#include "autodiff/explain/words.hpp"
#include "autodiff/ops/arithmetic.hpp"
#include "autodiff/ops/compare.hpp"
#include "autodiff/ops/layout.hpp"
#include "autodiff/ops/matmul.hpp"
#include "autodiff/ops/reduce.hpp"
#include "autodiff/ops/softmax.hpp"
#include "autodiff/tape.hpp"
#include "examples/wengert/bad_input.hpp"
#include "examples/wengert/functions.hpp"
#include "examples/wengert/words.hpp"
#include "nn/linear.hpp"
#include "nn/losses.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace wengert {

using autodiff::printable, autodiff::Shape;

namespace {

constexpr Index widest_layer = 1 << 16;
constexpr std::size_t most_layers = 64;
constexpr std::array<std::pair<std::string_view, Loss>, 3> losses{
    {{"half_squared_error", Loss::half_squared_error}, {"mse", Loss::mse}, {"cross_entropy", Loss::cross_entropy}}};
constexpr std::string_view linear = "linear";

std::optional<autodiff::Operation> activation(const std::string& name) {
    if (name == linear) return std::nullopt;
    const auto rule = find_function(name);
    if (rule && autodiff::arity(*rule) == 1) return rule;
    const std::vector<std::string> names = activation_names();
    const std::string near = did_you_mean(name, names);
    throw BadInput(fmt::format("expected the name of an activation, got '{}'{}", printable(name),
                               name == "softmax" ? "; it is a part of the loss cross_entropy"
                               : near.empty()    ? fmt::format("; they are {}", fmt::join(names, ", "))
                                                 : near));
}

std::string layer_name(char letter, std::size_t layer) { return fmt::format("{}{}", letter, layer + 1); }

/// The parameter as double, on the tape.
Tensor<double> parameter(autodiff::Tape& tape, const Problem& problem, const std::string& name, const Shape& shape,
                         std::string_view meaning) {
    const auto found =
        std::find_if(problem.parameters.begin(), problem.parameters.end(), [&](const auto& entry) { return entry.first == name; });
    if (found == problem.parameters.end()) throw BadInput(fmt::format("expected a parameter {} {}, got none", name, to_string(shape)));
    const auto* single = std::get_if<Tensor<float>>(&found->second);
    const Tensor<double> value = single != nullptr ? autodiff::cast<double>(*single) : std::get<Tensor<double>>(found->second);
    const bool row = shape.rank() == 1 && value.shape() == Shape{1, shape[0]};  // a bias as NumPy's broadcasting has it
    if (value.shape() != shape && !row) {
        const bool transposed = shape.rank() == 2 && value.shape() == Shape{shape[1], shape[0]};
        throw BadInput(fmt::format("expected {} of shape {}{}, got {}{}", name, to_string(shape), meaning, to_string(value.shape()),
                                   transposed ? "; transpose it, as is needed for weights of PyTorch" : ""));
    }
    return tape.variable(value, name);
}

void check_parameters(const Problem& problem) {
    std::vector<std::string> names;
    for (std::size_t layer = 0; layer < problem.network.layers(); ++layer)
        names.insert(names.end(), {layer_name('W', layer), layer_name('b', layer)});
    for (const auto& [name, tensor] : problem.parameters)
        if (std::find(names.begin(), names.end(), name) == names.end())
            throw BadInput(fmt::format("expected parameters {} to {}, got '{}'{}", names.front(), names.back(), printable(name),
                                       did_you_mean(name, names)));
}

Tensor<double> cross_entropy(const Tensor<double>& a, const Tensor<double>& t) {
    if (t.rank() == 2) return -sum(t * log_softmax(a, -1)) / static_cast<double>(a.shape()[0]);
    std::vector<Index> labels;
    for (const double label : t.data()) {
        const Index classes = a.shape()[-1];
        if (!(label >= 0 && label < static_cast<double>(classes) && std::floor(label) == label))
            throw BadInput(fmt::format("expected labels from 0 to {} as target, got {}", classes - 1, label));
        labels.push_back(static_cast<Index>(label));
    }
    return nn::cross_entropy(a, Tensor<Index>(t.shape(), labels));
}

}  // namespace

std::vector<std::string> activation_names() {
    std::vector<std::string> names{std::string(linear)};
    for (std::string& name : function_names(1)) names.push_back(std::move(name));
    return names;
}

std::string loss_name(Loss loss) {
    return std::string(std::find_if(losses.begin(), losses.end(), [loss](const auto& entry) { return entry.second == loss; })->first);
}

Network make_network(std::vector<Index> sizes, const std::vector<std::string>& activations, const std::string& loss) {
    Network network;
    if (sizes.size() < 2 || sizes.size() > most_layers + 1)
        throw BadInput(fmt::format("expected the sizes of an input and of 1 to {} layers, got {} size{}", most_layers, sizes.size(),
                                   sizes.size() == 1 ? "" : "s"));
    for (const Index size : sizes)
        if (size < 1 || size > widest_layer) throw BadInput(fmt::format("expected sizes from 1 to {}, got {}", widest_layer, size));
    network.sizes = std::move(sizes);
    const auto known = std::find_if(losses.begin(), losses.end(), [&](const auto& entry) { return entry.first == loss; });
    if (known == losses.end()) {
        std::vector<std::string> names;
        for (const auto& [name, unused] : losses) names.emplace_back(name);
        throw BadInput(fmt::format("expected a loss of half_squared_error, mse, cross_entropy, got '{}'{}", printable(loss),
                                   did_you_mean(loss, names)));
    }
    network.loss = known->second;
    const std::size_t layers = network.sizes.size() - 1;
    if (activations.size() > 1 && activations.size() != layers)
        throw BadInput(fmt::format("expected 1 activation or one for each of {} layers, got {}", layers, activations.size()));
    for (std::size_t layer = 0; layer < layers; ++layer) {
        const bool last_of_logits = activations.size() <= 1 && layers > 0 && layer + 1 == layers && network.loss == Loss::cross_entropy;
        network.activations.push_back(activations.empty() || last_of_logits
                                          ? std::nullopt
                                          : activation(activations.size() == 1 ? activations[0] : activations[layer]));
    }
    return network;
}

Network parse_network(const std::string& text, const std::string& loss) {
    const std::size_t colon = text.find(':');
    std::vector<Index> sizes;
    for (const std::string_view part : split(std::string_view(text).substr(0, colon), '-')) {
        const auto size = whole_number(trimmed(part));
        if (!size) throw BadInput(fmt::format("expected a network such as 2-3-2:sigmoid, got '{}'", printable(text)));
        sizes.push_back(*size);
    }
    std::vector<std::string> activations;
    if (colon != std::string::npos)
        for (const std::string_view part : split(std::string_view(text).substr(colon + 1), ',')) activations.emplace_back(trimmed(part));
    return make_network(std::move(sizes), activations, loss);
}

autodiff::io::NamedTensors drawn_parameters(const Network& network, std::uint64_t seed) {
    autodiff::io::NamedTensors parameters;
    nn::Random random{seed};
    const auto drawn = [&random](const Shape& shape, double bound) {
        Tensor<double> x = random.uniform_tensor<double>(shape, -bound, bound);
        for (double& value : in_place(x)) value = std::round(100 * value) / 100;
        return x;
    };
    for (std::size_t layer = 0; layer < network.layers(); ++layer) {
        const Index in = network.sizes[layer], out = network.sizes[layer + 1];
        const double bound = 1 / std::sqrt(static_cast<double>(in));
        parameters.emplace_back(layer_name('W', layer), drawn({in, out}, bound));
        parameters.emplace_back(layer_name('b', layer), drawn({out}, bound));
    }
    return parameters;
}

Recorded record(autodiff::Tape& tape, const Problem& problem) {
    const Network& network = problem.network;
    const Index samples = problem.input.rank() == 2 ? problem.input.shape()[0] : 0, outputs = network.sizes.back();
    if (problem.input.rank() != 2 || samples < 1 || problem.input.shape()[1] != network.sizes.front())
        throw BadInput(fmt::format("expected an input [samples, {}], got {}", network.sizes.front(), to_string(problem.input.shape())));
    const bool labels = network.loss == Loss::cross_entropy && problem.target.shape() == Shape{samples};
    if (problem.target.shape() != Shape{samples, outputs} && !labels)
        throw BadInput(fmt::format("expected a target {}{}, got {}", to_string(Shape{samples, outputs}),
                                   network.loss == Loss::cross_entropy ? fmt::format(" or labels [{}]", samples) : "",
                                   to_string(problem.target.shape())));
    check_parameters(problem);
    Recorded recorded;
    const auto named = [&](const std::string& name, const Tensor<double>& value) {
        if (value.recorded() && tape.given_name(value.place().row).empty()) tape.name(value, name);
        recorded.values.emplace(name, value);
        return value;
    };
    Tensor<double> a = problem.input;
    for (std::size_t layer = 0; layer < network.layers(); ++layer) {
        const Index in = network.sizes[layer], out = network.sizes[layer + 1];
        const auto W = parameter(tape, problem, layer_name('W', layer), {in, out}, " (W[i, j] from i to j)");
        const auto b = parameter(tape, problem, layer_name('b', layer), {out}, "");
        named(layer_name('W', layer), W), named(layer_name('b', layer), b);
        a = named(layer_name('z', layer), matmul(a, W) + b);
        if (network.activations[layer]) a = named(layer_name('a', layer), autodiff::apply_unary(*network.activations[layer], a));
    }
    switch (network.loss) {
    case Loss::half_squared_error:
        recorded.loss = sum(square(named("error", a - problem.target))) / 2;
        break;
    case Loss::mse:
        recorded.loss = nn::mse(a, problem.target);
        break;
    case Loss::cross_entropy:
        recorded.loss = cross_entropy(a, problem.target);
        break;
    }
    named("L", recorded.loss);
    return recorded;
}

}  // namespace wengert
