// SPDX-License-Identifier: MIT
// A sweep in pieces, segments of it, and how much rounding its results feel.
#include "autodiff/check/compare_tape.hpp"
#include "autodiff/sweep.hpp"

#include <algorithm>
#include <cmath>

namespace autodiff {
inline namespace v1 {
namespace check {

namespace {

AnyTensor tensor_of(const Node& node, const Flat& values) {
    if (node.is_double) return Tensor<double>(node.shape, values);
    std::vector<float> rounded(values.size());
    std::transform(values.begin(), values.end(), rounded.begin(), [](double v) { return static_cast<float>(v); });
    return Tensor<float>(node.shape, rounded);
}

}  // namespace

Backward::Backward(const CheckedTape& tape, bool once) : tape_(tape), once_(once), scalar_(std::size_t{tape.root()} + 1, 0) {
    adjoints_.scalar = scalar_.data();
    adjoints_.block.resize(nodes_up_to(tape.tape().nodes(), tape.root()));
}

void Backward::set(std::uint32_t row, const Flat& adjoint) {
    touch(row);
    if (const Node* const node = tape_.tensor(row))
        adjoints_.block[tape_.node_at(row)] = tensor_of(*node, adjoint);
    else
        scalar_[row] = adjoint[0];
}

void Backward::add(std::uint32_t row, const Flat& contribution) {
    Flat sum = adjoint(row);
    std::transform(sum.begin(), sum.end(), contribution.begin(), sum.begin(), std::plus<>());
    set(row, sum);
}

AnyTensor Backward::tensor(std::uint32_t row) const {
    const std::uint32_t n = tape_.node_at(row);
    return tape_.tensor(row) == nullptr ? AnyTensor(Tensor<double>(scalar_[row])) : adjoints_.block[n];
}

bool Backward::arrived(std::uint32_t row) const {
    return tape_.tensor(row) == nullptr ? scalar_[row] != 0 : !std::holds_alternative<std::monostate>(adjoints_.block[tape_.node_at(row)]);
}

Flat Backward::adjoint(std::uint32_t row) const {
    if (tape_.tensor(row) == nullptr) return {scalar_[row]};
    Flat values = flattened(tensor(row));
    if (values.empty()) values.assign(static_cast<std::size_t>(tape_.shape(row).size()), 0);
    return values;
}

void Backward::drop(std::uint32_t row) {
    scalar_[row] = 0;
    if (const std::uint32_t n = tape_.node_at(row); n != no_node) adjoints_.block[n] = {};
}

void Backward::pass(std::uint32_t row) {
    const Tape& tape = tape_.tape();
    touch(row);
    const std::uint32_t n = tape_.node_at(row);
    if (n != no_node) {
        for (const Source& source : tape.nodes()[n].operands)
            if (source.row != 0) touch(source.row);
        return pull_through(tape.nodes(), n, adjoints_);
    }
    const auto operands = tape_.scalar_operands(row);
    for (const Operand x : operands) touch(static_cast<std::uint32_t>(x));
    const double ybar = scalar_[row];
    if (silent(ybar)) return;
    for (std::size_t k = 0; k < operands.size(); ++k) flow(adjoints_, operands[k], ybar, tape_.partials(row)[k]);
}

void Backward::clear() {
    for (const std::uint32_t row : touched_) drop(row);
    touched_.clear();
}

// Segments --------------------------------------------------------------------------------------------------------------------------------

bool Segment::inner(std::uint32_t row) const {
    return std::binary_search(rows.rbegin(), rows.rend(), row) && !std::binary_search(frontier.rbegin(), frontier.rend(), row);
}

Segment segment(const CheckedTape& tape, std::uint32_t target, const Given& given) {
    Segment part;
    part.target = target;
    std::vector<std::uint32_t> next{target};
    std::vector<bool> seen(tape.root() - target + 1, false);
    const auto visit = [&](std::uint32_t row) {
        if (row > tape.root() || seen[row - target]) return;
        seen[row - target] = true;
        part.rows.push_back(row);
        if (given.contains(row))
            part.frontier.push_back(row);
        else
            next.push_back(row);
    };
    while (!next.empty()) {
        const std::uint32_t at = next.back();
        next.pop_back();
        for (const std::uint32_t row : tape.consumers(at)) {
            visit(row);
            const std::uint32_t n = tape.node_at(row);
            const std::size_t further = n == no_node ? 0 : tape.tape().nodes()[n].primitive->further_results();
            for (std::uint32_t k = 1; k <= further; ++k) visit(row + k);  // they flow through the first result
        }
    }
    for (const std::uint32_t row : part.rows) part.work += 1 + static_cast<std::size_t>(tape.shape(row).size()) / 32;
    std::sort(part.rows.begin(), part.rows.end(), std::greater<>());
    std::sort(part.frontier.begin(), part.frontier.end(), std::greater<>());
    return part;
}

Flat swept(Backward& backward, const Segment& segment, const Given& given, const std::function<bool(std::uint32_t)>& changes,
           const Instead& instead) {
    backward.clear();
    for (const std::uint32_t row : segment.rows) {
        if (const auto it = given.find(row); it != given.end()) backward.set(row, it->second);
        if (changes && changes(row))
            instead(backward, row);
        else
            backward.pass(row);
    }
    return backward.adjoint(segment.target);
}

namespace {

/// 1 or -1 for an element of a row.
double sign(std::uint64_t seed, std::uint64_t row, std::uint64_t element) {
    std::uint64_t x = seed * 0x9e3779b97f4a7c15u + row * 0xbf58476d1ce4e5b9u + element * 0x94d049bb133111ebu;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return ((x ^ (x >> 31)) & 1) != 0 ? 1 : -1;
}

/// How much the local derivative of a unary rule moves when its operand or its result moves by a relative 1.
Flat sensitivity(Operation rule, const Flat& x, const Flat& y) {
    constexpr double step = 0x1p-26;
    Flat moved(x.size());
    visit_unary(rule, [&]<class R>(R) {
        for (std::size_t k = 0; k < x.size(); ++k) {
            const double still = R::partial(x[k], y[k]);
            moved[k] =
                (std::abs(R::partial(x[k] * (1 + step), y[k]) - still) + std::abs(R::partial(x[k], y[k] * (1 + step)) - still)) / step;
            if (!std::isfinite(moved[k])) moved[k] = 0;
        }
    });
    return moved;
}

/// Adds to the row's operand what rounding in its local derivative may.
void shake(const CheckedTape& tape, Backward& backward, std::uint32_t row, const Flat& ybar, double jitter, std::uint64_t seed) {
    const std::vector<std::uint32_t> operands = tape.operands(row);
    if (operands.size() != 1) return;
    const Flat x = tape.value(operands[0]);
    Flat moved;
    if (const Operation rule = tape.unary_rule(row); rule != Operation::variable && x.size() == ybar.size()) {
        moved = sensitivity(rule, x, tape.value(row));
        for (std::size_t k = 0; k < moved.size(); ++k) moved[k] *= ybar[k];
    } else if (fuses_softmax(tape.operation(row))) {
        double largest = 1;  // the sum of exponentials is as exact as its largest exponent
        for (const double v : x) largest = std::max(largest, std::abs(v));
        for (std::size_t k = 0; k < x.size(); ++k) moved.push_back(largest * ybar[k * ybar.size() / x.size()]);
    }
    if (moved.empty()) return;
    for (std::size_t k = 0; k < moved.size(); ++k) moved[k] *= jitter * sign(~seed, row, k);
    backward.add(operands[0], moved);
}

}  // namespace

bool fuses_softmax(std::string_view operation) { return operation == "softmax_cross_entropy" || operation == "log_softmax"; }

Given swept_at_once(const CheckedTape& tape, const Given& given, bool from_given, double jitter, std::uint64_t seed) {
    Given result;
    Backward backward(tape, true);
    const std::uint32_t last = given.begin()->first;
    backward.set(tape.root(), Flat(static_cast<std::size_t>(tape.shape(tape.root()).size()), 1));
    for (std::uint32_t row = tape.root(); row >= last; --row) {
        if (!tape.reached(row)) {
            if (given.contains(row)) result[row] = backward.adjoint(row);
            continue;
        }
        if (const auto it = given.find(row); it != given.end()) {
            result[row] = backward.adjoint(row);
            if (from_given) backward.set(row, it->second);
        }
        if (row == last) break;
        const bool shakes = tape.unary_rule(row) != Operation::variable || fuses_softmax(tape.operation(row));
        if (jitter != 0 && !shakes && tape.tensor(row) == nullptr) {
            backward.scale(row, 1 + jitter * sign(seed, row, 0));
        } else if (jitter != 0 && backward.arrived(row)) {
            Flat moved = backward.adjoint(row);
            for (std::size_t k = 0; k < moved.size(); ++k) moved[k] *= 1 + jitter * sign(seed, row, k);
            backward.set(row, moved);
            if (shakes) shake(tape, backward, row, moved, jitter, seed);
        }
        backward.pass(row);
    }
    return result;
}

Given magnitudes(const CheckedTape& tape, const Given& given, bool from_given, const Given& plain) {
    constexpr int sweeps = 4;
    constexpr double jitter = 0x1p-10;
    Given squares;
    for (const auto& [row, values] : plain) squares[row].assign(values.size(), 0);
    for (int n = 1; n <= sweeps; ++n)
        for (const auto& [row, moved] : swept_at_once(tape, given, from_given, jitter, static_cast<std::uint64_t>(n))) {
            const Flat& still = plain.at(row);
            Flat& sum = squares[row];
            for (std::size_t k = 0; k < sum.size(); ++k) sum[k] += (moved[k] - still[k]) * (moved[k] - still[k]);
        }
    for (auto& [row, sum] : squares) {
        // The signs of n terms add up to about sqrt(n) of one; their absolute values to n of it.
        Index terms = 1;
        for (const std::uint32_t reader : tape.consumers(row)) terms = std::max(terms, tape.shape(reader).size());
        double largest = 0;
        for (const double v : plain.at(row)) largest = std::isfinite(v) ? std::max(largest, std::abs(v)) : largest;
        for (double& s : sum) {
            s = std::sqrt(s / sweeps * static_cast<double>(terms)) / jitter;
            s = std::isfinite(s) ? std::max(s, largest) : largest;
        }
    }
    return squares;
}

}  // namespace check
}  // namespace v1
}  // namespace autodiff
