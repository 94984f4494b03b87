// SPDX-License-Identifier: MIT
// The factors of LAPACK, multiplied together by loops, are the matrix again: which transpose is which.
#include "autodiff/kernels/lapack.hpp"

#include "tests/kernels/views.hpp"

#include <boost/mpl/list.hpp>
#include <numeric>
#include <vector>

using namespace autodiff;
using namespace views;

namespace {

template <class T>
struct Square {
    Index n;
    std::vector<T> values;
    Square(Index order) : n(order), values(static_cast<std::size_t>(order * order)) {}
    T& operator()(Index i, Index j) { return values[static_cast<std::size_t>(i * n + j)]; }
    T operator()(Index i, Index j) const { return values[static_cast<std::size_t>(i * n + j)]; }
};
template <class T>
Square<T> random_square(Index n, Random& random) {
    Square<T> a(n);
    for (T& x : a.values) x = static_cast<T>(random.integer(-99, 99)) / 10;
    return a;
}
template <class T>
Square<T> product(const Square<T>& a, const Square<T>& b) {
    Square<T> y(a.n);
    for (Index i = 0; i < a.n; ++i)
        for (Index j = 0; j < a.n; ++j)
            for (Index k = 0; k < a.n; ++k) y(i, j) += a(i, k) * b(k, j);
    return y;
}
template <class T>
Square<T> transposed(const Square<T>& a) {
    Square<T> y(a.n);
    for (Index i = 0; i < a.n; ++i)
        for (Index j = 0; j < a.n; ++j) y(i, j) = a(j, i);
    return y;
}
template <class T>
void require_same(const Square<T>& got, const Square<T>& expected) {
    T error = 0;
    for (std::size_t k = 0; k < got.values.size(); ++k) error = std::max(error, std::abs(got.values[k] - expected.values[k]));
    BOOST_TEST(error <= 500 * std::numeric_limits<T>::epsilon() * static_cast<T>(expected.n));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lapack)

BOOST_AUTO_TEST_CASE_TEMPLATE(lu_is_lower_times_unit_upper_times_exchanges, T, Floats) {
    Random random(41);
    for (const Index n : {1, 2, 3, 8, 33}) {
        const Square<T> a = random_square<T>(n, random);
        Square<T> factors = a, lower(n), upper(n);
        std::vector<int> pivots(static_cast<std::size_t>(n));
        BOOST_TEST(kernels::lu(n, factors.values.data(), pivots.data()) == -1);
        for (Index i = 0; i < n; ++i)
            for (Index j = 0; j < n; ++j) {
                lower(i, j) = j <= i ? factors(i, j) : 0;
                upper(i, j) = j > i ? factors(i, j) : (i == j ? 1 : 0);
            }
        Square<T> y = product(lower, upper);
        // Times the exchanges, from the right: columns, in the opposite order.
        for (Index k = n; k-- > 0;)
            for (Index i = 0; i < n; ++i) std::swap(y(i, k), y(i, pivots[static_cast<std::size_t>(k)]));
        require_same(y, a);
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(lu_solves_with_the_matrix_and_with_its_transpose, T, Floats) {
    Random random(42);
    for (const Index n : {1, 2, 3, 8}) {
        Square<T> a = random_square<T>(n, random);
        for (Index i = 0; i < n; ++i) a(i, (i + 1) % n) += 40;  // well conditioned, and in need of exchanges
        const Square<T> b = random_square<T>(n, random);
        for (const bool by_transpose : {false, true}) {
            Square<T> factors = a, x = b;
            std::vector<int> pivots(static_cast<std::size_t>(n));
            kernels::lu(n, factors.values.data(), pivots.data());
            kernels::lu_solve(n, n, factors.values.data(), pivots.data(), by_transpose, x.values.data());
            require_same(product(by_transpose ? transposed(a) : a, x), b);
        }
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(lu_names_the_first_row_that_depends_on_those_above, T, Floats) {
    for (const Index n : {3, 20, 90})
        for (const Index row : {Index{0}, Index{1}, n / 2, n - 1}) {
            Random random(43);
            Square<T> a = random_square<T>(n, random);
            for (Index j = 0; j < n; ++j) a(row, j) = 0;
            std::vector<int> pivots(static_cast<std::size_t>(n));
            BOOST_TEST(kernels::lu(n, a.values.data(), pivots.data()) == row);
        }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(svd_is_left_times_values_times_right, T, Floats) {
    Random random(44);
    for (const Index n : {1, 2, 3, 8, 33}) {
        const Square<T> a = random_square<T>(n, random);
        Square<T> work = a, left(n), right(n), eye(n);
        std::vector<T> s(static_cast<std::size_t>(n));
        BOOST_TEST(kernels::svd(n, work.values.data(), left.values.data(), s.data(), right.values.data()));
        for (Index i = 0; i < n; ++i) eye(i, i) = 1;
        require_same(product(left, transposed(left)), eye);
        require_same(product(right, transposed(right)), eye);
        for (Index i = 0; i < n; ++i)
            for (Index j = 0; j < n; ++j) left(i, j) *= s[static_cast<std::size_t>(j)];
        require_same(product(left, right), a);
    }
}

BOOST_AUTO_TEST_CASE(every_matrix_of_a_batch_is_visited_once) {
    for (const Index count : {0, 1, 2, 1000}) {
        std::vector<int> visits(static_cast<std::size_t>(count));
        kernels::for_each_matrix(count, 1 << 12, [&](Index k) { ++visits[static_cast<std::size_t>(k)]; });
        BOOST_TEST(std::accumulate(visits.begin(), visits.end(), 0) == count);
        for (const int times : visits) BOOST_TEST(times == 1);
    }
}

BOOST_AUTO_TEST_SUITE_END()
