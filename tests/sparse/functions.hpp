// SPDX-License-Identifier: MIT
/// Functions whose derivatives have few entries, and derivatives found without any pattern: one gradient for every row.
#pragma once

#include "autodiff/autodiff.hpp"
#include "tests/support/compare.hpp"

#include <boost/test/unit_test.hpp>
#include <functional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace sparse {

using namespace autodiff;

using Vector = std::vector<Scalar>;
using Matrix = std::vector<std::vector<double>>;

inline Vector variables(Tape& tape, std::span<const double> x) {
    Vector result;
    for (const double each : x) result.push_back(tape.variable(each));
    return result;
}
inline std::vector<double> point(std::size_t n, unsigned seed = 1) {
    std::mt19937 generator(seed);
    std::uniform_real_distribution<double> uniform(0.3, 1.7);
    std::vector<double> x(n);
    for (double& each : x) each = uniform(generator);
    return x;
}

struct VectorCase {
    std::string name;
    std::size_t variables;
    std::function<Vector(const Vector&)> f;
};
inline std::ostream& operator<<(std::ostream& out, const VectorCase& each) { return out << each.name; }

inline Vector diagonal(const Vector& x) {
    Vector y;
    for (const Scalar& each : x) y.push_back(sin(each) * each);
    return y;
}
/// First row and first column are full.
inline Vector arrow(const Vector& x) {
    Vector y{0};
    for (const Scalar& each : x) y[0] += each * each;
    for (std::size_t i = 1; i < x.size(); ++i) y.push_back(exp(x[i]) / x[0]);
    return y;
}
inline Vector band(const Vector& x, std::size_t half) {
    Vector y;
    for (std::size_t i = 0; i < x.size(); ++i) {
        Scalar sum = 0;
        for (std::size_t k = i < half ? 0 : i - half; k < std::min(x.size(), i + half + 1); ++k) sum += x[k] * cos(x[i]);
        y.push_back(sum);
    }
    return y;
}
/// -Laplace u = lambda e^u on n x n inner points of the unit square (Bratu): five points touch.
inline Vector bratu(const Vector& u, std::size_t n, double lambda = 6) {
    const double h = 1.0 / static_cast<double>(n + 1);
    Vector r;
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < n; ++j) {
            const Scalar& centre = u[i * n + j];
            Scalar sum = 4.0 * centre - lambda * h * h * exp(centre);
            if (i > 0) sum -= u[(i - 1) * n + j];
            if (i + 1 < n) sum -= u[(i + 1) * n + j];
            if (j > 0) sum -= u[i * n + j - 1];
            if (j + 1 < n) sum -= u[i * n + j + 1];
            r.push_back(sum);
        }
    return r;
}
/// Two residuals for each observation of a point (3 numbers) by a camera (3 numbers), as in bundle adjustment.
inline Vector observations(const Vector& x, std::size_t cameras, std::size_t points) {
    Vector r;
    for (std::size_t c = 0; c < cameras; ++c)
        for (std::size_t p = c % 2; p < points; p += 2) {
            const Scalar* camera = &x[3 * c];
            const Scalar* q = &x[3 * (cameras + p)];
            const Scalar depth = q[2] + camera[2] + 4.0;
            r.push_back((q[0] - camera[0]) / depth - 0.1);
            r.push_back((q[1] - camera[1] * camera[2]) / depth + 0.1);
        }
    return r;
}

inline std::vector<VectorCase> vector_cases() {
    return {{"diagonal", 7, diagonal},
            {"dense", 5, [](const Vector& x) { return band(x, 5); }},
            {"arrow", 9, arrow},
            {"tridiagonal", 12, [](const Vector& x) { return band(x, 1); }},
            {"seven diagonals", 70, [](const Vector& x) { return band(x, 3); }},
            {"bratu", 36, [](const Vector& x) { return bratu(x, 6); }},
            {"observations", 3 * (4 + 10), [](const Vector& x) { return observations(x, 4, 10); }},
            {"one full row", 80,
             [](const Vector& x) {
                 Scalar sum = 0;
                 for (const Scalar& each : x) sum += square(each);
                 return Vector{sum};
             }},
            {"one full column", 1,
             [](const Vector& x) {
                 Vector y;
                 for (int i = 1; i <= 130; ++i) y.push_back(sin(0.01 * i * x[0]));
                 return y;
             }},
            {"constants, inputs and doubles among the results", 4, [](const Vector& x) {
                 const Scalar y = x[1] * x[2];
                 return Vector{3, x[0], y, y, sin(y), x[0]};
             }}};
}

struct ScalarCase {
    std::string name;
    std::size_t variables;
    std::function<Scalar(const Vector&)> f;
};
inline std::ostream& operator<<(std::ostream& out, const ScalarCase& each) { return out << each.name; }

inline Scalar rosenbrock(const Vector& x) {
    Scalar sum = 0;
    for (std::size_t i = 0; i + 1 < x.size(); ++i) sum += 100.0 * square(x[i + 1] - x[i] * x[i]) + square(1.0 - x[i]);
    return sum;
}
inline Scalar sum_of_squares(const Vector& r) {
    Scalar sum = 0;
    for (const Scalar& each : r) sum += each * each;
    return sum;
}

inline std::vector<ScalarCase> scalar_cases() {
    return {{"rosenbrock", 20, rosenbrock},
            {"a product of all", 6,
             [](const Vector& x) {
                 Scalar p = 1;
                 for (const Scalar& each : x) p *= each;
                 return p;
             }},
            {"a function of a sum", 5, [](const Vector& x) { return exp(0.1 * (x[0] + x[1] - x[2])) + x[3] + sqrt(x[4]); }},
            {"arrow", 12,
             [](const Vector& x) {
                 Scalar sum = 0;
                 for (std::size_t i = 1; i < x.size(); ++i) sum += sin(x[0] * x[i]);
                 return sum;
             }},
            {"every rule of two or three operands", 8,
             [](const Vector& x) {
                 return pow(x[0], x[1]) + hypot(x[1], x[2]) * atan2(x[3], x[4]) + x[5] / x[6] + fma(x[6], x[7], x[0]) + maximum(x[2], x[5]);
             }},
            {"kinks and steps", 4,
             [](const Vector& x) { return abs(x[0]) * x[1] + relu(x[2]) + floor(x[3]) * x[2] + sign(x[1]) * x[3] * x[3]; }},
            {"squares of observations", 3 * (3 + 5), [](const Vector& x) { return sum_of_squares(observations(x, 3, 5)); }},
            {"squares of residuals", 25, [](const Vector& x) { return sum_of_squares(bratu(x, 5)); }}};
}

/// Row by row, by one reverse sweep each.
inline Matrix dense_jacobian(const Vector& y, const Vector& x) {
    Matrix rows;
    for (const Scalar& each : y) {
        rows.emplace_back(x.size(), 0.0);
        if (!each.recorded()) continue;
        const Gradient g = gradient(each);
        for (std::size_t j = 0; j < x.size(); ++j) rows.back()[j] = g[x[j]];
    }
    return rows;
}
inline Matrix dense_hessian(const Scalar& y, const Vector& x) {
    const RecordedGradient g = recorded_gradient(y);
    Vector first;
    for (const Scalar& each : x) first.push_back(g[each]);
    return dense_jacobian(first, x);
}

inline void check_well_formed(const Pattern& pattern, std::size_t rows, std::size_t columns) {
    BOOST_REQUIRE_EQUAL(pattern.rows, rows);
    BOOST_REQUIRE_EQUAL(pattern.columns, columns);
    BOOST_CHECK_NO_THROW(check(pattern, "test"));
}
/// Every entry of the dense matrix stands in the sparse one, and what is outside the pattern is 0.
inline void check_equal(const Csr& got, const Matrix& expected, std::size_t columns, double tolerance) {
    check_well_formed(got, expected.size(), columns);
    BOOST_REQUIRE_EQUAL(got.value.size(), got.entries());
    for (std::size_t i = 0; i < got.rows; ++i)
        for (std::size_t j = 0; j < got.columns; ++j) BOOST_TEST_CONTEXT("entry " << i << ", " << j)
    BOOST_TEST(test::close(got(i, j), expected[i][j], {.relative = tolerance, .absolute = tolerance}));
}
/// The pattern has exactly the entries that are not 0.
inline bool is_pattern_of(const Pattern& pattern, const Matrix& matrix) {
    for (std::size_t i = 0; i < pattern.rows; ++i)
        for (std::size_t j = 0; j < pattern.columns; ++j)
            if (pattern.has(i, j) != (matrix[i][j] != 0)) return false;
    return true;
}

/// A pattern from rows of its columns.
inline Pattern pattern_of(std::size_t columns, const std::vector<std::set<std::uint32_t>>& rows) {
    Pattern pattern{rows.size(), columns, {0}, {}};
    for (const auto& row : rows) {
        pattern.column.insert(pattern.column.end(), row.begin(), row.end());
        pattern.row_begin.push_back(pattern.column.size());
    }
    return pattern;
}

}  // namespace sparse
