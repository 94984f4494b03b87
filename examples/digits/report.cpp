// SPDX-License-Identifier: MIT
// Printing only: every number comes from Results.
#include "examples/digits/report.hpp"

#include "examples/digits/bad_input.hpp"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <nlohmann/json.hpp>

namespace digits {

void check_writable(const std::string& file) {
    std::error_code error;
    const bool is_new = !std::filesystem::exists(file, error);
    const bool writable = std::ofstream(file, std::ios::app).is_open();
    if (!writable) throw BadInput(fmt::format("--summary: expected a file that can be written, got '{}'", file));
    if (is_new) std::filesystem::remove(file, error);
}

void print_confusion(const Tested& tested) {
    fmt::print("\nwhat the test images are (rows) and what they were taken for (columns)\n    ");
    for (Index j = 0; j < classes; ++j) fmt::print("{:>6}", j);
    fmt::print("\n");
    for (Index i = 0; i < classes; ++i) {
        fmt::print("{:>4}", i);
        for (Index j = 0; j < classes; ++j) {
            const Index images = tested.confusion[static_cast<std::size_t>(i * classes + j)];
            fmt::print("{:>6}", images == 0 ? std::string(".") : std::to_string(images));
        }
        fmt::print("\n");
    }
}

void print_formulas(std::span<const Recovered> recovered) {
    fmt::print("\nformulas, summed up by plain loops over the values that the tape has recorded\n");
    std::size_t width = 0;
    for (const Recovered& r : recovered) width = std::max(width, r.layer.size() + 1 + r.parameter.size());
    for (const Recovered& r : recovered) fmt::print("  {:<{}}  {}\n", r.layer + "." + r.parameter, width, r.formula);
    fmt::print("  where p = softmax(z) of the last layer, y_nj = 1 for the label's class, and dL/da comes from the layer above\n\n");
}

void print_evidence(const Results& results) {
    fmt::print("test accuracy {:.4f} on {} images\n", results.tested.accuracy(), results.tested.count);
    for (const Recovered& r : results.recovered)
        fmt::print("recovered dL/d{}  {}.{}  {}  max relative difference {:.1e}\n", r.parameter == "weight" ? "W" : "b", r.layer,
                   r.parameter, to_string(r.shape), r.max_relative_difference);
}

void write_summary(const Results& results, const std::string& file) {
    const Options& options = results.options;
    nlohmann::ordered_json summary{
        {"model", options.model},
        {"layers", options.layers},
        {"parameters", results.parameters},
        {"seed", options.seed},
        {"epochs", options.epochs},
        {"batch", options.batch},
        {"lr", options.lr},
        {"training_seconds", results.trained.seconds},
        {"loss", results.trained.loss},
        {"test_images", results.tested.count},
        {"test_accuracy", results.tested.accuracy()},
        {"formulas", nlohmann::ordered_json::array()},
    };
    for (const Recovered& r : results.recovered) {
        const std::vector<Index> shape(r.shape.begin(), r.shape.end());
        summary["formulas"].push_back({{"layer", r.layer + "." + r.parameter},
                                       {"parameter", r.parameter},
                                       {"shape", shape},
                                       {"formula", r.formula},
                                       {"max_relative_error", r.max_relative_difference}});
    }
    std::ofstream out(file);
    out << summary.dump(2) << '\n';
    out.flush();
    if (!out) throw BadInput(fmt::format("--summary: '{}' could not be written completely", file));
}

}  // namespace digits
