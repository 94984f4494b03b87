// SPDX-License-Identifier: MIT
#include "autodiff/explain/tracing.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace autodiff {
inline namespace v1 {

namespace {

/// A name without its indices, cut where a layer's number begins.
struct Parts {
    std::string_view stem, number, dotted;
};

Parts parts_of(std::string_view name) {
    if (const std::size_t bracket = name.find('['); bracket != std::string_view::npos && bracket > 0) name = name.substr(0, bracket);
    Parts parts;
    if (const std::size_t dot = name.rfind('.'); dot != std::string_view::npos && dot > 0) parts.dotted = name.substr(0, dot);
    std::size_t digits = name.size();
    while (digits > 0 && name[digits - 1] >= '0' && name[digits - 1] <= '9') --digits;
    parts.stem = name.substr(0, digits), parts.number = name.substr(digits);
    return parts;
}

bool is_variable(const Reading& tape, std::uint32_t row) { return tape.operation(row) == "variable"; }

/// Numbers k for which a variable and a computed value with different stems are named, like W1 and z1.
std::set<std::string> numbered_layers(const Reading& tape) {
    std::map<std::string, std::pair<std::set<std::string>, std::set<std::string>>> stems;
    for (std::uint32_t row = 1; row <= tape.root(); ++row) {
        const Parts parts = parts_of(tape.tape().given_name(row));
        if (parts.number.empty() || parts.stem.empty() || parts.number.size() > 4) continue;
        auto& [variables, computed] = stems[std::string(parts.number)];
        (is_variable(tape, row) ? variables : computed).insert(std::string(parts.stem));
    }
    std::set<std::string> layers;
    for (const auto& [number, found] : stems)
        for (const std::string& variable : found.first)
            if (std::any_of(found.second.begin(), found.second.end(), [&](const std::string& s) { return s != variable; }))
                layers.insert(number);
    return layers;
}

}  // namespace

Scopes::Scopes(const Reading& tape) : scope_(std::size_t{tape.root()} + 1, 0), place_(scope_.size(), 0) {
    follow_names(tape);
    if (!tape.tape().scopes().empty()) follow_parts(tape);
}

std::uint32_t Scopes::id_of(const std::string& name) {
    const auto [at, fresh_one] = ids_.try_emplace(name, static_cast<std::uint32_t>(names_.size()));
    if (fresh_one) names_.push_back(name);
    return at->second;
}

/// What Tape::scope() says comes before what names suggest. A variable that was made outside belongs to the part that alone reads it.
void Scopes::follow_parts(const Reading& tape) {
    const auto parts = tape.tape().scopes();
    constexpr std::uint32_t outside = 0xffffffffu;
    std::vector<std::uint32_t> scope_of_part(scope_.size(), outside);
    std::vector<std::size_t> open;
    std::size_t next = 0;
    std::uint32_t scope = 0, place = 0;
    for (std::uint32_t row = 1; row <= tape.root(); ++row) {
        bool changed = std::erase_if(open, [&](std::size_t p) { return parts[p].end <= row; }) > 0;
        for (; next < parts.size() && parts[next].first <= row; ++next)
            if (parts[next].end > row) open.push_back(next), changed = true;
        if (open.empty()) continue;
        if (changed) {
            std::string name;
            for (const std::size_t p : open) name += (name.empty() ? "" : " / ") + printable(parts[p].name);
            scope = id_of(name), place = static_cast<std::uint32_t>(places_.size());
            const std::string_view file = parts[open.back()].file;
            places_.push_back(fmt::format("{}:{}", printable(file.substr(file.find_last_of("/\\") + 1)), parts[open.back()].line));
        }
        scope_[row] = scope_of_part[row] = scope, place_[row] = place;
    }
    for (std::uint32_t row = 1; row <= tape.root(); ++row) {
        if (!is_variable(tape, row) || scope_of_part[row] != outside) continue;
        const auto readers = tape.consumers(row);
        const auto in = [&](std::uint32_t reader) { return scope_of_part[reader]; };
        if (readers.empty() || in(readers[0]) == outside) continue;
        if (std::all_of(readers.begin(), readers.end(), [&](std::uint32_t reader) { return in(reader) == in(readers[0]); }))
            scope_[row] = in(readers[0]), place_[row] = place_[readers[0]];
    }
}

void Scopes::follow_names(const Reading& tape) {
    const std::set<std::string> layers = numbered_layers(tape);
    std::vector<bool> computed_in{false};  // per scope: whether a computed value is named in it
    std::uint32_t last_reading = 0;        // the last row that reads a variable with a scope
    for (std::uint32_t row = 1; row <= tape.root(); ++row) {
        const Parts parts = parts_of(tape.tape().given_name(row));
        if (!parts.dotted.empty())
            scope_[row] = id_of(printable(parts.dotted));
        else if (layers.contains(std::string(parts.number)))
            scope_[row] = id_of("layer " + std::string(parts.number));
        computed_in.resize(names_.size(), false);
        if (scope_[row] != 0 && !is_variable(tape, row)) computed_in[scope_[row]] = true;
        for (const std::uint32_t operand : tape.operand_rows(row))
            if (scope_[operand] != 0 && is_variable(tape, operand)) last_reading = row;
    }
    if (names_.size() == 1) return;
    const std::uint32_t loss = id_of("loss");
    computed_in.resize(names_.size(), false);
    const std::set<std::uint32_t> named = [&] {
        std::set<std::uint32_t> rows;
        for (std::uint32_t row = 1; row <= tape.root(); ++row)
            if (scope_[row] != 0) rows.insert(row);
        return rows;
    }();
    for (std::uint32_t row = 1; row <= tape.root(); ++row) {
        if (named.contains(row) || is_variable(tape, row)) continue;
        std::uint32_t parameter = 0, latest = 0;
        for (const std::uint32_t operand : tape.operand_rows(row)) {
            if (scope_[operand] == 0) continue;
            latest = scope_[operand];
            if (is_variable(tape, operand)) parameter = scope_[operand];
        }
        const RuleText* const rule = find_rule(tape.operation(row));
        const bool stays = (rule != nullptr && rule->arity == 1) || tape.operation(row) == "reshape";
        if (parameter != 0)
            scope_[row] = parameter;
        else if (latest != 0 && row > last_reading && (computed_in[latest] || !stays))
            scope_[row] = loss;
        else
            scope_[row] = latest;
    }
}

}  // namespace v1
}  // namespace autodiff
