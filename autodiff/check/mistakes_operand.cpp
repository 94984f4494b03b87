// SPDX-License-Identifier: MIT
// Another value in an operand's place: z for a, the activations of another layer, weights after their update.
//
// The VJP of an operation that is linear in an operand v is linear in v, too: with v' in its place it is the tangent of the VJP in the
// direction v'. So the VJP records itself at the end of the tape, and its rows are taken away again.
#include "autodiff/check/mistakes.hpp"

#include "autodiff/explain/words.hpp"
#include "autodiff/ops/layout.hpp"
#include "autodiff/sweep.hpp"

#include <algorithm>
#include <cmath>

namespace autodiff {
inline namespace v1 {
namespace check {

namespace {

constexpr std::size_t most_rows_exchanged = 16, most_values = 32;

/// One row, the operand on the way to the target, and the other operand, for which values are tried.
struct Place {
    const WrongStep& step;
    std::uint32_t row, operand, other;
};

/// Whether the row is linear in the other operand: its own value as tangent gives the result.
bool linear(const Place& at) {
    const CheckedTape& tape = at.step.tape;
    const Flat y = tape.pushed(at.row, {{at.other, tape.tensor(at.other)->value}});
    return distance(y, tape.value(at.row)) <= (tape.is_float(at.row) ? 1e-5 : 1e-13);
}

/// Removes what was recorded meanwhile.
class Aside {
  public:
    explicit Aside(Tape& tape) : tape_(tape), mark_(tape.mark()) {}
    ~Aside() { tape_.rewind(mark_); }
    Aside(const Aside&) = delete;
    Aside& operator=(const Aside&) = delete;

  private:
    Tape& tape_;
    Mark mark_;
};

/// The row's contribution to its operand, for several values of the other one.
template <class T>
std::vector<Flat> contributions(const Place& at, const AnyTensor& ybar, const std::vector<Flat>& values) {
    const CheckedTape& checked = at.step.tape;
    Tape& tape = checked.tape();
    const std::uint32_t n = checked.node_at(at.row), x = checked.node_at(at.operand), v = checked.node_at(at.other);
    const Shape shape = checked.shape(at.other);
    const Aside aside(tape);
    const ListPosition from{tape.list().rows, tape.list().operands, tape.nodes().size()};
    std::vector<Scalar> numbers(from.row);
    Adjoints<Scalar> adjoints{numbers.data(), std::vector<AnyTensor>(from.node)};
    adjoints.block[n] = ybar;
    Pullback pull(tape.nodes(), n, adjoints);
    tape.nodes()[n].primitive->vjp(pull);
    const auto* const xbar = std::get_if<Tensor<T>>(&adjoints.block[x]);
    if (xbar == nullptr || !xbar->recorded() || xbar->place().row < from.row) return {};
    std::vector<Flat> result;
    for (const Flat& value : values) {
        std::vector<double> scalars(tape.list().rows, nothing);
        Adjoints<double> tangents{scalars.data(), std::vector<AnyTensor>(tape.nodes().size())};
        tangents.block[v] = Tensor<T>(shape, std::vector<T>(value.begin(), value.end()));
        tangent_sweep(tape.list(), tape.nodes(), tangents, tape.list().rows - 1, ListedPartials{tape.list()}, from);
        result.push_back(flattened(tangents.block[xbar->place().node]));
    }
    return result;
}

/// The target's adjoint if the row contributes `contribution`.
Flat with_contribution(const Place& at, const Flat& contribution) {
    return at.step.swept(at.row, [&](Backward& backward, std::uint32_t) { backward.add(at.operand, contribution); });
}

/// Yours is what v - lr vbar would give, for some lr: of variables, for nothing else is updated. A single number always fits some lr.
void offer_update(const Place& at, Candidates& candidates, const Flat& own, const Flat& along) {
    if (at.step.tape.operation(at.other) != "variable") return;
    const Flat right = with_contribution(at, own), zero(own.size(), 0);
    const Flat rest = with_contribution(at, zero), part = with_contribution(at, along);
    if (part.empty()) return;
    double products = 0, squares = 0;
    for (std::size_t k = 0; k < right.size(); ++k) {
        const double direction = part[k] - rest[k];
        products += (right[k] - at.step.yours[k]) * direction, squares += direction * direction;
    }
    double rate = products / squares;
    const double own_rate = at.step.options.learning_rate;
    const bool known = own_rate > 0 && std::abs(rate / own_rate - 1) < 1e-3;
    if (known) rate = own_rate;
    if (!std::isfinite(rate) || !(rate > 0) || (at.step.yours.size() < 2 && !known)) return;
    Flat candidate(right);
    for (std::size_t k = 0; k < candidate.size(); ++k) candidate[k] -= rate * (part[k] - rest[k]);
    const std::string name = at.step.tape.words(at.other);
    const Numbers number(4);
    candidates.offer(of_operand,
                     {"updated_weights", fmt::format("{} after its update was used: {} - {} d{}", name, name, number(rate), name),
                      fmt::format("with it the sweep gives yours; it fits at a learning rate of {}", number(rate)), 0, at.row},
                     candidate);
}

void offer_at(const Place& at, Candidates& candidates) {
    const CheckedTape& tape = at.step.tape;
    const Shape shape = tape.shape(at.other);
    std::vector<Flat> values{tape.value(at.other)};
    std::vector<std::string> whose;
    const auto& nodes = tape.tape().nodes();
    const auto it = at.step.given.find(at.other);
    Flat gradient;
    if (it != at.step.given.end()) gradient = it->second;
    if (!gradient.empty()) values.push_back(gradient);
    const std::size_t others = values.size();
    for (std::size_t n = 0; n < nodes.size() && nodes[n].row <= tape.root() && values.size() < most_values; ++n) {
        const Node& node = nodes[n];
        if (node.row == at.other || node.scalar_result || !tape.reached(node.row)) continue;
        if (node.shape == shape) {
            values.push_back(flattened(node.value));
            whose.push_back(tape.words(node.row));
        } else if (tape.named(node.row) && shape.rank() == 2 && node.shape == Shape{shape[1], shape[0]}) {
            values.push_back(flattened(transpose(Tensor<double>(node.shape, flattened(node.value)))));
            whose.push_back(tape.words(node.row) + "^T");
        }
    }
    static_cast<void>(swept(at.step.backward, at.step.segment, at.step.given));
    const AnyTensor ybar = at.step.backward.tensor(at.row);
    if (std::holds_alternative<std::monostate>(ybar)) return;
    const std::vector<Flat> found =
        tape.is_float(at.row) ? contributions<float>(at, ybar, values) : contributions<double>(at, ybar, values);
    if (found.empty()) return;
    if (!gradient.empty()) offer_update(at, candidates, found[0], found[1]);
    for (std::size_t k = others; k < found.size(); ++k)
        candidates.offer(of_operand,
                         {"wrong_operand", fmt::format("{} in the place of {}", whose[k - others], tape.words(at.other)),
                          fmt::format("with it the sweep gives your {}", at.step.name(at.step.segment.target)), 0, at.row},
                         with_contribution(at, found[k]));
}

/// Another adjoint that was given, where one of the same shape belongs: da for dz.
void offer_adjoints(const WrongStep& step, Candidates& candidates) {
    for (const std::uint32_t right : step.segment.frontier)
        for (const auto& [row, adjoint] : step.given) {
            if (row == right || row == step.segment.target || row == step.tape.root()) continue;
            if (step.tape.shape(row) != step.tape.shape(right)) continue;
            if (!step.affordable()) return;
            Given exchanged(step.given);
            exchanged[right] = adjoint;
            candidates.offer(of_operand,
                             {"wrong_adjoint", fmt::format("{} in the place of {}", step.name(row), step.name(right)),
                              fmt::format("with it the sweep gives your {}", step.name(step.segment.target)), 0, 0},
                             swept(step.backward, step.segment, exchanged));
        }
}

/// Yours is the gradient and a multiple of the variable: what a penalty on its size would add.
void offer_decay(const WrongStep& step, Candidates& candidates) {
    if (step.tape.operation(step.segment.target) != "variable" || step.yours.size() < 2) return;
    const Flat value = step.tape.value(step.segment.target);
    double products = 0, squares = 0;
    for (std::size_t k = 0; k < value.size(); ++k)
        products += (step.yours[k] - step.expected[k]) * value[k], squares += value[k] * value[k];
    const double rate = products / squares;
    if (!std::isfinite(rate)) return;
    Flat candidate(step.expected);
    for (std::size_t k = 0; k < value.size(); ++k) candidate[k] += rate * value[k];
    const std::string name = step.tape.label(step.segment.target);
    candidates.offer(of_operand,
                     {"weight_decay",
                      fmt::format("{} {} is added, as of a penalty on {} that {} does not have", Numbers(4)(rate), name, name,
                                  step.tape.label(step.tape.root())),
                      "yours = expected + that, in every element", 0, 0},
                     candidate);
}

}  // namespace

void offer_operands(const WrongStep& step, Candidates& candidates) {
    offer_adjoints(step, candidates);
    offer_decay(step, candidates);
    if (&step.tape.tape().list() != current) return;  // a tape that does not record any more
    for (const std::uint32_t row : step.near(most_rows_exchanged)) {
        const std::vector<std::uint32_t> operands = step.tape.operands(row);
        if (step.tape.tensor(row) == nullptr || operands.size() < 2) continue;
        for (const std::uint32_t operand : operands) {
            if (operand != step.segment.target && !step.segment.inner(operand)) continue;
            if (step.tape.tensor(operand) == nullptr) continue;
            for (const std::uint32_t other : operands) {
                const Place at{step, row, operand, other};
                if (other != operand && step.tape.tensor(other) != nullptr && linear(at)) offer_at(at, candidates);
            }
        }
    }
}

}  // namespace check
}  // namespace v1
}  // namespace autodiff
