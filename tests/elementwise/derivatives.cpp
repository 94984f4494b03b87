// SPDX-License-Identifier: MIT
// elementwise: derivatives of the first and second order, against the same formula in recorded operations and against differences.
#include "tests/elementwise/formulas.hpp"
#include "tests/support/compare.hpp"

#include <limits>
#include <tuple>

using namespace formulas;
using test::close;

namespace {

using Floats = std::tuple<float, double>;

/// The adjoints of all operands of sum(u y).
template <class T, class F>
std::vector<Tensor<T>> adjoints(const F& f, const std::vector<Tensor<T>>& x, const Tensor<T>& u, Detail detail, unsigned which = ~0u) {
    Tape tape(detail);
    std::vector<Tensor<T>> on_tape = x;
    for (std::size_t k = 0; k < x.size(); ++k)
        if ((which >> k & 1u) != 0) on_tape[k] = tape.variable(x[k]);
    const auto g = gradient(sum(u * f(on_tape)));
    std::vector<Tensor<T>> all;
    for (std::size_t k = 0; k < x.size(); ++k)
        if ((which >> k & 1u) != 0) all.push_back(g[on_tape[k]]);
    return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(elementwise_derivatives)

BOOST_AUTO_TEST_CASE_TEMPLATE(are_those_of_the_recorded_operations, T, Floats) {
    Draw<T> draw(71);
    for_each_formula([&]<std::size_t N>(std::integral_constant<std::size_t, N>, const auto& f, const Shapes& shapes) {
        for (const Lie lie : lies) {
            const auto x = draw(shapes, lie);
            const Tensor<T> u = draw(fused<N>(f, x).shape());
            const auto by_rows = adjoints([&](const auto& at) { return recorded<N>(f, at); }, x, u, Detail::derivatives);
            for (const Detail detail : {Detail::derivatives, Detail::operations}) {
                const auto in_one = adjoints([&](const auto& at) { return fused<N>(f, at); }, x, u, detail);
                for (std::size_t k = 0; k < N; ++k) check_near(in_one[k], by_rows[k], 32 * std::numeric_limits<T>::epsilon());
            }
        }
    });
}

BOOST_AUTO_TEST_CASE(do_not_depend_on_which_operands_are_recorded) {
    Draw<double> draw(72);
    const auto x = draw(of_four[0]);
    const auto u = draw(Shape{6, 9});
    const auto f = [](const auto& at) { return fused<4>(norm, at); };
    const auto all = adjoints(f, x, u, Detail::derivatives);
    for (unsigned which = 1; which < 16; ++which) {
        const auto some = adjoints(f, x, u, Detail::derivatives, which);
        std::size_t next = 0;
        for (std::size_t k = 0; k < 4; ++k)
            if ((which >> k & 1u) != 0) check_near(some[next++], all[k], 1e-14);
    }
}

BOOST_AUTO_TEST_CASE(agree_with_differences) {
    Draw<double> draw(73);
    for_each_formula([&]<std::size_t N>(std::integral_constant<std::size_t, N>, const auto& f, const Shapes& shapes) {
        const auto x = draw(shapes);
        const Tensor<double> u = draw(fused<N>(f, x).shape());
        const auto g = adjoints([&](const auto& at) { return fused<N>(f, at); }, x, u, Detail::derivatives);
        for (std::size_t k = 0; k < N; ++k) {
            const Tensor<double> v = draw(shapes[k]);
            const auto along = [&](long double t) {
                auto at = x;
                at[k] = x[k] + static_cast<double>(t) * v;
                return static_cast<long double>(sum(u * recorded<N>(f, at)).item());
            };
            BOOST_TEST(close(sum(g[k] * v).item(), test::ridders(along, 0, 0.1L).derivative, {.relative = 1e-8, .absolute = 1e-8}));
        }
    });
}

BOOST_AUTO_TEST_CASE(of_the_second_order_agree_with_those_of_recorded_operations_and_with_differences) {
    Draw<double> draw(74);
    for_each_formula([&]<std::size_t N>(std::integral_constant<std::size_t, N>, const auto& f, const Shapes& shapes) {
        const auto x = draw(shapes);
        const Tensor<double> u = draw(fused<N>(f, x).shape());
        for (std::size_t k = 0; k < N; ++k) {
            const Tensor<double> v = draw(shapes[k]), w = draw(shapes[k]);
            const auto loss = [&](const auto& evaluate) {
                return [&, evaluate](const Tensor<double>& at) {
                    auto operands = x;
                    operands[k] = at;
                    return sum(u * evaluate(operands));
                };
            };
            const auto in_one = loss([&](const auto& at) { return fused<N>(f, at); });
            const auto by_rows = loss([&](const auto& at) { return recorded<N>(f, at); });
            const Tensor<double> got = hvp(in_one, x[k], v);
            check_near(got, hvp(by_rows, x[k], v), 1e-13);
            check_near(gradient([&](const Tensor<double>& at) { return sum(v * gradient(in_one, at)); }, x[k]), got, 1e-13);
            const auto slope = [&](long double t) {
                return static_cast<long double>(sum(w * gradient(by_rows, x[k] + static_cast<double>(t) * v)).item());
            };
            BOOST_TEST(close(sum(w * got).item(), test::ridders(slope, 0, 0.1L).derivative, {.relative = 1e-8, .absolute = 1e-8}));
        }
    });
}

BOOST_AUTO_TEST_CASE(forwards_are_those_backwards) {
    Draw<double> draw(75);
    for_each_formula([&]<std::size_t N>(std::integral_constant<std::size_t, N>, const auto& f, const Shapes& shapes) {
        const auto x = draw(shapes);
        const Tensor<double> u = draw(fused<N>(f, x).shape());
        const auto g = adjoints([&](const auto& at) { return fused<N>(f, at); }, x, u, Detail::derivatives);
        for (std::size_t k = 0; k < N; ++k) {
            const Tensor<double> v = draw(shapes[k]);
            const auto along = [&](const Tensor<double>& at) {
                auto operands = x;
                operands[k] = at;
                return fused<N>(f, operands);
            };
            const auto [y, ydot] = jvp(along, x[k], v);
            BOOST_TEST(close(sum(u * ydot).item(), sum(g[k] * v).item(), {.relative = 1e-12, .absolute = 1e-12}));
        }
    });
}

BOOST_AUTO_TEST_CASE(where_no_adjoint_arrives_nothing_flows) {
    Tape tape;
    const auto x = tape.variable(Tensor<double>::of({0, 4})), u = Tensor<double>::of({0, 1});
    const auto y = elementwise([](auto a) { return sqrt(a); }, x);
    const auto g = gradient(sum(u * y))[x];
    BOOST_TEST(g.at(0) == 0);  // 0 times an infinite partial
    BOOST_TEST(g.at(1) == 0.25);
}

// Beside an adjoint that is there already, in whole vectors and in the rest.
BOOST_AUTO_TEST_CASE(one_tensor_for_two_operands_receives_both_adjoints) {
    for (const Detail detail : {Detail::derivatives, Detail::operations})
        for (Index n = 1; n <= 40; ++n) {
            Tape tape(detail);
            const auto x = tape.variable(Tensor<double>::full({n}, 2.0));
            const auto y = elementwise([](auto a, auto b) { return a * b * b; }, x, x);
            const auto g = gradient(sum(y + x * x + x))[x];
            BOOST_TEST(g.data() == std::vector<double>(static_cast<std::size_t>(n), 12 + 4 + 1), boost::test_tools::per_element());
        }
}

BOOST_AUTO_TEST_CASE(it_is_one_row_where_the_tape_keeps_derivatives_and_one_an_operation_else) {
    for (const Detail detail : {Detail::derivatives, Detail::operations}) {
        Tape tape(detail);
        const auto x = tape.variable(Tensor<double>::of({2, 3}));
        const auto before = tape.stats().rows;
        static_cast<void>(elementwise([](auto a, auto b) { return tanh(a * b) + 1; }, x, 3.0));
        BOOST_TEST(tape.stats().rows - before == (detail == Detail::derivatives ? 1u : 3u));
    }
}

BOOST_AUTO_TEST_SUITE_END()
