// SPDX-License-Identifier: MIT
/// Typed exceptions, one message format: `<operation>: expected <what>, got <what>[; <remedy>]`.
/// The library throws, it never prints and never aborts. Next: tape.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#if defined(__FAST_MATH__) && !defined(WENGERT_ALLOW_FAST_MATH)
#error "-ffast-math breaks NaN handling and singular points; define WENGERT_ALLOW_FAST_MATH if that is what you want"
#endif

namespace autodiff {
inline namespace v1 {

/// Base of everything the library throws on purpose.
class Error : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
    Error(std::string_view operation, std::string_view expected, std::string_view got, std::string_view remedy = {});
};

/// Extents, ranks or axes of operands do not fit.
class ShapeError : public Error {
  public:
    using Error::Error;
};

/// An index lies outside its range.
class IndexError : public Error {
  public:
    using Error::Error;
};

/// An argument has a value that the operation does not take (a negative stride, a probability of 1.5, an unknown label).
class ValueError : public Error {
  public:
    using Error::Error;
};

/// Tensors would take more memory than memory::set_limit allows.
class MemoryError : public Error {
  public:
    using Error::Error;
};

/// A value is not on the tape that was asked, or a tape cannot do what was asked of it.
class TapeError : public Error {
  public:
    enum class Kind {
        not_recorded,  ///< a constant, or no tape was alive when the value was computed
        wrong_tape,    ///< the value lives on another tape, or another thread's
        stale_handle,  ///< clear() or rewind() has removed the value's row
        moved_from,    ///< the value was moved from, or absorbed as a temporary
        full,          ///< the tape's limit of rows or operands is reached
        detail,        ///< the tape was recorded without the detail that the question needs
    };
    TapeError(Kind kind, std::string_view operation, std::string_view expected, std::string_view got, std::string_view remedy = {})
        : Error(operation, expected, got, remedy), kind_(kind) {}
    [[nodiscard]] Kind kind() const noexcept { return kind_; }

  private:
    Kind kind_;
};

/// A recorded function was replayed at a point where a comparison comes out differently, so that another branch would be taken.
class BranchChanged : public Error {
  public:
    BranchChanged(std::size_t point, std::size_t comparison, std::string_view expected, std::string_view got, std::string_view remedy);
    [[nodiscard]] std::size_t point() const noexcept { return point_; }            ///< of the batch; 0 where there is only one
    [[nodiscard]] std::size_t comparison() const noexcept { return comparison_; }  ///< its number among those of the recording

  private:
    std::size_t point_, comparison_;
};

/// A file is not what it should be. `offset` is the byte at which that shows.
class LoadError : public Error {
  public:
    LoadError(std::uint64_t offset, std::string_view operation, std::string_view expected, std::string_view got,
              std::string_view remedy = {});
    [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }

  private:
    std::uint64_t offset_;
};

}  // namespace v1
}  // namespace autodiff
