// SPDX-License-Identifier: MIT
#include "autodiff/check/mistakes.hpp"

#include <algorithm>
#include <cmath>

namespace autodiff {
inline namespace v1 {
namespace check {

namespace {

constexpr double close_to = 0.05;              // what is as near as this is worth saying, if nothing is exact
constexpr std::size_t most_readings = 4;       // of one wrong step
constexpr std::size_t most_work = 20'000'000;  // in sweeps over a segment, for one wrong step
constexpr double infinity = std::numeric_limits<double>::infinity();

double norm(const Flat& x) {
    double largest = 0;
    for (const double v : x) largest = std::max(largest, std::abs(v));
    if (largest == 0 || !std::isfinite(largest)) return largest;
    double squares = 0;
    for (const double v : x) squares += v / largest * (v / largest);
    return largest * std::sqrt(squares);
}

double norm_of_difference(const Flat& x, const Flat& y) {
    Flat difference(x.size());
    std::transform(x.begin(), x.end(), y.begin(), difference.begin(), std::minus<>());
    return norm(difference);
}

bool all_finite(const Flat& x) {
    return std::all_of(x.begin(), x.end(), [](double v) { return std::isfinite(v); });
}

}  // namespace

double distance(const Flat& x, const Flat& y) {
    if (x.size() != y.size() || !all_finite(x) || !all_finite(y)) return infinity;
    const double apart = norm_of_difference(x, y);
    return apart == 0 ? 0 : apart / norm(y);
}

std::string WrongStep::name(std::uint32_t row) const {
    const auto it = names.find(row);
    return it != names.end() ? it->second : "d" + tape.label(row);
}

bool WrongStep::affordable() const {
    if (spent > most_work) {
        limited = true;
        return false;
    }
    spent += segment.work;
    return true;
}

Flat WrongStep::swept(std::uint32_t changed, const Instead& instead) const {
    if (!affordable()) return {};
    return check::swept(
        backward, segment, given, [changed](std::uint32_t row) { return row == changed; }, instead);
}

std::vector<std::uint32_t> WrongStep::near(std::size_t most) const {
    const auto& rows = segment.rows;
    limited = limited || rows.size() > most;
    return {rows.rbegin(), rows.rbegin() + static_cast<std::ptrdiff_t>(std::min(rows.size(), most))};
}

Candidates::Candidates(const Flat& yours, const Flat& expected, bool single)
    : yours_(yours),
      tolerance_(single ? 1e-4 : 1e-9),
      noise_(single ? 1e-5 : 1e-12),
      distance_(all_finite(yours) && all_finite(expected) ? norm_of_difference(yours, expected) : infinity) {}

bool Candidates::same(const Flat& x, const Flat& y) const { return distance(x, y) <= tolerance_; }

void Candidates::offer(int rank, Mistake mistake, const Flat& candidate) {
    if (candidate.size() != yours_.size() || !all_finite(candidate) || !std::isfinite(distance_)) return;
    const double apart = norm_of_difference(yours_, candidate);
    if (apart > 0.2 * distance_) return;  // not nearer than the right answer, or hardly
    const double size = norm(candidate);
    mistake.residual = apart == 0 ? 0 : apart / size;
    const bool exact = mistake.residual <= tolerance_ && apart <= 1e-3 * distance_;
    if (!exact && (mistake.residual > close_to || yours_.size() < 4)) return;
    hits_.push_back({exact ? rank : rank + 1000, std::move(mistake)});
}

void Candidates::settle(Comparison::Step& step) const {
    std::vector<Hit> hits = hits_;
    if (hits.empty()) return;
    step.exact = std::any_of(hits.begin(), hits.end(), [](const Hit& hit) { return hit.rank < 1000; });
    const auto less = [](const Hit& a, const Hit& b) { return a.mistake.residual < b.mistake.residual; };
    if (!step.exact) {
        step.mistakes = {std::min_element(hits.begin(), hits.end(), less)->mistake};
        return;
    }
    std::erase_if(hits, [](const Hit& hit) { return hit.rank >= 1000; });
    const double allowed = std::max(noise_, 100 * std::min_element(hits.begin(), hits.end(), less)->mistake.residual);
    std::erase_if(hits, [allowed](const Hit& hit) { return hit.mistake.residual > allowed; });
    std::stable_sort(hits.begin(), hits.end(), [](const Hit& a, const Hit& b) { return a.rank < b.rank; });
    // A factor without a meaning, or some order, explains nothing that a mistake with a name does not.
    const int simplest = hits.front().rank;
    std::erase_if(hits, [simplest](const Hit& hit) { return hit.rank > simplest && (hit.rank == of_some_factor || hit.rank == of_order); });
    for (const Hit& hit : hits) {
        // Of each kind the first: cutting a path here or there is the same.
        const bool said =
            std::any_of(step.mistakes.begin(), step.mistakes.end(), [&](const Mistake& m) { return m.kind == hit.mistake.kind; });
        if (!said && step.mistakes.size() < most_readings) step.mistakes.push_back(hit.mistake);
    }
}

void diagnose(const WrongStep& wrong, Comparison::Step& step) {
    Candidates candidates(wrong.yours, wrong.expected, wrong.single);
    // The segment's own sweep must give what the whole one gave: else its candidates mean nothing.
    const Flat again = swept(wrong.backward, wrong.segment, wrong.given);
    offer_factors(wrong, candidates);
    const bool vanishes = norm(wrong.yours) == 0;  // then only a missing contribution says more
    if (vanishes && wrong.tape.consumers(wrong.segment.target).size() < 2) return candidates.settle(step);
    offer_layouts(wrong, candidates);
    if (vanishes)
        offer_paths(wrong, candidates);
    else if (!wrong.segment.rows.empty() && distance(again, wrong.expected) <= (wrong.single ? 1e-5 : 1e-13)) {
        offer_derivatives(wrong, candidates);
        offer_paths(wrong, candidates);
        offer_softmax(wrong, candidates);
        offer_operands(wrong, candidates);
    }
    candidates.settle(step);
    step.limited = wrong.limited && !step.exact;
}

}  // namespace check
}  // namespace v1
}  // namespace autodiff
