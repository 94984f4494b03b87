// SPDX-License-Identifier: MIT
// Programs about one expression: the same object on both sides, forwarding, compound assignment, shifts by a constant, temporaries
// that are named too late or too early. What is checked: support/programs. Next: programs_control.cpp.
#include "tests/support/programs/program.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

namespace programs {
namespace {

template <class T>
auto square(T&& x) {
    return std::forward<T>(x) * std::forward<T>(x);
}
template <class T>
auto cube(T&& x) {
    return square(x) * std::forward<T>(x);
}
template <class T>
auto self_sum(T&& x) {
    return std::forward<T>(x) + std::forward<T>(x);
}
template <class T>
auto self_difference(T&& x) {
    return std::forward<T>(x) - std::forward<T>(x) * 0.5;
}
template <class A, class B>
auto forwarded_product(A&& a, B&& b) {
    return std::forward<A>(a) * std::forward<B>(b);
}
template <class A, class B>
auto forwarded_power(A&& a, B&& b) {
    return pow(std::forward<A>(a), std::forward<B>(b));
}
template <class F, class... A>
decltype(auto) call(F&& f, A&&... a) {
    return std::forward<F>(f)(std::forward<A>(a)...);
}
template <class T>
std::remove_reference_t<T>&& pass(T&& x) {
    return std::move(x);
}
template <class T>
auto loss(const T& x) {
    T w = x * 2.0;
    return sin(w) * w + w;
}
template <class T>
T scaled(const T& x, const T& by = 3.0) {
    return x * by + by;
}

const std::vector<Program>& table() {
    static const std::vector<Program> programs{
        {"x * x", {1.3}, []<class T>(const Point<T>& x) { return x[0] * x[0]; }},
        {"x / x times x", {1.3}, []<class T>(const Point<T>& x) { return x[0] / x[0] * x[0] + x[0]; }},
        {"x += x",
         {1.3, 0.6},
         []<class T>(const Point<T>& x) {
             T a = x[0] * x[1];
             a += a;
             return a;
         }},
        {"x -= x",
         {1.3, 0.6},
         []<class T>(const Point<T>& x) {
             T a = x[0] * x[1];
             const T& same = a;
             a -= same;
             return a + x[0] * x[1];
         }},
        {"x *= x",
         {1.3, 0.6},
         []<class T>(const Point<T>& x) {
             T a = x[0] * x[1];
             a *= a;
             return a;
         }},
        {"x /= x",
         {1.3, 0.6},
         []<class T>(const Point<T>& x) {
             T a = x[0] * x[1];
             const T& same = a;
             a /= same;
             return a * x[0] + x[1];
         }},
        {"x += x * x",
         {1.3, 0.6},
         []<class T>(const Point<T>& x) {
             T a = x[0] * x[1];
             a += a * a;
             a *= a + x[0];
             a -= a / x[1];
             return a;
         }},
        {"x = x * y + x",
         {1.3, 0.6},
         []<class T>(const Point<T>& x) {
             T a = x[0];
             for (int i = 0; i < 3; ++i) a = a * x[1] + a;
             return a;
         }},
        {"compound assignment of temporaries",
         {1.3, 0.6},
         []<class T>(const Point<T>& x) {
             T a = x[0] * x[1];
             a += x[0] * x[0] * x[1];
             a *= sin(x[1]) + 2.0;
             a -= x[0] / (x[1] + 3.0);
             a /= x[0] * x[1] + 1.0;
             return a;
         }},
        {"chained compound assignment",
         {1.3, 0.6},
         []<class T>(const Point<T>& x) {
             T a = x[0] * x[1];
             ((a += x[0]) *= x[1]) -= 2.0;
             T b = a += 1.0;
             return a * b;
         }},
        {"assignment as an expression",
         {1.3, 0.6},
         []<class T>(const Point<T>& x) {
             T a, b;
             a = b = x[0] * x[1];
             b = std::move(b) * x[0];
             return (a = a + 1.0) * b;
         }},
        {"compound assignment by numbers",
         {1.3},
         []<class T>(const Point<T>& x) {
             T a = x[0] * x[0];
             a += 1, a *= 2.5, a -= 0.25f, a /= 3;
             const T b = a;
             a *= 2;
             return a * b;
         }},
        {"negations",
         {1.3, 0.6},
         []<class T>(const Point<T>& x) {
             T a = -(x[0] * x[1]);
             const T b = -a, c = +a, d = -(-a);
             return a * b + c * 2.0 - d * x[0];
         }},
        {"forwarded square of a temporary", {1.3, 0.6}, []<class T>(const Point<T>& x) { return square(x[0] * x[1]) + x[0]; }},
        {"forwarded square of a shifted temporary", {1.3, 0.6}, []<class T>(const Point<T>& x) { return square(x[0] * x[1] + 1.0); }},
        {"forwarded square of an lvalue",
         {1.3, 0.6},
         []<class T>(const Point<T>& x) {
             T a = x[0] * x[1];
             return square(a) * a;
         }},
        {"forwarded square of a square", {1.3}, []<class T>(const Point<T>& x) { return square(square(sin(x[0]))); }},
        {"forwarded cube", {1.3, 0.6}, []<class T>(const Point<T>& x) { return cube(x[0] * x[1]); }},
        {"forwarded sum with itself", {1.3, 0.6}, []<class T>(const Point<T>& x) { return self_sum(x[0] * x[1]); }},
        {"lvalue forwarded to a difference",
         {1.3, 0.6},
         []<class T>(const Point<T>& x) {
             T a = x[0] * x[1];
             return self_difference(a) * a;
         }},
        {"forwarded product of two temporaries",
         {1.3, 0.6},
         []<class T>(const Point<T>& x) {
             return forwarded_product(x[0] + x[1], x[0] - x[1] * 0.5) * forwarded_product(x[0] * x[0], x[1]);
         }},
        {"forwarded power",
         {1.3, 0.6},
         []<class T>(const Point<T>& x) {
             return forwarded_power(x[0] * x[1] + 2.0, x[1] * 3.0) + forwarded_power(x[0] * 2.0, 3) + forwarded_power(2.0, x[1] * x[0]);
         }},
        {"power of a value by itself",
         {1.3},
         []<class T>(const Point<T>& x) {
             T a = x[0] * 1.5;
             return pow(a, a) + pow(x[0], x[0]);
         }},
        {"one moved reference on both sides",
         {1.3, 0.6},
         []<class T>(const Point<T>& x) {
             T a = x[0] * x[1];
             T& same = a;
             const T y = std::move(a) * std::move(same);
             a = x[0];
             return y + a;
         }},
        {"moved on the left, kept on the right",
         {1.3, 0.6},
         []<class T>(const Point<T>& x) {
             T a = x[0] * x[1];
             const T& same = a;
             return std::move(a) * same;
         }},
        {"moved sum with itself",
         {1.3, 0.6},
         []<class T>(const Point<T>& x) {
             T a = sin(x[0]) * x[1];
             T& same = a;
             return std::move(a) + std::move(same);
         }},
        {"moved quotient with itself",
         {1.3, 0.6},
         []<class T>(const Point<T>& x) {
             T a = sin(x[0]) * x[1];
             T& same = a;
             return (std::move(a) / std::move(same) + 1.0) * x[0] * x[1];
         }},
        {"const rvalue",
         {1.3, 0.6},
         []<class T>(const Point<T>& x) {
             const T a = x[0] * x[1];
             const T b = std::move(a) * 2.0;
             return b * a;
         }},
        {"std::as_const of a temporary's name",
         {1.3, 0.6},
         []<class T>(const Point<T>& x) {
             T a = x[0] * x[1];
             const T b = std::as_const(a) * std::as_const(a);
             return b + std::move(a) * 2.0;
         }},
        {"rvalue reference returned",
         {1.3, 0.6},
         []<class T>(const Point<T>& x) {
             T a = x[0] * x[1];
             T b = pass(a) * x[0];
             T c = pass(x[0] * b) + b;
             return c * b;
         }},
        {"call through a forwarding helper",
         {1.3, 0.6},
         []<class T>(const Point<T>& x) {
             const auto f = [](const auto& a, auto b) { return a * b + b; };
             const T a = x[0] * x[1];
             return call(f, a, a) + call(f, x[0] * x[1], sin(x[0])) * call(f, a, 2.0);
         }},
        {"lvalue plus constant, both go on",
         {1.3, 0.6},
         []<class T>(const Point<T>& x) {
             const T y = x[0] + 1.0, z = 2.0 + y, w = z - 3.0, v = 4.0 - w;
             return x[0] * y + z * w * v + x[1] * y;
         }},
        {"fresh temporary plus constant",
         {1.3, 0.6},
         []<class T>(const Point<T>& x) {
             const T a = x[0] * x[1] + 1.0, b = 2.0 + x[0] * x[1], c = x[0] * x[1] - 3.0, d = 4.0 - x[0] * x[1];
             return a * b * c * d;
         }},
        {"fresh temporary shifted below newer rows",
         {1.3, 0.6},
         []<class T>(const Point<T>& x) {
             T a = x[0] * x[1];
             const T b = sin(x[0]);
             a = std::move(a) + 1.0;
             return a * b + a;
         }},
        {"shift of a copied value",
         {1.3, 0.6},
         []<class T>(const Point<T>& x) {
             T a = x[0] * x[1];
             const T kept = a;
             a += 1.0;
             a *= x[0];
             return a * kept;
         }},
        {"named after a shift, then scaled",
         {1.3, 0.6},
         []<class T>(const Point<T>& x) {
             T a = x[0] * x[1] + 1.0;
             T b = std::move(a) * 2.0;
             const T c = b;
             b = std::move(b) * 3.0;
             return b * c;
         }},
        {"old temporary used after a newer one",
         {1.3, 0.6},
         []<class T>(const Point<T>& x) {
             T a = x[0] * x[1], b = sin(x[0]);
             T c = std::move(a) * 2.0;
             T d = std::move(b) * std::move(c);
             return d;
         }},
        {"two temporaries merged in both orders",
         {1.3, 0.6, 0.9},
         []<class T>(const Point<T>& x) {
             T a = x[0] * x[1], b = x[1] * x[2];
             const T first = std::move(b) - std::move(a);
             T c = x[0] / x[1], d = x[1] / x[2];
             return first * (std::move(c) / std::move(d));
         }},
        {"a row of more operands than one row takes",
         {1.3, 0.6, 0.9},
         []<class T>(const Point<T>& x) {
             return x[0] * x[1] + x[1] * x[2] + x[2] * x[0] + x[0] * x[0] + x[1] * x[1] + x[2] * x[2] + x[0] / x[1] + x[1] / x[2] +
                    x[2] / x[0] + x[0] * 2.0 + x[1] * 3.0 + x[2] * 4.0 + x[0] * x[1] * x[2] - x[0] / x[2] - x[1] * x[0] * 0.5;
         }},
        {"balanced tree of sixteen products",
         {1.3, 0.6, 0.9},
         []<class T>(const Point<T>& x) {
             const auto four = [&](double c) { return (x[0] * c + x[1]) * (x[1] - x[2] * c) + (x[2] * x[0] + c) * (x[1] * c - x[0]); };
             return (four(1) * four(2) - four(3)) / (four(0.5) * four(0.7) + 20.0);
         }},
        {"nested functions of temporaries",
         {1.3, 0.6},
         []<class T>(const Point<T>& x) { return tanh(sin(exp(x[0] * x[1]) * 0.5) + log(x[0] + x[1])); }},
        {"conditional operator",
         {1.3, 0.6},
         []<class T>(const Point<T>& x) {
             const T a = x[0] > x[1] ? x[0] * x[1] : x[0] + x[1];
             const T b = x[0] < x[1] ? a : x[1];
             return a * (x[0] > 0.0 ? a : T(1.0)) + b;
         }},
        {"conditional operator between lvalues",
         {1.3, 0.6},
         []<class T>(const Point<T>& x) {
             T a = x[0] * 2.0, b = x[1] * 3.0;
             (a > b ? a : b) *= x[0];
             return a * b + (a > b ? a : b);
         }},
        {"comma operator",
         {1.3, 0.6},
         []<class T>(const Point<T>& x) {
             T a = x[0] * x[1], b = (a += x[0], a * a);
             return (a *= b, a + b);
         }},
        {"auto locals",
         {1.3, 0.6},
         []<class T>(const Point<T>& x) {
             auto a = x[0] * x[1];
             auto b = a + 1.0;
             auto c = a * b;
             const auto& d = c - a;
             auto&& e = d * b;
             return e * c + d;
         }},
        {"the loss that expression templates get wrong", {1.3}, []<class T>(const Point<T>& x) { return loss(x[0]); }},
        {"the same loss of itself", {0.3}, []<class T>(const Point<T>& x) { return loss(loss(x[0]) * x[0]); }},
        {"default argument", {1.3, 0.6}, []<class T>(const Point<T>& x) { return scaled(x[0] * x[1]) * scaled(x[1], x[0] * x[0]); }},
        {"naming a value and using it further",
         {1.3, 0.6},
         []<class T>(const Point<T>& x) {
             const T product = x[0] * x[1];
             const T sum = product + x[0];
             const T ratio = product / sum;
             return ratio * product - sum;
         }},
        {"cancellation of a whole expression",
         {1.3, 0.6},
         []<class T>(const Point<T>& x) { return (x[0] * x[1] - x[1] * x[0]) + x[0] * (x[1] - x[1]) + x[0]; }},
        {"integers, floats and booleans in between",
         {1.3, 0.6},
         []<class T>(const Point<T>& x) {
             return 2 * x[0] + x[1] * 3u - 1.5f / x[0] + x[0] * 7L * x[1] - static_cast<short>(4) / (x[1] + 1) + x[0] * true;
         }},
        {"constants computed first",
         {1.3},
         []<class T>(const Point<T>& x) {
             const T two = 2.0, pi = two * 1.5 + 0.14;
             T rate = two / pi;
             rate *= x[0];
             return rate * pi + two;
         }},
        {"constant zero accumulates",
         {1.3, 0.6},
         []<class T>(const Point<T>& x) {
             T y = 0;
             y += x[0];
             y += x[1] * x[1];
             return y * x[0] + y;
         }},
    };
    return programs;
}

BOOST_AUTO_TEST_SUITE(programs_expressions)
BOOST_DATA_TEST_CASE(agrees_with_differences_on_both_tapes, boost::unit_test::data::make(table())) { check(sample); }
BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace programs
