// SPDX-License-Identifier: MIT
/// Gradient checks as assertions of Boost.Test; other frameworks use gradcheck() and GradReport::text().
///
///     BOOST_TEST(autodiff::test::gradcheck_passes(f, W));                                // what went wrong is the message
///     BOOST_TEST(autodiff::test::gradcheck_passes(f, std::tuple{W, b}, {.order = 2}));
///     BOOST_TEST(autodiff::test::close(1e-12)(got, expected));
#pragma once

#include "autodiff/check/gradcheck.hpp"

#include <boost/test/tools/assertion_result.hpp>
#include <cmath>
#include <fmt/format.h>
#include <limits>

namespace autodiff {
inline namespace v1 {
namespace test {

/// The report as an assertion: true if it passes, else its text is the message.
[[nodiscard]] inline boost::test_tools::assertion_result passes(const GradReport& report) {
    boost::test_tools::assertion_result result(static_cast<bool>(report));
    if (!report) result.message() << report.text();
    return result;
}

/// gradcheck(f, x, options) as an assertion; several arguments are a tuple.
template <class F, class X>
[[nodiscard]] boost::test_tools::assertion_result gradcheck_passes(const F& f, const X& x, const GradcheckOptions& options = {}) {
    return passes(gradcheck(f, x, options));
}
/// The same for a gradient that somebody has written.
template <class F, class G, class X>
requires internal::IsGradient<G>
[[nodiscard]] boost::test_tools::assertion_result gradcheck_passes(const F& f, const G& g, const X& x,
                                                                   const GradcheckOptions& options = {}) {
    return passes(gradcheck(f, g, x, options));
}

/// Whether two numbers are the same within rtol |expected|, or atol, or so many units in the last place of `expected`: the largest of the
/// three counts. NaN is NaN, an infinity is itself only. (BOOST_CHECK_CLOSE takes per cent, and has no absolute part.)
class close {
  public:
    explicit close(double rtol, double atol = 0, double ulps = 0) : rtol_(rtol), atol_(atol), ulps_(ulps) {}
    template <std::floating_point T>
    [[nodiscard]] boost::test_tools::assertion_result operator()(T got, std::type_identity_t<T> expected) const {
        const double x = static_cast<double>(got), y = static_cast<double>(expected), error = std::abs(x - y);
        const T size = std::abs(expected);
        const T ulp = std::nextafter(size, std::numeric_limits<T>::infinity()) - size;
        double allowed = std::fmax(rtol_ * std::abs(y), atol_);
        if (std::isfinite(ulp)) allowed = std::fmax(allowed, ulps_ * static_cast<double>(ulp));
        const bool same = x == y || (std::isnan(x) && std::isnan(y));
        boost::test_tools::assertion_result result(same || (std::isfinite(x) && std::isfinite(y) && error <= allowed));
        if (!result) result.message() << fmt::format("got {:.17g}, expected {:.17g}: error {:.3g}, allowed {:.3g}", x, y, error, allowed);
        return result;
    }

  private:
    double rtol_, atol_, ulps_;
};

}  // namespace test
}  // namespace v1
}  // namespace autodiff
