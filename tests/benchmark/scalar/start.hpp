// SPDX-License-Identifier: MIT
/// The gradient of one operation, again and again: what it costs to begin.
#pragma once

#include "task.hpp"

namespace benchmark {

/// y = a b at 100,000 points, each with a gradient of its own.
class Start {
  public:
    static constexpr std::string_view name = "start";
    static constexpr std::size_t outputs = 1;

    explicit Start(bool /* quick enough */) {
        for (std::size_t i = 0; i < 200'000; ++i) inputs_.push_back(uniform(17, i, 1, 2));
    }
    [[nodiscard]] std::size_t points() const { return inputs_.size() / 2; }
    [[nodiscard]] std::size_t dimension() const { return 2; }
    [[nodiscard]] const std::vector<double>& inputs() const { return inputs_; }

    template <class T>
    void evaluate(std::size_t, const T* x, T* y) const {
        y[0] = x[0] * x[1];
    }

  private:
    std::vector<double> inputs_;
};

}  // namespace benchmark
