// SPDX-License-Identifier: MIT
// The steps of a page, each a details element: readable as it is, shown one at a time by the script.
#include "autodiff/explain/escape.hpp"
#include "autodiff/explain/page.hpp"

#include <cmath>
#include <fmt/format.h>

namespace autodiff {
inline namespace v1 {
namespace page {

namespace {

std::string flags(const Trace::Flags& f, bool backward) {
    const std::string text = flags_text(f, backward);
    return text.empty() ? "" : "<p class=\"flag\">⚠ " + html_escaped(text) + "</p>";
}

std::string scope_tag(const std::string& scope) { return scope.empty() ? "" : "<span class=\"scope\">" + html_escaped(scope) + "</span>"; }

std::string head(const Writer& write, const std::string& id, std::string_view name, std::string_view computation,
                 const std::string& scope) {
    return fmt::format("<summary><span class=\"id\">{}</span> <span class=\"what\">{} = {}</span>{}</summary>", id, write.text(name),
                       write.text(computation), scope_tag(scope));
}

/// Shape, extremes, and a picture.
std::string tensor_lines(const Writer& write, const Quantity& q, std::string_view what) {
    if (!q.tensor || !q.known) return "";
    const TensorSummary& t = *q.tensor;
    std::string list;
    if (t.shape.size() <= 24 && !t.values.empty()) {
        for (const double v : t.values) list += "<span>" + write.n(v) + "</span>";
        const Index columns = t.shape.rank() == 0 ? 1 : t.shape[-1];
        list = fmt::format("<div class=\"matrix\" style=\"grid-template-columns:repeat({},auto)\">{}</div>", columns, list);
    }
    return fmt::format("<div class=\"tensor\"><div>{}</div><div><span class=\"label\">{}</span> <span class=\"shape\">{}</span>"
                       "<p class=\"summary\">{}</p>{}</div></div>",
                       thumbnail(write, t), what, to_string(t.shape), html_escaped(summary_text(t, write.number, false)), list);
}

// Forward -------------------------------------------------------------------------------------------------------------------------------

std::string forward_formula(const Writer& write, const Trace::Forward& step) {
    std::string symbols, numbers;  // a math element is one line: several of them wrap
    bool scalars = !step.operands.empty() && !step.value.tensor;
    for (const Trace::Operand& operand : step.operands) {
        const std::string last = &operand == &step.operands.back() ? "<mo stretchy=\"false\">)</mo>" : "<mo>,</mo>";
        symbols += write.math((operand.row == 0 ? "<mn>" + write.text(operand.name) + "</mn>" : write.name(operand.name)) + last);
        scalars = scalars && operand.value.known && !operand.value.tensor;
        numbers += (numbers.empty() ? "" : ", ") + write.n(operand.value.number);
    }
    const std::string operation = "<mi class=\"w\">" + write.text(step.operation) + "</mi>";
    if (step.operands.empty()) return "<p class=\"given\">given: a " + write.text(step.operation) + " of the program</p>";
    std::string text = "<p class=\"formula sym\">" +
                       write.math(write.name(step.name) + "<mo>=</mo>" + operation + "<mo stretchy=\"false\">(</mo>") + symbols + "</p>";
    if (scalars)
        text += fmt::format("<p class=\"formula num\">{}({}) = <b class=\"result\">{}</b></p>", write.text(step.operation), numbers,
                            write.n(step.value.number));
    return text;
}

// Backward ------------------------------------------------------------------------------------------------------------------------------

std::string terms(const Writer& write, const Trace::Reverse& step) {
    if (step.terms.empty() || (step.terms.size() == 1 && step.terms[0].step == 0)) return "";
    std::string rows;
    for (const Trace::Term& term : step.terms)
        rows += fmt::format("<tr><td>{} {}</td><td class=\"num\">{}</td><td class=\"n\">{}</td></tr>", write.link(term.step, 'R'),
                            write.text(term.from),
                            term.numeric  ? write.product(term.incoming, term.local, term.product)
                            : step.tensor ? "a tensor of norm " + write.n(term.product)
                                          : "<b class=\"result\">" + write.n(term.product) + "</b>",
                            write.n(term.running));
    return fmt::format("<table class=\"terms\"><thead><tr><th>from</th><th>incoming · local</th><th>{}</th></tr></thead><tbody>{}"
                       "</tbody></table>",
                       step.tensor ? "norm of the sum" : "running sum", rows);
}

std::string local_derivative(const Writer& write, const Trace::Reverse& step, const Trace::Push& push) {
    const std::string number = write.number(push.local);
    std::string text = "<span class=\"sym\">" + write.math(write.ratio(step.name, push.to)) +
                       write.math("<mo>=</mo>" + mathml_formula(push.rule, {step.operands, step.name}, write.names)) + "</span>";
    if (push.numeric && push.factor && push.derivative != number) {
        text += "<span class=\"num\">";
        if (!push.with_numbers.empty()) text += " = " + html_escaped(push.with_numbers);
        text += " = <b>" + write.n(push.local) + "</b></span>";
    }
    return text;
}

/// Of a tensor that something is handed on to.
std::string shape_of(const Trace& trace, std::uint32_t row) {
    for (const Trace::Forward& step : trace.forward)
        if (step.number == row && step.value.tensor)
            return fmt::format(" <small>shape</small> <span class=\"shape\">{}</span>", to_string(step.value.tensor->shape));
    return "";
}

std::string push_of(const Writer& write, const Trace::Reverse& step, const Trace::Push& push, std::size_t k) {
    std::string text = fmt::format("<section class=\"push\"><h4>to {} <a class=\"to\" href=\"#F{}\">{}</a></h4><dl>", write.text(push.to),
                                   push.row, fmt::format("F{}", push.row));
    if (is_vjp(push.derivative))
        text += "<dt>adds</dt><dd>" +
                write.math(write.d(push.to) + "<mo>+=</mo><mtext>" + html_escaped(vjp_signs(push.derivative)) + "</mtext>") +
                " <small>ȳ is what is incoming</small></dd>";
    else
        text += "<dt>local</dt><dd>" + local_derivative(write, step, push) + "</dd>";
    const bool numeric = push.numeric && push.factor;
    if (numeric)
        text +=
            fmt::format("<dt>product</dt><dd><span class=\"sym\">{}</span> <span class=\"num product\" data-product=\"{}\" "
                        "id=\"R{}p{}\">{}</span></dd>",
                        write.math(write.d(step.name)) + write.math("<mo>·</mo>" + write.ratio(step.name, push.to)),
                        fmt::format("{:.17g}", push.product), step.number, k, write.product(step.adjoint.number, push.local, push.product));
    else if (push.numeric)
        text += "<dt class=\"after\">added</dt><dd class=\"after\"><b class=\"result\">" + write.n(push.product) + "</b></dd>";
    else
        text += fmt::format("<dt class=\"after\">added</dt><dd class=\"after num\">norm <b class=\"result\">{}</b>{}</dd>",
                            write.n(push.product), shape_of(write.trace, push.row));
    if (push.numeric && push.complete)
        text += fmt::format("<dt class=\"after\">so far</dt><dd class=\"after\">{} <small>term {} of {}{}</small></dd>",
                            write.n(push.running), push.arrived, push.expected, push.arrived == push.expected ? ": complete" : "");
    else if (!push.numeric)
        text += fmt::format("<dt class=\"after\">so far</dt><dd class=\"after\">norm {} <small>part {} of {}{}</small></dd>",
                            write.n(push.running), push.arrived, push.expected, push.arrived == push.expected ? ": complete" : "");
    return text + "<dt class=\"after\">meaning</dt><dd class=\"after meaning\">" + html_escaped(push.meaning) + "</dd></dl></section>";
}

/// The element whose first term a quiz asks for: the largest that has one.
const Trace::Element* asked(const Trace::Reverse& step) {
    const Trace::Element* largest = nullptr;
    for (const Trace::Element& e : step.elements)
        if (!e.sum.shown.empty() && (largest == nullptr || std::abs(e.sum.total) > std::abs(largest->sum.total))) largest = &e;
    return largest;
}

std::string element(const Writer& write, const Trace::Element& e, bool asks) {
    std::string sum;
    for (const Contribution& c : e.sum.shown) {
        sum += asks ? fmt::format("<li data-product=\"{:.17g}\">", c.product) : "<li>";
        asks = false;
        sum += fmt::format("{} {}: {}</li>", write.link(c.step, 'R'), write.text(c.through), write.product(c.incoming, c.local, c.product));
    }
    if (e.sum.others > 0) sum += fmt::format("<li>{} more: <b>{}</b></li>", e.sum.others, write.n(e.sum.rest));
    return fmt::format("<details class=\"element\" data-flat=\"{0}\" data-of=\"{1}\"><summary>{1} <span class=\"n\">{2}</span></summary>"
                       "<ul>{3}</ul></details>",
                       e.flat, write.text(e.name), write.n(e.sum.total), sum);
}

std::string remarks(const Writer& write, std::uint32_t step) {
    std::string text;
    for (const Trace::Remark& remark : write.trace.remarks)
        if (remark.step == step)
            text += fmt::format("<p class=\"remark{}\">{} {}</p>", remark.kind == Trace::Remark::Kind::wrong ? " wrong" : "",
                                sign_of(remark.kind), html_escaped(remark.text));
    return text;
}

/// Three lines: the step, what is incoming, what is handed on. A quiz keeps back what it asks for.
std::string caption(const Writer& write, const Trace::Reverse& step) {
    const std::string what = fmt::format("Step R{}, {} = {}.", step.number, step.name, step.computation);
    const std::string incoming =
        step.reached ? fmt::format("Incoming {}, {}.", quantity_text(step.adjoint, write.number), step.why) : step.why + ".";
    std::string handed;
    for (const Trace::Push& push : step.pushes)
        handed += push.numeric ? fmt::format("{} receives {}. ", push.to, write.number(push.product))
                               : fmt::format("{} receives its part. ", push.to);
    return fmt::format("{}\n{}\n{}", html_escaped(what), html_escaped(incoming), html_escaped(handed));
}

}  // namespace

std::string forward_steps(const Writer& write) {
    std::string text;
    for (const Trace::Forward& step : write.trace.forward) {
        const std::string id = fmt::format("F{}", step.number);
        text += fmt::format(
            "<details open class=\"step forward\" id=\"{0}\" data-row=\"{1}\" data-scope=\"{2}\" data-caption=\"Step {0}, {3} = "
            "{4}, is {5}.\">",
            id, step.number, write.text(step.scope), write.text(step.name), write.text(step.computation),
            html_escaped(quantity_text(step.value, write.number)));
        text += head(write, id, step.name, step.computation, scope_text(step.scope, step.place)) + "<div class=\"body\">" +
                forward_formula(write, step);
        if (!step.value.tensor || !step.value.known)
            text += "<p class=\"value\"><span class=\"label\">value</span> " + quantity(write, step.value) + "</p>";
        text += tensor_lines(write, step.value, "value") + flags(step.flags, false) + "</div></details>\n";
    }
    return text;
}

std::string reverse_steps(const Writer& write) {
    std::string text;
    for (const Trace::Reverse& step : write.trace.reverse) {
        const std::string id = fmt::format("R{}", step.number);
        text += fmt::format("<details open class=\"step reverse\" id=\"{}\" data-row=\"{}\" data-scope=\"{}\" data-caption=\"{}\">", id,
                            step.row, write.text(step.scope), caption(write, step));
        text += head(write, id, step.name, step.computation, scope_text(step.scope, step.place)) + "<div class=\"body\">";
        text +=
            fmt::format("<section class=\"incoming\"><h4>incoming</h4><p class=\"formula\">{}<span class=\"num\"> = <b>{}</b></span></p>"
                        "<p class=\"why\">{}</p>{}</section>",
                        write.math(write.d(step.name)), quantity(write, step.adjoint), html_escaped(step.why), terms(write, step));
        text += tensor_lines(write, step.adjoint, "adjoint");
        for (std::size_t k = 0; k < step.pushes.size(); ++k) text += push_of(write, step, step.pushes[k], k);
        if (step.pushes.empty() && step.reached) text += "<p class=\"given\">a variable: this is its derivative, nothing is handed on</p>";
        if (!step.elements.empty()) {
            text += "<section class=\"elements\"><h4>elements</h4>";
            for (const Trace::Element& e : step.elements) text += element(write, e, &e == asked(step));
            text += "</section>";
        }
        text += flags(step.flags, true) + remarks(write, step.number) + "</div></details>\n";
    }
    return text;
}

}  // namespace page
}  // namespace v1
}  // namespace autodiff
