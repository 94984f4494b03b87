// SPDX-License-Identifier: MIT
/// How few sweeps give a sparse matrix: which seeds each sweep gets, and where every entry is read from.
///
/// A sweep for one colour is seeded with 1 at all its columns (or rows): what arrives at a row is then the sum of the entries that
/// this row has in those columns, and the colouring makes sure that it is one entry.
/// How the sweeps are made: derivatives.cpp.
#pragma once

#include "autodiff/sparse/colouring.hpp"

namespace autodiff {
inline namespace v1 {

/// Entry `entry` of the pattern is what the seed at `seed` leaves at `from`.
struct Read {
    std::size_t entry;
    std::uint32_t seed;
    std::uint32_t from;
};

struct Compression {
    enum class Direction : std::uint8_t {
        columns,  ///< seeds at columns, pushed forwards; read at rows
        rows,     ///< seeds at rows, swept backwards; read at columns
    };
    Direction direction = Direction::columns;
    std::uint32_t colours = 0;            ///< how many sweeps
    std::vector<std::size_t> seed_begin;  ///< of colour c: seed[seed_begin[c]], ...
    std::vector<std::uint32_t> seed;
    std::vector<std::size_t> read_begin;  ///< of colour c: read[read_begin[c]], ...
    std::vector<Read> read;

    [[nodiscard]] std::span<const std::uint32_t> seeds(std::size_t c) const {
        return std::span(seed).subspan(seed_begin[c], seed_begin[c + 1] - seed_begin[c]);
    }
    [[nodiscard]] std::span<const Read> reads(std::size_t c) const {
        return std::span(read).subspan(read_begin[c], read_begin[c + 1] - read_begin[c]);
    }
};

/// By columns or by rows, whichever has fewer colours; columns if that makes no difference. A direction that needs at least as many as
/// the other has, because a row (a column) has as many entries, is not coloured at all.
/// throws   ValueError if the pattern is malformed
[[nodiscard]] Compression compress_jacobian(const Pattern& pattern, Ordering ordering = Ordering::best);
/// By columns in a star colouring: where two neighbours of i have the colour of j, H[i, j] is read as H[j, i]. Both are one number.
/// throws   ValueError if the pattern is malformed or not symmetric
[[nodiscard]] Compression compress_hessian(const Pattern& symmetric, Ordering ordering = Ordering::best);

}  // namespace v1
}  // namespace autodiff
