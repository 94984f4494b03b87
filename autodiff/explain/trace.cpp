// SPDX-License-Identifier: MIT
// A trace put together: the steps, the dense layers, the elements that are taken apart, the paths, the drawing.
#include "autodiff/explain/trace.hpp"

#include "autodiff/explain/tracing.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <numeric>

namespace autodiff {
inline namespace v1 {
namespace internal {

namespace {

constexpr Index all_elements = 64;        // of a tensor up to this size every element is taken apart
constexpr std::size_t some_elements = 8;  // of a larger one the largest
constexpr std::size_t paths_asked = 200, paths_shown = 8;
constexpr std::size_t most_paths = 128;  // numbers whose paths are listed although nobody asked
constexpr std::size_t most_weights = 64;
constexpr std::size_t layer_numbers = 1u << 18;  // of one layer

/// Operations on tensors are asked for derivatives element by element; how many numbers they may compute for that, all together.
class Budget {
  public:
    [[nodiscard]] bool spend(const Reading& tape, std::uint32_t row) {
        for (const std::uint32_t reader : tape.consumers(row))
            if (const std::uint32_t n = tape.node_at(reader); n != no_node) left_ -= tape.node(n).shape.size() + tensor_size(tape, row);
        return left_ > 0;
    }

  private:
    static Index tensor_size(const Reading& tape, std::uint32_t row) {
        const std::uint32_t n = tape.node_at(row);
        return n == no_node ? 1 : tape.node(n).shape.size();
    }
    Index left_ = 100'000'000;
};

/// Positions of the elements with the largest |x|, ascending among equals.
std::vector<Index> largest(const std::vector<double>& x, std::size_t n) {
    std::vector<Index> order(x.size());
    std::iota(order.begin(), order.end(), Index{0});
    const auto size = [&](Index k) {
        const double v = x[static_cast<std::size_t>(k)];
        return std::isnan(v) ? std::numeric_limits<double>::infinity() : std::abs(v);
    };
    n = std::min(n, order.size());
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(n), order.end(),
                      [&](Index a, Index b) { return size(a) != size(b) ? size(a) > size(b) : a < b; });
    order.resize(n);
    return order;
}

class Parts {
  public:
    Parts(const Reading& tape, Trace& trace) : tape_(tape), trace_(trace) {
        for (const Scalar& x : tape.options().elements) asked_.push_back(tape.spot(x));
    }

    void open_elements() {
        for (Trace::Reverse& step : trace_.reverse) {
            const std::uint32_t n = tape_.node_at(step.row);
            if (!step.tensor || !step.reached || !step.adjoint.known || step.row == tape_.root()) continue;
            for (const Index flat : elements_of(n)) {
                if (!is_asked(n, flat) && !budget_.spend(tape_, step.row)) break;
                const Spot s{step.row, n, flat};
                step.elements.push_back({flat, tape_.label(s), tape_.value(s), tape_.contributions(s)});
            }
        }
    }

    void find_layers() {
        std::size_t numbers = 0;
        for (std::uint32_t row = 1; row <= tape_.root(); ++row) {
            const std::uint32_t n = tape_.node_at(row);
            if (n == no_node || tape_.operation(row) != "variable" || tape_.node(n).shape.rank() != 2) continue;
            std::optional<DenseLayer> layer = dense_layer(tape_, row);
            if (!layer) continue;
            numbers += layer->input.size() + 4 * layer->abar.size();
            if (numbers <= layer_numbers) trace_.layers.push_back(std::move(*layer));
        }
    }

    void explain_weights() {
        for (const Spot& s : asked_) add_weight(s, true);
        if (trace_.weights.empty())
            for (const DenseLayer& layer : trace_.layers) {
                const std::uint32_t n = tape_.node_at(layer.weight_row);
                add_weight({layer.weight_row, n, largest(flattened(tape_.block(n)), 1).front()}, true);
            }
        const bool any = !trace_.weights.empty();
        for (std::uint32_t row = 1; row <= tape_.root() && trace_.weights.size() < most_weights; ++row)
            if (tape_.node_at(row) == no_node && tape_.operation(row) == "variable" && !is_asked(row)) add_weight({row, no_node, 0}, false);
        if (!any && !trace_.weights.empty()) trace_.weights.front().featured = true;
    }

    void list_paths() {
        for (const Spot& s : asked_) {
            trace_.paths.push_back(paths_from(tape_, s, paths_asked));
            trace_.paths.back().asked = true;
        }
        for (std::uint32_t row = 1; row <= tape_.root() && trace_.paths.size() < most_paths; ++row) {
            if (tape_.operation(row) != "variable" || !tape_.reached(row)) continue;
            const std::uint32_t n = tape_.node_at(row);
            if (n == no_node) {
                add_paths({row, no_node, 0});
                continue;
            }
            for (const Index flat : elements_of(n)) add_paths({row, n, flat});
        }
    }

  private:
    [[nodiscard]] bool is_asked(std::uint32_t node, Index flat) const {
        return std::any_of(asked_.begin(), asked_.end(), [&](const Spot& s) { return s.node == node && s.flat == flat; });
    }
    /// All elements of a small tensor; of a large one those that were asked for and the largest derivatives.
    [[nodiscard]] std::vector<Index> elements_of(std::uint32_t n) const {
        const std::vector<double> adjoint = flattened(tape_.block(n));
        std::vector<Index> elements;
        if (tape_.node(n).shape.size() <= all_elements) {
            elements.resize(static_cast<std::size_t>(tape_.node(n).shape.size()));
            std::iota(elements.begin(), elements.end(), Index{0});
            return elements;
        }
        for (const Spot& s : asked_)
            if (s.node == n) elements.push_back(s.flat);
        for (const Index flat : largest(adjoint, some_elements))
            if (std::find(elements.begin(), elements.end(), flat) == elements.end()) elements.push_back(flat);
        return elements;
    }
    [[nodiscard]] bool is_asked(std::uint32_t row) const {
        return std::any_of(asked_.begin(), asked_.end(), [&](const Spot& s) { return s.row == row && s.node == no_node; });
    }
    void add_weight(const Spot& s, bool featured) {
        DenseWeight weight;
        weight.featured = featured;
        if (explain_dense(tape_, s, weight)) trace_.weights.push_back(std::move(weight));
    }
    void add_paths(const Spot& s) {
        if (trace_.paths.size() >= most_paths || !budget_.spend(tape_, s.row)) return;
        for (const Spot& asked : asked_)
            if (asked.row == s.row && asked.flat == s.flat) return;
        trace_.paths.push_back(paths_from(tape_, s, paths_shown));
    }

    const Reading& tape_;
    Trace& trace_;
    std::vector<Spot> asked_;
    Budget budget_;
};

}  // namespace

Trace trace_tape(std::uint32_t root, RecordingId id, const ExplainOptions& options) {
    const Reading tape(Tape::of(root, id, "explain"), root, checked(options), options.rows);
    const Scopes scopes(tape);
    Trace trace = steps_of(tape, scopes);
    Parts parts(tape, trace);
    parts.open_elements();
    parts.find_layers();
    parts.explain_weights();
    parts.list_paths();
    trace.graph = graph_of(tape, scopes);
    return trace;
}

}  // namespace internal

Trace steps_of(const Reading& tape, const Scopes& scopes) {
    Trace trace;
    trace.options = tape.options();
    trace.options.elements.clear();  // they belong to the tape
    trace.loss = tape.label(tape.root());
    trace.title = tape.options().title.empty() ? fmt::format("The gradient of {}", trace.loss) : printable(tape.options().title);
    const std::uint32_t n = tape.node_at(tape.root());
    trace.loss_value = tape.value({tape.root(), n == no_node || tape.node(n).scalar_result ? no_node : n, 0});
    list_forward(tape, scopes, trace);
    list_reverse(tape, scopes, trace);
    return trace;
}

}  // namespace v1
}  // namespace autodiff
