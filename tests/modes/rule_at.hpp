// SPDX-License-Identifier: MIT
/// A rule at a point with directions: what the suites over rules on Scalars share, and how they report.
#pragma once

#include "tests/modes/rule_table.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <fmt/format.h>

namespace modes {

using Scalars = std::vector<Scalar>;
using Numbers = std::vector<double>;

inline constexpr unsigned seed = 616;
inline constexpr double dual_tolerance = 1e-12;  // of the terms, or of 1

/// A rule at a point, as a function of those operands that it can be differentiated by.
struct At {
    const Rule& rule;
    Operands x;
    std::vector<std::size_t> active;
    Numbers u;
    std::vector<Operands> v;

    At(const Rule& its_rule, const Operands& point, std::mt19937_64& random) : rule(its_rule), x(point), u{0.7} {
        for (std::size_t k = 0; k < rule.arity; ++k)
            if (rule.differentiable[k]) active.push_back(k);
        for (int i = 0; i < 3; ++i) v.push_back(direction_for(rule, random));
    }
    [[nodiscard]] Scalars operator()(const Scalars& moving) const {
        std::array<Scalar, 3> operand{x[0], x[1], x[2]};
        for (std::size_t i = 0; i < active.size(); ++i) operand[active[i]] = moving[i];
        return {rule.on_scalars({&operand[0], &operand[1], &operand[2]}, Temporary::none)};
    }
    template <class N>
    [[nodiscard]] std::vector<N> packed(const Operands& all) const {
        std::vector<N> result;
        for (const std::size_t k : active) result.push_back(all[k]);
        return result;
    }
    [[nodiscard]] std::string where() const { return fmt::format("{} at ({:.17g}, {:.17g}, {:.17g})", rule.name, x[0], x[1], x[2]); }
};

/// The sum of the sizes of all products that the derivative in these directions adds up.
inline double terms(const Rule& rule, const Operands& x, std::span<const Operands> along) {
    std::vector<Operands> units(along.size());
    double total = 0;
    std::size_t combinations = 1;
    for (std::size_t i = 0; i < along.size(); ++i) combinations *= rule.arity;
    for (std::size_t n = 0; n < combinations; ++n) {
        double weight = 1;
        std::size_t rest = n;
        for (std::size_t i = 0; i < along.size(); ++i, rest /= rule.arity) {
            const std::size_t k = rest % rule.arity;
            units[i] = {}, units[i][k] = 1;
            weight *= std::abs(along[i][k]);
        }
        if (weight != 0) total += weight * std::abs(rule.derivative(x, units));
    }
    return total;
}

/// Collects what is wrong with one rule; asserted once.
class Failures {
  public:
    explicit Failures(const Rule& rule) : rule_(rule) {}
    Failures(const Failures&) = delete;
    Failures& operator=(const Failures&) = delete;
    ~Failures() { BOOST_CHECK_MESSAGE(text_.empty(), rule_.name << " (seed " << seed << ")" << text_); }
    void note(const std::string& what) { text_ += "\n  " + what; }

  private:
    const Rule& rule_;
    std::string text_;
};

/// test(rule at a point, failures) for some points of every rule, random ones and special ones.
template <class F>
void for_each_rule(int random_points, const F& test) {
    std::mt19937_64 random(seed);
    for (const Rule& rule : rule_table()) {
        Failures failures(rule);
        for (const Operands& x : points_of(rule, random, random_points)) {
            const At at(rule, x, random);
            try {
                test(at, failures);
            } catch (const std::exception& e) {
                failures.note(at.where() + " threw " + e.what());
            }
        }
    }
}

}  // namespace modes
