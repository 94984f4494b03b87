// SPDX-License-Identifier: MIT
/// A number with a place on a tape: what programs hold. Its arithmetic is in scalar.hpp.
#pragma once

#include "autodiff/tape.hpp"

#include <type_traits>
#include <utility>

namespace autodiff {
inline namespace v1 {

class Condition;
/// Numbers without a place on a tape. A comparison is one too, so that `x * (x > 0)` works.
template <class T>
concept Arithmetic = std::is_arithmetic_v<T> || std::same_as<T, Condition>;

/// A double and the row of the tape that computed it: 16 bytes, a value type. Implicit from arithmetic types (a constant, on no
/// tape), with no conversion back: `value()` says that the derivative ends here.
///
/// An operator's result is *fresh*: nobody else can know its row, so a further operator may absorb it (recorder.hpp). A copy ends
/// that, in the source too; hence the mutable members, and hence copying one fresh Scalar from two threads at once is a race.
/// A moved-from Scalar is NaN, and using it throws TapeError.
class Scalar {
  public:
    constexpr Scalar() noexcept = default;
    template <Arithmetic T>
    constexpr Scalar(T x) noexcept : value_(static_cast<double>(x)) {}

    [[gnu::always_inline]] Scalar(const Scalar& o) noexcept : value_(o.value_), row_(o.row_ & ~fresh), id_(o.id_) { o.settle(); }
    [[gnu::always_inline]] Scalar(Scalar&& o) noexcept : value_(o.value_), row_(o.row_), id_(o.id_) { o.poison(); }
    [[gnu::always_inline]] Scalar& operator=(const Scalar& o) noexcept {
        o.settle();
        value_ = o.value_, row_ = o.row_, id_ = o.id_;
        return *this;
    }
    [[gnu::always_inline]] Scalar& operator=(Scalar&& o) noexcept {
        const double value = o.value_;
        const std::uint32_t row = o.row_;
        const RecordingId id = o.id_;
        o.poison();  // before the assignment, so that x = std::move(x) keeps x
        value_ = value, row_ = row, id_ = id;
        return *this;
    }
    ~Scalar() = default;

    template <class B>
    Scalar& operator+=(B&& b);
    template <class B>
    Scalar& operator-=(B&& b);
    template <class B>
    Scalar& operator*=(B&& b);
    template <class B>
    Scalar& operator/=(B&& b);

    /// The number, without its derivative. throws TapeError if x was moved from
    [[nodiscard]] double value() const {
        if (row_ == moved_from) [[unlikely]]
            throw_moved_from("value");
        return value_;
    }
    /// Whether it is on a tape, as opposed to a constant.
    [[nodiscard]] bool recorded() const noexcept { return row_ != 0; }

    // For the engine: whoever takes the row's number ends the freshness.
    [[nodiscard]] std::uint32_t row() const noexcept {
        settle();
        return row_;
    }
    [[nodiscard]] RecordingId recording() const noexcept { return id_; }

  private:
    friend struct Recorder;
    constexpr Scalar(double value, std::uint32_t row, RecordingId id) noexcept : value_(value), row_(row), id_(id) {}
    [[gnu::always_inline]] void settle() const noexcept {
        if (row_ & fresh) row_ &= ~fresh;
    }
    [[gnu::always_inline]] void poison() const noexcept { value_ = __builtin_nan(""), row_ = moved_from, id_ = moved_from_id; }
    [[noreturn, gnu::cold]] static void throw_moved_from(std::string_view operation);

    mutable double value_ = 0;
    mutable std::uint32_t row_ = 0;
    mutable RecordingId id_ = constant_id;
};

template <class X>
concept AScalar = std::same_as<std::remove_cvref_t<X>, Scalar>;

}  // namespace v1
}  // namespace autodiff
