// SPDX-License-Identifier: MIT
// Shapes, strides and axes: pure functions of integers, up to their limits.
#include "autodiff/shape.hpp"

#include <boost/test/unit_test.hpp>
#include <limits>
#include <string>
#include <vector>

namespace {

using namespace autodiff;

template <class E, class F>
void throws(const F& f, const std::string& text) {
    try {
        static_cast<void>(f());
        BOOST_ERROR("nothing was thrown instead of: " << text);
    } catch (const E& e) {
        BOOST_TEST(std::string(e.what()) == text);
    }
}
std::vector<Index> list(const Extents& extents) { return {extents.begin(), extents.end()}; }
void check(const Extents& got, const std::vector<Index>& expected) { BOOST_TEST(list(got) == expected, boost::test_tools::per_element()); }

}  // namespace

BOOST_AUTO_TEST_SUITE(shape)

BOOST_AUTO_TEST_CASE(of_rank_0_has_one_element) {
    const Shape number;
    BOOST_TEST(number.rank() == 0);
    BOOST_TEST(number.size() == 1);
    BOOST_TEST(to_string(number) == "[]");
    BOOST_TEST(number.extents().empty());
}

BOOST_AUTO_TEST_CASE(knows_its_rank_size_and_extents_from_both_ends) {
    const Shape s{2, 3, 4};
    BOOST_TEST(s.rank() == 3);
    BOOST_TEST(s.size() == 24);
    BOOST_TEST(s[0] == 2);
    BOOST_TEST(s[-1] == 4);
    BOOST_TEST(s[-3] == 2);
    BOOST_TEST(to_string(s) == "[2, 3, 4]");
    BOOST_TEST((Shape{7, 0, 2}.size()) == 0);
    BOOST_TEST((Shape{2, 3} == Shape{2, 3}));
    BOOST_TEST((Shape{2, 3} != Shape{3, 2}));
    BOOST_TEST((Shape{1} != Shape{}));
}

BOOST_AUTO_TEST_CASE(of_many_axes_is_a_shape_too) {
    const std::vector<Index> ones(40, 1);
    const Shape s{std::span<const Index>(ones)};
    BOOST_TEST(s.rank() == 40);
    BOOST_TEST(s.size() == 1);
    BOOST_TEST((broadcast(s, Shape{2}).rank()) == 40);
}

BOOST_AUTO_TEST_CASE(refuses_negative_extents) {
    throws<ShapeError>([] { return Shape{2, -1}; }, "shape: expected extents that are not negative, got [2, -1]");
    throws<ShapeError>(
        [] {
            return Shape{0, std::numeric_limits<Index>::min()};
        },
        "shape: expected extents that are not negative, got [0, -9223372036854775808]");
}

BOOST_AUTO_TEST_CASE(refuses_more_than_2_to_the_62_elements) {
    const Index half = Index{1} << 31, largest = std::numeric_limits<Index>::max();
    BOOST_TEST((Shape{half, half}.size()) == Index{1} << 62);
    BOOST_TEST((Shape{Index{1} << 62}.size()) == Index{1} << 62);
    throws<ShapeError>([&] { return Shape{half, half + 1}; }, "shape: expected at most 2^62 elements, got [2147483648, 2147483649]");
    throws<ShapeError>([&] { return Shape{half, half, 2}; }, "shape: expected at most 2^62 elements, got [2147483648, 2147483648, 2]");
    throws<ShapeError>(
        [&] {
            return Shape{half, half, 4};
        },
        "shape: expected at most 2^62 elements, got [2147483648, 2147483648, 4]");  // wraps round to 0
    throws<ShapeError>([&] { return Shape{largest}; }, "shape: expected at most 2^62 elements, got [9223372036854775807]");
    // An empty tensor may have any other extents.
    BOOST_TEST((Shape{largest, 0, largest}.size()) == 0);
    BOOST_TEST((Shape{0, half, half, half}.size()) == 0);
}

BOOST_AUTO_TEST_CASE(names_the_axis_that_it_has_not) {
    const Shape s{2, 3};
    throws<ShapeError>([&] { return s[2]; }, "shape: expected an axis of [2, 3], from -2 to 1, got axis 2");
    throws<ShapeError>([&] { return s[-3]; }, "shape: expected an axis of [2, 3], from -2 to 1, got axis -3");
    throws<ShapeError>([&] { return s.normalise_axis(5, "flip"); }, "flip: expected an axis of [2, 3], from -2 to 1, got axis 5");
    throws<ShapeError>([] { return Shape{}[0]; }, "shape: expected an axis of [], which has none, got axis 0");
    BOOST_TEST(s.normalise_axis(-1) == 1);
    BOOST_TEST(s.normalise_axis(0) == 0);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(strides)

BOOST_AUTO_TEST_CASE(row_major_ones_count_the_elements_behind) {
    check(row_major({2, 3, 4}), {12, 4, 1});
    check(row_major({5}), {1});
    check(row_major({}), {});
    check(row_major({2, 0, 3}), {3, 3, 1});
}

BOOST_AUTO_TEST_CASE(are_row_major_if_there_are_no_gaps) {
    BOOST_TEST(is_row_major({2, 3}, {3, 1}));
    BOOST_TEST(!is_row_major({2, 3}, {1, 2}));
    BOOST_TEST(!is_row_major({2, 3}, {4, 1}));
    BOOST_TEST(!is_row_major({3}, {-1}));
    BOOST_TEST(!is_row_major({3}, {0}));
    BOOST_TEST(is_row_major({1, 3}, {77, 1}));  // an axis of extent 1 has no step
    BOOST_TEST(is_row_major({2, 1}, {1, -5}));
    BOOST_TEST(is_row_major({0, 3}, {9, 9}));
    BOOST_TEST(is_row_major({}, {}));
}

BOOST_AUTO_TEST_CASE(are_0_along_axes_that_repeat) {
    check(broadcast_strides({3}, {1}, {2, 3}), {0, 1});
    check(broadcast_strides({2, 1}, {1, 1}, {2, 3}), {1, 0});
    check(broadcast_strides({2, 3}, {1, 2}, {2, 3}), {1, 2});
    check(broadcast_strides({}, {}, {2, 3}), {0, 0});
    throws<ShapeError>([] { return broadcast_strides({2}, {1}, {3}); }, "broadcast: expected a shape that broadcasts to [3], got [2]");
    throws<ShapeError>(
        [] {
            return broadcast_strides({1, 2}, {2, 1}, {2});
        },
        "broadcast: expected a shape that broadcasts to [2], got [1, 2]");
}

BOOST_AUTO_TEST_CASE(come_back_by_summing_the_repeated_axes) {
    check(broadcast_axes({3}, {2, 3}), {0});
    check(broadcast_axes({2, 1}, {2, 3}), {1});
    check(broadcast_axes({1, 1}, {1, 1}), {});
    check(broadcast_axes({}, {2, 3}), {0, 1});
    check(broadcast_axes({1, 3, 1}, {4, 2, 3, 5}), {0, 1, 3});
    check(broadcast_axes({1}, {0}), {0});
}

BOOST_AUTO_TEST_CASE(broadcasting_names_the_operation_and_both_shapes) {
    throws<ShapeError>([] { return broadcast({2, 3}, {2}, "add"); }, "add: expected shapes that broadcast together, got [2, 3] and [2]");
    throws<ShapeError>([] { return broadcast({0}, {3}); }, "broadcast: expected shapes that broadcast together, got [0] and [3]");
    throws<ShapeError>(
        [] {
            return broadcast({Index{1} << 40, 1}, {1, Index{1} << 40});
        },
        "shape: expected at most 2^62 elements, got [1099511627776, 1099511627776]");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(axes)

BOOST_AUTO_TEST_CASE(are_all_when_none_is_named) {
    check(Axes().resolve({2, 3, 4}, "sum"), {0, 1, 2});
    check(Axes().resolve({}, "sum"), {});
}

BOOST_AUTO_TEST_CASE(come_out_sorted_and_counted_from_the_front) {
    check(Axes(1).resolve({2, 3, 4}, "sum"), {1});
    check(Axes(-1).resolve({2, 3, 4}, "sum"), {2});
    check(Axes({-1, 0}).resolve({2, 3, 4}, "sum"), {0, 2});
    check(Axes(std::size_t{2}).resolve({2, 3, 4}, "sum"), {2});
    check(Axes(std::span<const Index>()).resolve({2, 3}, "sum"), {});  // a list of none is none
}

BOOST_AUTO_TEST_CASE(are_named_once_and_exist) {
    throws<ShapeError>([] { return Axes({0, 0}).resolve({2, 3}, "sum"); }, "sum: expected every axis named once, got [0, 0]");
    throws<ShapeError>([] { return Axes({1, -1}).resolve({2, 3}, "sum"); }, "sum: expected every axis named once, got [1, -1]");
    throws<ShapeError>([] { return Axes(2).resolve({2, 3}, "mean"); }, "mean: expected an axis of [2, 3], from -2 to 1, got axis 2");
    throws<ShapeError>([] { return Axes(0).resolve({}, "mean"); }, "mean: expected an axis of [], which has none, got axis 0");
}

BOOST_AUTO_TEST_CASE(that_are_reduced_go_or_stay_with_extent_1) {
    BOOST_TEST(to_string(reduced({2, 3, 4}, {0, 2}, false)) == "[3]");
    BOOST_TEST(to_string(reduced({2, 3, 4}, {0, 2}, true)) == "[1, 3, 1]");
    BOOST_TEST(to_string(reduced({2, 3}, {0, 1}, false)) == "[]");
    BOOST_TEST(to_string(reduced({2, 3}, {}, true)) == "[2, 3]");
    BOOST_TEST(to_string(reduced({0, 3}, {0}, true)) == "[1, 3]");
}

BOOST_AUTO_TEST_SUITE_END()
