// SPDX-License-Identifier: MIT
// A trace for the terminal: one line a step, then the tensors, weights and paths that were taken apart.
#include "autodiff/explain/explain.hpp"
#include "autodiff/explain/outputs.hpp"
#include "autodiff/explain/table.hpp"
#include "autodiff/explain/writing.hpp"

#include <cmath>

namespace autodiff {
inline namespace v1 {

namespace {

class Writer {
  public:
    explicit Writer(const Trace& trace) : trace_(trace), number_(trace.options.digits) {}

    std::string text() {
        TextTable forward, reverse;
        for (const auto& row : trace_.forward)
            forward.line({fmt::format("F{}", row.number), row.name, row.computation, "= " + quantity_text(row.value, number_),
                          flags_text(row.flags, false), row.place.empty() ? "" : scope_text(row.scope, row.place)});
        if (!trace_.reverse.empty()) reverse.line({"R", "row", "operation", "incoming", "local", "pushes", "running"});
        for (const auto& step : trace_.reverse) add(step, reverse);
        const std::size_t unseen = trace_.rows - trace_.forward.size();
        const std::string more = unseen == 0 ? "" : fmt::format("... {} more row{} not shown\n", unseen, unseen == 1 ? " is" : "s are");
        std::string text = fmt::format("{} = {}   {} row{}, {} variable{}   seed: {} = 1\n\n", trace_.loss, number_(trace_.loss_value),
                                       trace_.rows, trace_.rows == 1 ? "" : "s", trace_.variables, trace_.variables == 1 ? "" : "s",
                                       derivative_name(trace_, trace_.loss)) +
                           forward.text() + more + '\n' + reverse.text() + more;
        for (const Trace::Remark& remark : trace_.remarks)
            text += fmt::format("{} R{}  {}\n", sign_of(remark.kind), remark.step, visible(remark.text));
        for (const auto& step : trace_.reverse)
            if (tells_more(step)) text += tensor(step);
        for (const DenseWeight& weight : trace_.weights)
            if (weight.featured)
                text += '\n' +
                        to_string(Explanation{trace_.loss, trace_.loss_value, weight, trace_.options.digits, trace_.options.first_index});
        for (const Paths& paths : trace_.paths)
            if (paths.asked) text += list(paths);
        if (marked_) text += "~ the factors are rounded for print, the product is not their product to the last digit\n";
        return text;
    }

  private:
    std::string product(double a, double b, double y) {
        const std::string_view mark = number_.mark(a, b, y);
        marked_ = marked_ || !mark.empty();
        return number_(y) + std::string(mark);
    }

    std::string incoming(const Trace::Reverse& step) {
        const std::string adjoint = quantity_text(step.adjoint, number_);
        const auto& terms = step.terms;
        if (terms.size() == 1 && terms[0].step == 0) return adjoint + " (seed)";
        if (step.tensor) {
            std::string text = adjoint;
            for (std::size_t k = 0; k < terms.size(); ++k)
                text += fmt::format("{} (R{} {})", k == 0 ? " =" : " +", terms[k].step, terms[k].from);
            return text;
        }
        if (terms.size() < 2) return adjoint + (terms.empty() ? "" : fmt::format(" (R{} {})", terms[0].step, terms[0].from));
        std::string text = adjoint + " =";
        for (std::size_t k = 0; k < terms.size(); ++k)
            text += fmt::format("{} {} (R{} {})", k == 0 ? "" : " +", number_(terms[k].product), terms[k].step, terms[k].from);
        return text;
    }

    void add(const Trace::Reverse& step, TextTable& table) {
        std::vector<std::string> cells{fmt::format("R{}", step.number), step.name, step.operation, incoming(step)};
        for (const auto& push : step.pushes) {
            const bool factor = push.numeric && push.factor;
            const std::string local = number_(push.local);
            cells.push_back(!factor || push.derivative == local ? push.derivative : fmt::format("{} = {}", push.derivative, local));
            if (push.numeric)
                cells.push_back(fmt::format("{} += {}", push.to,
                                            factor ? product(step.adjoint.number, push.local, push.product) : number_(push.product)));
            else
                cells.push_back(push.to);
            if (push.numeric && push.complete) cells.push_back(number_.aligned(push.running));
            if (&push == &step.pushes.front())
                if (const std::string flags = flags_text(step.flags, true); !flags.empty()) {
                    cells.resize(7);
                    cells.push_back(flags);
                }
            table.line(std::move(cells));
            cells = {"", "", "", ""};
        }
        if (step.pushes.empty()) table.line({cells[0], cells[1], cells[2], cells[3], "-", step.reached ? "-" : "not reached"});
    }

    /// Whether some element of a tensor is more than a copy of another one.
    static bool tells_more(const Trace::Reverse& step) {
        return std::any_of(step.elements.begin(), step.elements.end(), [](const Trace::Element& element) {
            const auto& shown = element.sum.shown;
            return shown.size() > 1 || (shown.size() == 1 && std::abs(shown[0].local) != 1);
        });
    }

    /// A tensor's adjoint: what it is like, and its largest elements taken apart.
    std::string tensor(const Trace::Reverse& step) {
        const TensorSummary& t = *step.adjoint.tensor;
        std::string text = fmt::format("\nR{}  {}  {}\n", step.number, derivative_name(trace_, step.name), summary_text(t, number_));
        for (Index row = 0; t.sampled && row < t.rows; ++row) {
            text += "  ";
            for (Index column = 0; column < t.columns; ++column)
                text += thumbnail_character(t.thumbnail[static_cast<std::size_t>(row * t.columns + column)], t);
            text += '\n';
        }
        TextTable table;
        for (std::size_t k = 0; k < std::min(step.elements.size(), trace_.options.terms); ++k) {
            const Trace::Element& element = step.elements[k];
            std::string sum;
            for (const Contribution& c : element.sum.shown)
                sum +=
                    fmt::format("{}{} * {} (R{} {})", sum.empty() ? "= " : " + ", number_(c.incoming), number_(c.local), c.step, c.through);
            if (element.sum.others > 0) sum += fmt::format(" + {} ({} more)", number_(element.sum.rest), element.sum.others);
            table.line({element.name, number_.aligned(element.sum.total), sum});
        }
        const auto size = static_cast<std::size_t>(t.shape.size()), shown = std::min(step.elements.size(), trace_.options.terms);
        return text + table.text(2) +
               (size > shown ? fmt::format("  ... {} more element{}\n", size - shown, size - shown == 1 ? "" : "s") : "");
    }

    std::string list(const Paths& paths) {
        if (!paths.counted) return fmt::format("\npaths from {}: too many values lie between, they were not counted\n", paths.of);
        std::string text = fmt::format("\npaths from {} to {}: {}, their products add up to {}\n", paths.of, trace_.loss,
                                       count_text(paths.count), number_(paths.total));
        TextTable table;
        for (const Paths::Path& path : paths.shown) {
            std::string way = paths.of, factors;
            for (const Paths::Hop& hop : path.hops) {
                way += " -> " + hop.to;
                factors += (factors.empty() ? "= " : " * ") + number_(hop.local);
            }
            table.line({number_.aligned(path.product), factors, way});
        }
        text += table.text(1);
        if (paths.count > paths.shown.size())
            text += fmt::format(" {} more paths add up to {}\n", count_text(paths.count - paths.shown.size()), number_(paths.rest));
        if (paths.count > 1 && paths.total != 0 && std::isfinite(paths.magnitude))
            text += fmt::format(" sum of |products| / |sum| = {}\n", number_(paths.magnitude / std::abs(paths.total)));
        return text;
    }

    const Trace& trace_;
    Numbers number_;
    bool marked_ = false;
};

}  // namespace

std::string to_text(const Trace& trace) { return Writer(trace).text(); }

}  // namespace v1
}  // namespace autodiff
