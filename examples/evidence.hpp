// SPDX-License-Identifier: MIT
/// What the examples of the course end with: a claim, the number, and whether it is the number that mathematics says.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <fmt/format.h>
#include <span>
#include <string_view>

/// Collects the evidence of one example. `return evidence.status();` makes the program fail if the claim does.
class Evidence {
  public:
    explicit Evidence(double tolerance = 1e-12) : tolerance_(tolerance) {}
    void check(std::string_view what, double got, double expected) {
        const bool agree = std::abs(got - expected) <= tolerance_ * std::max(1.0, std::abs(expected));
        fmt::print("{:<28} {:>13.8g}   expected {:>13.8g}   {}\n", what, got, expected, agree ? "ok" : "WRONG");
        all_agree_ = all_agree_ && agree;
    }
    /// Of all elements in turn.
    void check(std::string_view what, std::span<const double> got, std::span<const double> expected) {
        bool agree = got.size() == expected.size();
        for (std::size_t k = 0; agree && k < got.size(); ++k)
            agree = std::abs(got[k] - expected[k]) <= tolerance_ * std::max(1.0, std::abs(expected[k]));
        check(fmt::format("{}, {} elements", what, expected.size()), agree);
    }
    void check(std::string_view what, bool holds) {
        fmt::print("{:<68} {}\n", what, holds ? "ok" : "WRONG");
        all_agree_ = all_agree_ && holds;
    }
    [[nodiscard]] int status() const { return all_agree_ ? 0 : 1; }

  private:
    double tolerance_;
    bool all_agree_ = true;
};
