// SPDX-License-Identifier: MIT
// Programs as numerical code is written: loops that end early, elimination with pivots, Newton steps, integrators, exceptions caught on
// the way, coroutines, and value types over the number. What is checked: support/programs. Next: recording.cpp.
#include "tests/support/programs/program.hpp"

#include <array>
#include <memory>
#include <numeric>
#include <stdexcept>
#if defined(__cpp_impl_coroutine)
#include <coroutine>
#include <exception>
#endif

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

namespace programs {
namespace {

template <class T>
using Matrix = std::vector<std::vector<T>>;

template <class T>
Matrix<T> product(const Matrix<T>& a, const Matrix<T>& b) {
    Matrix<T> c(a.size(), std::vector<T>(b[0].size(), T(0.0)));
    for (std::size_t i = 0; i < a.size(); ++i)
        for (std::size_t j = 0; j < b[0].size(); ++j)
            for (std::size_t k = 0; k < b.size(); ++k) c[i][j] += a[i][k] * b[k][j];
    return c;
}

template <class T>
T determinant(Matrix<T> a) {
    T result = 1.0;
    for (std::size_t k = 0; k < a.size(); ++k) {
        std::size_t pivot = k;
        for (std::size_t i = k + 1; i < a.size(); ++i)
            if (abs(a[i][k]) > abs(a[pivot][k])) pivot = i;
        if (pivot != k) std::swap(a[pivot], a[k]), result = -result;
        for (std::size_t i = k + 1; i < a.size(); ++i) {
            const T factor = a[i][k] / a[k][k];
            for (std::size_t j = k; j < a.size(); ++j) a[i][j] -= factor * a[k][j];
        }
        result *= a[k][k];
    }
    return result;
}

template <class T>
Matrix<T> three_by_three(const Point<T>& x) {
    return {{x[0] * 0.1, x[1], 2.0}, {x[1] * x[0], 1.0, x[0] + x[1]}, {sin(x[0]), x[1] - 2.0, x[0] * x[0]}};
}

template <class T>
struct Complex {
    T re, im;
    friend Complex operator+(const Complex& a, const Complex& b) { return {a.re + b.re, a.im + b.im}; }
    friend Complex operator*(const Complex& a, const Complex& b) { return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re}; }
    Complex& operator*=(const Complex& b) { return *this = *this * b; }
    [[nodiscard]] T norm() const { return re * re + im * im; }
};

template <class T>
std::array<T, 3> lorenz(const std::array<T, 3>& u, const T& rho) {
    return {10.0 * (u[1] - u[0]), u[0] * (rho - u[2]) - u[1], u[0] * u[1] - 8.0 / 3.0 * u[2]};
}

template <class T>
T fails_when_large(const T& x) {
    T half = x * x * 0.5;
    if (half > 1.0) throw std::runtime_error("too large");
    return half;
}

template <class T>
struct Tree {
    T value;
    std::unique_ptr<Tree> left, right;
    [[nodiscard]] T total() const {
        return value * value + (left ? left->total() * 0.5 : T(0.0)) + (right ? right->total() * value : T(0.0));
    }
};
template <class T>
std::unique_ptr<Tree<T>> grow(const T& x, int depth) {
    auto tree = std::make_unique<Tree<T>>();
    tree->value = x * x + 0.1;
    if (depth > 0) tree->left = grow(tree->value * 0.9, depth - 1), tree->right = grow(sin(tree->value), depth - 1);
    return tree;
}

#if defined(__cpp_impl_coroutine)
template <class T>
class Generator {
  public:
    struct promise_type {
        T now;
        Generator get_return_object() { return Generator(std::coroutine_handle<promise_type>::from_promise(*this)); }
        std::suspend_always initial_suspend() noexcept { return {}; }
        std::suspend_always final_suspend() noexcept { return {}; }
        std::suspend_always yield_value(T value) {
            now = std::move(value);
            return {};
        }
        void return_void() {}
        void unhandled_exception() { std::terminate(); }
    };
    explicit Generator(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
    Generator(Generator&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    Generator& operator=(Generator&&) = delete;
    ~Generator() {
        if (handle_) handle_.destroy();
    }
    T next() {
        handle_.resume();
        return handle_.promise().now;
    }
    T take() {
        handle_.resume();
        return std::move(handle_.promise().now);
    }

  private:
    std::coroutine_handle<promise_type> handle_;
};
template <class T>
Generator<T> geometric(T start, T ratio) {
    for (T t = start;; t *= ratio) co_yield t;
}
template <class T>
Generator<T> running_products(T a, T b) {
    for (;;) {
        co_yield a* b;
        a = a * b + 0.25;
    }
}
#endif

const std::vector<Program>& table() {
    static const std::vector<Program> programs {
        {"Horner",
         {0.7, 1.1},
         []<class T>(const Point<T>& x) {
             T y = 0.0;
             for (const double c : {1.0, -2.0, 0.5, 3.0, -1.0}) y = y * x[0] + c;
             return y * x[1];
         }},
            {"Horner with computed coefficients",
             {0.7, 1.1},
             []<class T>(const Point<T>& x) {
                 T y = x[1];
                 for (int i = 1; i < 8; ++i) y = std::move(y) * x[0] + x[1] * i;
                 return y;
             }},
            {"power by squaring",
             {0.9},
             []<class T>(const Point<T>& x) {
                 T result = 1.0, base = x[0] * 1.1;
                 for (unsigned n = 21; n > 0; n >>= 1) {
                     if (n & 1u) result *= base;
                     base *= base;
                 }
                 return result;
             }},
            {"matrix product",
             {0.7, 1.1},
             []<class T>(const Point<T>& x) {
                 const auto a = three_by_three(x), b = product(a, product(a, a));
                 return b[0][0] + b[1][1] * b[2][0] - b[0][2] * x[0];
             }},
            {"determinant by elimination with pivots",
             {0.7, 1.1},
             []<class T>(const Point<T>& x) { return determinant(three_by_three(x)); }},
            {"determinant by cofactors",
             {0.7, 1.1},
             []<class T>(const Point<T>& x) {
                 const auto a = three_by_three(x);
                 T y = 0.0;
                 for (std::size_t j = 0; j < 3; ++j) {
                     const std::size_t p = (j + 1) % 3, q = (j + 2) % 3;
                     y += a[0][j] * (a[1][p] * a[2][q] - a[1][q] * a[2][p]);
                 }
                 return y * y;
             }},
            {"Cholesky by columns",
             {0.7, 1.1},
             []<class T>(const Point<T>& x) {
                 auto a = product(three_by_three(x), three_by_three(x));
                 for (std::size_t i = 0; i < 3; ++i)
                     for (std::size_t j = 0; j < i; ++j) a[i][j] = a[j][i];
                 for (std::size_t i = 0; i < 3; ++i) a[i][i] += 20.0;
                 for (std::size_t j = 0; j < 3; ++j) {
                     for (std::size_t k = 0; k < j; ++k)
                         for (std::size_t i = j; i < 3; ++i) a[i][j] -= a[i][k] * a[j][k];
                     const T root = sqrt(a[j][j]);
                     for (std::size_t i = j; i < 3; ++i) a[i][j] /= root;
                 }
                 return log(a[0][0]) + log(a[1][1]) * a[2][1] + log(a[2][2]);
             }},
            {"conjugate gradients",
             {0.7, 1.1},
             []<class T>(const Point<T>& x) {
                 const Matrix<T> a{{x[0] + 3.0, x[1]}, {x[1], x[0] * x[0] + 2.0}};
                 std::vector<T> b{1.0, x[1]}, u{0.0, 0.0}, r = b, p = r;
                 const auto dot = [](const auto& s, const auto& t) { return s[0] * t[0] + s[1] * t[1]; };
                 for (int step = 0; step < 2; ++step) {
                     const std::vector<T> ap{dot(a[0], p), dot(a[1], p)};
                     const T rr = dot(r, r), alpha = rr / dot(p, ap);
                     for (std::size_t i = 0; i < 2; ++i) u[i] += alpha * p[i], r[i] -= alpha * ap[i];
                     const T beta = dot(r, r) / rr;
                     for (std::size_t i = 0; i < 2; ++i) p[i] = r[i] + beta * p[i];
                 }
                 return u[0] * 2.0 + u[1];
             }},
            {"Newton iteration until it converges",
             {2.3, 1.1},
             []<class T>(const Point<T>& x) {
                 T r = 1.0;
                 for (int i = 0; i < 50; ++i) {
                     const T step = (r * r * r - x[0] * x[1]) / (3.0 * r * r);
                     r -= step;
                     if (abs(step) < 1e-14) break;
                 }
                 return r * x[0];
             }},
            {"bisection of a value, then one Newton step",
             {2.3},
             []<class T>(const Point<T>& x) {
                 double low = 0, high = 3;
                 while (high - low > 1e-15 * high) {
                     const double middle = (low + high) / 2;
                     if (middle == low || middle == high) break;
                     (x[0] > middle * middle ? low : high) = middle;
                 }
                 const T r = low;
                 return r - (r * r - x[0]) / (2.0 * r);
             }},
            {"loop with early exit",
             {0.7, 1.1},
             []<class T>(const Point<T>& x) {
                 T term = 1.0, y = 1.0;
                 for (int n = 1; n < 100; ++n) {
                     term *= x[0] * x[1] / n;
                     if (term < 1e-17) return y;
                     y += term;
                 }
                 return y;
             }},
            {"continued fraction",
             {0.7, 1.1},
             []<class T>(const Point<T>& x) {
                 T y = x[1];
                 for (int n = 12; n > 0; --n) y = x[0] / (n + y);
                 return y;
             }},
            {"continued fraction by recursion",
             {0.7, 1.1},
             []<class T>(const Point<T>& x) {
                 const std::function<T(int)> below = [&](int n) -> T { return n > 10 ? x[1] : 1.0 / (n * x[0] + below(n + 1)); };
                 return below(1);
             }},
            {"arithmetic-geometric mean",
             {0.7, 1.4},
             []<class T>(const Point<T>& x) {
                 T a = x[0], b = x[1];
                 for (int i = 0; i < 6; ++i) {
                     T mean = (a + b) / 2.0;
                     b = sqrt(a * b);
                     a = std::move(mean);
                 }
                 return a;
             }},
            {"logistic map",
             {0.37, 2.7},
             []<class T>(const Point<T>& x) {
                 T u = x[0];
                 for (int i = 0; i < 10; ++i) u = x[1] * u * (1.0 - u);
                 return u;
             }},
            {"logistic map by moves",
             {0.37, 2.7},
             []<class T>(const Point<T>& x) {
                 T u = x[0] * 1.0;
                 for (int i = 0; i < 10; ++i) {
                     T rest = 1.0 - u;
                     u = std::move(u) * x[1] * std::move(rest);
                 }
                 return u;
             }},
            {"Euler steps",
             {0.7, 1.1},
             []<class T>(const Point<T>& x) {
                 T position = x[0], velocity = x[1];
                 for (int i = 0; i < 20; ++i) {
                     const T force = -sin(position);
                     position += 0.1 * velocity;
                     velocity += 0.1 * force;
                 }
                 return position * velocity;
             }},
            {"Runge-Kutta steps of Lorenz",
             {0.7, 1.1, 20.0},
             []<class T>(const Point<T>& x) {
                 std::array<T, 3> u{x[0], x[1], x[0] * x[1]};
                 constexpr double h = 0.01;
                 for (int step = 0; step < 5; ++step) {
                     const auto move_along = [&](const std::array<T, 3>& k, double by) {
                         std::array<T, 3> v = u;
                         for (std::size_t i = 0; i < 3; ++i) v[i] += by * k[i];
                         return v;
                     };
                     const auto k1 = lorenz(u, x[2]), k2 = lorenz(move_along(k1, h / 2), x[2]), k3 = lorenz(move_along(k2, h / 2), x[2]),
                                k4 = lorenz(move_along(k3, h), x[2]);
                     for (std::size_t i = 0; i < 3; ++i) u[i] += h / 6 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i]);
                 }
                 return u[0] * u[1] - u[2];
             }},
            {"heat equation in place",
             {0.7, 1.1},
             []<class T>(const Point<T>& x) {
                 std::vector<T> u(8, T(0.0));
                 u[3] = x[0], u[4] = x[0] * x[1];
                 for (int step = 0; step < 5; ++step) {
                     std::vector<T> next = u;
                     for (std::size_t i = 1; i + 1 < u.size(); ++i) next[i] += x[1] * 0.2 * (u[i - 1] - 2.0 * u[i] + u[i + 1]);
                     u.swap(next);
                 }
                 return std::inner_product(u.begin(), u.end(), u.begin(), T(0.0));
             }},
            {"Simpson's rule",
             {0.7, 1.1},
             []<class T>(const Point<T>& x) {
                 const T h = (x[1] - x[0]) / 10.0;
                 T y = sin(x[0] * x[0]) + sin(x[1] * x[1]);
                 for (int i = 1; i < 10; ++i) {
                     const T at = x[0] + h * i;
                     y += sin(at * at) * (i % 2 == 1 ? 4 : 2);
                 }
                 return y * h / 3.0;
             }},
            {"log-sum-exp with the largest subtracted",
             {0.7, 1.1, -0.4},
             []<class T>(const Point<T>& x) {
                 T largest = x[0];
                 for (const T& each : x)
                     if (each > largest) largest = each;
                 T total = 0.0;
                 for (const T& each : x) total += exp(each - largest);
                 return log(total) + largest;
             }},
            {"running mean and variance",
             {0.7, 1.1, -0.4},
             []<class T>(const Point<T>& x) {
                 T mean = 0.0, squares = 0.0;
                 double n = 0;
                 for (const T& each : x) {
                     n += 1;
                     const T delta = each - mean;
                     mean += delta / n;
                     squares += delta * (each - mean);
                 }
                 return mean + squares / (n - 1) * x[0];
             }},
            {"edit distance by dynamic programming",
             {0.7, 1.1},
             []<class T>(const Point<T>& x) {
                 const std::string a = "tape", b = "stapler";
                 Matrix<T> cost(a.size() + 1, std::vector<T>(b.size() + 1));
                 for (std::size_t i = 0; i <= a.size(); ++i)
                     for (std::size_t j = 0; j <= b.size(); ++j) {
                         if (i == 0 || j == 0) {
                             cost[i][j] = x[0] * static_cast<double>(i) + x[1] * static_cast<double>(j);
                             continue;
                         }
                         const T swapped = cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? T(0.0) : x[0] * x[1] * 0.9);
                         cost[i][j] = std::min({swapped, cost[i - 1][j] + x[0], cost[i][j - 1] + x[1]});
                     }
                 return cost.back().back() * x[0];
             }},
            {"complex numbers",
             {0.7, 1.1},
             []<class T>(const Point<T>& x) {
                 Complex<T> z{x[0] * 0.5, x[1] * 0.3};
                 const Complex<T> c{x[1] * 0.1, x[0]};
                 for (int i = 0; i < 4; ++i) z = z * z + c;
                 z *= z;
                 return z.norm();
             }},
            {"Mandelbrot escape",
             {0.4, 0.5},
             []<class T>(const Point<T>& x) {
                 Complex<T> z{0.0, 0.0};
                 int n = 0;
                 for (; n < 100 && !(z.norm() > 1e3); ++n) z = z * z + Complex<T>{x[0], x[1]};
                 return log(log(z.norm())) + n;
             }},
            {"exception caught on the way",
             {0.7, 1.9},
             []<class T>(const Point<T>& x) {
                 T y = x[0];
                 for (const T& each : x) {
                     T before = y * each;
                     try {
                         y = before * fails_when_large(each * each);
                     } catch (const std::runtime_error&) {
                         y = before + 1.0;
                     }
                 }
                 return y;
             }},
            {"exception out of the middle of an expression",
             {0.7, 1.9},
             []<class T>(const Point<T>& x) {
                 T y = x[0] * x[1];
                 try {
                     y = (y + x[0]) * fails_when_large(x[1] * y * 3.0);
                 } catch (const std::runtime_error&) {
                     y *= y;
                 }
                 return y;
             }},
            {"tree built and folded by recursion", {0.7}, []<class T>(const Point<T>& x) { return grow(x[0], 4)->total(); }},
            {"fixed number of words through a switch",
             {0.7, 1.1},
             []<class T>(const Point<T>& x) {
                 T a = x[0], b = x[1];
                 for (const char c : std::string("*+s-/e*")) {
                     switch (c) {
                     case '*':
                         a = a * b;
                         break;
                     case '+':
                         b = a + b;
                         break;
                     case '-':
                         a = a - 2.0 * b;
                         break;
                     case '/':
                         b = a / b;
                         break;
                     case 's':
                         a = sin(a);
                         break;
                     default:
                         b = exp(b);
                     }
                 }
                 return a * b;
             }},
            {"neural layer by hand",
             {0.7, 1.1, -0.4},
             []<class T>(const Point<T>& x) {
                 std::vector<T> a = x;
                 for (int layer = 0; layer < 3; ++layer) {
                     std::vector<T> z;
                     for (std::size_t j = 0; j < 3; ++j) {
                         T s = 0.1;
                         for (std::size_t i = 0; i < 3; ++i) s += a[i] * std::cos(static_cast<double>(i + 3 * j) + layer);
                         z.push_back(tanh(std::move(s)));
                     }
                     a = std::move(z);
                 }
                 return a[0] * a[1] + a[2];
             }},
            {"one iteration of gradient descent inside",
             {0.7, 1.1},
             []<class T>(const Point<T>& x) {
                 T w = x[0];
                 for (int i = 0; i < 5; ++i) w -= x[1] * 0.1 * (2.0 * w * (w * w - 1.0));
                 return w * w;
             }},
#if defined(__cpp_impl_coroutine)
            {"coroutine that yields its state",
             {0.7, 1.1},
             []<class T>(const Point<T>& x) {
                 auto terms = geometric<T>(x[0] * 2.0, x[1]);
                 T y = 0.0;
                 for (int i = 0; i < 6; ++i) y += terms.next() * x[0];
                 return y;
             }},
            {"coroutine that yields temporaries",
             {0.7, 1.1},
             []<class T>(const Point<T>& x) {
                 auto terms = running_products<T>(x[0], x[1]);
                 T y = 1.0;
                 for (int i = 0; i < 5; ++i) y = std::move(y) * 0.5 + terms.take();
                 return y;
             }},
            {"two coroutines interleaved", {0.7, 1.1}, []<class T>(const Point<T>& x) {
                 auto a = geometric<T>(x[0], x[1]), b = running_products<T>(x[1], x[0]);
                 T y = 0.0;
                 for (int i = 0; i < 5; ++i) {
                     T left = a.take(), right = b.take();
                     y += std::move(left) * std::move(right);
                 }
                 return y;
             }},
#endif
    };
    return programs;
}

BOOST_AUTO_TEST_SUITE(programs_control)
BOOST_DATA_TEST_CASE(agrees_with_differences_on_both_tapes, boost::unit_test::data::make(table())) { check(sample); }
BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace programs
