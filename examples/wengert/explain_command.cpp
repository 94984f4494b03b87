// SPDX-License-Identifier: MIT
// wengert explain: a formula or a network is recorded once; everything that is shown is read from the tape.
#include "autodiff/explain/explain.hpp"
#include "autodiff/explain/outputs.hpp"
#include "autodiff/explain/words.hpp"
#include "autodiff/ops/element.hpp"
#include "examples/wengert/bad_input.hpp"
#include "examples/wengert/commands.hpp"
#include "examples/wengert/expression.hpp"
#include "examples/wengert/part.hpp"
#include "examples/wengert/problem.hpp"
#include "examples/wengert/words.hpp"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <limits>

namespace wengert {

using autodiff::ExplainOptions, autodiff::printable, autodiff::Scalar;

namespace {

/// --at w=0.5,a=pi/2: a value is a formula without variables.
std::vector<std::pair<std::string, double>> parse_values(const std::vector<std::string>& lists) {
    std::vector<std::pair<std::string, double>> values;
    for (const std::string& list : lists)
        for (const std::string_view part : split(list, ',')) {
            const std::size_t equals = part.find('=');
            const std::string name(trimmed(part.substr(0, equals)));
            const bool is_name =
                !name.empty() &&
                name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") == std::string::npos &&
                (name[0] < '0' || name[0] > '9');
            if (equals == std::string_view::npos || !is_name)
                throw BadInput(fmt::format("--at: expected names with values such as w=0.5,a=2, got '{}'", printable(part)));
            for (const auto& [other, unused] : values)
                if (other == name) throw BadInput(fmt::format("--at: expected every name once, got '{}' again", name));
            Values none;
            values.emplace_back(name, evaluate(parse_expression(std::string(part.substr(equals + 1))), none).value());
        }
    return values;
}

/// The values of a recorded program that can be asked about.
class Asked {
  public:
    Asked(Values scalars, NamedValues tensors, Index first_index)
        : scalars_(std::move(scalars)), tensors_(std::move(tensors)), first_index_(first_index) {}

    /// `w`, or an element `W1[0, 1]` of a tensor.
    [[nodiscard]] Scalar find(const std::string& option, const std::string& text) const {
        const std::size_t bracket = text.find('[');
        const std::string name(trimmed(std::string_view(text).substr(0, bracket)));
        if (const auto scalar = scalars_.find(name); scalar != scalars_.end() && bracket == std::string::npos) return scalar->second;
        const auto tensor = tensors_.find(name);
        if (tensor == tensors_.end()) {
            std::vector<std::string> names;
            for (const auto& [known, unused] : scalars_) names.push_back(known);
            for (const auto& [known, unused] : tensors_) names.push_back(known);
            throw BadInput(fmt::format("{}: expected the name of a value, got '{}'{}", option, printable(text), did_you_mean(name, names)));
        }
        const autodiff::Shape& shape = tensor->second.shape();
        const auto wanted = [&] {
            std::string example = name + "[";
            for (Index axis = 0; axis < shape.rank(); ++axis) example += fmt::format("{}{}", axis > 0 ? ", " : "", first_index_);
            return BadInput(fmt::format("{}: expected an element of {} {}, such as '{}]', got '{}'", option, name, to_string(shape),
                                        example, printable(text)));
        };
        std::vector<Index> position;
        if (bracket != std::string::npos) {
            if (text.back() != ']') throw wanted();
            for (const std::string_view part : split(std::string_view(text).substr(bracket + 1, text.size() - bracket - 2), ',')) {
                const auto index = whole_number(trimmed(part));
                if (!index) throw wanted();
                position.push_back(*index - first_index_);
            }
        }
        if (static_cast<Index>(position.size()) != shape.rank()) throw wanted();
        for (Index axis = 0; axis < shape.rank(); ++axis) {
            const Index at = position[static_cast<std::size_t>(axis)];
            if (at < 0 || at >= shape[axis]) throw wanted();
        }
        return tensor->second.element(position);
    }

  private:
    Values scalars_;
    NamedValues tensors_;
    Index first_index_;
};

std::string format_of(const ExplainCommand& command) {
    if (!command.format.empty()) return command.format;
    const std::filesystem::path file = command.output;
    const std::string extension = file.extension().string();
    for (const auto& [ending, format] : {std::pair{"", "text"},
                                         {".txt", "text"},
                                         {".html", "html"},
                                         {".htm", "html"},
                                         {".md", "md"},
                                         {".dot", "dot"},
                                         {".gv", "dot"},
                                         {".mmd", "mermaid"}})
        if (extension == ending) return format;
    throw BadInput(fmt::format("--output: expected a file called .txt, .md, .html, .dot, .gv or .mmd, or --format with it, got '{}'",
                               printable(file.filename().string())));
}

/// A part of a trace has no use for a line about the whole of it.
std::string without_heading(const std::string& text) {
    const std::size_t start = text.find_first_not_of('\n', text.find('\n'));
    return start == std::string::npos ? "" : text.substr(start);
}

template <class L>
std::string explained(const ExplainCommand& command, const std::string& title, const L& loss, const Asked& asked) {
    const std::string format = format_of(command);
    ExplainOptions options;
    options.first_index = command.one_based ? 1 : 0;
    options.digits = command.digits;
    options.quiz = command.quiz;
    options.title = title;
    const Part part{command.step, command.from, command.to, command.variable};
    if (!part.everything()) options.rows = std::numeric_limits<std::size_t>::max();  // a part is looked for in the whole tape
    if (command.rows > 0) options.rows = static_cast<std::size_t>(command.rows);
    if (command.quiz && format != "html") throw BadInput(fmt::format("--quiz: expected --format html, got {}", format));
    if (!command.why.empty()) {
        if (format != "text") throw BadInput(fmt::format("--why: expected --format text, got {}", format));
        return to_string(autodiff::explain(loss, asked.find("--why", command.why), options));
    }
    if (!part.everything() && format != "text" && format != "md")
        throw BadInput(fmt::format("--step, --from, --to and --var: expected --format text or md, got {}", format));
    if (!command.paths.empty()) {
        if (format != "text") throw BadInput(fmt::format("--paths: expected --format text, got {}", format));
        options.elements.push_back(asked.find("--paths", command.paths));
    }
    autodiff::Trace trace = autodiff::trace(loss, options);
    if (!command.paths.empty()) keep_paths(trace);
    if (!part.everything()) keep(trace, part);
    if (format == "md") return to_markdown(trace);
    if (format == "html") return to_html(trace);
    if (format == "dot") return to_dot(trace);
    if (format == "mermaid") return to_mermaid(trace);
    if (!part.everything() || !command.paths.empty()) return without_heading(to_text(trace));
    return to_text(trace) + (trace.forward.size() < trace.rows ? fmt::format("--rows {} shows all of them\n", trace.rows) : "");
}

std::string explain_expression(const ExplainCommand& command) {
    const Expression expression = parse_expression(command.expression);
    const std::vector<std::string> needed = free_names(expression);
    autodiff::Tape tape;
    Values values;
    for (const auto& [name, value] : parse_values(command.at)) {
        if (std::find(needed.begin(), needed.end(), name) == needed.end())
            throw BadInput(fmt::format("--at: expected the variables of the formula, got '{}'{}", name, did_you_mean(name, needed)));
        values.emplace(name, tape.variable(value, name));
    }
    const Scalar loss = evaluate(expression, values);
    if (!loss.recorded())
        throw BadInput(pointing("expected a formula of variables, with --at for their values, got a constant", command.expression, 0));
    return explained(command, command.expression, loss, Asked(std::move(values), {}, command.one_based ? 1 : 0));
}

std::string explain_network(const ExplainCommand& command) {
    const Problem problem = make_problem(command.problem);
    autodiff::Tape tape;
    Recorded recorded = record(tape, problem);
    return explained(command, command.problem.net, recorded.loss, Asked({}, std::move(recorded.values), command.one_based ? 1 : 0));
}

}  // namespace

int run(const ExplainCommand& command) {
    if (command.expression.empty() == command.problem.net.empty())
        throw BadInput(command.expression.empty() ? "explain: expected a formula or --net, got neither"
                                                  : "explain: expected a formula or --net, got both");
    std::string text = command.expression.empty() ? explain_network(command) : explain_expression(command);
    if (!text.empty() && text.back() != '\n') text += '\n';
    write_output(text, command.output);
    return 0;
}

}  // namespace wengert
