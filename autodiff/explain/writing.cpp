// SPDX-License-Identifier: MIT
#include "autodiff/explain/writing.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <limits>

namespace autodiff {
inline namespace v1 {

std::string quantity_text(const Quantity& q, const Numbers& number) {
    constexpr Index listed_elements = 8;  // a larger tensor is its shape and its norm
    if (!q.known) return "-";
    if (!q.tensor) return number(q.number);
    const TensorSummary& t = *q.tensor;
    if (t.shape.size() > listed_elements) return fmt::format("{}, norm {}", to_string(t.shape), number(t.norm));
    std::string text = "[";
    for (const double element : t.values) text += (text.size() > 1 ? " " : "") + number(element);
    return text + "]";
}

std::string summary_text(const TensorSummary& t, const Numbers& number, bool with_shape) {
    std::string text = fmt::format("{}min {}   max {}   mean {}   norm {}", with_shape ? to_string(t.shape) + "   " : "", number(t.min),
                                   number(t.max), number(t.mean), number(t.norm));
    if (t.zeros > 0) text += fmt::format("   {} zeros", t.zeros);
    if (t.not_finite > 0) text += fmt::format("   {} not finite", t.not_finite);
    return text;
}

std::string flags_text(const Trace::Flags& flags, bool backward) {
    std::string text;
    const auto add = [&text](bool flag, const std::string& what) {
        if (flag) text += (text.empty() ? "" : ", ") + what;
    };
    const std::string where = backward ? "in the derivative" : flags.constant ? "here, or comes with the constant" : "here";
    add(flags.nan_born, "a NaN is born " + where);
    add(flags.inf_born, "an infinity is born " + where);
    add(flags.kink, "at a kink");
    add(flags.saturated, "saturated");
    add(flags.unused && !backward, "unused");
    return text;
}

std::string scope_text(const std::string& scope, const std::string& place) { return place.empty() ? scope : scope + ", " + place; }

std::string_view sign_of(Trace::Remark::Kind kind) {
    return kind == Trace::Remark::Kind::right ? "✓" : kind == Trace::Remark::Kind::wrong ? "✗" : "↯";
}

std::string derivative_name(const Trace& trace, std::string_view of) {
    return trace.options.notation == Notation::bar ? fmt::format("{}_bar", of) : fmt::format("d{}/d{}", trace.loss, of);
}

std::string count_text(std::uint64_t count) {
    return count == std::numeric_limits<std::uint64_t>::max() ? "more than 1.8e19" : fmt::format("{}", count);
}

double shade(double value, const TensorSummary& t) {
    if (!std::isfinite(value)) return std::numeric_limits<double>::quiet_NaN();
    const double largest = std::max(std::abs(t.min), std::abs(t.max));
    return largest == 0 ? 0 : value / largest;
}

char thumbnail_character(double value, const TensorSummary& t) {
    const double s = shade(value, t);
    if (std::isnan(s)) return '!';
    if (std::abs(s) < 0.05) return '.';
    if (s > 0) return s > 0.5 ? '#' : '+';
    return s < -0.5 ? '=' : '-';
}

std::string vjp_signs(std::string_view vjp) {
    std::string text(vjp);
    for (const auto& [word, sign] : {std::pair<std::string_view, std::string_view>{"ybar", "ȳ"}, {"^T", "ᵀ"}})
        for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + sign.size()))
            text.replace(at, word.size(), sign);
    return text;
}

bool is_vjp(std::string_view symbol) { return symbol.find("ybar") != std::string_view::npos; }

Notations notations_of(const Trace& trace) {
    std::set<std::string> layers;
    const auto look = [&layers](const std::string& scope) {
        constexpr std::string_view prefix = "layer ";
        if (scope.starts_with(prefix)) layers.insert(scope.substr(prefix.size()));
    };
    for (const auto& step : trace.forward) look(step.scope);
    for (const auto& step : trace.reverse) look(step.scope);
    return Notations(std::move(layers));
}

}  // namespace v1
}  // namespace autodiff
