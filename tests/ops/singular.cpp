// SPDX-License-Identifier: MIT
// Tensors at the points where a derivative jumps, is infinite or does not exist.
#include "autodiff/autodiff.hpp"
#include "tests/support/compare.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <limits>
#include <vector>

namespace {

using namespace autodiff;
using T = Tensor<double>;
constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

std::vector<double> values(const T& x) {
    const T y = x.contiguous();
    return {y.data().begin(), y.data().end()};
}
/// The adjoint of x for L = sum(f(x)).
template <class F>
std::vector<double> slope(const F& f, const T& x) {
    return values(gradient([&f](const T& v) { return sum(f(v)); }, x));
}
bool same(const std::vector<double>& a, const std::vector<double>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](double x, double y) { return x == y || (std::isnan(x) && std::isnan(y)); });
}
void check(const std::vector<double>& got, const std::vector<double>& expected) {
    BOOST_TEST(same(got, expected), fmt::format("got {}, expected {}", got, expected));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(singular_points)

BOOST_AUTO_TEST_CASE(where_lets_nothing_through_from_what_it_did_not_choose) {
    const T x = T::of({-1, 0, 4});
    const auto masked_root = [](const T& v) { return where(v > 0, sqrt(v), 0); };
    check(values(masked_root(x)), {0, 0, 2});
    check(slope(masked_root, x), {0, 0, 0.25});
    check(slope([](const T& v) { return where(v > 0, log(v), v); }, x), {1, 1, 0.25});
    check(slope([](const T& v) { return where(v != 0, 1 / v, v); }, x), {-1, 1, -0.0625});
    check(slope([](const T& v) { return where(v > 0, v / sqrt(v), 2 * v); }, T::of({0, 1})), {2, 0.5});
}

BOOST_AUTO_TEST_CASE(nothing_flows_through_a_slice_or_a_gather_to_what_it_left_out) {
    const T x = T::of({0, 4});
    check(slope([](const T& v) { return slice(sqrt(v), {{1, 2}}); }, x), {0, 0.25});
    check(slope([](const T& v) { return take(sqrt(v), Tensor<Index>::of({1})); }, x), {0, 0.25});
    check(slope([](const T& v) { return from_scalar<double>(sqrt(v)(1)); }, x), {0, 0.25});
    check(slope([](const T& v) { return relu(sqrt(v) - 1); }, x), {0, 0.25});
    check(slope([](const T& v) { return amax(sqrt(v)); }, x), {0, 0.25});
}

BOOST_AUTO_TEST_CASE(roots_and_logarithms_have_infinite_slopes_at_0) {
    check(slope([](const T& v) { return sqrt(v); }, T::of({0, 1})), {inf, 0.5});
    check(slope([](const T& v) { return log(v); }, T::of({0, 2})), {inf, 0.5});
    check(slope([](const T& v) { return asin(v); }, T::of({1, -1})), {inf, inf});
    check(slope([](const T& v) { return acos(v); }, T::of({1, -1})), {-inf, -inf});
}

BOOST_AUTO_TEST_CASE(powers_at_0_follow_their_table) {
    const T x = T::of({0, 0, 0, 0, 0});
    const T p = T::of({2, 1, 0.5, 0, -1});
    check(values(pow(x, p)), {0, 0, 0, 1, inf});
    check(slope([&p](const T& v) { return pow(v, p); }, x), {0, 1, inf, 0, -inf});
    check(slope([&x](const T& v) { return pow(x, v); }, p), {0, 0, 0, -inf, -inf});
    check(slope([](const T& v) { return pow(v, 3); }, T::of({-2})), {12});
    check(slope([](const T& v) { return pow(T::of({-2}), v); }, T::of({2})), {undefined});
}

BOOST_AUTO_TEST_CASE(kinks_have_the_derivative_of_least_norm) {
    check(slope([](const T& v) { return relu(v); }, T::of({0, -0.0, 1})), {0, 0, 1});
    check(slope([](const T& v) { return abs(v); }, T::of({0, -0.0, -2})), {0, 0, -1});
    check(slope([](const T& v) { return maximum(v, 0); }, T::of({0, 1, -1})), {0.5, 1, 0});
    check(slope([](const T& v) { return minimum(v, v); }, T::of({0, 1})), {1, 1});
    check(slope([](const T& v) { return sign(v) + floor(v); }, T::of({0, 2, 2.5})), {0, 0, 0});
    check(slope([](const T& v) { return hypot(v, 0 * v); }, T::of({0, -3})), {0, -1});
    check(slope([](const T& v) { return atan2(v, T::of({0})); }, T::of({0})), {undefined});
}

BOOST_AUTO_TEST_CASE(equal_maxima_share_the_adjoint) {
    const auto largest = [](const T& v) { return amax(v); };
    const auto smallest = [](const T& v) { return amin(v); };
    check(slope(largest, T::of({1, 3, 3, 2})), {0, 0.5, 0.5, 0});
    check(slope(largest, T::of({2, 2, 2, 2})), {0.25, 0.25, 0.25, 0.25});
    check(slope(smallest, T::of({1, 3, 1, 1})), {1.0 / 3, 0, 1.0 / 3, 1.0 / 3});
    check(slope(largest, T::of({0.0, -0.0})), {0.5, 0.5});
    check(slope([](const T& v) { return amax(v, 1); }, T::from_rows({{1, 1}, {1, 2}})), {0.5, 0.5, 0, 1});
    check(slope(largest, T::of({-inf, -inf})), {0.5, 0.5});
    // A window of max_pool2d has one winner, the first.
    check(slope([](const T& v) { return max_pool2d(v, {}); }, T::full({1, 1, 2, 2}, 7)), {1, 0, 0, 0});
}

BOOST_AUTO_TEST_CASE(a_nan_is_the_maximum_and_takes_the_adjoint) {
    const T x = T::of({1, undefined, 5});
    BOOST_TEST(std::isnan(amax(x).item()));
    BOOST_TEST(std::isnan(amin(x).item()));
    check(slope([](const T& v) { return amax(v); }, x), {0, 1, 0});
    check(slope([](const T& v) { return amin(v); }, x), {0, 1, 0});
    BOOST_TEST(argmax(x).item() == 1);
}

BOOST_AUTO_TEST_CASE(a_product_knows_the_product_of_the_others_with_zeros_among_them) {
    const auto product = [](const T& v) { return prod(v); };
    check(slope(product, T::of({2, 3, 4})), {12, 8, 6});
    check(slope(product, T::of({2, 0, 4})), {0, 8, 0});
    check(slope(product, T::of({0, 3, 0})), {0, 0, 0});
    check(slope(product, T::of({0, 0, 0})), {0, 0, 0});
    check(slope(product, T::of({0})), {1});
    check(slope([](const T& v) { return prod(v, 0); }, T::from_rows({{2, 0}, {0, 0}, {5, 3}})), {0, 0, 10, 0, 0, 0});
    BOOST_TEST(prod(T()).item() == 1);
}

BOOST_AUTO_TEST_CASE(the_norm_of_zeros_has_the_gradient_0) {
    check(slope([](const T& v) { return norm2(v); }, T::of({0, 0})), {0, 0});
    check(slope([](const T& v) { return norm2(v); }, T::of({3, -4})), {0.6, -0.8});
    check(slope([](const T& v) { return norm2(v, 1); }, T::from_rows({{0, 0}, {0, -2}})), {0, 0, 0, -1});
    // Written by hand it stays 0 * inf.
    check(slope([](const T& v) { return sqrt(sum(v * v)); }, T::of({0, 0})), {undefined, undefined});
}

BOOST_AUTO_TEST_CASE(logsumexp_takes_infinities) {
    const auto total = [](const T& v) { return logsumexp(v); };
    BOOST_TEST(total(T::of({-inf, -inf})).item() == -inf);
    check(slope(total, T::of({-inf, -inf})), {undefined, undefined});
    BOOST_TEST(total(T::of({-inf, 2})).item() == 2);
    check(slope(total, T::of({-inf, 2})), {0, 1});
    BOOST_TEST(total(T::of({inf, 2})).item() == inf);
    BOOST_TEST(total(T::of({1000, 1000})).item() == 1000 + std::log(2.0));
    for (const double share : slope(total, T::of({1000, 1000})))
        BOOST_TEST(test::close(share, 0.5, {.relative = 2e-13}));  // the result has 13 digits behind the point
    check(slope(total, T::of({-1000, 1000})), {0, 1});
    BOOST_TEST(std::isnan(total(T::of({undefined, 1})).item()));
}

BOOST_AUTO_TEST_CASE(softmax_takes_masked_logits_and_says_nan_when_all_are_masked) {
    check(values(softmax(T::of({-inf, 0, 0}))), {0, 0.5, 0.5});
    check(values(softmax(T::of({-inf, -inf}))), {undefined, undefined});
    check(values(softmax(T::of({1e4, 0}))), {1, 0});
    check(slope([](const T& v) { return slice(softmax(v), {{1, 2}}); }, T::of({-inf, 0, 0})), {0, 0.25, -0.25});
}

BOOST_AUTO_TEST_CASE(saturated_functions_have_slope_0_and_not_nan) {
    check(slope([](const T& v) { return tanh(v); }, T::of({190, -190, 1e300})), {0, 0, 0});
    check(slope([](const T& v) { return sigmoid(v); }, T::of({800, -800})), {0, 0});
    check(slope([](const T& v) { return softplus(v); }, T::of({800, -800})), {1, 0});
}

BOOST_AUTO_TEST_CASE(what_is_stopped_or_cast_to_whole_numbers_has_no_derivative) {
    check(slope([](const T& v) { return v * stop_gradient(v); }, T::of({3, 4})), {3, 4});
    check(slope([](const T& v) { return v * cast<double>(cast<Index>(v)); }, T::of({3.5, -2.5})), {3, -2});
    check(slope([](const T& v) { return v * cast<double>(v > 3); }, T::of({3.5, -2.5})), {1, 0});
    check(slope([](const T& v) { return cast<double>(cast<float>(v)); }, T::of({0.1, 0.2})), {1, 1});
}

BOOST_AUTO_TEST_SUITE_END()
