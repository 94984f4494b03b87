// SPDX-License-Identifier: MIT
#include "examples/wengert/problem.hpp"

#include "autodiff/explain/words.hpp"
#include "examples/wengert/bad_input.hpp"
#include "examples/wengert/model_file.hpp"
#include "examples/wengert/words.hpp"

#include <fmt/format.h>

namespace wengert {

using autodiff::printable;

namespace {

/// Rows separated by ';', values by ','. A column of numbers, one a row, may be labels.
Tensor<double> matrix(const std::string& option, const std::string& text) {
    std::vector<double> values;
    Index rows = 0, columns = 0;
    for (const std::string_view row : split(text, ';')) {
        Index count = 0;
        for (const std::string_view word : split(row, ',')) {
            const auto value = real_number(trimmed(word));
            if (!value) throw BadInput(fmt::format("{}: expected numbers such as '0.5,-1', got '{}'", option, printable(word)));
            values.push_back(*value);
            ++count;
        }
        if (rows++ > 0 && count != columns)
            throw BadInput(fmt::format("{}: expected {} values in every row, got {} in row {}", option, columns, count, rows));
        columns = count;
    }
    return Tensor<double>({rows, columns}, values);
}

}  // namespace

Problem make_problem(const ProblemOptions& options) {
    Problem problem;
    problem.network = parse_network(options.net, options.loss);
    for (const auto& [option, text] : {std::pair{"--input", &options.input}, std::pair{"--target", &options.target}})
        if (text->empty())
            throw BadInput(
                fmt::format("{}: expected values for {} neurons, got none", option,
                            option == std::string_view("--input") ? problem.network.sizes.front() : problem.network.sizes.back()));
    problem.input = matrix("--input", options.input);
    problem.target = matrix("--target", options.target);
    const Index samples = problem.input.shape()[0];
    const bool labels =
        problem.network.loss == Loss::cross_entropy && problem.target.size() == samples && problem.network.sizes.back() != 1;
    if (labels) problem.target = Tensor<double>({samples}, problem.target.data());
    problem.parameters = options.weights.empty() ? drawn_parameters(problem.network, options.seed) : read_tensors_file(options.weights);
    return problem;
}

}  // namespace wengert
