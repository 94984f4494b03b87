// SPDX-License-Identifier: MIT
// wengert template: a problem as model.json, and a NumPy script that computes it forwards and waits for its gradients.
#include "autodiff/explain/words.hpp"
#include "examples/wengert/bad_input.hpp"
#include "examples/wengert/commands.hpp"
#include "examples/wengert/model_file.hpp"
#include "examples/wengert/problem.hpp"

#include <filesystem>
#include <fmt/format.h>

namespace wengert {

namespace {

/// The activation in NumPy, where it is not called as here.
std::string in_numpy(std::string_view rule, const std::string& z) {
    if (rule == "sigmoid") return fmt::format("1 / (1 + np.exp(-{}))", z);
    if (rule == "relu") return fmt::format("np.maximum({}, 0)", z);
    if (rule == "softplus") return fmt::format("np.logaddexp(0, {})", z);
    return fmt::format("np.{}({})", rule, z);
}

std::string script(const Problem& problem) {
    const Network& network = problem.network;
    std::string text = "# Gradients by hand. Fill in what is missing, then: python3 manual.py && wengert check model.json manual.npz\n"
                       "import json\n\nimport numpy as np\n\n"
                       "model = json.load(open(\"model.json\"))\n"
                       "p = {name: np.array(value, dtype=float) for name, value in model[\"parameters\"].items()}\n"
                       "a0 = np.array(model[\"input\"], dtype=float)\n"
                       "t = np.array(model[\"target\"])\n\n"
                       "# Forward. W[i, j] leads from neuron i to neuron j; rows are samples.\n";
    std::string last = "a0";
    for (std::size_t layer = 1; layer <= network.layers(); ++layer) {
        const std::string z = fmt::format("z{}", layer), a = fmt::format("a{}", layer);
        text += fmt::format("{} = {} @ p[\"W{}\"] + p[\"b{}\"]\n", z, last, layer, layer);
        last = z;
        if (const auto& rule = network.activations[layer - 1]) {
            text += fmt::format("{} = {}\n", a, in_numpy(autodiff::name(*rule), z));
            last = a;
        }
    }
    text += "\n# Backward, your turn. Any of these names will do; what is not given is not checked.\nmanual = {}\n";
    const bool by_rows = network.loss == Loss::half_squared_error;
    const std::string first = by_rows                     ? fmt::format("{} - t", last)
                              : network.loss == Loss::mse ? fmt::format("2 * ({} - t) / t.size", last)
                                                          : "";
    for (std::size_t layer = network.layers(); layer > 0; --layer) {
        const bool top = layer == network.layers();
        for (const std::string& name : {network.activations[layer - 1] ? fmt::format("a{}", layer) : "", fmt::format("z{}", layer),
                                        fmt::format("W{}", layer), fmt::format("b{}", layer)})
            if (name == last && top && !first.empty())
                text += fmt::format("manual[\"d{}\"] = {}\n", name, first);
            else if (!name.empty())
                text += fmt::format("# manual[\"d{}\"] = ...\n", name);
    }
    return text + "np.savez(\"manual.npz\", **manual)\n";
}

}  // namespace

int run(const TemplateCommand& command) {
    if (command.problem.net.empty()) throw BadInput("template: expected --net, such as --net 2-3-2:sigmoid, got none");
    const Problem problem = make_problem(command.problem);
    const std::filesystem::path folder = command.folder;
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    for (const char* name : {"model.json", "manual.py"})
        if (std::filesystem::exists(folder / name, error))
            throw BadInput(fmt::format("expected a folder without {}, got '{}'", name, autodiff::printable(command.folder)));
    write_output(model_text(problem), (folder / "model.json").string());
    write_output(script(problem), (folder / "manual.py").string());
    write_output(fmt::format("{0}/model.json and {0}/manual.py: fill in the script, run it, then `wengert check model.json manual.npz`\n",
                             autodiff::printable(command.folder)),
                 "");
    return 0;
}

}  // namespace wengert
