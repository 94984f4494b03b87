// SPDX-License-Identifier: MIT
// Runs whose outputs are summed over axes, against plain loops: every choice of axes, chunks that meet and that do not, threads.
#include "autodiff/program/run_summed.hpp"

#include "tests/program/programs.hpp"

using namespace programs;
using program::Arrival;
using program::Target;

namespace {

/// One run: output 0 at each element or summed, output 1 summed.
template <class T>
struct Run {
    Shape shape;
    Strides first, second;  ///< row-major over the axes that stay, 0 for those summed over
    bool first_is_summed;
    std::vector<T> y, z;

    Run(const Shape& s, unsigned summed_in_first, unsigned summed_in_second)
        : shape(s),
          first(strides_of(summed_in_first)),
          second(strides_of(summed_in_second)),
          first_is_summed(summed_in_first != 0),
          y(static_cast<std::size_t>(size_of(summed_in_first)), T(-77)),
          z(static_cast<std::size_t>(size_of(summed_in_second)), T(-77)) {}

    void operator()(const program::Plan<T>& plan, const Operands<T>& x) {
        const Target<T> to[] = {first_is_summed ? Target<T>{y.data(), Arrival::assigned, first.data(), std::ssize(y)} : Target<T>{y.data()},
                                {z.data(), Arrival::assigned, second.data(), std::ssize(z)}};
        program::run_summed<T>(plan, shape.extents(), x.read(), to);
    }
    void check(const Operands<T>& x) const {
        check_output(0, y, first, x);
        check_output(1, z, second, x);
    }

  private:
    [[nodiscard]] bool kept(unsigned summed, Index axis) const { return (summed >> axis & 1u) == 0; }
    [[nodiscard]] Index size_of(unsigned summed) const {
        Index n = 1;
        for (Index axis = 0; axis < shape.rank(); ++axis) n *= kept(summed, axis) ? shape[axis] : 1;
        return n;
    }
    [[nodiscard]] Strides strides_of(unsigned summed) const {
        Strides strides(static_cast<std::size_t>(shape.rank()), 0);
        Index step = 1;
        for (Index axis = shape.rank(); axis-- > 0;)
            if (kept(summed, axis)) strides[static_cast<std::size_t>(axis)] = step, step *= shape[axis];
        return strides;
    }
    void check_output(std::size_t k, const std::vector<T>& got, const Strides& strides, const Operands<T>& x) const {
        std::vector<long double> expected(got.size(), 0), size(got.size(), 1);
        for (Index i = 0; i < shape.size(); ++i) {
            const auto to = static_cast<std::size_t>(offset(View<const T>{got.data(), shape, strides}, i));
            expected[to] += x.exact(k, i), size[to] += std::abs(x.exact(k, i));
        }
        for (std::size_t i = 0; i < got.size(); ++i)
            if (!near(got[i], expected[i], size[i], 16)) BOOST_FAIL(fmt::format("output {} at {}: {}, not {}", k, i, got[i], expected[i]));
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(program_run_summed)

BOOST_AUTO_TEST_CASE_TEMPLATE(every_choice_of_axes_gives_the_sums_of_loops, T, Floats) {
    Random random(91);
    const auto plan = planned<T>();
    for (int round = 0; round < 40; ++round) {
        const Shape shape = random.shape(1, 4, 7);
        const unsigned choices = 1u << shape.rank();
        for (unsigned of_first = 0; of_first < choices; ++of_first) {
            const auto of_second = static_cast<unsigned>(random.integer(1, choices - 1));
            BOOST_TEST_CONTEXT(to_string(shape) << ", axes " << of_first << " and " << of_second) {
                const Operands<T> x(random, shape);
                Run<T> run(shape, of_first, of_second);
                run(plan, x);
                run.check(x);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(rows_of_any_length_are_summed_to_their_end, T, Floats) {
    Random random(92);
    const auto plan = planned<T>();
    for (Index n = 1; n <= 70; ++n)
        for (const unsigned axes : {1u, 2u, 3u}) BOOST_TEST_CONTEXT(n << " columns, axes " << axes) {
                const Shape shape{3, n};
                const Operands<T> x(random, shape);
                Run<T> run(shape, 0, axes);
                run(plan, x);
                run.check(x);
            }
}

// 32768 elements are a chunk; several of them add to one sum, or each has its own.
BOOST_AUTO_TEST_CASE_TEMPLATE(many_chunks_give_the_sums_and_the_same_bits_for_any_number_of_threads, T, Floats) {
    Random random(93);
    const auto plan = planned<T>();
    for (const Shape& shape : {Shape{400, 300}, Shape{150'001}, Shape{5, 40'000}, Shape{60, 7, 300}, Shape{2, 3, 33'000}})
        for (unsigned axes = 1; axes < 1u << shape.rank(); ++axes) BOOST_TEST_CONTEXT(to_string(shape) << ", axes " << axes) {
                const Operands<T> x(random, shape, Repeats::no);
                Run<T> run(shape, axes & 1u, axes);
                run(plan, x);
                run.check(x);
                BOOST_TEST(same_for_any_number_of_threads([&] {
                    Run<T> again(shape, axes & 1u, axes);
                    again(plan, x);
                    return std::pair(again.y, again.z);
                }));
            }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(without_elements_sums_are_zero, T, Floats) {
    Random random(94);
    const auto plan = planned<T>();
    for (const Shape& shape : {Shape{0}, Shape{0, 5}, Shape{5, 0}}) {
        const Operands<T> x(random, shape);
        Run<T> run(shape, 0, (1u << shape.rank()) - 1);
        run(plan, x);
        BOOST_TEST(run.z == std::vector<T>(1, T(0)), boost::test_tools::per_element());
        Run<T> by_column(shape, 0, 1);
        by_column(plan, x);
        BOOST_TEST(std::all_of(by_column.z.begin(), by_column.z.end(), [](T z) { return z == 0; }));
    }
}

BOOST_AUTO_TEST_SUITE_END()
