// SPDX-License-Identifier: MIT
// Explanations as text: lines of cells whose columns align.
#include "autodiff/explain/explain.hpp"
#include "autodiff/explain/outputs.hpp"
#include "autodiff/explain/table.hpp"
#include "autodiff/explain/words.hpp"

#include <cmath>

namespace autodiff {
inline namespace v1 {

namespace {

constexpr std::size_t longest_column = 12;  // entries of a gradient that are printed without a gap

struct Printer {
    const Explanation& about;
    Numbers number{about.digits};
    mutable bool marked = false;  // whether some product was marked as rounded

    [[nodiscard]] std::string d(std::string_view of, std::string_view by) const { return fmt::format("d{}/d{}", of, by); }
    [[nodiscard]] std::string product(double a, double b, double y, bool align = true) const {
        const std::string_view mark = number.mark(a, b, y);
        marked = marked || !mark.empty();
        return (align ? number.aligned(y) : number(y)) + std::string(mark);
    }
    [[nodiscard]] std::string finish(std::string text) const {
        if (marked) text += "~ the factors are rounded for print, the product is not their product to the last digit\n";
        return text;
    }

    /// The end of every long sum: what was shown, what was not, and what the sweep says.
    [[nodiscard]] std::string total(double shown, std::size_t others, double rest, double magnitude, double swept) const {
        std::string text;
        if (others > 0) text = fmt::format("shown + rest = {} + {} = {}\n", number(shown), number(rest), number(swept));
        const double sum = shown + rest;
        if (std::isnan(sum) != std::isnan(swept) || std::abs(sum - swept) > 1e-4 * magnitude)
            text += fmt::format("the terms add up to {}, the sweep carries {}\n", number(sum), number(swept));
        return text;
    }

    [[nodiscard]] std::string operator()(const Contributions& sum) const {
        const std::string derivative = d(about.loss, sum.of);
        if (sum.seed) return fmt::format("{} = 1, the seed of the sweep\n", derivative);
        if (!sum.reached) return fmt::format("{} = -   {} does not depend on {}\n", derivative, about.loss, sum.of);
        TextTable table;
        double running = 0, magnitude = 0;
        table.line({"through", "operation", "incoming", "local", "product", "running sum"});
        for (const Contribution& c : sum.shown) {
            running += c.product, magnitude += std::abs(c.product);
            table.line({c.through, c.operation, number.aligned(c.incoming), "* " + number.aligned(c.local),
                        "= " + product(c.incoming, c.local, c.product), number.aligned(running)});
        }
        if (sum.others > 0)
            table.line(
                {fmt::format("{} more", sum.others), "", "", "", "= " + number.aligned(sum.rest), number.aligned(running + sum.rest)});
        return finish(fmt::format("{} = {}\n\n", derivative, number(sum.total)) + table.text(1) +
                      total(running, sum.others, sum.rest, magnitude, sum.total));
    }

    // A dense layer -----------------------------------------------------------------------------------------------------------------------

    [[nodiscard]] std::string formula(const DenseWeight& w, const DenseSample& s) const {
        if (w.activation.empty()) return fmt::format("{} * {}", d(about.loss, s.a), s.from);
        return fmt::format("{} * {}'({}) * {}", d(about.loss, s.a), w.activation, s.z, s.from);
    }

    [[nodiscard]] std::string steps(const DenseWeight& w, const DenseSample& s) const {
        TextTable table;
        const auto& paths = s.abar.shown;
        const std::size_t n = paths.size() + s.abar.others;
        const std::string abar = d(about.loss, s.a), zbar = d(about.loss, s.z);
        table.line({"step 1", abar, s.abar.seed ? "the seed of the sweep" : fmt::format("{} path{}", n, n == 1 ? "" : "s"),
                    "= " + number.aligned(s.abar.total)});
        for (const Contribution& c : paths)
            table.line({"", "",
                        fmt::format("{} * {} = {}   {} {}", number(c.incoming), number(c.local),
                                    product(c.incoming, c.local, c.product, false), c.operation, c.through)});
        if (s.abar.others > 0) table.line({"", "", fmt::format("{} more = {}", s.abar.others, number(s.abar.rest))});
        if (w.activation.empty()) {
            table.line({"step 2", "", "no activation follows", "=  1"});
        } else {
            table.line({"step 2", d(s.a, s.z),
                        fmt::format("{}' = {}, x = {}, y = {}", w.activation, w.derivative, number(s.sum), number(s.output)),
                        "= " + number.aligned(s.slope)});
            table.line({"", zbar, "step 1 * step 2", "= " + product(s.abar.total, s.slope, s.delta)});
        }
        table.line({"step 3", d(s.z, w.weight), s.from, "= " + number.aligned(s.input)});
        table.line(
            {"product", w.samples == 1 ? d(about.loss, w.weight) : "", zbar + " * step 3", "= " + product(s.delta, s.input, s.product)});
        return table.text(1);
    }

    [[nodiscard]] std::string samples(const DenseWeight& w) const {
        TextTable table;
        const bool activation = !w.activation.empty();
        std::vector<std::string> head{"sample", d(about.loss, "a")};
        if (activation) head.insert(head.end(), {w.activation + "'(z)", d(about.loss, "z")});
        head.insert(head.end(), {"input", "product"});
        table.line(std::move(head));
        double shown = 0, magnitude = 0;
        for (const DenseSample& s : w.shown) {
            shown += s.product, magnitude += std::abs(s.product);
            std::vector<std::string> cells{fmt::format("{}", s.sample + first_sample), number.aligned(s.abar.total)};
            if (activation) cells.insert(cells.end(), {"* " + number.aligned(s.slope), "= " + product(s.abar.total, s.slope, s.delta)});
            cells.insert(cells.end(), {"* " + number.aligned(s.input), "= " + product(s.delta, s.input, s.product)});
            table.line(std::move(cells));
        }
        const std::size_t others = w.samples - w.shown.size();
        std::string text = table.text(1);
        if (others > 0) text += fmt::format(" {} more samples, their products add up to {}\n", others, number(w.rest));
        return text + total(shown, others, w.rest, magnitude, w.total);
    }

    [[nodiscard]] std::string column(const DenseWeight& w) const {
        std::string text = fmt::format("gradient of {}:  [", w.neuron);
        bool gap = false;
        for (std::size_t k = 0; k < w.column.size(); ++k) {
            const bool edge = k < longest_column / 2 || k + longest_column / 3 >= w.column.size();
            if (w.column.size() > longest_column && !edge && k != w.selected) {
                if (!gap) text += "  ...";
                gap = true;
                continue;
            }
            text += (k == 0 ? "" : "  ") + number(w.column[k]);
            gap = false;
        }
        return text + "]^T\n";
    }

    [[nodiscard]] std::string operator()(const DenseWeight& w) const {
        const DenseSample& s = w.shown.front();
        const std::string derivative = d(about.loss, w.weight);
        if (w.samples == 1)
            return finish(fmt::format("{} = {} = {}\n\n", derivative, formula(w, s), number(w.total)) + steps(w, s) + column(w));
        const std::string factors =
            w.activation.empty() ? d(about.loss, "a") + " * input" : fmt::format("{} * {}'(z) * input", d(about.loss, "a"), w.activation);
        return finish(fmt::format("{} = sum over {} samples of {} = {}\n\n", derivative, w.samples, factors, number(w.total)) + samples(w) +
                      fmt::format("\nsample {}, the largest product: {}\n\n", s.sample + first_sample, formula(w, s)) + steps(w, s) +
                      column(w));
    }

    [[nodiscard]] std::string operator()(const Trace& trace) const { return to_text(trace); }

    Index first_sample = about.first_index;
};

}  // namespace

std::string to_string(const Explanation& explanation) { return std::visit(Printer{explanation}, explanation.form); }

}  // namespace v1
}  // namespace autodiff
