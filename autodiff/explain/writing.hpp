// SPDX-License-Identifier: MIT
/// What all outputs of a trace have in common: how quantities, flags and derivatives are worded. For explain/ only.
#pragma once

#include "autodiff/explain/notation.hpp"
#include "autodiff/explain/trace.hpp"
#include "autodiff/explain/words.hpp"

#include <string>

namespace autodiff {
inline namespace v1 {

/// A number, the elements of a small tensor, shape and norm of a large one, or a dash.
[[nodiscard]] std::string quantity_text(const Quantity& q, const Numbers& number);
/// `[64, 32]   min -0.1   max 0.2   mean 0.01   norm 1.5   3 zeros`
[[nodiscard]] std::string summary_text(const TensorSummary& t, const Numbers& number, bool with_shape = true);
/// `kink, saturated`; empty if there is nothing to say
[[nodiscard]] std::string flags_text(const Trace::Flags& flags, bool backward);
/// `layer 1, model.cpp:42`; either may be empty
[[nodiscard]] std::string scope_text(const std::string& scope, const std::string& place);
/// ✓, ✗ or ↯
[[nodiscard]] std::string_view sign_of(Trace::Remark::Kind kind);
/// dL/dx, or x_bar
[[nodiscard]] std::string derivative_name(const Trace& trace, std::string_view of);
/// How many paths; above what can be counted, that there are more.
[[nodiscard]] std::string count_text(std::uint64_t count);
/// How strongly and with which sign an element stands out: -1 to 1 of the largest in the tensor; NaN for what is not finite.
[[nodiscard]] double shade(double value, const TensorSummary& t);
/// . for nearly 0, + and - for either sign, # and = where it is strong
[[nodiscard]] char thumbnail_character(double value, const TensorSummary& t);
/// The vector-Jacobian product of an operation on tensors with signs in place of words: a^T ybar as in books.
[[nodiscard]] std::string vjp_signs(std::string_view vjp);
/// Whether a symbol is such a product, rather than a local derivative.
[[nodiscard]] bool is_vjp(std::string_view symbol);
/// The numbers that mean a layer in the names of this trace.
[[nodiscard]] Notations notations_of(const Trace& trace);

}  // namespace v1
}  // namespace autodiff
