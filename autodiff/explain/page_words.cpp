// SPDX-License-Identifier: MIT
// Numbers, names and small pictures as HTML and MathML.
#include "autodiff/explain/escape.hpp"
#include "autodiff/explain/page.hpp"

#include <array>
#include <cmath>
#include <fmt/format.h>

namespace autodiff {
inline namespace v1 {
namespace page {

std::string Writer::text(std::string_view name) const { return html_escaped(name); }

std::string Writer::n(double x) const {
    const std::string plain = number(x);
    return plain[0] == '-' ? "−" + plain.substr(1) : plain;
}
std::string Writer::factor(double x) const {
    const std::string plain = n(x);
    return std::signbit(x) && !std::isnan(x) ? "(" + plain + ")" : plain;
}
std::string Writer::product(double a, double b, double y) const {
    const bool rounded = !number.mark(a, b, y).empty();
    return fmt::format("{} · {}<span class=\"answer\"> = <b class=\"result\">{}</b>{}</span>", factor(a), factor(b), n(y),
                       rounded ? " <abbr title=\"the factors are rounded for print, the product is not their product to the last "
                                 "digit\">~</abbr>"
                               : "");
}

std::string Writer::math(const std::string& inner) const { return "<math><mrow>" + inner + "</mrow></math>"; }
std::string Writer::name(std::string_view of) const { return names.mathml(of); }
std::string Writer::d(std::string_view by) const {
    return trace.options.notation == Notation::bar ? "<mover>" + name(by) + "<mo>¯</mo></mover>" : ratio(trace.loss, by);
}
std::string Writer::ratio(std::string_view of, std::string_view by) const {
    return "<mfrac><mrow><mo>∂</mo>" + name(of) + "</mrow><mrow><mo>∂</mo>" + name(by) + "</mrow></mfrac>";
}
std::string Writer::link(std::uint32_t step, char kind) const { return fmt::format("<a href=\"#{0}{1}\">{0}{1}</a>", kind, step); }

std::string known_from(const Trace& trace, std::string_view name) {
    std::string id;
    for (const Trace::Reverse& step : trace.reverse) {
        if (step.name == name) return fmt::format("R{}", step.number);
        if (step.tensor && name.starts_with(step.name) && name.substr(step.name.size()).starts_with('['))
            id = fmt::format("R{}", step.number);
    }
    return id;
}

std::string quantity(const Writer& write, const Quantity& q) {
    if (!q.known) return "<span class=\"unknown\">–</span>";
    if (!q.tensor) return write.n(q.number);
    const TensorSummary& t = *q.tensor;
    if (t.values.empty() || t.shape.size() > 8)
        return fmt::format("<span class=\"shape\">{}</span> norm {}", to_string(t.shape), write.n(t.norm));
    std::string list;
    for (const double v : t.values) list += (list.empty() ? "" : "&ensp;") + write.n(v);
    return "[" + list + "]";
}

std::string thumbnail(const Writer& write, const TensorSummary& t) {
    // Cells of one shade are one path; the sign is a texture as well as a colour: negative cells are smaller.
    constexpr int levels = 4;
    std::array<std::string, 2 * levels + 2> paths;
    for (Index row = 0; row < t.rows; ++row)
        for (Index column = 0; column < t.columns; ++column) {
            const double s = shade(t.thumbnail[static_cast<std::size_t>(row * t.columns + column)], t);
            const int level = std::isnan(s) ? 2 * levels + 1 : static_cast<int>(std::lround(s * levels)) + levels;
            const bool small = level < levels;
            paths[static_cast<std::size_t>(level)] +=
                small ? fmt::format("M{}.15 {}.15h.7v.7h-.7z", column, row) : fmt::format("M{} {}h1v1h-1z", column, row);
        }
    std::string cells;
    for (std::size_t level = 0; level < paths.size(); ++level)
        if (!paths[level].empty() && level != levels) cells += fmt::format("<path class=\"s{}\" d=\"{}\"/>", level, paths[level]);
    return fmt::format("<svg class=\"thumb\" viewBox=\"0 0 {0} {1}\" width=\"{2}\" height=\"{3}\" role=\"img\" aria-label=\"{4}\">"
                       "<title>{4}</title><rect class=\"s4\" width=\"{0}\" height=\"{1}\"/>{5}</svg>",
                       t.columns, t.rows, t.columns * 12, t.rows * 12,
                       html_escaped(fmt::format("{}{}", t.sampled ? "sampled: " : "", summary_text(t, write.number))), cells);
}

}  // namespace page
}  // namespace v1
}  // namespace autodiff
