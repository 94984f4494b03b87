// SPDX-License-Identifier: MIT
// A comparison as a table for people, and as JSON for programs.
#include "autodiff/check/compare.hpp"
#include "autodiff/explain/table.hpp"
#include "autodiff/explain/words.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace autodiff {
inline namespace v1 {

namespace {

std::string by_x(const Shape& shape) {
    std::string text;
    for (const Index extent : shape) text += fmt::format("{}{}", text.empty() ? "" : "x", extent);
    return text.empty() ? "number" : text;
}

class Printer {
  public:
    explicit Printer(const Comparison& c) : c_(c), number_(c.digits) {}

    [[nodiscard]] std::string text() const {
        std::string out = fmt::format("MANUAL CHECK of {} = {}   {} of {} named adjoints given   ✓ right   ✗ wrong here   ↯ inherited\n",
                                      c_.loss, number_(c_.loss_value), c_.steps.size(), c_.named);
        for (const Comparison::Step& step : c_.steps)
            if (step.verdict == Comparison::Verdict::shape) out += fmt::format("✗ {}: {}\n", step.name, step.note);
        TextTable table;
        table.line({"R", "adjoint", "shape", "worst", "yours", "tape", "ratio", "verdict"});
        for (const Comparison::Step& step : c_.steps) table.line(cells(step));
        const std::vector<std::string> lines = table.lines(1);
        out += lines[0];
        for (std::size_t k = 0; k < c_.steps.size(); ++k) out += lines[k + 1] + below(c_.steps[k]);
        return out + c_.pattern + summary();
    }

  private:
    [[nodiscard]] std::string step_name(const Comparison::Step& step) const {
        return step.number == 0 ? step.name : fmt::format("R{}", step.number);
    }
    [[nodiscard]] std::vector<std::string> cells(const Comparison::Step& step) const {
        std::vector<std::string> line{step.number == 0 ? "-" : fmt::format("{}", step.number), step.name, by_x(step.shape)};
        if (step.verdict == Comparison::Verdict::shape || step.from_tape.worst_relative.empty()) {
            line.insert(line.end(),
                        {"", "", "", "", step.verdict == Comparison::Verdict::shape ? "✗ wrong shape " + by_x(step.given_shape) : "✓"});
            return line;
        }
        const Comparison::Element& worst = step.from_tape.worst_relative[0];
        const double ratio = worst.yours / worst.expected;
        line.insert(line.end(), {worst.position, number_.aligned(worst.yours), number_.aligned(worst.expected),
                                 worst.yours == worst.expected ? "1"
                                 : std::isnan(ratio)           ? "-"
                                                               : Numbers(4)(ratio)});
        if (step.verdict == Comparison::Verdict::right) {
            line.push_back(step.note.empty() ? "✓" : "✓ " + step.note);
        } else if (step.verdict == Comparison::Verdict::wrong) {
            line.push_back("✗ starts here");
        } else {
            std::string from;
            for (const std::size_t k : step.inherited_from) from += (from.empty() ? "" : ", ") + step_name(c_.steps[k]);
            line.push_back(fmt::format("↯ inherited from {} ({})", from, step.note.empty() ? "your step is right" : step.note));
        }
        return line;
    }

    /// What is said below the line of a wrong step.
    [[nodiscard]] std::string below(const Comparison::Step& step) const {
        constexpr std::string_view indent = "        ";
        if (step.verdict != Comparison::Verdict::wrong) return "";
        std::string out;
        for (std::size_t k = 0; k < step.mistakes.size(); ++k) {
            const Mistake& m = step.mistakes[k];
            out += fmt::format("{}{}{}\n", indent, k > 0 ? "also equals: " : step.exact ? "" : "close to, but not exactly: ", m.text);
            const std::string residual = m.residual == 0 ? "exactly" : fmt::format("to {}", Numbers(2)(m.residual));
            if (k == 0) out += fmt::format("{}{} ({})\n", indent, m.evidence.empty() ? "it fits" : m.evidence, residual);
        }
        if (step.mistakes.empty()) out += fmt::format("{}none of the usual mistakes gives these numbers\n", indent);
        if (step.limited) out += fmt::format("{}not all that lies between it and what you gave was searched: it is long\n", indent);
        if (!step.undecided.empty())
            out += fmt::format("{}named values between it and what you gave: {}\n", indent, fmt::join(step.undecided, ", "));
        if (is_rounding(step)) return out;
        const Comparison::Difference& d = step.from_step;
        out += fmt::format("{}{} of {} elements differ from what follows from your incoming adjoints{}\n", indent, d.elements, step.size,
                           d.where.empty() ? "" : "; " + d.where);
        if (step.size > 1) out += list(indent, "relatively", d.worst_relative) + list(indent, "absolutely", d.worst_absolute);
        return out;
    }
    [[nodiscard]] std::string list(std::string_view indent, std::string_view how, const std::vector<Comparison::Element>& elements) const {
        std::string out = fmt::format("{}worst {}:", indent, how);
        for (const Comparison::Element& e : elements)
            out += fmt::format("{} {} {} for {}", &e == elements.data() ? "" : ",", e.position, number_(e.yours), number_(e.expected));
        return out + '\n';
    }

    [[nodiscard]] std::string summary() const {
        const std::vector<std::size_t> wrong = c_.wrong();
        const auto inherited =
            std::count_if(c_.steps.begin(), c_.steps.end(), [](const auto& s) { return s.verdict == Comparison::Verdict::inherited; });
        if (wrong.empty()) return c_.agrees ? "All right.\n" : "";
        const Comparison::Step& first = c_.steps[wrong[0]];
        const auto cancel = std::count_if(c_.steps.begin(), c_.steps.end(), [](const auto& s) { return s.cancels; });
        std::string text =
            fmt::format("First wrong step: {} ({}{}).  {} wrong step{}, {} inherited{}.  Fix {} and run again.\n", step_name(first),
                        first.name, first.operation.empty() ? "" : ", " + first.operation, wrong.size(), wrong.size() == 1 ? "" : "s",
                        inherited, cancel == 0 ? "" : fmt::format(", {} undone by another mistake", cancel), step_name(first));
        if (std::all_of(wrong.begin(), wrong.end(), [this](std::size_t k) { return is_rounding(c_.steps[k]); }))
            text += "All that differs is the rounding of float: a tolerance of 1e-4 accepts it.\n";
        return text;
    }
    /// Nothing is wrong but that the numbers were floats on their way.
    static bool is_rounding(const Comparison::Step& step) {
        return step.exact && !step.mistakes.empty() && step.mistakes.front().kind == "float_precision";
    }

    const Comparison& c_;
    Numbers number_;
};

nlohmann::ordered_json json_number(double x) {
    if (std::isfinite(x)) return x;
    return std::isnan(x) ? "nan" : x > 0 ? "inf" : "-inf";
}

std::string_view word(Comparison::Verdict verdict) {
    switch (verdict) {
    case Comparison::Verdict::right:
        return "right";
    case Comparison::Verdict::wrong:
        return "wrong";
    case Comparison::Verdict::inherited:
        return "inherited";
    case Comparison::Verdict::shape:
        return "shape";
    }
    return "";
}

nlohmann::ordered_json json_of(const Comparison::Difference& d) {
    const auto elements = [](const std::vector<Comparison::Element>& list) {
        auto all = nlohmann::ordered_json::array();
        for (const Comparison::Element& e : list)
            all.push_back(
                {{"flat", e.flat}, {"position", e.position}, {"yours", json_number(e.yours)}, {"expected", json_number(e.expected)}});
        return all;
    };
    return {{"elements", d.elements},
            {"where", d.where},
            {"worst_relative", elements(d.worst_relative)},
            {"worst_absolute", elements(d.worst_absolute)}};
}

nlohmann::ordered_json json_of(const Shape& shape) {
    auto extents = nlohmann::ordered_json::array();
    for (const Index extent : shape) extents.push_back(extent);
    return extents;
}

}  // namespace

std::string to_string(const Comparison& comparison) { return Printer(comparison).text(); }

std::string to_json(const Comparison& comparison) {
    nlohmann::ordered_json all{{"agrees", comparison.agrees},
                               {"loss", comparison.loss},
                               {"loss_value", json_number(comparison.loss_value)},
                               {"named", comparison.named},
                               {"pattern", comparison.pattern}};
    auto& steps = all["steps"] = nlohmann::ordered_json::array();
    for (const Comparison::Step& step : comparison.steps) {
        auto mistakes = nlohmann::ordered_json::array();
        for (const Mistake& m : step.mistakes)
            mistakes.push_back(
                {{"kind", m.kind}, {"text", m.text}, {"evidence", m.evidence}, {"residual", json_number(m.residual)}, {"row", m.row}});
        steps.push_back({{"name", step.name},
                         {"value", step.value},
                         {"number", step.number},
                         {"operation", step.operation},
                         {"verdict", word(step.verdict)},
                         {"shape", json_of(step.shape)},
                         {"given_shape", json_of(step.given_shape)},
                         {"size", step.size},
                         {"from_tape", json_of(step.from_tape)},
                         {"from_step", json_of(step.from_step)},
                         {"inherited_from", step.inherited_from},
                         {"exact", step.exact},
                         {"limited", step.limited},
                         {"cancels", step.cancels},
                         {"mistakes", mistakes},
                         {"note", step.note},
                         {"undecided", step.undecided}});
    }
    return all.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n';
}

}  // namespace v1
}  // namespace autodiff
