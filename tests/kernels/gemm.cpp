// SPDX-License-Identifier: MIT
// Matrix products against three loops, over every layout of the operands and of the result; then the corners of BLAS.
#include "autodiff/kernels/gemm.hpp"

#include "autodiff/kernels/threads.hpp"
#include "tests/kernels/views.hpp"

#include <cstring>
#include <vector>

using namespace autodiff;
using namespace views;

namespace {

template <class T>
View<const T> matrix(const View<const T>& x, Index batch) {
    const Index rows = x.shape[-2], columns = x.shape[-1];
    const std::size_t lead = x.strides.size() - 2;
    const Shape outer(x.shape.extents().first(lead));
    const View<const T> leading{nullptr, outer, Strides(x.strides.begin(), x.strides.begin() + static_cast<std::ptrdiff_t>(lead))};
    return {x.data + offset(leading, batch), {rows, columns}, {x.strides[lead], x.strides[lead + 1]}};
}

/// Requires y = initial + a b, element by element, for matrices.
template <class T>
void require_product(const View<const T>& a, const View<const T>& b, const View<const T>& y, const std::vector<T>& initial) {
    const Index m = a.shape[0], k = a.shape[1], n = b.shape[1];
    for (Index i = 0; i < m; ++i)
        for (Index j = 0; j < n; ++j) {
            long double sum = static_cast<long double>(initial[static_cast<std::size_t>(i * n + j)]), scale = std::abs(sum);
            for (Index l = 0; l < k; ++l) {
                const long double term = static_cast<long double>(at(a, i * k + l)) * static_cast<long double>(at(b, l * n + j));
                sum += term, scale += std::abs(term);
            }
            BOOST_REQUIRE_MESSAGE(near(at(y, i * n + j), sum, scale, static_cast<long double>(k + 2)),
                                  to_string(a.shape)
                                      << " by " << to_string(b.shape) << " at " << i << ", " << j << ": " << at(y, i * n + j));
        }
}

template <class T>
std::vector<T> values(const View<const T>& x) {
    std::vector<T> result;
    for (Index i = 0; i < x.shape.size(); ++i) result.push_back(at(x, i));
    return result;
}

Index extent(Random& random) {
    const Index kinds[] = {0, 1, 1, random.integer(2, 5), random.integer(6, 40), random.integer(2, 90)};
    return kinds[random.integer(0, 5)];
}

}  // namespace

BOOST_AUTO_TEST_SUITE(matrix_products)

BOOST_AUTO_TEST_CASE_TEMPLATE(matmul_equals_three_loops_for_every_layout, T, Floats) {
    Random random(21);
    for (int round = 0; round < 600; ++round) {
        const Index m = extent(random), k = extent(random), n = extent(random);
        const auto a = arranged<T>(random, {m, k}), b = arranged<T>(random, {k, n});
        auto y = arranged<T>(random, {m, n}, Repeats::no);
        const std::vector<T> initial = values(y.read());
        kernels::matmul(a.read(), b.read(), y.view, true);
        require_product(a.read(), b.read(), y.read(), initial);
        for (Index i = 0; i < m * n; ++i) at(y.view, i) = std::numeric_limits<T>::quiet_NaN();  // must not be read
        kernels::matmul(a.read(), b.read(), y.view, false);
        require_product(a.read(), b.read(), y.read(), std::vector<T>(initial.size(), T(0)));
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(batched_matmul_equals_matmul_of_each_batch, T, Floats) {
    Random random(22);
    for (int round = 0; round < 300; ++round) {
        Shape lead = random.shape(0, 3, 4);
        const Index m = random.integer(1, 12), k = random.integer(0, 12), n = random.integer(1, 12);
        const auto with = [&](Index rows, Index columns) {
            Extents extents(lead.begin(), lead.end());
            extents.push_back(rows), extents.push_back(columns);
            return Shape(std::span<const Index>(extents.data(), extents.size()));
        };
        auto a = arranged<T>(random, with(m, k)), b = arranged<T>(random, with(k, n));
        if (round % 3 == 0) {  // the form of a layer: one matrix for all batches
            a = contiguous<T>(with(m, k), T(0.5));
            for (Index i = 0; i < a.view.shape.size(); ++i) at(a.view, i) = random.value<T>();
            b = arranged<T>(random, {k, n});
            b.view = b.view.broadcast_to(with(k, n));
        }
        auto y = round % 2 ? contiguous<T>(with(m, n)) : arranged<T>(random, with(m, n), Repeats::no);
        kernels::batched_matmul(a.read(), b.read(), y.view, false);
        for (Index i = 0; i < lead.size(); ++i)
            require_product(matrix(a.read(), i), matrix(b.read(), i), matrix(y.read(), i),
                            std::vector<T>(static_cast<std::size_t>(m * n), T(0)));
        const std::vector<T> once = values(y.read());
        kernels::batched_matmul(a.read(), b.read(), y.view, true);
        for (std::size_t i = 0; i < once.size(); ++i)
            BOOST_REQUIRE(near(at(y.view, static_cast<Index>(i)), 2 * static_cast<long double>(once[i]), 1, 32));
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_known_product_and_its_two_adjoints_are_exact, T, Floats) {
    T a[] = {1, 2, 3, 4, 5, 6}, b[] = {1, -1, 0, 2, 3, 1}, weights[] = {1, -1, 2, 0.5};
    const View<const T> va{a, {2, 3}, {3, 1}}, vb{b, {3, 2}, {2, 1}}, ybar{weights, {2, 2}, {2, 1}};
    auto y = contiguous<T>({2, 2}), abar = contiguous<T>({2, 3}), bbar = contiguous<T>({3, 2});
    kernels::matmul(va, vb, y.view, false);
    T loss = 0;
    for (Index i = 0; i < 4; ++i) loss += at(y.view, i) * weights[i];
    BOOST_TEST(loss == T(54));
    kernels::matmul(ybar, View<const T>{b, {2, 3}, {1, 2}}, abar.view, false);
    kernels::matmul(View<const T>{a, {3, 2}, {1, 3}}, ybar, bbar.view, false);
    const T expected_a[] = {2, -2, 2, 1.5, 1, 6.5}, expected_b[] = {9, 1, 12, 0.5, 15, 0};
    BOOST_TEST(values(abar.read()) == std::vector<T>(expected_a, expected_a + 6), boost::test_tools::per_element());
    BOOST_TEST(values(bbar.read()) == std::vector<T>(expected_b, expected_b + 6), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(zero_times_nan_is_nan_in_every_form_of_the_product, T, Floats) {
    const T nan = std::numeric_limits<T>::quiet_NaN();
    for (const auto& [m, k, n] : {std::array<Index, 3>{2, 3, 2}, {50, 50, 50}, {50, 50, 1}, {1, 50, 50}, {50, 1, 50}, {1, 600, 1}})
        for (const bool accumulate : {false, true}) {
            const auto zeros = contiguous<T>({m, k}, T(0)), bad = contiguous<T>({k, n}, nan);
            const auto bad_left = contiguous<T>({m, k}, nan), zeros_right = contiguous<T>({k, n}, T(0));
            auto y = contiguous<T>({m, n}, T(0));
            kernels::matmul(zeros.read(), bad.read(), y.view, accumulate);
            for (Index i = 0; i < m * n; ++i) BOOST_REQUIRE(std::isnan(at(y.view, i)));
            y = contiguous<T>({m, n}, T(0));
            kernels::matmul(bad_left.read(), zeros_right.read(), y.view, accumulate);
            for (Index i = 0; i < m * n; ++i) BOOST_REQUIRE(std::isnan(at(y.view, i)));
        }
}

BOOST_AUTO_TEST_CASE(an_empty_sum_is_zero_or_leaves_the_result) {
    const auto a = contiguous<double>({3, 0}), b = contiguous<double>({0, 4});
    auto y = contiguous<double>({3, 4}, 5.0);
    kernels::matmul(a.read(), b.read(), y.view, true);
    for (Index i = 0; i < 12; ++i) BOOST_TEST(at(y.view, i) == 5.0);
    kernels::matmul(a.read(), b.read(), y.view, false);
    for (Index i = 0; i < 12; ++i) BOOST_TEST(at(y.view, i) == 0.0);
}

BOOST_AUTO_TEST_CASE(shapes_that_do_not_fit_are_named) {
    const auto a = contiguous<float>({2, 3}, 0.0f), b = contiguous<float>({4, 2}, 0.0f);
    auto y = contiguous<float>({2, 2});
    BOOST_CHECK_EXCEPTION(kernels::matmul(a.read(), b.read(), y.view, false), ShapeError,
                          says("matmul: expected [..., m, k], [..., k, n] and a result [..., m, n], got [2, 3], [4, 2] and [2, 2]"));
    const auto stack = contiguous<float>({5, 2, 2}, 0.0f);
    auto stacked = contiguous<float>({5, 2, 2});
    BOOST_CHECK_EXCEPTION(kernels::matmul(stack.read(), stack.read(), stacked.view, false), ShapeError,
                          says("matmul: expected matrices, got [5, 2, 2] and [5, 2, 2]"));
}

BOOST_AUTO_TEST_CASE(a_stride_beyond_what_blas_counts_with_is_an_error_before_anything_is_read) {
    const auto small = contiguous<float>({40, 40}, 1.0f);
    auto y = contiguous<float>({40, 40});
    const View<const float> wide{small.view.data, {40, 40}, {Index{3'000'000'000}, 1}};
    BOOST_CHECK_EXCEPTION(kernels::matmul(wide, small.read(), y.view, false), ShapeError,
                          says("matmul: expected extents and strides up to 2147483647, got 3000000000"));
}

BOOST_AUTO_TEST_CASE(batches_are_the_same_bits_for_one_and_for_four_threads) {
    Random random(23);
    const int before = kernels::threads();
    const auto a = arranged<float>(random, {40, 33, 64}, Repeats::no), b = arranged<float>(random, {40, 64, 65}, Repeats::no);
    auto one = contiguous<float>({40, 33, 65}), four = contiguous<float>({40, 33, 65});
    kernels::set_threads(1);
    kernels::batched_matmul(a.read(), b.read(), one.view, false);
    kernels::set_threads(4);
    kernels::batched_matmul(a.read(), b.read(), four.view, false);
    kernels::set_threads(before);
    BOOST_TEST(std::memcmp(one.view.data, four.view.data, sizeof(float) * 40 * 33 * 65) == 0);
}

BOOST_AUTO_TEST_SUITE_END()
