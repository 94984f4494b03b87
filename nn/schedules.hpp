// SPDX-License-Identifier: MIT
/// Learning rates as functions of the step: `optimizer.options.lr = schedule(step)`. Steps are counted from 0.
#pragma once

#include "autodiff/shape.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace nn {
inline namespace v1 {

/// lr factor^(number of whole periods that have passed)
struct StepSchedule {
    double lr = 0.1;
    autodiff::Index period = 30;
    double factor = 0.1;
    [[nodiscard]] double operator()(autodiff::Index step) const { return lr * std::pow(factor, static_cast<double>(step / period)); }
};

/// Half a cosine from lr at step 0 down to `final_lr` at step `steps`, where it stays.
/// source   Loshchilov and Hutter (2017), "SGDR: stochastic gradient descent with warm restarts", equation 5
struct CosineSchedule {
    double lr = 0.1;
    autodiff::Index steps = 1;
    double final_lr = 0;
    [[nodiscard]] double operator()(autodiff::Index step) const {
        const double progress = static_cast<double>(std::min(step, steps)) / static_cast<double>(steps);
        return final_lr + (lr - final_lr) * (1 + std::cos(std::numbers::pi * progress)) / 2;
    }
};

/// Another schedule, its first `steps` rates on a line from 1/steps of it: step 0 has lr/steps, step steps-1 all of it.
template <class Schedule>
struct WarmupSchedule {
    autodiff::Index steps = 1;
    Schedule then;
    [[nodiscard]] double operator()(autodiff::Index step) const {
        return then(step) * std::min(1.0, static_cast<double>(step + 1) / static_cast<double>(steps));
    }
};
template <class Schedule>
WarmupSchedule(autodiff::Index, Schedule) -> WarmupSchedule<Schedule>;

}  // namespace v1
}  // namespace nn
