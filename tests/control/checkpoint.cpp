// SPDX-License-Identifier: MIT
// A checkpoint changes nothing but the memory: the same gradient bit for bit, nested, in every mode and order, for every kind of value.
#include "autodiff/autodiff.hpp"
#include "tests/control/tangent.hpp"
#include "tests/control/throws.hpp"
#include "tests/support/compare.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <tuple>
#include <vector>

namespace {

using namespace autodiff;
using T = Tensor<double>;

const Detail both[] = {Detail::derivatives, Detail::operations};

/// Uses its arguments many times, so that the order of the sums matters.
const auto mixed = [](const Scalar& a, const Scalar& b) {
    Scalar s = a * 0.1;
    for (int i = 0; i < 20; ++i) s = sin(s * b) + a / (1.0 + s * s) - b * 0.3;
    return s;
};
const auto layer = [](const T& x, const T& w) { return tanh(matmul(x, w) + sum(w, 0)) * x; };

bool same_bits(double a, double b) { return std::memcmp(&a, &b, sizeof a) == 0; }
bool same_bits(const T& a, const T& b) {
    return a.shape() == b.shape() &&
           std::memcmp(a.data().data(), b.data().data(), static_cast<std::size_t>(a.size()) * sizeof(double)) == 0;
}

T some(const Shape& shape, double phase) {
    std::vector<double> values;
    for (Index i = 0; i < shape.size(); ++i) values.push_back(std::sin(phase + 1.7 * static_cast<double>(i)));
    return T(shape, values);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(checkpoints)

BOOST_AUTO_TEST_CASE(give_the_gradient_of_the_plain_program_bit_for_bit) {
    for (const Detail detail : both) {
        const auto run = [detail](auto part) {
            Tape tape(detail);
            const Scalar a = tape.variable(0.7), b = tape.variable(-1.3);
            const Scalar before = a * b;
            const Scalar m = part(a, b);
            const Scalar again = part(b, a);
            const Scalar y = m * a + again * b * m + before;
            const Gradient g = gradient(y);
            return std::tuple{y.value(), g[a], g[b], g[m], tape.stats().rows};
        };
        const auto [y, da, db, dm, rows] = run([](const Scalar& a, const Scalar& b) { return mixed(a, b); });
        const auto [y2, da2, db2, dm2, rows2] = run([](const Scalar& a, const Scalar& b) { return checkpoint(mixed, a, b); });
        BOOST_TEST(same_bits(y, y2));
        BOOST_TEST(same_bits(da, da2));
        BOOST_TEST(same_bits(db, db2));
        BOOST_TEST(same_bits(dm, dm2));
        BOOST_TEST(rows2 < rows / 4);
    }
}

BOOST_AUTO_TEST_CASE(of_tensors_give_the_gradient_of_the_plain_program_bit_for_bit) {
    for (const Detail detail : both) {
        const auto run = [detail](auto part) {
            Tape tape(detail);
            const T x = tape.variable(some({5, 4}, 0.1)), w = tape.variable(some({4, 4}, 0.5));
            T h = x;
            for (int i = 0; i < 4; ++i) h = part(h, w) + x;
            const T y = sum(h * h);
            const Gradient g = gradient(y);
            return std::tuple{y.item(), g[x], g[w]};
        };
        const auto [y, dx, dw] = run([](const T& x, const T& w) { return layer(x, w); });
        const auto [y2, dx2, dw2] = run([](const T& x, const T& w) { return checkpoint(layer, x, w); });
        BOOST_TEST(same_bits(y, y2));
        BOOST_TEST(same_bits(dx, dx2));
        BOOST_TEST(same_bits(dw, dw2));
    }
}

BOOST_AUTO_TEST_CASE(may_be_swept_again) {
    Tape tape;
    const Scalar a = tape.variable(0.7), b = tape.variable(-1.3);
    const Scalar y = checkpoint(mixed, a, b);
    const double first = gradient(y)[a];
    BOOST_TEST(same_bits(first, gradient(y)[a]));
    BOOST_TEST(first != 0.0);
}

BOOST_AUTO_TEST_CASE(nest) {
    const auto inner = [](const Scalar& a, const Scalar& b) { return checkpoint(mixed, a, b) * a; };
    const auto outer = [inner](const Scalar& a, const Scalar& b) {
        const Scalar c = checkpoint(inner, a, b);
        return checkpoint(inner, c, b) + c;
    };
    const auto plain = [](const Scalar& a, const Scalar& b) {
        const auto in = [](const Scalar& p, const Scalar& q) { return mixed(p, q) * p; };
        const Scalar c = in(a, b);
        return in(c, b) + c;
    };
    Tape tape;
    const Scalar a = tape.variable(0.7), b = tape.variable(-1.3);
    const Gradient g = gradient(checkpoint(outer, a, b)), expected = gradient(plain(a, b));
    BOOST_TEST(g[a] == expected[a]);
    BOOST_TEST(g[b] == expected[b]);
}

struct Pair {
    Scalar s;
    Tensor<double> x;
    int configuration = 7;
};

BOOST_AUTO_TEST_CASE(take_and_return_structs_tuples_and_numbers) {
    for (const Detail detail : both) {
        Tape tape(detail);
        const Pair p{tape.variable(2.0), tape.variable(T::of({1, 2, 3})), 9};
        const auto f = [](const Pair& q, int power, const std::vector<Scalar>& more) {
            Pair result = q;
            for (int i = 0; i < power; ++i) result.s = result.s * q.s;
            result.x = q.x * q.s + more[0] * more[1];
            result.configuration += power;
            return std::tuple{result, more[1] * 3.0, Scalar(5.0)};
        };
        const std::vector<Scalar> more{tape.variable(4.0), tape.variable(5.0)};
        const auto [q, extra, constant] = checkpoint(f, p, 2, more);
        static_assert(std::same_as<std::remove_cvref_t<decltype(q)>, Pair>);
        BOOST_TEST(q.configuration == 11);
        BOOST_TEST(q.s.value() == 8.0);
        BOOST_TEST(!constant.recorded());
        const Gradient of_s = gradient(q.s), of_x = gradient(q.x(1)), of_extra = gradient(extra), of_all = gradient(q.s * extra + sum(q.x));
        BOOST_TEST(of_s[p.s] == 12.0);
        BOOST_TEST(of_s[more[1]] == 0.0);
        BOOST_TEST(of_x[p.s] == 2.0);
        BOOST_TEST((of_x[p.x].data()[1]) == 2.0);
        BOOST_TEST((of_x[p.x].data()[2]) == 0.0);
        BOOST_TEST(of_x[more[0]] == 5.0);
        BOOST_TEST(of_extra[more[1]] == 3.0);
        BOOST_TEST(of_all[p.s] == 12.0 * 15 + 6);
        BOOST_TEST(of_all[more[1]] == 8.0 * 3 + 3 * 4);
        BOOST_TEST(of_all.reaches(more[0]));
    }
}

BOOST_AUTO_TEST_CASE(of_float_tensors_and_of_one_value_twice) {
    Tape tape;
    const Tensor<float> x = tape.variable(Tensor<float>::of({1, 2, 4}));
    const auto y = checkpoint([](const auto& a, const auto& b) { return a * b + b; }, x, x);
    const Gradient g = gradient(sum(y));
    BOOST_TEST((g[x].data()[2]) == 9.0f);
}

BOOST_AUTO_TEST_CASE(of_constants_record_nothing) {
    Tape tape;
    const Scalar y = checkpoint(mixed, Scalar(0.5), Scalar(1.0));
    BOOST_TEST(!y.recorded());
    BOOST_TEST(tape.stats().rows == 0u);
    BOOST_TEST(y.value() == mixed(0.5, 1.0).value());
}

BOOST_AUTO_TEST_CASE(work_where_no_tape_lives) {
    BOOST_TEST(checkpoint(mixed, Scalar(0.5), Scalar(1.0)).value() == mixed(0.5, 1.0).value());
}

BOOST_AUTO_TEST_CASE(have_a_second_and_a_third_order) {
    const auto cube = [](const Scalar& x, const Scalar& z) { return x * x * x * z; };
    Tape tape;
    const Scalar x = tape.variable(2.0), z = tape.variable(5.0);
    const Scalar y = checkpoint(cube, x, z);
    const RecordedGradient g = recorded_gradient(y);
    BOOST_TEST(g[x].value() == 60.0);
    const Gradient row = gradient(g[x]);
    BOOST_TEST(row[x] == 60.0);
    BOOST_TEST(row[z] == 12.0);
    const RecordedGradient second = recorded_gradient(g[x]);
    const Gradient third = gradient(second[x]);
    BOOST_TEST(third[x] == 30.0);
    BOOST_TEST(third[z] == 12.0);
    BOOST_TEST(gradient(recorded_gradient(second[z])[x])[x] == 6.0);
}

BOOST_AUTO_TEST_CASE(of_tensors_have_a_second_order) {
    Tape tape;
    const T x = tape.variable(some({3, 2}, 0.3)), w = tape.variable(some({2, 2}, 0.9)), v = some({2, 2}, 2.0);
    const auto twice = [&](const T& y) {
        const RecordedGradient g = recorded_gradient(sum(y * y));
        const Gradient h = gradient(sum(g[w] * v));
        return std::pair{h[x], h[w]};
    };
    const auto [hx, hw] = twice(checkpoint(layer, x, w));
    const auto [ex, ew] = twice(layer(x, w));
    for (std::size_t i = 0; i < 6; ++i) BOOST_TEST(test::close(hx.data()[i], ex.data()[i], {.relative = 1e-12, .absolute = 1e-14}));
    for (std::size_t i = 0; i < 4; ++i) BOOST_TEST(test::close(hw.data()[i], ew.data()[i], {.relative = 1e-12, .absolute = 1e-14}));
}

BOOST_AUTO_TEST_CASE(have_a_jvp) {
    Tape tape;
    const Scalar a = tape.variable(0.7), b = tape.variable(-1.3);
    const Scalar plain = mixed(a, b), y = checkpoint(mixed, a, b);
    BOOST_TEST(test::close(test::tangent(tape, {{a, 2.0}, {b, -0.5}}, y), test::tangent(tape, {{a, 2.0}, {b, -0.5}}, plain), {.ulps = 4}));
    BOOST_TEST(test::tangent(tape, {{a, 2.0}, {b, -0.5}}, y) != 0.0);
}

BOOST_AUTO_TEST_CASE(have_tangents_that_can_be_differentiated_again) {
    Tape tape;
    const Scalar x = tape.variable(2.0), z = tape.variable(5.0), v = tape.variable(3.0);
    const Scalar y = checkpoint([](const Scalar& a, const Scalar& b) { return a * a * a * b; }, x, z);
    const RecordedTangent t = recorded_tangent(tape, {{x, v}, {z, 1.0}});  // 3 x^2 z v + x^3
    BOOST_TEST(t[y].value() == 188.0);
    const Gradient g = gradient(t[y]);
    BOOST_TEST(g[x] == 192.0);
    BOOST_TEST(g[z] == 36.0);
    BOOST_TEST(g[v] == 60.0);
    BOOST_TEST(tangent(tape, {{x, 1.0}})[t[y]] == 192.0);

    const T a = tape.variable(some({3, 2}, 0.3)), w = tape.variable(some({2, 2}, 0.9)), adot = some({3, 2}, 2.0), wdot = some({2, 2}, 4.0);
    const T got = checkpoint(layer, a, w), plain = layer(a, w);
    const RecordedTangent moved = recorded_tangent(tape, {{a, adot}, {w, wdot}});
    const Gradient of_got = gradient(sum(moved[got] * moved[got])), of_plain = gradient(sum(moved[plain] * moved[plain]));
    for (std::size_t i = 0; i < 6; ++i) {
        BOOST_TEST(test::close(moved[got].constant().data()[i], moved[plain].constant().data()[i], {.relative = 1e-13}));
        BOOST_TEST(test::close(of_got[a].data()[i], of_plain[a].data()[i], {.relative = 1e-12, .absolute = 1e-14}));
    }
    for (std::size_t i = 0; i < 4; ++i)
        BOOST_TEST(test::close(of_got[w].data()[i], of_plain[w].data()[i], {.relative = 1e-12, .absolute = 1e-14}));
}

BOOST_AUTO_TEST_CASE(are_differentiated_by_functions_of_functions) {
    const auto plain = [](const auto& x) { return sin(x * x) * x; };
    const auto kept = [&plain](const auto& x) { return checkpoint(plain, x); };
    for (const double x : {0.3, 1.7}) {
        BOOST_TEST(test::close(hessian(kept, x), hessian(plain, x), {.relative = 1e-13}));
        BOOST_TEST(test::close(hvp(kept, x, 2.0), hvp(plain, x, 2.0), {.relative = 1e-13}));
        BOOST_TEST(test::close(jvp(kept, x, 2.0).second, jvp(plain, x, 2.0).second, {.relative = 1e-14}));
        const auto slope = [&](const auto& t) { return gradient(kept, t); };
        const auto plain_slope = [&](const auto& t) { return gradient(plain, t); };
        BOOST_TEST(test::close(hessian(slope, x), hessian(plain_slope, x), {.relative = 1e-12}));
    }
}

BOOST_AUTO_TEST_CASE(refuse_what_is_not_an_argument) {
    const auto refused = [](const auto& f, const std::string& text) {
        for (const Detail detail : both) {
            Tape tape(detail);
            const Scalar x = tape.variable(2.0, "x"), w = tape.variable(3.0, "w");
            const std::size_t rows = tape.stats().rows;
            test::throws<TapeError>([&] { static_cast<void>(f(x, w)); }, text);
            BOOST_TEST(tape.stats().rows == rows);
            BOOST_TEST(gradient(x * w)[x] == 3.0);
        }
    };
    const std::string remedy = "; pass the value as an argument too, or stop_gradient of it outside";
    refused(
        [](const Scalar& x, const Scalar& w) { return checkpoint([&w](const Scalar& t) { return t * w; }, x); },
        "checkpoint: expected a function of its arguments, got one that uses another value (mul: expected values of the newest live tape, "
        "which records, got w of another tape)" +
            remedy);
    refused(
        [](const Scalar&, const Scalar& w) { return checkpoint([&w](const Scalar& t) { return t * w; }, Scalar(1)); },
        "checkpoint: expected a function of its arguments, got one that uses another value (mul: expected values of the newest live tape, "
        "which records, got w of another tape)" +
            remedy);
    refused([](const Scalar& x, const Scalar& w) { return checkpoint([&w](const Scalar&) { return w; }, x); },
            "checkpoint: expected a function of its arguments, got one that uses another value (it returns w of another tape)" + remedy);
    refused(
        [](const Scalar& x, const Scalar& w) {
            return checkpoint([&w](const Scalar& t) { return checkpoint([&w](const Scalar& u) { return u + w; }, t); }, x);
        },
        "checkpoint: expected a function of its arguments, got one that uses another value (add: expected values of the newest live tape, "
        "which records, got w of another tape)" +
            remedy);
}

BOOST_AUTO_TEST_CASE(refuse_a_function_that_does_something_else_the_second_time) {
    Tape tape;
    const Scalar x = tape.variable(2.0);
    double outside = 3;
    const Scalar y = checkpoint([&outside](const Scalar& t) { return t * outside; }, x);
    outside = 4;
    test::throws<ValueError>([&] { static_cast<void>(gradient(y)); },
                             "checkpoint: expected the same result when the function is run again for its derivative, got another one; "
                             "whatever it draws at random or reads elsewhere must be an argument");
    outside = 3;
    BOOST_TEST(gradient(y)[x] == 3.0);
}

BOOST_AUTO_TEST_CASE(leave_everything_as_it_was_when_the_function_throws) {
    Tape tape;
    const Scalar x = tape.variable(2.0);
    int calls = 0;
    const auto f = [&calls](const Scalar& t) {
        if (++calls == 2) throw std::runtime_error("now");
        return t * t;
    };
    const Scalar y = checkpoint(f, x);
    BOOST_CHECK_THROW(static_cast<void>(gradient(y)), std::runtime_error);
    BOOST_TEST(gradient(y * x)[x] == 12.0);
    calls = 1;
    const std::size_t rows = tape.stats().rows;
    BOOST_CHECK_THROW(static_cast<void>(checkpoint(f, x)), std::runtime_error);
    BOOST_TEST(tape.stats().rows == rows);
}

BOOST_AUTO_TEST_SUITE_END()
