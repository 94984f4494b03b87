// SPDX-License-Identifier: MIT
// Formulas with several results in place of their operands, and sums of formulas.
#include "tests/elementwise/formulas.hpp"

#include <array>
#include <tuple>

using namespace formulas;

namespace {

using Floats = std::tuple<float, double>;
template <class T>
std::vector<T> counting(std::size_t n, T first) {
    std::vector<T> x(n);
    for (std::size_t i = 0; i < n; ++i) x[i] = first + static_cast<T>(i % 100) / 8;
    return x;
}
auto says(std::string text) {
    return [expected = std::move(text)](const Error& error) {
        BOOST_TEST(error.what() == expected);
        return error.what() == expected;
    };
}

}  // namespace

BOOST_AUTO_TEST_SUITE(elementwise_update_and_sum)

// Each result reads what the other one's place held before.
BOOST_AUTO_TEST_CASE_TEMPLATE(results_take_the_place_of_operands_that_others_still_read, T, Floats) {
    for (std::size_t n = 0; n <= 70; ++n) {
        auto p = counting<T>(n, 1), q = counting<T>(n, -3);
        const auto p0 = p, q0 = q, g = counting<T>(n, 5);
        elementwise_update(
            [](auto a, auto b, auto x, auto step) {
                return std::array{b - step * x, a + b * x};
            },
            std::array{std::span(p), std::span(q)}, std::span<const T>(g), 0.5);
        for (std::size_t i = 0; i < n; ++i) {
            BOOST_TEST(p[i] == q0[i] - T(0.5) * g[i]);
            BOOST_TEST(q[i] == p0[i] + q0[i] * g[i]);
        }
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(large_updates_have_the_bits_of_small_ones, T, Floats) {
    const std::size_t n = 700'003;
    const auto f = [](auto a, auto v, auto g) {
        const auto momentum = 0.875 * v + g;
        return std::array{a - 0.25 * momentum, momentum};
    };
    auto p = counting<T>(n, 1), v = counting<T>(n, -3);
    const auto p0 = p, v0 = v, g = counting<T>(n, 5);
    elementwise_update(f, std::array{std::span(p), std::span(v)}, std::span<const T>(g));
    for (std::size_t i = 0; i < n; ++i) {
        const T momentum = T(0.875) * v0[i] + g[i];
        if (v[i] != momentum || p[i] != p0[i] - T(0.25) * momentum) BOOST_FAIL("at " << i);
    }
}

BOOST_AUTO_TEST_CASE(spans_of_other_lengths_and_branches_are_refused) {
    auto p = counting<double>(5, 1);
    const auto g = counting<double>(4, 1), kept = p;
    const auto step = [](auto a, auto x) { return std::array{a - x}; };
    BOOST_CHECK_EXCEPTION(elementwise_update(step, std::array{std::span(p)}, std::span<const double>(g)), ShapeError,
                          says("elementwise_update: expected spans of 5 numbers, got 4"));
    const auto branch = [](auto a, auto x) { return std::array{a > 0 ? a : x}; };
    BOOST_CHECK_THROW(elementwise_update(branch, std::array{std::span(p)}, 1.0), ValueError);
    BOOST_TEST(p == kept, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(sums_are_those_of_the_elements, T, Floats) {
    Draw<T> draw(65);
    for (const auto& [x_shape, w_shape, to] : std::vector<std::array<Shape, 3>>{{Shape{5, 7}, Shape{7}, Shape{7}},
                                                                                {Shape{5, 7}, Shape{5, 1}, Shape{5, 1}},
                                                                                {Shape{5, 7}, Shape{}, Shape{}},
                                                                                {Shape{3, 4, 6}, Shape{4, 1}, Shape{1, 4, 1}},
                                                                                {Shape{0, 3}, Shape{3}, Shape{3}},
                                                                                {Shape{300, 257}, Shape{257}, Shape{257}}})
        for (const Lie lie : lies) {
            const Tensor<T> x = laid(draw(x_shape), lie), w = draw(w_shape);
            const Tensor<T> got = sum_of_elementwise(twice, to, x, w);
            const Tensor<double> expected = sum_to(twice(cast<double>(x), cast<double>(w)), to);
            check_near(got, expected, 16 * std::numeric_limits<T>::epsilon());
            BOOST_TEST(!got.recorded());
        }
}

BOOST_AUTO_TEST_SUITE_END()
