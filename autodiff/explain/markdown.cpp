// SPDX-License-Identifier: MIT
// A trace as a document that GitHub renders. Every formula has a block of its own and every block is one line a line: renderers disagree
// about blank lines, stars and underscores inside of formulas, so there are none.
#include "autodiff/explain/escape.hpp"
#include "autodiff/explain/outputs.hpp"
#include "autodiff/explain/writing.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

namespace autodiff {
inline namespace v1 {

namespace {

class Document {
  public:
    Document(const Trace& trace, const MarkdownOptions& options)
        : trace_(trace), options_(options), number_(trace.options.digits), names_(notations_of(trace)) {}

    std::string text() {
        text_ = fmt::format("# {0}\n\nLoss {1} = {2} &emsp; {3} step{4} forward, {3} step{4} back, {5} variable{6}\n\n", cell(trace_.title),
                            cell(trace_.loss), number_(trace_.loss_value), trace_.rows, trace_.rows == 1 ? "" : "s", trace_.variables,
                            trace_.variables == 1 ? "" : "s");
        if (!trace_.layers.empty()) convention();
        forward();
        reverse();
        if (options_.diagram) diagram();
        if (!trace_.weights.empty()) text_ += "## Weights\n\n";
        for (const DenseWeight& weight : trace_.weights)
            if (weight.featured) layer(weight);
        text_ += "## Every step back\n\n";
        for (const Trace::Reverse& step : trace_.reverse) detail(step);
        const bool any = std::any_of(trace_.paths.begin(), trace_.paths.end(), [](const Paths& p) { return p.asked; });
        if (any) text_ += "## Paths\n\n";
        for (const Paths& p : trace_.paths)
            if (p.asked) paths(p);
        if (marked_) text_ += "~ the factors are rounded for print, the product is not their product to the last digit\n";
        return std::move(text_);
    }

  private:
    // Pieces ----------------------------------------------------------------------------------------------------------------------------

    static std::string cell(std::string_view text) { return markdown_escaped(text); }
    [[nodiscard]] std::string name(std::string_view of) const { return names_.latex(of); }
    [[nodiscard]] std::string n(double x) const { return latex_number(number_(x)); }
    /// A factor: a negative one in parentheses.
    [[nodiscard]] std::string factor(double x) const {
        const std::string text = n(x);
        return text[0] == '-' ? "(" + text + ")" : text;
    }
    [[nodiscard]] std::string d(std::string_view of) const {
        if (trace_.options.notation == Notation::bar) return "\\overline{" + name(of) + "}";
        return ratio(trace_.loss, of);
    }
    [[nodiscard]] std::string ratio(std::string_view of, std::string_view by) const {
        return "\\frac{\\partial " + name(of) + "}{\\partial " + name(by) + "}";
    }
    std::string product(double a, double b, double y) {
        const std::string_view mark = number_.mark(a, b, y);
        marked_ = marked_ || !mark.empty();
        return fmt::format("{} \\cdot {} = {}{}", factor(a), factor(b), n(y), mark.empty() ? "" : " \\;\\sim");
    }
    void formula(const std::string& latex) {
        text_ += options_.dollars ? fmt::format("$$\n{}\n$$\n\n", latex) : fmt::format("```math\n{}\n```\n\n", latex);
    }

    // Parts -----------------------------------------------------------------------------------------------------------------------------

    void convention() {
        const int base = static_cast<int>(trace_.options.first_index);
        text_ += fmt::format("A weight W with the indices i, j leads from input i to neuron j, z<sub>j</sub> = sum of W<sub>ij</sub> "
                             "a<sub>i</sub> + b<sub>j</sub>; the gradient of neuron j is column j. Indices count from {}. PyTorch "
                             "stores the transpose.\n\n",
                             base);
    }

    void forward() {
        text_ += "## Forward\n\n| step | value | computed as | result | |\n|---|---|---|---|---|\n";
        for (const Trace::Forward& step : trace_.forward)
            text_ += fmt::format("| F{} | {} | {} | {} | {} |\n", step.number, cell(step.name), cell(step.computation),
                                 cell(quantity_text(step.value, number_)), cell(flags_text(step.flags, false)));
        more(trace_.forward.size());
    }
    void more(std::size_t shown) {
        const std::size_t unseen = trace_.rows - shown;
        if (unseen > 0) text_ += fmt::format("\n{} more row{} not shown.\n", unseen, unseen == 1 ? " is" : "s are");
        text_ += '\n';
    }

    void reverse() {
        text_ += "## Backward\n\n| step | value | operation | incoming | local derivative | hands on |\n|---|---|---|---|---|---|\n";
        for (const Trace::Reverse& step : trace_.reverse) {
            std::string local, pushes;
            for (const Trace::Push& push : step.pushes) {
                const std::string number = number_(push.local);
                const bool numeric = push.numeric && push.factor;
                local += (local.empty() ? "" : "<br>") +
                         cell(!numeric || number == push.derivative ? push.derivative : push.derivative + " = " + number);
                pushes +=
                    (pushes.empty() ? "" : "<br>") + cell(push.numeric ? fmt::format("{} += {}", push.to, number_(push.product)) : push.to);
            }
            text_ += fmt::format("| R{} | {} | {} | {} | {} | {} |\n", step.number, cell(step.name), cell(step.operation),
                                 cell(quantity_text(step.adjoint, number_)), local.empty() ? "-" : local, pushes.empty() ? "-" : pushes);
        }
        more(trace_.reverse.size());
    }

    void diagram() {
        try {
            text_ += "## Graph\n\n```mermaid\n" + to_mermaid(trace_) + "```\n\n";
        } catch (const ValueError&) {
            // too large for one: the document goes without
        }
    }

    void layer(const DenseWeight& w) {
        const DenseSample& s = w.shown.front();
        text_ += fmt::format("### {}\n\n", cell(w.weight));
        const std::string slope = w.activation.empty() ? "" : fmt::format(" \\cdot {}", ratio(s.a, s.z));
        const std::string sum = w.samples > 1 ? fmt::format("\\sum_{{{}\\;\\mathrm{{samples}}}} ", w.samples) : "";
        formula(fmt::format("{} = {}{}{} \\cdot {} = {}", d(w.weight), sum, d(s.a), slope, ratio(s.z, w.weight), n(w.total)));
        if (w.samples > 1)
            text_ += fmt::format("The sample with the largest product, number {}:\n\n", s.sample + trace_.options.first_index);
        std::string paths;
        for (const Contribution& c : s.abar.shown)
            paths += (paths.empty() ? "" : " + ") + factor(c.incoming) + " \\cdot " + factor(c.local);
        if (s.abar.others > 0) paths += fmt::format(" + {} \\;\\text{{({} more)}}", factor(s.abar.rest), s.abar.others);
        text_ += "step 1, what arrives at the neuron's output:\n\n";
        formula(fmt::format("{} = {}{}", d(s.a), paths.empty() ? "" : paths + " = ", n(s.abar.total)));
        if (!w.activation.empty()) {
            text_ += fmt::format("step 2, the slope of {}: {} with y = {}\n\n", cell(w.activation), cell(w.derivative), number_(s.output));
            formula(fmt::format("{} = {} = {}", ratio(s.a, s.z), latex_formula(w.derivative), n(s.slope)));
            formula(fmt::format("{} = {}", d(s.z), product(s.abar.total, s.slope, s.delta)));
        }
        text_ += fmt::format("step 3, what the weight multiplies, {}:\n\n", cell(s.from));
        formula(fmt::format("{} = {} = {}", ratio(s.z, w.weight), name(s.from), n(s.input)));
        text_ += "product:\n\n";
        formula(fmt::format("{} = {}", w.samples == 1 ? d(w.weight) : "\\mathrm{product}", product(s.delta, s.input, s.product)));
        column(w);
    }
    void column(const DenseWeight& w) {
        constexpr std::size_t longest = 12;
        std::string entries;
        for (std::size_t k = 0; k < std::min(longest, w.column.size()); ++k) entries += (k == 0 ? "" : " & ") + n(w.column[k]);
        if (w.column.size() > longest) entries += " & \\cdots";
        text_ += fmt::format("gradient of {}:\n\n", cell(w.neuron));
        formula("\\begin{bmatrix} " + entries + " \\end{bmatrix}^{\\top}");
    }

    void detail(const Trace::Reverse& step) {
        if (!step.reached) return;
        text_ += fmt::format("### R{} &ensp; {} = {}{}\n\n", step.number, cell(step.name), cell(step.computation),
                             step.scope.empty() ? "" : " &ensp; (" + cell(scope_text(step.scope, step.place)) + ")");
        text_ += cell(step.why) + ".\n\n";
        for (const Trace::Remark& remark : trace_.remarks)
            if (remark.step == step.number) text_ += fmt::format("{} {}\n\n", sign_of(remark.kind), cell(remark.text));
        if (step.tensor)
            tensor(step);
        else
            sum(step);
        for (const Trace::Push& push : step.pushes) {
            if (!push.numeric || !push.factor) {
                text_ += fmt::format("to {}: {} ({})\n\n", cell(push.to), cell(push.derivative), cell(push.meaning));
                continue;
            }
            formula(fmt::format("{} \\mathrel{{+}}= {} \\cdot {} = {}", d(push.to), d(step.name), ratio(step.name, push.to),
                                product(step.adjoint.number, push.local, push.product)));
            text_ += fmt::format("{}{}: {}; {}\n\n", cell(push.derivative),
                                 push.with_numbers.empty() ? "" : cell(fmt::format(" = {} = {}", push.with_numbers, number_(push.local))),
                                 cell(push.meaning),
                                 push.complete
                                     ? fmt::format("term {} of {}, the sum is {} now", push.arrived, push.expected, number_(push.running))
                                     : "its tensor is also reached as a whole");
        }
    }
    void sum(const Trace::Reverse& step) {
        if (step.terms.size() < 2) return formula(fmt::format("{} = {}", d(step.name), n(step.adjoint.number)));
        std::string terms;
        for (const Trace::Term& term : step.terms)
            terms += (terms.empty() ? "" : " + ") + std::string("\\underset{\\mathrm{R") + fmt::format("{}", term.step) + "}}{" +
                     factor(term.product) + "}";
        formula(fmt::format("{} = {} = {}", d(step.name), terms, n(step.adjoint.number)));
    }
    void tensor(const Trace::Reverse& step) {
        if (step.adjoint.tensor) text_ += cell(summary_text(*step.adjoint.tensor, number_)) + "\n\n";
        for (std::size_t k = 0; k < std::min<std::size_t>(step.elements.size(), 3); ++k) {
            const Trace::Element& element = step.elements[k];
            std::string terms;
            for (const Contribution& c : element.sum.shown)
                terms += (terms.empty() ? "" : " + ") + factor(c.incoming) + " \\cdot " + factor(c.local);
            if (element.sum.others > 0) terms += fmt::format(" + {} \\;\\text{{({} more)}}", factor(element.sum.rest), element.sum.others);
            formula(fmt::format("{} = {}{}", d(element.name), terms.empty() ? "" : terms + " = ", n(element.sum.total)));
        }
    }

    void paths(const Paths& p) {
        text_ += fmt::format("### {}\n\n{} path{}; their products add up to {}.\n\n", cell(p.of),
                             p.counted ? count_text(p.count) : "Uncounted", p.counted && p.count == 1 ? "" : "s", number_(p.total));
        if (p.shown.empty()) return;
        text_ += "| product | factors | way |\n|---|---|---|\n";
        for (const Paths::Path& path : p.shown) {
            std::string factors, way = cell(p.of);
            for (const Paths::Hop& hop : path.hops) {
                factors += (factors.empty() ? "" : " · ") + number_(hop.local);
                way += " → " + cell(hop.to);
            }
            text_ += fmt::format("| {} | {} | {} |\n", number_(path.product), factors, way);
        }
        if (p.count > p.shown.size())
            text_ += fmt::format("\n{} more add up to {}.\n", count_text(p.count - p.shown.size()), number_(p.rest));
        text_ += '\n';
    }

    const Trace& trace_;
    const MarkdownOptions& options_;
    Numbers number_;
    Notations names_;
    std::string text_;
    bool marked_ = false;
};

}  // namespace

std::string to_markdown(const Trace& trace, const MarkdownOptions& options) { return Document(trace, options).text(); }

}  // namespace v1
}  // namespace autodiff
