// SPDX-License-Identifier: MIT
/// Every rule of the list behind function pointers, so that suites over rules x modes are loops and each template is instantiated once.
/// The reference of every derivative here is nested dual numbers (autodiff/dual.hpp): no tape, no sweep. Made in rule_table.cpp.
#pragma once

#include "autodiff/dual.hpp"
#include "autodiff/scalar.hpp"

#include <array>
#include <random>
#include <span>
#include <string>
#include <vector>

namespace modes {

using autodiff::Dual;
using autodiff::Interval;
using autodiff::Operation;
using autodiff::Scalar;

/// One number for each operand of a rule; those that it does not have are 0.
using Operands = std::array<double, 3>;

/// A value, its derivatives in two directions and the mixed second one.
using Dual2 = Dual<Dual<double>>;

/// Which operands are temporaries, whose rows an operator may absorb.
enum class Temporary { none, first, all };

struct Rule {
    std::string_view name;
    Operation code;
    std::size_t arity;
    std::array<Interval, 3> domain;
    std::array<bool, 3> differentiable;  ///< the order of polygamma is not

    double (*value)(const Operands& x);
    /// d^k y / dx^k in k directions, k = 0 to 3.
    double (*derivative)(const Operands& x, std::span<const Operands> along);
    /// The same from the formulas in long double.
    long double (*accurate_derivative)(const Operands& x, std::span<const Operands> along);
    /// As programs spell it, + - * / included.
    Scalar (*on_scalars)(const std::array<Scalar*, 3>& x, Temporary which);
    /// Rules of two operands: one of them a plain double.
    Scalar (*with_number)(const Scalar& a, double b);
    Scalar (*number_with)(double a, const Scalar& b);
    Dual2 (*on_duals)(const Dual2* x);

    /// Whether a kink or a step is nearer than this: derivatives jump there and differences are nothing.
    [[nodiscard]] bool near_a_kink(const Operands& x, double margin = 0.05) const;
};

/// All of rules::All, in the order of their codes.
const std::vector<Rule>& rule_table();

/// Random points of the rule's domain away from kinks, its ends, and whole and half numbers in it, where formulas like to branch.
std::vector<Operands> points_of(const Rule& rule, std::mt19937_64& random, int how_many);

/// A direction in the operands that the rule can be differentiated by.
Operands direction_for(const Rule& rule, std::mt19937_64& random);

}  // namespace modes
