// SPDX-License-Identifier: MIT
// Runs of a plan: ends of rows, layouts, outputs by strides and in place, sums, threads, sizes beyond the caches.
#include "autodiff/program/run.hpp"

#include "tests/program/programs.hpp"

#include <array>

using namespace programs;
using program::Arrival;
using program::Delivery;
using program::Input;
using program::Output;

namespace {

constexpr long double ulps = 8;
constexpr std::size_t margin = 64;

/// The outputs of one run, side by side, each between numbers that must stay.
template <class T>
struct Results {
    std::vector<T> memory;
    Index n;

    explicit Results(Index count) : memory(outputs * (static_cast<std::size_t>(count) + margin) + margin, T(-77)), n(count) {}
    T* of(std::size_t k) { return memory.data() + margin + k * (static_cast<std::size_t>(n) + margin); }
    bool alone() {
        for (std::size_t k = 0; k <= outputs; ++k)
            if (!std::all_of(of(k) - margin, of(k), [](T x) { return x == T(-77); })) return false;
        return true;
    }
};
template <class T>
Results<T> run_all(const program::Plan<T>& plan, const Shape& shape, const Operands<T>& x) {
    Results<T> y(shape.size());
    const Output<T> to[] = {{y.of(0)}, {y.of(1)}};
    program::run<T>(plan, shape.extents(), x.read(), to);
    return y;
}
template <class T>
void require_exact(Results<T>& y, const Operands<T>& x) {
    BOOST_REQUIRE(y.alone());
    for (std::size_t k = 0; k < outputs; ++k)
        for (Index i = 0; i < y.n; ++i)
            if (!near(y.of(k)[i], x.exact(k, i), 1, ulps)) BOOST_FAIL(fmt::format("output {} at {}: {}", k, i, y.of(k)[i]));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(program_run)

BOOST_AUTO_TEST_CASE_TEMPLATE(rows_of_any_length_end_where_they_end, T, Floats) {
    Random random(81);
    const auto plan = planned<T>();
    for (Index n = 0; n <= 70; ++n)
        for (int round = 0; round < 4; ++round) BOOST_TEST_CONTEXT(n << " elements") {
                const Operands<T> x(random, {n});
                Results<T> y = run_all(plan, {n}, x);
                require_exact(y, x);
            }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(all_shapes_and_layouts_give_the_formula, T, Floats) {
    Random random(82);
    const auto plan = planned<T>();
    for (int round = 0; round < 150; ++round) {
        const Shape shape = round % 3 == 0 ? random.shape(0, 2, 300) : random.shape(0, 5, 9);
        BOOST_TEST_CONTEXT(to_string(shape)) {
            const Operands<T> x(random, shape);
            Results<T> y = run_all(plan, shape, x);
            require_exact(y, x);
        }
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(an_element_has_the_bits_that_it_has_alone, T, Floats) {
    Random random(83);
    const auto plan = planned<T>();
    for (const Shape& shape : {Shape{1}, Shape{67}, Shape{5, 13}, Shape{3, 300}, Shape{2, 3, 5}}) {
        const Operands<T> x(random, shape);
        Results<T> y = run_all(plan, shape, x);
        for (Index i = 0; i < shape.size(); ++i) {
            constexpr Index none = 0;
            std::vector<Input<T>> one;
            for (const Array<T>& each : x.arrays) one.push_back({&at(each.view, i), &none});
            std::array<T, outputs> alone{};
            const Output<T> to[] = {{&alone[0]}, {&alone[1]}};
            program::run<T>(plan, std::array<Index, 1>{1}, one, to);
            for (std::size_t k = 0; k < outputs; ++k) BOOST_REQUIRE_EQUAL(y.of(k)[i], alone[k]);
        }
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(outputs_may_lie_by_strides, T, Floats) {
    Random random(84);
    const auto plan = planned<T>();
    for (const Index n : {1, 2, 7, 16, 33, 70, 300, 700})
        for (const Index rows : {1, 2, 5}) BOOST_TEST_CONTEXT(rows << " rows of " << n) {
                const Shape shape{rows, n};
                const Operands<T> x(random, shape);
                const Index strides[] = {n + 5, 1};  // 5 numbers between rows
                std::vector<T> far(static_cast<std::size_t>(rows * (n + 5)), T(-77));
                std::vector<T> near_by(static_cast<std::size_t>(rows * n));
                const Output<T> to[] = {{far.data(), Arrival::assigned, strides}, {near_by.data()}};
                program::run<T>(plan, shape.extents(), x.read(), to);
                for (Index r = 0; r < rows; ++r) {
                    for (Index i = 0; i < n; ++i) {
                        BOOST_REQUIRE(near(far[static_cast<std::size_t>(r * (n + 5) + i)], x.exact(0, r * n + i), 1, ulps));
                        BOOST_REQUIRE(near(near_by[static_cast<std::size_t>(r * n + i)], x.exact(1, r * n + i), 1, ulps));
                    }
                    for (Index i = n; i < n + 5; ++i) BOOST_REQUIRE_EQUAL(far[static_cast<std::size_t>(r * (n + 5) + i)], T(-77));
                }
            }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(an_output_may_take_the_place_of_an_input, T, Floats) {
    Random random(85);
    const auto plan = planned<T>();
    for (const Index n : {1, 7, 64, 1000, 200'000}) {
        const Operands<T> x(random, {n}, Repeats::no);
        constexpr Index one = 1;
        std::vector<std::vector<T>> own;
        for (const Array<T>& each : x.arrays)
            for (auto& to = own.emplace_back(); std::ssize(to) < n;) to.push_back(at(each.view, std::ssize(to)));
        const Input<T> from[] = {{own[0].data(), &one}, {own[1].data(), &one}, {own[2].data(), &one}};
        // The formula's second output reads x0 and x1 after its first was written.
        const Output<T> to[] = {{own[0].data(), Arrival::copied}, {own[1].data(), Arrival::copied}};
        program::run<T>(plan, std::array{n}, from, to);
        for (Index i = 0; i < n; ++i)
            for (std::size_t k = 0; k < outputs; ++k) BOOST_REQUIRE(near(own[k][static_cast<std::size_t>(i)], x.exact(k, i), 1, ulps));
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(shared_inputs_are_read_once, T, Floats) {
    Random random(86);
    for (unsigned which = 0; which < 8; ++which) {
        std::vector<bool> shared;
        for (std::size_t k = 0; k < inputs; ++k) shared.push_back((which >> k & 1u) != 0);
        const auto plan = planned<T>(shared);
        for (const Index n : {1, 9, 70, 5000}) {
            Operands<T> x(random, {n}, Repeats::no);
            for (std::size_t k = 0; k < inputs; ++k)
                if (shared[k]) x.arrays[k].view.strides[0] = 0;
            Results<T> y = run_all(plan, {n}, x);
            require_exact(y, x);
        }
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(sums_over_all_elements, T, Floats) {
    Random random(87);
    const auto plan = planned<T>({false, false, false}, {Delivery::each, Delivery::sum});
    for (const Index n : {1, 3, 17, 70, 1000, 300'000}) {
        const Operands<T> x(random, {n});
        std::vector<T> y(static_cast<std::size_t>(n));
        T sum{};
        const Output<T> to[] = {{y.data()}};
        program::run<T>(plan, std::array{n}, x.read(), to, std::span(&sum, 1));
        long double expected = 0, size = 0;
        for (Index i = 0; i < n; ++i) {
            expected += x.exact(1, i), size += std::abs(x.exact(1, i));
            BOOST_REQUIRE(near(y[static_cast<std::size_t>(i)], x.exact(0, i), 1, ulps));
        }
        BOOST_TEST(near(sum, expected, size, 64));
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(any_number_of_threads_gives_the_same_bits, T, Floats) {
    Random random(88);
    const auto plan = planned<T>();
    for (const Shape& shape : {Shape{400'000}, Shape{4000, 90}, Shape{3, 150'000}, Shape{40, 50, 70}, Shape{100'003}}) {
        const Operands<T> x(random, shape);
        BOOST_TEST(same_for_any_number_of_threads([&] { return run_all(plan, shape, x).memory; }), to_string(shape));
    }
    const auto summing = planned<T>({false, false, false}, {Delivery::sum, Delivery::sum});
    const Operands<T> x(random, {500'001});
    BOOST_TEST(same_for_any_number_of_threads([&] {
        std::vector<T> sums(outputs);
        program::run<T>(summing, std::array<Index, 1>{500'001}, x.read(), {}, sums);
        return sums;
    }));
}

// Operands of more than 4 MiB go through all steps a few vectors at a time: the bits are those of the parts, run by themselves.
BOOST_AUTO_TEST_CASE_TEMPLATE(what_the_caches_cannot_hold_has_the_bits_of_its_parts, T, Floats) {
    Random random(89);
    const auto plan = planned<T>();
    const Index n = (Index{6} << 20) / static_cast<Index>(5 * sizeof(T)) + 13;
    for (const Index rows : {Index{1}, Index{7}}) {
        const Shape shape{rows, n / rows};
        const Operands<T> x(random, shape, Repeats::no);
        Results<T> whole = run_all(plan, shape, x);
        for (Index r = 0; r < rows; ++r)
            for (Index begin = 0; begin < shape[1]; begin += 10'007) {
                const Index count = std::min<Index>(10'007, shape[1] - begin);
                std::vector<Input<T>> part;
                for (const Array<T>& each : x.arrays) part.push_back({&at(each.view, r * shape[1] + begin), &each.view.strides[1]});
                Results<T> y(count);
                const Output<T> to[] = {{y.of(0)}, {y.of(1)}};
                program::run<T>(plan, std::array{count}, part, to);
                for (std::size_t k = 0; k < outputs; ++k)
                    BOOST_REQUIRE(std::equal(y.of(k), y.of(k) + count, whole.of(k) + r * shape[1] + begin));
            }
    }
}

BOOST_AUTO_TEST_SUITE_END()
