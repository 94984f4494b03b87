// SPDX-License-Identifier: MIT
/// What was measured, as text for people and as JSON for programs.
#pragma once

#include "examples/digits/options.hpp"
#include "examples/digits/recover.hpp"
#include "examples/digits/train.hpp"

#include <span>
#include <string>

namespace digits {

/// Everything that --summary writes.
struct Results {
    Options options;
    Index parameters = 0;
    Trained trained;
    Tested tested;
    std::vector<Recovered> recovered;
};

/// throws BadInput unless the file can be written; called before training, so that no training is in vain
void check_writable(const std::string& file);
void print_confusion(const Tested& tested);
void print_formulas(std::span<const Recovered> recovered);
/// The last lines of the output.
void print_evidence(const Results& results);
/// throws BadInput if the disk is full
void write_summary(const Results& results, const std::string& file);

}  // namespace digits
