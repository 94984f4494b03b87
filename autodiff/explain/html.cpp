// SPDX-License-Identifier: MIT
// One page: header, graph, steps, weights, paths, and the script that walks through them. The same trace gives the same bytes.
#include "autodiff/explain/escape.hpp"
#include "autodiff/explain/outputs.hpp"
#include "autodiff/explain/page.hpp"

#include <fmt/format.h>

namespace autodiff {
inline namespace v1 {

namespace {

constexpr std::string_view policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:";

std::string convention(const Trace& trace) {
    if (trace.layers.empty()) return "";
    return fmt::format(
        "<p class=\"convention\">W<sub>ij</sub> leads from input i to neuron j: z<sub>j</sub> = Σ<sub>i</sub> W<sub>ij</sub> "
        "a<sub>i</sub> + b<sub>j</sub>. The gradient of neuron j is column j. Indices count from {}. PyTorch stores the "
        "transpose.</p>",
        trace.options.first_index);
}

std::string section(std::string_view id, std::string_view title, const std::string& content) {
    return content.empty() ? "" : fmt::format("<section id=\"{}\"><h2>{}</h2>{}</section>\n", id, title, content);
}

std::string head(const Trace& trace) {
    return fmt::format(
               "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
               "<meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n"
               "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
               "<meta name=\"color-scheme\" content=\"light dark\">\n<link rel=\"icon\" href=\"data:,\">\n<title>{}</title>\n<style>\n",
               policy, html_escaped(trace.title)) +
           std::string(page::style) + "</style>\n</head>\n";
}

std::string header(const page::Writer& write) {
    const Trace& trace = write.trace;
    const std::string hidden = trace.rows > trace.forward.size()
                                   ? fmt::format(" &middot; the first and last {} of {} rows are shown", trace.forward.size(), trace.rows)
                                   : "";
    return fmt::format("<header><div class=\"title\"><h1>{}</h1><p class=\"loss\"><b>{} = {}</b> &middot; {} steps forward, {} back, {} "
                       "variables{}</p></div>\n<div id=\"timeline\" hidden></div>\n",
                       html_escaped(trace.title), html_escaped(trace.loss), write.n(trace.loss_value), trace.forward.size(),
                       trace.reverse.size(), trace.variables, hidden) +
           std::string(page::controls) + "</header>\n";
}

}  // namespace

std::string to_html(const Trace& trace, const PageOptions& options) {
    const page::Writer write(trace);
    std::string html = head(trace) + "<body>\n" + header(write);
    html += "<p id=\"caption\" aria-live=\"polite\"></p>\n<main>\n";
    html += section("graph", "Graph", page::drawing(write));
    html += page::drill;
    html += "<section id=\"steps\"><h2>Forward: what was computed</h2>\n" + page::forward_steps(write) +
            "<h2>Backward: how the derivatives come about</h2>\n" + page::reverse_steps(write) + "</section>\n</main>\n";
    html += convention(trace);
    html += section("weights", "Weights taken apart", page::weights(write));
    html += section("paths", "Paths: every way from a value to the loss", page::paths(write));
    html += page::dialogs;
    html += "<script type=\"application/json\" id=\"data\">" + page::data(trace) + "</script>\n";
    html += "<script>\n\"use strict\";\n(() => {\n" + std::string(page::script) + "})();\n</script>\n</body>\n</html>\n";
    if (html.size() > options.most_bytes)
        throw ValueError("to_html", fmt::format("a page of at most {} bytes", options.most_bytes), fmt::format("{}", html.size()),
                         "fewer options.rows, terms or elements make it smaller");
    return html;
}

}  // namespace v1
}  // namespace autodiff
