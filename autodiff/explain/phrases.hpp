// SPDX-License-Identifier: MIT
/// What a step of the sweep does, in a phrase, and the local derivatives of operations on tensors as they are written in books. All of it
/// is text: no number depends on it, and an operation that is not mentioned here explains itself with its numbers.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace autodiff {
inline namespace v1 {

/// What multiplying by a local derivative does, from its symbol (the rule's own text) and its number.
[[nodiscard]] std::string meaning_of_factor(std::string_view symbol, double local);

struct TensorPhrase {
    std::string_view vjp;      ///< what is added to the operand's adjoint; ybar is the adjoint of the result
    std::string_view meaning;  ///< in a phrase
};
/// For operand k of an operation on tensors; a general phrase for an operation that is not known here.
[[nodiscard]] TensorPhrase tensor_phrase(std::string_view operation, std::size_t operand);

}  // namespace v1
}  // namespace autodiff
