// SPDX-License-Identifier: MIT
// What a wrong gradient looks like, from the numbers alone: a factor that all wrong elements of a parameter share, or another order.
#include "autodiff/check/gradcheck_elements.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <functional>
#include <map>
#include <numbers>

namespace autodiff {
inline namespace v1 {
namespace internal {

namespace {

using Elements = std::vector<GradcheckElement*>;

/// Whether got is expected, as far as the difference is known.
bool near(double got, double expected, const GradcheckElement& e) {
    return std::abs(got - expected) <= std::fmax(1e-5 * std::abs(expected), std::fmin(e.allowed, 1e-2 * std::abs(expected)));
}

/// A factor with a name, in words; empty if this one has none.
std::string named_factor(double ratio, const GradcheckElement& e) {
    struct Factor {
        double value;
        std::string_view words;
    };
    using namespace std::numbers;
    static constexpr Factor factors[] = {
        {-1, "the sign is flipped"},
        {2, "twice the derivative: counted twice, or the 2 of a square that 1/2 should cancel"},
        {0.5, "half the derivative: the 2 of a square is missing, or one of two contributions"},
        {-2, "-2 times the derivative: counted twice, and the sign is flipped"},
        {-0.5, "-1/2 times the derivative: half of it, and the sign is flipped"},
        {1 / ln2, "1/ln 2 times the derivative: a logarithm of another base"},
        {ln2, "ln 2 times the derivative: a logarithm of another base"},
        {1 / ln10, "1/ln 10 times the derivative: a logarithm of another base"},
        {ln10, "ln 10 times the derivative: a logarithm of another base"},
        {pi / 180, "pi/180 times the derivative: degrees and radians"},
        {180 / pi, "180/pi times the derivative: degrees and radians"},
    };
    for (const Factor& f : factors)
        if (near(e.difference * f.value, e.difference * ratio, e)) return std::string(f.words);
    for (const bool inverse : {false, true}) {
        const double k = std::round(inverse ? 1 / ratio : ratio);
        if (std::abs(k) < 3 || std::abs(k) > 1e5 || !near(e.difference * (inverse ? 1 / k : k), e.difference * ratio, e)) continue;
        return inverse ? fmt::format("1/{} times the derivative: divided by {} once too often, a mean in place of a sum?", k, k)
                       : fmt::format("{} times the derivative: a sum in place of a mean over {}?", k, k);
    }
    return {};
}

/// Whether claimed(e) holds for the gradient of every element in the list.
bool all(const Elements& elements, const std::function<double(const GradcheckElement&)>& claimed) {
    return std::all_of(elements.begin(), elements.end(), [&](const GradcheckElement* e) { return near(e->gradient, claimed(*e), *e); });
}

/// The difference at every element of a leaf; empty unless each one was compared.
std::vector<double> whole(const GradcheckFunction::Leaf& leaf, const Elements& compared) {
    if (compared.size() != leaf.end - leaf.first) return {};
    std::vector<double> all(compared.size());
    for (const GradcheckElement* e : compared) all[e->index - leaf.first] = e->difference;
    return all;
}

std::string cause(const GradcheckFunction& f, const GradcheckFunction::Leaf& leaf, const Elements& compared, const Elements& wrong) {
    const GradcheckElement& first = *wrong.front();
    if (all(wrong, [](const GradcheckElement&) { return 0.0; }) ||
        std::all_of(wrong.begin(), wrong.end(), [](auto* e) { return e->gradient == 0; }))
        return "nothing arrives here: a derivative is missing, or a value was detached";
    if (std::all_of(wrong.begin(), wrong.end(), [](auto* e) { return std::abs(e->difference) <= 10 * e->error; }))
        return "differences see no change of f with it";
    const double ratio = first.gradient / first.difference;
    if (wrong.size() > 1 || compared.size() == 1)
        if (all(wrong, [ratio](const GradcheckElement& e) { return ratio * e.difference; }))
            if (std::string words = named_factor(ratio, first); !words.empty()) return words;
    const auto x = [&f](const GradcheckElement& e) { return f.x()[e.index]; };
    if (wrong.size() > 1) {
        if (all(wrong, [&](const GradcheckElement& e) { return e.difference * x(e); })) return "a factor too many: the element itself";
        if (all(wrong, [&](const GradcheckElement& e) { return e.difference / x(e); })) return "a factor is missing: the element itself";
        const std::vector<double> n = whole(leaf, compared);
        const std::size_t size = n.size();
        if (leaf.shape.rank() == 2 && !n.empty()) {
            const auto rows = static_cast<std::size_t>(leaf.shape[0]), columns = static_cast<std::size_t>(leaf.shape[1]);
            const auto transposed = [&](const GradcheckElement& e) {
                const std::size_t flat = e.index - leaf.first;
                return n[flat % rows * columns + flat / rows];
            };
            if (all(compared, transposed)) return "the transpose of the derivative";
        }
        for (const std::size_t shift : {std::size_t{1}, size - 1})
            if (size > 2 && all(compared, [&](const GradcheckElement& e) { return n[(e.index - leaf.first + shift) % size]; }))
                return "shifted by one element";
        if (size > 2) {
            std::vector<double> mine, right = n;
            for (const GradcheckElement* e : compared) mine.push_back(e->gradient);
            std::sort(mine.begin(), mine.end()), std::sort(right.begin(), right.end());
            bool permuted = true;
            for (std::size_t i = 0; i < size && permuted; ++i) permuted = near(mine[i], right[i], first);
            if (permuted) return "the right numbers in the wrong places";
        }
        if (all(wrong, [ratio](const GradcheckElement& e) { return ratio * e.difference; }))
            return fmt::format("all by one factor, {:.6g}", ratio);
    } else if (std::string words = named_factor(ratio, first); !words.empty()) {
        return words;
    }
    return {};
}

}  // namespace

void find_causes(const GradcheckFunction& f, std::vector<GradcheckElement>& elements) {
    // By what was differentiated and by which parameter: the part of the name before the element, and the leaf.
    std::map<std::pair<std::string, std::size_t>, std::pair<Elements, Elements>> groups;
    for (GradcheckElement& e : elements) {
        const std::size_t first = f.leaf_of(e.index).first;
        const std::string of = e.name.substr(0, e.name.size() - f.name(e.index).size());
        auto& [compared, wrong] = groups[{of, first}];
        compared.push_back(&e);
        if (e.verdict == Verdict::fail && !e.on_kink) wrong.push_back(&e);
    }
    for (auto& [key, group] : groups) {
        auto& [compared, wrong] = group;
        if (wrong.empty()) continue;
        const std::string words = cause(f, f.leaf_of(wrong.front()->index), compared, wrong);
        for (GradcheckElement* e : wrong) e->cause = words;
    }
}

}  // namespace internal
}  // namespace v1
}  // namespace autodiff
