// SPDX-License-Identifier: MIT
// The checkpointed loop: the plain loop's gradient bit for bit, with as few snapshots as allowed and as few steps as the theory says.
#include "autodiff/autodiff.hpp"
#include "autodiff/revolve.hpp"
#include "tests/control/tangent.hpp"
#include "tests/control/throws.hpp"
#include "tests/support/compare.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstring>
#include <map>
#include <memory>
#include <thread>
#include <tuple>
#include <utility>

namespace {

using namespace autodiff;
using T = Tensor<double>;

bool same_bits(double a, double b) { return std::memcmp(&a, &b, sizeof a) == 0; }
bool same_bits(const T& a, const T& b) {
    return a.shape() == b.shape() &&
           std::memcmp(a.data().data(), b.data().data(), static_cast<std::size_t>(a.size()) * sizeof(double)) == 0;
}

/// The fewest advances by trying every place for the next snapshot.
Index fewest_by_search(Index n, Index s) {
    static std::map<std::pair<Index, Index>, Index> known;
    if (n <= 1) return 0;
    if (s == 1) return n * (n - 1) / 2;
    if (const auto found = known.find({n, s}); found != known.end()) return found->second;
    Index best = n * n;
    for (Index m = 1; m < n; ++m) best = std::min(best, m + fewest_by_search(n - m, s - 1) + fewest_by_search(m, s));
    return known[{n, s}] = best;
}

/// r n - C(s + r, r - 1) with the least r for which C(s + r, s) >= n, in floating point on its own.
Index fewest_by_theory(Index n, Index s) {
    const auto choose = [](Index a, Index b) {
        double c = 1;
        for (Index k = 1; k <= b; ++k) c = c * static_cast<double>(a - b + k) / static_cast<double>(k);
        return b < 0 ? 0.0 : std::round(c);
    };
    Index r = 0;
    while (choose(s + r, s) < static_cast<double>(n)) ++r;
    return r * n - static_cast<Index>(choose(s + r, r - 1));
}

/// Where the forward run keeps its last snapshot: the steps up to there need not be run again in the first sweep.
Index last_snapshot(Index n, Index s) {
    Index at = 0;
    for (Index room = s; room > 1 && n - at > 1; --room) at += revolve::next_snapshot(n - at, room);
    return at;
}

/// Three Scalars of the Lorenz system and its parameters.
struct Point {
    Scalar x, y, z;
};
struct Lorenz {
    Scalar sigma, rho, beta;
};
const auto euler = [](Index, const Point& p, const Lorenz& c) {
    const double h = 0.005;
    return Point{p.x + h * (c.sigma * (p.y - p.x)), p.y + h * (p.x * (c.rho - p.z) - p.y), p.z + h * (p.x * p.y - c.beta * p.z)};
};

struct Six {
    double value, x, y, sigma, rho, beta;
};

Six lorenz(Detail detail, Index n, Index snapshots, const std::shared_ptr<LoopStatistics>& statistics) {
    Tape tape(detail);
    const Lorenz c{tape.variable(10.0), tape.variable(28.0), tape.variable(8.0 / 3)};
    const Point p{tape.variable(1.0), tape.variable(2.0), 3.0};
    const Scalar before = p.x * c.rho;
    Point last = p;
    if (snapshots > 0)
        last = checkpointed_loop(euler, p, n, {.snapshots = snapshots, .statistics = statistics}, c);
    else
        for (Index i = 0; i < n; ++i) last = euler(i, last, c);
    const Scalar loss = last.x * last.y + last.z * c.sigma + before + p.y;
    const Gradient g = gradient(loss);
    return {loss.value(), g[p.x], g[p.y], g[c.sigma], g[c.rho], g[c.beta]};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(schedule)

BOOST_AUTO_TEST_CASE(needs_the_fewest_steps_there_can_be) {
    for (Index n = 1; n <= 60; ++n)
        for (Index s = 1; s <= 8; ++s) {
            BOOST_TEST_REQUIRE(revolve::fewest_advances(n, s) == fewest_by_search(n, s), n << " steps, " << s << " snapshots");
            BOOST_TEST_REQUIRE(revolve::fewest_advances(n, s) == fewest_by_theory(n, s), n << " steps, " << s << " snapshots");
            if (n >= 2 && s >= 2) {
                const Index m = revolve::next_snapshot(n, s);
                BOOST_TEST_REQUIRE(m + fewest_by_search(n - m, s - 1) + fewest_by_search(m, s) == fewest_by_search(n, s));
            }
        }
}

BOOST_AUTO_TEST_CASE(counts_what_s_snapshots_and_r_repetitions_can_reverse) {
    BOOST_TEST(revolve::reversible(3, 2) == 10);
    BOOST_TEST(revolve::reversible(100, 3) == 176851);
    BOOST_TEST(revolve::reversible(4, -1) == 0);
    BOOST_TEST(revolve::reversible(200, 200) == std::numeric_limits<Index>::max());
    BOOST_TEST(revolve::repetitions(10000, 100) == 3);
    BOOST_TEST(revolve::repetitions(1000000, 1) == 999999);
    BOOST_TEST(revolve::fewest_advances(1, 1) == 0);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(checkpointed_loops)

BOOST_AUTO_TEST_CASE(give_the_gradient_of_the_plain_loop_bit_for_bit) {
    for (const Detail detail : {Detail::derivatives, Detail::operations})
        for (const Index n : {1, 2, 3, 7, 40})
            for (const Index s : {1, 2, 3, 5, 50}) {
                const auto statistics = std::make_shared<LoopStatistics>();
                const Six plain = lorenz(detail, n, 0, nullptr), got = lorenz(detail, n, s, statistics);
                const bool same = same_bits(plain.value, got.value) && same_bits(plain.x, got.x) && same_bits(plain.y, got.y) &&
                                  same_bits(plain.sigma, got.sigma) && same_bits(plain.rho, got.rho) && same_bits(plain.beta, got.beta);
                BOOST_TEST(same, n << " steps, " << s << " snapshots");
                BOOST_TEST(statistics->snapshots <= s);
                BOOST_TEST(statistics->recordings == n);
                BOOST_TEST(statistics->advances == n + fewest_by_theory(n, s) - last_snapshot(n, s), n << " steps, " << s << " snapshots");
            }
}

BOOST_AUTO_TEST_CASE(of_ten_thousand_steps_and_a_hundred_snapshots_keep_to_the_theory) {
    const Index n = 10000, s = 100, size = 64;
    Tape tape(Detail::derivatives);
    const T first = tape.variable(T::full({size}, 0.3)), w = tape.variable(T::full({size}, 0.999));
    Index calls = 0;
    const auto step = [&calls](Index i, const T& z, const T& v) {
        ++calls;
        return z * v + (i % 2 == 0 ? 0.001 : -0.001);
    };
    const auto statistics = std::make_shared<LoopStatistics>();
    const T last = checkpointed_loop(step, first, n, {.snapshots = s, .statistics = statistics}, w);
    BOOST_TEST(calls == n);
    BOOST_TEST(tape.stats().rows == 3u);
    const Gradient g = gradient(sum(last));
    const Index fewest = fewest_by_theory(n, s);
    BOOST_TEST(fewest == 24747);
    BOOST_TEST(statistics->snapshots == s);
    BOOST_TEST(statistics->bytes == static_cast<std::size_t>(s * size) * sizeof(double));
    BOOST_TEST(last_snapshot(n, s) == 9997);
    BOOST_TEST(statistics->advances == n + fewest - 9997);
    BOOST_TEST(statistics->recordings == n);
    BOOST_TEST(calls == n + (fewest - 9997) + n);

    Tape plain(Detail::derivatives);
    const T first_again = plain.variable(T::full({size}, 0.3)), w_again = plain.variable(T::full({size}, 0.999));
    T z = first_again;
    for (Index i = 0; i < n; ++i) z = step(i, z, w_again);
    const Gradient expected = gradient(sum(z));
    BOOST_TEST(same_bits(g[w], expected[w_again]));
    BOOST_TEST(same_bits(g[first], expected[first_again]));
}

BOOST_AUTO_TEST_CASE(may_be_swept_again_from_the_first_state) {
    Tape tape;
    const Scalar z = tape.variable(0.5), a = tape.variable(3.1);
    const auto statistics = std::make_shared<LoopStatistics>();
    const auto logistic = [](Index, const Scalar& x, const Scalar& r) { return r * x * (1.0 - x); };
    const Scalar last = checkpointed_loop(logistic, z, 30, {.snapshots = 4, .statistics = statistics}, a);
    const Gradient once = gradient(last);
    const Index in_one = statistics->advances;
    const Gradient again = gradient(last);
    BOOST_TEST(same_bits(once[a], again[a]));
    BOOST_TEST(same_bits(once[z], again[z]));
    BOOST_TEST(statistics->snapshots <= 4);
    BOOST_TEST(statistics->advances - in_one == revolve::fewest_advances(30, 4));
}

BOOST_AUTO_TEST_CASE(are_swept_by_several_threads) {
    Tape tape;
    const Scalar z = tape.variable(0.5), a = tape.variable(3.1);
    const auto logistic = [](Index, const Scalar& x, const Scalar& r) { return r * x * (1.0 - x); };
    const Scalar last = checkpointed_loop(logistic, z, 200, {.snapshots = 5, .statistics = std::make_shared<LoopStatistics>()}, a);
    std::vector<double> found(4);
    std::vector<std::thread> threads;
    for (double& f : found) threads.emplace_back([&] { f = tape.gradient(last)[a]; });
    for (std::thread& t : threads) t.join();
    for (const double f : found) BOOST_TEST(same_bits(f, found[0]));
}

BOOST_AUTO_TEST_CASE(share_a_row_between_the_first_state_and_a_parameter) {
    for (const Detail detail : {Detail::derivatives, Detail::operations}) {
        const auto step = [](Index, const Scalar& x, const Scalar& r, const Scalar& q) { return sin(r * x) + q * x; };
        const auto run = [&](bool checkpoints) {
            Tape tape(detail);
            const Scalar a = tape.variable(0.9);
            Scalar x = a;
            if (checkpoints)
                x = checkpointed_loop(step, a, 9, {.snapshots = 3}, a, a);
            else
                for (Index i = 0; i < 9; ++i) x = step(i, x, a, a);
            const Scalar y = x * a;
            return gradient(y)[a];
        };
        BOOST_TEST(same_bits(run(true), run(false)));
    }
}

/// What is not a leaf travels with the state too.
struct Counting {
    Scalar x;
    int steps = 0;
};

BOOST_AUTO_TEST_CASE(carry_what_else_a_state_holds) {
    Tape tape;
    const Counting first{tape.variable(1.5), 0};
    const Counting last = checkpointed_loop(
        [](Index, const Counting& c) {
            return Counting{c.x * (c.steps % 3 + 1), c.steps + 1};
        },
        first, 11, {.snapshots = 2});
    BOOST_TEST(last.steps == 11);
    BOOST_TEST(gradient(last.x)[first.x] == 6.0 * 6 * 6 * 2);
}

BOOST_AUTO_TEST_CASE(of_tuples_and_nested_checkpoints) {
    Tape tape;
    const std::tuple<Scalar, T> first{tape.variable(0.5), tape.variable(T::of({1, 2}))};
    const auto step = [](Index i, const std::tuple<Scalar, T>& s) {
        const auto inner = [](const Scalar& a, const T& b) { return std::tuple<Scalar, T>{a * 0.5 + Scalar(sum(b)) * 0.25, sin(b) * a}; };
        return i % 2 == 0 ? checkpoint(inner, std::get<0>(s), std::get<1>(s)) : inner(std::get<0>(s), std::get<1>(s));
    };
    std::tuple<Scalar, T> plain = first;
    for (Index i = 0; i < 6; ++i) plain = step(i, plain);
    const auto last = checkpointed_loop(step, first, 6, {.snapshots = 2});
    const Gradient g = gradient(sum(std::get<1>(last)) * std::get<0>(last)),
                   expected = gradient(sum(std::get<1>(plain)) * std::get<0>(plain));
    BOOST_TEST(g[std::get<0>(first)] == expected[std::get<0>(first)]);
    BOOST_TEST(same_bits(g[std::get<1>(first)], expected[std::get<1>(first)]));
}

BOOST_AUTO_TEST_CASE(have_a_second_order_and_a_jvp) {
    const auto logistic = [](Index, const Scalar& x, const Scalar& r) { return r * x * (1.0 - x); };
    Tape tape;
    const Scalar z = tape.variable(0.3), a = tape.variable(2.7);
    Scalar plain = z;
    for (Index i = 0; i < 6; ++i) plain = logistic(i, plain, a);
    const Scalar last = checkpointed_loop(logistic, z, 6, {.snapshots = 2}, a);
    BOOST_TEST(test::close(test::tangent(tape, {{z, 0.5}, {a, 2.0}}, last), test::tangent(tape, {{z, 0.5}, {a, 2.0}}, plain), {.ulps = 4}));
    const Gradient got = gradient(recorded_gradient(last)[a]), expected = gradient(recorded_gradient(plain)[a]);
    BOOST_TEST(test::close(got[a], expected[a], {.relative = 1e-13}));
    BOOST_TEST(test::close(got[z], expected[z], {.relative = 1e-13}));
    BOOST_TEST(expected[z] != 0.0);
    const RecordedTangent moved = recorded_tangent(tape, {{z, 0.5}, {a, 2.0}});
    const Gradient of_last = gradient(moved[last]), of_plain = gradient(moved[plain]);
    BOOST_TEST(test::close(moved[last].value(), moved[plain].value(), {.relative = 1e-13}));
    BOOST_TEST(test::close(of_last[a], of_plain[a], {.relative = 1e-13}));
    BOOST_TEST(test::close(of_last[z], of_plain[z], {.relative = 1e-13}));
}

BOOST_AUTO_TEST_CASE(of_no_steps_are_the_state) {
    Tape tape;
    const Scalar z = tape.variable(2.0);
    const auto same = [](Index, const Scalar& x) { return x * x; };
    BOOST_TEST(gradient(checkpointed_loop(same, z, 0))[z] == 1.0);
    BOOST_TEST(checkpointed_loop(same, 2.0, 2).value() == 16.0);
}

BOOST_AUTO_TEST_CASE(refuse_impossible_options_captures_and_states_that_change) {
    Tape tape;
    const Scalar z = tape.variable(2.0, "z"), w = tape.variable(3.0, "w");
    const auto same = [](Index, const Scalar& x) { return x * x; };
    test::throws<ValueError>([&] { static_cast<void>(checkpointed_loop(same, z, -1)); },
                             "checkpointed_loop: expected a number of steps >= 0, got -1");
    test::throws<ValueError>([&] { static_cast<void>(checkpointed_loop(same, z, 3, {.snapshots = 0})); },
                             "checkpointed_loop: expected at least 1 snapshot, the first state, got 0");
    test::throws<TapeError>(
        [&] { static_cast<void>(checkpointed_loop([&w](Index, const Scalar& x) { return x * w; }, z, 3)); },
        "checkpointed_loop: expected a function of its arguments, got one that uses another value (mul: expected values of "
        "the newest live tape, which records, got w of another tape); pass the value as an argument too, or stop_gradient "
        "of it outside");
    const auto growing = [](Index, std::vector<Scalar> x) {
        x.push_back(x.back() * 2.0);
        return x;
    };
    test::throws<ShapeError>([&] { static_cast<void>(checkpointed_loop(growing, std::vector<Scalar>{z}, 3)); },
                             "checkpointed_loop: expected a state of 1 Scalars and tensors from step 0, got 2");
    BOOST_TEST(tape.stats().rows == 2u);
    double outside = 1;
    const Scalar last = checkpointed_loop([&outside](Index, const Scalar& x) { return x * outside; }, z, 5, {.snapshots = 2});
    outside = 2;
    test::throws<ValueError>(
        [&] { static_cast<void>(gradient(last)); },
        "checkpointed_loop: expected the same result when the function is run again for its derivative, got another one; "
        "whatever it draws at random or reads elsewhere must be an argument");
    outside = 1;
    BOOST_TEST(gradient(last)[z] == 1.0);
}

BOOST_AUTO_TEST_SUITE_END()
