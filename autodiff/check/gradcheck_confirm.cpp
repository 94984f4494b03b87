// SPDX-License-Identifier: MIT
// No alarm without a second witness: what the tape says of the slopes beside x has to fit the values of f, or else not to fit them either.
#include "autodiff/check/gradcheck_judge.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace autodiff {
inline namespace v1 {
namespace internal {

namespace {

constexpr double noisy = 0.1;     // noise beside a mismatch that is to be seen
constexpr int enough = 8;         // steps in a row, each a quarter of the one before, that need no further one
constexpr int known_to_fail = 8;  // mismatches that were confirmed: further ones are believed

/// The slope along a line that a gradient claims.
double along(const Line& line, const std::vector<double>& gradient) {
    double slope = 0;
    for (std::size_t k = 0; k < gradient.size(); ++k)
        if (line.scale(k) != 0) slope += gradient[k] * line.scale(k);
    return slope;
}

}  // namespace

/// A mismatch against the fundamental theorem: (f(x + h d) - f(x - h d)) / 2h is the mean of the slopes between, which the tape tells too,
/// with whatever is wrong with the one at x. Where no h is small enough for Simpson's rule to see that the means differ, as close to a
/// singular point, differences cannot prove anything either. The smallest steps that still see so much must say so, two of them at least.
bool Judge::confirmed(const Case& c, int level, double mismatch) const {
    if (!std::isfinite(c.claimed) || confirmed_ >= known_to_fail) return true;
    const auto even = [&](double t) {
        return (along(c.line, f_.pull_at(c.line.moved(t), c.of.weights)) + along(c.line, f_.pull_at(c.line.moved(-t), c.of.weights))) / 2;
    };
    const double at_x = along(c.line, f_.pull(c.of.weights)), wrong_by = c.claimed - at_x;
    int saying_so = 0;
    for (int l = level; l <= c.line.finest() && saying_so < enough; l += 2) {
        const double h = c.line.step(l);
        const double e1 = even(h / 4), e2 = even(h / 2), e3 = even(3 * h / 4), e4 = even(h);
        const double coarse = (at_x + 4 * e2 + e4) / 6, fine = (at_x + 4 * e1 + 2 * e2 + 4 * e3 + e4) / 12;
        const double largest = std::max({std::abs(at_x), std::abs(e1), std::abs(e2), std::abs(e3), std::abs(e4)});
        const double quotient = c.line.central_quotient(c.of.weights, l), unseen = 2 * floor_of(c, quotient, level) / h;
        if (unseen > noisy * mismatch) break;
        const double doubt = 4 * std::abs(fine - coarse) + unseen + 64 * f_.eps() * largest;
        saying_so = std::abs(quotient - (fine + wrong_by)) > doubt ? saying_so + 1 : 0;  // NaN says nothing
    }
    confirmed_ += saying_so >= 2;
    return saying_so >= 2;
}

/// The same beside a kink, where the slope at x is a convention: on each side the mean of the slopes, without the one at x, against the
/// rise of f. Either they differ, or they fit and, down to the smallest steps that show it, the claimed slope lies outside of what both
/// sides say, by more than the slopes turn there.
bool Judge::confirmed_outside(const Case& c, bool left, bool right, double mismatch) const {
    if (!std::isfinite(c.claimed)) return true;
    int differing = 0, outside = 0;
    double last_low = 0, last_high = 0, last_change = std::numeric_limits<double>::infinity();
    for (int l = Line::central; l <= c.line.finest(); l += 2) {
        const double h = c.line.step(l);
        double low = std::numeric_limits<double>::infinity(), high = -low, turning = 0, unseen = 0;
        bool fit = true, differ = false;
        for (const auto& [side, counts] : {std::pair(Line::left, left), std::pair(Line::right, right)}) {
            if (!counts) continue;
            const double s = side == Line::right ? h : -h;
            if (f_.branches(c.line.moved(0.25 * s))->difference(*f_.branches(c.line.moved(0.75 * s)))) {
                fit = false;  // more kinks, or jumps, on the way
                continue;
            }
            const auto slope = [&](double part) { return along(c.line, f_.pull_at(c.line.moved(part * s), c.of.weights)); };
            const double s1 = slope(0.25), s2 = slope(0.5), s3 = slope(0.75);
            const double mean = (2 * s1 - s2 + 2 * s3) / 3, quotient = c.line.one_sided_quotient(c.of.weights, l, side);
            const double turn = 4 * std::fmax(std::abs(s1 - s2), std::abs(s3 - s2)), apart = std::abs(quotient - mean);
            const double noise_here = 2 * floor_of(c, quotient, Line::central) / h;
            const double doubt = 4 * std::abs(mean - s2) + noise_here + 64 * f_.eps() * std::abs(s2);
            differ = differ || (apart > doubt && turn <= 0.1 * apart);  // where slopes turn fast, their mean is not known
            fit = fit && apart <= doubt;
            low = std::fmin(low, mean), high = std::fmax(high, mean);
            turning = std::fmax(turning, turn + doubt), unseen = std::fmax(unseen, noise_here);
        }
        if (unseen > noisy / 4 * mismatch) break;
        differing = differ ? differing + 1 : fit ? 0 : differing;
        // Slopes that run away as the steps shrink have not arrived anywhere yet.
        const double change = std::fmax(std::abs(low - last_low), std::abs(high - last_high));
        const bool settling = change <= std::fmax(last_change, unseen);
        last_low = low, last_high = high, last_change = change;
        if (!fit) continue;
        outside = settling && (c.claimed < low - turning || c.claimed > high + turning) ? outside + 1 : 0;
    }
    return differing >= 2 || outside >= 2;
}

}  // namespace internal
}  // namespace v1
}  // namespace autodiff
