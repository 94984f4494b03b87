// SPDX-License-Identifier: MIT
/// A comparison with manual gradients inside an explanation of the same loss: every output then shows, at each step, what was wrong with it.
///
///     Trace t = trace(L);
///     t.remarks = remarks(compare(manual, L));
///     to_html(t);   // m leads from one wrong step to the next
#pragma once

#include "autodiff/check/compare.hpp"
#include "autodiff/explain/trace.hpp"

#include <vector>

namespace autodiff {
inline namespace v1 {

/// One remark for each adjoint that was compared and that L depends on, in the order of the sweep.
[[nodiscard]] std::vector<Trace::Remark> remarks(const Comparison& comparison);

}  // namespace v1
}  // namespace autodiff
