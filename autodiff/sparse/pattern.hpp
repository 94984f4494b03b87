// SPDX-License-Identifier: MIT
/// Which entries of a Jacobian or a Hessian can differ from 0: read off a recording, before any derivative is computed.
///
/// A pattern is of the recording, not of the point: it holds wherever the program takes the same branches. It never lacks an entry;
/// what it has too much are entries that are 0 by cancellation (x - x) or by a value (a partial that happens to be 0).
/// An operation that is flat says so by its rule (floor, sign: rules/dependence.hpp). A tensor operation is taken to make every
/// element of its result depend on every element of its operands, so tensors in between are dense blocks.
/// What patterns are good for: colouring.hpp, then derivatives.hpp.
#pragma once

#include "autodiff/handle.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace autodiff {
inline namespace v1 {

/// The positions of the entries, row by row: row i has the columns column[row_begin[i]], ..., column[row_begin[i + 1] - 1], ascending.
struct Pattern {
    std::size_t rows = 0;
    std::size_t columns = 0;
    std::vector<std::size_t> row_begin{0};
    std::vector<std::uint32_t> column;

    [[nodiscard]] std::size_t entries() const noexcept { return column.size(); }
    [[nodiscard]] std::span<const std::uint32_t> row(std::size_t i) const {
        return std::span(column).subspan(row_begin[i], row_begin[i + 1] - row_begin[i]);
    }
    [[nodiscard]] bool has(std::size_t i, std::size_t j) const;
    [[nodiscard]] std::size_t longest_row() const noexcept;  ///< how many entries it has
    friend bool operator==(const Pattern&, const Pattern&) = default;
};

/// A sparse matrix by rows (compressed sparse rows): entry k of the pattern has the value value[k]. An entry may be 0.
struct Csr : Pattern {
    std::vector<double> value;

    /// Entry (i, j); 0 where the pattern has none.
    [[nodiscard]] double operator()(std::size_t i, std::size_t j) const;
};

[[nodiscard]] Pattern transposed(const Pattern& pattern);
/// The entries of either. throws ShapeError unless both are of one size
[[nodiscard]] Pattern united(const Pattern& a, const Pattern& b);
/// Whether every entry of `part` is one of `whole`. throws ShapeError unless both are of one size
[[nodiscard]] bool contains(const Pattern& whole, const Pattern& part);
/// throws ValueError naming the operation unless row_begin and column describe such a matrix
void check(const Pattern& pattern, std::string_view operation);

/// Entry (i, j) where y[i] depends on x[j]. A constant y[i] has an empty row. Any value of the tape may be a y; x are variables.
/// method   sets of 64 outputs flow backwards through the rows that they reach; if that turns out to be more work than sets of
///          64 inputs flowing forwards through all rows, these do. Memory 16 bytes a row and 4 an operand, whatever the sizes.
/// throws   TapeError unless x and y are on one live tape that keeps operations, ValueError unless the x are distinct scalar variables
[[nodiscard]] Pattern jacobian_pattern(std::span<const Scalar> y, std::span<const Scalar> x);

/// Entry (i, j), and with it (j, i), where d2y/dx_i dx_j is not structurally 0.
/// method   from the last row to the first, a set of pairs of rows that interact nonlinearly: a row hands the pairs it is in to its
///          operands, and adds those of its own operands that its rule says interact
/// cost     the number of pairs met; a sum of many small terms costs the sum of theirs
/// throws   as jacobian_pattern, and TapeError (not recorded) if y is a constant
/// source   Gower, Mello (2012), "A new framework for the computation of Hessians" (edge pushing), without its numbers
[[nodiscard]] Pattern hessian_pattern(const Scalar& y, std::span<const Scalar> x);

}  // namespace v1
}  // namespace autodiff
