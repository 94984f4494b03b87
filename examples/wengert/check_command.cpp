// SPDX-License-Identifier: MIT
// wengert check: the network of a file is recorded, and gradients that were computed elsewhere are compared with the tape's.
#include "autodiff/check/remarks.hpp"
#include "autodiff/explain/outputs.hpp"
#include "autodiff/explain/words.hpp"
#include "autodiff/tape.hpp"
#include "examples/wengert/bad_input.hpp"
#include "examples/wengert/commands.hpp"
#include "examples/wengert/model_file.hpp"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>

namespace wengert {

namespace {

autodiff::ManualGradients read_gradients(const std::string& file) {
    autodiff::ManualGradients gradients;
    for (const auto& [name, tensor] : read_tensors_file(file)) gradients.set(name, tensor);
    return gradients;
}

autodiff::Scalar element_at(const Tensor<double>& x, Index flat) {
    std::vector<Index> position(static_cast<std::size_t>(x.shape().rank()));
    for (std::size_t axis = position.size(); axis-- > 0;) {
        const Index extent = x.shape()[static_cast<Index>(axis)];
        position[axis] = flat % extent, flat /= extent;
    }
    return x.element(position);
}

/// The explanation of the loss with the verdicts at their steps; of what is wrong, the element farthest off is taken apart.
std::string page_of(const Recorded& recorded, const autodiff::Comparison& comparison, const CheckCommand& command) {
    autodiff::ExplainOptions options;
    options.digits = command.digits, options.first_index = command.one_based ? 1 : 0;
    options.title = comparison.agrees ? "Manual gradients: all right" : "Manual gradients against the tape";
    for (const std::size_t k : comparison.wrong()) {
        const autodiff::Comparison::Step& step = comparison.steps[k];
        const auto value = recorded.values.find(step.value);
        if (value != recorded.values.end() && !step.from_step.worst_absolute.empty())
            options.elements.push_back(element_at(value->second, step.from_step.worst_absolute.front().flat));
    }
    autodiff::Trace trace = autodiff::trace(recorded.loss, options);
    trace.remarks = remarks(comparison);
    return to_html(trace);
}

}  // namespace

int run(const CheckCommand& command) {
    const Problem problem = read_model(command.model);
    autodiff::Tape tape;
    const Recorded recorded = record(tape, problem);
    autodiff::CompareOptions options;
    options.rtol = command.rtol, options.learning_rate = command.learning_rate;
    options.digits = command.digits, options.first_index = command.one_based ? 1 : 0;
    if (!command.previous.empty()) options.previous = read_gradients(command.previous);
    const autodiff::Comparison comparison = compare(read_gradients(command.manual), recorded.loss, options);
    if (std::none_of(comparison.steps.begin(), comparison.steps.end(), [](const auto& step) { return step.number != 0; }))
        throw BadInput(fmt::format("{}: expected gradients of values that L depends on, such as dW1, got none",
                                   autodiff::printable(std::filesystem::path(command.manual).filename().string())));
    if (!command.page.empty()) write_output(page_of(recorded, comparison, command), command.page);
    std::string text = command.format == "json" ? to_json(comparison) : to_string(comparison);
    if (text.empty() || text.back() != '\n') text += '\n';
    write_output(text, "");
    return comparison ? 0 : 1;
}

}  // namespace wengert
