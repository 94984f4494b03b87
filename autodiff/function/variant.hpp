// SPDX-License-Identifier: MIT
/// One recording of a function: the program for the branches that its example took, and the programs and plans derived from it, each made
/// at the first question that needs it.
#pragma once

#include "autodiff/program/derivative.hpp"
#include "autodiff/program/plan.hpp"
#include "autodiff/function/recording.hpp"

#include <algorithm>
#include <array>
#include <mutex>
#include <optional>

namespace autodiff {
inline namespace v1 {
namespace function {

/// Made at the first question, by one thread.
template <class X>
class Lazy {
  public:
    template <class F>
    const X& get(const F& make) const {
        std::call_once(made_, [&] { x_.emplace(make()); });
        return *x_;
    }

  private:
    mutable std::once_flag made_;
    mutable std::optional<X> x_;
};

template <class T>
struct Plans {
    std::array<Lazy<Plan<T>>, questions> batch;
    Lazy<Plan<T>> failed_guards;
};

/// What a recorded function's inputs are.
struct Inputs {
    std::vector<bool> shared, active;
    std::vector<bool> active_shared;  // of the active ones
};

/// One recording: the program for the branches that its example took.
class Variant {
  public:
    Variant(Program forward, std::vector<double> example, const Inputs& inputs)
        : forward_(std::move(forward)), example_(std::move(example)), inputs_(inputs) {}

    [[nodiscard]] const Program& forward() const noexcept { return forward_; }
    [[nodiscard]] bool guarded() const noexcept { return !forward_.guards.empty(); }

    [[nodiscard]] const Program& program(Question question) const {
        switch (question) {
        case Question::values:
            return forward_;
        case Question::curvature:
            return curvature_.get([this] { return hessian_times_vector(forward_, example_, inputs_.active); });
        default:
            return jacobian_.get([this] { return with_jacobian(forward_, example_, inputs_.active); });
        }
    }

    template <class T>
    [[nodiscard]] const Plan<T>& batch_plan(Question question) const {
        return plans<T>().batch[static_cast<std::size_t>(question)].get([&] {
            const Program& p = program(question);
            const std::vector<Delivery> to = deliveries(question, p.outputs.size());
            if (p.guards.empty()) return make_plan<T>(p, shared_inputs(question), to);
            return make_plan<T>(with_outputs(p, p.outputs), shared_inputs(question), to);
        });
    }
    template <class T>
    [[nodiscard]] const Plan<T>& failed_guards_plan() const {
        return plans<T>().failed_guards.get([this] {
            const Delivery each[] = {Delivery::each};
            return make_plan<T>(failed_guards(forward_), inputs_.shared, each);
        });
    }
    /// The answer at one point, and then the conditions of the guards.
    [[nodiscard]] const Plan<double>& point_plan(Question question) const {
        return point_[static_cast<std::size_t>(question)].get([&] {
            const Program& p = program(question);
            const auto all_shared = [](const Program& q) {
                return make_plan<double>(q, std::vector<bool>(q.inputs, true), std::vector<Delivery>(q.outputs.size(), Delivery::each));
            };
            if (p.guards.empty()) return all_shared(p);
            std::vector<Value> outputs = p.outputs;
            for (const Guard& guard : p.guards) outputs.push_back(guard.condition);
            return all_shared(with_outputs(p, outputs));
        });
    }

  private:
    [[nodiscard]] std::vector<bool> shared_inputs(Question question) const {
        std::vector<bool> shared = inputs_.shared;
        if (question == Question::curvature) shared.insert(shared.end(), inputs_.active_shared.begin(), inputs_.active_shared.end());
        return shared;
    }
    [[nodiscard]] std::vector<Delivery> deliveries(Question question, std::size_t outputs) const {
        std::vector<Delivery> result(outputs, Delivery::each);
        if (question == Question::values || question == Question::jacobian) return result;
        const std::size_t values = question == Question::curvature ? 0 : forward_.outputs.size();
        if (question == Question::sum_gradient) std::fill_n(result.begin(), values, Delivery::sum);
        for (std::size_t k = values; k < outputs; ++k)
            if (inputs_.active_shared[(k - values) % inputs_.active_shared.size()]) result[k] = Delivery::sum;
        return result;
    }
    template <class T>
    [[nodiscard]] const Plans<T>& plans() const {
        if constexpr (std::same_as<T, float>)
            return float_;
        else
            return double_;
    }

    Program forward_;
    std::vector<double> example_;
    const Inputs& inputs_;
    Lazy<Program> jacobian_, curvature_;
    Plans<float> float_;
    Plans<double> double_;
    std::array<Lazy<Plan<double>>, questions> point_;
};

}  // namespace function
}  // namespace v1
}  // namespace autodiff
