// SPDX-License-Identifier: MIT
// Claim: the tape finds the textbook's formulas by itself, in a network that reads handwriting.
//
// A network is trained on real handwritten digits. Then the gradient of every weight and bias is computed a second time, by plain
// loops that spell out the documented formula of its layer, and compared with what the tape says. digits/recover.cpp is the heart;
// digits/models.hpp has the networks, digits/train.hpp the training. `--help` lists the options; bad input is exit status 2.
#include "autodiff/kernels/threads.hpp"
#include "examples/digits/bad_input.hpp"
#include "examples/digits/images.hpp"
#include "examples/digits/models.hpp"
#include "examples/digits/options.hpp"
#include "examples/digits/recover.hpp"
#include "examples/digits/report.hpp"
#include "examples/digits/train.hpp"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <fmt/format.h>
#include <numeric>

namespace {

using namespace digits;

constexpr double tolerance = 1e-12;
constexpr Index images_for_recovery = 64;
constexpr int bad_input = 2;

Mlp<double> make_mlp(const Options& options, const Images& images, nn::Random& rng) {
    Index width = images.pixels_each();
    Mlp<double> model;
    for (const Index units : options.layers) {
        model.hidden.emplace_back(width, units);
        width = units;
    }
    model.output = {width, classes};
    nn::initialise(model, nn::xavier_uniform{}, rng);
    return model;
}

Cnn<double> make_cnn(const Options& options, const Images& images, nn::Random& rng) {
    if (images.rows < 2 || images.columns < 2)
        throw BadInput(fmt::format("--model cnn: expected images of at least 2 x 2 pixels, got {} x {}", images.rows, images.columns));
    const Index channels = options.layers[0], more = options.layers[1];
    Cnn<double> model{{1, channels, 3, {.padding = {1, 1}}},
                      {channels, more, 3, {.padding = {1, 1}}},
                      {more * (images.rows / 2) * (images.columns / 2), classes},
                      images.rows,
                      images.columns};
    nn::initialise(model, nn::kaiming_normal{}, rng);
    return model;
}

template <class Model>
int run(Model model, const Split& split, const Options& options, nn::Random& rng) {
    Results results;
    results.options = options;
    results.parameters = nn::count_parameters(model);
    fmt::print("{} with {} parameters, {} images for training, {} for testing\n", options.model, results.parameters, split.train.count(),
               split.test.count());
    results.trained = train(model, split.train, options, rng);
    fmt::print("trained in {:.2f} s\n", results.trained.seconds);
    results.tested = test(model, split.test);

    std::vector<Index> some(static_cast<std::size_t>(std::min(images_for_recovery, split.train.count())));
    std::iota(some.begin(), some.end(), Index{0});
    results.recovered = recover(model, batch_of(split.train, some));

    if (!options.summary.empty()) write_summary(results, options.summary);
    print_confusion(results.tested);
    print_formulas(results.recovered);
    print_evidence(results);
    const bool all_agree =
        std::ranges::all_of(results.recovered, [](const Recovered& r) { return r.max_relative_difference <= tolerance; });
    return all_agree ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) try {
    auto options = parse(argc, argv, WENGERT_EXAMPLE_DATA "/digits.csv");
    if (!options) return 0;
    if (!options->summary.empty()) check_writable(options->summary);
    if (options->threads > 0) autodiff::kernels::set_threads(options->threads);
    const Split split = load(options->data, options->seed);
    complete(*options, split.train.count(), split.train.pixels_each());
    nn::Random rng = nn::Random{options->seed}.split();
    if (options->model == "cnn") return run(make_cnn(*options, split.train, rng), split, *options, rng);
    return run(make_mlp(*options, split.train, rng), split, *options, rng);
} catch (const BadInput& error) {
    fmt::print(stderr, "digits: {}\n", error.what());
    return bad_input;
} catch (const std::exception& error) {
    fmt::print(stderr, "digits: {}\n", error.what());
    return 1;
}
