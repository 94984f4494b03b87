// SPDX-License-Identifier: MIT
// Sums of contributions that keep what rounding loses, and that they change nothing else.
#include "autodiff/autodiff.hpp"
#include "tests/control/throws.hpp"
#include "tests/support/compare.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace {

using namespace autodiff;
using T = Tensor<double>;

const Detail both[] = {Detail::derivatives, Detail::operations};
constexpr double infinity = std::numeric_limits<double>::infinity();

}  // namespace

BOOST_AUTO_TEST_SUITE(compensated)

// numerics: the cancellation row of the known answers
BOOST_AUTO_TEST_CASE(sums_find_what_cancellation_hides) {
    const double c = 1e20;
    for (const Detail detail : both) {
        Tape tape(detail);
        const Scalar x = tape.variable(1.0);
        // In names, because the plain sweep's answer depends on the order in which temporaries are merged.
        const Scalar left = c * x, t = x + left, right = c * x, y = t - right;
        BOOST_TEST(gradient(y)[x] == 0.0);  // the plain sweep, and what it cannot know
        BOOST_TEST(gradient(y, {.compensated = true})[x] == 1.0);
        BOOST_TEST(tape.gradient(y, {.compensated = true})[x] == 1.0);
        BOOST_TEST(gradient((x + c * x) - c * x, {.compensated = true})[x] == 1.0);
        const Scalar z = (x * x + c * x) * 3.0 - c * x * 3.0;
        BOOST_TEST(gradient(z, {.compensated = true})[x] == 6.0);
        Gradient g;
        tape.gradient(y, g, {.compensated = true});
        BOOST_TEST(g[x] == 1.0);
        tape.gradient(y, g);
        BOOST_TEST(g[x] == 0.0);
    }
}

BOOST_AUTO_TEST_CASE(sums_pass_what_they_kept_down_the_chain) {
    Tape tape;
    const Scalar x = tape.variable(0.5), t = sin(x);
    const Scalar y = (t + 1e20 * t) - 1e20 * t;
    BOOST_TEST(gradient(y)[x] == 0.0);
    BOOST_TEST(gradient(y, {.compensated = true})[x] == std::cos(0.5));
}

BOOST_AUTO_TEST_CASE(products_keep_their_lower_half) {
    Tape tape;
    const double a = 1 + 0x1p-30, b = 1 - 0x1p-30;  // a b = 1 - 2^-60, which rounds to 1
    const Scalar x = tape.variable(1.0), t = x * b;
    const Scalar y = t * a - x;
    BOOST_TEST(gradient(y)[x] == 0.0);
    BOOST_TEST(gradient(y, {.compensated = true})[x] == -0x1p-60);
}

BOOST_AUTO_TEST_CASE(sums_of_tensors_do_too) {
    for (const Detail detail : both) {
        Tape tape(detail);
        const T x = tape.variable(T::of({1, 2}));
        const Tensor<float> f = tape.variable(Tensor<float>::of({1, 2}));
        const T y = sum((x + 1e20 * x) - 1e20 * x);
        BOOST_TEST((gradient(y)[x].data()[1]) == 0.0);
        const Gradient g = gradient(y, {.compensated = true});
        BOOST_TEST((g[x].data()[0]) == 1.0);
        BOOST_TEST((g[x].data()[1]) == 1.0);
        BOOST_TEST((gradient(sum((f + 1e12f * f) - 1e12f * f), {.compensated = true})[f].data()[1]) == 1.0f);
        // By element, and through a Scalar
        const Scalar e = x(1), s = (e + 1e20 * x(1)) - 1e20 * x(1);
        const Gradient h = gradient(s, {.compensated = true});
        BOOST_TEST((h[x].data()[1]) == 1.0);
        BOOST_TEST((h[x].data()[0]) == 0.0);
        BOOST_TEST(h[x(1)] == 1.0);
        const Scalar a = tape.variable(1.0);
        const T z = sum((a * x + (1e20 * a) * x) - (1e20 * a) * x);
        BOOST_TEST(gradient(z, {.compensated = true})[a] == 3.0);
    }
}

BOOST_AUTO_TEST_CASE(sums_agree_with_plain_ones_where_nothing_cancels) {
    std::mt19937_64 random(5);
    std::uniform_real_distribution<double> next(0.5, 1.5);
    Tape tape(Detail::derivatives);
    std::vector<Scalar> x;
    for (int i = 0; i < 20; ++i) x.push_back(tape.variable(next(random)));
    Scalar y = x[0];
    for (std::size_t i = 0; i < 200; ++i) y = y * 0.5 + sin(x[i % 20]) * x[(7 * i + 1) % 20] + y / (1.0 + x[(3 * i) % 20]);
    const Gradient plain = gradient(y), careful = gradient(y, {.compensated = true});
    for (const Scalar& v : x) BOOST_TEST(test::close(plain[v], careful[v], {.relative = 1e-13}));
}

BOOST_AUTO_TEST_CASE(sums_leave_infinities_nan_and_reach_as_they_are) {
    for (const Detail detail : both) {
        Tape tape(detail);
        const Scalar x = tape.variable(0.0), z = tape.variable(2.0), unused = tape.variable(1.0), huge = tape.variable(1e300);
        const auto check = [&](const Scalar& y) {
            const Gradient plain = gradient(y), careful = gradient(y, {.compensated = true});
            for (const Scalar& v : {x, z, unused, huge}) {
                BOOST_TEST(test::close(careful[v], plain[v], {.ulps = 1}));
                BOOST_TEST(careful.reaches(v) == plain.reaches(v));
            }
        };
        check(sqrt(x) + z);                        // +inf
        check(sqrt(x) - sqrt(x));                  // inf - inf
        check(huge * huge * huge * z + huge * x);  // overflow in a partial
        check(relu(x * z) * 0.0 + z);              // a connection of 0
        check(x * z - z * x);
        BOOST_TEST(gradient(sqrt(x), {.compensated = true})[x] == infinity);
        check(huge * 1e200 * 1e200 * z);
    }
}

BOOST_AUTO_TEST_CASE(sweeps_ask_hooks_and_checkpoints_too) {
    Tape tape;
    const Scalar x = tape.variable(1.0);
    double seen = 0;
    const Scalar h = on_adjoint(x, [&seen](double ybar) { seen = ybar; });
    const Scalar y = (h + 1e20 * h) - 1e20 * h;
    BOOST_TEST(gradient(y, {.compensated = true})[x] == 1.0);
    BOOST_TEST(seen == 1.0);
    const Scalar c = checkpoint([](const Scalar& t) { return t * t; }, y);
    BOOST_TEST(gradient(c, {.compensated = true})[y] == 2 * y.value());
    const Scalar throwing = on_adjoint(x, [](const Scalar&) { throw ValueError("hook", "patience", "none"); });
    test::throws<ValueError>([&] { static_cast<void>(gradient(throwing * 2.0, {.compensated = true})); },
                             "hook: expected patience, got none");
}

BOOST_AUTO_TEST_SUITE_END()
