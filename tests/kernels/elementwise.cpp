// SPDX-License-Identifier: MIT
// Element-wise kernels against one loop over flat positions, for every layout of every operand.
#include "autodiff/kernels/elementwise.hpp"

#include "tests/kernels/views.hpp"

#include <limits>

using namespace autodiff;
using namespace views;

namespace {

// Elements of the memory behind a strided result that do not belong to it must stay as they were.
template <class T>
Index gaps_left(const Array<T>& a) {
    Index count = 0;
    for (Index i = 0; i < a.size; ++i) count += std::isnan(static_cast<double>(a.memory[static_cast<std::size_t>(i)]));
    return count;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(elementwise)

BOOST_AUTO_TEST_CASE_TEMPLATE(map_of_up_to_four_operands_equals_a_loop_for_every_layout, T, Floats) {
    Random random(1);
    for (int round = 0; round < 400; ++round) {
        const Shape shape = random.shape(0, 6);
        const auto a = arranged<T>(random, shape), b = arranged<T>(random, shape), c = arranged<T>(random, shape),
                   d = arranged<T>(random, shape);
        auto y = round % 2 ? contiguous<T>(shape) : arranged<T>(random, shape, Repeats::no);
        const auto check = [&](const auto& expected) {
            for (Index i = 0; i < shape.size(); ++i) BOOST_REQUIRE_EQUAL(at(y.view, i), expected(i));
        };
        const auto of = [](const Array<T>& x) { return [&x](Index i) { return at(x.view, i); }; };
        const auto va = of(a), vb = of(b), vc = of(c), vd = of(d);
        kernels::map(
            y.view, [](T p) { return p + T(1); }, a.read());
        check([&](Index i) { return va(i) + T(1); });
        kernels::map(
            y.view, [](T p, T q) { return p - q; }, a.read(), b.read());
        check([&](Index i) { return va(i) - vb(i); });
        kernels::map(
            y.view, [](T p, T q, T r) { return p - q * r; }, a.read(), b.read(), c.read());
        check([&](Index i) { return va(i) - vb(i) * vc(i); });
        kernels::map(
            y.view, [](T p, T q, T r, T s) { return (p - q) * (r - s); }, a.read(), b.read(), c.read(), d.read());
        check([&](Index i) { return (va(i) - vb(i)) * (vc(i) - vd(i)); });
        kernels::map(y.view, [] { return T(3); });
        check([](Index) { return T(3); });
    }
}

BOOST_AUTO_TEST_CASE(results_and_operands_may_be_booleans_and_integers) {
    Random random(2);
    for (int round = 0; round < 200; ++round) {
        const Shape shape = random.shape(0, 4);
        const auto a = arranged<double>(random, shape), b = arranged<double>(random, shape);
        const auto k = arranged<Index>(random, shape);
        auto less = contiguous<bool>(shape);
        auto y = contiguous<double>(shape);
        kernels::map(
            less.view, [](double p, double q) { return p < q; }, a.read(), b.read());
        kernels::map(
            y.view, [](bool c, Index n, double q) { return c ? static_cast<double>(n) : q; }, less.read(), k.read(), b.read());
        for (Index i = 0; i < shape.size(); ++i) {
            BOOST_REQUIRE_EQUAL(at(less.view, i), at(a.view, i) < at(b.view, i));
            BOOST_REQUIRE_EQUAL(at(y.view, i), at(a.view, i) < at(b.view, i) ? static_cast<double>(at(k.view, i)) : at(b.view, i));
        }
    }
}

BOOST_AUTO_TEST_CASE(in_place_is_allowed) {
    auto x = contiguous<float>({1000}, 2.0f);
    kernels::map(
        x.view, [](float p, float q) { return p * q + 1; }, x.read(), x.read());
    for (Index i = 0; i < 1000; ++i) BOOST_REQUIRE_EQUAL(at(x.view, i), 5.0f);
}

BOOST_AUTO_TEST_CASE(large_views_are_cut_into_blocks_without_a_seam) {
    for (const Shape& shape : {Shape{200003}, Shape{3, 70001}, Shape{70001, 3}, Shape{5, 300, 101}}) {
        auto row = contiguous<double>(Shape{shape[-1]});
        for (Index j = 0; j < shape[-1]; ++j) at(row.view, j) = static_cast<double>(j % 1001);
        auto x = contiguous<double>(shape);
        for (Index i = 0; i < shape.size(); ++i) at(x.view, i) = static_cast<double>(i);
        auto y = contiguous<double>(shape);
        kernels::map(
            y.view, [](double p, double q) { return p + q; }, x.read(), row.read().broadcast_to(shape));
        Index wrong = 0;
        for (Index i = 0; i < shape.size(); ++i)
            wrong += y.memory[static_cast<std::size_t>(i)] != static_cast<double>(i + i % shape[-1] % 1001);
        BOOST_TEST(wrong == 0, to_string(shape));
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(copy_fill_and_accumulate_touch_their_elements_only, T, Floats) {
    Random random(3);
    for (int round = 0; round < 400; ++round) {
        const Shape shape = random.shape(0, 5);
        const auto x = arranged<T>(random, shape);
        auto y = arranged<T>(random, shape, Repeats::no);
        const Index gaps = gaps_left(y);
        std::vector<T> before;
        for (Index i = 0; i < shape.size(); ++i) before.push_back(at(y.view, i));
        kernels::accumulate(y.view, x.read());
        for (Index i = 0; i < shape.size(); ++i) BOOST_REQUIRE_EQUAL(at(y.view, i), before[static_cast<std::size_t>(i)] + at(x.view, i));
        kernels::copy(y.view, x.read());
        for (Index i = 0; i < shape.size(); ++i) BOOST_REQUIRE_EQUAL(at(y.view, i), at(x.view, i));
        kernels::fill(y.view, T(7));
        for (Index i = 0; i < shape.size(); ++i) BOOST_REQUIRE_EQUAL(at(y.view, i), T(7));
        BOOST_REQUIRE_EQUAL(gaps_left(y), gaps);
    }
}

BOOST_AUTO_TEST_CASE(transposed_copies_cover_whole_and_partial_tiles) {
    Random random(4);
    for (const Shape& shape : {Shape{32, 32}, Shape{33, 65}, Shape{700, 301}, Shape{1, 500}, Shape{3, 100, 70}, Shape{70, 3, 100}}) {
        auto x = contiguous<float>(shape);
        for (Index i = 0; i < shape.size(); ++i) at(x.view, i) = static_cast<float>(i);
        Extents extents(shape.begin(), shape.end());
        Strides strides = x.view.strides;
        std::reverse(extents.begin(), extents.end());
        std::reverse(strides.begin(), strides.end());
        const View<const float> reversed{x.view.data, Shape(std::span<const Index>(extents.data(), extents.size())), strides};
        auto y = contiguous<float>(reversed.shape);
        kernels::copy(y.view, reversed);
        Index wrong = 0;
        for (Index i = 0; i < shape.size(); ++i) wrong += at(y.view, i) != at(reversed, i);
        BOOST_TEST(wrong == 0, to_string(shape));
    }
}

BOOST_AUTO_TEST_CASE(integers_and_booleans_are_copied_and_filled_too) {
    Random random(5);
    const Shape shape{3, 4};
    const auto flags = arranged<bool>(random, shape);
    const auto counts = arranged<Index>(random, shape);
    auto copied_flags = contiguous<bool>(shape);
    auto copied_counts = contiguous<Index>(shape);
    kernels::copy(copied_flags.view, flags.read());
    kernels::copy(copied_counts.view, counts.read());
    for (Index i = 0; i < 12; ++i) {
        BOOST_TEST(at(copied_flags.view, i) == at(flags.view, i));
        BOOST_TEST(at(copied_counts.view, i) == at(counts.view, i));
    }
    kernels::fill(copied_flags.view, true);
    kernels::fill(copied_counts.view, Index{-5});
    for (Index i = 0; i < 12; ++i) BOOST_TEST((at(copied_flags.view, i) && at(copied_counts.view, i) == -5));
}

BOOST_AUTO_TEST_SUITE_END()
