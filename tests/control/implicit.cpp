// SPDX-License-Identifier: MIT
// Values given by equations: against closed forms, against the unrolled iteration, in every mode, and what is said when there is none.
#include "autodiff/autodiff.hpp"
#include "autodiff/kernels/gmres.hpp"
#include "tests/control/tangent.hpp"
#include "tests/control/throws.hpp"
#include "tests/support/compare.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <random>
#include <vector>

namespace {

using namespace autodiff;
using T = Tensor<double>;

const Detail both[] = {Detail::derivatives, Detail::operations};

T random(const Shape& shape, unsigned seed, double size) {
    std::mt19937_64 engine(seed);
    std::uniform_real_distribution<double> next(-size, size);
    T x = T::uninitialised(shape);
    for (double& v : in_place(x)) v = next(engine);
    return x;
}

void check_close(const T& got, const T& expected, double relative) {
    BOOST_TEST_REQUIRE(got.shape() == expected.shape());
    double size = 0;
    for (const double v : expected.data()) size = std::max(size, std::abs(v));
    for (std::size_t i = 0; i < got.data().size(); ++i)
        BOOST_TEST(test::close(got.data()[i], expected.data()[i], {.absolute = relative * size}), "element " << i);
}

/// A deep equilibrium layer: z = tanh(z W + x U + b).
struct Layer {
    T w = random({6, 6}, 1, 0.25), u = random({4, 6}, 2, 1), b = random({6}, 3, 0.5), x = random({3, 4}, 4, 1);
};
Layer recorded(Tape& tape) {
    const Layer l;
    return {tape.variable(l.w, "w"), tape.variable(l.u, "u"), tape.variable(l.b, "b"), tape.variable(l.x, "x")};
}
const auto equilibrium = [](const T& z, const Layer& l) { return tanh(matmul(z, l.w) + matmul(l.x, l.u) + l.b); };
T unrolled(const Layer& l, int steps) {
    T z = T::zeros({3, 6});
    for (int i = 0; i < steps; ++i) z = equilibrium(z, l);
    return z;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(gmres)

BOOST_AUTO_TEST_CASE(solves_what_elimination_would) {
    const Index n = 30;
    const T a = random({n, n}, 7, 1), x = random({n}, 8, 1);
    const auto product = [&](std::span<const double> v, std::span<double> result) {
        for (std::size_t i = 0; i < result.size(); ++i) {
            result[i] = 0;
            for (std::size_t j = 0; j < v.size(); ++j) result[i] += a.data()[i * v.size() + j] * v[j];
        }
    };
    std::vector<double> b(30), found(30);
    product(x.data(), b);
    BOOST_TEST(kernels::gmres(product, b, found) < 1e-12);
    for (std::size_t i = 0; i < found.size(); ++i) BOOST_TEST(test::close(found[i], x.data()[i], {.absolute = 1e-10}));
    // In cycles of ten vectors, for a matrix that allows it
    const auto shifted = [&](std::span<const double> v, std::span<double> result) {
        product(v, result);
        for (std::size_t i = 0; i < result.size(); ++i) result[i] += 10 * v[i];
    };
    shifted(x.data(), b);
    std::fill(found.begin(), found.end(), 0.0);
    BOOST_TEST(kernels::gmres(shifted, b, found, {.restart = 10}) <= 1e-12);
    for (std::size_t i = 0; i < found.size(); ++i) BOOST_TEST(test::close(found[i], x.data()[i], {.absolute = 1e-11}));
}

BOOST_AUTO_TEST_CASE(says_how_far_it_came) {
    const auto singular = [](std::span<const double> v, std::span<double> result) { result[0] = v[0], result[1] = 0; };
    std::vector<double> x(2);
    BOOST_TEST(kernels::gmres(singular, std::vector<double>{3, 4}, x) == 0.8, boost::test_tools::tolerance(1e-12));
    BOOST_TEST(kernels::gmres(singular, std::vector<double>{0, 0}, x) == 0.0);
    BOOST_TEST(kernels::gmres(singular, std::vector<double>{3, 0}, x) == 0.0);
    BOOST_TEST(x[0] == 3.0);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(fixed_points)

BOOST_AUTO_TEST_CASE(of_a_number_have_the_derivative_of_the_closed_form) {
    // z = z / 2 + a / (2 z): z = sqrt a
    const auto heron = [](const Scalar& z, const Scalar& a) { return 0.5 * (z + a / z); };
    for (const Detail detail : both) {
        Tape tape(detail);
        const Scalar a = tape.variable(7.0);
        const Scalar z = fixed_point(heron, 1.0, a);
        BOOST_TEST(tape.stats().rows == 2u);
        BOOST_TEST(test::close(z.value(), std::sqrt(7.0), {.ulps = 2}));
        BOOST_TEST(test::close(gradient(z * a)[a], 1.5 * std::sqrt(7.0), {.relative = 1e-14}));
        BOOST_TEST(test::close(test::tangent(tape, {{a, 2.0}}, z), 1 / std::sqrt(7.0), {.relative = 1e-14}));
    }
}

// numerics 4.32
BOOST_AUTO_TEST_CASE(have_the_gradient_of_the_unrolled_iteration) {
    for (const Detail detail : both) {
        Tape tape(detail);
        const Layer l = recorded(tape);
        const T c = random({3, 6}, 9, 1);
        const T z = fixed_point(equilibrium, T::zeros({3, 6}), l);
        BOOST_TEST(tape.stats().rows == 5u);
        const Gradient g = gradient(sum(c * z)), expected = gradient(sum(c * unrolled(l, 120)));
        check_close(g[l.w], expected[l.w], 1e-11);
        check_close(g[l.u], expected[l.u], 1e-11);
        check_close(g[l.b], expected[l.b], 1e-11);
        check_close(g[l.x], expected[l.x], 1e-11);
    }
}

BOOST_AUTO_TEST_CASE(have_the_tangent_and_the_second_order_of_the_unrolled_iteration) {
    Tape tape;
    const Layer l = recorded(tape);
    const T c = random({3, 6}, 9, 1), v = random({6, 6}, 10, 1);
    const T z = fixed_point(equilibrium, T::zeros({3, 6}), l), iterated = unrolled(l, 120);
    check_close(test::tangent(tape, {{l.w, v}}, z), test::tangent(tape, {{l.w, v}}, iterated), 1e-11);
    const auto second = [&](const T& y) { return gradient(sum(recorded_gradient(sum(c * y * y))[l.w] * v)); };
    const Gradient got = second(z), expected = second(iterated);
    check_close(got[l.w], expected[l.w], 1e-9);
    check_close(got[l.x], expected[l.x], 1e-9);
    check_close(got[l.b], expected[l.b], 1e-9);
}

struct Two {
    Scalar p;
    T q;
};

BOOST_AUTO_TEST_CASE(of_structs_and_in_float) {
    Tape tape;
    const Scalar a = tape.variable(0.3);
    const auto f = [](const Two& z, const Scalar& t) { return Two{t * Scalar(sum(z.q)) + 1.0, z.q * 0.25 + z.p * t}; };
    const Two z = fixed_point(f, Two{0, T::zeros({2})}, a);
    // q = 4/3 t p, p = 1 + 8/3 t^2 p
    const double p = 1 / (1 - 8.0 / 3 * 0.09), slope = p * p * 16.0 / 3 * 0.3;
    BOOST_TEST(test::close(z.p.value(), p, {.relative = 1e-11}));
    BOOST_TEST(test::close(gradient(z.p)[a], slope, {.relative = 1e-11}));
    BOOST_TEST(test::close(gradient(sum(z.q))[a], 8.0 / 3 * (p + 0.3 * slope), {.relative = 1e-11}));
    const Tensor<float> w = tape.variable(Tensor<float>::of({0.5f, 0.25f}));
    const Tensor<float> y =
        fixed_point([](const Tensor<float>& t, const Tensor<float>& v) { return t * v + 1; }, Tensor<float>::zeros({2}), w);
    BOOST_TEST(test::close(gradient(sum(y))[w].data()[0], 4.0, {.relative = 1e-5}));
}

BOOST_AUTO_TEST_CASE(of_constants_and_without_a_tape) {
    const auto heron = [](const Scalar& z, const Scalar& a) { return 0.5 * (z + a / z); };
    BOOST_TEST(test::close(fixed_point(heron, 1.0, Scalar(9)).value(), 3.0, {.ulps = 1}));
    Tape tape;
    BOOST_TEST(!fixed_point(heron, 1.0, Scalar(9)).recorded());
    BOOST_TEST(tape.stats().rows == 0u);
}

BOOST_AUTO_TEST_CASE(that_do_not_exist_throw_and_leave_the_tape) {
    Tape tape;
    const Scalar a = tape.variable(2.0, "a"), w = tape.variable(1.0, "w");
    test::throws<ValueError>(
        [&] {
            static_cast<void>(fixed_point([](const Scalar& z, const Scalar& t) { return 1.0 - t * z; }, 0.0, a, {.max_iterations = 20}));
        },
        "fixed_point: expected an iteration that converges to 1e-12 within 20 steps, got a last change of 5.24e+05; start nearer, "
        "or damp the function until it is a contraction");
    test::throws<ValueError>(
        [&] { static_cast<void>(fixed_point([](const Scalar& z, const Scalar& t) { return z * z * t + 1.0; }, 1.0, a)); },
        "fixed_point: expected an iteration that converges to 1e-12 within 10000 steps, got a last change of inf; start nearer, "
        "or damp the function until it is a contraction");
    test::throws<TapeError>(
        [&] { static_cast<void>(fixed_point([&w](const Scalar& z, const Scalar& t) { return 0.1 * z * t + w; }, 0.0, a)); },
        "fixed_point: expected a function of its arguments, got one that uses another value (add: expected values of the newest "
        "live tape, which records, got w of another tape); pass the value as an argument too, or stop_gradient of it outside");
    test::throws<ShapeError>(
        [&] { static_cast<void>(fixed_point([](const T& z, const Scalar& t) { return sum(z) * t; }, T::zeros({2}), a)); },
        "fixed_point: expected a function that returns the shapes of z, [2], got []");
    // Converged, but I - df/dz is singular: every z is a fixed point.
    const Scalar any = fixed_point([](const Scalar& z, const Scalar& t) { return z + (t - 2.0); }, 5.0, a);
    test::throws<ValueError>(
        [&] { static_cast<void>(gradient(any)); },
        "fixed_point: expected a linear equation of the derivative that can be solved to 1e-10, got a residual of 1; the Jacobian "
        "is singular or nearly so at the solution");
    // What is no number when it arrives is none when it leaves.
    const Scalar z = fixed_point([](const Scalar& t, const Scalar& s) { return 0.1 * t * s; }, 1.0, a);
    BOOST_TEST(std::isnan(gradient(z * std::nan(""))[a]));
    BOOST_TEST(gradient(a * w)[a] == 1.0);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(roots)

BOOST_AUTO_TEST_CASE(have_the_derivatives_of_the_closed_form) {
    // z^3 = a b
    const auto g = [](const Scalar& z, const std::tuple<Scalar, Scalar>& t) { return z * z * z - std::get<0>(t) * std::get<1>(t); };
    for (const Detail detail : both) {
        Tape tape(detail);
        const Scalar a = tape.variable(2.0), b = tape.variable(5.0);
        const Scalar z = root(g, 1.0, std::tuple{a, b});
        BOOST_TEST(test::close(z.value(), std::cbrt(10.0), {.ulps = 4}));
        const Gradient d = gradient(z);
        BOOST_TEST(test::close(d[a], std::cbrt(10.0) / 6, {.relative = 1e-14}));
        BOOST_TEST(test::close(d[b], std::cbrt(10.0) / 15, {.relative = 1e-14}));
        BOOST_TEST(test::close(test::tangent(tape, {{a, 1.0}, {b, 1.0}}, z), std::cbrt(10.0) * (1.0 / 6 + 1.0 / 15), {.relative = 1e-14}));
        if (detail == Detail::derivatives) continue;
        const RecordedGradient first = recorded_gradient(z);
        const RecordedGradient second = recorded_gradient(first[a]);
        BOOST_TEST(test::close(second[a].value(), -2.0 / 9 * std::cbrt(10.0) / 4, {.relative = 1e-10}));
        BOOST_TEST(test::close(second[b].value(), 1.0 / 9 * std::cbrt(10.0) / 10, {.relative = 1e-10}));
        BOOST_TEST(test::close(gradient(recorded_tangent(tape, {{a, 1.0}})[z])[b], 1.0 / 9 * std::cbrt(10.0) / 10, {.relative = 1e-10}));
        BOOST_TEST(test::close(gradient(second[a])[a], 10.0 / 27 * std::cbrt(10.0) / 8, {.relative = 1e-8}));
    }
}

BOOST_AUTO_TEST_CASE(solve_linear_systems_with_the_documented_formula) {
    // x with x A^T = b: bbar = A^-T xbar as a row, Abar = -bbar^T x (Giles 2008)
    Tape tape;
    const T a = tape.variable(random({5, 5}, 20, 1)), b = tape.variable(random({1, 5}, 21, 1)), c = random({1, 5}, 22, 1);
    const auto g = [](const T& x, const std::tuple<T, T>& t) { return matmul(x, transpose(std::get<0>(t))) - std::get<1>(t); };
    const T x = root(g, T::zeros({1, 5}), std::tuple{a, b});
    check_close(matmul(x, transpose(a)).constant(), b.constant(), 1e-12);
    const Gradient d = gradient(sum(c * x));
    check_close(matmul(d[b], a.constant()), c, 1e-11);
    check_close(d[a], (-matmul(transpose(d[b]), x.constant())).contiguous(), 1e-11);
}

BOOST_AUTO_TEST_CASE(are_found_from_far_away) {
    // Newton's undamped step from 3 runs away.
    Tape tape;
    const Scalar a = tape.variable(0.5);
    const Scalar z = root([](const Scalar& t, const Scalar& s) { return atan(t) - s; }, 3.0, a);
    BOOST_TEST(test::close(z.value(), std::tan(0.5), {.relative = 1e-14}));
    BOOST_TEST(test::close(gradient(z)[a], 1 + std::tan(0.5) * std::tan(0.5), {.relative = 1e-13}));
}

BOOST_AUTO_TEST_CASE(that_do_not_exist_throw_and_leave_the_tape) {
    Tape tape;
    const Scalar a = tape.variable(1.0, "a");
    test::throws<ValueError>([&] { static_cast<void>(root([](const Scalar& z, const Scalar& t) { return z * 0.0 + t; }, 1.0, a)); },
                             "root: expected a Jacobian dg/dz that can be inverted, got one that is singular at step 1; start elsewhere");
    BOOST_CHECK_EXCEPTION(static_cast<void>(root([](const Scalar& z, const Scalar& t) { return z * z + t; }, 1.3, a)), ValueError,
                          [](const auto& e) { return std::string(e.what()).starts_with("root: expected "); });
    test::throws<ShapeError>([&] { static_cast<void>(root([](const T& z, const Scalar& t) { return sum(z) * t; }, T::zeros({2}), a)); },
                             "root: expected a function that returns the shapes of z, [2], got []");
    BOOST_TEST(tape.stats().rows == 1u);
    // A double root: the value is found, slowly; its derivative is not.
    const Scalar z = root([](const Scalar& t, const Scalar& s) { return (t - s) * (t - s); }, 2.0, a, {.tolerance = 1e-6});
    BOOST_CHECK_NO_THROW(static_cast<void>(z.value()));
    BOOST_TEST(gradient(a * a)[a] == 2.0);
}

BOOST_AUTO_TEST_SUITE_END()
