// SPDX-License-Identifier: MIT
#include "examples/wengert/part.hpp"

#include "autodiff/explain/words.hpp"
#include "examples/wengert/bad_input.hpp"
#include "examples/wengert/words.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace wengert {

using autodiff::Trace;

namespace {

/// F3 comes before F4, and R1 after all of them.
struct Place {
    bool reverse = false;
    std::uint32_t number = 0;
    auto operator<=>(const Place&) const = default;
};

Place place(const std::string& option, const std::string& text, const Trace& trace) {
    const auto number = whole_number(std::string_view(text).substr(std::min<std::size_t>(1, text.size())));
    const auto is = [&](const auto& step) { return number && step.number == *number; };
    const bool reverse = !text.empty() && (text[0] == 'R' || text[0] == 'r'), forward = !text.empty() && (text[0] == 'F' || text[0] == 'f');
    const bool there = (reverse && std::any_of(trace.reverse.begin(), trace.reverse.end(), is)) ||
                       (forward && std::any_of(trace.forward.begin(), trace.forward.end(), is));
    if (!there)
        throw BadInput(fmt::format("{}: expected a step from F{} to F{} or from R{} to R{}, got '{}'", option, trace.forward.front().number,
                                   trace.forward.back().number, trace.reverse.front().number, trace.reverse.back().number,
                                   autodiff::printable(text)));
    return {reverse, static_cast<std::uint32_t>(*number)};
}

/// W for W and for its elements W[0, 1].
bool means(const std::string& name, const std::string& variable) {
    return name == variable || (name.starts_with(variable) && name[variable.size()] == '[');
}

void keep_variable(Trace& trace, const std::string& variable) {
    std::vector<std::string> names;
    for (const Trace::Forward& step : trace.forward) names.push_back(step.name);
    if (std::none_of(names.begin(), names.end(), [&](const std::string& name) { return means(name, variable); }))
        throw BadInput(
            fmt::format("--var: expected the name of a value, got '{}'{}", autodiff::printable(variable), did_you_mean(variable, names)));
    std::erase_if(trace.forward, [&](const Trace::Forward& step) {
        return !means(step.name, variable) &&
               std::none_of(step.operands.begin(), step.operands.end(), [&](const auto& x) { return means(x.name, variable); });
    });
    std::erase_if(trace.reverse, [&](const Trace::Reverse& step) {
        return !means(step.name, variable) &&
               std::none_of(step.pushes.begin(), step.pushes.end(), [&](const auto& push) { return means(push.to, variable); });
    });
}

void forget_all_but_steps(Trace& trace) { trace.weights.clear(), trace.paths.clear(), trace.layers.clear(), trace.graph = {}; }

}  // namespace

void keep(Trace& trace, const Part& part) {
    if (!part.step.empty() && !(part.from.empty() && part.to.empty()))
        throw BadInput("--step: expected no --from and no --to with it, got both");
    const std::string &first = part.step.empty() ? part.from : part.step, &last = part.step.empty() ? part.to : part.step;
    const Place from = first.empty() ? Place{} : place(part.step.empty() ? "--from" : "--step", first, trace);
    const Place to = last.empty() ? Place{true, UINT32_MAX} : place(part.step.empty() ? "--to" : "--step", last, trace);
    if (to < from) throw BadInput(fmt::format("--to: expected a step after {}, got {}", part.from, part.to));
    if (!part.variable.empty()) keep_variable(trace, part.variable);
    const auto outside = [&](bool reverse) {
        return [reverse, from, to](const auto& step) { return Place{reverse, step.number} < from || to < Place{reverse, step.number}; };
    };
    std::erase_if(trace.forward, outside(false));
    std::erase_if(trace.reverse, outside(true));
    trace.rows = trace.forward.size();
    forget_all_but_steps(trace);
}

void keep_paths(Trace& trace) {
    std::vector<autodiff::Paths> paths;
    if (!trace.paths.empty()) paths.push_back(std::move(trace.paths.front()));
    trace.forward.clear(), trace.reverse.clear();
    trace.rows = 0;
    forget_all_but_steps(trace);
    trace.paths = std::move(paths);
}

}  // namespace wengert
