// SPDX-License-Identifier: MIT
/// What a comparison of Scalars gives: a truth value that remembers what was compared.
///
/// Used as a bool it decides which way the program goes; a tape that keeps operations notes that as a `Branch`, because a replay at
/// another point is only valid where every branch goes the same way (function.hpp). Given to `where` it decides nothing: both sides
/// are recorded, and the comparison is a row like any other (rules/choice.hpp). On a tape that keeps derivatives it is only a bool.
#pragma once

#include "autodiff/handle.hpp"

#include <cmath>
#include <compare>

namespace autodiff {
inline namespace v1 {

class Condition {
  public:
    /// R{}: Less, LessEqual, Equal or NotEqual. Costs one look at the tape unless that keeps operations.
    template <class R>
    [[gnu::always_inline]] static Condition of(R, bool holds, const Scalar& a, const Scalar& b) {
        Condition c(holds);
        if (current->operation != nullptr) [[unlikely]]
            c.note(code_of<R>, a, b);
        return c;
    }
    /// Whether it holds; from now on the recording depends on it. throws std::bad_alloc if the tape cannot note that
    [[gnu::always_inline]] operator bool() const {
        if (noted_) [[unlikely]]
            decide();
        return holds_;
    }
    /// a where it holds, else b, with both sides recorded if the tape keeps operations and the comparison is of recorded values.
    [[nodiscard]] Scalar choose(const Scalar& a, const Scalar& b) const {
        if (noted_) [[unlikely]]
            return record_choice(a, b);
        return holds_ ? a : b;
    }

    /// Of truth values; without it two conditions would rather be compared as Scalars.
    friend bool operator==(const Condition& a, const Condition& b) { return bool(a) == bool(b); }

  private:
    [[gnu::always_inline]] explicit Condition(bool holds) noexcept : holds_(holds) {}
    void note(Operation relation, const Scalar& a, const Scalar& b);
    void decide() const;
    [[nodiscard]] Scalar record_choice(const Scalar& a, const Scalar& b) const;

    bool holds_;
    bool noted_ = false;
    Branch branch_;  // set if noted
};

inline Condition operator<(const Scalar& a, const Scalar& b) { return Condition::of(rules::Less{}, a.value() < b.value(), a, b); }
inline Condition operator>(const Scalar& a, const Scalar& b) { return Condition::of(rules::Less{}, b.value() < a.value(), b, a); }
inline Condition operator<=(const Scalar& a, const Scalar& b) { return Condition::of(rules::LessEqual{}, a.value() <= b.value(), a, b); }
inline Condition operator>=(const Scalar& a, const Scalar& b) { return Condition::of(rules::LessEqual{}, b.value() <= a.value(), b, a); }
inline Condition operator==(const Scalar& a, const Scalar& b) { return Condition::of(rules::Equal{}, a.value() == b.value(), a, b); }
inline Condition operator!=(const Scalar& a, const Scalar& b) { return Condition::of(rules::NotEqual{}, a.value() != b.value(), a, b); }
inline std::partial_ordering operator<=>(const Scalar& a, const Scalar& b) {
    if (a < b) return std::partial_ordering::less;
    if (a == b) return std::partial_ordering::equivalent;
    return a > b ? std::partial_ordering::greater : std::partial_ordering::unordered;
}

inline bool isnan(const Scalar& x) { return x != x; }
inline bool isinf(const Scalar& x) { return x == HUGE_VAL || x == -HUGE_VAL; }
inline bool isfinite(const Scalar& x) { return !isnan(x) && !isinf(x); }

/// c ? a : b, written as a function for code that is generic over numbers and tensors; the other value receives no adjoint.
inline Scalar where(bool c, const Scalar& a, const Scalar& b) { return c ? a : b; }
/// The same of a comparison: where operations are kept both sides are recorded, so that a replay may choose anew.
inline Scalar where(const Condition& c, const Scalar& a, const Scalar& b) { return c.choose(a, b); }
/// The same, by the name that rules use.
inline Scalar select(bool c, const Scalar& a, const Scalar& b) { return c ? a : b; }
inline Scalar select(const Condition& c, const Scalar& a, const Scalar& b) { return c.choose(a, b); }

}  // namespace v1
}  // namespace autodiff
