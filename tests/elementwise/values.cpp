// SPDX-License-Identifier: MIT
// elementwise: values, over shapes and layouts, against plain numbers.
#include "tests/elementwise/formulas.hpp"

#include <cmath>
#include <limits>
#include <tuple>

using namespace formulas;

namespace {

using Floats = std::tuple<float, double>;

/// y[position] = f of the numbers there, in double, with NumPy's broadcasting.
template <std::size_t N, class F, class T>
Tensor<double> by_numbers(const F& f, const std::vector<Tensor<T>>& x, const Shape& shape) {
    std::vector<double> y;
    for (Index flat = 0; flat < shape.size(); ++flat) {
        std::vector<double> at;
        for (const Tensor<T>& operand : x) {
            std::vector<Index> position(static_cast<std::size_t>(operand.rank()));
            Index rest = flat;
            for (Index axis = 1; axis <= shape.rank(); ++axis) {
                const Index here = rest % shape[-axis];
                rest /= shape[-axis];
                if (axis <= operand.rank())
                    position[position.size() - static_cast<std::size_t>(axis)] = operand.shape()[-axis] == 1 ? 0 : here;
            }
            at.push_back(static_cast<double>(operand.begin_data()[operand.offset_of(std::span<const Index>(position))]));
        }
        y.push_back(spread<N>(
            [&f](const auto&... each) {
                using namespace std;
                return f(each...);
            },
            at));
    }
    return Tensor<double>(shape, y);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(elementwise_values)

BOOST_AUTO_TEST_CASE_TEMPLATE(are_the_formulas_for_all_shapes_and_layouts, T, Floats) {
    Draw<T> draw(61);
    for_each_formula([&]<std::size_t N>(std::integral_constant<std::size_t, N>, const auto& f, const Shapes& shapes) {
        for (const Lie lie : lies) {
            const auto x = draw(shapes, lie);
            const Tensor<T> y = fused<N>(f, x);
            check_near(y, recorded<N>(f, x), 2 * std::numeric_limits<T>::epsilon());
            check_near(y, by_numbers<N>(f, x, y.shape()), 8 * std::numeric_limits<T>::epsilon());
            BOOST_TEST(!y.recorded());
        }
    });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(are_the_same_bits_whatever_the_layout, T, Floats) {
    Draw<T> draw(62);
    for_each_formula([&]<std::size_t N>(std::integral_constant<std::size_t, N>, const auto& f, const Shapes& shapes) {
        const auto x = draw(shapes);
        const Tensor<T> expected = fused<N>(f, x);
        for (const Lie lie : lies) {
            auto other = x;
            for (Tensor<T>& operand : other) operand = laid(operand, lie);
            const Tensor<T> y = fused<N>(f, other);
            BOOST_TEST(y.contiguous().data() == expected.contiguous().data(), boost::test_tools::per_element());
        }
    });
}

BOOST_AUTO_TEST_CASE(numbers_and_scalars_are_operands_too) {
    const auto x = Tensor<double>::of({1, -2, 3});
    const auto by_three = elementwise([](auto a, auto b, auto c) { return a * b + c; }, x, 3, 0.5);
    const std::vector<double> expected{3.5, -5.5, 9.5};
    BOOST_TEST(by_three.data() == expected, boost::test_tools::per_element());
    Tape tape;
    const Scalar s = tape.variable(3.0);
    const auto y = elementwise([](auto a, auto b) { return a * b * b; }, x, s);
    const std::vector<double> squares{9, -18, 27};
    BOOST_TEST(y.data() == squares, boost::test_tools::per_element());
    BOOST_TEST(gradient(sum(y))[s] == 2 * 3 * (1 - 2 + 3));
}

BOOST_AUTO_TEST_CASE(without_a_tensor_it_is_the_function_itself) {
    BOOST_TEST(elementwise([](auto a, auto b) { return a * b; }, 3.0, 4) == 12);
    BOOST_TEST(elementwise(
                   "product", [](auto a, auto b) { return a * b; }, 3.0, 4) == 12);
    Tape tape;
    const Scalar s = tape.variable(3.0);
    const Scalar y = elementwise([](auto a, auto b) { return a * b; }, s, 4.0);
    BOOST_TEST(y.value() == 12);
    BOOST_TEST(gradient(y)[s] == 4);
}

BOOST_AUTO_TEST_CASE(constants_of_the_formula_and_operands_that_it_does_not_use) {
    const auto x = Tensor<double>::of({1, 2, 3});
    const std::vector<double> fives(3, 5.0), ones(3, 1.0);
    BOOST_TEST(elementwise([](auto a) { return 0 * a + 5; }, x).data() == fives, boost::test_tools::per_element());
    const auto y = elementwise([](auto, auto b) { return b; }, x, Tensor<double>::of({1}));
    BOOST_TEST(y.data() == ones, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(functions_of_scalars_need_not_be_generic) {
    const auto x = Tensor<float>::of({1, 2, 3});
    const std::vector<float> expected{2, 8, 18};
    BOOST_TEST(elementwise([](const Scalar& a) { return 2 * a * a; }, x).data() == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(infinities_nan_and_signs_of_zero_pass_as_in_arithmetic, T, Floats) {
    constexpr T inf = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
    const auto x = Tensor<T>(Shape{9}, std::vector<T>{T(0), -T(0), inf, -inf, nan, T(1), std::numeric_limits<T>::max(),
                                                      std::numeric_limits<T>::denorm_min(), -T(2)});
    const auto f = [](auto a) { return a * a - a / 2; };
    const auto y = elementwise(f, x);
    for (Index i = 0; i < x.size(); ++i) {
        const T expected = f(x.at(i));
        BOOST_TEST((y.at(i) == expected || (std::isnan(y.at(i)) && std::isnan(expected))), y.at(i) << " at " << x.at(i));
    }
    const auto opposite = elementwise([](auto a) { return -a; }, x);
    BOOST_TEST(std::signbit(opposite.at(0)));
    BOOST_TEST(!std::signbit(opposite.at(1)));
}

BOOST_AUTO_TEST_SUITE_END()
