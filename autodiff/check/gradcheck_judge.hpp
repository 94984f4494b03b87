// SPDX-License-Identifier: MIT
/// One derivative against one slope: passes, fails, or cannot be told. For gradcheck.
#pragma once

#include "autodiff/check/gradcheck_difference.hpp"
#include "autodiff/check/gradcheck_report.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace autodiff {
inline namespace v1 {
namespace internal {

/// A number made from the results of f, and the gradient that is claimed for it.
struct Functional {
    std::vector<double> weights;   ///< <weights, f>
    std::vector<double> gradient;  ///< per element of x
    std::string name;              ///< empty if f has one result
    double rounding = 0;           ///< what the intermediate values' rounding does to it
    double noise = 0;              ///< measured along a direction
};

class Judge {
  public:
    Judge(const GradcheckFunction& f, const GradcheckOptions& options);

    /// The functional's claimed slope along the line, times `factor`, against differences.
    [[nodiscard]] GradcheckElement operator()(const Line& line, const Functional& of, double factor = 1) const;
    /// Whether a central difference alone agrees.
    [[nodiscard]] bool agrees_at_first(const Line& line, const Functional& of) const;
    /// The noise of the functional along a line; only that of rounding where the line leaves the piece of x.
    [[nodiscard]] double noise(const Line& line, const Functional& of) const;
    /// Whether there is no budget left.
    [[nodiscard]] bool spent() const { return f_.counts().evaluations > options_.max_evals; }
    /// The kink within the smallest step of the line, if x stands on one.
    [[nodiscard]] std::optional<Kink> kink(const Line& line) const;

  private:
    /// What one comparison knows, in units of the line.
    struct Case {
        const Line& line;
        const Functional& of;
        double claimed;
        double size;  // what rtol counts from, at least
        double unit;  // of an element of x, in units of the line
    };
    [[nodiscard]] Case make_case(const Line& line, const Functional& of, double factor) const;
    [[nodiscard]] double rounding(const Case& c) const;
    [[nodiscard]] double noise(const Case& c, int level) const;
    [[nodiscard]] double floor_of(const Case& c, double quotient, int level) const;
    [[nodiscard]] double tolerance(const Case& c, double slope) const;
    [[nodiscard]] GradcheckElement element(const Case& c, const Slope& slope, Method method, double allowed, double spread) const;
    [[nodiscard]] double gradient_noise(const Case& c) const;
    [[nodiscard]] GradcheckElement decided(const Case& c, const Slope& slope, Method method) const;
    [[nodiscard]] GradcheckElement quick(const Case& c, bool forward) const;
    [[nodiscard]] GradcheckElement settled(const Case& c, bool only_central) const;
    [[nodiscard]] std::optional<GradcheckElement> by_complex_step(const Case& c) const;
    [[nodiscard]] GradcheckElement by_forward_mode(const Case& c) const;
    [[nodiscard]] bool confirmed(const Case& c, int level, double mismatch) const;
    [[nodiscard]] bool confirmed_outside(const Case& c, bool left, bool right, double mismatch) const;
    [[nodiscard]] Slope central(const Case& c) const;
    [[nodiscard]] Slope best(const Case& c, int level) const;
    [[nodiscard]] Slope contradicted(const Case& c, int level, Slope slope) const;
    [[nodiscard]] Slope one_sided(const Case& c, int side, int level = Line::central - 2) const;
    [[nodiscard]] GradcheckElement between(const Case& c, const Slope& left, const Slope& right, std::string note) const;
    [[nodiscard]] bool usable(const Case& c, const Slope& slope, const Slope& other) const;
    static constexpr int second_window = 6;  // where a second extrapolation begins: what both say can be believed
    [[nodiscard]] static int shrinks(const Line& line);
    [[nodiscard]] std::optional<Kink> crossed(const Line& line, int level, int side) const;
    /// The largest steps within the piece of x.
    struct Piece {
        std::optional<int> both, right, left;  // levels; of each side only where a kink or the end of the domain is near
        std::optional<Kink> kink;              // the last one that was met
    };
    [[nodiscard]] Piece piece(const Line& line) const;
    [[nodiscard]] Slope near_kink(const Case& c, const Piece& on) const;

    const GradcheckFunction& f_;
    const GradcheckOptions& options_;
    mutable std::unique_ptr<const Branches> here_;  // recorded when first needed
    mutable int confirmed_ = 0;                     // mismatches
};

}  // namespace internal
}  // namespace v1
}  // namespace autodiff
