// SPDX-License-Identifier: MIT
// Programs about who owns a number: copies, moves, containers, smart pointers, captures, out-parameters. A tape that absorbs
// temporaries is wrong as soon as it takes one for its own that somebody else can still name. What is checked: support/programs.
// Next: programs_algorithms.cpp.
#include "tests/support/programs/program.hpp"

#include <any>
#include <array>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <set>
#include <stack>
#include <string>
#include <tuple>
#include <unordered_map>
#include <variant>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

namespace programs {
namespace {

template <class T>
void square_into(T& out, const T& x) {
    out = x * x;
}
template <class T>
T twice_by_value(T x) {
    x = x + x;
    return x;
}
template <class T>
const T const_result(const T& x) {
    return sin(x) * x;
}
template <class T>
const T& larger_norm(const T& a, const T& b) {
    return a * a > b * b ? a : b;
}
template <class T>
struct Particle {
    T position, velocity;
    void kick(const T& force, double dt) { velocity += force * dt, position += velocity * dt; }
};
template <class T>
class Accumulator {
  public:
    void add(T x) { total_ += std::move(x), history_.push_back(total_); }
    [[nodiscard]] const T& total() const { return total_; }
    [[nodiscard]] const std::vector<T>& history() const { return history_; }

  private:
    T total_ = 0.0;
    std::vector<T> history_;
};
template <class T>
struct Base {
    virtual ~Base() = default;
    [[nodiscard]] virtual T area() const = 0;
};
template <class T>
struct Circle final : Base<T> {
    explicit Circle(T r) : radius(std::move(r)) {}
    [[nodiscard]] T area() const override { return 3.0 * radius * radius; }
    T radius;
};
template <class T>
struct Rectangle final : Base<T> {
    Rectangle(const T& w, const T& h) : width(w), height(h) {}
    [[nodiscard]] T area() const override { return width * height; }
    T width, height;
};
template <class T>
struct ByNorm {
    bool operator()(const T& a, const T& b) const { return a * a < b * b; }
};

const std::vector<Program>& table() {
    static const std::vector<Program> programs{
        {"copy of a fresh result, both used",
         {1.3, 0.7},
         []<class T>(const Point<T>& x) {
             T a = x[0] * x[1], b = a;
             return sin(b) * a + b;
         }},
        {"copy of a temporary's name before it is multiplied",
         {1.3, 0.7},
         []<class T>(const Point<T>& x) {
             T a = x[0] * x[1];
             const T kept = a;
             a = std::move(a) * x[0];
             return a + kept * kept;
         }},
        {"reference kept while the object goes on",
         {0.4, 1.1},
         []<class T>(const Point<T>& x) {
             T s = x[0] * x[1];
             const T& seen = s;
             const T before = seen;
             s *= x[0];
             s = s + seen;
             return s * before;
         }},
        {"state history",
         {0.4, 1.1},
         []<class T>(const Point<T>& x) {
             T s = x[0] * 0.5;
             std::vector<T> history;
             for (int i = 0; i < 7; ++i) history.push_back(s), s = s * x[1] + sin(s);
             T y = s;
             for (const T& h : history) y += h * h;
             return y;
         }},
        {"state history by compound assignment",
         {0.4, 1.1},
         []<class T>(const Point<T>& x) {
             T s = x[0] * 1.0;
             std::vector<T> history;
             for (int i = 0; i < 7; ++i) history.push_back(s), s *= x[1], s += x[0];
             T y = 0.0;
             for (const T& h : history) y += h * s;
             return y;
         }},
        {"vector that reallocates",
         {0.4, 1.1},
         []<class T>(const Point<T>& x) {
             std::vector<T> v;
             for (int i = 1; i < 40; ++i) v.emplace_back(x[static_cast<std::size_t>(i) % 2] * i);
             T y = v[0];
             for (std::size_t i = 1; i < v.size(); ++i) y = y + v[i] * v[i - 1];
             return y;
         }},
        {"vector insert and erase in the middle",
         {0.4, 1.1},
         []<class T>(const Point<T>& x) {
             std::vector<T> v{x[0], x[1], x[0] * x[1]};
             v.insert(v.begin() + 1, x[0] / x[1]);
             v.erase(v.begin());
             v.insert(v.end(), v[0]);
             T y = 1.0;
             for (const T& e : v) y = y * e;
             return y;
         }},
        {"deque as a window",
         {0.4, 1.1},
         []<class T>(const Point<T>& x) {
             std::deque<T> window;
             T y = 0.0, s = x[0];
             for (int i = 0; i < 9; ++i) {
                 s = sin(s) + x[1];
                 window.push_back(s);
                 if (window.size() > 3) y += window.front() * window.back(), window.pop_front();
             }
             return y;
         }},
        {"list spliced and reversed",
         {0.4, 1.1},
         []<class T>(const Point<T>& x) {
             std::list<T> a{x[0] * x[1], x[0] + x[1]}, b{exp(x[0])};
             a.splice(a.begin(), b);
             a.reverse();
             T y = 0.0;
             double weight = 1;
             for (const T& e : a) y += weight * e * e, weight *= 2;
             return y;
         }},
        {"array of results",
         {0.4, 1.1},
         []<class T>(const Point<T>& x) {
             std::array<T, 3> a{x[0] * x[1], sin(x[0]), x[1]};
             const std::array<T, 3> b = a;
             a[0] *= b[1];
             return a[0] + b[0] * a[2];
         }},
        {"built-in array",
         {0.4, 1.1},
         []<class T>(const Point<T>& x) {
             T a[4] = {x[0], x[1], x[0] * x[1], 2.0};
             for (int i = 1; i < 4; ++i) a[i] += a[i - 1] * a[i];
             return a[3];
         }},
        {"map updated through operator[]",
         {0.4, 1.1},
         []<class T>(const Point<T>& x) {
             std::map<std::string, T> m;
             m["a"] = x[0] * x[1];
             m["b"] = m["a"] + 1.0;
             m["a"] *= m["b"];
             m["c"] += x[0];
             return m["a"] * m["c"];
         }},
        {"unordered_map as a cache",
         {0.4, 1.1},
         []<class T>(const Point<T>& x) {
             std::unordered_map<int, T> cache;
             std::function<T(int)> term = [&](int n) -> T {
                 if (n < 2) return x[static_cast<std::size_t>(n)];
                 if (const auto known = cache.find(n); known != cache.end()) return known->second;
                 return cache[n] = term(n - 1) * 0.5 + term(n - 2) * x[0];
             };
             return term(12) + term(5);
         }},
        {"memoised recursion in a vector of optionals",
         {0.4, 1.1},
         []<class T>(const Point<T>& x) {
             std::vector<std::optional<T>> known(12);
             std::function<const T&(std::size_t)> chebyshev = [&](std::size_t n) -> const T& {
                 if (!known[n]) known[n] = n == 0 ? T(1.0) : n == 1 ? x[0] : 2.0 * x[0] * chebyshev(n - 1) - chebyshev(n - 2);
                 return *known[n];
             };
             return chebyshev(9) * x[1] + chebyshev(4);
         }},
        {"set with a comparator that computes",
         {0.4, 1.1, -0.9},
         []<class T>(const Point<T>& x) {
             const std::set<T, ByNorm<T>> s{x[0], x[1], x[2], x[0] * x[1]};
             T y = 0.0;
             double weight = 1;
             for (const T& e : s) y += e * e * weight, weight *= 3;
             return y;
         }},
        {"optional reset and value_or",
         {0.4, 1.1},
         []<class T>(const Point<T>& x) {
             std::optional<T> o = x[0] * x[1];
             const T first = *o;
             o = *o * *o;
             const T second = o.value_or(T(0.0));
             o.reset();
             return first + second * o.value_or(x[1]);
         }},
        {"optional moved out of",
         {0.4, 1.1},
         []<class T>(const Point<T>& x) {
             std::optional<T> o = sin(x[0]);
             T y = *std::move(o) * x[1];
             o = y;
             y *= x[0];
             return y + *o;
         }},
        {"variant visited",
         {0.4, 1.1},
         []<class T>(const Point<T>& x) {
             std::vector<std::variant<int, T, std::pair<T, T>>> v{2, x[0] * x[1], std::pair<T, T>{x[0], sin(x[1])}};
             T y = 0.0;
             for (const auto& alternative : v)
                 y += std::visit(
                     []<class A>(const A& a) -> T {
                         if constexpr (std::is_same_v<A, std::pair<T, T>>)
                             return a.first * a.second;
                         else
                             return a * a;
                     },
                     alternative);
             return y;
         }},
        {"tuple and structured bindings",
         {0.4, 1.1},
         []<class T>(const Point<T>& x) {
             auto [a, b, c] = std::tuple{x[0] * x[1], x[0] + x[1], x[0] - x[1]};
             a += b;
             const auto [d, e] = std::pair{a, c * c};
             a *= d;
             return a * b * c + e * d;
         }},
        {"structured bindings by reference",
         {0.4, 1.1},
         []<class T>(const Point<T>& x) {
             std::pair<T, T> p{x[0] * x[1], x[0]};
             auto& [a, b] = p;
             a *= b, b += a;
             return p.first * p.second;
         }},
        {"std::tie of out-values",
         {0.4, 1.1},
         []<class T>(const Point<T>& x) {
             const auto rotate = [](const T& a, const T& b) { return std::tuple{0.6 * a - 0.8 * b, 0.8 * a + 0.6 * b}; };
             T a = x[0], b = x[1];
             for (int i = 0; i < 4; ++i) std::tie(a, b) = rotate(a * a, b);
             return a * b;
         }},
        {"std::any holds a copy",
         {0.4, 1.1},
         []<class T>(const Point<T>& x) {
             T s = x[0] * x[1];
             std::any box = s;
             s = std::move(s) * 3.0;
             return s + std::any_cast<T>(box) * std::any_cast<const T&>(box);
         }},
        {"unique_ptr",
         {0.4, 1.1},
         []<class T>(const Point<T>& x) {
             auto p = std::make_unique<T>(x[0] * x[1]);
             *p += *p;
             auto q = std::move(p);
             return *q * *q;
         }},
        {"shared_ptr with two owners",
         {0.4, 1.1},
         []<class T>(const Point<T>& x) {
             const auto p = std::make_shared<T>(x[0] * x[1]);
             const auto q = p;
             *p = *p * x[0];
             const T kept = *q;
             *q += 1.0;
             return *p * kept;
         }},
        {"lambda that captures by value",
         {0.4, 1.1},
         []<class T>(const Point<T>& x) {
             T s = x[0] * x[1];
             const auto later = [s](const T& t) { return s * t; };
             s *= 5.0;
             return later(x[0]) + s;
         }},
        {"lambda that captures by move and changes its own",
         {0.4, 1.1},
         []<class T>(const Point<T>& x) {
             T s = x[0] * x[1];
             auto next = [t = std::move(s)]() mutable { return t = t * t + 0.5; };
             const T a = next(), b = next();
             return a * b + next();
         }},
        {"std::function copied with its state",
         {0.4, 1.1},
         []<class T>(const Point<T>& x) {
             std::function<T()> counter = [t = x[0] * x[1], step = x[1]]() mutable { return t += step; };
             const T one = counter();
             auto other = counter;
             const T two = counter(), three = counter(), again = other();
             return one * two + three * again;
         }},
        {"initialised capture of an expression",
         {0.4, 1.1},
         []<class T>(const Point<T>& x) {
             const auto f = [c = x[0] * x[1] + 1.0](auto t) { return t * c; };
             return f(x[0]) * f(2.0);
         }},
        {"out-parameter",
         {0.4, 1.1},
         []<class T>(const Point<T>& x) {
             T out = x[0] * x[1];
             const T before = out;
             square_into(out, out);
             square_into(out, out);
             return out + before;
         }},
        {"by-value parameter changed inside",
         {0.4, 1.1},
         []<class T>(const Point<T>& x) {
             const T a = x[0] * x[1];
             return twice_by_value(a) * a + twice_by_value(x[0] * a) + twice_by_value(twice_by_value(sin(x[1])));
         }},
        {"const result",
         {0.4, 1.1},
         []<class T>(const Point<T>& x) {
             const T y = const_result(x[0]) * x[1] + const_result(x[1]);
             return const_result(y) + y;
         }},
        {"reference result of a choice",
         {0.4, 1.1},
         []<class T>(const Point<T>& x) {
             const T a = x[0] * 3.0, b = x[1] * 2.0;
             return larger_norm(a, b) * a + larger_norm(x[0], x[1]);
         }},
        {"temporary extended by a const reference",
         {0.4, 1.1},
         []<class T>(const Point<T>& x) {
             const T& t = x[0] * x[1];
             const T u = t * t;
             return u + t;
         }},
        {"temporary extended by an rvalue reference",
         {0.4, 1.1},
         []<class T>(const Point<T>& x) {
             T&& t = x[0] * x[1];
             T u = t * t;
             t += u;
             return u * t;
         }},
        {"struct whose members go on",
         {0.4, 1.1},
         []<class T>(const Point<T>& x) {
             Particle<T> p{x[0], x[1]};
             std::vector<Particle<T>> path{p};
             for (int i = 0; i < 6; ++i) p.kick(-p.position, 0.2), path.push_back(p);
             T y = 0.0;
             for (const auto& at : path) y += at.position * at.velocity;
             return y;
         }},
        {"struct of arrays copied whole",
         {0.4, 1.1},
         []<class T>(const Point<T>& x) {
             struct State {
                 T a[2];
                 T b;
             };
             State s{{x[0], x[1]}, x[0] * x[1]};
             const State t = s;
             s.a[0] *= s.b, s.b += s.a[0];
             return s.b * t.b + t.a[0];
         }},
        {"expression kept in a struct and updated later",
         {0.4, 1.1},
         []<class T>(const Point<T>& x) {
             struct Cell {
                 T value = 0.0;
             };
             Cell cell{x[0] * x[1]};
             Cell copy = cell;
             cell.value = std::move(cell.value) * x[0];
             copy.value += cell.value;
             return copy.value * cell.value;
         }},
        {"class with a private running total",
         {0.4, 1.1},
         []<class T>(const Point<T>& x) {
             Accumulator<T> a;
             for (int i = 1; i < 6; ++i) a.add(x[0] * i + sin(x[1] * i));
             T y = a.total();
             for (const T& h : a.history()) y += h * a.total();
             return y;
         }},
        {"virtual functions",
         {0.4, 1.1},
         []<class T>(const Point<T>& x) {
             std::vector<std::unique_ptr<Base<T>>> shapes;
             shapes.push_back(std::make_unique<Circle<T>>(x[0] * x[1]));
             shapes.push_back(std::make_unique<Rectangle<T>>(x[0], x[0] + x[1]));
             T y = 1.0;
             for (const auto& shape : shapes) y *= shape->area();
             return y;
         }},
        {"std::swap",
         {0.4, 1.1},
         []<class T>(const Point<T>& x) {
             T a = x[0] * x[1], b = x[0] + x[1];
             std::swap(a, b);
             a *= b;
             std::swap(a, b);
             return a * 2.0 + b;
         }},
        {"std::exchange",
         {0.4, 1.1},
         []<class T>(const Point<T>& x) {
             T a = x[0] * x[1];
             const T old = std::exchange(a, sin(x[0])), older = std::exchange(a, a * old);
             return older * old + a;
         }},
        {"move chain",
         {0.4, 1.1},
         []<class T>(const Point<T>& x) {
             T a = x[0] * x[1];
             T b = std::move(a), c = std::move(b);
             a = c * c;
             b = std::move(a);
             a = std::move(b) + c;
             return a;
         }},
        {"self-assignment and self-move",
         {0.4, 1.1},
         []<class T>(const Point<T>& x) {
             T a = x[0] * x[1];
             T& same = a;
             a = same;
             a = std::move(same);
             return a * a;
         }},
        {"stack machine",
         {0.4, 1.1},
         []<class T>(const Point<T>& x) {
             std::stack<T> s;
             const auto pop = [&s] {
                 T top = std::move(s.top());
                 s.pop();
                 return top;
             };
             for (const char c : std::string("ab*a+b*ab+*")) {
                 if (c == 'a' || c == 'b')
                     s.push(x[c == 'a' ? 0 : 1]);
                 else if (c == '*')
                     s.push(pop() * pop());
                 else
                     s.push(pop() + pop());
             }
             return s.top();
         }},
        {"initializer_list",
         {0.4, 1.1},
         []<class T>(const Point<T>& x) {
             const auto total = [](std::initializer_list<T> terms) {
                 T y = 0.0;
                 for (const T& t : terms) y += t;
                 return y;
             };
             return total({x[0] * x[1], sin(x[0]), x[1], 3.0}) * total({x[0], x[0] * x[0]});
         }},
    };
    return programs;
}

BOOST_AUTO_TEST_SUITE(programs_ownership)
BOOST_DATA_TEST_CASE(agrees_with_differences_on_both_tapes, boost::unit_test::data::make(table())) { check(sample); }
BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace programs
