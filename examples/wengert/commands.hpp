// SPDX-License-Identifier: MIT
/// The three commands of the tool and what their options say. Texts are as the user wrote them; the commands check them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace wengert {

struct ProblemOptions {
    std::string net, input, target, loss = "half_squared_error", weights;
    std::uint64_t seed = 1;
};

struct ExplainCommand {
    std::string expression;
    std::vector<std::string> at;  ///< "w=0.5,a=2"
    ProblemOptions problem;
    std::string format, output;  ///< empty: text, or what the output's extension says; empty: the terminal
    int digits = 6, rows = 0;    ///< rows 0: as many as the library shows
    bool one_based = false, quiz = false;
    std::string step, from, to, variable, why, paths;  ///< which part of the text
};

struct CheckCommand {
    std::string model, manual, format = "text";
    std::string previous, page;  ///< files; empty: not given
    int digits = 6;
    bool one_based = false;
    double rtol = 0, learning_rate = 0;  ///< 0: not given
};

struct TemplateCommand {
    ProblemOptions problem;
    std::string folder = ".";
};

/// Each returns the exit status and throws BadInput, or what the library throws.
int run(const ExplainCommand& command);
int run(const CheckCommand& command);
int run(const TemplateCommand& command);

/// To the terminal, or into a file. throws BadInput if it cannot be written
void write_output(const std::string& text, const std::string& file);

}  // namespace wengert
