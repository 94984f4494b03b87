// SPDX-License-Identifier: MIT
// What a tensor is: construction, shared memory, views, in-place updates, elements, and which ones can be on a tape.
#include "autodiff/autodiff.hpp"

#include <boost/test/unit_test.hpp>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

namespace {

using namespace autodiff;
using T = Tensor<double>;

template <class E, class F>
void throws(const F& f, const std::string& text) {
    try {
        f();
        BOOST_ERROR("nothing was thrown instead of: " << text);
    } catch (const E& e) {
        BOOST_TEST(std::string(e.what()) == text);
    }
}
template <class X>
void check(const Tensor<X>& got, const std::string& shape, const std::vector<X>& expected) {
    BOOST_TEST(to_string(got.shape()) == shape);
    const Tensor<X> lined = got.contiguous();
    BOOST_TEST(lined.data() == expected, boost::test_tools::per_element());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(construction)

BOOST_AUTO_TEST_CASE(takes_a_shape_and_values_in_row_major_order) {
    check(T({2, 3}, {1, 2, 3, 4, 5, 6}), "[2, 3]", {1, 2, 3, 4, 5, 6});
    check(T({2}, std::vector<double>{1, 2}), "[2]", {1, 2});
    check(T::of({1, 2, 3}), "[3]", {1, 2, 3});
    check(T::from_rows({{1, 2}, {3, 4}, {5, 6}}), "[3, 2]", {1, 2, 3, 4, 5, 6});
    check(T(2.5), "[]", {2.5});
    check(T::zeros({2}), "[2]", {0, 0});
    check(T::ones({1, 2}), "[1, 2]", {1, 1});
    check(T::full({}, 7), "[]", {7});
    check(T::eye(2), "[2, 2]", {1, 0, 0, 1});
    check(T::arange(3), "[3]", {0, 1, 2});
    check(Tensor<Index>::arange(3), "[3]", {0, 1, 2});
    check(T::eye(0), "[0, 0]", {});
    check(T::arange(0), "[0]", {});
    check(T::from_rows({}), "[0, 0]", {});
    check(T::from_rows({{}, {}}), "[2, 0]", {});
    check(T(Scalar(3.0)), "[]", {3});
    const Tensor<bool> flags(Shape{2}, {true, false});
    BOOST_TEST(flags(0));
    BOOST_TEST(!flags(1));
}

BOOST_AUTO_TEST_CASE(by_default_is_empty) {
    const T x;
    BOOST_TEST(to_string(x.shape()) == "[0]");
    BOOST_TEST(x.size() == 0);
    BOOST_TEST(x.data().empty());
    BOOST_TEST(x.is_contiguous());
    BOOST_TEST(!x.recorded());
    BOOST_TEST(sum(x).item() == 0);
}

BOOST_AUTO_TEST_CASE(counts_the_values) {
    throws<ShapeError>([] { T({2, 3}, {1, 2, 3}); }, "tensor: expected 6 values for shape [2, 3], got 3");
    throws<ShapeError>([] { T(Shape{}, std::vector<double>{}); }, "tensor: expected 1 values for shape [], got 0");
    throws<ShapeError>(
        [] {
            static_cast<void>(T::from_rows({{1, 2}, {3}}));
        },
        "from_rows: expected rows of equal length 2, got a row of 1");
    throws<ShapeError>([] { static_cast<void>(T::zeros({2, -1})); }, "shape: expected extents that are not negative, got [2, -1]");
    throws<ShapeError>([] { static_cast<void>(T::arange(-1)); }, "shape: expected extents that are not negative, got [-1]");
    throws<ShapeError>([] { static_cast<void>(T::eye(-2)); }, "shape: expected extents that are not negative, got [-2, -2]");
}

BOOST_AUTO_TEST_CASE(of_more_bytes_than_there_are_throws_and_does_not_wrap) {
    BOOST_CHECK_THROW(static_cast<void>(T::uninitialised({Index{1} << 61})), std::exception);
    BOOST_CHECK_THROW(static_cast<void>(T::uninitialised({Index{1} << 62})), std::exception);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(memory)

BOOST_AUTO_TEST_CASE(is_shared_by_copies_and_views) {
    const T x = T::from_rows({{1, 2, 3}, {4, 5, 6}});
    const T copy = x;
    BOOST_TEST(copy.begin_data() == x.begin_data());
    BOOST_TEST(transpose(x).begin_data() == x.begin_data());
    BOOST_TEST(reshape(x, {6}).begin_data() == x.begin_data());
    BOOST_TEST(slice(x, {{1, 2}}).begin_data() == x.begin_data() + 3);
    BOOST_TEST(flip(x).begin_data() == x.begin_data() + 5);
    BOOST_TEST(broadcast_to(x, {4, 2, 3}).begin_data() == x.begin_data());
    BOOST_TEST(autodiff::select(x, 1, 2).begin_data() == x.begin_data() + 2);
    BOOST_TEST(x.contiguous().begin_data() == x.begin_data());
    BOOST_TEST(!x.unique());
    BOOST_TEST(reshape(transpose(x), {6}).begin_data() != x.begin_data());  // not in row-major order: a copy
    check(reshape(transpose(x), {6}), "[6]", {1, 4, 2, 5, 3, 6});
}

BOOST_AUTO_TEST_CASE(of_a_view_outlives_its_base) {
    T view;
    {
        const T x = T::from_rows({{1, 2}, {3, 4}});
        view = transpose(x);
    }
    check(view, "[2, 2]", {1, 3, 2, 4});
}

BOOST_AUTO_TEST_CASE(is_read_as_a_span_only_in_row_major_order) {
    const T x = T::from_rows({{1, 2, 3}, {4, 5, 6}}), turned = transpose(x);
    BOOST_TEST(!turned.is_contiguous());
    throws<ShapeError>([&] { static_cast<void>(turned.data()); },
                       "data: expected values in row-major order, got a view of shape [3, 2] with strides [1, 3]; take contiguous() first");
    throws<ShapeError>([] { static_cast<void>(broadcast_to(T(1.0), {2}).data()); },
                       "data: expected values in row-major order, got a view of shape [2] with strides [0]; take contiguous() first");
    BOOST_TEST(turned.contiguous().data() == (std::vector<double>{1, 4, 2, 5, 3, 6}), boost::test_tools::per_element());
    BOOST_TEST(slice(x, {{1, {}}}).data() == (std::vector<double>{4, 5, 6}),
               boost::test_tools::per_element());  // a whole row lies in order
}

BOOST_AUTO_TEST_CASE(of_a_moved_from_tensor_is_not_needed_by_the_new_one) {
    T x = T::of({1, 2});
    const T y = std::move(x);
    check(y, "[2]", {1, 2});
    x = T::of({3});
    check(x, "[1]", {3});
    check(y, "[2]", {1, 2});
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(in_place_updates)

BOOST_AUTO_TEST_CASE(write_where_nobody_else_looks) {
    T x = T::of({1, 2});
    const double* before = x.begin_data();
    in_place(x)[0] = 5;
    BOOST_TEST(x.begin_data() == before);
    check(x, "[2]", {5, 2});
}

BOOST_AUTO_TEST_CASE(copy_first_if_a_copy_or_a_view_looks) {
    T x = T::of({1, 2, 3});
    const T copy = x, view = slice(x, {{1, {}}});
    in_place(x)[1] = 9;
    check(x, "[3]", {1, 9, 3});
    check(copy, "[3]", {1, 2, 3});
    check(view, "[2]", {2, 3});
}

BOOST_AUTO_TEST_CASE(of_a_view_leave_its_base_alone) {
    const T x = T::from_rows({{1, 2}, {3, 4}});
    T view = transpose(x);
    in_place(view)[1] = 9;  // positions count in row-major order
    check(view, "[2, 2]", {1, 9, 2, 4});
    check(x, "[2, 2]", {1, 2, 3, 4});
    T repeated = broadcast_to(T(1.0), {3});
    in_place(repeated)[0] = 2;
    check(repeated, "[3]", {2, 1, 1});
}

BOOST_AUTO_TEST_CASE(never_change_what_a_tape_has_saved) {
    T x = T::of({2, 3});
    Tape tape;
    const T v = tape.variable(x), y = sum(v * v);
    in_place(x)[0] = 100;
    const T g = tape.gradient(y)[v];
    check(g, "[2]", {4, 6});
    check(v.constant(), "[2]", {2, 3});
}

BOOST_AUTO_TEST_CASE(of_a_gradient_leave_the_next_question_alone) {
    Tape tape;
    const T v = tape.variable(T::of({2, 3}));
    const T y = sum(v);
    const Gradient g = tape.gradient(y);
    T mine = g[v];
    in_place(mine)[0] = 100;
    check(g[v], "[2]", {1, 1});
    check(tape.gradient(y)[v], "[2]", {1, 1});
}

BOOST_AUTO_TEST_CASE(of_a_recorded_tensor_are_refused) {
    Tape tape;
    T v = tape.variable(T::of({2, 3})), y = exp(v);
    const std::string rest = "in_place: expected a tensor that is on no tape, got a recorded tensor of shape [2]; values on a tape never "
                             "change; update the constant from which "
                             "the variable was made";
    throws<TapeError>([&] { in_place(v); }, rest);
    throws<TapeError>([&] { in_place(y); }, rest);
    T constant = v.constant();
    in_place(constant)[0] = 1;
    check(constant, "[2]", {1, 3});
    check(v.constant(), "[2]", {2, 3});
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(elements)

BOOST_AUTO_TEST_CASE(are_read_by_one_index_per_axis_also_from_the_end) {
    const T x = T::from_rows({{1, 2, 3}, {4, 5, 6}});
    BOOST_TEST(x(0, 0).value() == 1);
    BOOST_TEST(x(1, 2).value() == 6);
    BOOST_TEST(x(-1, -3).value() == 4);
    BOOST_TEST(x.at(0, -1) == 3);
    BOOST_TEST(transpose(x)(2, 0).value() == 3);
    BOOST_TEST(flip(x)(0, 0).value() == 6);
    BOOST_TEST(slice(x, {all, {{}, {}, 2}})(1, 1).value() == 6);
    BOOST_TEST(T(3.0)().value() == 3);
    BOOST_TEST(Tensor<Index>::of({4, 5})(1) == 5);
    BOOST_TEST(T::of({1.5})(std::size_t{0}).value() == 1.5);
}

BOOST_AUTO_TEST_CASE(outside_the_extents_are_refused) {
    const T x = T::zeros({2, 3});
    throws<IndexError>([&] { static_cast<void>(x(2, 0)); }, "element: expected indices inside shape [2, 3], got (2, 0)");
    throws<IndexError>([&] { static_cast<void>(x(0, -4)); }, "element: expected indices inside shape [2, 3], got (0, -4)");
    throws<IndexError>([&] { static_cast<void>(x.at(0, 3)); }, "element: expected indices inside shape [2, 3], got (0, 3)");
    throws<IndexError>([&] { static_cast<void>(x(std::numeric_limits<Index>::min(), 0)); },
                       "element: expected indices inside shape [2, 3], got (-9223372036854775808, 0)");
    throws<IndexError>([] { static_cast<void>(T()(0)); }, "element: expected indices inside shape [0], got (0)");
    throws<ShapeError>([&] { static_cast<void>(x(1)); }, "element: expected 2 indices for shape [2, 3], got 1");
    throws<ShapeError>([&] { static_cast<void>(x(0, 0, 0)); }, "element: expected 2 indices for shape [2, 3], got 3");
}

BOOST_AUTO_TEST_CASE(the_only_one_is_the_item) {
    BOOST_TEST(T(2.0).item() == 2);
    BOOST_TEST(T({1, 1}, {3}).item() == 3);
    throws<ShapeError>([] { static_cast<void>(T::zeros({2}).item()); }, "item: expected a tensor with one element, got shape [2]");
    throws<ShapeError>([] { static_cast<void>(T().item()); }, "item: expected a tensor with one element, got shape [0]");
}

BOOST_AUTO_TEST_CASE(of_views_get_the_gradient_of_their_base) {
    Tape tape;
    const T w = tape.variable(T::from_rows({{1, 2, 3}, {4, 5, 6}}), "W");
    const Scalar y = square(transpose(w)(2, 1)) + w(0, -1) * 10.0;
    const Gradient g = gradient(y);
    check(g[w], "[2, 3]", {0, 0, 10, 0, 0, 12});
    BOOST_TEST(g[w(1, 2)] == 12);
    BOOST_TEST(g[w(-1, -1)] == 12);
    BOOST_TEST(g[w(0, 0)] == 0);
}

BOOST_AUTO_TEST_CASE(of_float_tensors_are_scalars_too) {
    Tape tape;
    const Tensor<float> w = tape.variable(Tensor<float>::of({1, 2}));
    const Scalar y = w(0) * w(1) * w(1);
    const Tensor<float> g = gradient(y)[w];
    check(g, "[2]", {4, 4});
}

BOOST_AUTO_TEST_CASE(rank_0_is_a_scalar) {
    Tape tape;
    const T x = tape.variable(T::of({3, 4}));
    const Scalar y = sum(x * x);
    BOOST_TEST(y.value() == 25);
    const Scalar z = y * 2 + 1;
    check(gradient(z)[x], "[2]", {12, 16});
    throws<ShapeError>([] { static_cast<void>(Scalar(T::of({1}))); },
                       "scalar: expected a rank-0 tensor, got shape [1]; sum it, or take one element");
    BOOST_TEST(Scalar(T(2.0)).value() == 2);
    BOOST_TEST(!Scalar(T(2.0)).recorded());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(types)

template <class X>
constexpr bool can_be_a_variable = requires(Tape& tape, const Tensor<X>& x) {
    value_and_gradient([](const auto& v) { return sum(v); }, x);
};

BOOST_AUTO_TEST_CASE(only_floating_tensors_have_a_gradient) {
    static_assert(Tensor<double>::differentiable && Tensor<float>::differentiable);
    static_assert(!Tensor<Index>::differentiable && !Tensor<std::int32_t>::differentiable && !Tensor<bool>::differentiable);
    static_assert(ADifferentiableTensor<Tensor<float>> && !ADifferentiableTensor<Tensor<Index>> && ATensor<Tensor<bool>>);
    static_assert(std::same_as<decltype(Tensor<Index>()(0)), Index> && std::same_as<decltype(Tensor<bool>()(0)), bool> &&
                  std::same_as<decltype(T()(0)), Scalar>);
    static_assert(std::same_as<decltype(T() == T()), Tensor<bool>> && std::same_as<decltype(argmax(T())), Tensor<Index>>);
    static_assert(std::convertible_to<T, Scalar> && !std::convertible_to<Tensor<float>, Scalar> &&
                  !std::convertible_to<Tensor<Index>, Scalar>);
    static_assert(!std::convertible_to<double, T> && !std::convertible_to<Scalar, T>);
    BOOST_TEST(can_be_a_variable<double>);
    BOOST_TEST(can_be_a_variable<float>);
    BOOST_TEST(!can_be_a_variable<Index>);
    BOOST_TEST(!can_be_a_variable<bool>);
}

BOOST_AUTO_TEST_CASE(whole_numbers_and_flags_move_like_the_others) {
    const Tensor<Index> n = Tensor<Index>(Shape{2, 3}, {1, 2, 3, 4, 5, 6});
    check(transpose(n), "[3, 2]", {1, 4, 2, 5, 3, 6});
    check(slice(n, {{1, {}}, {{}, {}, -1}}), "[1, 3]", {6, 5, 4});
    check(concat({n, n}, 1), "[2, 6]", {1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6});
    check(stack({autodiff::select(n, 0, 1), autodiff::select(n, 0, 0)}), "[2, 3]", {4, 5, 6, 1, 2, 3});
    check(pad(n, {{0, 0}, {1, 0}}, Index{-1}), "[2, 4]", {-1, 1, 2, 3, -1, 4, 5, 6});
    check(sum(n, 0), "[3]", {5, 7, 9});
    check(take(n, Tensor<Index>::of({-1}), 1), "[2, 1]", {3, 6});
    check(flip(cast<std::int32_t>(n), 1), "[2, 3]", {3, 2, 1, 6, 5, 4});
    BOOST_TEST(count(transpose(n > 2)).item() == 4);
}

BOOST_AUTO_TEST_SUITE_END()
