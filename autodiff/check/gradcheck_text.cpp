// SPDX-License-Identifier: MIT
// A report in words: the verdict, what was compared, and a table of what did not pass.
#include "autodiff/check/gradcheck_report.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>

namespace autodiff {
inline namespace v1 {

namespace {

template <class Enum, std::size_t n>
std::string word(Enum value, const std::array<std::string_view, n>& words) {
    return std::string(words.at(static_cast<std::size_t>(value)));
}

std::string amount(std::size_t n, std::string_view noun) { return fmt::format("{} {}{}", n, noun, n == 1 ? "" : "s"); }

using Row = std::array<std::string, 8>;

Row row(const GradcheckElement& e) {
    std::string words = e.note;
    if (!e.cause.empty()) words += (words.empty() ? "" : "; ") + e.cause;
    return {e.name,
            fmt::format("{:.8g}", e.gradient),
            fmt::format("{:.8g}", e.difference),
            fmt::format("{:.2g}", e.gradient - e.difference),
            fmt::format("{:.2g}", e.allowed),
            e.method == Method::dual_jvp ? std::string("-") : fmt::format("{:.2g}", e.step),
            to_string(e.method),
            (e.verdict == Verdict::unresolved ? "unresolved: " : "") + words};
}

std::string table(const std::vector<GradcheckElement>& elements) {
    std::vector<Row> rows{{"element", "gradient", "difference", "error", "allowed", "step", "method", ""}};
    for (const GradcheckElement& e : elements) rows.push_back(row(e));
    std::array<std::size_t, 8> width{};
    for (const Row& r : rows)
        for (std::size_t c = 0; c < r.size(); ++c) width[c] = std::max(width[c], r[c].size());
    std::string text;
    for (const Row& r : rows) {
        std::string line;
        for (std::size_t c = 0; c < r.size(); ++c) line += fmt::format("  {:<{}}", r[c], c + 1 < r.size() ? width[c] : 0);
        line.erase(line.find_last_not_of(' ') + 1);
        text += line + "\n";
    }
    return text;
}

}  // namespace

std::string to_string(Verdict verdict) { return word<Verdict, 4>(verdict, {"pass", "fail", "unresolved", "vacuous"}); }
std::string to_string(Method method) {
    return word<Method, 6>(method, {"automatic", "forward", "central", "ridders", "complex", "dual_jvp"});
}

std::string GradReport::text() const {
    std::string text =
        fmt::format("gradcheck: {}   {}, {}; compared {} and {}", to_string(verdict), amount(stats.inputs, "input"),
                    amount(stats.results, "result"), amount(stats.checked, "element"), amount(stats.directions, "direction"));
    if (stats.doubtful > 0) text += fmt::format(", {} of them more than once", stats.doubtful);
    if (stats.on_kinks > 0) text += fmt::format("; {} on kinks{}", stats.on_kinks, stats.skipped > 0 ? ", skipped" : "");
    text += fmt::format("; {} of f, {}; largest error / allowed {:.2g}", amount(stats.evaluations, "evaluation"),
                        amount(stats.sweeps, "sweep"), stats.worst_ratio);
    if (verdict != Verdict::pass) text += fmt::format("; seed {:#x} (AD_SEED={:#x} repeats it)", stats.seed, stats.seed);
    text += "\n";
    for (const std::string& note : notes) text += "  " + note + "\n";
    if (!worst.empty()) {
        const auto count = [](const std::vector<GradcheckElement>& all) {
            return static_cast<std::size_t>(
                std::count_if(all.begin(), all.end(), [](const GradcheckElement& e) { return e.verdict != Verdict::pass; }));
        };
        const std::size_t by_element = count(elements), all = by_element > 0 ? by_element : count(directions);
        text += table(worst);
        if (all > worst.size()) text += fmt::format("  and {} more\n", all - worst.size());
    }
    return text;
}

}  // namespace v1
}  // namespace autodiff
