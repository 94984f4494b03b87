// SPDX-License-Identifier: MIT
// The three factors of weights, and the paths to them, as tables that need no script.
#include "autodiff/explain/escape.hpp"
#include "autodiff/explain/page.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

namespace autodiff {
inline namespace v1 {
namespace page {

namespace {

std::string line(std::string_view step, const std::string& symbol, const std::string& how, const std::string& number) {
    return fmt::format("<tr><th scope=\"row\">{}</th><td class=\"sym\">{}</td><td>{}</td><td class=\"n num\">{}</td></tr>", step, symbol,
                       how, number);
}

std::string weight_of(const Writer& write, const DenseWeight& w) {
    const DenseSample& s = w.shown.front();
    std::string paths;
    for (const Contribution& c : s.abar.shown)
        paths += fmt::format("<div>{} {}: {}</div>", write.link(c.step, 'R'), write.text(c.through),
                             write.product(c.incoming, c.local, c.product));
    if (s.abar.others > 0) paths += fmt::format("<div>{} more: {}</div>", s.abar.others, write.n(s.abar.rest));
    std::string rows = line("step 1", write.math(write.d(s.a)), paths, write.n(s.abar.total));
    if (w.activation.empty()) {
        rows += line("step 2", "", "no activation follows", "1");
    } else {
        rows += line("step 2", write.math(write.ratio(s.a, s.z)),
                     fmt::format("{}′ = {}, x = {}, y = {}", write.text(w.activation), write.math(mathml_formula(w.derivative)),
                                 write.n(s.sum), write.n(s.output)),
                     write.n(s.slope));
        rows += line("", write.math(write.d(s.z)), write.product(s.abar.total, s.slope, s.delta), write.n(s.delta));
    }
    rows += line("step 3", write.math(write.ratio(s.z, w.weight)), write.text(s.from), write.n(s.input));
    rows += line("product", write.math(write.d(w.weight)), write.product(s.delta, s.input, s.product), "<b>" + write.n(s.product) + "</b>");
    std::string batch;
    if (w.samples > 1)
        batch = fmt::format("<p>The sum over {} samples is <b>{}</b>; this is the sample with the largest product, number {}.</p>",
                            w.samples, write.n(w.total), s.sample + write.trace.options.first_index);
    return fmt::format("<details class=\"weight\" data-of=\"{0}\" data-known=\"{1}\"{2}><summary>{0} <span class=\"n\">{3}</span></summary>"
                       "{4}<table class=\"factors\"><tbody>{5}</tbody></table></details>",
                       write.text(w.weight), known_from(write.trace, w.weight), w.featured ? " open" : "", write.n(w.total), batch, rows);
}

std::string path_of(const Writer& write, const Paths& p, const Paths::Path& path) {
    std::string way = write.text(p.of), factors;
    for (const Paths::Hop& hop : path.hops) {
        way += fmt::format(" → <a href=\"#R{}\">{}</a>", hop.step, write.text(hop.to));
        if (hop.local != 1) factors += (factors.empty() ? "" : " · ") + write.factor(hop.local);
    }
    return fmt::format("<tr><td class=\"n\"><b>{}</b></td><td class=\"n\">{}</td><td>{}</td></tr>", write.n(path.product),
                       factors.empty() ? "1" : factors, way);
}

std::string paths_of(const Writer& write, const Paths& p) {
    std::string text = fmt::format("<details class=\"paths\" data-of=\"{0}\" data-known=\"{1}\"><summary>{0} <span class=\"n\">{2}</span> "
                                   "<small>{3}</small></summary>",
                                   write.text(p.of), known_from(write.trace, p.of), write.n(p.total),
                                   !p.counted     ? "too many values lie between: not counted"
                                   : p.count == 1 ? "one path"
                                                  : count_text(p.count) + " paths");
    std::string rows;
    for (const Paths::Path& path : p.shown) rows += path_of(write, p, path);
    if (!rows.empty())
        text += "<table><thead><tr><th>product</th><th>its factors other than 1</th><th>way</th></tr></thead><tbody>" + rows +
                "</tbody></table>";
    if (p.counted && p.count > p.shown.size())
        text += fmt::format("<p>{} more paths add up to {}.</p>", count_text(p.count - p.shown.size()), write.n(p.rest));
    if (p.count > 1 && p.total != 0 && std::isfinite(p.magnitude))
        text += fmt::format("<p class=\"condition\">sum of |products| / |sum| = {}{}</p>", write.n(p.magnitude / std::abs(p.total)),
                            p.magnitude > 1e6 * std::abs(p.total) ? ": the paths cancel, rounding is amplified" : "");
    return text + "</details>";
}

}  // namespace

std::string weights(const Writer& write) {
    std::string text;
    for (const DenseWeight& w : write.trace.weights) text += weight_of(write, w);
    return text;
}

std::string paths(const Writer& write) {
    std::string text;
    for (const Paths& p : write.trace.paths) text += paths_of(write, p);
    return text;
}

}  // namespace page
}  // namespace v1
}  // namespace autodiff
