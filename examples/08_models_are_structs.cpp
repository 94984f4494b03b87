// SPDX-License-Identifier: MIT
// Claim: a model is a plain struct. Its gradient is a struct of the same type, and an optimizer steps from one to the other.
//
// No base class, no registration: members that are tensors are parameters, known by their names. Fisher's irises (1936), three
// species told apart by four measurements, take a layer of eight neurons and a hundred steps.
#include "autodiff/autodiff.hpp"
#include "examples/evidence.hpp"
#include "nn/nn.hpp"

#include <fstream>
#include <string>

using autodiff::Index, autodiff::Tensor;

struct Flowers {
    nn::BasicLinear<double> hidden{4, 8}, output{8, 3};
    auto operator()(const Tensor<double>& x) const { return output(tanh(hidden(x))); }
};

int main() {
    std::ifstream file(WENGERT_EXAMPLE_DATA "/iris.csv");
    std::string header;
    std::getline(file, header);
    std::vector<double> measurements;
    std::vector<Index> species;
    for (double value = 0; file >> value;) {  // four measurements and the species, separated by commas
        measurements.push_back(value);
        if (file.peek() == ',') file.ignore();
        if (measurements.size() % 4 == 0 && file >> value) species.push_back(static_cast<Index>(value));
    }
    const auto flowers = static_cast<Index>(species.size());
    const Tensor<double> raw({flowers, 4}, measurements);
    const Tensor<double> x = (raw - mean(raw, 0)) / sqrt(variance(raw, 0));
    const Tensor<Index> labels({flowers}, species);

    Flowers model;
    nn::Random rng{1};
    nn::initialise(model, nn::xavier_uniform{}, rng);
    for (const auto& [name, parameter] : nn::parameters(model)) fmt::print("{:<14} {}\n", name, to_string(parameter.shape()));

    nn::Adam optimizer{{.lr = 0.05}};
    fmt::print("\n");
    double first_loss = 0, last_loss = 0;
    for (int step = 0; step <= 100; ++step) {
        const auto [loss, grads] = autodiff::value_and_gradient([&](const Flowers& m) { return nn::cross_entropy(m(x), labels); }, model);
        if (step == 0) first_loss = loss;
        if (step % 20 == 0) fmt::print("step {:>3}  loss {:.4f}\n", step, loss);
        optimizer.step(model, grads);  // grads.hidden.weight is a Tensor; nothing to zero, nothing to forget
        last_loss = loss;
    }
    const double accuracy = nn::accuracy(model(x), labels);
    fmt::print("\n{:.1f} % of {} flowers are recognised\n", 100 * accuracy, flowers);

    Evidence evidence;
    evidence.check("without training the loss is about log 3", std::abs(first_loss - std::log(3.0)) < 0.6);
    evidence.check("after it, it is below 0.06", last_loss < 0.06);
    evidence.check("at least 97 of 100 are recognised", accuracy >= 0.97);
    return evidence.status();
}
