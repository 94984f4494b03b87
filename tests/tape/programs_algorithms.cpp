// SPDX-License-Identifier: MIT
// Programs that hand their numbers to the standard algorithms, which copy, move, swap and accumulate as they please.
// What is checked: support/programs. Next: programs_expressions.cpp.
#include "tests/support/programs/program.hpp"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <queue>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

namespace programs {
namespace {

/// Weights that tell the elements apart, so that a wrong order gives a wrong gradient.
template <class T>
T weighted(const std::vector<T>& v) {
    T y = 0.0;
    for (std::size_t i = 0; i < v.size(); ++i) y += v[i] * v[i] * (0.5 + static_cast<double>(i));
    return y;
}

template <class T>
std::vector<T> products(const Point<T>& x) {
    std::vector<T> v;
    for (std::size_t i = 0; i < x.size(); ++i) v.push_back(x[i] * x[(i + 1) % x.size()]);
    return v;
}

const std::vector<Program>& table() {
    static const std::vector<Program> programs{
        {"accumulate",
         {0.4, 1.1, -0.7},
         []<class T>(const Point<T>& x) {
             const auto v = products(x);
             return std::accumulate(v.begin(), v.end(), T(0.0)) * x[0];
         }},
        {"accumulate of 100 terms",
         {0.4, 1.1, -0.7},
         []<class T>(const Point<T>& x) {
             std::vector<T> v;
             for (int i = 0; i < 100; ++i) v.push_back(sin(x[static_cast<std::size_t>(i) % 3] * (1 + 0.01 * i)));
             return std::accumulate(v.begin(), v.end(), T(0.0));
         }},
        {"accumulate with a function",
         {0.4, 1.1, -0.7},
         []<class T>(const Point<T>& x) {
             return std::accumulate(x.begin(), x.end(), T(1.0), [](const T& a, const T& b) { return a * b + a; });
         }},
        {"accumulate with a function that takes its state by value",
         {0.4, 1.1, -0.7},
         []<class T>(const Point<T>& x) {
             return std::accumulate(x.begin(), x.end(), T(1.0), [](T a, const T& b) {
                 const T before = a;
                 return sin(std::move(a)) + before * b;
             });
         }},
        {"accumulate with a function that moves",
         {0.4, 1.1, -0.7},
         []<class T>(const Point<T>& x) {
             return std::accumulate(x.begin(), x.end(), T(1.0), [](T a, const T& b) { return std::move(a) * b + 1.0; });
         }},
        {"accumulate over move iterators",
         {0.4, 1.1, -0.7},
         []<class T>(const Point<T>& x) {
             auto v = products(x);
             return std::accumulate(std::make_move_iterator(v.begin()), std::make_move_iterator(v.end()), T(1.0), std::multiplies<>{}) +
                    x[0];
         }},
        {"reduce",
         {0.4, 1.1, -0.7, 0.2, 1.9},
         []<class T>(const Point<T>& x) {
             const auto v = products(x);
             return std::reduce(v.begin(), v.end(), T(1.0), std::multiplies<>{});
         }},
        {"inner_product",
         {0.4, 1.1, -0.7},
         []<class T>(const Point<T>& x) {
             const auto v = products(x);
             return std::inner_product(v.begin(), v.end(), x.begin(), T(0.0));
         }},
        {"transform_reduce",
         {0.4, 1.1, -0.7},
         []<class T>(const Point<T>& x) {
             return std::transform_reduce(x.begin(), x.end(), T(0.0), std::plus<>{}, [](const T& t) { return exp(t) * t; });
         }},
        {"transform_reduce of two ranges",
         {0.4, 1.1, -0.7, 0.3, 0.8},
         []<class T>(const Point<T>& x) {
             const auto v = products(x);
             return std::transform_reduce(v.begin(), v.end(), x.begin(), T(0.0));
         }},
        {"partial_sum",
         {0.4, 1.1, -0.7},
         []<class T>(const Point<T>& x) {
             auto v = products(x);
             std::partial_sum(v.begin(), v.end(), v.begin());
             return weighted(v);
         }},
        {"partial_sum with a product",
         {0.4, 1.1, -0.7},
         []<class T>(const Point<T>& x) {
             std::vector<T> v(x.size());
             std::partial_sum(x.begin(), x.end(), v.begin(), std::multiplies<>{});
             return weighted(v);
         }},
        {"inclusive_scan",
         {0.4, 1.1, -0.7},
         []<class T>(const Point<T>& x) {
             std::vector<T> v;
             std::inclusive_scan(x.begin(), x.end(), std::back_inserter(v), [](const T& a, const T& b) { return a * b + 0.3; });
             return weighted(v);
         }},
        {"exclusive_scan",
         {0.4, 1.1, -0.7},
         []<class T>(const Point<T>& x) {
             std::vector<T> v(x.size());
             std::exclusive_scan(x.begin(), x.end(), v.begin(), T(2.0), std::multiplies<>{});
             return weighted(v);
         }},
        {"transform_inclusive_scan",
         {0.4, 1.1, -0.7},
         []<class T>(const Point<T>& x) {
             std::vector<T> v;
             std::transform_inclusive_scan(x.begin(), x.end(), std::back_inserter(v), std::plus<>{}, [](const T& t) { return t * t; });
             return weighted(v);
         }},
        {"adjacent_difference",
         {0.4, 1.1, -0.7},
         []<class T>(const Point<T>& x) {
             auto v = products(x);
             std::adjacent_difference(v.begin(), v.end(), v.begin());
             return weighted(v);
         }},
        {"sort",
         {0.4, 1.1, -0.7, 0.9, -1.4},
         []<class T>(const Point<T>& x) {
             auto v = products(x);
             std::sort(v.begin(), v.end());
             return weighted(v);
         }},
        {"sort of 40 values",
         {0.4, 1.1},
         []<class T>(const Point<T>& x) {
             std::vector<T> v;
             for (int i = 0; i < 40; ++i) v.push_back(x[0] * (i * 17 % 40) + x[1]);
             std::sort(v.begin(), v.end(), std::greater<>{});
             return weighted(v);
         }},
        {"stable_sort by a computed key",
         {0.4, 1.1, -0.7, 0.9},
         []<class T>(const Point<T>& x) {
             auto v = x;
             std::stable_sort(v.begin(), v.end(), [](const T& a, const T& b) { return a * a - a < b * b - b; });
             return weighted(v);
         }},
        {"partial_sort",
         {0.4, 1.1, -0.7, 0.9, 2.2},
         []<class T>(const Point<T>& x) {
             auto v = x;
             std::partial_sort(v.begin(), v.begin() + 2, v.end());
             return v[0] * v[1] + v[1];
         }},
        {"nth_element",
         {0.4, 1.1, -0.7, 0.9, 2.2},
         []<class T>(const Point<T>& x) {
             auto v = products(x);
             std::nth_element(v.begin(), v.begin() + 2, v.end());
             return v[2] * v[2] + x[0];
         }},
        {"heap",
         {0.4, 1.1, -0.7, 0.9},
         []<class T>(const Point<T>& x) {
             auto v = products(x);
             std::make_heap(v.begin(), v.end());
             std::pop_heap(v.begin(), v.end());
             v.back() *= x[0];
             std::push_heap(v.begin(), v.end());
             return v.front() * x[1];
         }},
        {"priority_queue",
         {0.4, 1.1, 0.7},
         []<class T>(const Point<T>& x) {
             std::priority_queue<T> q;
             for (const T& each : x) q.push(each * x[0]);
             T y = 0.0;
             for (double weight = 1; !q.empty(); weight += 1) y += q.top() * weight, q.pop();
             return y;
         }},
        {"min_element and max_element",
         {0.4, 1.1, -0.7},
         []<class T>(const Point<T>& x) {
             const auto v = products(x);
             return *std::min_element(v.begin(), v.end()) * *std::max_element(v.begin(), v.end());
         }},
        {"minmax, max of a list, clamp",
         {0.4, 1.1, -0.7},
         []<class T>(const Point<T>& x) {
             const auto [low, high] = std::minmax({x[0], x[1], x[2]});
             return low * high + std::max({x[0] * x[1], x[2], T(0.1)}) +
                    std::clamp(x[0] * 2.0, T(0.0), T(5.0)) * std::max(x[0] * x[0], x[1] * x[1]);
         }},
        {"rotate, reverse, swap_ranges",
         {0.4, 1.1, -0.7, 0.9},
         []<class T>(const Point<T>& x) {
             auto v = products(x);
             std::rotate(v.begin(), v.begin() + 1, v.end());
             std::reverse(v.begin() + 1, v.end());
             std::swap_ranges(v.begin(), v.begin() + 2, v.begin() + 2);
             return weighted(v);
         }},
        {"transform in place",
         {0.4, 1.1, -0.7},
         []<class T>(const Point<T>& x) {
             auto v = products(x);
             std::transform(v.begin(), v.end(), v.begin(), [](T t) { return t * t + t; });
             std::transform(v.begin(), v.end(), x.begin(), v.begin(), std::multiplies<>{});
             return weighted(v);
         }},
        {"for_each by reference",
         {0.4, 1.1, -0.7},
         []<class T>(const Point<T>& x) {
             auto v = products(x);
             std::for_each(v.begin(), v.end(), [&](T& t) { t += x[0], t *= t; });
             return weighted(v);
         }},
        {"generate with a running state",
         {0.4, 1.1},
         []<class T>(const Point<T>& x) {
             std::vector<T> v(8);
             std::generate(v.begin(), v.end(), [t = x[0] * 1.5, r = x[1]]() mutable {
                 T now = t;
                 t = t * r;
                 return now;
             });
             return weighted(v);
         }},
        {"iota",
         {0.4, 1.1},
         []<class T>(const Point<T>& x) {
             std::vector<T> v(5);
             T start = x[0] * x[1];
             for (T& each : v) each = start, start += 1.0;
             return weighted(v);
         }},
        {"remove_if and unique",
         {0.4, 1.1, -0.7, 0.9},
         []<class T>(const Point<T>& x) {
             auto v = products(x);
             v.erase(std::remove_if(v.begin(), v.end(), [](const T& t) { return t < 0.0; }), v.end());
             v.push_back(v.back());
             v.erase(std::unique(v.begin(), v.end()), v.end());
             return weighted(v) + v[0];
         }},
        {"partition",
         {0.4, 1.1, -0.7, 0.9},
         []<class T>(const Point<T>& x) {
             auto v = products(x);
             const auto middle = std::stable_partition(v.begin(), v.end(), [](const T& t) { return t > 0.4; });
             return std::accumulate(v.begin(), middle, T(1.0), std::multiplies<>{}) + weighted(v);
         }},
        {"copy, move, copy_backward",
         {0.4, 1.1, -0.7},
         []<class T>(const Point<T>& x) {
             auto v = products(x);
             std::vector<T> w(3), u(3);
             std::copy(v.begin(), v.end(), w.begin());
             std::move(v.begin(), v.end(), u.begin());
             std::copy_backward(w.begin(), w.begin() + 2, w.end());
             return weighted(w) + weighted(u);
         }},
        {"next_permutation over rows",
         {0.4, 1.1, -0.7},
         []<class T>(const Point<T>& x) {
             std::vector<std::size_t> p{0, 1, 2};
             T permanent = 0.0;
             do permanent += x[p[0]] * (x[p[1]] + 1.0) * (x[p[2]] + 2.0);
             while (std::next_permutation(p.begin(), p.end()));
             return permanent;
         }},
        {"lower_bound in computed knots",
         {0.4, 1.1, 0.7},
         []<class T>(const Point<T>& x) {
             std::vector<T> knots;
             for (int i = 0; i < 6; ++i) knots.push_back(x[0] * i);
             const auto at = std::lower_bound(knots.begin(), knots.end(), x[1]);
             const T left = *(at - 1), right = *at;
             return (x[1] - left) / (right - left) * x[2];
         }},
        {"merge",
         {0.4, 1.1, 0.7},
         []<class T>(const Point<T>& x) {
             std::vector<T> a{x[0] * 1.0, x[0] * 4.0}, b{x[1], x[1] * 2.0}, c;
             std::merge(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(c));
             return weighted(c) * x[2];
         }},
        {"midpoint and lerp written out",
         {0.4, 1.1, 0.7},
         []<class T>(const Point<T>& x) {
             const auto lerp = [](const T& a, const T& b, const T& t) { return a + t * (b - a); };
             return lerp(x[0], lerp(x[1], x[2], x[0]), lerp(x[0] * x[1], x[1], x[2]));
         }},
        {"bubble sort by swap",
         {0.4, 1.1, -0.7, 0.9},
         []<class T>(const Point<T>& x) {
             auto v = products(x);
             for (std::size_t i = 0; i < v.size(); ++i)
                 for (std::size_t j = 0; j + 1 < v.size(); ++j)
                     if (v[j] < v[j + 1]) std::swap(v[j], v[j + 1]);
             return weighted(v);
         }},
        {"insertion sort by move",
         {0.4, 1.1, -0.7, 0.9},
         []<class T>(const Point<T>& x) {
             auto v = products(x);
             for (std::size_t i = 1; i < v.size(); ++i) {
                 T key = std::move(v[i]);
                 std::size_t j = i;
                 for (; j > 0 && key < v[j - 1]; --j) v[j] = std::move(v[j - 1]);
                 v[j] = std::move(key);
             }
             return weighted(v);
         }},
    };
    return programs;
}

BOOST_AUTO_TEST_SUITE(programs_algorithms)
BOOST_DATA_TEST_CASE(agrees_with_differences_on_both_tapes, boost::unit_test::data::make(table())) { check(sample); }
BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace programs
