// SPDX-License-Identifier: MIT
#include "mistakes_injected.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace mistakes {

namespace {

T rolled(const T& x) { return concat({slice(x, {{-1, x.shape()[0], 1}}), slice(x, {{0, x.shape()[0] - 1, 1}})}, 0); }

T rounded(const T& x) { return cast<double>(cast<float>(x)); }

/// Rows 1, 0, 3, 2, ... or, of an odd number, with the last where it is.
T exchanged(const T& x) {
    std::vector<Index> order;
    const Index n = x.shape()[0];
    for (Index k = 0; k < n; ++k) order.push_back(k + 1 < n || k % 2 == 1 ? k ^ 1 : k);
    return take(x, Tensor<Index>({n}, order));
}

/// What can be done wrong with any adjoint.
std::vector<Wrong> usual(const Rule& right, const Shape& shape) {
    std::vector<Wrong> all{
        {"sign", [right](const Values& v) { return -right(v); }},
        {"stopped", [right](const Values& v) { return 0.0 * right(v); }},
        {"factor", [right](const Values& v) { return 2.0 * right(v); }},
        {"factor", [right](const Values& v) { return 0.5 * right(v); }},
        {"float_precision", [right](const Values& v) { return rounded(right(v)); }},
    };
    if (shape.rank() == 0) return all;
    const auto n = static_cast<double>(shape[0]);
    all.push_back({"factor", [right, n](const Values& v) { return n * right(v); }});
    all.push_back({"factor", [right, n](const Values& v) { return right(v) / n; }});
    if (shape[0] >= 3) {
        all.push_back({"shifted", [right](const Values& v) { return rolled(right(v)); }});
        all.push_back({"flipped", [right](const Values& v) { return flip(right(v), 0); }});
    }
    if (shape[0] >= 4) all.push_back({"permuted", [right](const Values& v) { return exchanged(right(v)); }});
    if (shape.rank() == 2 && shape[0] > 1 && shape[1] > 1)
        all.push_back({"transposed", [right](const Values& v) { return reshape(transpose(right(v)), right(v).shape()); }});
    return all;
}

/// Whether any element is off by more than rounding.
bool apart(const T& a, const T& b, double relative) {
    const T x = a.contiguous(), y = b.contiguous();
    for (std::size_t k = 0; k < x.data().size(); ++k)
        if (std::abs(x.data()[k] - y.data()[k]) > relative * (std::abs(y.data()[k]) + 1e-5 * amax(abs(b)).item())) return true;
    return false;
}

/// Whether the mistake is the first that is named, or one of several that are the same: of two contributions, forgetting one is
/// overwriting it, and where all that is left is 0, nothing is left.
bool names_it(const std::vector<Mistake>& mistakes, const std::string& kind) {
    const auto has = [&mistakes](const std::string& name) {
        return std::any_of(mistakes.begin(), mistakes.end(), [&name](const Mistake& m) { return m.kind == name; });
    };
    if (mistakes.empty() || !has(kind)) return false;
    const std::string& first = mistakes.front().kind;
    const bool path = kind == "overwritten" || kind == "forgotten_path";
    return first == kind || (path && (first == "forgotten_path" || first == "stopped"));
}

}  // namespace

T random(std::mt19937_64& rng, const Shape& shape, double scale) {
    std::normal_distribution<double> normal(0, scale);
    std::vector<double> values(static_cast<std::size_t>(shape.size()));
    for (double& v : values) v = normal(rng);
    return T(shape, values);
}

void Model::step(const std::string& adjoint, Rule right, std::vector<Wrong> wrong) {
    Values all = values;
    for (const Step& before : steps) all.set(before.name, before.right(all));
    const Shape shape = right(all).shape();
    for (Wrong& w : usual(right, shape)) wrong.push_back(std::move(w));
    steps.push_back({adjoint, std::move(right), std::move(wrong)});
}

template <class Number>
ManualGradients derived(const Model& model, const std::vector<Injection>& wrong, std::vector<bool>& made) {
    ManualGradients manual;
    Values v = model.values;
    made.assign(wrong.size(), false);
    for (std::size_t k = 0; k < model.steps.size(); ++k) {
        const Step& step = model.steps[k];
        T adjoint = step.right(v);
        for (std::size_t i = 0; i < wrong.size(); ++i)
            if (wrong[i].step == k) {
                const T mistaken = step.wrong[wrong[i].mistake].made(v);
                made[i] = apart(mistaken, adjoint, std::same_as<Number, float> ? 1e-4 : 1e-9);
                adjoint = mistaken;
            }
        v.set(step.name, adjoint);
        manual.set(step.name, cast<Number>(v(step.name)));
        v.set(step.name, cast<double>(cast<Number>(v(step.name))));
    }
    return manual;
}

template <class Number>
std::string judged(const Model& model, const std::vector<Injection>& wrong) {
    std::vector<bool> made;
    const ManualGradients manual = derived<Number>(model, wrong, made);
    const Comparison c = compare(manual, model.loss);
    std::string complaint;
    for (const Comparison::Step& s : c.steps) {
        const Wrong* injected = nullptr;
        for (std::size_t i = 0; i < wrong.size(); ++i)
            if (made[i] && model.steps[wrong[i].step].name == s.name) injected = &model.steps[wrong[i].step].wrong[wrong[i].mistake];
        if (injected == nullptr) {
            if (s.verdict != Comparison::Verdict::right && s.verdict != Comparison::Verdict::inherited)
                complaint += fmt::format("{} is right and called wrong. ", s.name);
            continue;
        }
        // Two mistakes may cancel: then the second one is no longer wrong, but named all the same. And the same thing left out on the way
        // to two adjoints is one mistake above both.
        const bool same = s.verdict == Comparison::Verdict::inherited && s.note == "the same mistake" && s.inherited_from.size() == 1;
        if (s.verdict != Comparison::Verdict::wrong && !same && s.from_tape.elements > 0)
            complaint += fmt::format("{} is not found. ", s.name);
        std::string names;
        for (const Mistake& m : s.mistakes) names += m.kind + " ";
        if (!s.exact || !names_it(s.mistakes, injected->kind))
            complaint += fmt::format("{}: {} is called {}{}. ", s.name, injected->kind, s.exact ? "" : "perhaps ", names);
    }
    if (complaint.empty()) return "";
    std::string what;
    for (const Injection& i : wrong) what += fmt::format("{} {}; ", model.steps[i.step].name, model.steps[i.step].wrong[i.mistake].kind);
    return fmt::format("{} with {}{}\n{}", model.name, what, complaint, c);
}

template ManualGradients derived<float>(const Model&, const std::vector<Injection>&, std::vector<bool>&);
template ManualGradients derived<double>(const Model&, const std::vector<Injection>&, std::vector<bool>&);
template std::string judged<float>(const Model&, const std::vector<Injection>&);
template std::string judged<double>(const Model&, const std::vector<Injection>&);

}  // namespace mistakes
