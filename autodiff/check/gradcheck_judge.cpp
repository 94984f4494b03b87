// SPDX-License-Identifier: MIT
#include "autodiff/check/gradcheck_judge.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <limits>

namespace autodiff {
inline namespace v1 {
namespace internal {

namespace {

constexpr int window = 10;    // quotients that one extrapolation sees
constexpr double sure = 0.1;  // the error of a difference beside a mismatch that it is to prove

constexpr double safety = 100;  // between rounding to first order and what it may do

bool passes(double claimed, const Slope& slope, double allowed) { return std::abs(claimed - slope.value) <= allowed; }

}  // namespace

Judge::Judge(const GradcheckFunction& f, const GradcheckOptions& options) : f_(f), options_(options) {}

Judge::Case Judge::make_case(const Line& line, const Functional& of, double factor) const {
    double claimed = 0, squares = 0;
    const auto add = [&](std::size_t k) {
        const double term = of.gradient[k] * factor * line.scale(k);
        claimed += term, squares += term * term;
    };
    if (line.element())
        add(*line.element());
    else
        for (std::size_t k = 0; k < of.gradient.size(); ++k)
            if (line.scale(k) != 0) add(k);
    return {line, of, claimed, std::sqrt(squares), line.element() ? line.scale(*line.element()) : 1};
}

GradcheckElement Judge::operator()(const Line& line, const Functional& of, double factor) const {
    const Case c = make_case(line, of, factor);
    switch (options_.method) {
    case Method::forward:
        return quick(c, true);
    case Method::dual_jvp:
        return by_forward_mode(c);
    case Method::complex:
        return *by_complex_step(c);
    case Method::ridders:
        return settled(c, false);
    case Method::central:
    case Method::automatic:
        break;
    }
    GradcheckElement first = quick(c, false);
    if (first.verdict == Verdict::pass) return first;
    if (options_.method == Method::automatic)
        if (auto analytic = by_complex_step(c); analytic && analytic->verdict == Verdict::pass) return *analytic;
    return settled(c, options_.method == Method::central);
}

bool Judge::agrees_at_first(const Line& line, const Functional& of) const {
    return quick(make_case(line, of, 1), false).verdict == Verdict::pass;
}

// Tolerances --------------------------------------------------------------------------------------------------------------------------

double Judge::rounding(const Case& c) const { return std::fmax(c.line.rounding(c.of.weights), c.of.rounding); }
double Judge::noise(const Case& c, int level) const {
    return std::fmax(c.line.noise(c.of.weights, std::max(level, Line::central)), c.of.rounding);
}
/// What can be seen of f in a quotient: where f does not change at all, its steps may be coarser than its size suggests, which larger steps
/// of the line tell.
double Judge::floor_of(const Case& c, double quotient, int level) const { return quotient == 0 ? noise(c, level) : rounding(c); }
double Judge::noise(const Line& line, const Functional& of) const {
    for (const int side : {Line::right, Line::left})
        if (!line.finite(Line::central, side) || crossed(line, Line::central, side)) return 0;
    return line.noise(of.weights, Line::central);
}

double Judge::gradient_noise(const Case& c) const {
    if (f_.problem().gradient) return 0;
    std::vector<double> direction(f_.x().size());
    for (std::size_t k = 0; k < direction.size(); ++k) direction[k] = c.line.scale(k);
    return safety * f_.rounding_of_slope(c.of.weights, direction);
}

/// rtol and a given atol, in units of the line.
double Judge::tolerance(const Case& c, double slope) const {
    const double largest = std::fmax(std::fmax(std::abs(c.claimed), c.size), std::isfinite(slope) ? std::abs(slope) : 0);
    return options_.rtol.value_or(1e-6) * largest + options_.atol.value_or(0) * c.unit;
}

GradcheckElement Judge::element(const Case& c, const Slope& slope, Method method, double allowed, double spread) const {
    const std::optional<std::size_t> k = c.line.element();
    GradcheckElement result;
    result.name = k ? f_.name(*k) : "";
    if (k && !c.of.name.empty()) result.name = fmt::format("d{}/d{}", c.of.name, result.name);
    result.index = k.value_or(0);
    result.gradient = c.claimed / c.unit, result.difference = slope.value / c.unit, result.error = slope.error / c.unit;
    result.allowed = allowed / c.unit, result.noise = spread / c.unit, result.step = slope.step * c.unit;
    result.method = method;
    result.verdict = passes(c.claimed, slope, allowed) ? Verdict::pass : Verdict::fail;
    return result;
}

/// A slope with an error estimate decides, unless the estimate is too large beside what it is to prove.
GradcheckElement Judge::decided(const Case& c, const Slope& slope, Method method) const {
    const double given = tolerance(c, slope.value);
    double spread = 4 * slope.error;
    if (!passes(c.claimed, slope, given + spread) && std::isfinite(slope.error)) spread += gradient_noise(c);
    GradcheckElement result = element(c, slope, method, given + spread, options_.atol.value_or(0) * c.unit + spread);
    if (std::isnan(slope.value) || !std::isfinite(slope.error)) {
        result.verdict = Verdict::unresolved;
        result.note = "no step gives a finite difference";
    } else if (result.verdict == Verdict::fail && !(slope.error <= sure * std::abs(c.claimed - slope.value))) {
        result.verdict = Verdict::unresolved;
        result.note = "the difference is too noisy to tell";
    }
    return result;
}

// Slopes ------------------------------------------------------------------------------------------------------------------------------

/// The first look: no error estimate, only what rounding is known to do.
GradcheckElement Judge::quick(const Case& c, bool forward) const {
    const int level = !forward || options_.h > 0 ? Line::central : Line::central + static_cast<int>(std::round(-std::log2(f_.eps()) / 6));
    const double step = c.line.step(level);
    Slope slope{0, 0, step};
    slope.value = forward ? c.line.one_sided_quotient(c.of.weights, level, Line::right) : c.line.central_quotient(c.of.weights, level);
    if (forward) {
        slope.error = std::abs(slope.value - c.line.one_sided_quotient(c.of.weights, level - 1, Line::right)) + 2 * rounding(c) / step;
        return decided(c, slope, Method::forward);
    }
    slope.error = std::fmax(rounding(c), 0.4 * c.of.noise) / step;
    const double spread = options_.atol ? *options_.atol * c.unit : 20 * slope.error;
    return element(c, slope, Method::central, tolerance(c, slope.value) + (options_.atol ? 0 : spread), spread);
}

Slope Judge::central(const Case& c) const {
    const double step = c.line.step(Line::central), value = c.line.central_quotient(c.of.weights, Line::central);
    const double twice = c.line.central_quotient(c.of.weights, Line::central - 1);
    return {value, std::abs(value - twice) / 3 + 2 * noise(c, Line::central) / step, step};
}

/// Ridders' method twice, with steps that hardly overlap, and the central difference beside it.
Slope Judge::best(const Case& c, int level) const {
    const double unit_noise = noise(c, level);
    std::vector<double> q;
    for (int l = level; l < level + second_window + window && l <= c.line.finest(); ++l)
        q.push_back(c.line.central_quotient(c.of.weights, l));
    const auto part = [&](int from) {
        const std::size_t begin = static_cast<std::size_t>(from), n = std::min<std::size_t>(window, q.size() - begin);
        return extrapolate(std::span<const double>(q).subspan(begin, n), c.line.step(level + from), 2, unit_noise);
    };
    Slope large = part(0);
    const Slope small = part(second_window);
    const double apart = std::abs(large.value - small.value);
    const bool agree = apart <= 4 * (large.error + small.error);
    Slope result = large.error <= small.error ? large : small;
    if (!agree) result.error = std::fmax(result.error, apart);
    if (level <= Line::central - 1) {
        const Slope simple = central(c);
        if (simple.error < result.error && agree) result = simple;
    }
    return result;
}

/// The slope is the limit of small steps: where f oscillates within the steps, or has a singular point near x, larger ones agree on
/// something else. So smaller steps that contradict decide, if two windows of them say the same, for one may by chance.
Slope Judge::contradicted(const Case& c, int level, Slope slope) const {
    constexpr int stride = 5, length = 6;
    const auto at = [&](int from) {
        std::vector<double> q;
        for (int l = from; l < from + length; ++l) q.push_back(c.line.central_quotient(c.of.weights, l));
        return extrapolate(q, c.line.step(from), 2, floor_of(c, q.back(), level));
    };
    for (int from = level + window; from + stride + length <= c.line.finest() + 1; from += stride) {
        Slope finer = at(from);
        const Slope again = at(from + stride);
        finer.error = std::fmax(finer.error, std::abs(finer.value - again.value));
        const double apart = std::abs(finer.value - slope.value);
        if (apart > 4 * (finer.error + slope.error) && finer.error <= sure * apart) slope = finer;
    }
    return slope;
}

Slope Judge::one_sided(const Case& c, int side, int level) const {
    std::vector<double> q;
    for (int l = level; l < level + window && l <= c.line.finest(); ++l) q.push_back(c.line.one_sided_quotient(c.of.weights, l, side));
    return extrapolate(q, c.line.step(level), 1, rounding(c));
}

/// Whether a slope on one side is one: where f jumps there is none. A slope of 0 has nothing of its own that its error were small beside,
/// so the slope on the other side counts, if that is one.
bool Judge::usable(const Case& c, const Slope& slope, const Slope& other) const {
    const auto known = [&c, this](const Slope& s, double beside) {
        const double size = std::fmax(std::fmax(std::abs(s.value), beside), std::fmax(c.size, tolerance(c, s.value)));
        return std::isfinite(s.value) && s.error <= sure * size;
    };
    return known(slope, known(other, 0) ? std::abs(other.value) : 0);
}

std::optional<GradcheckElement> Judge::by_complex_step(const Case& c) const {
    const auto& f = f_.problem().complex_f;
    if (!f) return std::nullopt;
    constexpr double step = 0x1p-66;
    GradcheckProblem::Complex x(f_.x().begin(), f_.x().end());
    for (std::size_t k = 0; k < x.size(); ++k) x[k] += std::complex<double>(0, step * c.line.scale(k));
    ++f_.counts().evaluations;
    const GradcheckProblem::Complex y = f(x);
    Slope slope{0, 0, step};
    for (std::size_t i = 0; i < y.size(); ++i) slope.value += c.of.weights[i] * y[i].imag() / step;
    slope.error = 64 * f_.eps() * std::fmax(std::abs(slope.value), c.size);
    return decided(c, slope, Method::complex);
}

GradcheckElement Judge::by_forward_mode(const Case& c) const {
    std::vector<double> direction(f_.x().size());
    for (std::size_t k = 0; k < direction.size(); ++k) direction[k] = c.line.scale(k);
    std::string why;
    const auto ydot = f_.push(direction, why);
    Slope slope{std::numeric_limits<double>::quiet_NaN(), 0, 0};
    if (ydot) {
        slope.value = 0;
        for (std::size_t i = 0; i < ydot->size(); ++i) slope.value += c.of.weights[i] * (*ydot)[i];
        slope.error = 64 * f_.eps() * std::fmax(std::abs(slope.value), c.size);
    }
    GradcheckElement result = decided(c, slope, Method::dual_jvp);
    if (!ydot) result.note = why;
    return result;
}

GradcheckElement Judge::settled(const Case& c, bool only_central) const {
    const Piece on = piece(c.line);
    if (!on.both) {
        const std::string note = on.kink ? on.kink->text : "f is not finite beside x";
        return between(c, one_sided(c, Line::left), one_sided(c, Line::right), note);
    }
    const bool simple = only_central && *on.both <= Line::central;
    const Slope slope = simple ? central(c) : on.right ? near_kink(c, on) : best(c, *on.both);
    GradcheckElement result = decided(c, slope, simple ? Method::central : Method::ridders);
    if (result.verdict == Verdict::pass) return result;
    if (!simple) result = decided(c, contradicted(c, *on.both, slope), Method::ridders);
    if (result.verdict == Verdict::pass) return result;
    const Slope left = one_sided(c, Line::left), right = one_sided(c, Line::right);
    const double apart = std::abs(left.value - right.value);
    if (!on.right && usable(c, left, right) && usable(c, right, left) && apart > 10 * (left.error + right.error) + tolerance(c, apart))
        return between(c, left, right, "a kink at x that no recorded operation shows");
    if (result.verdict == Verdict::fail && !confirmed(c, *on.both, std::abs(c.claimed - slope.value))) {
        result.verdict = Verdict::unresolved;
        result.note = "the gradient turns so sharply beside x that differences cannot tell";
    }
    return result;
}

}  // namespace internal
}  // namespace v1
}  // namespace autodiff
