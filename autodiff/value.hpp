// SPDX-License-Identifier: MIT
/// A number or a tensor, whichever it is: what functions are taken apart into while they are differentiated. Next: recording.hpp.
#pragma once

#include "autodiff/node.hpp"
#include "autodiff/scalar.hpp"

#include <variant>
#include <vector>

namespace autodiff {
inline namespace v1 {
namespace internal {

/// What arguments and results consist of, constant or recorded.
using Value = std::variant<Scalar, Tensor<float>, Tensor<double>>;
using Values = std::vector<Value>;

[[nodiscard]] Shape shape_of(const Value& x);
/// Its node is `no_node` for a Scalar.
[[nodiscard]] Place place_of(const Value& x);
/// The same without a place on a tape.
[[nodiscard]] Value constant_of(const Value& x);
[[nodiscard]] Values constants(const Values& x);
[[nodiscard]] bool recorded(const Value& x);
[[nodiscard]] Value zero_like(const Value& x);
/// Zeros like x with a one at a flat position.
[[nodiscard]] Value unit(const Value& like, Index flat);
/// A Scalar, or a tensor of rank 0 as one.
[[nodiscard]] Scalar as_scalar(const Value& x);
/// A tensor of T with the same values.
template <class T>
[[nodiscard]] Tensor<T> as_tensor(const Value& x);

}  // namespace internal
}  // namespace v1
}  // namespace autodiff
