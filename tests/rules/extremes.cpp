// SPDX-License-Identifier: MIT
// Points where derivatives go wrong: kinks, poles, overflow, underflow. A table of exact answers, each with its reason, and a grid of
// extreme numbers on which nothing that has a limit may become NaN.
#include "autodiff/dual.hpp"
#include "tests/support/compare.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <vector>

namespace {

using namespace autodiff;
using test::close;

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double denormal = std::numeric_limits<double>::denorm_min();
constexpr double pi = 3.14159265358979323846;

using D = Dual<double>;
struct Unary {
    const char* why;
    D (*f)(const D&);
    double x, value, derivative;
};
struct Binary {
    const char* why;
    D (*f)(const D&, const D&);
    double a, b, value, derivative_a, derivative_b;
};
std::ostream& operator<<(std::ostream& out, const Unary& row) { return out << row.why << " at " << row.x; }
std::ostream& operator<<(std::ostream& out, const Binary& row) { return out << row.why << " at " << row.a << ", " << row.b; }

const std::vector<Unary> unary_table{
    {"relu: the kink belongs to the flat side", [](const D& x) { return relu(x); }, 0.0, 0, 0},
    {"relu: -0 is 0", [](const D& x) { return relu(x); }, -0.0, 0, 0},
    {"relu: the smallest number is positive", [](const D& x) { return relu(x); }, denormal, denormal, 1},
    {"abs: least norm at the kink", [](const D& x) { return abs(x); }, 0.0, 0, 0},
    {"abs: least norm at the kink", [](const D& x) { return abs(x); }, -0.0, 0, 0},
    {"sign: a step has derivative 0", [](const D& x) { return sign(x); }, 0.0, 0, 0},
    {"floor: a step has derivative 0", [](const D& x) { return floor(x); }, 2.0, 2, 0},
    {"sqrt: a vertical tangent is +inf", [](const D& x) { return sqrt(x); }, 0.0, 0, inf},
    {"cbrt: a vertical tangent is +inf", [](const D& x) { return cbrt(x); }, 0.0, 0, inf},
    {"rsqrt: a pole", [](const D& x) { return rsqrt(x); }, 0.0, inf, -inf},
    {"log: a pole", [](const D& x) { return log(x); }, 0.0, -inf, inf},
    {"log2: a pole", [](const D& x) { return log2(x); }, 0.0, -inf, inf},
    {"log10: a pole", [](const D& x) { return log10(x); }, 0.0, -inf, inf},
    {"log1p: a pole", [](const D& x) { return log1p(x); }, -1.0, -inf, inf},
    {"asin: a vertical tangent", [](const D& x) { return asin(x); }, 1.0, pi / 2, inf},
    {"asin: a vertical tangent", [](const D& x) { return asin(x); }, -1.0, -pi / 2, inf},
    {"acos: a vertical tangent", [](const D& x) { return acos(x); }, 1.0, 0, -inf},
    {"acos: a vertical tangent", [](const D& x) { return acos(x); }, -1.0, pi, -inf},
    {"acosh: a vertical tangent", [](const D& x) { return acosh(x); }, 1.0, 0, inf},
    {"atanh: a pole", [](const D& x) { return atanh(x); }, 1.0, inf, inf},
    {"reciprocal: a pole", [](const D& x) { return reciprocal(x); }, 0.0, inf, -inf},
    {"1/x: -1/0^2", [](const D& x) { return 1 / x; }, 0.0, inf, -inf},
    {"1/x: -1/0^2, also from below", [](const D& x) { return 1 / x; }, -0.0, -inf, -inf},
    {"x^p, p > 1", [](const D& x) { return pow(x, 1.875); }, 0.0, 0, 0},
    {"x^p, p = 2", [](const D& x) { return pow(x, 2); }, 0.0, 0, 0},
    {"x^p, p = 1", [](const D& x) { return pow(x, 1); }, 0.0, 0, 1},
    {"x^p, 0 < p < 1", [](const D& x) { return pow(x, 0.5); }, 0.0, 0, inf},
    {"x^p, p = 0: constant", [](const D& x) { return pow(x, 0); }, 0.0, 1, 0},
    {"x^p, p < 0: a pole", [](const D& x) { return pow(x, -1.5); }, 0.0, inf, -inf},
    {"x^3 below 0", [](const D& x) { return pow(x, 3); }, -2.0, -8, 12},
    {"x^-2 below 0", [](const D& x) { return pow(x, -2); }, -2.0, 0.25, 0.25},
    {"0^p, p > 0", [](const D& p) { return pow(0, p); }, 2.0, 0, 0},
    {"0^p, p = 0", [](const D& p) { return pow(0, p); }, 0.0, 1, -inf},
    {"(-2)^p is not real beside p = 2", [](const D& p) { return pow(-2, p); }, 2.0, 4, not_a_number},
    {"tanh: saturated, and 1/cosh^2 would overflow", [](const D& x) { return tanh(x); }, 190.0, 1, 0},
    {"tanh: saturated", [](const D& x) { return tanh(x); }, -inf, -1, 0},
    {"sigmoid: e^800 overflows", [](const D& x) { return sigmoid(x); }, -800.0, 0, 0},
    {"sigmoid: saturated", [](const D& x) { return sigmoid(x); }, 800.0, 1, 0},
    {"softplus: e^800 overflows", [](const D& x) { return softplus(x); }, 800.0, 800, 1},
    {"softplus: e^-800 underflows", [](const D& x) { return softplus(x); }, -800.0, 0, 0},
    {"asinh: x^2 overflows", [](const D& x) { return asinh(x); }, 1e300, std::asinh(1e300), 1e-300},
    {"acosh: x^2 overflows", [](const D& x) { return acosh(x); }, 1e300, std::acosh(1e300), 1e-300},
    {"lgamma: a pole", [](const D& x) { return lgamma(x); }, 0.0, inf, -inf},
    {"lgamma: no side of a pole is preferred", [](const D& x) { return lgamma(x); }, -1.0, inf, not_a_number},
    {"digamma: a pole, from above", [](const D& x) { return digamma(x); }, 0.0, -inf, inf},
    {"digamma: a pole, from below", [](const D& x) { return digamma(x); }, -0.0, inf, inf},
    {"atan2(0, x) at 0 is an angle of nothing", [](const D& x) { return atan2(0, x); }, 0.0, 0, not_a_number},
    {"hypot(x, 0) at 0", [](const D& x) { return hypot(x, 0); }, 0.0, 0, 0},
    {"a constant's infinite partial does not flow", [](const D& x) { return pow(0, 0) * x; }, 3.0, 3, 1},
    {"NaN stays NaN", [](const D& x) { return relu(x); }, not_a_number, not_a_number, 1},
};

const std::vector<Binary> binary_table{
    {"maximum: a tie is split", [](const D& a, const D& b) { return maximum(a, b); }, 2, 2, 2, 0.5, 0.5},
    {"maximum: zeros tie, the first is returned", [](const D& a, const D& b) { return maximum(a, b); }, -0.0, 0.0, -0.0, 0.5, 0.5},
    {"maximum: infinities tie", [](const D& a, const D& b) { return maximum(a, b); }, inf, inf, inf, 0.5, 0.5},
    {"maximum: NaN wins", [](const D& a, const D& b) { return maximum(a, b); }, not_a_number, 1, not_a_number, not_a_number, not_a_number},
    {"maximum: NaN wins on either side", [](const D& a, const D& b) { return maximum(a, b); }, 1, not_a_number, not_a_number, not_a_number,
     not_a_number},
    {"minimum: a tie is split", [](const D& a, const D& b) { return minimum(a, b); }, 2, 2, 2, 0.5, 0.5},
    {"minimum: NaN wins", [](const D& a, const D& b) { return minimum(a, b); }, not_a_number, 1, not_a_number, not_a_number, not_a_number},
    {"minimum: NaN wins on either side", [](const D& a, const D& b) { return minimum(a, b); }, 1, not_a_number, not_a_number, not_a_number,
     not_a_number},
    {"hypot: least norm at the tip", [](const D& a, const D& b) { return hypot(a, b); }, 0, 0, 0, 0, 0},
    {"hypot: squares overflow", [](const D& a, const D& b) { return hypot(a, b); }, 3e300, 4e300, 5e300, 0.6, 0.8},
    {"hypot: squares underflow", [](const D& a, const D& b) { return hypot(a, b); }, 3e-300, 4e-300, 5e-300, 0.6, 0.8},
    {"atan2: no angle at the origin", [](const D& a, const D& b) { return atan2(a, b); }, 0, 0, 0, not_a_number, not_a_number},
    {"atan2: squares overflow", [](const D& a, const D& b) { return atan2(a, b); }, 1e300, 1e300, pi / 4, 5e-301, -5e-301},
    {"atan2: squares underflow", [](const D& a, const D& b) { return atan2(a, b); }, 1e-200, 1e-200, pi / 4, 5e199, -5e199},
    {"atan2: the cut", [](const D& a, const D& b) { return atan2(a, b); }, 0.0, -2, pi, -0.5, 0},
    {"x/0", [](const D& a, const D& b) { return a / b; }, 3, 0.0, inf, inf, -inf},
    {"0/0", [](const D& a, const D& b) { return a / b; }, 0, 0.0, not_a_number, inf, not_a_number},
    {"pow(0, 0)", [](const D& a, const D& b) { return pow(a, b); }, 0, 0, 1, 0, -inf},
    {"pow(0, 2)", [](const D& a, const D& b) { return pow(a, b); }, 0, 2, 0, 0, 0},
    {"pow(0, 1)", [](const D& a, const D& b) { return pow(a, b); }, 0, 1, 0, 1, 0},
    {"pow(0, 1/2)", [](const D& a, const D& b) { return pow(a, b); }, 0, 0.5, 0, inf, 0},
    {"pow(0, -1): both run away", [](const D& a, const D& b) { return pow(a, b); }, 0, -1, inf, -inf, -inf},
    {"pow(-2, 3): the exponent cannot move", [](const D& a, const D& b) { return pow(a, b); }, -2, 3, -8, 12, not_a_number},
};

/// Where value and derivative of a rule have limits, infinite ones included, ends included.
template <class R>
constexpr Interval reach{-inf, inf};
template <>
constexpr Interval reach<rules::Sqrt>{0, inf};
template <>
constexpr Interval reach<rules::Rsqrt>{0, inf};
template <>
constexpr Interval reach<rules::Log>{0, inf};
template <>
constexpr Interval reach<rules::Log2>{0, inf};
template <>
constexpr Interval reach<rules::Log10>{0, inf};
template <>
constexpr Interval reach<rules::Log1p>{-1, inf};
template <>
constexpr Interval reach<rules::Sin>{-1e300, 1e300};
template <>
constexpr Interval reach<rules::Cos>{-1e300, 1e300};
template <>
constexpr Interval reach<rules::Tan>{-1e300, 1e300};
template <>
constexpr Interval reach<rules::Asin>{-1, 1};
template <>
constexpr Interval reach<rules::Acos>{-1, 1};
template <>
constexpr Interval reach<rules::Acosh>{1, inf};
template <>
constexpr Interval reach<rules::Atanh>{-1, 1};
template <>
constexpr Interval reach<rules::Lgamma>{0, inf};
template <>
constexpr Interval reach<rules::Digamma>{0, inf};

template <class... R>
std::tuple<R...> as_tuple(rules::List<R...>);
using UnaryRules = decltype(as_tuple(rules::Unary{}));

template <class T>
std::vector<T> grid() {
    std::vector<T> points;
    for (const T magnitude : {T{0}, std::numeric_limits<T>::denorm_min(), T(1e-8), T{1}, T{30}, T{90}, T{710},
                              T(std::same_as<T, float> ? 1e30 : 1e300), std::numeric_limits<T>::infinity()})
        points.push_back(magnitude), points.push_back(-magnitude);
    return points;
}

/// The rule in long double, rounded to T only at the end, is what T must give: neither NaN nor a premature 0 or inf.
template <class R, class T>
void check_grid() {
    constexpr double epsilon = std::numeric_limits<T>::epsilon();
    for (const T x : grid<T>()) {
        if (static_cast<double>(x) < reach<R>.low || static_cast<double>(x) > reach<R>.high) continue;
        BOOST_TEST_CONTEXT(R::name << " at " << x) {
            const T y = R::value(x), partial = R::partial(x, y);
            const long double wide = x, exact = R::value(wide);
            BOOST_TEST(!std::isnan(y));
            BOOST_TEST(!std::isnan(partial));
            BOOST_TEST(close(y, static_cast<T>(exact), {.relative = 4 * epsilon, .absolute = epsilon}));
            BOOST_TEST(close(partial, static_cast<T>(R::partial(wide, exact)), {.relative = 16 * epsilon, .absolute = epsilon}));
        }
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(singular_points)

BOOST_AUTO_TEST_CASE(one_operand) {
    for (const Unary& row : unary_table) BOOST_TEST_CONTEXT(row) {
            const D y = row.f(D{row.x, 1});
            BOOST_TEST(close(y.value, row.value, {.ulps = 1}));
            BOOST_TEST(close(y.tangent, row.derivative, {.ulps = 1}));
        }
}

BOOST_AUTO_TEST_CASE(two_operands) {
    for (const Binary& row : binary_table) BOOST_TEST_CONTEXT(row) {
            const D along_a = row.f(D{row.a, 1}, D{row.b, 0}), along_b = row.f(D{row.a, 0}, D{row.b, 1});
            BOOST_TEST(close(along_a.value, row.value, {.ulps = 1}));
            BOOST_TEST(close(along_a.tangent, row.derivative_a, {.ulps = 1}));
            BOOST_TEST(close(along_b.tangent, row.derivative_b, {.ulps = 1}));
        }
}

BOOST_AUTO_TEST_CASE(zeros_keep_their_sign_where_the_function_is_odd) {
    for (const double zero : {0.0, -0.0}) {
        BOOST_TEST(std::signbit(rules::Sign::value(zero)) == std::signbit(zero));
        BOOST_TEST(std::signbit(rules::Expm1::value(zero)) == std::signbit(zero));
        BOOST_TEST(!std::signbit(rules::Relu::value(zero)));
        BOOST_TEST(!std::signbit(rules::Abs::value(zero)));
    }
}

BOOST_AUTO_TEST_CASE(known_answers) {
    const auto check = [](D y, double value, double derivative) {
        BOOST_TEST(close(y.value, value, {.relative = 1e-15}));
        BOOST_TEST(close(y.tangent, derivative, {.relative = 1e-15}));
    };
    check(softplus(D{1, 1}), 1.3132616875182228, 0.73105857863000488);
    check(softplus(D{-2, 1}), 0.12692801104297250, 0.11920292202211756);
    check(tanh(D{-2, 1}), -0.96402758007581688, 0.070650824853164466);
    check(sigmoid(D{-2, 1}), 0.11920292202211756, 0.10499358540350652);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(extreme_numbers)

BOOST_AUTO_TEST_CASE_TEMPLATE(give_the_limit_in_double, R, UnaryRules) { check_grid<R, double>(); }
BOOST_AUTO_TEST_CASE_TEMPLATE(give_the_limit_in_float, R, UnaryRules) { check_grid<R, float>(); }

BOOST_AUTO_TEST_CASE_TEMPLATE(nan_gives_nan, R, UnaryRules) {
    BOOST_TEST(std::isnan(R::value(not_a_number)));
    BOOST_TEST(std::isnan(R::value(static_cast<float>(not_a_number))));
    BOOST_TEST(std::isnan(R::value(static_cast<long double>(not_a_number))));
}

BOOST_AUTO_TEST_SUITE_END()
