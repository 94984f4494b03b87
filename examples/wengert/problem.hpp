// SPDX-License-Identifier: MIT
/// The network that the options --net, --input, --target, --weights and --seed describe.
#pragma once

#include "examples/wengert/commands.hpp"
#include "examples/wengert/network.hpp"

namespace wengert {

/// throws BadInput naming the option
[[nodiscard]] Problem make_problem(const ProblemOptions& options);

}  // namespace wengert
