// SPDX-License-Identifier: MIT
// Writes the pages that page_in_browser.py opens, and what it must see there: expected.json.
//     page_maker <folder>
#include "autodiff/explain/outputs.hpp"
#include "autodiff/explain/words.hpp"
#include "autodiff/ops/reduce.hpp"
#include "models.hpp"
#include "network.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <string>

using namespace autodiff;

namespace {

void write(const std::string& path, const std::string& text) {
    std::ofstream file(path, std::ios::binary);
    file << text;
    if (!file.flush()) throw std::runtime_error("cannot write " + path);
}

/// As a page writes it.
std::string shown(double x, int digits) {
    const std::string text = Numbers(digits)(x);
    return text[0] == '-' ? "−" + text.substr(1) : text;
}

nlohmann::json weights_of(const Tensor<double>& gradient, Index step, int digits) {
    auto list = nlohmann::json::array();
    for (Index i = 0; i < gradient.shape()[0]; i += step)
        for (Index j = 0; j < gradient.shape()[1]; j += step) list.push_back({i, j, shown(gradient.at(i, j), digits), gradient.at(i, j)});
    return list;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) return 2;
    const std::string folder = std::string(argv[1]) + "/";
    nlohmann::json expected;
    {
        network::Tensors n;
        write(folder + "walkthrough.html", to_html(trace(n.L, {.first_index = 1, .elements = {n.W1(0, 1)}, .title = "walkthrough"})));
        const Gradient g = gradient(n.L);
        expected["walkthrough"] = {{"W1", weights_of(g[n.W1], 1, 6)}, {"W2", weights_of(g[n.W2], 1, 6)}};
    }
    {
        network::Tensors n;
        write(folder + "digits12.html", to_html(trace(n.L, {.digits = 12})));
        const Gradient g = gradient(n.L);
        expected["digits12"] = {{"W1", weights_of(g[n.W1], 1, 12)}, {"W2", weights_of(g[n.W2], 1, 12)}};
    }
    {
        network::Neurons n;
        write(folder + "neurons.html", to_html(trace(n.L, {.quiz = true})));
        expected["neurons"] = {{"R7", shown(network::dz2[1], 6)}, {"R7_value", network::dz2[1]}};
    }
    {
        Tape tape;
        const Scalar w = tape.variable(0.5, "w"), a = tape.variable(2.0, "a"), b = tape.variable(-1.0, "b");
        write(folder + "formula.html", to_html(trace(sigmoid(w * a + b), {.title = "sigmoid(w*a + b)"})));
    }
    {
        Tape tape;
        const Scalar w = tape.variable(0.123456789, "a_very_long_name_of_a_weight"),
                     x = tape.variable(-2.0 / 3, "another_name_that_is_long");
        const auto W =
            tape.variable(Tensor<double>({2, 3}, {1.0 / 3, -2.0 / 7, 1e-9, -1.0 / 11, 123456.789, -1e300}), "WMWMWMWMWMWMWMWMWM");
        write(folder + "names.html", to_html(trace(sum(tanh(W * 1e-5)) * sin(w * x) * w, {.digits = 17})));
    }
    {
        Tape tape;
        nn::Random random{7};
        auto y = Tensor<double>({1, 2}, {0.5, -1.0});
        for (const auto& [name, width] : {std::pair{"layer1", Index{60}}, {"layer2", Index{40}}, {"layer3", Index{2}}}) {
            const auto W =
                tape.variable(random.uniform_tensor<double>(Shape{y.shape()[1], width}, -0.5, 0.5), std::string(name) + ".weight");
            const auto b = tape.variable(random.uniform_tensor<double>(Shape{width}, -0.5, 0.5), std::string(name) + ".bias");
            y = tanh(matmul(y, W) + b);
        }
        write(folder + "deep.html", to_html(trace(sum(square(y)) * 0.5)));
    }
    {
        models::OnTape model(64, 32, 32);
        write(folder + "batch.html", to_html(trace(model.L, {.images = {{8, 8}}})));
        const Gradient g = gradient(model.L);
        expected["batch"] = {{"hidden.weight", weights_of(g[model.net.hidden.weight], 9, 6)},
                             {"output.weight", weights_of(g[model.net.output.weight], 5, 6)}};
    }
    {
        models::OnTape model(784, 128, 1);
        write(folder + "large.html", to_html(trace(model.L, {.images = {{28, 28}}})));
        const Gradient g = gradient(model.L);
        expected["large"] = {{"hidden.weight", weights_of(g[model.net.hidden.weight], 61, 6)}};
    }
    {
        // dL/dW_ij = x_i: how numbers are written, exact halves among them.
        const std::vector<double> x{1.015625, 1.046875, 123456.5, 123457.5, 999999.5, 1e6,   1e-4, 1e-5,    0.0001234565, 1e300, 5e-324,
                                    -2.5,     1.0 / 3,  0,        100,      1e5,      -1e-7, 0.1,  2.0 / 3, 12345678.9,   1e15};
        Tape tape;
        const auto W = tape.variable(Tensor<double>::ones({static_cast<Index>(x.size()), 2}), "W");
        const auto L = sum(matmul(Tensor<double>({1, static_cast<Index>(x.size())}, x), W));
        write(folder + "numbers.html", to_html(trace(L)));
        expected["numbers"] = {{"W", weights_of(gradient(L)[W], 1, 6)}};
    }
    {
        const std::string name = "</script><script>document.title='broken'</script><img src=x onerror=document.title='broken'>";
        Tape tape;
        const auto x = tape.variable(0.5, name);
        const auto W = tape.variable(Tensor<double>::ones({2, 2}), "\"><svg onload=document.title='broken'>");
        const auto L = sum(tanh(matmul(Tensor<double>::ones({1, 2}), W))) * x;
        write(folder + "hostile.html", to_html(trace(L, {.elements = {x}, .title = "still here"})));
    }
    write(folder + "expected.json", expected.dump(1));
    return 0;
}
