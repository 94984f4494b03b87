// SPDX-License-Identifier: MIT
// Pooling against loops over windows, over random geometries and layouts.
#include "autodiff/kernels/pool.hpp"

#include "autodiff/kernels/threads.hpp"
#include "tests/kernels/views.hpp"

#include <vector>

using namespace autodiff;
using namespace views;
using kernels::Pool2dGeometry;

namespace {

struct Case {
    Shape x, y;
    Pool2dGeometry g;
};

Case random_case(Random& random) {
    for (;;) {
        Case c;
        for (std::size_t k = 0; k < 2; ++k) {
            c.g.window[k] = random.integer(1, 4), c.g.stride[k] = random.integer(1, 4);
            c.g.padding[k] = random.integer(0, c.g.window[k] - 1);
        }
        c.x = {random.chance(0.05) ? 0 : random.integer(1, 4), random.integer(1, 4), random.integer(1, 9), random.integer(1, 9)};
        try {
            c.y = kernels::pool2d_shape(c.x, c.g, "pool");
            return c;
        } catch (const ShapeError&) {
        }  // the window does not fit: another one
    }
}

/// Windows of 2x2 side by side, in images of any width and with rows and columns left over.
Case quarters(Random& random) {
    Case c;
    c.x = {random.chance(0.05) ? 0 : random.integer(1, 3), random.integer(1, 3), random.integer(2, 9), random.integer(2, 70)};
    c.y = kernels::pool2d_shape(c.x, c.g, "pool");
    return c;
}

/// The positions in x, row-major, of the window that belongs to the result at position `at`.
std::vector<Index> window(const Case& c, Index at) {
    const Index plane = at / (c.y[2] * c.y[3]), i = at / c.y[3] % c.y[2], j = at % c.y[3];
    std::vector<Index> positions;
    for (Index u = 0; u < c.g.window[0]; ++u)
        for (Index v = 0; v < c.g.window[1]; ++v) {
            const Index a = i * c.g.stride[0] + u - c.g.padding[0], b = j * c.g.stride[1] + v - c.g.padding[1];
            if (a >= 0 && a < c.x[2] && b >= 0 && b < c.x[3]) positions.push_back((plane * c.x[2] + a) * c.x[3] + b);
        }
    return positions;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pooling)

BOOST_AUTO_TEST_CASE_TEMPLATE(the_maximum_is_the_first_of_the_largest_in_each_window, T, Floats) {
    Random random(41);
    for (int round = 0; round < 600; ++round) {
        const Case c = round % 2 == 0 ? random_case(random) : quarters(random);
        auto x = random.chance(0.5) ? arranged<T>(random, c.x) : contiguous<T>(c.x);
        for (Index i = 0; i < c.x.size(); ++i)
            at(x.view, i) = random.chance(0.05) ? std::numeric_limits<T>::quiet_NaN()
                                                : static_cast<T>(random.integer(-8, -5));  // ties; below the zeros of a padding
        auto y = contiguous<T>(c.y), numbers = contiguous<T>(c.x), places = contiguous<T>(c.y), xbar = contiguous<T>(c.x);
        const auto ybar = arranged<T>(random, c.y);
        std::vector<kernels::Winner<T>> winners(static_cast<std::size_t>(c.y.size()));
        for (Index i = 0; i < c.x.size(); ++i) at(numbers.view, i) = static_cast<T>(i);
        kernels::max_pool2d(x.read(), y.view, winners.data(), c.g);
        kernels::max_pool2d_pick(numbers.read(), winners.data(), places.view, c.g);
        kernels::max_pool2d_input(ybar.read(), winners.data(), xbar.view, c.g);
        std::vector<long double> adjoint(static_cast<std::size_t>(c.x.size()));
        for (Index i = 0; i < c.y.size(); ++i) {
            const std::vector<Index> positions = window(c, i);
            Index best = positions.front();
            for (const Index p : positions) {
                if (std::isnan(at(x.view, best))) break;
                if (std::isnan(at(x.view, p)) || at(x.view, p) > at(x.view, best)) best = p;
            }
            BOOST_REQUIRE_EQUAL(at(places.view, i), static_cast<T>(best));
            BOOST_REQUIRE(near(at(y.view, i), static_cast<long double>(at(x.view, best)), 0, 0));
            adjoint[static_cast<std::size_t>(best)] += static_cast<long double>(at(ybar.view, i));
        }
        for (Index i = 0; i < c.x.size(); ++i) BOOST_REQUIRE(near(at(xbar.view, i), adjoint[static_cast<std::size_t>(i)], 4, 16));
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(adjoints_that_are_not_numbers_stay_where_they_belong, T, Floats) {
    const T inf = std::numeric_limits<T>::infinity();
    const Shape shape{2, 3, 5, 7}, result{2, 3, 2, 3};
    auto x = contiguous<T>(shape, T(0)), y = contiguous<T>(result), ybar = contiguous<T>(result, inf), xbar = contiguous<T>(shape);
    std::vector<kernels::Winner<T>> winners(36);
    kernels::max_pool2d(x.read(), y.view, winners.data(), {});
    kernels::max_pool2d_input(ybar.read(), winners.data(), xbar.view, {});
    for (Index i = 0; i < shape.size(); ++i) {
        const Index a = i / 7 % 5, b = i % 7;
        BOOST_TEST(at(xbar.view, i) == (a % 2 == 0 && b % 2 == 0 && a < 4 && b < 6 ? inf : T(0)));
    }
}

BOOST_AUTO_TEST_CASE(results_are_the_same_bits_for_every_number_of_threads) {
    Random random(43);
    const int before = kernels::threads();
    const Shape shape{40, 3, 27, 30}, result{40, 3, 13, 15};
    const auto x = arranged<float>(random, shape, Repeats::no), ybar = arranged<float>(random, result, Repeats::no);
    auto plain = contiguous<float>(shape);
    for (Index i = 0; i < shape.size(); ++i) at(plain.view, i) = at(x.view, i);
    std::vector<std::vector<float>> runs;
    for (const int count : {1, 2, 4}) {
        kernels::set_threads(count);
        std::vector<kernels::Winner<float>> winners(static_cast<std::size_t>(result.size()));
        std::vector<float> all;
        for (const auto& image : {x.read(), plain.read()}) {
            auto y = contiguous<float>(result), mean = contiguous<float>(result), xbar = contiguous<float>(shape);
            auto spread = contiguous<float>(shape);
            kernels::max_pool2d(image, y.view, winners.data(), {});
            kernels::max_pool2d_input(ybar.read(), winners.data(), xbar.view, {});
            kernels::avg_pool2d(image, mean.view, {}, true);
            kernels::avg_pool2d_input(mean.read(), spread.view, {}, true);
            for (const auto* const array : {&y, &mean, &xbar, &spread})
                all.insert(all.end(), array->memory.get(), array->memory.get() + array->size);
        }
        BOOST_TEST(std::equal(all.begin(), all.begin() + result.size(), all.begin() + std::ssize(all) / 2));  // whatever the layout
        runs.push_back(std::move(all));
    }
    kernels::set_threads(before);
    BOOST_TEST((runs[0] == runs[1] && runs[0] == runs[2]));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(means_and_their_transpose_equal_loops_with_and_without_padding_in_the_count, T, Floats) {
    Random random(42);
    for (int round = 0; round < 600; ++round) {
        const Case c = round % 2 == 0 ? random_case(random) : quarters(random);
        const bool with_padding = random.chance(0.5);
        const auto x = arranged<T>(random, c.x), ybar = arranged<T>(random, c.y);
        auto y = contiguous<T>(c.y), xbar = contiguous<T>(c.x);
        kernels::avg_pool2d(x.read(), y.view, c.g, with_padding);
        kernels::avg_pool2d_input(ybar.read(), xbar.view, c.g, with_padding);
        std::vector<long double> adjoint(static_cast<std::size_t>(c.x.size()));
        for (Index i = 0; i < c.y.size(); ++i) {
            const std::vector<Index> positions = window(c, i);
            const long double count =
                with_padding ? static_cast<long double>(c.g.window[0] * c.g.window[1]) : static_cast<long double>(positions.size());
            long double sum = 0;
            for (const Index p : positions) {
                sum += static_cast<long double>(at(x.view, p));
                adjoint[static_cast<std::size_t>(p)] += static_cast<long double>(at(ybar.view, i)) / count;
            }
            BOOST_REQUIRE(near(at(y.view, i), sum / count, 1, 16));
        }
        for (Index i = 0; i < c.x.size(); ++i) BOOST_REQUIRE(near(at(xbar.view, i), adjoint[static_cast<std::size_t>(i)], 4, 16));
    }
}

BOOST_AUTO_TEST_CASE(overlapping_windows_add_the_adjoints_of_their_maxima) {
    auto x = contiguous<double>({1, 1, 3, 3});
    const double values[] = {1, 5, 2, 0, 3, 9, 7, 4, 6};
    std::copy(values, values + 9, x.view.data);
    auto y = contiguous<double>({1, 1, 2, 2}), xbar = contiguous<double>({1, 1, 3, 3}), ybar = contiguous<double>({1, 1, 2, 2});
    for (Index i = 0; i < 4; ++i) at(ybar.view, i) = static_cast<double>(i + 1);
    std::vector<kernels::Winner<double>> winners(4);
    const Pool2dGeometry g{{2, 2}, {1, 1}, {0, 0}};
    kernels::max_pool2d(x.read(), y.view, winners.data(), g);
    kernels::max_pool2d_input(ybar.read(), winners.data(), xbar.view, g);
    const double expected_y[] = {5, 9, 7, 9}, expected_x[] = {0, 1, 0, 0, 0, 6, 3, 0, 0};
    for (Index i = 0; i < 4; ++i) BOOST_TEST(at(y.view, i) == expected_y[i]);
    for (Index i = 0; i < 9; ++i) BOOST_TEST(at(xbar.view, i) == expected_x[i]);
}

BOOST_AUTO_TEST_CASE(misfits_are_named) {
    using kernels::pool2d_shape;
    BOOST_CHECK_EXCEPTION(pool2d_shape({3, 4, 4}, {}, "max_pool2d"), ShapeError,
                          says("max_pool2d: expected an input [n, c, h, w] with h, w >= 1, got [3, 4, 4]"));
    BOOST_CHECK_EXCEPTION(
        pool2d_shape({1, 3, 4, 4}, {{5, 2}, {1, 1}, {0, 0}}, "avg_pool2d"), ShapeError,
        says("avg_pool2d: expected a window of at most 4 along axis 2 of the padded input, got window (5, 2) for [1, 3, 4, 4]"));
    BOOST_CHECK_EXCEPTION(pool2d_shape({1, 3, 4, 4}, {{2, 2}, {1, 0}, {0, 0}}, "max_pool2d"), ValueError,
                          says("max_pool2d: expected window and stride from 1 to 2147483647, got window (2, 2), stride (1, 0)"));
    BOOST_CHECK_EXCEPTION(pool2d_shape({1, 3, 4, 4}, {{2, 2}, {1, 1}, {2, 0}}, "max_pool2d"), ValueError,
                          says("max_pool2d: expected a padding from 0 to less than the window, got padding (2, 0), window (2, 2)"));
    const auto x = contiguous<float>({1, 1, 4, 4}, 0.0f);
    auto y = contiguous<float>({1, 1, 2, 3});
    BOOST_CHECK_EXCEPTION(kernels::avg_pool2d(x.read(), y.view, {}, true), ShapeError,
                          says("avg_pool2d: expected a result of shape [1, 1, 2, 2], got [1, 1, 2, 3]"));
}

BOOST_AUTO_TEST_SUITE_END()
