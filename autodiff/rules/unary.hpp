// SPDX-License-Identifier: MIT
/// All rules of one operand, by theme. Form of a rule: number.hpp; the list that everything enumerates: list.hpp.
#pragma once

#include "autodiff/rules/exponential.hpp"
#include "autodiff/rules/gamma.hpp"
#include "autodiff/rules/hyperbolic.hpp"
#include "autodiff/rules/piecewise.hpp"
#include "autodiff/rules/trigonometric.hpp"
