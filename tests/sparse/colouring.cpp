// SPDX-License-Identifier: MIT
// Colourings against their definitions, by brute force, and how many colours known graphs need.
#include "tests/sparse/functions.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

using namespace sparse;

BOOST_AUTO_TEST_SUITE(colourings)

namespace {

constexpr Ordering orderings[] = {Ordering::natural, Ordering::largest_first, Ordering::smallest_last, Ordering::best};

bool numbers_its_colours(const Colouring& colouring, std::size_t vertices) {
    if (colouring.colour.size() != vertices) return false;
    std::set<std::uint32_t> used(colouring.colour.begin(), colouring.colour.end());
    return used.size() == colouring.colours && (used.empty() || *used.rbegin() + 1 == colouring.colours);
}
/// No row has two columns of one colour.
bool is_colouring_of_columns(const Colouring& colouring, const Pattern& pattern) {
    for (std::size_t i = 0; i < pattern.rows; ++i) {
        std::set<std::uint32_t> used;
        for (const std::uint32_t j : pattern.row(i))
            if (!used.insert(colouring.colour[j]).second) return false;
    }
    return numbers_its_colours(colouring, pattern.columns);
}
/// Neighbours differ, and no path of four vertices has two colours only.
bool is_star_colouring(const Colouring& colouring, const Pattern& pattern) {
    const auto& colour = colouring.colour;
    for (std::uint32_t b = 0; b < pattern.rows; ++b)
        for (const std::uint32_t c : pattern.row(b)) {
            if (b == c) continue;
            if (colour[b] == colour[c]) return false;
            for (const std::uint32_t a : pattern.row(b))
                for (const std::uint32_t d : pattern.row(c))
                    if (a != b && a != c && d != b && d != c && a != d && colour[a] == colour[c] && colour[b] == colour[d]) return false;
        }
    return numbers_its_colours(colouring, pattern.rows);
}

Pattern random_pattern(std::size_t rows, std::size_t columns, double density, unsigned seed) {
    std::mt19937 generator(seed);
    std::bernoulli_distribution has(density);
    std::vector<std::set<std::uint32_t>> entries(rows);
    for (auto& row : entries)
        for (std::uint32_t j = 0; j < columns; ++j)
            if (has(generator)) row.insert(j);
    return pattern_of(columns, entries);
}
Pattern symmetric(const Pattern& pattern) { return united(pattern, transposed(pattern)); }

/// Entries within `half` of the diagonal.
Pattern banded(std::size_t n, std::size_t half) {
    std::vector<std::set<std::uint32_t>> rows(n);
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = i < half ? 0 : i - half; j < std::min(n, i + half + 1); ++j) rows[i].insert(static_cast<std::uint32_t>(j));
    return pattern_of(n, rows);
}
/// The diagonal, the first row and the first column.
Pattern arrowhead(std::size_t n) {
    std::vector<std::set<std::uint32_t>> rows(n);
    for (std::uint32_t i = 0; i < n; ++i) rows[i] = {0, i}, rows[0].insert(i);
    return pattern_of(n, rows);
}
/// Five points of an n x n grid.
Pattern grid(std::uint32_t n) {
    std::vector<std::set<std::uint32_t>> rows(n * n);
    for (std::uint32_t i = 0; i < n; ++i)
        for (std::uint32_t j = 0; j < n; ++j) {
            auto& row = rows[i * n + j];
            row.insert(i * n + j);
            if (i > 0) row.insert((i - 1) * n + j);
            if (i + 1 < n) row.insert((i + 1) * n + j);
            if (j > 0) row.insert(i * n + j - 1);
            if (j + 1 < n) row.insert(i * n + j + 1);
        }
    return pattern_of(n * n, rows);
}

}  // namespace

BOOST_DATA_TEST_CASE(columns_of_random_patterns_are_told_apart_in_every_row, boost::unit_test::data::xrange(30u), seed) {
    const Pattern pattern = random_pattern(10 + seed, 40 - seed, 0.02 + 0.01 * seed, seed);
    for (const Ordering ordering : orderings) {
        BOOST_TEST(is_colouring_of_columns(colour_columns(pattern, ordering), pattern));
        BOOST_TEST(is_colouring_of_columns(colour_rows(pattern, ordering), transposed(pattern)));
    }
}

BOOST_DATA_TEST_CASE(stars_of_random_patterns_have_no_path_of_four_in_two_colours, boost::unit_test::data::xrange(60u), seed) {
    const Pattern pattern = symmetric(random_pattern(10 + seed, 10 + seed, 0.2 / (1 + seed % 7), seed));
    for (const Ordering ordering : orderings) BOOST_TEST(is_star_colouring(colour_star(pattern, ordering), pattern));
}

BOOST_AUTO_TEST_CASE(best_is_no_worse_than_any_ordering) {
    for (unsigned seed = 0; seed < 20; ++seed) {
        const Pattern pattern = random_pattern(40, 40, 0.08, seed), square = symmetric(pattern);
        for (const Ordering ordering : orderings) {
            BOOST_TEST(colour_columns(pattern).colours <= colour_columns(pattern, ordering).colours);
            BOOST_TEST(colour_star(square).colours <= colour_star(square, ordering).colours);
        }
    }
}

BOOST_AUTO_TEST_CASE(known_patterns_need_their_known_numbers) {
    for (const Ordering ordering : orderings) {
        BOOST_TEST(colour_columns(banded(50, 0), ordering).colours == 1u);
        BOOST_TEST(colour_star(banded(50, 0), ordering).colours == 1u);
        BOOST_TEST(colour_columns(banded(50, 49), ordering).colours == 50u);
        BOOST_TEST(colour_star(banded(50, 49), ordering).colours == 50u);
        BOOST_TEST(colour_columns(arrowhead(50), ordering).colours == 50u);
        BOOST_TEST(colour_star(arrowhead(50), ordering).colours == 2u);
    }
    BOOST_TEST(colour_columns(banded(50, 1)).colours == 3u);
    BOOST_TEST(colour_columns(banded(50, 4)).colours == 9u);
    BOOST_TEST(colour_star(banded(50, 1)).colours == 3u);  // a path of four needs three
    BOOST_TEST(colour_columns(grid(20), Ordering::natural).colours == 7u);
    BOOST_TEST(colour_columns(grid(20), Ordering::smallest_last).colours == 5u);  // five points share a row: no fewer
    BOOST_TEST(colour_star(grid(20)).colours <= 5u);
}

BOOST_AUTO_TEST_CASE(nothing_needs_no_colour_and_empty_rows_need_one) {
    BOOST_TEST(colour_columns(Pattern{}).colours == 0u);
    BOOST_TEST(colour_star(Pattern{}).colours == 0u);
    BOOST_TEST(colour_columns(pattern_of(0, {{}, {}})).colours == 0u);
    BOOST_TEST(colour_columns(pattern_of(3, {{}, {}})).colours == 1u);
}

BOOST_AUTO_TEST_CASE(the_cheaper_direction_is_taken) {
    using Direction = Compression::Direction;
    const Pattern wide = pattern_of(5, {{0, 1, 2, 3, 4}, {}});
    BOOST_TEST((compress_jacobian(wide).direction == Direction::rows));
    BOOST_TEST(compress_jacobian(wide).colours == 1u);
    BOOST_TEST((compress_jacobian(transposed(wide)).direction == Direction::columns));
    BOOST_TEST(compress_jacobian(transposed(wide)).colours == 1u);
    BOOST_TEST((compress_jacobian(banded(9, 1)).direction == Direction::columns));
}

BOOST_DATA_TEST_CASE(every_entry_is_alone_where_it_is_read, boost::unit_test::data::xrange(30u), seed) {
    const Pattern pattern = random_pattern(25, 18, 0.12, seed), square = symmetric(random_pattern(20, 20, 0.1, seed));
    const auto check_reads = [](const Pattern& matrix, const Compression& compression, bool mirrored) {
        const bool by_columns = compression.direction == Compression::Direction::columns;
        std::vector<int> times(matrix.entries());
        for (std::uint32_t c = 0; c < compression.colours; ++c)
            for (const Read& read : compression.reads(c)) {
                ++times[read.entry];
                std::size_t row = 0;
                while (matrix.row_begin[row + 1] <= read.entry) ++row;
                const std::uint32_t column = matrix.column[read.entry], i = static_cast<std::uint32_t>(row);
                const bool straight = read.seed == (by_columns ? column : i) && read.from == (by_columns ? i : column);
                BOOST_TEST((straight || (mirrored && read.seed == i && read.from == column)));
                std::size_t arriving = 0;
                for (const std::uint32_t seeded : compression.seeds(c))
                    if (by_columns ? matrix.has(read.from, seeded) : matrix.has(seeded, read.from)) ++arriving;
                BOOST_TEST(arriving == 1u);
            }
        for (const int n : times) BOOST_TEST(n == 1);
    };
    check_reads(pattern, compress_jacobian(pattern), false);
    check_reads(transposed(pattern), compress_jacobian(transposed(pattern)), false);
    check_reads(square, compress_hessian(square), true);
}

BOOST_AUTO_TEST_SUITE_END()
