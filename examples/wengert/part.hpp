// SPDX-License-Identifier: MIT
/// A part of a trace: some steps, or the paths of one value. Steps keep their numbers.
#pragma once

#include "autodiff/explain/trace.hpp"

#include <string>

namespace wengert {

/// As the options --step, --from, --to and --var say it; empty where nothing was said.
struct Part {
    std::string step, from, to, variable;
    [[nodiscard]] bool everything() const { return step.empty() && from.empty() && to.empty() && variable.empty(); }
};

/// Leaves the steps of the part. throws BadInput for a step or a value that the trace has not
void keep(autodiff::Trace& trace, const Part& part);
/// Leaves the paths of the element that was asked for.
void keep_paths(autodiff::Trace& trace);

}  // namespace wengert
