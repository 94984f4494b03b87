// SPDX-License-Identifier: MIT
// Errors of element-wise operations, reductions and movements, by their whole text. The others: errors_products.cpp.
#include "tests/ops/throws.hpp"

#include <fmt/format.h>
#include <limits>

namespace {

using namespace autodiff;
using test::throws;
using T = Tensor<double>;
using Widths = std::pair<Index, Index>;
using Indices = Tensor<Index>;

T of(const Shape& shape) { return T::ones(shape); }

}  // namespace

BOOST_AUTO_TEST_SUITE(errors)

BOOST_AUTO_TEST_CASE(elementwise_operations_name_both_shapes_when_they_do_not_broadcast) {
    throws<ShapeError>([] { return of({2, 3}) + of({2}); }, "add: expected shapes that broadcast together, got [2, 3] and [2]");
    throws<ShapeError>([] { return of({2}) / of({3}); }, "div: expected shapes that broadcast together, got [2] and [3]");
    throws<ShapeError>([] { return maximum(of({0}), of({2})); }, "maximum: expected shapes that broadcast together, got [0] and [2]");
    throws<ShapeError>([] { return fma(of({2}), of({2}), of({3})); }, "fma: expected shapes that broadcast together, got [2] and [3]");
    throws<ShapeError>([] { return where(Tensor<bool>::full({2}, true), of({3}), of({3})); },
                       "where: expected shapes that broadcast together, got [3] and [2]");
    throws<ShapeError>([] { return of({2}) < of({3}); }, "compare: expected shapes that broadcast together, got [2] and [3]");
    throws<ShapeError>([] { return Tensor<bool>::full({2}, true) && Tensor<bool>::full({3}, true); },
                       "and: expected shapes that broadcast together, got [2] and [3]");
    throws<ShapeError>([] { return Tensor<bool>::full({2}, true) || Tensor<bool>::full({3}, true); },
                       "or: expected shapes that broadcast together, got [2] and [3]");
    throws<ShapeError>(
        [] {
            T a = of({2});
            a += of({3});
        },
        "add: expected shapes that broadcast together, got [2] and [3]");
}

BOOST_AUTO_TEST_CASE(every_binary_rule_names_itself) {
    rules::for_each<rules::Binary>([]<class R>(R) {
        throws<ShapeError>(
            [] {
                return apply(R{}, of({2, 1, 2}), of({3}));
            },
            fmt::format("{}: expected shapes that broadcast together, got [2, 1, 2] and [3]", R::name));
    });
}

BOOST_AUTO_TEST_CASE(a_code_of_another_arity_is_refused) {
    const auto unary = static_cast<unsigned>(rules::Unary::size), binary = unary + static_cast<unsigned>(rules::Binary::size);
    throws<ValueError>(
        [] { return apply_unary(code_of<rules::Add>, of({2})); },
        fmt::format("visit: expected the code of an operation in [1, {}], got {}", unary, static_cast<unsigned>(code_of<rules::Add>)));
    throws<ValueError>([] { return apply_binary(code_of<rules::Neg>, of({2}), of({2})); },
                       fmt::format("visit: expected the code of an operation in [{}, {}], got 1", unary + 1, binary));
}

BOOST_AUTO_TEST_CASE(reductions_name_the_axis_that_is_not_there) {
    throws<ShapeError>([] { return sum(of({2, 3}), 2); }, "sum: expected an axis of [2, 3], from -2 to 1, got axis 2");
    throws<ShapeError>([] { return mean(of({2, 3}), {0, -3}); }, "mean: expected an axis of [2, 3], from -2 to 1, got axis -3");
    throws<ShapeError>([] { return amax(of({2, 3}), {1, -1}); }, "amax: expected every axis named once, got [1, -1]");
    throws<ShapeError>([] { return amin(of({2}), 1); }, "amin: expected an axis of [2], from -1 to 0, got axis 1");
    throws<ShapeError>([] { return variance(of({2}), 1); }, "variance: expected an axis of [2], from -1 to 0, got axis 1");
    throws<ShapeError>([] { return prod(of({2}), 1); }, "prod: expected an axis of [2], from -1 to 0, got axis 1");
    throws<ShapeError>([] { return logsumexp(of({2}), 1); }, "logsumexp: expected an axis of [2], from -1 to 0, got axis 1");
    throws<ShapeError>([] { return softmax(of({2}), 1); }, "softmax: expected an axis of [2], from -1 to 0, got axis 1");
    throws<ShapeError>([] { return log_softmax(of({2}), -2); }, "log_softmax: expected an axis of [2], from -1 to 0, got axis -2");
    throws<ShapeError>([] { return norm2(of({2}), 1); }, "norm2: expected an axis of [2], from -1 to 0, got axis 1");
    throws<ShapeError>([] { return argmax(of({2}), 1); }, "argmax: expected an axis of [2], from -1 to 0, got axis 1");
    throws<ShapeError>([] { return count(Tensor<bool>::full({2}, true), 1); }, "count: expected an axis of [2], from -1 to 0, got axis 1");
    throws<ShapeError>([] { return softmax(of({})); }, "softmax: expected an axis of [], which has none, got axis -1");
}

BOOST_AUTO_TEST_CASE(reductions_that_need_an_element_say_so) {
    throws<ShapeError>([] { return mean(of({0})); }, "mean: expected at least one element to reduce, got none in shape [0]");
    throws<ShapeError>(
        [] {
            return variance(of({2, 0}), 1);
        },
        "variance: expected at least one element to reduce, got none in shape [2, 0]");
    throws<ShapeError>([] { return variance(of({3, 1}), 1, false, 1); }, "variance: expected more than 1 elements, got 1 in shape [3, 1]");
    throws<ShapeError>([] { return amax(of({0, 3}), 0); }, "amax: expected at least one element to reduce, got none in shape [0, 3]");
    throws<ShapeError>([] { return amin(of({0})); }, "amin: expected at least one element to reduce, got none in shape [0]");
    throws<ShapeError>([] { return argmax(of({0})); }, "argmax: expected at least one element to reduce, got none in shape [0]");
    throws<ShapeError>([] { return logsumexp(of({0})); }, "logsumexp: expected at least one element to reduce, got none in shape [0]");
}

BOOST_AUTO_TEST_CASE(movements_name_what_does_not_fit) {
    throws<ShapeError>([] { return reshape(of({2, 3}), {4}); }, "reshape: expected a shape of 6 elements for [2, 3], got [4]");
    throws<ShapeError>(
        [] {
            return reshape(of({2, 3}), {4, -1});
        },
        "reshape: expected at most one -1 and extents that divide 6 elements, got [4, -1]");
    throws<ShapeError>(
        [] {
            return reshape(of({2, 3}), {-1, -1});
        },
        "reshape: expected at most one -1 and extents that divide 6 elements, got [-1, -1]");
    throws<ShapeError>(
        [] {
            return reshape(of({0}), {0, -1});
        },
        "reshape: expected at most one -1 and extents that divide 0 elements, got [0, -1]");
    throws<ShapeError>([] { return reshape(of({6}), {-2, -3}); }, "shape: expected extents that are not negative, got [-2, -3]");
    throws<ShapeError>(
        [] {
            return reshape(of({6}), {-2, -1, -3});
        },
        "reshape: expected at most one -1 and extents that divide 6 elements, got [-2, -1, -3]");
    throws<ShapeError>([] { return flatten(of({2, 3}), 2); }, "flatten: expected an axis of [2, 3], from -2 to 1, got axis 2");
    throws<ShapeError>([] { return unsqueeze(of({2}), 2); }, "unsqueeze: expected an axis from -2 to 1, got 2");
    throws<ShapeError>([] { return squeeze(of({2, 1}), 0); }, "squeeze: expected an axis of extent 1, got axis 0 of [2, 1]");
    throws<ShapeError>([] { return squeeze(of({2, 1}), 2); }, "squeeze: expected an axis of [2, 1], from -2 to 1, got axis 2");
    throws<ShapeError>([] { return transpose(of({2, 3}), {0, 0}); }, "transpose: expected every axis of [2, 3] once, got [0, 0]");
    throws<ShapeError>([] { return transpose(of({2, 3}), {0}); }, "transpose: expected every axis of [2, 3] once, got [0]");
    throws<ShapeError>([] { return transpose(of({2, 3}), {0, 1, -1}); }, "transpose: expected every axis of [2, 3] once, got [0, 1, -1]");
    throws<ShapeError>([] { return transpose(of({2, 3}), {0, 2}); }, "transpose: expected an axis of [2, 3], from -2 to 1, got axis 2");
    throws<ShapeError>([] { return swap_axes(of({2, 3}), 0, 2); }, "swap_axes: expected an axis of [2, 3], from -2 to 1, got axis 2");
    throws<ShapeError>([] { return broadcast_to(of({2}), {3}); }, "broadcast_to: expected a shape that broadcasts to [3], got [2]");
    throws<ShapeError>([] { return broadcast_to(of({1, 2}), {2}); }, "broadcast_to: expected a shape that broadcasts to [2], got [1, 2]");
    throws<ShapeError>([] { return sum_to(of({3}), {2}); }, "sum_to: expected a shape that broadcasts to [3], got [2]");
    throws<ShapeError>([] { return flip(of({2, 3}), 2); }, "flip: expected an axis of [2, 3], from -2 to 1, got axis 2");
}

BOOST_AUTO_TEST_CASE(slices_name_what_does_not_fit) {
    throws<ShapeError>([] { return slice(of({2}), {all, all}); }, "slice: expected at most 1 slices for shape [2], got 2");
    throws<ValueError>([] { return slice(of({2, 3}), {all, {0, 1, 0}}); }, "slice: expected a step that is not 0, got 0 for axis 1");
    throws<IndexError>([] { return autodiff::select(of({2, 3}), 1, 3); }, "select: expected an index from -3 to 2, got 3");
    throws<IndexError>([] { return autodiff::select(of({2, 3}), 0, -3); }, "select: expected an index from -2 to 1, got -3");
    throws<ShapeError>([] { return autodiff::select(of({2}), 1, 0); }, "select: expected an axis of [2], from -1 to 0, got axis 1");
    throws<ShapeError>(
        [] {
            const Slice first{0, 1};
            return unslice(of({2}), {3}, std::span<const Slice>(&first, 1));
        },
        "unslice: expected a tensor of the slices' shape [1], got [2]");
    throws<ShapeError>([] { return pad(of({2, 3}), {Widths{1, 1}}); }, "pad: expected a pair of widths for each axis of [2, 3], got 1");
    throws<ValueError>([] { return pad(of({2}), {Widths{1, -1}}); }, "pad: expected widths that are not negative, got (1, -1) for axis 0");
}

BOOST_AUTO_TEST_CASE(numbers_at_the_end_of_their_range_do_not_overflow) {
    const Index most = std::numeric_limits<Index>::max(), least = std::numeric_limits<Index>::min();
    BOOST_TEST(slice(T::arange(3), {{1, {}, most}}).item() == 1);
    BOOST_TEST(slice(T::arange(3), {{{}, {}, least}}).item() == 2);
    BOOST_TEST(slice(T::arange(3), {{least, most}}).size() == 3);
    BOOST_TEST(slice(T::arange(3), {{most, least, -1}}).size() == 3);
    throws<ShapeError>(
        [&] {
            return pad(of({2}), {Widths{most, 1}});
        },
        fmt::format("shape: expected at most 2^62 elements, got [{}]", most));
    throws<ShapeError>(
        [&] {
            return reshape(of({2}), {most, most, -1});
        },
        fmt::format("shape: expected at most 2^62 elements, got [{}, {}, 1]", most, most));
    throws<IndexError>([&] { return autodiff::select(of({2}), 0, least); },
                       fmt::format("select: expected an index from -2 to 1, got {}", least));
    throws<IndexError>([&] { return take(of({2}), Indices::of({least})); },
                       fmt::format("take: expected an index from -2 to 1, got {} at position 0", least));
    throws<ShapeError>([&] { return sum(of({2}), most); }, fmt::format("sum: expected an axis of [2], from -1 to 0, got axis {}", most));
}

BOOST_AUTO_TEST_CASE(joins_name_the_part_that_does_not_fit) {
    throws<ShapeError>([] { return concat(std::vector<T>{}); }, "concat: expected at least one tensor, got none");
    throws<ShapeError>(
        [] {
            return concat({of({2, 3}), of({2, 2})});
        },
        "concat: expected shapes that agree with [2, 3] except along axis 0, got [2, 2]");
    throws<ShapeError>(
        [] {
            return concat({of({2}), of({2, 1})});
        },
        "concat: expected shapes that agree with [2] except along axis 0, got [2, 1]");
    throws<ShapeError>([] { return concat({of({2})}, 1); }, "concat: expected an axis of [2], from -1 to 0, got axis 1");
    throws<ShapeError>([] { return concat({of({})}); }, "concat: expected an axis of [], which has none, got axis 0");
    throws<ShapeError>([] { return stack({of({2}), of({3})}); }, "stack: expected tensors of one shape, [2], got [3]");
    throws<ShapeError>([] { return stack(std::vector<T>{}); }, "stack: expected at least one tensor, got none");
    throws<ShapeError>([] { return stack({of({2})}, 2); }, "stack: expected an axis from -2 to 1, got 2");
}

BOOST_AUTO_TEST_CASE(splits_say_what_the_pieces_add_up_to) {
    const auto refuses = [](std::initializer_list<Index> extents, const std::string& got) {
        throws<ShapeError>(
            [&] {
                return split(of({5, 2}), extents);
            },
            "split: expected extents that add up to 5, that of axis 0 of [5, 2], got " + got);
    };
    refuses({2, 2}, "[2, 2]");
    refuses({2, 4}, "[2, 4]");
    refuses({6, -1}, "[6, -1]");
    refuses({}, "[]");
    throws<ShapeError>(
        [] {
            return split(of({2, 5}), 3, -1);
        },
        "split: expected a number of parts that divides 5, the extent of axis 1 of [2, 5], got 3");
    throws<ShapeError>([] { return split(of({5}), 0); },
                       "split: expected a number of parts that divides 5, the extent of axis 0 of [5], got 0");
    throws<ShapeError>([] { return split(of({5}), 5, 1); }, "split: expected an axis of [5], from -1 to 0, got axis 1");
    throws<ShapeError>([] { return unstack(of({5}), -2); }, "unstack: expected an axis of [5], from -1 to 0, got axis -2");
    BOOST_TEST(unstack(of({0, 2})).empty());
}

BOOST_AUTO_TEST_SUITE_END()
