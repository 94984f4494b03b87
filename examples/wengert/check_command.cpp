// SPDX-License-Identifier: MIT
// wengert check: the network of a file is recorded, and gradients that were computed elsewhere are compared with the tape's.
#include "autodiff/check/compare.hpp"
#include "autodiff/tape.hpp"
#include "examples/wengert/commands.hpp"
#include "examples/wengert/model_file.hpp"

namespace wengert {

int run(const CheckCommand& command) {
    const Problem problem = read_model(command.model);
    autodiff::Tape tape;
    const Recorded recorded = record(tape, problem);
    autodiff::ManualGradients manual;
    for (const auto& [name, tensor] : read_tensors_file(command.manual)) manual.set(name, tensor);
    const autodiff::Comparison comparison = compare(
        manual, recorded.loss,
        {.rtol = command.rtol, .digits = command.digits, .first_index = command.one_based ? 1 : 0, .learning_rate = command.learning_rate});
    std::string text = command.format == "json" ? to_json(comparison) : to_string(comparison);
    if (text.empty() || text.back() != '\n') text += '\n';
    write_output(text, "");
    return comparison ? 0 : 1;
}

}  // namespace wengert
