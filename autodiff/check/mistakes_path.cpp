// SPDX-License-Identifier: MIT
// Contributions left out, overwritten, or summed over what they should not be: the same sweep with an edge cut or an adjoint masked.
#include "autodiff/check/mistakes.hpp"

#include "autodiff/ops/reduce.hpp"

#include <algorithm>
#include <cmath>

namespace autodiff {
inline namespace v1 {
namespace check {

namespace {

constexpr std::size_t most_rows_walked = 64;  // of a long segment, how many are cut
constexpr std::size_t most_axes_walked = 5;

/// Whether the row makes fewer elements from an operand on the way, as sums do.
bool reduces(const WrongStep& step, std::uint32_t row) {
    const Index size = step.tape.shape(row).size();
    for (const std::uint32_t operand : step.tape.operands(row))
        if ((operand == step.segment.target || step.segment.inner(operand)) && step.tape.shape(operand).size() > size) return true;
    return false;
}

std::string described(const WrongStep& step, std::uint32_t row) { return step.tape.words(row); }

void offer_cuts(const WrongStep& step, Candidates& candidates) {
    const auto nothing_happens = [](Backward&, std::uint32_t) {};
    const std::string target = step.name(step.segment.target);
    std::vector<std::uint32_t> sums;
    for (const std::uint32_t row : step.near(most_rows_walked)) {
        const bool sum = reduces(step, row);
        if (sum) sums.push_back(row);
        const Flat candidate = step.swept(row, nothing_happens);
        if (sum)
            candidates.offer(of_constant,
                             {"treated_as_constant",
                              fmt::format("{} treated as a constant: its correction term is missing", described(step, row)),
                              fmt::format("without its derivative the sweep gives your {}", target), 0, row},
                             candidate);
        else
            candidates.offer(of_path,
                             {"forgotten_path", fmt::format("the contribution through {} is missing", described(step, row)),
                              fmt::format("without it the sweep gives your {}", target), 0, row},
                             candidate);
    }
    if (sums.size() < 2) return;
    const Flat candidate = swept(
        step.backward, step.segment, step.given,
        [&sums](std::uint32_t row) { return std::find(sums.begin(), sums.end(), row) != sums.end(); }, nothing_happens);
    std::string which;
    for (const std::uint32_t row : sums) which += (which.empty() ? "" : " and ") + described(step, row);
    candidates.offer(of_constant,
                     {"treated_as_constant", fmt::format("{} treated as constants: their correction terms are missing", which),
                      fmt::format("without their derivatives the sweep gives your {}", target), 0, sums.front()},
                     candidate);
}

/// Each consumer's contribution alone.
void offer_single(const WrongStep& step, Candidates& candidates) {
    const auto consumers = step.tape.consumers(step.segment.target);
    if (consumers.size() < 2 || consumers.size() > most_rows_walked) return;
    if (step.swept(0, {}).empty()) return;
    for (const std::uint32_t row : consumers) {
        step.backward.drop(step.segment.target);
        step.backward.pass(row);
        candidates.offer(
            of_path,
            {"overwritten",
             fmt::format("only the contribution through {}: the others were overwritten instead of accumulated", described(step, row)),
             fmt::format("{} contributions add up to the right {}", consumers.size(), step.name(step.segment.target)), 0, row},
            step.backward.adjoint(step.segment.target));
    }
}

/// 0 outside one index of an axis.
Flat masked(const Flat& x, const Shape& shape, Index axis, Index kept) {
    Index inner = 1;
    for (Index later = axis + 1; later < shape.rank(); ++later) inner *= shape[later];
    Flat y(x);
    for (std::size_t k = 0; k < y.size(); ++k)
        if (static_cast<Index>(k) / inner % shape[axis] != kept) y[k] = 0;
    return y;
}

/// One index of an axis of what is incoming counts, the others are 0: axis 0 of samples, the last one of units.
void offer_one_along(const WrongStep& step, Candidates& candidates, bool samples) {
    const auto axis_of = [samples](const Shape& shape) { return samples ? 0 : shape.rank() - 1; };
    Index extent = 0;
    for (const std::uint32_t row : step.segment.frontier) {
        const Shape shape = step.tape.shape(row);
        if (shape.rank() < (samples ? 1 : 2)) return;
        if (extent != 0 && shape[axis_of(shape)] != extent) return;
        extent = shape[axis_of(shape)];
    }
    if (extent < 2) return;
    for (const Index kept : {extent - 1, Index{0}}) {
        Given some(step.given);
        for (const std::uint32_t row : step.segment.frontier) {
            const Shape shape = step.tape.shape(row);
            some[row] = masked(step.given.at(row), shape, axis_of(shape), kept);
        }
        candidates.offer(of_sum,
                         {samples ? "one_sample" : "one_unit",
                          fmt::format("only the {} of {} along the {} axis of {} counts: {}", kept == 0 ? "first" : "last", extent,
                                      samples ? "first" : "last", step.name(step.segment.frontier[0]),
                                      kept == 0 ? "the others are not added" : "the others were overwritten instead of accumulated"),
                          "with the others 0 the sweep gives yours", 0, 0},
                         swept(step.backward, step.segment, some));
    }
}

/// An operand that was broadcast gets back the sum over the axes it did not have: here, over others.
void offer_axes(const WrongStep& step, Candidates& candidates, std::uint32_t row, std::uint32_t operand) {
    const Shape from = step.tape.shape(operand), to = step.tape.shape(row);
    if (step.tape.tensor(operand) == nullptr || step.tape.tensor(row) == nullptr) return;
    if (from.size() >= to.size() || !broadcasts_to(from, to) || static_cast<std::size_t>(to.rank()) > most_axes_walked) return;
    const Flat slope = step.tape.pushed(row, {{operand, step.tape.ones(operand)}});
    for (unsigned axes = 1; axes < 1u << to.rank(); ++axes) {
        std::vector<Index> over;
        Index left = to.size();
        for (Index axis = 0; axis < to.rank(); ++axis)
            if ((axes >> axis & 1u) != 0) over.push_back(axis), left /= std::max<Index>(1, to[axis]);
        if (left != from.size()) continue;
        const Flat candidate = step.swept(row, [&](Backward& backward, std::uint32_t at) {
            Flat product = backward.adjoint(at);
            std::transform(product.begin(), product.end(), slope.begin(), product.begin(), std::multiplies<>());
            backward.add(operand, flattened(sum(Tensor<double>(to, product), Axes(std::span<const Index>(over)))));
        });
        candidates.offer(of_sum,
                         {"wrong_axis",
                          fmt::format("summed over ax{} {} of {} {}: {} was broadcast along others", over.size() == 1 ? "is" : "es",
                                      fmt::join(over, ", "), step.tape.label(row), to_string(to), step.tape.label(operand)),
                          "with that sum the sweep gives yours", 0, row},
                         candidate);
    }
}

}  // namespace

void offer_paths(const WrongStep& step, Candidates& candidates) {
    offer_cuts(step, candidates);
    offer_single(step, candidates);
    offer_one_along(step, candidates, true);
    offer_one_along(step, candidates, false);
    for (const std::uint32_t row : step.near(most_rows_walked))
        for (const std::uint32_t operand : step.tape.operands(row))
            if (operand == step.segment.target || step.segment.inner(operand)) offer_axes(step, candidates, row, operand);
}

}  // namespace check
}  // namespace v1
}  // namespace autodiff
