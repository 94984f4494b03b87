// SPDX-License-Identifier: MIT
/// The parts from which a Trace is made; each is one source of its name. For explain/ only.
#pragma once

#include "autodiff/explain/reading.hpp"

#include <set>
#include <string>
#include <vector>

namespace autodiff {
inline namespace v1 {

// summary.cpp
[[nodiscard]] TensorSummary summary_of(const AnyTensor& x, const Shape& shape);
[[nodiscard]] Quantity value_of(const Reading& tape, std::uint32_t row);
[[nodiscard]] Quantity adjoint_of(const Reading& tape, std::uint32_t row);

/// To which part of the model each row belongs (scopes.cpp). A tape has no scopes, but its names do: `hidden.weight` is in `hidden`, and
/// where W1 and z1 are named there is a layer 1. Rows without a name belong to where their parameters are.
class Scopes {
  public:
    explicit Scopes(const Reading& tape);
    [[nodiscard]] const std::string& of(std::uint32_t row) const { return names_[scope_[row]]; }

  private:
    std::vector<std::string> names_{std::string()};
    std::vector<std::uint32_t> scope_;
};

/// Whether a row is what mark() puts on top of the list: it holds nothing.
[[nodiscard]] bool is_filler(const Reading& tape, std::uint32_t row);
/// `mul(a, 2)`
[[nodiscard]] std::string computation(const Reading& tape, std::uint32_t row);

// flags.cpp
[[nodiscard]] Trace::Flags flags_of(const Reading& tape, std::uint32_t row);

// steps.cpp
void list_forward(const Reading& tape, const Scopes& scopes, Trace& trace);
void list_reverse(const Reading& tape, const Scopes& scopes, Trace& trace);

// trace.cpp
/// The steps alone, without layers, elements, paths and drawing.
[[nodiscard]] Trace steps_of(const Reading& tape, const Scopes& scopes);
namespace internal {
/// throws ValueError for options outside their range (explain.cpp)
[[nodiscard]] const ExplainOptions& checked(const ExplainOptions& options);
}  // namespace internal

// graph.cpp
[[nodiscard]] Trace::Graph graph_of(const Reading& tape, const Scopes& scopes);

}  // namespace v1
}  // namespace autodiff
