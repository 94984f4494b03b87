// SPDX-License-Identifier: MIT
/// The binomial schedule: where to keep snapshots so that a loop is reversed with the fewest steps. Integers only.
///
/// With s snapshots (the first state included) and no step run more than r times, at most C(s + r, s) steps can be reversed.
/// source   Griewank (1992), "Achieving logarithmic growth ..."; Griewank, Walther (2000), "Algorithm 799: revolve"
#pragma once

#include "autodiff/shape.hpp"

namespace autodiff {
inline namespace v1 {
namespace revolve {

/// C(s + r, s), or the largest Index if that is more; 0 for r < 0
[[nodiscard]] Index reversible(Index s, Index r);
/// The least r with C(s + r, s) >= n.
[[nodiscard]] Index repetitions(Index n, Index s);
/// The fewest steps that bring the state where it is needed to reverse n steps, r n - C(s + r, r - 1); those that are recorded not counted.
[[nodiscard]] Index fewest_advances(Index n, Index s);
/// From a snapshot, with n >= 2 steps to reverse and s >= 2 snapshots (this one included): after how many steps to keep the next one.
[[nodiscard]] Index next_snapshot(Index n, Index s);

}  // namespace revolve
}  // namespace v1
}  // namespace autodiff
