// SPDX-License-Identifier: MIT
// What goes wrong at a softmax whose loss is fused with it.
#include "autodiff/check/mistakes.hpp"

#include "autodiff/ops/arithmetic.hpp"
#include "autodiff/ops/layout.hpp"
#include "autodiff/ops/reduce.hpp"
#include "autodiff/ops/softmax.hpp"

namespace autodiff {
inline namespace v1 {
namespace check {

namespace {

using Matrix = Tensor<double>;

void offer_at(const WrongStep& step, Candidates& candidates, std::uint32_t row, std::uint32_t operand) {
    const Shape shape = step.tape.shape(operand);
    const Matrix z(shape, step.tape.value(operand));
    const Matrix p = softmax(z);
    const std::string evidence = fmt::format("with it the sweep gives your {}", step.name(step.segment.target));
    /// what(zbar, ybar) in place of zbar
    const auto offer = [&](Mistake mistake, const auto& what) {
        mistake.evidence = evidence, mistake.row = row;
        const Flat candidate = step.swept(row, [&](Backward& backward, std::uint32_t at) {
            const Matrix ybar(step.tape.shape(at), backward.adjoint(at));
            const Flat before = backward.adjoint(operand);
            backward.drop(operand);
            backward.pass(at);
            const Matrix zbar(shape, backward.adjoint(operand));
            backward.set(operand, before);
            backward.add(operand, flattened(what(zbar, ybar)));
        });
        candidates.offer(of_other_derivative, std::move(mistake), candidate);
    };
    const std::string name = step.tape.label(operand);
    const auto probabilities_alone = [&](const Matrix& zbar, const Matrix& ybar) {
        return ybar.shape() == shape ? zbar - ybar : p * unsqueeze(ybar, -1);
    };
    offer({"softmax_again", fmt::format("softmax'({}) multiplied on top: {} has it already", name, step.tape.operation(row)), "", 0, 0},
          [&](const Matrix& zbar, const Matrix&) { return gradient([&](const auto& scores) { return sum(softmax(scores) * zbar); }, z); });
    offer({"softmax_again", fmt::format("p (1 - p) of {} multiplied on top: {} has its derivative already", name, step.tape.operation(row)),
           "", 0, 0},
          [&](const Matrix& zbar, const Matrix&) { return zbar * p * (1.0 - p); });
    offer({"no_one_at_label", fmt::format("the probabilities alone, without the one at the true class of {}", name), "", 0, 0},
          probabilities_alone);
    // zbar = scale (p - t): what else stood for p.
    const auto scale = [&](const Matrix& zbar, const Matrix& ybar) { return probabilities_alone(zbar, ybar) / p; };
    const auto wanted = [&](const Matrix& zbar, const Matrix& ybar) { return probabilities_alone(zbar, ybar) - zbar; };
    offer({"no_softmax", fmt::format("{} itself where its softmax belongs", name), "", 0, 0},
          [&](const Matrix& zbar, const Matrix& ybar) { return z * scale(zbar, ybar) - wanted(zbar, ybar); });
    for (Index axis = 0; axis + 1 < shape.rank(); ++axis)
        offer({"wrong_axis", fmt::format("softmax of {} along axis {} instead of the last one", name, axis), "", 0, 0},
              [&](const Matrix& zbar, const Matrix& ybar) { return softmax(z, axis) * scale(zbar, ybar) - wanted(zbar, ybar); });
    offer({"missing_derivative", fmt::format("the derivative by the probabilities, -t/p: softmax'({}) is missing", name), "", 0, 0},
          [&](const Matrix& zbar, const Matrix& ybar) { return -wanted(zbar, ybar) / p; });
}

}  // namespace

void offer_softmax(const WrongStep& step, Candidates& candidates) {
    for (const std::uint32_t row : step.segment.rows) {
        if (!fuses_softmax(step.tape.operation(row))) continue;
        for (const std::uint32_t operand : step.tape.operands(row))
            if (operand == step.segment.target || step.segment.inner(operand)) offer_at(step, candidates, row, operand);
    }
}

}  // namespace check
}  // namespace v1
}  // namespace autodiff
