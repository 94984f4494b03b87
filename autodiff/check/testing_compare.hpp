// SPDX-License-Identifier: MIT
/// Manual gradients in a Boost.Test suite: `BOOST_TEST(autodiff::test::gradients_match(manual, loss))` prints the whole report if they
/// do not match. Other frameworks print `to_string(compare(manual, loss))` themselves.
#pragma once

#include "autodiff/check/compare.hpp"

#include <boost/test/tools/assertion_result.hpp>

namespace autodiff {
inline namespace v1 {
namespace test {

/// Whether compare() agrees; the message is its report. L: a Scalar, a rank-0 tensor, or a Gradient.
template <class L>
[[nodiscard]] boost::test_tools::assertion_result gradients_match(const ManualGradients& manual, const L& loss,
                                                                  const CompareOptions& options = {}) {
    const Comparison comparison = compare(manual, loss, options);
    boost::test_tools::assertion_result result(comparison.agrees);
    if (!comparison.agrees) result.message() << '\n' << to_string(comparison);
    return result;
}

}  // namespace test
}  // namespace v1
}  // namespace autodiff
