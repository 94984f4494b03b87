// SPDX-License-Identifier: MIT
// What a program loses when it is assembled, and what it must not lose.
#include "autodiff/function.hpp"
#include "autodiff/program/plan.hpp"

#include <bit>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace {

using namespace autodiff;
using function::Value;

constexpr double inf = std::numeric_limits<double>::infinity(), undefined = std::numeric_limits<double>::quiet_NaN();

/// The steps that a batch takes per block.
template <class F>
std::size_t steps(const F& f) {
    const function::Program& program = f.program();
    const std::vector<function::Delivery> each(program.outputs.size(), function::Delivery::each);
    return function::make_plan<double>(program, std::vector<bool>(program.inputs, false), each).main.size();
}

/// f(x) by the program at one point and by the lanes.
template <class F>
void check_at(const F& f, double x, double expected) {
    for (const double y :
         {f(x), static_cast<double>(f(std::vector{x, x, x}).at(1)), static_cast<double>(f(std::vector{static_cast<float>(x)}).at(0))}) {
        BOOST_TEST((y == expected || (std::isnan(y) && std::isnan(expected))), "at " << x << ": got " << y << ", expected " << expected);
        if (!std::isnan(expected)) BOOST_TEST(std::signbit(y) == std::signbit(expected), "at " << x << ": got " << y);
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(simplification)

BOOST_AUTO_TEST_CASE(the_text_shows_one_operation_a_line) {
    const auto f = record(
        [](const auto& x, const auto& y) -> std::vector<Scalar> {
            if (y != 3) return {x};
            const auto p = x * y;
            if (p > 2.5) {
                const auto wave = sin(p), chosen = where(x < y, wave, 0.125), last = fma(x, y, 2);
                return {chosen, last, 4.0, x};
            }
            return {p};
        },
        1.0, 3.0);
    BOOST_TEST(f.to_string() == "inputs x0, x1\n"
                                "t0 = mul(x0, x1)\n"
                                "t1 = sin(t0)\n"
                                "t2 = less(x0, x1)\n"
                                "t3 = where(t2, t1, 0.125)\n"
                                "t4 = fma(x0, x1, 2)\n"
                                "t5 = not_equal(x1, 3)\n"
                                "t6 = less(2.5, t0)\n"
                                "guard x1 != 3 is false\n"
                                "guard 2.5 < t0 is true\n"
                                "outputs t3, t4, 4, x0\n");
}

BOOST_AUTO_TEST_CASE(dead_rows_are_removed) {
    const auto f = record(
        [](const auto& x, const auto& y) {
            auto dead = exp(x) * y;
            for (int k = 0; k < 10; ++k) dead = sin(dead) + x;
            return x + y;
        },
        1.0, 2.0);
    BOOST_TEST(f.to_string() == "inputs x0, x1\nt0 = add(x0, x1)\noutputs t0\n");
}

BOOST_AUTO_TEST_CASE(common_subexpressions_are_computed_once) {
    const auto f = record(
        [](const auto& a, const auto& b) {
            const auto ab = a * b, left = sin(ab), ba = b * a, right = sin(ba);
            const auto sum = a + b, above = exp(sum), other = b + a, below = exp(other), ratio = above / below;
            const auto product = right * ratio;
            return left - product;
        },
        1.0, 2.0);
    BOOST_TEST(f.to_string() == "inputs x0, x1\n"
                                "t0 = mul(x0, x1)\n"
                                "t1 = sin(t0)\n"
                                "t2 = add(x0, x1)\n"
                                "t3 = exp(t2)\n"
                                "t4 = div(t3, t3)\n"
                                "t5 = mul(t1, t4)\n"
                                "t6 = sub(t1, t5)\n"
                                "outputs t6\n");
    // What has an order keeps it.
    const auto g = record(
        [](const auto& a, const auto& b) -> std::vector<Scalar> { return {a - b, b - a, a / b, b / a, pow(a, b), pow(b, a)}; }, 1.0, 2.0);
    BOOST_TEST(g.program().code.size() == 6u);
}

BOOST_AUTO_TEST_CASE(constants_are_folded_and_listed_once) {
    function::Assembler assembler(1);
    const Value two = assembler.constant(2), three = assembler.constant(3);
    const Value six = assembler.append(code_of<rules::Mul>, {two, three, Value{}});
    const Value root = assembler.append(code_of<rules::Sqrt>, {assembler.append(code_of<rules::Add>, {six, three, Value{}})});
    const Value chosen =
        assembler.append(code_of<rules::Where>, {assembler.append(code_of<rules::Less>, {two, three}), assembler.input(0), six});
    const Value y = assembler.append(code_of<rules::Mul>, {chosen, root});
    const Value z = assembler.append(code_of<rules::Div>, {assembler.constant(3), y});
    const Value outputs[] = {z};
    const function::Program program = std::move(assembler).finish(outputs, {});
    BOOST_TEST(function::to_string(program) == "inputs x0\nt0 = mul(x0, 3)\nt1 = div(3, t0)\noutputs t1\n");
    BOOST_TEST(program.constants.size() == 1u);
}

BOOST_AUTO_TEST_CASE(zeros_of_both_signs_and_nan_are_constants_of_their_own) {
    function::Assembler assembler(1);
    BOOST_TEST((assembler.constant(0.0) != assembler.constant(-0.0)));
    BOOST_TEST((assembler.constant(undefined) == assembler.constant(undefined)));
}

BOOST_AUTO_TEST_CASE(operations_that_change_nothing_disappear) {
    const auto f = record([](const auto& x) { return -(-((x * 1 + 0 - 0) / 1 * 1.0)); }, 2.0);
    BOOST_TEST(f.to_string() == "inputs x0\noutputs x0\n");
    const auto g = record([](const auto& x) -> std::vector<Scalar> { return {0 - x, x * -1, -1 * x, -x, where(x < 0, x, x)}; }, 2.0);
    BOOST_TEST(g.to_string() == "inputs x0\nt0 = neg(x0)\noutputs t0, t0, t0, t0, x0\n");
    const auto h = record([](const auto& x) { return where(rules::less(x, 1.0) != 0, x, 2); }, 2.0);
    BOOST_TEST(h.program().code.size() == 2u);  // a comparison compared with 0 is the comparison
}

// x * 0 is 0 for finite x only; x - x and x / x likewise. The sign of a zero, alone, may be lost: 0 - x is -x, and x + 0 is x.
BOOST_AUTO_TEST_CASE(nothing_is_simplified_that_changes_a_value) {
    const auto times_zero = record([](const auto& x) { return x * 0; }, 1.0);
    check_at(times_zero, 3, 0.0);
    check_at(times_zero, -3, -0.0);
    check_at(times_zero, inf, undefined);
    check_at(times_zero, undefined, undefined);
    const auto minus_itself = record([](const auto& x) { return x - x; }, 1.0);
    check_at(minus_itself, 3, 0.0);
    check_at(minus_itself, inf, undefined);
    check_at(minus_itself, undefined, undefined);
    const auto over_itself = record([](const auto& x) { return x / x; }, 1.0);
    check_at(over_itself, 3, 1);
    check_at(over_itself, 0, undefined);
    check_at(over_itself, inf, undefined);
    const auto to_the_0 = record([](const auto& x) { return pow(x, 0.0); }, 1.0);
    check_at(to_the_0, undefined, 1);
    const auto zero_over = record([](const auto& x) { return 0 / x; }, 1.0);
    check_at(zero_over, 0, undefined);
    check_at(zero_over, -2, -0.0);
    const auto is_itself = record([](const auto& x) { return where(x == x, 1, 2); }, 1.0);
    check_at(is_itself, undefined, 2);
    check_at(is_itself, inf, 1);
    const auto plus_zero = record([](const auto& x) { return x + 0; }, 1.0);
    check_at(plus_zero, 0, 0.0);
    BOOST_TEST(plus_zero(-0.0) == 0);
    const auto negated = record([](const auto& x) { return 0 - x; }, 1.0);
    BOOST_TEST(negated(0.0) == 0);
    check_at(negated, inf, -inf);
}

BOOST_AUTO_TEST_CASE(additions_are_not_reordered) {
    const auto f = record([](const auto& x, const auto& y) { return ((x + y) - x) - y; }, 1.0, 1.0);
    BOOST_TEST(f(1e17, 1.0) == ((1e17 + 1.0) - 1e17) - 1.0);
    BOOST_TEST(f(std::vector{1e17}, std::vector{1.0}).at(0) == ((1e17 + 1.0) - 1e17) - 1.0);
    const auto g = record([](const auto& x, const auto& y) { return x - (y + (x - y)); }, 1.0, 1.0);
    BOOST_TEST(g(1e17, 1.0) == 1e17 - (1.0 + (1e17 - 1.0)));
}

BOOST_AUTO_TEST_CASE(a_chain_of_additions_is_one_step) {
    const auto sum =
        record([](const auto& a, const auto& b, const auto& c, const auto& d) { return a + b - c + d + 1.5; }, 1.0, 2.0, 3.0, 4.0);
    BOOST_TEST(sum.program().code.size() == 4u);
    BOOST_TEST(steps(sum) == 1u);
    const auto products =
        record([](const auto& a, const auto& b, const auto& c, const auto& d) { return a * b + c * d - (a * d) + b; }, 1.0, 2.0, 3.0, 4.0);
    BOOST_TEST(products.program().code.size() == 6u);
    BOOST_TEST(steps(products) == 1u);
    // A product that is needed elsewhere is a step of its own.
    const auto used_twice = record(
        [](const auto& a, const auto& b) {
            const auto p = a * b;
            return sin(p) + p + a;
        },
        1.0, 2.0);
    BOOST_TEST(steps(used_twice) == 3u);
    const auto long_sum = record(
        [](const std::vector<Scalar>& x) {
            Scalar s = 0;
            for (const Scalar& xi : x) s += xi * xi;
            return s;
        },
        std::vector<double>(100, 0.5));
    BOOST_TEST(steps(long_sum) == 5u);  // of at most 24 terms, the sum so far among them: 24 + 4 * 23 >= 100
    BOOST_TEST(long_sum(std::vector<double>(100, 2.0)) == 400);
    BOOST_TEST(long_sum(Tensor<double>::full(Shape{5, 100}, 3.0)).at(4) == 900);
}

// In the order in which a program is written, an Assembler's program is as long as the program.
BOOST_AUTO_TEST_CASE(what_is_computed_from_shared_inputs_is_computed_once) {
    const auto f = record([](const auto& x, const auto& a) { return x * exp(sin(a) + 3); }, 1.0, shared(2.0));
    const function::Delivery each[] = {function::Delivery::each};
    const auto plan = function::make_plan<double>(f.program(), {false, true}, each);
    BOOST_TEST(plan.main.size() == 1u);
    BOOST_TEST(plan.prologue.size() == 3u);
}

BOOST_AUTO_TEST_SUITE_END()
