// SPDX-License-Identifier: MIT
// The loops over rows, in every instruction set that this CPU runs, against long double: lengths that end in the middle of a pack, rows
// that begin anywhere, extreme values. Nothing beside a row is read or written.
#include "autodiff/kernels/rows.hpp"

#include "autodiff/ops/arithmetic.hpp"
#include "autodiff/ops/layout.hpp"
#include "autodiff/ops/reduce.hpp"
#include "autodiff/ops/softmax.hpp"
#include "tests/kernels/column.hpp"
#include "tests/kernels/views.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <numeric>
#include <vector>

using namespace views;
using kernels::InstructionSet;
using Exact = std::vector<long double>;

namespace {

template <class T>
constexpr T inf = std::numeric_limits<T>::infinity();
template <class T>
constexpr T not_a_number = std::numeric_limits<T>::quiet_NaN();

constexpr double epsilon = 1e-3;

std::vector<Index> lengths() {
    std::vector<Index> all(70);
    std::iota(all.begin(), all.end(), Index{1});
    all.insert(all.end(), {127, 128, 129, 255, 256, 257, 511, 1000, 1025, 5003});
    return all;
}

/// A row somewhere in memory that is NaN before and behind it.
template <class T>
struct Row {
    std::vector<T> memory;
    Index begin, n;

    Row(std::vector<T> values, Index offset) : memory(values.size() + 96, not_a_number<T>), begin(32 + offset), n(std::ssize(values)) {
        std::copy(values.begin(), values.end(), data());
    }
    T* data() { return memory.data() + begin; }
    Exact exact() { return Exact(data(), data() + n); }
    bool alone() {
        return std::all_of(memory.begin(), memory.begin() + begin, [](T x) { return std::isnan(x); }) &&
               std::all_of(memory.begin() + begin + n, memory.end(), [](T x) { return std::isnan(x); });
    }
};

template <class T>
std::vector<T> drawn(Random& random, Index n, T size = 1) {
    std::vector<T> x(static_cast<std::size_t>(n));
    for (T& each : x) each = size * random.value<T>();
    return x;
}

/// f(kernels, x): for every set, every length, rows that begin at other distances from a vector's boundary.
template <class T, class F>
void for_each_row(T size, const F& f) {
    Random random(51);
    for (const InstructionSet set : lanes::sets()) {
        kernels::RowKernels<T> table;
        lanes::with_set(set, [&]<InstructionSet S> { kernels::fill<S>(table); });
        for (const Index n : lengths())
            for (const Index offset : {0, 1, 3}) BOOST_TEST_CONTEXT(kernels::name(set) << ", " << n << " numbers, offset " << offset) {
                    Row<T> x(drawn<T>(random, n, size), offset);
                    f(table, x, random);
                    BOOST_REQUIRE(x.alone());
                }
    }
}
template <class T>
void require_near(Row<T>& got, const Exact& expected, const Exact& scale, long double ulps) {
    BOOST_REQUIRE(got.alone());
    for (std::size_t i = 0; i < expected.size(); ++i)
        if (!near(got.data()[i], expected[i], scale[i], ulps))
            BOOST_FAIL(fmt::format("[{}]: got {}, expected {}, at the scale of {}", i, got.data()[i], expected[i], scale[i]));
}
template <class F>
Exact map(std::size_t n, const F& f) {
    Exact y(n);
    for (std::size_t i = 0; i < n; ++i) y[i] = f(i);
    return y;
}
template <class F>
long double sum_of(std::size_t n, const F& f) {
    const Exact terms = map(n, f);
    return std::accumulate(terms.begin(), terms.end(), 0.0L);
}

long double logsumexp(const Exact& x) {
    const long double m = *std::max_element(x.begin(), x.end()), shift = std::isfinite(m) ? m : 0;
    return shift + std::log(sum_of(x.size(), [&](std::size_t i) { return std::exp(x[i] - shift); }));
}
Exact softmax(const Exact& x) {
    const long double m = *std::max_element(x.begin(), x.end()), shift = std::isfinite(m) ? m : 0;
    const long double total = sum_of(x.size(), [&](std::size_t i) { return std::exp(x[i] - shift); });
    return map(x.size(), [&](std::size_t i) { return std::exp(x[i] - shift) / total; });
}
/// Of what is there, if something is added to it.
template <class T>
Exact plus(const std::vector<T>& there, bool add, const Exact& more) {
    return map(more.size(), [&](std::size_t i) { return more[i] + (add ? static_cast<long double>(there[i]) : 0); });
}
Exact ones(std::size_t n, long double by = 1) { return Exact(n, by); }

}  // namespace

BOOST_AUTO_TEST_SUITE(rows)

BOOST_AUTO_TEST_CASE_TEMPLATE(sums_and_extremes, T, Floats) {
    for_each_row<T>(1, [](const auto& kernels, Row<T>& x, Random& random) {
        const Exact exact = x.exact();
        const long double size = sum_of(exact.size(), [&](std::size_t i) { return std::abs(exact[i]); });
        BOOST_REQUIRE(near(kernels.sum(x.data(), x.n), std::accumulate(exact.begin(), exact.end(), 0.0L), size, 4));
        BOOST_REQUIRE_EQUAL(kernels.largest(x.data(), x.n), *std::max_element(x.data(), x.data() + x.n));
        BOOST_REQUIRE_EQUAL(kernels.smallest(x.data(), x.n), *std::min_element(x.data(), x.data() + x.n));
        const std::vector<T> there = drawn<T>(random, x.n);
        Row<T> sum(there, 2), larger(there, 1), smaller(there, 0);
        kernels.add(x.data(), sum.data(), x.n);
        kernels.larger(x.data(), larger.data(), x.n);
        kernels.smaller(x.data(), smaller.data(), x.n);
        BOOST_REQUIRE(sum.alone() && larger.alone() && smaller.alone());
        for (Index i = 0; i < x.n; ++i) {
            const T a = x.data()[i], b = there[static_cast<std::size_t>(i)];
            BOOST_REQUIRE_EQUAL(sum.data()[i], a + b);
            BOOST_REQUIRE_EQUAL(larger.data()[i], std::max(a, b));
            BOOST_REQUIRE_EQUAL(smaller.data()[i], std::min(a, b));
        }
    });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_nan_anywhere_is_the_extreme, T, Floats) {
    for_each_row<T>(1, [](const auto& kernels, Row<T>& x, Random& random) {
        x.data()[random.integer(0, x.n - 1)] = not_a_number<T>;
        BOOST_REQUIRE(std::isnan(kernels.largest(x.data(), x.n)));
        BOOST_REQUIRE(std::isnan(kernels.smallest(x.data(), x.n)));
        BOOST_REQUIRE(std::isnan(kernels.sum(x.data(), x.n)));
        BOOST_REQUIRE(std::isnan(kernels.logsumexp(x.data(), x.n)));
        Row<T> y(std::vector<T>(static_cast<std::size_t>(x.n), T(1)), 0);
        kernels.softmax(x.data(), y.data(), x.n);
        BOOST_REQUIRE(std::all_of(y.data(), y.data() + y.n, [](T each) { return std::isnan(each); }));
    });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(softmax_and_its_logarithms, T, Floats) {
    for_each_row<T>(20, [](const auto& kernels, Row<T>& x, Random& random) {
        const Exact exact = x.exact(), expected = ::softmax(exact);
        const std::size_t n = exact.size();
        const long double lse = ::logsumexp(exact);
        BOOST_REQUIRE(near(kernels.logsumexp(x.data(), x.n), lse, 1, 4));
        Row<T> y(std::vector<T>(n, T(0)), 1), log_y = y, z(drawn<T>(random, x.n), 2), in_place = x;
        kernels.softmax(x.data(), y.data(), x.n);
        require_near(y, expected, ones(n, 0), 64);  // exp's argument, up to 40 in size, is rounded
        kernels.softmax(in_place.data(), in_place.data(), x.n);
        BOOST_REQUIRE(std::equal(y.data(), y.data() + y.n, in_place.data()));
        kernels.log_softmax(x.data(), log_y.data(), x.n);
        require_near(log_y, map(n, [&](std::size_t i) { return exact[i] - lse; }), ones(n, std::abs(lse) + 1), 4);
        for (const bool add : {false, true}) {
            const std::vector<T> there(z.data(), z.data() + z.n);
            kernels.scaled_softmax(x.data(), static_cast<T>(lse), T(0.25), z.data(), x.n, add);
            require_near(z, plus(there, add, map(n, [&](std::size_t i) { return expected[i] / 4; })), ones(n), 16);
        }
    });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(adjoints_of_softmax_and_its_logarithm, T, Floats) {
    for_each_row<T>(3, [](const auto& kernels, Row<T>& x, Random& random) {
        Row<T> y = x, log_y = x, ybar(drawn<T>(random, x.n), 2);
        kernels.softmax(x.data(), y.data(), x.n);
        kernels.log_softmax(x.data(), log_y.data(), x.n);
        const Exact p = y.exact(), l = log_y.exact(), u = ybar.exact();
        const std::size_t n = p.size();
        const long double mean = sum_of(n, [&](std::size_t i) { return p[i] * u[i]; }), total = std::accumulate(u.begin(), u.end(), 0.0L);
        const long double size = sum_of(n, [&](std::size_t i) { return std::abs(u[i]); });
        for (const bool add : {false, true}) {
            const std::vector<T> there = drawn<T>(random, x.n);
            Row<T> xbar(there, 3), of_log = xbar;
            kernels.softmax_vjp(y.data(), ybar.data(), xbar.data(), x.n, add);
            require_near(xbar, plus(there, add, map(n, [&](std::size_t i) { return p[i] * (u[i] - mean); })), ones(n, add ? 1 : 0.125), 16);
            kernels.log_softmax_vjp(log_y.data(), ybar.data(), of_log.data(), x.n, add);
            require_near(of_log, plus(there, add, map(n, [&](std::size_t i) { return u[i] - std::exp(l[i]) * total; })),
                         map(n, [&](std::size_t i) { return 1 + p[i] * size; }), 16);
        }
    });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(rows_with_infinities_and_of_any_size_follow_the_formula, T, Floats) {
    const T huge = std::numeric_limits<T>::max() / 4;
    const std::vector<std::vector<T>> special{
        {-inf<T>},    {inf<T>},       {-inf<T>, -inf<T>}, {-inf<T>, 1}, {inf<T>, 1}, {huge, 1},      {-huge, 1},           {huge, -huge},
        {huge, huge}, {-huge, -huge}, {inf<T>, -inf<T>},  {0, -0.0},    {-huge},     {huge, inf<T>}, {T(1e-40), T(-1e-40)}};
    for (const InstructionSet set : lanes::sets()) {
        kernels::RowKernels<T> table;
        lanes::with_set(set, [&]<InstructionSet S> { kernels::fill<S>(table); });
        for (const std::vector<T>& some : special)
            for (const std::size_t n : {1u, 2u, 3u, 7u, 8u, 17u, 40u}) {
                std::vector<T> values(n);
                for (std::size_t i = 0; i < n; ++i) values[i] = some[i % some.size()];
                Row<T> x(values, 1), y = x, log_y = x;
                const Exact exact = x.exact();
                const long double lse = ::logsumexp(exact);
                BOOST_TEST_CONTEXT(kernels::name(set) << ", " << n << " numbers " << fmt::format("{}", some)) {
                    BOOST_TEST(near(table.logsumexp(x.data(), x.n), lse, 1, 4));
                    table.softmax(x.data(), y.data(), x.n);
                    require_near(y, ::softmax(exact), ones(n, 0), 8);
                    table.log_softmax(x.data(), log_y.data(), x.n);
                    require_near(log_y, map(n, [&](std::size_t i) { return exact[i] - static_cast<long double>(static_cast<T>(lse)); }),
                                 ones(n), 8);
                    BOOST_TEST(table.largest(x.data(), x.n) == *std::max_element(values.begin(), values.end()));
                    BOOST_TEST(table.smallest(x.data(), x.n) == *std::min_element(values.begin(), values.end()));
                }
            }
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(normalisation_and_its_adjoints, T, Floats) {

    for_each_row<T>(5, [](const auto& kernels, Row<T>& x, Random& random) {
        Row<T> w(drawn<T>(random, x.n), 0), b(drawn<T>(random, x.n), 3), ybar(drawn<T>(random, x.n), 1), y = x;
        const Exact at = x.exact(), by = w.exact(), bias = b.exact(), u = ybar.exact();
        const std::size_t n = at.size();
        const auto count = static_cast<long double>(n);
        const long double mean = std::accumulate(at.begin(), at.end(), 0.0L) / count;
        const long double variance = sum_of(n, [&](std::size_t i) { return (at[i] - mean) * (at[i] - mean); }) / count;
        const long double rstd = 1 / std::sqrt(variance + static_cast<long double>(T(epsilon)));
        const Exact h = map(n, [&](std::size_t i) { return (at[i] - mean) * rstd; });
        const Exact scale = ones(n, 2 + 10 * rstd);  // what a rounded mean costs
        const auto moments = kernels.normalise(x.data(), w.data(), b.data(), T(epsilon), y.data(), x.n);
        BOOST_REQUIRE(near(moments.mean, mean, 5, 4) && near(moments.rstd, rstd, 0, 8 * (1 + 10 * rstd)));
        require_near(y, map(n, [&](std::size_t i) { return h[i] * by[i] + bias[i]; }), scale, 16);

        const long double mean_u = sum_of(n, [&](std::size_t i) { return u[i] * by[i]; }) / count;
        const long double mean_uh = sum_of(n, [&](std::size_t i) { return u[i] * by[i] * h[i]; }) / count;
        const Exact xbar_exact = map(n, [&](std::size_t i) { return rstd * (u[i] * by[i] - mean_u - h[i] * mean_uh); });
        for (const bool add : {false, true}) {
            const std::vector<T> there = drawn<T>(random, x.n);
            Row<T> xbar(there, 2), wbar(there, 1), bbar(there, 0);
            kernels.normalise_vjp(x.data(), moments, w.data(), ybar.data(), xbar.data(), wbar.data(), bbar.data(), x.n, add);
            require_near(xbar, plus(there, add, xbar_exact), ones(n, 1 + rstd * (2 + 10 * rstd)), 16);
            require_near(wbar, plus(there, true, map(n, [&](std::size_t i) { return u[i] * h[i]; })), scale, 16);
            require_near(bbar, plus(there, true, u), ones(n), 1);
        }
        Row<T> only(drawn<T>(random, x.n), 2);
        const std::vector<T> there(only.data(), only.data() + only.n);
        kernels.normalise_vjp(x.data(), moments, w.data(), ybar.data(), nullptr, nullptr, only.data(), x.n, true);
        require_near(only, plus(there, true, u), ones(n), 1);
    });
}

// Their callers: axes that do not lie side by side, with gaps and backwards.
BOOST_AUTO_TEST_CASE_TEMPLATE(rows_of_a_tensor_may_lie_anyhow, T, Floats) {
    Random random(52);
    for (int round = 0; round < 60; ++round) {
        const Index rows = random.integer(1, 9), n = random.integer(1, 40);
        const auto x = arranged<T>(random, {rows, n});
        const Tensor<T> whole = [&] {
            std::vector<T> values;
            for (Index i = 0; i < rows * n; ++i) values.push_back(at(x.view, i));
            return Tensor<T>({rows, n}, values);
        }();
        const Tensor<T> apart = select(stack(std::vector<Tensor<T>>{whole, -whole}, 2), 2, 0);  // every second number
        for (const Tensor<T>& t : {whole, swap_axes(swap_axes(whole, 0, 1).contiguous(), 0, 1), apart}) {
            const Tensor<T> y = softmax(t, 1), down = softmax(swap_axes(t, 0, 1), 0), lse = logsumexp(t, {1});
            for (Index r = 0; r < rows; ++r) {
                Exact row;
                for (Index i = 0; i < n; ++i) row.push_back(static_cast<long double>(t.at(r, i)));
                const Exact expected = ::softmax(row);
                BOOST_REQUIRE(near(lse.at(r), ::logsumexp(row), 1, 4));
                for (Index i = 0; i < n; ++i) {
                    BOOST_REQUIRE(near(y.at(r, i), expected[static_cast<std::size_t>(i)], 0, 16));
                    BOOST_REQUIRE(near(down.at(i, r), expected[static_cast<std::size_t>(i)], 0, 16));
                }
            }
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
