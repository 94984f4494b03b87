// SPDX-License-Identifier: MIT
// Branches of recorded functions: `where` records both sides, `if` guards the recording, and other points report or record anew.
#include "autodiff/function.hpp"
#include "autodiff/gradient.hpp"
#include "autodiff/recorded_gradient.hpp"
#include "tests/function/near.hpp"
#include "tests/support/compare.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <functional>
#include <random>
#include <string>
#include <vector>

namespace {

using namespace autodiff;
using test::close;
using test::numbers;

using Unary = std::function<Scalar(const Scalar&)>;

template <class T>
Tensor<T> column(const std::vector<T>& x) {
    return Tensor<T>(Shape{std::ssize(x)}, x);
}

/// Whether a BranchChanged has this text, point and comparison.
auto changed(std::size_t point, std::size_t comparison, std::string text) {
    return [=](const BranchChanged& error) {
        BOOST_TEST(error.what() == text);
        BOOST_TEST(error.point() == point);
        BOOST_TEST(error.comparison() == comparison);
        return error.what() == text && error.point() == point && error.comparison() == comparison;
    };
}
const std::string remedy = "; write it with where(), which records both sides, or replay with OnBranch::re_record";

/// Five pieces, each another polynomial, joined by ifs.
template <class T>
T pieces(const T& x) {
    if (x < -1) return x * x;
    if (x < 0) return -3 * x;
    if (x < 1) return x * x * x;
    if (x <= 2) return T(4.0);
    return 2 * x * x - x;
}
double slope_of_pieces(double x) { return x < -1 ? 2 * x : x < 0 ? -3 : x < 1 ? 3 * x * x : x <= 2 ? 0 : 4 * x - 1; }
double curvature_of_pieces(double x) { return x < -1 ? 2 : x < 0 ? 0 : x < 1 ? 6 * x : x <= 2 ? 0 : 4; }

/// How often 2 divides x until it is at most 1: the bound of the loop depends on the data.
template <class T>
T halved(T x) {
    int n = 0;
    while (x > 1) x = x / 2, ++n;
    return x * n;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(function_branches)

BOOST_AUTO_TEST_CASE(where_records_both_sides) {
    const auto f = record([](const auto& x, const auto& y) { return where(x < y, x * x * y, 3 * y); }, 1.0, 2.0);
    BOOST_TEST(f.program().guards.empty());
    BOOST_TEST(f(1.0, 2.0) == 2);
    BOOST_TEST(f(5.0, 2.0) == 6);
    BOOST_TEST((f.gradient(1.5, 2.0) == std::tuple(6.0, 2.25)));
    BOOST_TEST((f.gradient(5.0, 2.0) == std::tuple(0.0, 3.0)));
    BOOST_TEST((f.hvp(1.5, 2.0, 1.0, 0.0) == std::tuple(4.0, 3.0)));
    BOOST_TEST((f.hvp(5.0, 2.0, 1.0, 1.0) == std::tuple(0.0, 0.0)));
    const auto [dx, dy] = f.gradient(std::vector{1.5, 5.0, 2.0}, std::vector{2.0, 2.0, 2.0});
    BOOST_TEST(numbers(dx) == (std::vector{6.0, 0.0, 0.0}), boost::test_tools::per_element());
    BOOST_TEST(numbers(dy) == (std::vector{2.25, 3.0, 3.0}), boost::test_tools::per_element());
    BOOST_TEST(f.recordings() == 1u);
}

BOOST_AUTO_TEST_CASE(where_takes_numbers_and_conditions_of_every_kind) {
    const auto f = record(
        [](const auto& x) -> std::vector<Scalar> {
            return {where(x > 0, 1, x),    where(x >= 0, x, 2), where(x == 0, 7, 8),
                    where(x != 0, x, 5.5), where(x <= 0, 1, 2), where(0 < x, x, -x) * where(x < 1, 1, 2)};
        },
        3.0);
    BOOST_TEST(f.program().guards.empty());
    BOOST_TEST(f(3.0) == (std::vector<double>{1, 3, 8, 3, 2, 6}), boost::test_tools::per_element());
    BOOST_TEST(f(0.0) == (std::vector<double>{0, 0, 7, 5.5, 1, 0}), boost::test_tools::per_element());
    BOOST_TEST(f(-0.5) == (std::vector<double>{-0.5, 2, 8, -0.5, 1, 0.5}), boost::test_tools::per_element());
}

// The derivative of sqrt(x) at 0 is infinite, that of log(x) below 0 is NaN: a branch that was not chosen must not let them in.
BOOST_AUTO_TEST_CASE(a_branch_that_is_not_chosen_has_no_derivative_whatever_its_partial) {
    const std::pair<const char*, Unary> table[] = {
        {"sqrt", [](const Scalar& x) { return where(x > 0, sqrt(x), 0); }},
        {"log", [](const Scalar& x) { return where(x > 0, log(x), 0); }},
        {"1 / x", [](const Scalar& x) { return where(x > 0, 1 / x, 0); }},
        {"x log x", [](const Scalar& x) { return where(x > 0, x * log(x), 0); }},
        {"x^0.3", [](const Scalar& x) { return where(x > 0, pow(x, 0.3), 0); }},
        {"1 / sqrt(exp(x) - 1)", [](const Scalar& x) { return where(x > 0, rsqrt(expm1(x)), 0); }},
        {"the other side", [](const Scalar& x) { return where(x <= 0, 0, log(x) / x); }},
    };
    const std::vector<double> masked{0.0, -0.0, -1.0, -2.5};
    for (const auto& [what, f] : table)
        for (const double example : {4.0, 0.0, -1.0}) BOOST_TEST_CONTEXT(what << ", recorded at " << example) {
                const auto recorded = record(f, example);
                BOOST_TEST(recorded.program().guards.empty());
                for (const double x : masked) {
                    BOOST_TEST(recorded(x) == 0);
                    BOOST_TEST(recorded.gradient(x) == 0);
                    BOOST_TEST(recorded.hvp(x, 1.0) == 0);
                    Tape tape;
                    const Scalar v = tape.variable(x), y = f(v), slope = recorded_gradient(y)[v];
                    BOOST_TEST(gradient(y)[v] == 0);
                    BOOST_TEST(slope.value() == 0);
                }
                const std::vector<double> zeros(masked.size(), 0.0);
                BOOST_TEST(numbers(recorded(masked)) == zeros, boost::test_tools::per_element());
                BOOST_TEST(numbers(recorded.gradient(masked)) == zeros, boost::test_tools::per_element());
                BOOST_TEST(numbers(recorded.hvp(masked, std::vector(4, 1.0))) == zeros, boost::test_tools::per_element());
                const std::vector<float> in_float(masked.begin(), masked.end()), float_zeros(masked.size(), 0.0f);
                BOOST_TEST(numbers(recorded.gradient(in_float)) == float_zeros, boost::test_tools::per_element());
                BOOST_TEST(numbers(recorded.hvp(in_float, std::vector(4, 1.0f))) == float_zeros, boost::test_tools::per_element());
                // The side that is chosen goes on as ever.
                BOOST_TEST(close(recorded.gradient(4.0), gradient(f, 4.0), {.relative = 1e-14}));
                BOOST_TEST(recorded.gradient(4.0) != 0);
            }
}

const auto nested = [](const auto& x) { return where(x > -5, where(x > 0, sqrt(x) * log(x), 0), x); };

BOOST_AUTO_TEST_CASE(a_branch_inside_another_has_no_derivative_where_it_is_not_chosen) {
    const auto f = record(nested, 4.0);
    for (const double x : {0.0, -1.0}) {
        BOOST_TEST(f(x) == 0);
        BOOST_TEST(f.gradient(x) == 0);
        BOOST_TEST(f.gradient(std::vector{x}).at(0) == 0);
    }
}

BOOST_AUTO_TEST_CASE(second_derivatives_behind_a_mask_are_0_too) {
    BOOST_TEST(record(nested, 4.0).hvp(-1.0, 1.0) == 0);
    Tape tape;
    const Scalar x = tape.variable(-1.0), slope = recorded_gradient(where(x > 0, sqrt(x), 0))[x];
    BOOST_TEST(gradient(slope)[x] == 0);
}

BOOST_AUTO_TEST_CASE(a_changed_comparison_is_reported_with_its_operands) {
    const auto f = record(
        [](const auto& x, const auto& y) {
            const auto s = x * y;
            if (s < 1.5) return s * s;
            return x + y;
        },
        1.0, 1.0);
    BOOST_TEST(f(0.5, 2.0) == 1);
    const auto report =
        changed(0, 0, "Function: expected comparison 0 of the recording, t0 < 1.5, to be true, got false at point 0" + remedy);
    BOOST_CHECK_EXCEPTION(static_cast<void>(f(2.0, 1.0)), BranchChanged, report);
    BOOST_CHECK_EXCEPTION(static_cast<void>(f.gradient(2.0, 1.0)), BranchChanged, report);
    BOOST_CHECK_EXCEPTION(static_cast<void>(f.jacobian(2.0, 1.0)), BranchChanged, report);
    BOOST_CHECK_EXCEPTION(static_cast<void>(f.hvp(2.0, 1.0, 1.0, 1.0)), BranchChanged, report);
    BOOST_TEST(f.recordings() == 1u);
    BOOST_TEST(f(0.5, 2.0) == 1);
}

BOOST_AUTO_TEST_CASE(each_comparison_of_nested_ifs_is_a_guard_with_its_number) {
    const auto f = record(
        [](const auto& x, const auto& y) {
            if (x > 0) {
                const Scalar product = x * y;
                if (exp(y) <= 3) return product;
                return x;
            }
            return y;
        },
        1.0, 1.0);
    BOOST_TEST(f.program().guards.size() == 2u);
    BOOST_CHECK_EXCEPTION(
        static_cast<void>(f(1.0, 2.0)), BranchChanged,
        changed(0, 1, "Function: expected comparison 1 of the recording, t1 <= 3, to be true, got false at point 0" + remedy));
    BOOST_CHECK_EXCEPTION(
        static_cast<void>(f(-1.0, 2.0)), BranchChanged,
        changed(0, 0, "Function: expected comparison 0 of the recording, 0 < x0, to be true, got false at point 0" + remedy));
    // The Hessian needs no value of f, so that its program numbers otherwise; the report does not.
    BOOST_CHECK_EXCEPTION(
        static_cast<void>(f.hvp(1.0, 2.0, 1.0, 1.0)), BranchChanged,
        changed(0, 1, "Function: expected comparison 1 of the recording, t1 <= 3, to be true, got false at point 0" + remedy));
}

BOOST_AUTO_TEST_CASE(a_comparison_that_did_not_hold_is_a_guard_too) {
    const auto f = record([](const auto& x) { return x == 0 ? Scalar(1) : sin(x) / x; }, 2.0);
    BOOST_TEST(close(f(1.0), std::sin(1.0), {.ulps = 1}));
    BOOST_CHECK_EXCEPTION(
        static_cast<void>(f(0.0)), BranchChanged,
        changed(0, 0, "Function: expected comparison 0 of the recording, x0 == 0, to be false, got true at point 0" + remedy));
    BOOST_TEST(f.on_branch(OnBranch::re_record)(0.0) == 1);
}

BOOST_AUTO_TEST_CASE(one_point_records_anew_if_asked_to_and_keeps_the_recording) {
    const auto f = record([](const auto& x) { return pieces(Scalar(x)); }, 0.5).on_branch(OnBranch::re_record);
    std::size_t expected = 1;
    for (const double x : {-2.0, -0.5, 1.5, 3.0}) {
        BOOST_TEST(f(x) == pieces(x));
        BOOST_TEST(f.recordings() == ++expected);
        BOOST_TEST(close(f.gradient(x), slope_of_pieces(x), {.relative = 1e-14}));
        BOOST_TEST(close(f.hvp(x, 2.0), 2 * curvature_of_pieces(x), {.relative = 1e-14}));
        BOOST_TEST(f.recordings() == expected);
    }
    for (const double x : {-7.0, -0.25, 0.25, 1.0, 2.0, 9.0}) BOOST_TEST(f(x) == pieces(x));
    BOOST_TEST(f.recordings() == 5u);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_batch_records_every_branch_it_meets, T, decltype(std::tuple<float, double>{})) {
    constexpr double tolerance = std::same_as<T, double> ? 1e-13 : 1e-5;
    std::mt19937_64 random(17);
    std::uniform_real_distribution<double> anywhere(-4, 4);
    for (const std::size_t n : {1u, 64u, 65u, 1000u}) {
        std::vector<T> x(n), v(n);
        for (std::size_t i = 0; i < n; ++i) x[i] = static_cast<T>(anywhere(random)), v[i] = static_cast<T>(anywhere(random));
        x[0] = 1, x[n - 1] = 2;  // on a branch
        const auto f = record([](const auto& at) { return pieces(Scalar(at)); }, 0.5);
        const auto [y, dy] = f.value_and_gradient(x);
        const std::size_t after_one = f.recordings();
        const auto [sum, each] = f.sum_and_gradient(x);
        const auto hv = f.hvp(x, v);
        const auto jacobian = f.jacobian(x);
        BOOST_TEST(f.recordings() == after_one);
        if (n >= 64) BOOST_TEST(after_one == 5u);
        test::Near near(fmt::format("{} points", n), tolerance, 0);
        double total = 0, size = 0;
        for (std::size_t i = 0; i < n; ++i) {
            const auto at = static_cast<double>(x[i]);
            const auto k = static_cast<Index>(i);
            near(y.at(k), pieces(at), 0, "value at {}", at);
            near(dy.at(k), slope_of_pieces(at), 0, "gradient at {}", at);
            near(each.at(k), slope_of_pieces(at), 0, "gradient with the sum at {}", at);
            near(jacobian.at(k), slope_of_pieces(at), 0, "Jacobian at {}", at);
            near(hv.at(k), curvature_of_pieces(at) * static_cast<double>(v[i]), 0, "H v at {}", at);
            total += pieces(at), size += std::abs(pieces(at));
        }
        BOOST_TEST(close(static_cast<double>(sum), total, {.absolute = tolerance * size}));
    }
}

BOOST_AUTO_TEST_CASE(a_batch_may_have_no_point_of_the_recorded_branch) {
    const auto f = record([](const auto& x, const auto& a) { return a * pieces(Scalar(x)); }, 0.5, shared(2.0));
    const auto [sum, parts] = f.sum_and_gradient(std::vector{3.0, 4.0, -2.0}, 10.0);
    const double values = pieces(3.0) + pieces(4.0) + pieces(-2.0);
    BOOST_TEST(close(sum, 10 * values, {.relative = 1e-15}));
    BOOST_TEST(close(std::get<1>(parts), values, {.relative = 1e-15}));
    BOOST_TEST(numbers(std::get<0>(parts)) == (std::vector{110.0, 150.0, -40.0}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_report_in_a_batch_names_the_first_point) {
    const auto f = record([](const auto& x) { return pieces(Scalar(x)); }, 0.5).on_branch(OnBranch::report);
    std::vector<double> x(100, 0.75);
    BOOST_TEST(numbers(f(x)) == std::vector<double>(100, 0.75 * 0.75 * 0.75), boost::test_tools::per_element());
    x[71] = 3, x[93] = -2;
    BOOST_CHECK_EXCEPTION(
        static_cast<void>(f.gradient(x)), BranchChanged,
        changed(71, 2, "Function: expected comparison 2 of the recording, x0 < 1, to be true, got false at point 71" + remedy));
    BOOST_TEST(f.recordings() == 1u);
}

BOOST_AUTO_TEST_CASE(loops_whose_bounds_depend_on_data_are_branches) {
    const auto f = record([](const auto& x) { return halved(Scalar(x)); }, 5.0);
    BOOST_TEST(f.program().guards.size() == 4u);
    BOOST_TEST(f(6.0) == halved(6.0));
    BOOST_CHECK_THROW(static_cast<void>(f(9.0)), BranchChanged);
    std::vector<double> x;
    for (int i = 0; i < 200; ++i) x.push_back(0.25 + 0.5 * i);
    const auto [y, dy] = f.value_and_gradient(x);
    for (std::size_t i = 0; i < x.size(); ++i) {
        const double n = x[i] > 1 ? std::ceil(std::log2(x[i])) : 0;
        BOOST_TEST(y.at(i) == halved(x[i]), "at " << x[i]);
        BOOST_TEST(dy.at(i) == n * std::exp2(-n), "at " << x[i]);
    }
    BOOST_TEST(f.recordings() == 8u);  // 0 to 7 halvings
}

BOOST_AUTO_TEST_CASE(sorting_is_recorded_once_per_order) {
    const auto f = record(
        [](const std::array<Scalar, 3>& x) {
            auto sorted = x;
            std::sort(sorted.begin(), sorted.end());
            return sorted[0] + 10 * sorted[1] * sorted[1] + 100 * std::max(x[0], x[2]);
        },
        std::array{1.0, 2.0, 3.0});
    std::mt19937_64 random(3);
    std::uniform_real_distribution<double> anywhere(-1, 1);
    std::vector<double> x;
    for (int i = 0; i < 300; ++i) x.push_back(anywhere(random));
    const auto [y, dy] = f.value_and_gradient(Tensor<double>(Shape{100, 3}, x));
    for (std::size_t i = 0; i < 100; ++i) {
        const double* const p = x.data() + 3 * i;
        std::array<std::size_t, 3> order{0, 1, 2};
        std::sort(order.begin(), order.end(), [p](auto a, auto b) { return p[a] < p[b]; });
        std::array<double, 3> expected{};
        expected[order[0]] += 1, expected[order[1]] += 20 * p[order[1]], expected[p[0] < p[2] ? 2 : 0] += 100;
        BOOST_TEST(close(y.at(i), p[order[0]] + 10 * p[order[1]] * p[order[1]] + 100 * std::max(p[0], p[2]), {.absolute = 1e-13}));
        for (std::size_t k = 0; k < 3; ++k) BOOST_TEST(close(dy.at(i, k), expected[k], {.relative = 1e-14}), "point " << i << ", " << k);
    }
    BOOST_TEST(f.recordings() == 6u);
}

BOOST_AUTO_TEST_CASE(classification_of_numbers_is_a_branch) {
    const double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
    const auto f = record(
        [](const Scalar& x) {
            if (isnan(x)) return Scalar(-1);
            if (!isfinite(x)) return Scalar(-2);
            if (signbit(x)) return 3 * x;
            return x * x;
        },
        2.0);
    const std::vector<double> x{2, nan, -4, inf, -inf, 0, 5};
    const auto [y, dy] = f.value_and_gradient(x);
    BOOST_TEST(numbers(y) == (std::vector<double>{4, -1, -12, -2, -2, 0, 25}), boost::test_tools::per_element());
    BOOST_TEST(numbers(dy) == (std::vector<double>{4, 0, 3, 0, 0, 0, 10}), boost::test_tools::per_element());
    BOOST_CHECK_THROW(static_cast<void>(f(nan)), BranchChanged);
    BOOST_CHECK_THROW(static_cast<void>(f(inf)), BranchChanged);
    BOOST_CHECK_THROW(static_cast<void>(f(-1.0)), BranchChanged);
}

// In float 3 x and y round to the same number for many of these, and the comparison says what it does not say of the points
// themselves. The recording, made in double, decides; and what it has decided is not recorded again.
BOOST_AUTO_TEST_CASE(points_that_sit_on_a_branch_are_decided_as_the_recording_decides) {
    const auto side = [](const auto& x, const auto& y) {
        if (3 * x < y) return x + y;
        return x - y;
    };
    std::vector<float> x, y;
    for (int k = 1; k <= 500; ++k) {
        x.push_back(static_cast<float>(k) / 10.0f), y.push_back(3 * x.back());
        x.push_back(x.back()), y.push_back(std::nextafter(y.back(), k % 2 == 0 ? 1e9f : 0.0f));
    }
    for (const double example : {1.0, -1.0}) {
        const auto f = record(side, example, 0.0);
        std::size_t lower = 0;
        for (int repeat = 0; repeat < 3; ++repeat) {
            const auto [dx, dy] = f.gradient(x, y);
            for (std::size_t i = 0; i < x.size(); ++i) {
                const double a = x[i], b = y[i];
                if (static_cast<float>(3 * a) != static_cast<float>(b)) BOOST_TEST(dy.at(i) == (3 * a < b ? 1.0f : -1.0f), "point " << i);
                BOOST_TEST(dx.at(i) == 1);
                lower += dy.at(i) > 0 ? 1 : 0;
            }
        }
        BOOST_TEST(lower > 100u);
        BOOST_TEST(f.recordings() <= 2u);
    }
}

BOOST_AUTO_TEST_SUITE_END()
