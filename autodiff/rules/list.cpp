// SPDX-License-Identifier: MIT
// The error of a dispatch; everything else about the list is generated in the header.
#include "autodiff/rules/list.hpp"

#include "autodiff/error.hpp"

#include <string>

namespace autodiff {
inline namespace v1 {
namespace internal {

void throw_not_a_rule(Operation operation, std::size_t first, std::size_t last) {
    throw ValueError("visit", "the code of an operation in [" + std::to_string(first) + ", " + std::to_string(last) + "]",
                     std::to_string(static_cast<unsigned>(operation)));
}

}  // namespace internal
}  // namespace v1
}  // namespace autodiff
