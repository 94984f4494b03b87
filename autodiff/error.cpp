// SPDX-License-Identifier: MIT
#include "autodiff/error.hpp"

#include <fmt/format.h>

namespace autodiff {
inline namespace v1 {

Error::Error(std::string_view operation, std::string_view expected, std::string_view got, std::string_view remedy)
    : std::runtime_error(remedy.empty() ? fmt::format("{}: expected {}, got {}", operation, expected, got)
                                        : fmt::format("{}: expected {}, got {}; {}", operation, expected, got, remedy)) {}

BranchChanged::BranchChanged(std::size_t point, std::size_t comparison, std::string_view expected, std::string_view got,
                             std::string_view remedy)
    : Error("Function", expected, got, remedy), point_(point), comparison_(comparison) {}

LoadError::LoadError(std::uint64_t offset, std::string_view operation, std::string_view expected, std::string_view got,
                     std::string_view remedy)
    : Error(operation, expected, fmt::format("{} at byte {}", got, offset), remedy), offset_(offset) {}

}  // namespace v1
}  // namespace autodiff
