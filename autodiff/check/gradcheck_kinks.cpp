// SPDX-License-Identifier: MIT
// Where f has kinks: which steps stay on the piece of x, and what counts for a derivative at a kink.
#include "autodiff/check/gradcheck_judge.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <limits>

namespace autodiff {
inline namespace v1 {
namespace internal {

/// How often the step of a central difference shrinks by 8 before x counts as a kink: as long as a few smaller ones are left.
int Judge::shrinks(const Line& line) { return (line.finest() - second_window - Line::central) / 3; }

std::optional<Kink> Judge::crossed(const Line& line, int level, int side) const {
    if (here_ == nullptr) here_ = f_.branches(f_.x());
    return here_->difference(*f_.branches(line.point(level, side)));
}

std::optional<Kink> Judge::kink(const Line& line) const {
    for (const int side : {Line::right, Line::left})
        if (auto found = crossed(line, Line::central + 3 * shrinks(line), side)) return found;
    return std::nullopt;
}

Judge::Piece Judge::piece(const Line& line) const {
    Piece result;
    const auto within = [&](int level, int side) {
        if (!line.finite(level, side)) return false;
        auto kink = crossed(line, level, side);
        if (kink) result.kink = std::move(kink);
        return !kink;
    };
    const auto both = [&](int level) { return within(level, Line::right) && within(level, Line::left); };
    if (both(Line::central)) {
        result.both = Line::central;
        for (const int larger : {0, 3, 6})
            if (line.step(larger) <= 0x1p-6 && both(larger)) {
                result.both = larger;
                break;
            }
        return result;
    }
    const auto largest = [&](int side) -> std::optional<int> {
        for (int shrunk = 0; shrunk <= shrinks(line); ++shrunk)
            if (within(Line::central + 3 * shrunk, side)) return Line::central + 3 * shrunk;
        return std::nullopt;
    };
    result.right = largest(Line::right), result.left = largest(Line::left);
    if (result.right && result.left) result.both = std::max(*result.right, *result.left);
    return result;
}

/// Beside a kink central differences have little room; on the side away from it, f is smooth as far as x is concerned.
Slope Judge::near_kink(const Case& c, const Piece& on) const {
    Slope slope = contradicted(c, *on.both, best(c, *on.both));
    for (const auto& [side, level] : {std::pair(Line::right, on.right), std::pair(Line::left, on.left)}) {
        if (!level || *level == *on.both) continue;
        const Slope away = one_sided(c, side, *level);
        const Slope again = one_sided(c, side, *level + second_window);
        if (std::abs(away.value - again.value) > 4 * (away.error + again.error)) continue;
        if (away.error < slope.error && std::abs(away.value - slope.value) <= 4 * (away.error + slope.error)) slope = away;
    }
    return slope;
}

/// On a kink the gradient has to lie between the slopes on both sides; beside a jump, it has to be the slope on the side without.
GradcheckElement Judge::between(const Case& c, const Slope& left, const Slope& right, std::string note) const {
    const bool has_left = usable(c, left, right), has_right = usable(c, right, left);
    Slope nearest = has_left ? left : right;
    if (has_left && has_right) {
        const double low = std::min(left.value, right.value), high = std::max(left.value, right.value);
        nearest = {std::clamp(c.claimed, low, high), std::fmax(left.error, right.error), std::fmin(left.step, right.step)};
        note += fmt::format("; slopes {:.6g} on the left, {:.6g} on the right", left.value / c.unit, right.value / c.unit);
    } else if (!has_left && !has_right) {
        nearest = {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(), 0};
    }
    GradcheckElement result = decided(c, nearest, Method::ridders);
    result.on_kink = true;
    result.note = std::move(note);
    if (result.verdict == Verdict::fail && !confirmed_outside(c, has_left, has_right, std::abs(c.claimed - nearest.value))) {
        result.verdict = Verdict::unresolved;
        result.note += "; they turn too sharply beside x to tell";
    }
    if (options_.kinks != KinkPolicy::subgradient) result.verdict = Verdict::pass;
    return result;
}

}  // namespace internal
}  // namespace v1
}  // namespace autodiff
