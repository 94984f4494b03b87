// SPDX-License-Identifier: MIT
// Operations of the user's own: what they need, what they give in each mode and order, and what is said when they are wrong.
#include "autodiff/autodiff.hpp"
#include "tests/control/tangent.hpp"
#include "tests/control/throws.hpp"
#include "tests/support/compare.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <thread>
#include <tuple>
#include <vector>

namespace {

using namespace autodiff;
using T = Tensor<double>;

const Detail both[] = {Detail::derivatives, Detail::operations};

std::vector<double> numbers(const T& x) { return {x.contiguous().data().begin(), x.contiguous().data().end()}; }

const auto cube = custom(
    "cube", [](double x) { return x * x * x; }, [](double ybar, double, double x) { return 3 * x * x * ybar; }, {.check = true});

/// y = sin(a) b, broadcast by hand over a number: tensors and Scalars together
const auto wave = custom(
    "wave", [](const T& a, double b) { return (sin(a) * b).constant(); },
    [](const T& ybar, const T& y, const T& a, double b) {
        return std::tuple{cos(a) * ybar * b, sum(ybar * y).item() / b};
    },
    {.check = true});

}  // namespace

BOOST_AUTO_TEST_SUITE(custom_operations)

BOOST_AUTO_TEST_CASE(of_a_number_are_one_row_with_their_own_derivative) {
    for (const Detail detail : both) {
        Tape tape(detail);
        const Scalar x = tape.variable(2.0);
        const Scalar y = cube(x);
        BOOST_TEST(y.value() == 8.0);
        BOOST_TEST(tape.stats().rows == 2u);
        BOOST_TEST(gradient(y * x)[x] == 32.0);
        BOOST_TEST(gradient(cube(x * 1.5) * 2.0)[x] == 2 * 27 * 1.5);
    }
}

BOOST_AUTO_TEST_CASE(take_tensors_and_scalars_together) {
    for (const Detail detail : both) {
        Tape tape(detail);
        const T a = tape.variable(T::from_rows({{0.1, 0.2}, {0.3, 0.4}}));
        const Scalar b = tape.variable(3.0);
        const T y = wave(transpose(a), b), expected = sin(transpose(a)) * b;
        BOOST_TEST(numbers(y) == numbers(expected), boost::test_tools::per_element());
        const Gradient g = gradient(sum(y * y)), plain = gradient(sum(expected * expected));
        for (std::size_t i = 0; i < 4; ++i) BOOST_TEST(test::close(g[a].data()[i], plain[a].data()[i], {.ulps = 4}));
        BOOST_TEST(test::close(g[b], plain[b], {.ulps = 8}));
        // Numbers are constants.
        BOOST_TEST(gradient(sum(wave(a, 2)))[a].recorded() == false);
        BOOST_TEST(!wave(T::ones({2, 2}), 2).recorded());
    }
}

BOOST_AUTO_TEST_CASE(take_the_same_value_twice) {
    const auto product = custom(
        "product", [](double a, double b) { return a * b; },
        [](double ybar, double, double a, double b) {
            return std::pair{ybar * b, ybar * a};
        },
        {.check = true});
    Tape tape;
    const Scalar x = tape.variable(3.0), z = tape.variable(5.0);
    BOOST_TEST(gradient(product(x, x) + x)[x] == 7.0);
    BOOST_TEST(gradient(product(x, z))[z] == 3.0);
}

BOOST_AUTO_TEST_CASE(of_float_tensors) {
    const auto twice = custom(
        "twice", [](const Tensor<float>& x) { return x * 2; },
        [](const Tensor<float>& ybar, const Tensor<float>&, const Tensor<float>&) { return ybar * 2; }, {.check = true});
    Tape tape;
    const Tensor<float> x = tape.variable(Tensor<float>::of({1, 2, 3}));
    BOOST_TEST((gradient(sum(twice(x)))[x].data()[2]) == 2.0f);
}

BOOST_AUTO_TEST_CASE(may_give_nothing_to_an_operand) {
    const auto choose = custom(
        "choose", [](double a, double b) { return b > 0 ? a : 0.0; },
        [](double ybar, double, double, double b) {
            return std::tuple{b > 0 ? ybar : 0.0, no_adjoint};
        },
        {.check = true});
    Tape tape;
    const Scalar a = tape.variable(3.0), b = tape.variable(5.0);
    const Gradient g = gradient(choose(a, b));
    BOOST_TEST(g[a] == 1.0);
    BOOST_TEST(g[b] == 0.0);
}

BOOST_AUTO_TEST_CASE(with_a_jvp_have_forward_mode) {
    const auto with_jvp =
        wave.jvp([](const T& adot, double bdot, const T& y, const T& a, double b) { return cos(a) * adot * b + y * (bdot / b); });
    Tape tape;
    const T a = tape.variable(T::of({0.1, 0.2}));
    const Scalar b = tape.variable(3.0);
    const T y = with_jvp(a, b);
    const auto only_a = test::tangent(tape, {{a, T::of({1, 2})}}, y);
    BOOST_TEST(numbers(only_a) == numbers((cos(a) * T::of({1, 2}) * 3).constant()), boost::test_tools::per_element());
    const auto only_b = std::get<T>(test::tangents(tape, {{b, 2.0}}).block[y.place().node]);
    BOOST_TEST(test::close(only_b.data()[1], 2 * std::sin(0.2), {.ulps = 4}));
}

BOOST_AUTO_TEST_CASE(with_a_definition_have_every_mode_and_order) {
    const auto defined = cube.definition([](const auto& x) { return x * x * x; });
    Tape tape;
    const Scalar x = tape.variable(2.0);
    const Scalar y = defined(x);
    BOOST_TEST(gradient(y)[x] == 12.0);
    BOOST_TEST(test::tangent(tape, {{x, 0.5}}, y) == 6.0);
    const RecordedGradient first = recorded_gradient(y);
    BOOST_TEST(first[x].value() == 12.0);
    const RecordedGradient second = recorded_gradient(first[x]);
    BOOST_TEST(second[x].value() == 12.0);
    BOOST_TEST(gradient(second[x])[x] == 6.0);
    BOOST_TEST(gradient(recorded_tangent(tape, {{x, 0.5}})[y])[x] == 6.0);

    const auto both_ways = wave.definition([](const auto& a, const auto& b) { return sin(a) * b; });
    const T a = tape.variable(T::of({0.3, 0.5}));
    const Scalar b = tape.variable(3.0);
    const auto hessian_row = [&](const T& z) { return gradient(sum(recorded_gradient(sum(z * z))[a] * T::of({1, -2}))); };
    const Gradient got = hessian_row(both_ways(a, b)), expected = hessian_row(sin(a) * b);
    BOOST_TEST(test::close(got[b], expected[b], {.relative = 1e-13}));
    for (std::size_t i = 0; i < 2; ++i) BOOST_TEST(test::close(got[a].data()[i], expected[a].data()[i], {.relative = 1e-13}));
}

BOOST_AUTO_TEST_CASE(without_them_say_what_to_supply) {
    Tape tape;
    const Scalar x = tape.variable(2.0);
    const Scalar y = cube(x);
    test::throws<TapeError>(
        [&] {
            static_cast<void>(test::tangent(tape, {{x, 1.0}}, y));
        },
        "cube: expected an operation with a jvp or a definition, for forward mode, got one with a vjp only; give it "
        ".jvp(...) or .definition(...)");
    const std::string second =
        "cube: expected an operation with a definition, for a derivative that is recorded itself, got one whose derivative is "
        "a plain function; give it .definition(...)";
    test::throws<TapeError>([&] { static_cast<void>(recorded_gradient(y)); }, second);
    const auto with_jvp = cube.jvp([](double xdot, double, double v) { return 3 * v * v * xdot; });
    const Scalar z = with_jvp(x);
    BOOST_TEST(test::tangent(tape, {}, x) == 0.0);
    test::throws<TapeError>([&] { static_cast<void>(recorded_gradient(z)); }, second);
    test::throws<TapeError>([&] { static_cast<void>(recorded_tangent(tape, {{x, 1.0}})); }, second);
    BOOST_TEST(gradient(y)[x] == 12.0);
}

BOOST_AUTO_TEST_CASE(that_return_another_shape_or_number_are_told_so) {
    const auto shape = custom(
        "shape", [](const T& a, const T& b) { return (a * sum(b)).constant(); },
        [](const T& ybar, const T&, const T& a, const T&) {
            return std::tuple{ybar, sum(ybar * a)};
        },
        {.check = false});
    const auto number = custom(
        "number", [](const T& a, const T&) { return a; }, [](const T& ybar, const T&, const T&, const T&) { return std::vector<T>{ybar}; },
        {.check = false});
    for (const Detail detail : both) {
        Tape tape(detail);
        const T a = tape.variable(T::of({1, 2})), b = tape.variable(T::of({3, 4, 5}));
        const T y = shape(a, b), z = number(a, b);
        const std::size_t rows = tape.stats().rows;
        const T sum_y = sum(y), sum_z = sum(z);
        test::throws<ShapeError>([&] { static_cast<void>(gradient(sum_y)); },
                                 "shape: expected a contribution of shape [3] to operand 1 from its vjp, got []");
        test::throws<ShapeError>([&] { static_cast<void>(gradient(sum_z)); },
                                 "number: expected 2 contributions from its vjp, one per operand, got 1; there is none for operand 1");
        BOOST_TEST(tape.stats().rows == rows + 2);
        BOOST_TEST(numbers(gradient(sum(a * a))[a]) == numbers(T::of({2, 4})), boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_CASE(that_throw_leave_the_tape_as_it_was) {
    int calls = 0;
    const auto failing = custom(
        "failing",
        [&calls](double x) {
            if (++calls > 1) throw std::domain_error("no more");
            return x;
        },
        [](double ybar, double, double) -> double {
            if (ybar > 1) throw std::range_error("too large");
            return ybar;
        },
        {.check = false});
    Tape tape;
    const Scalar x = tape.variable(2.0);
    const Scalar y = failing(x);
    BOOST_CHECK_THROW(static_cast<void>(failing(x)), std::domain_error);
    BOOST_TEST(tape.stats().rows == 2u);
    const Scalar z = y * 5.0;
    BOOST_CHECK_THROW(static_cast<void>(gradient(z)), std::range_error);
    BOOST_TEST(gradient(y)[x] == 1.0);
}

BOOST_AUTO_TEST_CASE(must_not_capture_recorded_values) {
    Tape tape;
    const Scalar x = tape.variable(2.0, "x"), w = tape.variable(3.0, "w");
    const T v = tape.variable(T::of({1, 2}), "v");
    const auto captures = custom(
        "captures", [&](double t) { return (v * t).constant(); }, [](const T& ybar, const T&, double) { return sum(ybar).item(); },
        {.check = false});
    test::throws<TapeError>(
        [&] { static_cast<void>(captures(x)); },
        "captures: expected a function of its arguments, got one that uses another value (mul: expected values of the newest "
        "live tape, which records, got v of another tape); pass the value as an argument too, or stop_gradient of it outside");
    BOOST_TEST(tape.stats().rows == 3u);
    const auto returns = custom(
        "returns", [&](double) { return v; }, [](const T& ybar, const T&, double) { return sum(ybar).item(); }, {.check = false});
    test::throws<TapeError>([&] { static_cast<void>(returns(x)); },
                            "returns: expected a constant from its value function, got a recorded value");
    static_cast<void>(w);
}

BOOST_AUTO_TEST_CASE(may_sweep_inside) {
    // A nested gradient, on a tape of its own, while the outer one is recorded and while it is swept.
    const auto nested = custom(
        "nested", [](double x) { return value_and_gradient([](auto t) { return t * t * t * t; }, x).second; },
        [](double ybar, double, double x) { return ybar * value_and_gradient([](auto t) { return 4.0 * t * t * t; }, x).second; },
        {.check = true});
    for (const Detail detail : both) {
        Tape tape(detail);
        Scalar x = tape.variable(2.0);
        const Scalar first = x;
        for (int i = 0; i < 3; ++i) x = nested(x) * 0.03125;
        BOOST_TEST(x.value() == 1.0 / 4096);  // x^27 / 8^13
        BOOST_TEST(gradient(x)[first] == 27.0 / 8192);
    }
}

BOOST_AUTO_TEST_CASE(are_swept_by_several_threads) {
    Tape tape;
    const Scalar x = tape.variable(2.0);
    const Scalar y = cube(cube(x));
    std::vector<double> found(4);
    std::vector<std::thread> threads;
    for (double& f : found) threads.emplace_back([&] { f = tape.gradient(y)[x]; });
    for (std::thread& t : threads) t.join();
    for (const double f : found) BOOST_TEST(f == 9 * 256.0);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(custom_check)

BOOST_AUTO_TEST_CASE(finds_a_wrong_vjp_on_first_use) {
    const auto wrong = custom(
        "wrong", [](const T& a, double b) { return (a * a * b).constant(); },
        [](const T& ybar, const T&, const T& a, double b) {
            return std::tuple{2 * a * b * ybar, sum(a * ybar).item()};
        },
        {.check = true});
    Tape tape;
    const T a = tape.variable(T::of({1, 3}));
    const Scalar b = tape.variable(2.0);
    const std::size_t rows = tape.stats().rows;
    for (int again = 0; again < 2; ++again) try {
            static_cast<void>(wrong(a, b));
            BOOST_ERROR("the check passed");
        } catch (const ValueError& e) {
            // The cotangent is u_i = 0.75 + 0.5 sin(1 + 2.4 i), and what is expected u_0 + 9 u_1.
            BOOST_TEST(std::string(e.what()) ==
                       "wrong: expected 6.7708 for the derivative by element 0 of operand 1, from differences of its "
                       "value, got 3.03742 from its vjp; correct the vjp, or make the operation with {.check = false}");
        }
    BOOST_TEST(tape.stats().rows == rows);
}

BOOST_AUTO_TEST_CASE(names_the_element) {
    const auto wrong = custom(
        "third", [](const T& a) { return (a * 2).constant(); },
        [](const T& ybar, const T&, const T&) {
            return ybar * T::of({2, 2, 2.1});
        },
        {.check = true});
    Tape tape;
    const T a = tape.variable(T::of({1, 3, 5}));
    BOOST_CHECK_EXCEPTION(static_cast<void>(wrong(a)), ValueError,
                          [](const ValueError& e) { return std::string(e.what()).find("by element 2 of operand 0") != std::string::npos; });
}

BOOST_AUTO_TEST_CASE(accepts_kinks_edges_of_the_domain_and_infinite_slopes) {
    Tape tape;
    const auto check = [&](const char* name, auto value, auto vjp, double x) {
        BOOST_CHECK_NO_THROW(static_cast<void>(custom(name, value, vjp, {.check = true})(tape.variable(x))));
    };
    for (const double slope : {-1.0, 0.0, 0.3, 1.0})
        check(
            "abs", [](double x) { return std::abs(x); }, [slope](double ybar, double, double) { return slope * ybar; }, 0.0);
    check(
        "sqrt", [](double x) { return std::sqrt(x); }, [](double ybar, double y, double) { return ybar / (2 * y); }, 0.0);
    check(
        "log", [](double x) { return std::log(x); }, [](double ybar, double, double x) { return ybar / x; }, 1e-6);
    check(
        "sharp", [](double x) { return std::tanh(1000 * x); }, [](double ybar, double y, double) { return 1000 * (1 - y * y) * ybar; },
        1e-3);
    check(
        "large", [](double x) { return x * x; }, [](double ybar, double, double x) { return 2 * x * ybar; }, 1e8);
    check(
        "offset", [](double x) { return 1e6 + std::sin(x); }, [](double ybar, double, double x) { return std::cos(x) * ybar; }, 1.0);
}

BOOST_AUTO_TEST_CASE(is_done_once) {
    int values = 0;
    const auto counted = custom(
        "counted",
        [&values](double x) {
            ++values;
            return 2 * x;
        },
        [](double ybar, double, double) { return 2 * ybar; }, {.check = true});
    Tape tape;
    static_cast<void>(counted(Scalar(1)));
    BOOST_TEST(values == 1);  // constants have no derivative to check
    const Scalar x = tape.variable(1.0);
    static_cast<void>(counted(x));
    BOOST_TEST(values > 2);
    values = 0;
    static_cast<void>(counted(x));
    BOOST_TEST(values == 1);
}

BOOST_AUTO_TEST_CASE(compares_the_definition_with_the_value) {
    const auto other = cube.definition([](const auto& x) { return x * x; });
    Tape tape;
    const Scalar x = tape.variable(2.0);
    test::throws<ValueError>([&] { static_cast<void>(other(x)); },
                             "cube: expected 8 at element 0 from its definition, as its value has, got 4");
}

BOOST_AUTO_TEST_SUITE_END()
