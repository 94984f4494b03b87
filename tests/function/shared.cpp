// SPDX-License-Identifier: MIT
// Arguments that all points share, whose derivatives are summed; data, which have none; and what comes back in which shape.
#include "autodiff/function.hpp"
#include "autodiff/kernels/threads.hpp"
#include "tests/function/near.hpp"
#include "tests/support/compare.hpp"

#include <array>
#include <boost/test/unit_test.hpp>
#include <cstring>
#include <random>
#include <tuple>
#include <vector>

namespace {

using namespace autodiff;
using test::close;
using test::numbers;

constexpr std::size_t sizes[] = {1, 63, 64, 65, 1000, 100000};
constexpr unsigned seed = 496;

/// A loss of a fit: the squared error of a logistic curve with three parameters.
const auto loss = [](const auto& t, const auto& target, const auto& p) {
    const auto error = p[0] / (1 + exp(-p[1] * (t - p[2]))) - target;
    return error * error;
};
const std::vector<double> parameters{1.5, 0.75, -0.25};

struct Points {
    std::vector<double> t, target;
    explicit Points(std::size_t n) {
        std::mt19937_64 random(seed);
        std::uniform_real_distribution<double> anywhere(-3, 3);
        for (std::size_t i = 0; i < n; ++i) t.push_back(anywhere(random)), target.push_back(anywhere(random));
    }
};

/// The sum of terms and of their sizes.
struct Total {
    long double sum = 0, size = 0;
    void operator+=(double term) { sum += static_cast<long double>(term), size += static_cast<long double>(std::abs(term)); }
};
void check(double got, const Total& expected, const char* what, std::size_t n) {
    BOOST_TEST(close(got, expected.sum, {.absolute = 1e-13 * static_cast<double>(expected.size)}), what << " of " << n << " points");
}

class Threads {
  public:
    explicit Threads(int count) : before_(kernels::threads()) { kernels::set_threads(count); }
    ~Threads() { kernels::set_threads(before_); }
    Threads(const Threads&) = delete;
    Threads& operator=(const Threads&) = delete;

  private:
    int before_;
};

template <class X>
bool same_bits(const std::vector<X>& a, const std::vector<X>& b) {
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(X)) == 0;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(function_shared)

BOOST_AUTO_TEST_CASE(derivatives_by_shared_arguments_are_sums_over_the_points) {
    const auto f = record(loss, 0.0, passive(0.0), shared(parameters));
    const std::vector<double> v{0.5, -1.0, 0.25};
    for (const std::size_t n : sizes) {
        const Points points(n);
        std::vector<double> along(n);
        for (std::size_t i = 0; i < n; ++i) along[i] = points.target[n - 1 - i];
        Total value, dp[3], hvp[3];
        std::vector<double> dt(n), ht(n);
        for (std::size_t i = 0; i < n; ++i) {
            const auto [y, dy] = f.value_and_gradient(points.t[i], points.target[i], parameters);
            const auto hv = f.hvp(points.t[i], points.target[i], parameters, along[i], v);
            value += y, dt[i] = std::get<0>(dy), ht[i] = std::get<0>(hv);
            for (std::size_t k = 0; k < 3; ++k) dp[k] += std::get<1>(dy)[k], hvp[k] += std::get<1>(hv)[k];
        }
        const auto [sum, both] = f.sum_and_gradient(points.t, points.target, parameters);
        const auto alone = f.gradient(points.t, points.target, parameters);
        const auto curved = f.hvp(points.t, points.target, parameters, along, v);
        static_assert(std::tuple_size_v<decltype(both)> == 2, "data have no place in derivatives");
        static_assert(std::same_as<std::tuple_element_t<1, decltype(both)>, const std::vector<double>>);
        check(sum, value, "the sum", n);
        for (std::size_t k = 0; k < 3; ++k) {
            check(std::get<1>(both)[k], dp[k], "the gradient with the sum", n);
            check(std::get<1>(alone)[k], dp[k], "the gradient", n);
            check(std::get<1>(curved)[k], hvp[k], "H v", n);
        }
        test::Near near(fmt::format("what differs from point to point, {} points", n), 1e-12, 1e-14);
        const std::vector<double> each = numbers(std::get<0>(both)), again = numbers(std::get<0>(alone)), hv = numbers(std::get<0>(curved));
        for (std::size_t i = 0; i < n; ++i) {
            near(each[i], dt[i], 4, "dt at point {}", i);
            near(again[i], dt[i], 4, "dt at point {}", i);
            near(hv[i], ht[i], 4, "H v at point {}", i);
        }
    }
}

BOOST_AUTO_TEST_CASE(in_float_the_sums_are_good_to_float) {
    const auto f = record(loss, passive(0.0), passive(0.0), shared(parameters));
    for (const std::size_t n : {std::size_t{65}, std::size_t{100000}}) {
        const Points points(n);
        const std::vector<float> t(points.t.begin(), points.t.end()), target(points.target.begin(), points.target.end());
        const auto [sum, dp] = f.sum_and_gradient(t, target, parameters);
        const auto [exact, exact_dp] = f.sum_and_gradient(points.t, points.target, parameters);
        static_assert(std::same_as<std::remove_const_t<decltype(sum)>, float>);
        BOOST_TEST(close(sum, exact, {.relative = 1e-5}));
        for (std::size_t k = 0; k < 3; ++k) BOOST_TEST(close(dp[k], exact_dp[k], {.absolute = 1e-5 * exact}));
    }
}

BOOST_AUTO_TEST_CASE(results_have_the_same_bits_for_any_number_of_threads) {
    const auto f = record(loss, 0.0, passive(0.0), shared(parameters));
    for (const std::size_t n : {std::size_t{1000}, std::size_t{100000}}) {
        const Points points(n);
        std::vector<double> first_each, first_sums;
        for (const int threads : {1, 2, 1, 2, 2}) {
            const Threads limited(threads);
            const auto [sum, parts] = f.sum_and_gradient(points.t, points.target, parameters);
            const auto hv = f.hvp(points.t, points.target, parameters, points.t, parameters);
            std::vector<double> each = numbers(std::get<0>(parts)), sums = std::get<1>(parts);
            const std::vector<double> curved = numbers(std::get<0>(hv));
            each.insert(each.end(), curved.begin(), curved.end());
            sums.push_back(sum);
            sums.insert(sums.end(), std::get<1>(hv).begin(), std::get<1>(hv).end());
            if (first_each.empty()) first_each = each, first_sums = sums;
            BOOST_TEST(same_bits(each, first_each), n << " points, " << threads << " threads");
            BOOST_TEST(same_bits(sums, first_sums), n << " points, " << threads << " threads");
        }
    }
}

BOOST_AUTO_TEST_CASE(sums_may_be_of_what_no_point_matters_for_or_of_an_input_itself) {
    const auto f = record([](const auto& x, const auto& a, const auto& b) { return a * x + b * b; }, 1.0, shared(2.0), shared(3.0));
    const std::vector<double> x{1, 2, 4, 8, 16};
    const auto [sum, parts] = f.sum_and_gradient(x, 2.0, 3.0);
    BOOST_TEST(sum == 2 * 31 + 5 * 9);
    BOOST_TEST(numbers(std::get<0>(parts)) == std::vector<double>(5, 2.0), boost::test_tools::per_element());
    BOOST_TEST(std::get<1>(parts) == 31);
    BOOST_TEST(std::get<2>(parts) == 5 * 6);
    const auto h = f.hvp(x, 2.0, 3.0, std::vector<double>(5, 1.0), 10.0, 100.0);
    BOOST_TEST(numbers(std::get<0>(h)) == std::vector<double>(5, 10.0), boost::test_tools::per_element());
    BOOST_TEST(std::get<1>(h) == 5);
    BOOST_TEST(std::get<2>(h) == 5 * 2 * 100);
    const auto unused = record([](const auto& x0, const auto&) { return x0 * x0; }, 1.0, shared(2.0));
    BOOST_TEST(std::get<1>(unused.gradient(x, 2.0)) == 0);
    const auto only = record([](const auto&, const auto& a) { return a * 3; }, passive(1.0), shared(2.0));
    const auto [total, da] = only.sum_and_gradient(x, 2.0);
    BOOST_TEST(total == 30);
    BOOST_TEST(da == 15);
}

// dy/da, dy/db and y are one value here: it goes to a sum, to another sum and to a column.
BOOST_AUTO_TEST_CASE(one_value_may_go_to_several_places) {
    const auto f = record([](const auto& x, const auto& a, const auto& b) { return exp(x + a + b); }, 0.0, shared(0.0), shared(0.0));
    const std::vector<double> x{0.0, 1.0, -1.0};
    const auto [y, dy] = f.value_and_gradient(x, 0.5, 0.25);
    const auto [sum, again] = f.sum_and_gradient(x, 0.5, 0.25);
    const double total = std::exp(0.75) + std::exp(1.75) + std::exp(-0.25);
    for (std::size_t i = 0; i < 3; ++i) BOOST_TEST(close(y.at(i), std::exp(x[i] + 0.75), {.ulps = 4}));
    BOOST_TEST(numbers(std::get<0>(dy)) == numbers(y), boost::test_tools::per_element());
    for (const double each : {std::get<1>(dy), std::get<2>(dy), sum, std::get<1>(again), std::get<2>(again)})
        BOOST_TEST(close(each, total, {.ulps = 4}));
}

BOOST_AUTO_TEST_CASE(jacobians_are_not_summed) {
    const auto f = record(
        [](const auto& x, const auto& a) -> std::array<Scalar, 2> {
            return {a[0] * x, a[1] * x * x};
        },
        1.0, shared(std::array{2.0, 3.0}));
    const std::vector<double> x{1, 2, 4};
    const auto [dx, da] = f.jacobian(x, std::array{2.0, 3.0});
    BOOST_TEST((dx.shape() == Shape{3, 2}));
    BOOST_TEST(numbers(dx) == (std::vector<double>{2, 6, 2, 12, 2, 24}), boost::test_tools::per_element());
    BOOST_TEST((da.shape() == Shape{3, 2, 2}));
    BOOST_TEST(numbers(da) == (std::vector<double>{1, 0, 0, 1, 2, 0, 0, 4, 4, 0, 0, 16}), boost::test_tools::per_element());
    const auto [dx1, da1] = f.jacobian(4.0, std::array{2.0, 3.0});
    BOOST_TEST((dx1.shape() == Shape{2}));
    BOOST_TEST(numbers(da1) == (std::vector<double>{4, 0, 0, 16}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(derivatives_come_in_the_kind_and_order_of_their_arguments) {
    const auto f = record([](const auto& a, const auto& skipped, const auto& b, const auto& also,
                             const auto& c) { return a * b[0] * skipped + c[0] * c[1] * also[1] + b[1] * b[1]; },
                          1.0, passive(2.0), std::array{3.0, 4.0}, passive(std::vector{5.0, 6.0}), std::vector{7.0, 8.0});
    const std::vector<double> c{7, 8}, also{5, 6};
    const auto [da, db, dc] = f.gradient(1.0, 2.0, std::array{3.0, 4.0}, also, c);
    static_assert(std::same_as<std::remove_const_t<decltype(da)>, double>);
    static_assert(std::same_as<std::remove_const_t<decltype(db)>, std::array<double, 2>>);
    static_assert(std::same_as<std::remove_const_t<decltype(dc)>, std::vector<double>>);
    BOOST_TEST(da == 6);
    BOOST_TEST((db == std::array{2.0, 8.0}));
    BOOST_TEST(dc == (std::vector{48.0, 42.0}), boost::test_tools::per_element());
    const auto [ha, hb, hc] = f.hvp(1.0, 2.0, std::array{3.0, 4.0}, also, c, 1.0, std::array{0.5, 2.0}, std::vector{1.0, -1.0});
    BOOST_TEST(ha == 1);
    BOOST_TEST((hb == std::array{2.0, 4.0}));
    BOOST_TEST(hc == (std::vector{-6.0, 6.0}), boost::test_tools::per_element());
    // The same over three equal points, b as a view with its columns first.
    const Tensor<double> b(Shape{2, 3}, {3, 3, 3, 4, 4, 4}), pairs(Shape{3, 2}, {7, 8, 7, 8, 7, 8}), sixes(Shape{3, 2}, {5, 6, 5, 6, 5, 6});
    const Tensor<double> transposed = b.with_layout({3, 2}, {1, 3}, 0);
    const auto [ba, bb, bc] = f.gradient(std::vector(3, 1.0), std::vector(3, 2.0), transposed, sixes, pairs);
    BOOST_TEST((ba.shape() == Shape{3} && bb.shape() == Shape{3, 2} && bc.shape() == Shape{3, 2}));
    BOOST_TEST(numbers(bb) == (std::vector<double>{2, 8, 2, 8, 2, 8}), boost::test_tools::per_element());
    BOOST_TEST(numbers(bc) == (std::vector<double>{48, 42, 48, 42, 48, 42}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(several_results_come_as_vectors_and_tensors) {
    const auto as_vector = record([](const auto& x) { return std::vector<Scalar>{x, x * x, 3.0}; }, 1.0);
    const auto as_array = record([](const auto& x) { return std::array<Scalar, 3>{x, x * x, 3.0}; }, 1.0);
    const auto as_tuple = record([](const auto& x) { return std::tuple(x, std::pair(x * x, 3.0)); }, 1.0);
    const std::vector<double> at_two{2, 4, 3}, x{1, 2, 5};
    const auto check = [&](const auto& f) {
        BOOST_TEST(f(2.0) == at_two, boost::test_tools::per_element());
        BOOST_TEST((f(x).shape() == Shape{3, 3}));
        BOOST_TEST(numbers(f(x)) == (std::vector<double>{1, 1, 3, 2, 4, 3, 5, 25, 3}), boost::test_tools::per_element());
        BOOST_TEST(numbers(f.jacobian(2.0)) == (std::vector<double>{1, 4, 0}), boost::test_tools::per_element());
        BOOST_TEST(f.hvp(2.0, 10.0) == 20);  // of the sum of the results
        BOOST_TEST(numbers(f.hvp(x, std::vector{1.0, 10.0, 100.0})) == (std::vector<double>{2, 20, 200}), boost::test_tools::per_element());
    };
    check(as_vector);
    check(as_array);
    check(as_tuple);
}

BOOST_AUTO_TEST_SUITE_END()
