// SPDX-License-Identifier: MIT
// Errors of indexing, products, convolutions and elements, by their whole text, and of operands whose recording has ended.
#include "tests/ops/throws.hpp"

namespace {

using namespace autodiff;
using test::throws;
using T = Tensor<double>;
using Widths = std::pair<Index, Index>;
using Indices = Tensor<Index>;

T of(const Shape& shape) { return T::ones(shape); }

}  // namespace

BOOST_AUTO_TEST_SUITE(errors)

BOOST_AUTO_TEST_CASE(indices_outside_the_extent_are_named_with_their_position) {
    throws<IndexError>([] { return take(of({3}), Indices::of({0, 3})); }, "take: expected an index from -3 to 2, got 3 at position 1");
    throws<IndexError>([] { return take(of({3}), Indices::of({-4})); }, "take: expected an index from -3 to 2, got -4 at position 0");
    throws<IndexError>([] { return take(of({0}), Indices::of({0})); },
                       "take: expected no index into an axis of extent 0, got 0 at position 0");
    throws<IndexError>(
        [] {
            return take(of({2}), transpose(Indices(Shape{2, 2}, {0, 0, 7, 0})));
        },
        "take: expected an index from -2 to 1, got 7 at position 1");
    throws<ShapeError>([] { return take(of({3}), Indices::of({0}), 1); }, "take: expected an axis of [3], from -1 to 0, got axis 1");
    throws<IndexError>([] { return scatter_add(of({1}), Indices::of({2}), 2); },
                       "scatter_add: expected an index from -2 to 1, got 2 at position 0");
    throws<ShapeError>([] { return scatter_add(of({}), Indices::of({2}), 2); },
                       "scatter_add: expected updates with the axes of the indices, got updates [] and indices [1]");
    throws<ShapeError>(
        [] {
            return scatter_add(of({2, 3}), Indices::of({0, 1, 0}), 2);
        },
        "scatter_add: expected updates with the axes of the indices, [3], at axis 0, got [2, 3]");
    throws<ShapeError>(
        [] {
            return scatter_add(of({2}), Indices::of({0, 1}), 2, 1);
        },
        "scatter_add: expected updates with the axes of the indices, [2], at axis 1, got [2]");
    throws<IndexError>(
        [] {
            return gather(of({2, 2}), Indices(Shape{2, 1}, {0, 2}), 1);
        },
        "gather: expected an index from -2 to 1, got 2 at position 1");
    throws<ShapeError>(
        [] {
            return gather(of({2, 2}), Indices(Shape{1, 1}, {0}), 1);
        },
        "gather: expected indices that agree with [2, 2] except along axis 1, got [1, 1]");
    throws<ShapeError>(
        [] {
            return gather(of({2, 2}), Indices::of({0}), 1);
        },
        "gather: expected indices that agree with [2, 2] except along axis 1, got [1]");
    throws<ShapeError>([] { return gather(of({2}), Indices::of({0}), 1); }, "gather: expected an axis of [2], from -1 to 0, got axis 1");
    throws<ShapeError>([] { return gather_transpose(of({2}), Indices::of({0}), 3, 0); },
                       "gather_transpose: expected updates of the indices' shape [1], got [2]");
    throws<IndexError>([] { return gather_transpose(of({1}), Indices::of({3}), 3, 0); },
                       "gather_transpose: expected an index from -3 to 2, got 3 at position 0");
    throws<ShapeError>([] { return scatter_add(of({1}), Indices::of({0}), -1); },
                       "shape: expected extents that are not negative, got [-1]");
    throws<ShapeError>([] { return gather_transpose(of({1}), Indices::of({0}), -2, 0); },
                       "shape: expected extents that are not negative, got [-2]");
}

BOOST_AUTO_TEST_CASE(products_name_both_shapes_when_they_do_not_fit) {
    throws<ShapeError>([] { return matmul(of({2, 3}), of({2, 3})); }, "matmul: expected [m, n] x [n, p], got [2, 3] x [2, 3]");
    throws<ShapeError>([] { return matmul(of({3}), of({3, 2})); }, "matmul: expected [m, n] x [n, p], got [3] x [3, 2]");
    throws<ShapeError>(
        [] {
            return affine(of({2, 3}), of({2, 3}), of({3}));
        },
        "affine: expected [m, n] x [n, p] + [p], got [2, 3] x [2, 3] + [3]");
    throws<ShapeError>(
        [] {
            return affine(of({2, 3}), of({3, 4}), of({3}));
        },
        "affine: expected [m, n] x [n, p] + [p], got [2, 3] x [3, 4] + [3]");
    throws<ShapeError>([] { return matmul(of({2, 3}), of({3})); }, "matmul: expected [m, n] x [n, p], got [2, 3] x [3]");
    throws<ShapeError>(
        [] {
            return matmul(of({2, 2, 3}), of({3, 3, 2}));
        },
        "matmul: expected shapes that broadcast together, got [2] and [3]");
    Tape tape;
    const T w = tape.variable(of({2, 3}), "W"), x = tape.variable(of({4, 5}), "x");
    BOOST_CHECK_EXCEPTION(static_cast<void>(matmul(w, x)), ShapeError, [](const ShapeError& e) {
        return std::string(e.what()) == "matmul: expected [m, n] x [n, p], got W [2, 3] x x [4, 5]";
    });
    BOOST_TEST(tape.stats().rows == 2u);
}

BOOST_AUTO_TEST_CASE(convolutions_name_what_does_not_fit) {
    const std::string ranks = "conv2d: expected an input [n, in, h, w] and a kernel [out, in / groups, kh, kw], got ";
    throws<ShapeError>([] { return conv2d(of({1, 3, 3}), of({1, 1, 2, 2})); }, ranks + "[1, 3, 3] and [1, 1, 2, 2]");
    throws<ShapeError>(
        [] {
            return conv2d(of({1, 2, 3, 3}), of({1, 1, 2, 2}));
        },
        "conv2d: expected a kernel [out, in / groups, kh, kw] for [1, 2, 3, 3] in 1 groups, got [1, 1, 2, 2]");
    throws<ShapeError>(
        [] {
            return conv2d(of({1, 2, 3, 3}), of({3, 1, 2, 2}), {.groups = 2});
        },
        "conv2d: expected a kernel [out, in / groups, kh, kw] for [1, 2, 3, 3] in 2 groups, got [3, 1, 2, 2]");
    throws<ValueError>(
        [] {
            return conv2d(of({1, 1, 3, 3}), of({1, 1, 2, 2}), {.stride = {0, 1}});
        },
        "conv2d: expected stride, dilation and groups from 1 to 2147483647, got stride (0, 1), dilation (1, 1), groups 1");
    throws<ValueError>(
        [] {
            return conv2d(of({1, 1, 3, 3}), of({1, 1, 2, 2}), {.padding = {0, -1}});
        },
        "conv2d: expected a padding from 0 to 2147483647, got (0, -1)");
    throws<ShapeError>(
        [] {
            return conv2d(of({1, 1, 2, 3}), of({1, 1, 3, 1}));
        },
        "conv2d: expected a kernel that spans at most 2 along axis 2, the padded input, got [1, 1, 3, 1] with dilation (1, 1)");
    throws<ShapeError>(
        [] {
            return conv2d_input(of({1, 1, 1, 1}), of({1, 1, 2, 2}), {1, 1, 3, 3});
        },
        "conv2d_input: expected an adjoint of shape [1, 1, 2, 2], got [1, 1, 1, 1]");
    throws<ShapeError>(
        [] {
            return conv2d_weight(of({1, 1, 3, 3}), of({1, 1, 1, 1}), {1, 1, 2, 2});
        },
        "conv2d_weight: expected an adjoint of shape [1, 1, 2, 2], got [1, 1, 1, 1]");
    throws<ShapeError>([] { return max_pool2d(of({2, 2}), {}); }, "max_pool2d: expected an input [n, c, h, w] with h, w >= 1, got [2, 2]");
    throws<ValueError>(
        [] {
            return max_pool2d(of({1, 1, 2, 2}), {.stride = {1, 0}});
        },
        "max_pool2d: expected window and stride from 1 to 2147483647, got window (2, 2), stride (1, 0)");
    throws<ValueError>(
        [] {
            return avg_pool2d(of({1, 1, 2, 2}), {.padding = {2, 0}});
        },
        "avg_pool2d: expected a padding from 0 to less than the window, got padding (2, 0), window (2, 2)");
    throws<ShapeError>(
        [] {
            return avg_pool2d(of({1, 1, 2, 1}), {});
        },
        "avg_pool2d: expected a window of at most 1 along axis 3 of the padded input, got window (2, 2) for [1, 1, 2, 1]");
}

BOOST_AUTO_TEST_CASE(between_scalars_and_tensors_ranks_are_checked) {
    throws<ShapeError>([] { return to_scalar(of({1})); }, "scalar: expected a rank-0 tensor, got shape [1]; sum it, or take one element");
    throws<IndexError>([] { return of({2, 3})(2, 0); }, "element: expected indices inside shape [2, 3], got (2, 0)");
    throws<IndexError>([] { return of({2, 3})(0, -4); }, "element: expected indices inside shape [2, 3], got (0, -4)");
    throws<ShapeError>([] { return of({2, 3})(0); }, "element: expected 2 indices for shape [2, 3], got 1");
    throws<IndexError>([] { return place_element(of({}), {2}, 2); }, "place_element: expected a position inside shape [2], got 2");
    throws<IndexError>([] { return place_element(of({}), {2}, -1); }, "place_element: expected a position inside shape [2], got -1");
    throws<ShapeError>([] { return place_element(of({2}), {2}, 0); }, "place_element: expected a rank-0 tensor, got shape [2]");
}

BOOST_AUTO_TEST_CASE(a_gradient_of_several_elements_says_what_to_do) {
    Tape tape;
    const T x = tape.variable(of({2}));
    BOOST_CHECK_EXCEPTION(static_cast<void>(tape.gradient(2 * x)), ShapeError, [](const ShapeError& e) {
        return std::string(e.what()) == "gradient: expected a result with one element, got shape [2]; sum it, or ask for the jacobian";
    });
}

BOOST_AUTO_TEST_CASE(operands_of_a_recording_that_has_ended_are_refused_by_every_operation) {
    T stale;
    {
        const Tape tape;
        stale = const_cast<Tape&>(tape).variable(of({1, 1, 2, 2}));
    }
    const Indices first = Indices::of({0});
    const std::string end = ": expected values of a live tape of this thread, got a value of row 1 of a recording that was cleared, "
                            "rewound or destroyed, or of another thread";
    const auto refuses = [&end]<class F>(const std::string& name, const F& f) { throws<TapeError>(f, name + end); };
    refuses("exp", [&] { return exp(stale); });
    refuses("mul", [&] { return stale * 2; });
    refuses("mul", [&] { return of({2}) * stale; });
    refuses("fma", [&] { return fma(of({2}), stale, of({2})); });
    refuses("where", [&] { return where(Tensor<bool>(true), of({2}), stale); });
    refuses("sum", [&] { return sum(stale); });
    refuses("sum", [&] { return mean(stale); });
    refuses("amax", [&] { return amax(stale); });
    refuses("amin", [&] { return amin(stale); });
    refuses("prod", [&] { return prod(stale); });
    refuses("logsumexp", [&] { return logsumexp(stale); });
    refuses("norm2", [&] { return norm2(stale); });
    refuses("reshape", [&] { return reshape(stale, {4}); });
    refuses("transpose", [&] { return transpose(stale); });
    refuses("broadcast_to", [&] { return broadcast_to(stale, {2, 1, 2, 2}); });
    refuses("slice", [&] { return slice(stale, {all}); });
    refuses("pad", [&] { return pad(stale, {Widths{0, 0}, Widths{0, 0}, Widths{0, 0}, Widths{1, 1}}); });
    refuses("concat", [&] { return concat({of({1, 1, 2, 2}), stale}); });
    refuses("split", [&] { return split(stale, 2, 2); });
    refuses("take", [&] { return take(stale, first); });
    refuses("scatter_add", [&] { return scatter_add(stale, first, 1); });
    refuses("gather", [&] { return gather(stale, Indices::full({1, 1, 1, 2}, 0), 2); });
    refuses("matmul", [&] { return matmul(of({2, 2}), stale); });
    refuses("affine", [&] { return affine(of({2, 2}), stale, of({2})); });
    refuses("conv2d", [&] { return conv2d(of({1, 1, 2, 2}), stale); });
    refuses("max_pool2d", [&] { return max_pool2d(stale, {}); });
    refuses("avg_pool2d", [&] { return avg_pool2d(stale, {}); });
    refuses("element", [&] { return stale(0, 0, 0, 0); });
}

BOOST_AUTO_TEST_SUITE_END()
