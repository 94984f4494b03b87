// SPDX-License-Identifier: MIT
// Matrix products of every size that is computed in another way: against three loops, outside the result, and for any number of threads.
#include "autodiff/kernels/blas.hpp"
#include "autodiff/kernels/gemm.hpp"
#include "autodiff/kernels/instruction_set.hpp"
#include "autodiff/kernels/threads.hpp"
#include "tests/kernels/views.hpp"

#include <cstdlib>
#include <cstring>
#include <vector>

using namespace autodiff;
using namespace views;

namespace {

/// Which operands lie by columns.
struct Turned {
    bool a, b, c;
};
constexpr Turned every_turn[] = {{false, false, false}, {true, false, false}, {false, true, false}, {true, true, false},
                                 {false, false, true},  {true, false, true},  {false, true, true},  {true, true, true}};

/// Random values by rows or by columns, rows (or columns) `gap` elements further apart than they are long; NaN between them.
template <class T>
Array<T> laid_out(Random& random, Index rows, Index columns, bool turned, Index between = 0) {
    const Index down = turned ? 1 : columns + between, across = turned ? rows + between : 1;
    Array<T> x = contiguous<T>({turned ? columns : rows, turned ? across : down});
    x.view = {x.memory.get(), {rows, columns}, {down, across}};
    for (Index i = 0; i < rows * columns; ++i) at(x.view, i) = random.value<T>();
    return x;
}

/// Requires y[i,j] = start + sum_k a[i,k] b[k,j]; of many elements only some.
template <class T>
void require_sums(Random& random, const View<const T>& a, const View<const T>& b, const View<const T>& y, T start) {
    const Index size = y.shape.size(), n = y.shape[1], k = a.shape[1], some = std::min<Index>(size, 300);
    for (Index s = 0; s < some; ++s) {
        const Index flat = size == some ? s : random.integer(0, size - 1), i = flat / n, j = flat % n;
        long double sum = static_cast<long double>(start), scale = std::abs(sum);
        for (Index l = 0; l < k; ++l) {
            const long double term = static_cast<long double>(at(a, i * k + l)) * static_cast<long double>(at(b, l * n + j));
            sum += term, scale += std::abs(term);
        }
        const long double ulps = 2 + std::sqrt(static_cast<long double>(k));  // what rounding at random adds up to, and some
        BOOST_REQUIRE_MESSAGE(near(at(y, flat), sum, scale, ulps), to_string(a.shape) << " by " << to_string(b.shape) << " at " << i << ", "
                                                                                      << j << ": " << at(y, flat) << ", not " << sum);
    }
}

/// A product into a result with gaps between its rows: the sums, with and without what was there, and the gaps as they were.
template <class T>
void require_product(Random& random, Index m, Index k, Index n, const Turned& turned, Index between) {
    const auto a = laid_out<T>(random, m, k, turned.a, between), b = laid_out<T>(random, k, n, turned.b, between);
    auto y = laid_out<T>(random, m, n, turned.c, between);
    for (const bool accumulate : {false, true}) {
        for (Index i = 0; i < m * n; ++i) at(y.view, i) = accumulate ? T(0.5) : gap<T>();
        kernels::matmul(a.read(), b.read(), y.view, accumulate);
        require_sums(random, a.read(), b.read(), y.read(), accumulate ? T(0.5) : T(0));
        Index numbers = 0;
        for (Index i = 0; i < y.size; ++i) numbers += !std::isnan(y.memory[static_cast<std::size_t>(i)]);
        BOOST_REQUIRE_MESSAGE(numbers == m * n, to_string(a.view.shape) << " by " << to_string(b.view.shape) << " wrote outside");
    }
}

template <class T>
bool same_bits(const Array<T>& x, const Array<T>& y) {
    return x.size == y.size && std::memcmp(x.memory.get(), y.memory.get(), sizeof(T) * static_cast<std::size_t>(x.size)) == 0;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(matrix_products)

BOOST_AUTO_TEST_CASE_TEMPLATE(small_products_of_every_size_stay_inside_their_result, T, Floats) {
    Random random(31);
    const Index extents[] = {1, 2, 3, 4, 5, 7, 8, 9, 10, 15, 16, 17, 23, 31, 32, 33, 41};
    for (const Index n : extents)
        for (const Turned& turned : every_turn)
            for (const Index m : {Index{1}, Index{2}, Index{3}, Index{4}, Index{7}, Index{33}}) {
                const Index k = extents[random.integer(0, std::ssize(extents) - 1)];
                require_product<T>(random, m, k, n, turned, 0);
                require_product<T>(random, n, k, m, turned, random.integer(1, 5));
            }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(products_of_layers_are_right_in_every_layout, T, Floats) {
    Random random(32);
    for (const auto& [m, k, n] : {std::array<Index, 3>{1, 784, 256},
                                  {784, 1, 256},
                                  {5, 784, 100},
                                  {100, 300, 10},
                                  {64, 784, 256},
                                  {784, 64, 256},
                                  {300, 3, 200},
                                  {1, 5000, 3},
                                  {1, 3, 5000}})
        for (const Turned& turned : every_turn) require_product<T>(random, m, k, n, turned, 0);
}

BOOST_AUTO_TEST_CASE(rows_that_are_far_apart_by_a_power_of_two_make_no_difference) {
    Random random(33);
    for (const Turned& turned : {every_turn[0], every_turn[3], every_turn[5]}) {
        const Index m = 70, k = 130, n = 90;
        const auto a = laid_out<float>(random, m, k, turned.a, 1024 - (turned.a ? m : k));
        const auto b = laid_out<float>(random, k, n, turned.b, 2048 - (turned.b ? k : n));
        auto y = laid_out<float>(random, m, n, turned.c);
        kernels::matmul(a.read(), b.read(), y.view, false);
        require_sums(random, a.read(), b.read(), y.read(), 0.0f);
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_nan_and_an_infinity_stay_in_their_row_and_column, T, Floats) {
    Random random(34);
    const T nan = std::numeric_limits<T>::quiet_NaN(), inf = std::numeric_limits<T>::infinity();
    for (const auto& [m, k, n] : {std::array<Index, 3>{2, 3, 2},
                                  {4, 4, 4},
                                  {7, 9, 5},
                                  {1, 40, 70},
                                  {70, 40, 1},
                                  {3, 50, 19},
                                  {70, 1, 50},
                                  {70, 2, 50},
                                  {70, 50, 13},
                                  {20, 20, 20},
                                  {60, 70, 50},
                                  {300, 70, 200}})
        for (const Turned& turned : every_turn) {
            auto a = laid_out<T>(random, m, k, turned.a), b = laid_out<T>(random, k, n, turned.b), y = laid_out<T>(random, m, n, turned.c);
            for (Index i = 0; i < m * k; ++i) at(a.view, i) = std::abs(at(a.view, i)) + T(1);
            for (Index i = 0; i < k * n; ++i) at(b.view, i) = std::abs(at(b.view, i)) + T(1);
            const Index row = m - 1, column = n / 2, term = k / 2;
            at(a.view, row * k + term) = nan;
            at(b.view, term * n + column) = inf;
            kernels::matmul(a.read(), b.read(), y.view, false);
            for (Index i = 0; i < m; ++i)
                for (Index j = 0; j < n; ++j) {
                    const T value = at(y.view, i * n + j);
                    const bool right = i == row ? std::isnan(value) : j == column ? value == inf : std::isfinite(value);
                    BOOST_REQUIRE_MESSAGE(right, m << " x " << k << " x " << n << " at " << i << ", " << j << ": " << value);
                }
        }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(one_term_is_the_product_itself, T, Floats) {
    Random random(35);
    const auto a = laid_out<T>(random, 70, 1, false), b = laid_out<T>(random, 1, 45, false);
    auto y = contiguous<T>({70, 45});
    kernels::matmul(a.read(), b.read(), y.view, false);
    for (Index i = 0; i < 70; ++i)
        for (Index j = 0; j < 45; ++j) BOOST_REQUIRE(at(y.view, i * 45 + j) == at(a.view, i) * at(b.view, j));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(products_are_the_same_bits_for_any_number_of_threads, T, Floats) {
    Random random(36);
    const int before = kernels::threads();
    for (const auto& [m, k, n] : {std::array<Index, 3>{64, 784, 256},
                                  {1024, 100, 256},
                                  {3, 500, 1200},
                                  {1, 1000, 3000},
                                  {3000, 1000, 1},
                                  {5000, 1, 300},
                                  {5000, 60, 10},
                                  {130, 140, 150}})
        for (const Turned& turned : {every_turn[0], every_turn[1], every_turn[2], every_turn[7]}) {
            const auto a = laid_out<T>(random, m, k, turned.a), b = laid_out<T>(random, k, n, turned.b);
            auto one = laid_out<T>(random, m, n, turned.c), more = laid_out<T>(random, m, n, turned.c);
            kernels::set_threads(1);
            kernels::matmul(a.read(), b.read(), one.view, false);
            for (const int count : {2, 4}) {
                kernels::set_threads(count);
                kernels::matmul(a.read(), b.read(), more.view, false);
                BOOST_TEST(same_bits(one, more), m << " x " << k << " x " << n << " by " << count);
            }
        }
    kernels::set_threads(before);
}

BOOST_AUTO_TEST_CASE(the_library_of_floats_is_the_one_that_was_wished_for) {
    using kernels::Library;
    BOOST_TEST((kernels::wished_library("blas") == Library::blas));
    const bool both = kernels::available(Library::onednn), wide = kernels::available(kernels::InstructionSet::avx512);
    for (const char* const none : {static_cast<const char*>(nullptr), ""})
        BOOST_TEST((kernels::wished_library(none) == (both && wide ? Library::onednn : Library::blas)));
    if (both) BOOST_TEST((kernels::wished_library("onednn") == Library::onednn));
    const std::string expected = both ? "blas or onednn" : "blas, as oneDNN is not there";
    BOOST_CHECK_EXCEPTION(static_cast<void>(kernels::wished_library("mkl")), ValueError,
                          says("matmul: expected WENGERT_GEMM to be " + expected + ", got \"mkl\""));
    BOOST_TEST((kernels::library_of_floats() == kernels::wished_library(std::getenv("WENGERT_GEMM"))));
}

BOOST_AUTO_TEST_SUITE_END()
