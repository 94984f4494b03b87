// SPDX-License-Identifier: MIT
// Residual functions: both modes against the formula, the choice between them, layouts, and what is not written or not wanted.
#include "autodiff/adaptors/residuals.hpp"

#include "tests/support/compare.hpp"

#include <array>
#include <boost/test/unit_test.hpp>
#include <stdexcept>
#include <vector>

using namespace autodiff;
using test::close;

namespace {

struct Calls {
    int numbers = 0, duals = 0, scalars = 0;
    void operator()(double) { ++numbers; }
    void operator()(const Dual<double, 8>&) { ++duals; }
    void operator()(const Scalar&) { ++scalars; }
};

/// r[i] = exp(a i) sin(b) + a c, for any number of residuals; a and b are one block, c the other
struct Waves {
    int residuals = 0;
    Calls* calls = nullptr;
    template <class T>
    bool operator()(const T* const* x, T* r) const {
        if (calls != nullptr) (*calls)(T(0));
        const T& a = x[0][0];
        const T& b = x[0][1];
        const T& c = x[1][0];
        using std::exp, std::sin;
        for (int i = 0; i < residuals; ++i) r[i] = exp(a * i) * sin(b) + a * c;
        return true;
    }
};
constexpr double a = 0.3, b = 1.1, c = -2.0;
constexpr std::array ab{a, b};
const std::array place{ab.data(), &c};

double value(int i) { return std::exp(a * i) * std::sin(b) + a * c; }
double partial(int i, std::size_t k) { return std::array{i * std::exp(a * i) * std::sin(b) + c, std::exp(a * i) * std::cos(b), a}[k]; }

}  // namespace

BOOST_AUTO_TEST_SUITE(residuals)

BOOST_AUTO_TEST_CASE(the_jacobian_is_the_formula_in_both_modes_and_any_layout) {
    for (const int n : {1, 2, 3, 4, 7}) {
        const auto rows = static_cast<std::size_t>(n);
        std::vector<double> r(rows), by_rows(2 * rows), by_columns(rows);
        const std::array blocks{ParameterBlock{2, by_rows.data(), 2, 1}, ParameterBlock{1, by_columns.data(), 1, n}};
        BOOST_TEST(evaluate_residuals(Waves{n}, place.data(), blocks, r));
        for (std::size_t i = 0; i < rows; ++i) {
            const int at = static_cast<int>(i);
            BOOST_TEST(close(r[i], value(at), {.ulps = 4}));
            for (std::size_t k = 0; k < 2; ++k) BOOST_TEST(close(by_rows[2 * i + k], partial(at, k), {.relative = 1e-14}));
            BOOST_TEST(close(by_columns[i], partial(at, 2), {.relative = 1e-14}));
        }
    }
}

BOOST_AUTO_TEST_CASE(the_cheaper_mode_is_taken) {
    std::vector<double> r(5), j0(10), j1(5);
    const auto count = [&](int residuals, double* first, double* second) {
        Calls calls;
        const std::array blocks{ParameterBlock{2, first, 2, 1}, ParameterBlock{1, second, 1, 1}};
        BOOST_TEST(evaluate_residuals(Waves{residuals, &calls}, place.data(), blocks, {r.data(), static_cast<std::size_t>(residuals)}));
        return std::array{calls.numbers, calls.duals, calls.scalars};
    };
    BOOST_TEST((count(5, nullptr, nullptr) == std::array{1, 0, 0}), "nobody asks for derivatives");
    BOOST_TEST((count(5, j0.data(), j1.data()) == std::array{0, 1, 0}), "fewer parameters than residuals: forward");
    BOOST_TEST((count(3, j0.data(), j1.data()) == std::array{0, 1, 0}), "as many: forward");
    BOOST_TEST((count(2, j0.data(), j1.data()) == std::array{0, 0, 1}), "more: reverse");
    BOOST_TEST((count(2, j0.data(), nullptr) == std::array{0, 1, 0}), "parameters that nobody asks for do not count");
}

BOOST_AUTO_TEST_CASE(many_columns_take_several_passes) {
    constexpr std::size_t n = 21;
    const auto products = []<class T>(const T* const* p, T* y) {
        for (std::size_t i = 0; i < n; ++i) y[i] = p[0][i] * p[0][(i + 5) % n];
        return true;
    };
    std::array<double, n> numbers{}, r{};
    for (std::size_t i = 0; i < n; ++i) numbers[i] = 1.0 + static_cast<double>(i);
    std::array<double, n * n> jacobian{};
    const double* first = numbers.data();
    const ParameterBlock block{n, jacobian.data(), n, 1};
    BOOST_TEST(evaluate_residuals(products, &first, {&block, 1}, r));
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t k = 0; k < n; ++k) {
            const std::size_t other = (i + 5) % n;
            BOOST_TEST(jacobian[i * n + k] == (k == i ? numbers[other] : 0) + (k == other ? numbers[i] : 0));
        }
}

BOOST_AUTO_TEST_CASE(a_block_that_nobody_asks_for_is_a_constant_and_its_place_is_not_touched) {
    for (const int n : {1, 6}) {
        std::vector<double> r(static_cast<std::size_t>(n)), jacobian(r.size(), 77.0);
        const std::array blocks{ParameterBlock{2}, ParameterBlock{1, jacobian.data(), 1, 1}};
        BOOST_TEST(evaluate_residuals(Waves{n}, place.data(), blocks, r));
        for (std::size_t i = 0; i < r.size(); ++i) {
            BOOST_TEST(jacobian[i] == a);
            BOOST_TEST(close(r[i], value(static_cast<int>(i)), {.ulps = 4}));
        }
    }
}

BOOST_AUTO_TEST_CASE(residuals_may_be_constants_or_the_parameters_themselves) {
    const auto f = []<class T>(const T* const* x, T* r) {
        r[0] = T(3);
        r[1] = x[0][1];
        return true;
    };
    std::array<double, 2> r{};
    std::array<double, 4> jacobian{9, 9, 9, 9};
    const ParameterBlock block{2, jacobian.data(), 2, 1};
    BOOST_TEST(evaluate_residuals(f, place.data(), {&block, 1}, r));
    BOOST_TEST((r == std::array{3.0, b}));
    BOOST_TEST((jacobian == std::array{0.0, 0.0, 0.0, 1.0}));
}

BOOST_AUTO_TEST_CASE(what_f_does_not_write_is_nan_and_never_a_silent_zero) {
    const auto f = []<class T>(const T* const* x, T* r) {
        r[0] = x[0][0];
        return true;
    };
    std::array<double, 4> r{};
    std::array<double, 8> jacobian{};
    for (const std::size_t residuals : {2u, 4u})
        for (double* wanted : {static_cast<double*>(nullptr), jacobian.data()}) {
            const ParameterBlock block{2, wanted, 2, 1};
            r.fill(5);
            BOOST_TEST(evaluate_residuals(f, place.data(), {&block, 1}, {r.data(), residuals}));
            BOOST_TEST(r[0] == a);
            BOOST_TEST(std::isnan(r[1]));
        }
}

BOOST_AUTO_TEST_CASE(f_may_refuse_its_arguments_or_throw) {
    const auto refuses = []<class T>(const T* const* x, T* r) {
        r[0] = x[0][0];
        return x[0][0] > 1;
    };
    const auto throws = []<class T>(const T* const*, T*) -> bool { throw std::domain_error("outside"); };
    std::array<double, 4> r{};
    std::array<double, 8> jacobian{};
    for (const std::size_t residuals : {1u, 4u})
        for (double* wanted : {static_cast<double*>(nullptr), jacobian.data()}) {
            const ParameterBlock block{2, wanted, 2, 1};
            BOOST_TEST(!evaluate_residuals(refuses, place.data(), {&block, 1}, {r.data(), residuals}));
            BOOST_CHECK_THROW((void)evaluate_residuals(throws, place.data(), {&block, 1}, {r.data(), residuals}), std::domain_error);
        }
}

BOOST_AUTO_TEST_CASE(a_tape_that_records_meanwhile_sees_nothing_of_it) {
    Tape tape;
    const Scalar x = tape.variable(2), y = x * x;
    const std::size_t rows = tape.stats().rows;
    double r = 0;
    std::array<double, 2> j0{};
    const std::array blocks{ParameterBlock{2, j0.data(), 2, 1}, ParameterBlock{1}};
    BOOST_TEST(evaluate_residuals(Waves{1}, place.data(), blocks, {&r, 1}));
    BOOST_TEST(tape.stats().rows == rows);
    BOOST_TEST(gradient(y)[x] == 4);
}

BOOST_AUTO_TEST_SUITE_END()
