// SPDX-License-Identifier: MIT
// The numbers that a page opens on demand: the factors of every weight of the dense layers, and elements of tensors. What does not fit
// into the budget is left out, the largest first; the elements that were asked for are in the steps themselves.
#include "autodiff/explain/escape.hpp"
#include "autodiff/explain/page.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace autodiff {
inline namespace v1 {
namespace page {

namespace {

constexpr std::size_t layer_bytes = 1'000'000, tensor_bytes = 250'000;

/// JSON has no NaN and no infinities: they are strings.
std::string json_number(double x, int digits) {
    if (std::isfinite(x)) return digits == 0 ? fmt::format("{}", x) : fmt::format("{:.{}g}", x, digits);
    return std::isnan(x) ? "\"nan\"" : x > 0 ? "\"inf\"" : "\"-inf\"";
}
/// With all digits if they are factors that are multiplied again (digits 0), else with as many as are shown.
std::string json_numbers(const std::vector<double>& x, int digits) {
    std::string text = "[";
    for (std::size_t k = 0; k < x.size(); ++k) text += (k == 0 ? "" : ",") + json_number(x[k], digits);
    return text + "]";
}
std::string json_string(std::string_view text) {
    return nlohmann::json(visible(text)).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string layer_json(const Trace& trace, const DenseLayer& layer) {
    const auto name = [&](std::uint32_t row) -> std::string {
        if (row == 0) return "input";
        const auto at = std::find_if(trace.reverse.begin(), trace.reverse.end(), [&](const auto& step) { return step.row == row; });
        return at == trace.reverse.end() ? fmt::format("t{}", row) : at->name;
    };
    std::string text = fmt::format(
        "{{\"weight\":{},\"weightRow\":{},\"z\":{},\"zRow\":{},\"a\":{},\"aRow\":{},\"from\":{},\"fromRow\":{},\"activation\":{},"
        "\"derivative\":{},\"inputsFirst\":{},\"samples\":{},\"inputs\":{},\"outputs\":{}",
        json_string(layer.weight), layer.weight_row, json_string(name(layer.z_row)), layer.z_row, json_string(name(layer.a_row)),
        layer.a_row, json_string(name(layer.input_row)), layer.input_row, json_string(layer.activation), json_string(layer.derivative),
        layer.inputs_first, layer.samples, layer.inputs, layer.outputs);
    struct Column {
        std::string_view key;
        const std::vector<double>& numbers;
        int digits;
    };
    const int shown = trace.options.digits;
    for (const Column& column : {Column{"input", layer.input, 0},
                                 {"abar", layer.abar, 0},
                                 {"slope", layer.slope, 0},
                                 {"zs", layer.z, shown},
                                 {"as", layer.a, shown}})
        text += fmt::format(",\"{}\":{}", column.key, json_numbers(column.numbers, column.digits));
    for (const auto& size : trace.options.images)
        if (size[0] * size[1] == layer.inputs) text += fmt::format(",\"image\":[{},{}]", size[0], size[1]);
    return text + "}";
}

std::string tensor_json(const Trace::Reverse& step, int digits) {
    std::string shape;
    for (const Index extent : step.adjoint.tensor->shape) shape += (shape.empty() ? "" : ",") + fmt::format("{}", extent);
    return fmt::format("\"{}\":{{\"shape\":[{}],\"value\":{},\"adjoint\":{}}}", step.row, shape,
                       step.value.tensor ? json_numbers(step.value.tensor->values, digits) : "[]",
                       json_numbers(step.adjoint.tensor->values, digits));
}

/// The texts from the shortest on, as many as fit, in their own order.
std::string as_many_as_fit(const std::vector<std::string>& texts, std::size_t bytes) {
    std::vector<std::size_t> order(texts.size());
    for (std::size_t k = 0; k < order.size(); ++k) order[k] = k;
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return texts[a].size() < texts[b].size(); });
    std::vector<bool> kept(texts.size());
    for (const std::size_t k : order) {
        if (texts[k].size() > bytes) break;
        bytes -= texts[k].size(), kept[k] = true;
    }
    std::string joined;
    for (std::size_t k = 0; k < texts.size(); ++k)
        if (kept[k]) joined += (joined.empty() ? "" : ",\n") + texts[k];
    return joined;
}

}  // namespace

std::string data(const Trace& trace) {
    std::vector<std::string> layers, tensors;
    for (const DenseLayer& layer : trace.layers) layers.push_back(layer_json(trace, layer));
    for (const Trace::Reverse& step : trace.reverse)
        if (step.tensor && step.adjoint.known && step.adjoint.tensor && step.adjoint.tensor->values.size() > 1)
            tensors.push_back(tensor_json(step, trace.options.digits));
    std::string steps;
    for (const Trace::Forward& step : trace.forward)
        steps += fmt::format("{}[\"F{}\",{},{}]", steps.empty() ? "" : ",", step.number, step.number, json_string(step.name));
    for (const Trace::Reverse& step : trace.reverse)
        steps += fmt::format(",[\"R{}\",{},{}]", step.number, step.row, json_string(step.name));
    std::string opened;
    for (const Paths& paths : trace.paths) opened += (opened.empty() ? "" : ",") + json_string(paths.of);
    return script_safe(fmt::format("{{\"loss\":{},\"digits\":{},\"first\":{},\"quiz\":{},\"bar\":{},\n\"steps\":[{}],\n\"paths\":[{}],\n"
                                   "\"layers\":[{}],\n\"tensors\":{{{}}}}}",
                                   json_string(trace.loss), trace.options.digits, trace.options.first_index, trace.options.quiz,
                                   trace.options.notation == Notation::bar, steps, opened, as_many_as_fit(layers, layer_bytes),
                                   as_many_as_fit(tensors, tensor_bytes)));
}

}  // namespace page
}  // namespace v1
}  // namespace autodiff
