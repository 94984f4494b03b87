// SPDX-License-Identifier: MIT
/// Random functions of a few numbers: straight-line programs of the operations in the list of rules, made and run at run time.
#pragma once

#include "autodiff/scalar.hpp"

#include <array>
#include <cstddef>
#include <fmt/format.h>
#include <random>
#include <string>
#include <vector>

namespace programs {

using autodiff::Operation;
using autodiff::Scalar;

/// y = the last of the steps; each reads inputs and earlier steps.
struct RandomProgram {
    struct Step {
        Operation operation;
        std::array<std::size_t, 3> operand;
    };
    std::size_t inputs = 0;
    std::vector<Step> steps{};

    [[nodiscard]] Scalar operator()(const std::vector<Scalar>& x) const {
        using namespace autodiff;
        std::vector<Scalar> v = x;
        for (const Step& s : steps) {
            const Scalar &a = v[s.operand[0]], &b = v[s.operand[1]], &c = v[s.operand[2]];
            v.push_back(arity(s.operation) == 1 ? visit_unary(s.operation, [&]<class R>(R rule) -> Scalar { return apply(rule, a); })
                        : arity(s.operation) == 2
                            ? visit_binary(s.operation, [&]<class R>(R rule) -> Scalar { return apply(rule, a, b); })
                            : visit_ternary(s.operation, [&]<class R>(R rule) -> Scalar { return apply(rule, a, b, c); }));
        }
        return v.back();
    }

    [[nodiscard]] std::string text() const {
        std::string result;
        for (std::size_t i = 0; i < steps.size(); ++i) {
            result += fmt::format("v{} = {}(", inputs + i, autodiff::name(steps[i].operation));
            for (std::size_t k = 0; k < static_cast<std::size_t>(autodiff::arity(steps[i].operation)); ++k)
                result += fmt::format("{}v{}", k == 0 ? "" : ", ", steps[i].operand[k]);
            result += "); ";
        }
        return result;
    }
};

/// Every other operand is the newest value, so that programs are deep as well as wide.
template <class Random>
RandomProgram random_program(Random& random, std::size_t inputs, std::size_t steps, const std::vector<Operation>& from) {
    RandomProgram program{inputs};
    const auto below = [&random](std::size_t n) { return static_cast<std::size_t>(random() % n); };
    for (std::size_t i = 0; i < steps; ++i) {
        const std::size_t values = inputs + i;
        RandomProgram::Step step{from[below(from.size())], {}};
        for (std::size_t& operand : step.operand) operand = below(values);
        step.operand[below(3)] = values - 1;
        program.steps.push_back(step);
    }
    return program;
}

}  // namespace programs
