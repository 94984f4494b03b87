// SPDX-License-Identifier: MIT
/// Comparing many numbers with their references: what differs is collected, and asserted once, because assertions are slow.
#pragma once

#include "autodiff/tensor.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <fmt/format.h>
#include <string>
#include <string_view>
#include <vector>

namespace test {

/// `Near near("what"); near(got, expected, scale, "which");` one assertion at the end of its life.
class Near {
  public:
    /// |got - expected| <= relative |expected| + of_scale * scale; NaN is NaN, an infinity is itself only.
    Near(std::string what, double relative, double of_scale) : what_(std::move(what)), relative_(relative), of_scale_(of_scale) {}
    Near(const Near&) = delete;
    Near& operator=(const Near&) = delete;
    ~Near() { BOOST_CHECK_MESSAGE(wrong_ == 0 && compared_ > 0, what_ << ": " << wrong_ << " of " << compared_ << " differ" << text_); }

    template <class... Words>
    void operator()(double got, double expected, double scale, fmt::format_string<Words...> which, Words&&... words) {
        ++compared_;
        const bool same = got == expected || (std::isnan(got) && std::isnan(expected));
        const double error = std::abs(got - expected), allowed = relative_ * std::abs(expected) + of_scale_ * scale;
        if (same || (std::isfinite(got) && std::isfinite(expected) && error <= allowed)) return;
        if (++wrong_ <= 5)
            text_ += fmt::format("\n  {}: got {:.17g}, expected {:.17g}, allowed {:.3g}", fmt::format(which, std::forward<Words>(words)...),
                                 got, expected, allowed);
    }

  private:
    std::string what_, text_;
    double relative_, of_scale_;
    std::size_t wrong_ = 0, compared_ = 0;
};

/// The largest finite magnitude.
inline double scale_of(const std::vector<double>& x) {
    double scale = 0;
    for (const double each : x)
        if (std::isfinite(each)) scale = std::max(scale, std::abs(each));
    return scale;
}

/// [n, k] in T from columns, the first n entries of each.
template <class T>
autodiff::Tensor<T> points(const std::vector<std::vector<double>>& columns, std::size_t n) {
    std::vector<T> values;
    for (std::size_t i = 0; i < n; ++i)
        for (const auto& column : columns) values.push_back(static_cast<T>(column[i]));
    return autodiff::Tensor<T>(autodiff::Shape{static_cast<autodiff::Index>(n), static_cast<autodiff::Index>(columns.size())}, values);
}

/// The numbers of a tensor, row by row, whatever its strides.
template <class T>
std::vector<T> numbers(const autodiff::Tensor<T>& x) {
    const auto data = x.contiguous();
    return std::vector<T>(data.data().begin(), data.data().end());
}

}  // namespace test
