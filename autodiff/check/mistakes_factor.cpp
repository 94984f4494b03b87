// SPDX-License-Identifier: MIT
// A wrong step that is a constant times the right one, or nothing at all, or rounded.
#include "autodiff/check/mistakes.hpp"

#include "autodiff/explain/words.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace autodiff {
inline namespace v1 {
namespace check {

namespace {

constexpr std::size_t most_rows_scaled = 64;  // of a long segment, how many are looked at

/// A number with a meaning.
struct Meaning {
    double factor;
    std::string text;
};

class Meanings {
  public:
    explicit Meanings(const WrongStep& step) : tolerance_(step.single ? 1e-4 : 1e-9), number_(step.options.digits) {
        add(2, "accumulated twice, or a gradient that was not cleared");
        add(0.5, "a factor 2, as of a square, is missing");
        add(1 / std::numbers::ln2, "1/ln 2");
        add(std::numbers::ln2, "ln 2");
        add(std::numbers::pi / 180, "pi/180, degrees taken for radians");
        add(180 / std::numbers::pi, "180/pi, radians taken for degrees");
        if (step.options.learning_rate > 0) {
            add(step.options.learning_rate, "the learning rate: this is the update, not the gradient");
            add(-step.options.learning_rate, "minus the learning rate: this is the update, not the gradient");
        }
        std::vector<std::uint32_t> rows = step.near(most_rows_scaled);
        for (const std::uint32_t row : rows)
            if (const double c = constant_slope(step.tape, row); c != 1 && c != -1 && c != 0) {
                const std::string which = fmt::format("the factor {} of {}", number_(c), step.tape.words(row));
                add(1 / c, which + " is missing");
                add(c, which + " is applied twice");
            }
        rows.push_back(step.segment.target);
        for (const std::uint32_t row : rows) extents(step.tape, row);
        for (std::size_t i = 0; i < extents_.size(); ++i) {
            const Extent& e = extents_[i];
            counted(e.size, fmt::format("{}", fmt::join(e.axes, " or ")));
            counted(e.size * e.size, e.axes.size() > 1 ? e.axes[0] + " times " + e.axes[1] : e.axes[0] + ", twice");
            for (std::size_t k = i + 1; k < extents_.size(); ++k)
                counted(e.size * extents_[k].size, e.axes[0] + " times " + extents_[k].axes[0]);
        }
    }

    [[nodiscard]] std::string of(double k) const {
        std::string text;
        int said = 0;
        for (const Meaning& m : meanings_)
            if (std::abs(k - m.factor) <= tolerance_ * std::abs(m.factor) && said++ < 3) text += (text.empty() ? "" : "; or ") + m.text;
        return text;
    }

  private:
    struct Extent {
        double size;
        std::uint32_t row;              // where it was met first
        std::vector<std::string> axes;  // of that row
    };
    void add(double factor, std::string text) {
        if (std::isfinite(factor) && factor != 0 && factor != 1) meanings_.push_back({factor, std::move(text)});
    }
    /// n is how many there are of something.
    void counted(double n, const std::string& of) {
        add(n, fmt::format("1/{} is missing ({}): summed instead of averaged", number_(n), of));
        add(1 / n, fmt::format("divided by {} once too often ({}): averaged instead of summed", number_(n), of));
        add((n - 1) / n, fmt::format("(n - 1)/n with n = {} ({}): n taken for n - 1", number_(n), of));
        add(n / (n - 1), fmt::format("n/(n - 1) with n = {} ({}): n - 1 taken for n", number_(n), of));
    }
    void extents(const CheckedTape& tape, std::uint32_t row) {
        constexpr std::size_t most_sizes = 8, most_axes = 2;  // of one size, as many axes are said as an array often has alike
        const Shape shape = tape.shape(row);
        for (Index axis = 0; axis < shape.rank(); ++axis) {
            const auto size = static_cast<double>(shape[axis]);
            if (size <= 1) continue;
            const std::string said = fmt::format("axis {} of {} {}", axis, tape.words(row), to_string(shape));
            const auto at = std::find_if(extents_.begin(), extents_.end(), [size](const Extent& e) { return e.size == size; });
            if (at == extents_.end() && extents_.size() < most_sizes)
                extents_.push_back({size, row, {said}});
            else if (at != extents_.end() && at->row == row && at->axes.size() < most_axes)
                at->axes.push_back(said);
        }
    }
    double tolerance_;
    Numbers number_;
    std::vector<Meaning> meanings_;
    std::vector<Extent> extents_;
};

Flat scaled(const Flat& x, double k) {
    Flat y(x);
    for (double& v : y) v *= k;
    return y;
}

void offer_rounding(const WrongStep& step, Candidates& candidates) {
    if (step.single) return;
    constexpr double half_ulp = 0.5 * std::numeric_limits<float>::epsilon();
    double largest = 0;
    bool floats = true;
    for (std::size_t k = 0; k < step.yours.size(); ++k) {
        const double error = std::abs(step.yours[k] - step.expected[k]), allowed = 16 * half_ulp * step.magnitude[k];
        if (!(error <= allowed)) return;
        if (step.expected[k] != 0) largest = std::max(largest, error / std::abs(step.expected[k]));
        floats = floats && static_cast<double>(static_cast<float>(step.yours[k])) == step.yours[k];
    }
    const Numbers number(3);
    candidates.offer(of_rounding,
                     {"float_precision", "computed in float, the tape in double",
                      fmt::format("the largest relative error is {}, the unit roundoff of float {}{}", number(largest), number(half_ulp),
                                  floats ? "; every one of your numbers is a float" : ""),
                      0, 0},
                     step.yours);
}

}  // namespace

double constant_slope(const CheckedTape& tape, std::uint32_t row) {
    const std::vector<std::uint32_t> operands = tape.operands(row);
    if (operands.size() != 1 || tape.shape(operands[0]) != tape.shape(row)) return 1;
    Flat slope(1, 0);
    if (tape.tensor(row) != nullptr && tape.tensor(operands[0]) != nullptr)
        slope = tape.pushed(row, {{operands[0], tape.ones(operands[0])}});
    else if (const auto read = tape.scalar_operands(row); !read.empty())
        for (std::size_t k = 0; k < read.size(); ++k) slope[0] += read[k] == Operand{0} ? 0 : tape.partials(row)[k];
    const double c = slope[0], rounding = tape.is_float(row) ? 1e-5 : 1e-13;
    const Flat x = tape.value(operands[0]), y = tape.value(row);
    for (std::size_t k = 0; k < x.size(); ++k)
        if (!(std::abs(slope[k] - c) <= rounding * std::abs(c)) || !(std::abs(y[k] - c * x[k]) <= rounding * std::abs(y[k]))) return 1;
    return c;
}

void offer_factors(const WrongStep& step, Candidates& candidates) {
    candidates.offer(of_all, {"stopped", "all zero: the gradient was stopped, or never computed", "", 0, 0}, Flat(step.yours.size(), 0));
    double products = 0, squares = 0;
    for (std::size_t k = 0; k < step.yours.size(); ++k)
        products += step.yours[k] * step.expected[k], squares += step.expected[k] * step.expected[k];
    const double factor = products / squares;
    const Numbers number(step.options.digits);
    if (std::isfinite(factor) && factor != 0) {
        const Flat candidate = scaled(step.expected, factor);
        if (std::abs(factor + 1) <= candidates.tolerance()) {
            candidates.offer(of_sign, {"sign", "the sign is flipped", "yours = -1 * expected, in every element", 0, 0}, candidate);
        } else if (candidates.same(step.yours, candidate)) {
            const Meanings meanings(step);
            std::string meaning = meanings.of(factor);
            if (meaning.empty() && factor < 0)
                if (const std::string of_size = meanings.of(-factor); !of_size.empty()) meaning = "the sign is flipped, and " + of_size;
            const std::string evidence = fmt::format("yours = {} * expected, in every element", number(factor));
            if (!meaning.empty())
                candidates.offer(of_factor, {"factor", fmt::format("off by the factor {}: {}", number(factor), meaning), evidence, 0, 0},
                                 candidate);
            else if (step.yours.size() > 1)
                candidates.offer(of_some_factor, {"factor", fmt::format("off by the factor {}", number(factor)), evidence, 0, 0},
                                 candidate);
        }
    }
    if (step.previous != nullptr) {
        Flat candidate(step.expected);
        std::transform(candidate.begin(), candidate.end(), step.previous->begin(), candidate.begin(), std::plus<>());
        candidates.offer(of_sign,
                         {"not_cleared", "the gradient of the step before was not cleared: yours was added to it",
                          "yours = expected + previous, in every element", 0, 0},
                         candidate);
    }
    offer_rounding(step, candidates);
}

}  // namespace check
}  // namespace v1
}  // namespace autodiff
