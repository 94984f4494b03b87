// SPDX-License-Identifier: MIT
// Reductions against loops in long double over every layout; then what loops do not show: accuracy, NaN, emptiness, threads.
#include "autodiff/kernels/reduce.hpp"

#include "autodiff/kernels/threads.hpp"
#include "tests/kernels/views.hpp"

#include <cstring>
#include <vector>

using namespace autodiff;
using namespace views;

namespace {

/// The elements that belong to each result, in row-major order.
template <class T>
std::vector<std::vector<T>> groups(const View<const T>& x, const Extents& axes) {
    const Shape kept = reduced(x.shape, axes, true);
    std::vector<std::vector<T>> result(static_cast<std::size_t>(kept.size()));
    const View<const T> position{nullptr, x.shape, broadcast_strides(kept, row_major(kept), x.shape)};
    for (Index i = 0; i < x.shape.size(); ++i) result[static_cast<std::size_t>(offset(position, i))].push_back(at(x, i));
    return result;
}

template <class T, class Kernel, class Fold>
void compare(Random& random, const Shape& shape, const Extents& axes, const Kernel& kernel, const Fold& fold, long double ulps,
             long double least_scale = 0) {
    const auto x = arranged<T>(random, shape);
    const auto parts = groups(x.read(), axes);
    auto y = contiguous<T>(reduced(shape, axes, false));
    kernel(x.read(), axes, y.view.data);
    for (std::size_t i = 0; i < parts.size(); ++i) {
        long double scale = least_scale;
        for (const T v : parts[i]) scale += std::abs(static_cast<long double>(v));
        BOOST_REQUIRE_MESSAGE(near(y.memory[i], fold(parts[i]), scale, ulps), to_string(shape)
                                                                                  << " over " << axes.size() << " axes: " << y.memory[i]);
    }
}

template <class T>
long double plain_logsumexp(const std::vector<T>& values) {
    long double sum = 0;
    for (const T v : values) sum += std::exp(static_cast<long double>(v));
    return std::log(sum);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(reductions)

BOOST_AUTO_TEST_CASE_TEMPLATE(every_reduction_equals_loops_for_every_layout_and_choice_of_axes, T, Floats) {
    Random random(11);
    for (int round = 0; round < 600; ++round) {
        const Shape shape = round % 3 ? random.shape(0, 5) : random.shape(1, 3, 60);
        const Extents axes = random.axes(shape.rank());
        compare<T>(
            random, shape, axes, kernels::sum<T>,
            [](const auto& v) {
                long double sum = 0;
                for (const T e : v) sum += static_cast<long double>(e);
                return sum;
            },
            32 + 18);  // the bound that sum promises, for up to 2^18 elements
        compare<T>(
            random, shape, axes, kernels::amax<T>,
            [](const auto& v) {
                return static_cast<long double>(v.empty() ? -std::numeric_limits<T>::infinity() : *std::max_element(v.begin(), v.end()));
            },
            0);
        compare<T>(
            random, shape, axes, kernels::amin<T>,
            [](const auto& v) {
                return static_cast<long double>(v.empty() ? std::numeric_limits<T>::infinity() : *std::min_element(v.begin(), v.end()));
            },
            0);
        compare<T>(random, shape, axes, kernels::logsumexp<T>, plain_logsumexp<T>, 8, 1);  // log(exp(x)) loses x near 0, in the reference
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(products_equal_loops, T, Floats) {
    Random random(12);
    for (int round = 0; round < 300; ++round) {
        const Shape shape = random.shape(0, 4, 5);
        const auto x = arranged<T>(random, shape);
        const Extents axes = random.axes(shape.rank());
        auto y = contiguous<T>(reduced(shape, axes, false));
        kernels::prod(x.read(), axes, y.view.data);
        const auto parts = groups(x.read(), axes);
        for (std::size_t i = 0; i < parts.size(); ++i) {
            long double product = 1;
            for (const T v : parts[i]) product *= static_cast<long double>(v);
            BOOST_REQUIRE(near(y.memory[i], product, 0, static_cast<long double>(parts[i].size() + 1)));
        }
    }
}

BOOST_AUTO_TEST_CASE(counts_and_sums_of_integers_are_exact) {
    Random random(13);
    for (int round = 0; round < 300; ++round) {
        const Shape shape = random.shape(0, 4, 9);
        const auto flags = arranged<bool>(random, shape);
        const auto numbers = arranged<Index>(random, shape);
        const Extents axes = random.axes(shape.rank());
        auto counted = contiguous<Index>(reduced(shape, axes, false)), summed = contiguous<Index>(reduced(shape, axes, false));
        kernels::count(flags.read(), axes, counted.view.data);
        kernels::sum(numbers.read(), axes, summed.view.data);
        const auto flag_parts = groups(flags.read(), axes);
        const auto number_parts = groups(numbers.read(), axes);
        for (std::size_t i = 0; i < flag_parts.size(); ++i) {
            Index sum = 0;
            for (const Index v : number_parts[i]) sum += v;
            BOOST_REQUIRE_EQUAL(counted.memory[i], std::count(flag_parts[i].begin(), flag_parts[i].end(), true));
            BOOST_REQUIRE_EQUAL(summed.memory[i], sum);
        }
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(argmax_is_the_first_of_the_largest_and_nan_is_larger_than_all, T, Floats) {
    Random random(14);
    const T nan = std::numeric_limits<T>::quiet_NaN();
    for (int round = 0; round < 400; ++round) {
        const Shape shape = random.shape(1, 4, round % 2 ? 5 : 20, 0);
        auto x = arranged<T>(random, shape);
        for (Index i = 0; i < shape.size(); ++i) {
            T& v = at(x.view, i);
            v = random.chance(0.1) ? nan : std::floor(v * T(3));  // many ties
        }
        const Index axis = random.integer(0, shape.rank() - 1);
        auto y = contiguous<Index>(reduced(shape, {axis}, false));
        kernels::argmax(x.read(), axis, y.view.data);
        const auto parts = groups(x.read(), {axis});
        for (std::size_t i = 0; i < parts.size(); ++i) {
            const auto first = std::find_if(parts[i].begin(), parts[i].end(), [](T v) { return v != v; });
            const auto best = first != parts[i].end() ? first : std::max_element(parts[i].begin(), parts[i].end());
            BOOST_REQUIRE_EQUAL(y.memory[i], best - parts[i].begin());
        }
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(one_nan_anywhere_is_the_maximum_and_the_minimum, T, Floats) {
    for (const Shape& shape : {Shape{1}, Shape{7}, Shape{100}, Shape{1000}})
        for (Index bad = 0; bad < shape.size(); bad += 1 + shape.size() / 50) {
            auto x = contiguous<T>(shape, T(1));
            at(x.view, bad) = std::numeric_limits<T>::quiet_NaN();
            T low = 0, high = 0;
            kernels::amax(x.read(), {0}, &high);
            kernels::amin(x.read(), {0}, &low);
            BOOST_REQUIRE(std::isnan(high) && std::isnan(low));
        }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(nothing_to_reduce_gives_the_identity, T, Floats) {
    const auto x = contiguous<T>({3, 0, 2});
    T y[6];
    kernels::sum(x.read(), {1}, y);
    for (const T v : y) BOOST_TEST(v == T(0));
    kernels::prod(x.read(), {1}, y);
    for (const T v : y) BOOST_TEST(v == T(1));
    kernels::logsumexp(x.read(), {1}, y);
    for (const T v : y) BOOST_TEST(v == -std::numeric_limits<T>::infinity());
    T untouched = T(9);
    kernels::sum(x.read(), {0}, &untouched);
    BOOST_TEST(untouched == T(9));
}

BOOST_AUTO_TEST_CASE(sums_keep_their_digits_over_millions_of_terms) {
    const Index n = 3'000'001;
    const auto x = contiguous<float>({n}, 0.1f);
    const long double exact = static_cast<long double>(0.1f) * static_cast<long double>(n);
    float y = 0;
    kernels::sum(x.read(), {0}, &y);
    BOOST_TEST(near(y, exact, 0, 4));  // one sum in a row is 7 % off
    float columns[10];
    const View<const float> tall{x.view.data, {300'000, 10}, {10, 1}}, wide{x.view.data, {300'000, 10}, {1, 300'000}};
    for (const auto& view : {tall, wide}) {
        kernels::sum(view, {0}, columns);
        for (const float c : columns) BOOST_TEST(near(c, exact / static_cast<long double>(n) * 300'000, 0, 4));
    }
}

BOOST_AUTO_TEST_CASE(logsumexp_neither_overflows_nor_invents_nan) {
    const double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
    const auto of = [](std::vector<double> v) {
        double y = 0;
        kernels::logsumexp(View<const double>{v.data(), {static_cast<Index>(v.size())}, {1}}, {0}, &y);
        return y;
    };
    BOOST_TEST(near(of({1, 2, 3}), 3.4076059644443803045L, 0, 1));
    BOOST_TEST(of({1000, 1000}) == 1000 + std::log(2.0));
    BOOST_TEST(of({-1000, -1000}) == -1000 + std::log(2.0));
    BOOST_TEST(of({-inf, -inf}) == -inf);
    BOOST_TEST(of({-inf, 3}) == 3);
    BOOST_TEST(of({inf, 3}) == inf);
    BOOST_TEST(of({inf, -inf}) == inf);
    BOOST_TEST(std::isnan(of({nan, 3})));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(sums_are_the_same_bits_for_one_and_for_four_threads, T, Floats) {
    Random random(15);
    const int before = kernels::threads();
    for (const Shape& shape : {Shape{1'000'003}, Shape{1000, 700}, Shape{40, 50, 300}}) {
        const auto x = arranged<T>(random, shape, Repeats::no);
        for (const Extents& axes : {Extents{0}, Extents{shape.rank() - 1}}) {
            const std::size_t size = static_cast<std::size_t>(reduced(shape, axes, false).size());
            std::vector<T> one(size), four(size);
            kernels::set_threads(1);
            kernels::sum(x.read(), axes, one.data());
            kernels::set_threads(4);
            kernels::sum(x.read(), axes, four.data());
            BOOST_TEST(std::memcmp(one.data(), four.data(), size * sizeof(T)) == 0);
        }
    }
    kernels::set_threads(before);
}

BOOST_AUTO_TEST_SUITE_END()
