// SPDX-License-Identifier: MIT
/// Manual gradients against the tape: which step of a derivation by hand is wrong, by how much, and which mistake it looks like.
///
///     ManualGradients manual;
///     manual.set("dz2", dz2).set("dW2", dW2).set("dz1", dz1);        // any subset of the named values, "d" or "dL/d" optional
///     fmt::print("{}", compare(manual, L));
///
/// Every adjoint is compared twice. *Globally*: with what the sweep says. *Step-locally*: with what the same sweep makes of the adjoints
/// that were given above it, right or wrong; so each mistake is found where it was made, and what follows from it is called inherited.
/// compare_tape.hpp is what is read from the tape, mistakes.hpp the dictionary of mistakes, compare_text.cpp prints.
#pragma once

#include "autodiff/gradient.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace autodiff {
inline namespace v1 {

/// Adjoints that were computed by hand, by the name of their value: `dW2`, `dL/dW2` and `W2` mean the same.
class ManualGradients {
  public:
    /// A second value for one name replaces the first. throws ValueError for an empty name or an absent tensor
    ManualGradients& set(std::string name, AnyTensor value);
    template <class T>
    ManualGradients& set(std::string name, const Tensor<T>& value) {
        return set(std::move(name), AnyTensor(value.constant()));
    }
    ManualGradients& set(std::string name, double value) { return set(std::move(name), AnyTensor(Tensor<double>(value))); }
    ManualGradients& set(std::string name, const Scalar& value) { return set(std::move(name), value.value()); }

    [[nodiscard]] const std::vector<std::pair<std::string, AnyTensor>>& entries() const noexcept { return entries_; }

  private:
    std::vector<std::pair<std::string, AnyTensor>> entries_;
};

struct CompareOptions {
    /// Both sides are analytic, so |yours - expected| <= rtol |expected| + 8 eps S, S being what the contributions add up to in absolute
    /// value. 0 means 1e-9, and 1e-4 where either side is float.
    double rtol = 0;
    int digits = 6;            ///< significant digits of every number, 1 to 17
    Index first_index = 0;     ///< what the first index of an axis is called: 0, or 1 as in mathematics
    std::size_t worst = 5;     ///< how many of the worst elements are listed
    double learning_rate = 0;  ///< if known: tells weights that were updated too early from other scaled ones
    /// If known, the gradients of the step before, by name as in ManualGradients: tells what was added to them instead of replacing them.
    ManualGradients previous{};
};

/// What a wrong step looks like.
struct Mistake {
    std::string kind;           ///< one word for programs: `missing_derivative`, `sign`, `transposed`, ... (mistakes.hpp has the list)
    std::string text;           ///< the mistake in words
    std::string evidence;       ///< the numbers that say so
    double residual = 0;        ///< |yours - what the mistake gives| / |what the mistake gives|
    std::uint32_t row = 0;      ///< of the operation at which it was made, if it is one,
    std::uint32_t operand = 0;  ///< and of the operand to which it gives a wrong contribution
};

/// What compare() found out.
struct Comparison {
    enum class Verdict {
        right,      ///< equal to the tape
        wrong,      ///< does not follow from what was given above it: the mistake is here
        inherited,  ///< follows from what was given above it, which is wrong
        shape,      ///< has not the value's shape; no number was compared
    };
    struct Element {
        Index flat = 0;        ///< position in row-major order
        std::string position;  ///< `[2, 1]`
        double yours = 0, expected = 0;
    };
    /// Yours against one of the two expectations.
    struct Difference {
        std::size_t elements = 0;                             ///< beyond the tolerance
        std::string where;                                    ///< what these have in common, `all in column j = 17`
        std::vector<Element> worst_relative, worst_absolute;  ///< the worst first; of a right step the one element farthest off
    };
    struct Step {
        std::string name;          ///< as it was given
        std::string value;         ///< the value's name on the tape
        std::uint32_t number = 0;  ///< R<number>: the step of the sweep that completes this adjoint; 0 if L does not depend on the value
        std::string operation;     ///< of that step
        Verdict verdict = Verdict::right;
        Shape shape, given_shape;
        std::size_t size = 0;
        Difference from_tape;                     ///< global
        Difference from_step;                     ///< step-local
        std::vector<std::size_t> inherited_from;  ///< positions of the steps in which the mistakes are
        /// A wrong step: what explains it exactly, the simplest first, the others being numerically the same; or what comes close.
        std::vector<Mistake> mistakes;
        bool exact = false;
        bool limited = false;                ///< so much lies between it and what was given above it that not all of it was searched
        bool cancels = false;                ///< right, though it does not follow from what was given above it
        std::string note;                    ///< what else can be said
        std::vector<std::string> undecided;  ///< named values between this one and those given, that would narrow the mistake down
    };
    bool agrees = true;
    std::string loss;         ///< the name of L
    double loss_value = 0;    ///< L
    std::vector<Step> steps;  ///< in the order of the sweep
    std::size_t named = 0;    ///< how many values on the way to L have names
    std::string pattern;      ///< what the wrong gradients have in common, where too little was given to find the step
    int digits = 6;           ///< from the options
    Index first_index = 0;    ///< from the options

    explicit operator bool() const noexcept { return agrees; }
    /// The wrong steps and those of a wrong shape, in the order of the sweep.
    [[nodiscard]] std::vector<std::size_t> wrong() const;
};

/// A table, the first wrong step on top, then each wrong step with its evidence.
std::string to_string(const Comparison& comparison);
/// The same as JSON; numbers that are not finite are strings.
std::string to_json(const Comparison& comparison);

namespace internal {
Comparison compare_row(const ManualGradients& manual, std::uint32_t root, RecordingId id, const CompareOptions& options);
[[noreturn]] void throw_not_one_element(const Shape& shape);
}  // namespace internal

/// Adjoints that were computed by hand against those of the loss's tape, which must live on this thread and keep operations.
/// cost     about ten sweeps; for each wrong step, some hundred sweeps of the part of the tape between it and what was given above it,
///          fewer if that part is long. The tape is left as it was, except that an empty row may stay at its end
/// throws   ValueError if nothing was computed by hand, for a name that no value has (naming the nearest) or that several have, and for a
///          previous gradient that has not its value's shape; TapeError if the loss is a constant, stale, or of a tape that keeps
///          derivatives only; ShapeError if it has several elements; never for a wrong gradient
[[nodiscard]] inline Comparison compare(const ManualGradients& manual, const Scalar& loss, const CompareOptions& options = {}) {
    return internal::compare_row(manual, loss.row(), loss.recording(), options);
}
template <class T>
[[nodiscard]] Comparison compare(const ManualGradients& manual, const Tensor<T>& loss, const CompareOptions& options = {}) {
    if (loss.size() != 1) internal::throw_not_one_element(loss.shape());
    return internal::compare_row(manual, loss.place().row, loss.place().id, options);
}
/// The same for a gradient that was asked before; what it was asked of must still be on its tape.
[[nodiscard]] inline Comparison compare(const ManualGradients& manual, const Gradient& gradient, const CompareOptions& options = {}) {
    return internal::compare_row(manual, gradient.row(), gradient.recording(), options);
}

}  // namespace v1
}  // namespace autodiff

template <>
struct fmt::formatter<autodiff::Comparison> : fmt::formatter<fmt::string_view> {
    template <class Context>
    auto format(const autodiff::Comparison& comparison, Context& context) const {
        return fmt::formatter<fmt::string_view>::format(autodiff::to_string(comparison), context);
    }
};
