// SPDX-License-Identifier: MIT
/// Named parts of a recording: which rows were recorded while a part was open, and which line of source opened it. They cost nothing per row.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace autodiff {
inline namespace v1 {

class Tape;

/// The parts of one tape, in the order in which they were opened; a part that was opened inside another lies inside it.
class TapeScopes {
  public:
    static constexpr std::uint32_t still_open = 0xffffffffu;
    struct Part {
        std::string name;
        std::uint32_t first = 0, end = still_open;  ///< its rows: [first, end)
        const char* file = "";                      ///< where it was opened: a string that outlives the tape, as __FILE__ does
        std::uint32_t line = 0;
        std::uint64_t number = 0;
    };
    /// The number by which close() knows it. throws ValueError for an empty name
    std::uint64_t open(std::string_view name, std::uint32_t row, const char* file, std::uint32_t line);
    void close(std::uint64_t number, std::uint32_t row) noexcept;
    /// Rows from here on are gone. What is open stays open.
    void rewind(std::uint32_t rows) noexcept;

    [[nodiscard]] std::span<const Part> parts() const noexcept { return parts_; }

  private:
    std::vector<Part> parts_;
    std::uint64_t opened_ = 0;
};

/// While it lives, what its tape records belongs to a named part of the program. Made by Tape::scope(); must not outlive the tape.
class [[nodiscard]] TapeScope {
  public:
    TapeScope(const TapeScope&) = delete;
    TapeScope& operator=(const TapeScope&) = delete;
    ~TapeScope();

  private:
    friend class Tape;
    TapeScope(Tape& tape, std::uint64_t number) noexcept : tape_(tape), number_(number) {}
    Tape& tape_;
    std::uint64_t number_;  // 0 where operations are not kept: nothing could be explained there
};

}  // namespace v1
}  // namespace autodiff
