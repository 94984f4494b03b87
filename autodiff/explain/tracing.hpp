// SPDX-License-Identifier: MIT
/// The parts from which a Trace is made; each is one source of its name. For explain/ only.
#pragma once

#include "autodiff/explain/notation.hpp"
#include "autodiff/explain/reading.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace autodiff {
inline namespace v1 {

// summary.cpp
[[nodiscard]] TensorSummary summary_of(const AnyTensor& x, const Shape& shape);
[[nodiscard]] Quantity value_of(const Reading& tape, std::uint32_t row);
[[nodiscard]] Quantity adjoint_of(const Reading& tape, std::uint32_t row);

/// To which part of the model each row belongs (scopes.cpp): what Tape::scope() said, and else what names suggest: `hidden.weight` is in
/// `hidden`, and where W1 and z1 are named there is a layer 1. Rows without a name belong to where their parameters are.
class Scopes {
  public:
    explicit Scopes(const Reading& tape);
    [[nodiscard]] const std::string& of(std::uint32_t row) const { return names_[scope_[row]]; }
    /// `model.cpp:42`, the line that opened the part; empty where names alone tell.
    [[nodiscard]] const std::string& place(std::uint32_t row) const { return places_[place_[row]]; }

  private:
    void follow_names(const Reading& tape);
    void follow_parts(const Reading& tape);
    std::uint32_t id_of(const std::string& name);

    std::map<std::string, std::uint32_t> ids_;
    std::vector<std::string> names_{std::string()}, places_{std::string()};
    std::vector<std::uint32_t> scope_, place_;  // per row
};

/// Whether a row is what mark() puts on top of the list: it holds nothing.
[[nodiscard]] bool is_filler(const Reading& tape, std::uint32_t row);
/// `mul(a, 2)`
[[nodiscard]] std::string computation(const Reading& tape, std::uint32_t row);

/// Operand names and the row's own, for what its rule says.
[[nodiscard]] RuleVariables variables_of(const Reading& tape, std::uint32_t row);

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
