// SPDX-License-Identifier: MIT
/// Which pieces of its operations a recording ran on: what tells a kink from a wrong derivative.
///
/// No operation is known here by name. An operation that is linear on each of its pieces (relu, maximum, where) shows the piece by its
/// partial derivatives; one whose derivative is 0 everywhere (sign, floor, a comparison) by its value; both facts are the rules' own
/// (rules/dependence.hpp). Any other tensor operation is asked for a JVP in one direction, which moves a little with x and jumps where a
/// maximum changes its winner or an index its place. Comparisons that decided something stand on the tape. For gradcheck.
#pragma once

#include "autodiff/value.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace autodiff {
inline namespace v1 {
namespace internal {

/// Where two recordings of one function took different pieces, by the row of the first.
struct Kink {
    std::uint32_t row = 0;
    std::string text;  ///< `kink at step F12 relu(z1[3]), z1[3] = 1.2e-09`
};

/// `1, 2`: the indices of the element at a flat position.
[[nodiscard]] std::string position(const Shape& shape, std::size_t flat);

class Branches {
  public:
    /// Of the rows that results are computed from, and of everything that was decided. The tape keeps operations, and lives as long as
    /// `difference` is asked. throws TapeError (detail) for another one
    Branches(const Tape& tape, const Values& results);
    virtual ~Branches() = default;

    /// The first place where `other`, a recording of the same function nearby, took another piece than this one.
    [[nodiscard]] std::optional<Kink> difference(const Branches& other) const;

  private:
    /// What a row chose: numbers from `first` on. Equal on one piece if `exact`, else nearly equal.
    struct Choice {
        std::uint32_t row;
        std::string_view operation;
        std::size_t first;
        bool exact;
    };
    [[nodiscard]] std::vector<bool> leading_to(const Values& results) const;
    void read_scalar(std::uint32_t row, std::uint32_t first_operand);
    void read_tensor(std::size_t index);
    [[nodiscard]] std::size_t end_of(std::size_t choice) const;
    [[nodiscard]] std::optional<std::size_t> jump(std::size_t choice, const Branches& other) const;
    [[nodiscard]] std::string named(std::uint32_t row) const;
    [[nodiscard]] Kink describe(std::uint32_t row, std::size_t flat) const;
    [[nodiscard]] Kink describe(const Branch& branch) const;

    const Tape* tape_;
    std::uint32_t rows_;
    std::vector<Branch> branches_;
    std::vector<Choice> choices_;
    std::vector<double> numbers_;
};

}  // namespace internal
}  // namespace v1
}  // namespace autodiff
