// SPDX-License-Identifier: MIT
// A local derivative left out, or another one in its place: candidates from the list of rules, whatever it holds.
#include "autodiff/check/mistakes.hpp"

#include "autodiff/explain/words.hpp"
#include "autodiff/ops/layout.hpp"

#include <algorithm>
#include <cmath>

namespace autodiff {
inline namespace v1 {
namespace check {

namespace {

constexpr std::size_t most_rows = 32;  // of a long segment, how many are changed

double value_of(Operation rule, double x) {
    return visit_unary(rule, [x]<class R>(R) { return R::value(x); });
}
double partial_of(Operation rule, double x, double y) {
    return visit_unary(rule, [x, y]<class R>(R) { return R::partial(x, y); });
}

Flat product(const Flat& a, const Flat& b) {
    Flat y(a.size());
    std::transform(a.begin(), a.end(), b.begin(), y.begin(), std::multiplies<>());
    return y;
}

/// One row of the segment that has one operand of its own shape on the way to the target.
struct At {
    const WrongStep& step;
    Candidates& candidates;
    std::uint32_t row, operand;

    [[nodiscard]] std::string x() const { return step.tape.words(operand); }
    [[nodiscard]] std::string y() const { return step.tape.words(row); }
    /// xbar += ybar in place of the row's own contribution, summed where the operand was broadcast.
    void offer_copy(int rank, const Mistake& mistake) const {
        const Shape from = step.tape.shape(operand), to = step.tape.shape(row);
        const Flat candidate = step.swept(row, [&](Backward& backward, std::uint32_t at) {
            const Flat ybar = backward.adjoint(at);
            backward.add(operand, from == to ? ybar : flattened(sum_to(Tensor<double>(to, ybar), from)));
        });
        candidates.offer(rank, mistake, candidate);
    }
    /// xbar += ybar * factor in place of the row's own contribution.
    void offer(int rank, const std::string& kind, const std::string& text, const std::string& evidence, const Flat& factor) const {
        const Flat candidate =
            step.swept(row, [&](Backward& backward, std::uint32_t at) { backward.add(operand, product(backward.adjoint(at), factor)); });
        candidates.offer(rank, {kind, text, evidence, 0, row, operand}, candidate);
    }
};

/// The quotients of the first elements that differ; empty where what is expected there is 0.
std::string ratios(const WrongStep& step) {
    const Numbers number(4);
    std::string text;
    int shown = 0;
    for (std::size_t k = 0; k < step.yours.size() && shown < 3; ++k)
        if (step.expected[k] != 0 && step.yours[k] != step.expected[k])
            text += (shown++ == 0 ? "" : ", ") + number(step.yours[k] / step.expected[k]);
    return text;
}

/// yours = incoming * 1
void offer_missing(const At& at) {
    const WrongStep& step = at.step;
    const std::uint32_t row = at.row, operand = at.operand;
    const std::string_view operation = step.tape.operation(row);
    const bool is_rule = step.tape.unary_rule(row) != Operation::variable;
    const std::string derivative = is_rule ? fmt::format("{}'({})", operation, at.x()) : fmt::format("the local derivative of {}", at.y());
    const std::string target = step.name(step.segment.target);
    std::string text = fmt::format("you forgot {}", derivative), evidence;
    const bool same_shape = step.tape.shape(operand) == step.tape.shape(row);
    if (step.segment.rows.size() == 1 && step.names.contains(row) && same_shape) {
        const std::string incoming = step.name(row);
        text = fmt::format("your {} equals your incoming {} exactly: {}", target, incoming, text);
        evidence = is_rule ? fmt::format("expected {} = {} * {}; ", target, incoming, derivative) : "";
        if (const std::string quotients = ratios(step); quotients.empty())
            evidence += fmt::format("yours is not 0 where {} is", is_rule ? derivative : "it");
        else
            evidence += fmt::format("ratios {}{}", quotients, is_rule ? fmt::format(" = 1/{} for each element", derivative) : "");
    } else {
        evidence = fmt::format("without it the sweep gives your {}", target);
    }
    at.offer_copy(is_rule ? of_derivative : of_copy, {"missing_derivative", text, evidence, 0, row, operand});
}

void offer_others(const At& at, Operation own) {
    const WrongStep& step = at.step;
    const std::uint32_t row = at.row, operand = at.operand;
    const std::string name(autodiff::name(own)), right = fmt::format("{}'({})", name, at.x());
    const Flat x = step.tape.value(operand), y = step.tape.value(row);
    Flat factor(x.size());
    const auto offer = [&](const std::string& wrong, const auto& element) {
        for (std::size_t k = 0; k < x.size(); ++k) factor[k] = element(x[k], y[k]);
        at.offer(of_other_derivative, "wrong_derivative", fmt::format("{} in place of {}", wrong, right),
                 fmt::format("with it the sweep gives your {}", step.name(step.segment.target)), factor);
    };
    const auto own_at = [&](double u, double v) { return partial_of(own, u, v); };
    offer(fmt::format("{}'({}), the derivative at the result,", name, at.y()),
          [&](double, double v) { return own_at(v, value_of(own, v)); });
    offer(fmt::format("the formula of {}' with {} for {}", name, at.x(), at.y()), [&](double u, double) { return own_at(u, u); });
    offer(fmt::format("{}({}), the function itself,", name, at.x()), [](double, double v) { return v; });
    offer(fmt::format("1 - {}({})", name, at.x()), [](double, double v) { return 1 - v; });
    offer(fmt::format("{}({})^2", name, at.x()), [](double, double v) { return v * v; });
    offer(fmt::format("{} squared, {}' taken twice,", right, name), [&](double u, double v) { return own_at(u, v) * own_at(u, v); });
    offer(fmt::format("1/{}", right), [&](double u, double v) { return 1 / own_at(u, v); });
    const Flat candidate = step.swept(row, [&](Backward& backward, std::uint32_t here) {
        Flat part = backward.adjoint(here);
        for (double& v : part) v *= own_at(v, value_of(own, v));
        backward.add(operand, part);
    });
    at.candidates.offer(of_other_derivative,
                        {"wrong_derivative", fmt::format("{}' taken at the incoming adjoint in place of {}", name, right),
                         fmt::format("with it the sweep gives your {}", step.name(step.segment.target)), 0, row, operand},
                        candidate);
    rules::for_each<rules::Unary>([&]<class R>(R) {
        constexpr Operation other = code_of<R>;
        if (other == own) return;
        offer(fmt::format("{}'({})", R::name, at.x()), [](double u, double) { return R::partial(u, R::value(u)); });
        offer(fmt::format("the formula of {}' with {} for its result", R::name, at.y()),
              [](double u, double v) { return R::partial(u, v); });
    });
}

/// An operation on whole rows, as if it were one on elements with the derivative of a sigmoid: what softmax' is on the diagonal.
void offer_diagonal(const At& at) {
    const Flat y = at.step.tape.value(at.row);
    Flat factor(y.size());
    for (std::size_t k = 0; k < y.size(); ++k) factor[k] = rules::Sigmoid::partial(y[k], y[k]);
    at.offer(of_other_derivative, "diagonal_only",
             fmt::format("{} taken element by element, with the derivative y (1 - y): what flows between its elements is missing", at.y()),
             fmt::format("with it the sweep gives your {}", at.step.name(at.step.segment.target)), factor);
}

/// J ybar in place of J^T ybar: the same map forwards.
void offer_forward_map(const At& at) {
    const WrongStep& step = at.step;
    const std::uint32_t row = at.row, operand = at.operand;
    if (step.tape.tensor(operand) == nullptr) return;
    const Flat candidate = step.swept(row, [&](Backward& backward, std::uint32_t here) {
        if (backward.arrived(here)) backward.add(operand, step.tape.pushed(row, {{operand, backward.tensor(here)}}));
    });
    at.candidates.offer(of_map,
                        {"not_transposed", fmt::format("the map of {} where its transpose belongs: a transpose is missing", at.y()),
                         fmt::format("with it the sweep gives your {}", step.name(step.segment.target)), 0, row, operand},
                        candidate);
}

}  // namespace

void offer_derivatives(const WrongStep& step, Candidates& candidates) {
    for (const std::uint32_t row : step.near(most_rows)) {
        for (const std::uint32_t operand : step.tape.operands(row)) {
            const bool on_the_way = operand == step.segment.target || step.segment.inner(operand);
            const At at{step, candidates, row, operand};
            if (!on_the_way || !broadcasts_to(step.tape.shape(operand), step.tape.shape(row))) continue;
            // A constant slope is a factor; 0 is where relu and the like are flat.
            if (const double slope = constant_slope(step.tape, row); slope == 1 || slope == 0) offer_missing(at);
            if (step.tape.shape(operand) != step.tape.shape(row)) continue;
            if (const Operation rule = step.tape.unary_rule(row); rule != Operation::variable) {
                offer_others(at, rule);
            } else if (step.tape.tensor(row) != nullptr) {
                offer_forward_map(at);
                if (step.tape.operands(row).size() == 1) offer_diagonal(at);
            }
        }
    }
}

}  // namespace check
}  // namespace v1
}  // namespace autodiff
