// SPDX-License-Identifier: MIT
/// How values print: fmt formatters of Shape, Scalar, Tensor and TapeStatistics. The headers that compute do not include this one.
///
/// `{}` prints floating elements with six significant digits; any other specification, `{:.3}` or `{:+.2e}`, passes on to the
/// elements. A tensor prints as nested brackets with aligned columns, above `summarised_above` elements only the edges of each axis.
#pragma once

#include "autodiff/handle.hpp"
#include "autodiff/tape.hpp"
#include "autodiff/tensor.hpp"

#include <fmt/format.h>

#include <array>
#include <functional>
#include <string>

namespace autodiff {
inline namespace v1 {

inline constexpr Index summarised_above = 1000;  ///< elements; a larger tensor is printed without its middle
inline constexpr Index edge_elements = 3;        ///< how many a summarised axis shows at either end

/// `4 rows, 6 operands, ...` on one line
std::string to_string(const TapeStatistics& statistics);

namespace internal {

/// Nested brackets around elements, each printed by `element(flat position)`.
std::string bracketed(const Shape& shape, const std::function<std::string(Index)>& element);

/// A format specification, kept for elements that are formatted one by one.
template <class T>
class ElementFormat {
  public:
    template <class Context>
    constexpr auto parse(Context& context) -> decltype(context.begin()) {
        const auto begin = context.begin();
        fmt::formatter<T> checked;
        const auto end = checked.parse(context);
        std::size_t n = 2;
        for (auto c = begin; c != end; ++c) {
            if (*c == '{' || n + 2 > text_.size()) throw fmt::format_error("an element format is short and names no other argument");
            text_[n++] = *c;
        }
        if (n == 2 && std::is_floating_point_v<T>)
            for (const char c : {'.', '6', 'g'}) text_[n++] = c;
        text_[n++] = '}';
        size_ = n;
        return end;
    }
    [[nodiscard]] std::string operator()(T x) const {
        return fmt::vformat(fmt::string_view(text_.data(), size_), fmt::make_format_args(x));
    }

  private:
    std::array<char, 32> text_{'{', ':'};
    std::size_t size_ = 0;
};

}  // namespace internal
}  // namespace v1
}  // namespace autodiff

template <>
struct fmt::formatter<autodiff::Shape> : fmt::formatter<fmt::string_view> {
    template <class Context>
    auto format(const autodiff::Shape& shape, Context& context) const {
        return fmt::formatter<fmt::string_view>::format(autodiff::to_string(shape), context);
    }
};

/// The value; throws TapeError for one that was moved from.
template <>
struct fmt::formatter<autodiff::Scalar> {
    constexpr auto parse(fmt::format_parse_context& context) { return element_.parse(context); }
    template <class Context>
    auto format(const autodiff::Scalar& x, Context& context) const {
        return fmt::format_to(context.out(), "{}", element_(x.value()));
    }

  private:
    autodiff::internal::ElementFormat<double> element_;
};

template <class T>
struct fmt::formatter<autodiff::Tensor<T>> {
    constexpr auto parse(fmt::format_parse_context& context) { return element_.parse(context); }
    template <class Context>
    auto format(const autodiff::Tensor<T>& x, Context& context) const {
        const autodiff::Tensor<T> row_major = x.contiguous();
        const auto print = [&](autodiff::Index flat) { return element_(row_major.begin_data()[flat]); };
        return fmt::format_to(context.out(), "{}", autodiff::internal::bracketed(x.shape(), print));
    }

  private:
    autodiff::internal::ElementFormat<T> element_;
};

template <>
struct fmt::formatter<autodiff::TapeStatistics> : fmt::formatter<fmt::string_view> {
    template <class Context>
    auto format(const autodiff::TapeStatistics& statistics, Context& context) const {
        return fmt::formatter<fmt::string_view>::format(autodiff::to_string(statistics), context);
    }
};
