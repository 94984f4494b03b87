// SPDX-License-Identifier: MIT
/// Formulas of one to four operands, shapes to broadcast, and layouts: what `elementwise` is tested on. Each formula is generic, so that it
/// is also the reference: on tensors it records one row an operation, on doubles it is plain arithmetic.
#pragma once

#include "autodiff/autodiff.hpp"
#include "autodiff/elementwise.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <random>
#include <string>
#include <vector>

namespace formulas {

using namespace autodiff;

inline constexpr auto bell = [](auto x) { return exp(-(x * x)); };
inline constexpr auto unit = [](auto x, auto w, auto b) { return tanh(x * w + b); };
inline constexpr auto gate = [](auto a, auto b) { return sigmoid(a) * tanh(b) + a; };
inline constexpr auto twice = [](auto a, auto b) { return a * b + 0.5 * a - b / (2 + a * a); };
inline constexpr auto norm = [](auto x, auto m, auto s, auto g) { return g * (x - m) / sqrt(s * s + 1.5) + log(x * x + 1); };

using Shapes = std::vector<Shape>;
inline const std::vector<Shapes> of_one{{{}}, {{1}}, {{7}}, {{5, 7}}, {{0}}, {{3, 0, 2}}, {{300}}, {{2, 3, 4, 5}}};
inline const std::vector<Shapes> of_two{{{5, 7}, {5, 7}},  {{5, 7}, {7}}, {{7}, {5, 7}}, {{5, 1}, {1, 7}},    {{}, {9}},
                                        {{2, 300}, {300}}, {{0, 3}, {3}}, {{1}, {0}},    {{4, 1, 6}, {3, 1}}, {{}, {}}};
inline const std::vector<Shapes> of_three{{{5, 7}, {7}, {}},    {{4, 1, 6}, {3, 1}, {6}}, {{1}, {1}, {1}}, {{3, 5, 2}, {5, 1}, {3, 1, 1}},
                                          {{}, {2, 3}, {1, 3}}, {{0, 3}, {3}, {}}};
inline const std::vector<Shapes> of_four{{{6, 9}, {6, 1}, {6, 1}, {9}}, {{2, 3, 4}, {3, 1}, {2, 1, 1}, {4}}, {{}, {3}, {}, {2, 1}}};

/// How an operand lies in memory.
enum class Lie { in_order, transposed, every_second, backwards };
inline const std::vector<Lie> lies{Lie::in_order, Lie::transposed, Lie::every_second, Lie::backwards};

/// The same numbers, laid out otherwise.
template <class T>
Tensor<T> laid(const Tensor<T>& x, Lie lie) {
    if (x.rank() == 0 || lie == Lie::in_order) return x;
    if (lie == Lie::transposed) return swap_axes(swap_axes(x, 0, -1).contiguous(), 0, -1);
    if (lie == Lie::every_second) return select(stack(std::vector<Tensor<T>>{x, -x}, x.rank()), -1, 0);
    return flip(flip(x, {-1}).contiguous(), {-1});
}

template <class T>
class Draw {
  public:
    explicit Draw(unsigned seed) : engine_(seed) { BOOST_TEST_MESSAGE("seed " << seed); }
    Tensor<T> operator()(const Shape& shape) {
        std::vector<T> values(static_cast<std::size_t>(shape.size()));
        for (T& value : values) value = std::uniform_real_distribution<T>(T(-1.5), T(1.5))(engine_);
        return Tensor<T>(shape, values);
    }
    std::vector<Tensor<T>> operator()(const Shapes& shapes, Lie lie = Lie::in_order) {
        std::vector<Tensor<T>> all;
        for (const Shape& shape : shapes) all.push_back(laid((*this)(shape), lie));
        return all;
    }

  private:
    std::mt19937 engine_;
};

/// f(x[0], x[1], ...) for N of them.
template <std::size_t N, class F, class X>
auto spread(const F& f, const X& x) {
    return [&]<std::size_t... k>(std::index_sequence<k...>) { return f(x[k]...); }
    (std::make_index_sequence<N>{});
}
/// The formula in one pass; by rows of its own.
template <std::size_t N, class F, class T>
Tensor<T> fused(const F& f, const std::vector<Tensor<T>>& x) {
    return spread<N>([&](const auto&... each) { return elementwise(f, each...); }, x);
}
template <std::size_t N, class F, class T>
Tensor<T> recorded(const F& f, const std::vector<Tensor<T>>& x) {
    return spread<N>(f, x);
}

/// work(number of operands, formula, shapes) for every formula and all its shapes. The number is a compile-time constant.
template <class Work>
void for_each_formula(const Work& work) {
    const auto each = [&work]<std::size_t N>(std::integral_constant<std::size_t, N> n, const auto& f, const std::vector<Shapes>& cases) {
        for (const Shapes& shapes : cases) {
            std::string text;
            for (const Shape& shape : shapes) text += " " + to_string(shape);
            BOOST_TEST_CONTEXT(N << " operands:" << text) work(n, f, shapes);
        }
    };
    using std::integral_constant;
    each(integral_constant<std::size_t, 1>{}, bell, of_one);
    each(integral_constant<std::size_t, 2>{}, gate, of_two);
    each(integral_constant<std::size_t, 2>{}, twice, of_two);
    each(integral_constant<std::size_t, 3>{}, unit, of_three);
    each(integral_constant<std::size_t, 4>{}, norm, of_four);
}

/// Whether all numbers are as near as `relative` of the largest, and the shapes alike.
template <class T, class R>
void check_near(const Tensor<T>& got, const Tensor<R>& expected, double relative) {
    BOOST_REQUIRE(got.shape() == expected.shape());
    const auto a = got.contiguous(), b = expected.contiguous();
    double largest = 1;
    for (const R each : b.data()) largest = std::max(largest, std::abs(static_cast<double>(each)));
    for (std::size_t i = 0; i < a.data().size(); ++i) {
        const double error = std::abs(static_cast<double>(a.data()[i]) - static_cast<double>(b.data()[i]));
        if (!(error <= relative * largest)) BOOST_FAIL(fmt::format("[{}]: got {}, expected {}", i, a.data()[i], b.data()[i]));
    }
}

}  // namespace formulas
