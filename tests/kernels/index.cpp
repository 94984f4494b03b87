// SPDX-License-Identifier: MIT
// Lookups and their transposes against loops over flat positions, over random shapes, axes and layouts.
#include "autodiff/kernels/index.hpp"

#include "tests/kernels/views.hpp"

#include <vector>

using namespace autodiff;
using namespace views;

namespace {

Shape with(const Shape& shape, Index axis, const Shape& inserted) {
    Extents extents;
    for (Index k = 0; k < shape.rank(); ++k)
        if (k == axis)
            extents.insert(extents.end(), inserted.begin(), inserted.end());
        else
            extents.push_back(shape[k]);
    return Shape(std::span<const Index>(extents.data(), extents.size()));
}

Array<Index> random_indices(Random& random, const Shape& shape, Index extent) {
    auto indices = arranged<Index>(random, shape);
    for (Index i = 0; i < shape.size(); ++i) at(indices.view, i) = random.integer(0, extent - 1);
    return indices;
}

/// before, axis, after: the extents of x seen from one axis.
struct Cut {
    Index before = 1, extent, after = 1;
    Cut(const Shape& shape, Index axis) : extent(shape[axis]) {
        for (Index k = 0; k < axis; ++k) before *= shape[k];
        for (Index k = axis + 1; k < shape.rank(); ++k) after *= shape[k];
    }
};

template <class T>
std::vector<T> values(const View<T>& x) {
    std::vector<T> result;
    for (Index i = 0; i < x.shape.size(); ++i) result.push_back(at(x, i));
    return result;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lookups)

BOOST_AUTO_TEST_CASE_TEMPLATE(take_and_scatter_add_equal_loops, T, Floats) {
    Random random(51);
    for (int round = 0; round < 500; ++round) {
        const Shape shape = random.shape(1, 4, 5, 0);
        const Index axis = random.integer(0, shape.rank() - 1);
        const auto indices = random_indices(random, random.shape(0, 3, 5), shape[axis]);
        const Shape result = with(shape, axis, indices.view.shape);
        const auto x = arranged<T>(random, shape), updates = arranged<T>(random, result);
        auto y = arranged<T>(random, result, Repeats::no), target = arranged<T>(random, shape, Repeats::no);
        std::vector<T> sums = values(target.view);
        kernels::take(x.read(), indices.read(), round % 2 ? axis : axis - shape.rank(), y.view);
        kernels::scatter_add(target.view, indices.read(), axis, updates.read());
        const Cut cut(shape, axis);
        const Index count = indices.view.shape.size();
        for (Index b = 0; b < cut.before; ++b)
            for (Index i = 0; i < count; ++i)
                for (Index a = 0; a < cut.after; ++a) {
                    const Index from = (b * cut.extent + at(indices.view, i)) * cut.after + a, to = (b * count + i) * cut.after + a;
                    BOOST_REQUIRE_EQUAL(at(y.view, to), at(x.view, from));
                    sums[static_cast<std::size_t>(from)] += at(updates.view, to);  // in this order: the result is exact
                }
        for (std::size_t i = 0; i < sums.size(); ++i) BOOST_REQUIRE_EQUAL(at(target.view, static_cast<Index>(i)), sums[i]);
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(lookups_along_an_axis_and_their_transpose_equal_loops, T, Floats) {
    Random random(52);
    for (int round = 0; round < 500; ++round) {
        const Shape shape = random.shape(1, 4, 5, 0);
        const Index axis = random.integer(0, shape.rank() - 1);
        const Shape result = with(shape, axis, {random.integer(0, 6)});
        const auto indices = random_indices(random, result, shape[axis]);
        const auto x = arranged<T>(random, shape), updates = arranged<T>(random, result);
        auto y = arranged<T>(random, result, Repeats::no), target = arranged<T>(random, shape, Repeats::no);
        std::vector<T> sums = values(target.view);
        kernels::take_along_axis(x.read(), indices.read(), axis, y.view);
        kernels::scatter_add_along_axis(target.view, indices.read(), axis, updates.read());
        const Cut cut(shape, axis);
        for (Index to = 0; to < result.size(); ++to) {
            const Index a = to % cut.after, b = to / cut.after / result[axis];
            const Index from = (b * cut.extent + at(indices.view, to)) * cut.after + a;
            BOOST_REQUIRE_EQUAL(at(y.view, to), at(x.view, from));
            sums[static_cast<std::size_t>(from)] += at(updates.view, to);
        }
        for (std::size_t i = 0; i < sums.size(); ++i) BOOST_REQUIRE_EQUAL(at(target.view, static_cast<Index>(i)), sums[i]);
    }
}

BOOST_AUTO_TEST_CASE(rows_of_an_embedding_that_are_looked_up_twice_add_up) {
    Index ids[] = {1, 0, 1};
    double upstream[] = {1, 2, 3, 4, 5, 6}, table[] = {0, 0, 0, 0};
    kernels::scatter_add<double>({table, {2, 2}, {2, 1}}, {ids, {3}, {1}}, 0, {upstream, {3, 2}, {2, 1}});
    const double expected[] = {3, 4, 6, 8};
    for (std::size_t i = 0; i < 4; ++i) BOOST_TEST(table[i] == expected[i]);
}

BOOST_AUTO_TEST_CASE(booleans_and_integers_can_be_looked_up) {
    Index ids[] = {2, 0};
    const bool flags[] = {true, false, false};
    const Index numbers[] = {10, 20, 30};
    bool y[2];
    Index z[2];
    kernels::take<bool>({flags, {3}, {1}}, {ids, {2}, {1}}, 0, {y, {2}, {1}});
    kernels::take_along_axis<Index>({numbers, {3}, {1}}, {ids, {2}, {1}}, 0, {z, {2}, {1}});
    BOOST_TEST((!y[0] && y[1]));
    BOOST_TEST((z[0] == 30 && z[1] == 10));
}

BOOST_AUTO_TEST_CASE(extents_that_do_not_fit_are_named) {
    const auto x = contiguous<float>({3, 4}, 0.0f);
    const auto ids = contiguous<Index>({2}, 0);
    auto y = contiguous<float>({2, 5});
    BOOST_CHECK_EXCEPTION(kernels::take(x.read(), ids.read(), 0, y.view), ShapeError,
                          says("take: expected elements of shape [2, 4], got [2, 5]"));
    BOOST_CHECK_EXCEPTION(kernels::take_along_axis(x.read(), ids.read(), 0, y.view), ShapeError,
                          says("take_along_axis: expected indices and elements of shape [3, 4], got [2] and [2, 5]"));
}

BOOST_AUTO_TEST_SUITE_END()
