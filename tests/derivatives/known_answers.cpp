// SPDX-License-Identifier: MIT
// Hessians, Jacobians and directional derivatives with known answers, in every kind of argument. Next: nesting.cpp.
#include "autodiff/autodiff.hpp"
#include "tests/support/compare.hpp"

#include <array>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <tuple>
#include <vector>

namespace {

using namespace autodiff;
using T = Tensor<double>;
using test::close;

const auto rosenbrock = [](const auto& v) { return 100.0 * square(v[1] - v[0] * v[0]) + square(1.0 - v[0]); };
const auto product = [](const auto& x) {
    Scalar p = 1;
    for (const Scalar& each : x) p *= each;
    return p;
};

void check(const T& got, const T& expected, test::Tolerance tolerance) {
    BOOST_REQUIRE(to_string(got.shape()) == to_string(expected.shape()));
    const T g = got.contiguous(), e = expected.contiguous();
    for (std::size_t k = 0; k < g.data().size(); ++k) BOOST_TEST(close(g.data()[k], e.data()[k], tolerance));
}

struct Line {
    Scalar slope = 2, intercept = 1;
    int power = 2;
};
struct Layer {
    T weight, bias;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(known_answers)

BOOST_AUTO_TEST_CASE(rosenbrock_at_two_points_in_three_kinds) {
    const T at_start = T::from_rows({{1330, 480}, {480, 200}}), at_minimum = T::from_rows({{802, -400}, {-400, 200}});
    check(hessian(rosenbrock, std::vector<double>{-1.2, 1}), at_start, {.relative = 1e-13});
    check(hessian(rosenbrock, std::array<double, 2>{1, 1}), at_minimum, {});
    const auto of_tensor = [](const T& v) { return 100.0 * square(v(1) - v(0) * v(0)) + square(1.0 - v(0)); };
    check(hessian(of_tensor, T::of({-1.2, 1})), at_start, {.relative = 1e-13});
    const auto of_two = [](const auto& x, const auto& y) { return 100.0 * square(y - x * x) + square(1.0 - x); };
    const auto [rx, ry] = hessian(of_two, -1.2, 1.0);
    static_assert(std::is_same_v<decltype(rx), const std::tuple<double, double>>);
    BOOST_TEST(close(std::get<0>(rx), 1330.0, {.relative = 1e-13}));
    BOOST_TEST(close(std::get<1>(rx), 480.0, {.relative = 1e-13}));
    BOOST_TEST(close(std::get<0>(ry), 480.0, {.relative = 1e-13}));
    BOOST_TEST(std::get<1>(ry) == 200.0);
}

BOOST_AUTO_TEST_CASE(a_hessian_times_a_vector_in_every_kind) {
    const std::vector<double> of_vector = hvp(rosenbrock, std::vector<double>{-1.2, 1}, std::vector<int>{1, 2});
    BOOST_TEST(close(of_vector[0], 2290.0, {.relative = 1e-13}));
    BOOST_TEST(close(of_vector[1], 880.0, {.relative = 1e-13}));
    const std::array<double, 2> of_array = hvp(rosenbrock, std::array{1.0, 1.0}, std::array{1.0, -1.0});
    BOOST_TEST((of_array == std::array{1202.0, -600.0}));
    BOOST_TEST(hvp([](const auto& x) { return x * x * x; }, 2, 5.0) == 60.0);
    const auto [in_x, in_y] = hvp([](const auto& x, const T& y) { return x * x * Scalar(sum(y * y * y)); }, std::tuple{3.0, T::of({1, 2})},
                                  std::tuple{1.0, T::of({0, 1})});
    BOOST_TEST(in_x == 2 * 9 + 6 * 12.0);  // 2 S + 2 x 3 y_1^2
    check(in_y, T::of({2 * 3 * 3 * 1.0, 2 * 3 * 3 * 4.0 + 9 * 6 * 2}), {});
    const Line line =
        hvp([](const Line& l) { return l.slope * l.slope * l.intercept * static_cast<double>(l.power); }, Line{}, Line{1, 0, 0});
    BOOST_TEST(line.slope.value() == 4.0);
    BOOST_TEST(line.intercept.value() == 8.0);
    BOOST_TEST(line.power == 2);
}

BOOST_AUTO_TEST_CASE(speelpennings_product_has_hessian_p_over_xi_xj) {
    const T h = hessian(product, std::vector{1, 2, 3, 4, 5});
    for (Index i = 0; i < 5; ++i)
        for (Index j = 0; j < 5; ++j) BOOST_TEST(h.at(i, j) == (i == j ? 0.0 : 120.0 / static_cast<double>((i + 1) * (j + 1))));
    check(hessian([](const T& x) { return prod(x); }, T::of({1, 2, 3, 4, 5})), h, {});
}

BOOST_AUTO_TEST_CASE(speelpennings_product_with_a_zero_has_only_the_row_and_column_of_the_zero) {
    const std::vector<double> x{1, 2, 0, 4, 5};
    for (const T& h : {hessian(product, x), hessian([](const T& t) { return prod(t); }, T({5}, x))})
        for (Index i = 0; i < 5; ++i)
            for (Index j = 0; j < 5; ++j) {
                double others = 1;
                for (Index k = 0; k < 5; ++k)
                    if (k != i && k != j) others *= x[static_cast<std::size_t>(k)];
                BOOST_TEST(h.at(i, j) == (i == j ? 0.0 : others));
            }
}

BOOST_AUTO_TEST_CASE(logistic_regression_has_hessian_xt_d_x) {
    const T X = T::from_rows({{0.5, -1.0, 2.0}, {1.5, 0.25, -0.75}, {-0.3, 0.8, 0.1}, {2.0, -0.6, 0.4}}), t = T::of({1, 0, 1, 0});
    const T w = T::of({0.2, -0.4, 0.7});
    const auto loss = [&](const T& v) {
        const T z = reshape(matmul(X, reshape(v, {3, 1})), {4});
        return sum(softplus(z) - t * z);
    };
    const T p = sigmoid(reshape(matmul(X, reshape(w, {3, 1})), {4}));
    const T expected = matmul(transpose(X), reshape(p * (1.0 - p), {4, 1}) * X);
    check(hessian(loss, w), expected, {.relative = 1e-13, .absolute = 1e-15});
    const T v = T::of({1, -2, 0.5});
    check(hvp(loss, w, v), reshape(matmul(expected, reshape(v, {3, 1})), {3}), {.relative = 1e-12, .absolute = 1e-14});
}

BOOST_AUTO_TEST_CASE(softmax_cross_entropy_has_hessian_diag_p_minus_p_pt) {
    const T z = T::of({0.3, -1.2, 0.8}), p = softmax(z);
    T expected = -matmul(reshape(p, {3, 1}), reshape(p, {1, 3}));
    for (Index i = 0; i < 3; ++i) in_place(expected)[static_cast<std::size_t>(4 * i)] += p.at(i);
    check(hessian([](const T& x) { return logsumexp(x) - select(x, 0, 1); }, z), expected, {.relative = 1e-13, .absolute = 1e-16});
}

BOOST_AUTO_TEST_CASE(softmax_has_the_same_jacobian_by_rows_and_by_columns) {
    const T z = T::of({1, 2, 3}), p = softmax(z);
    for (const Mode mode : {Mode::forward, Mode::reverse}) {
        const T j = jacobian([](const T& x) { return softmax(x); }, z, mode);
        for (Index i = 0; i < 3; ++i)
            for (Index k = 0; k < 3; ++k)
                BOOST_TEST(close(j.at(i, k), p.at(i) * ((i == k ? 1 : 0) - p.at(k)), {.relative = 1e-14, .absolute = 1e-16}));
    }
}

BOOST_AUTO_TEST_CASE(a_jacobian_has_the_shape_of_the_result_followed_by_that_of_x) {
    const T a = T::from_rows({{1, 2, 3}, {4, 5, 6}}), b = T::from_rows({{1, -1}, {0, 2}, {3, 1}});
    for (const Mode mode : {Mode::forward, Mode::reverse}) {
        const auto [ja, jb] = jacobian([](const T& x, const T& y) { return matmul(x, y); }, a, b, mode);
        BOOST_REQUIRE((ja.shape() == Shape{2, 2, 2, 3} && jb.shape() == Shape{2, 2, 3, 2}));
        for (Index i = 0; i < 2; ++i)
            for (Index k = 0; k < 2; ++k)
                for (Index r = 0; r < 2; ++r)
                    for (Index c = 0; c < 3; ++c) {
                        BOOST_TEST(ja.at(i, k, r, c) == (i == r ? b.at(c, k) : 0.0));
                        BOOST_TEST(jb.at(i, k, c, r) == (k == r ? a.at(i, c) : 0.0));
                    }
    }
    static_assert(std::is_same_v<decltype(jacobian([](const auto& x) { return sin(x); }, 0.5)), double>);
    BOOST_TEST(jacobian([](const auto& x) { return sin(x); }, 0.5) == std::cos(0.5));
    const auto curve = [](const Scalar& t) { return std::vector<Scalar>{cos(t), sin(t), t * t}; };
    check(jacobian(curve, 2.0), T::of({-std::sin(2.0), std::cos(2.0), 4.0}), {.ulps = 1});
    check(jacobian(rosenbrock, std::vector<double>{-1.2, 1}), T::of({-215.6, -88}), {.relative = 1e-14});
    const auto polar = [](const std::array<Scalar, 2>& p) { return std::array{p[0] * cos(p[1]), p[0] * sin(p[1])}; };
    for (const Mode mode : {Mode::forward, Mode::reverse})
        check(jacobian(polar, std::array{2.0, 0.3}, mode),
              T::from_rows({{std::cos(0.3), -2 * std::sin(0.3)}, {std::sin(0.3), 2 * std::cos(0.3)}}), {.ulps = 1});
    const Tensor<float> in_float = jacobian([](const Tensor<float>& x) { return x * x; }, Tensor<float>::of({1, 2}));
    BOOST_TEST(in_float.at(1, 1) == 4.0f);
    BOOST_TEST(jacobian([](const T& x) { return sin(x); }, T::zeros({0})).size() == 0);
    BOOST_TEST(to_string(jacobian([](const T& x) { return concat({sum(x, 0, true), T::ones({2})}); }, T::zeros({0})).shape()) == "[3, 0]");
}

BOOST_AUTO_TEST_CASE(a_jacobian_with_respect_to_a_struct_has_one_for_each_parameter) {
    const Layer layer{T::from_rows({{1, 2}, {3, 4}}), T::of({5, 6})};
    const T x = T::from_rows({{0.5, -1}});
    const Layer j = jacobian([&x](const Layer& l) { return matmul(x, l.weight) + l.bias; }, layer);
    BOOST_REQUIRE((j.weight.shape() == Shape{1, 2, 2, 2} && j.bias.shape() == Shape{1, 2, 2}));
    for (Index k = 0; k < 2; ++k)
        for (Index c = 0; c < 2; ++c) {
            for (Index r = 0; r < 2; ++r) BOOST_TEST(j.weight.at(0, k, r, c) == (k == c ? x.at(0, r) : 0.0));
            BOOST_TEST(j.bias.at(0, k, c) == (k == c ? 1.0 : 0.0));
        }
    const Line g = jacobian([](const Line& l) { return l.slope * l.slope * l.intercept; }, Line{3, 5});
    BOOST_TEST(g.slope.value() == 30.0);
    BOOST_TEST(g.intercept.value() == 9.0);
}

BOOST_AUTO_TEST_CASE(a_hessian_with_respect_to_a_struct_runs_over_all_its_elements) {
    struct Mixed {
        T w;
        Scalar s;
    };
    const Mixed at{T::of({2, 3}), 5};
    // w0^2 w1 s^3
    const T h = hessian([](const Mixed& m) { return m.w(0) * m.w(0) * m.w(1) * m.s * m.s * m.s; }, at);
    check(h, T::from_rows({{2 * 3 * 125, 2 * 2 * 125, 2 * 2 * 3 * 75}, {2 * 2 * 125, 0, 4 * 75}, {2 * 2 * 3 * 75, 4 * 75, 4 * 3 * 30}}),
          {});
    const auto blocks = hessian([](const Scalar& a, const T& b) { return a * a * Scalar(sum(b * b)); }, 3.0, T::of({1, 2}));
    BOOST_TEST(std::get<0>(std::get<0>(blocks)) == 10.0);
    check(std::get<1>(std::get<0>(blocks)), T::of({12, 24}), {});
    check(std::get<0>(std::get<1>(blocks)), T::of({12, 24}), {});
    check(std::get<1>(std::get<1>(blocks)), T::from_rows({{18, 0}, {0, 18}}), {});
}

BOOST_AUTO_TEST_CASE(a_jvp_has_results_of_every_kind) {
    const auto [y, ydot] = jvp([](const auto& a, const auto& b) { return a * b + sin(a); }, std::tuple{1.3, 5.2}, std::tuple{2.0, -1.0});
    static_assert(std::is_same_v<decltype(ydot), const double>);
    BOOST_TEST(y == 1.3 * 5.2 + std::sin(1.3));
    BOOST_TEST(close(ydot, 2 * (5.2 + std::cos(1.3)) - 1.3, {.ulps = 2}));
    const auto [values, tangents] = jvp(
        [](const std::vector<Scalar>& x) {
            return std::tuple{x[0] * x[1], std::array{x[0], 2 * x[1]}, stack(x), Scalar(7)};
        },
        std::vector{2.0, 3.0}, std::vector{1.0, 10.0});
    static_assert(std::is_same_v<decltype(values), const std::tuple<double, std::array<double, 2>, T, double>>);
    BOOST_TEST(std::get<0>(values) == 6.0);
    BOOST_TEST(std::get<0>(tangents) == 23.0);
    BOOST_TEST((std::get<1>(tangents) == std::array{1.0, 20.0}));
    check(std::get<2>(values), T::of({2, 3}), {});
    check(std::get<2>(tangents), T::of({1, 10}), {});
    BOOST_TEST(std::get<3>(values) == 7.0);
    BOOST_TEST(std::get<3>(tangents) == 0.0);
    const auto [p, pdot] = jvp([](const T& x) { return matmul(x, x); }, T::from_rows({{1, 2}, {3, 4}}), T::from_rows({{0, 1}, {0, 0}}));
    check(p, T::from_rows({{7, 10}, {15, 22}}), {});
    check(pdot, T::from_rows({{3, 5}, {0, 3}}), {});
    BOOST_TEST(!p.recorded());
    BOOST_TEST(!pdot.recorded());
}

BOOST_AUTO_TEST_CASE(a_pullback_is_called_many_times_and_outlives_everything) {
    const auto make = [] {
        const T a = T::from_rows({{1, 2}, {3, 4}});
        return vjp([&a](const T& x, const Scalar& s) { return std::pair{matmul(a, x) * s, s * s}; }, T::from_rows({{1}, {1}}), 3.0);
    };
    const auto [y, pullback] = make();
    check(y.first, T::from_rows({{9}, {21}}), {});
    BOOST_TEST(y.second.value() == 9.0);
    const auto copy = pullback;
    Tape another;  // the recording of the pullback is not in anybody's way
    const Scalar v = another.variable(2.0);
    for (int repeat = 0; repeat < 3; ++repeat) {
        const auto [xbar, sbar] = copy(std::pair{T::from_rows({{1}, {10}}), 0.5});
        check(xbar, T::from_rows({{3 * 31.0}, {3 * 42.0}}), {});
        BOOST_TEST(sbar == 3 + 70 + 3.0);
    }
    BOOST_TEST(gradient(v * v)[v] == 4.0);
    const auto [square_of, slope_of] = vjp([](const auto& x) { return x * x; }, 3.0);
    static_assert(std::is_same_v<decltype(square_of), const double>);
    BOOST_TEST(square_of == 9.0);
    BOOST_TEST(slope_of(0.5) == 3.0);
}

BOOST_AUTO_TEST_CASE(gradients_of_containers_are_containers_of_doubles) {
    const auto [y, g] = value_and_gradient(product, std::vector{1, 2, 3, 4, 5});
    static_assert(std::is_same_v<decltype(g), const std::vector<double>>);
    BOOST_TEST(y == 120.0);
    BOOST_TEST(g == (std::vector<double>{120, 60, 40, 30, 24}), boost::test_tools::per_element());
    const std::array<double, 3> of_array = gradient(product, std::array{2.0f, 3.0f, 4.0f});
    BOOST_TEST((of_array == std::array{12.0, 8.0, 6.0}));
    const auto [in_vector, in_number] =
        gradient([](const std::vector<Scalar>& x, const Scalar& s) { return (x[0] + x[1]) * s; }, std::vector{1.0, 2.0}, 4.0);
    BOOST_TEST(in_vector == (std::vector<double>{4, 4}), boost::test_tools::per_element());
    BOOST_TEST(in_number == 3.0);
}

BOOST_AUTO_TEST_SUITE_END()
