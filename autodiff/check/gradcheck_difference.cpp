// SPDX-License-Identifier: MIT
#include "autodiff/check/gradcheck_difference.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace autodiff {
inline namespace v1 {
namespace internal {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

double dot(std::span<const double> a, std::span<const double> b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
        if (a[i] != 0) sum += a[i] * b[i];  // a result that does not count may be infinite
    return sum;
}
double dot_of_sizes(std::span<const double> a, std::span<const double> b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
        if (a[i] != 0) sum += std::abs(a[i] * b[i]);
    return sum;
}

}  // namespace

Slope extrapolate(std::span<const double> q, double step, int power, double noise) {
    Slope best{std::numeric_limits<double>::quiet_NaN(), infinity};
    std::vector<double> before, now;
    for (std::size_t level = 0; level < q.size(); ++level, step /= 2) {
        now.assign(1, q[level]);
        // The noise of a quotient; extrapolation multiplies it by at most the product of (f + 1) / (f - 1) over the factors f.
        const double floor = noise / step * (power == 2 ? 2 : 8);
        double factor = 1;
        for (std::size_t order = 1; order <= level; ++order) {
            factor *= power == 2 ? 4 : 2;
            now.push_back((now[order - 1] * factor - before[order - 1]) / (factor - 1));
            const double error = std::fmax(std::abs(now[order] - now[order - 1]), std::abs(now[order] - before[order - 1])) + floor;
            if (error < best.error) best = {now[order], error, step};
        }
        std::swap(before, now);
    }
    return best;
}

double noise_of(std::span<const double> values) {
    std::vector<double> d(values.begin(), values.end());
    for (int order = 0; order < 4; ++order) {
        for (std::size_t i = 0; i + 1 < d.size(); ++i) d[i] = d[i + 1] - d[i];
        d.pop_back();
    }
    const double sum = std::inner_product(d.begin(), d.end(), d.begin(), 0.0);
    return std::sqrt(sum / static_cast<double>(d.size()) / 70);  // 70 = 8! / (4!)^2: what independent noise makes of its variance
}

double balanced_step(double eps) { return std::exp2(std::round(std::log2(eps) / 3)); }

Line::Line(const GradcheckFunction& f, std::size_t element, double step)
    : f_(&f), element_(element), first_step_(std::ldexp(step > 0 ? step : balanced_step(f.eps()), central)) {
    element_scale_ = step > 0 ? 1 : f.scale(element);
    finest_ = last_level(2, f.scale(element) / element_scale_);
}

Line::Line(const GradcheckFunction& f, std::vector<double> direction, double step)
    : f_(&f), direction_(std::move(direction)), first_step_(std::ldexp(step > 0 ? step : balanced_step(f.eps()), central)) {
    double size = 1;
    for (std::size_t k = 0; k < direction_.size(); ++k) {
        if (step > 0)
            size = std::fmax(size, direction_[k] == 0 ? 0 : f.scale(k));
        else
            direction_[k] *= f.scale(k);
    }
    finest_ = last_level(64, size);
}

int Line::last_level(double units_in_the_last_place, double size) const {
    const double level = std::floor(std::log2(first_step_ / (units_in_the_last_place * f_->eps() * size)));
    return std::clamp(static_cast<int>(level), central + 8, levels - 1);
}

double Line::step(int level) const { return std::ldexp(first_step_, -level); }

double Line::scale(std::size_t k) const {
    if (element_) return k == *element_ ? element_scale_ : 0;
    return direction_[k];
}

std::vector<double> Line::moved(double t) const {
    std::vector<double> x = f_->x();
    if (element_)
        x[*element_] = f_->stored(*element_, x[*element_] + t * element_scale_);
    else
        for (std::size_t k = 0; k < x.size(); ++k)
            if (direction_[k] != 0) x[k] = f_->stored(k, x[k] + t * direction_[k]);
    return x;
}

std::vector<double> Line::point(int level, int side) const { return moved(side == right ? step(level) : -step(level)); }

const std::vector<double>& Line::at(int level, int side) const {
    std::vector<double>& values = values_[static_cast<std::size_t>(level)][static_cast<std::size_t>(side)];
    if (values.empty()) values = f_->value(point(level, side));
    return values;
}

double Line::value(std::span<const double> weights, int level, int side) const { return dot(weights, at(level, side)); }

double Line::central_quotient(std::span<const double> weights, int level) const {
    const double rise = value(weights, level, right) - value(weights, level, left);
    if (!element_) return rise / (2 * step(level));
    const double run = point(level, right)[*element_] - point(level, left)[*element_];
    return rise / run * element_scale_;
}

double Line::one_sided_quotient(std::span<const double> weights, int level, int side) const {
    const double rise = value(weights, level, side) - dot(weights, f_->value_at_x());
    if (!element_) return rise / (side == right ? step(level) : -step(level));
    return rise / (point(level, side)[*element_] - f_->x()[*element_]) * element_scale_;
}

bool Line::finite(int level, int side) const {
    const std::vector<double>& values = at(level, side);
    return std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); });
}

double Line::rounding(std::span<const double> weights) const {
    double largest = dot_of_sizes(weights, f_->value_at_x());
    for (int level = central; level < levels; ++level)
        for (const std::vector<double>& values : values_[static_cast<std::size_t>(level)])
            if (!values.empty()) {
                const double size = dot_of_sizes(weights, values);
                if (std::isfinite(size)) largest = std::fmax(largest, size);
            }
    return f_->eps() * largest;
}

double Line::noise(std::span<const double> weights, int level) const {
    constexpr int half = 4;
    std::vector<std::vector<double>>& near = near_[level];
    if (near.empty())
        for (int i = -half; i <= half; ++i) near.push_back(i == 0 ? f_->value_at_x() : f_->value(moved(i * step(level) / half)));
    std::vector<double> values;
    for (const std::vector<double>& v : near) values.push_back(dot(weights, v));
    const double measured = noise_of(values);
    return std::fmax(rounding(weights), std::isfinite(measured) ? measured : 0);
}

}  // namespace internal
}  // namespace v1
}  // namespace autodiff
