// SPDX-License-Identifier: MIT
// The convolution and its adjoints against the seven loops of their definitions, over random geometries and layouts.
#include "autodiff/kernels/conv.hpp"

#include "autodiff/kernels/threads.hpp"
#include "tests/kernels/views.hpp"

#include <cstring>
#include <vector>

using namespace autodiff;
using namespace views;
using kernels::Conv2dGeometry;

namespace {

/// visit(flat position in x, in w, in y) for every product that the definition adds.
template <class Visit>
void for_products(const Shape& x, const Shape& w, const Shape& y, const Conv2dGeometry& g, const Visit& visit) {
    const Index filters = w[0] / g.groups;
    for (Index n = 0; n < y[0]; ++n)
        for (Index o = 0; o < y[1]; ++o)
            for (Index i = 0; i < y[2]; ++i)
                for (Index j = 0; j < y[3]; ++j)
                    for (Index c = 0; c < w[1]; ++c)
                        for (Index u = 0; u < w[2]; ++u)
                            for (Index v = 0; v < w[3]; ++v) {
                                const Index a = i * g.stride[0] + u * g.dilation[0] - g.padding[0];
                                const Index b = j * g.stride[1] + v * g.dilation[1] - g.padding[1];
                                if (a < 0 || a >= x[2] || b < 0 || b >= x[3]) continue;
                                visit(((n * x[1] + o / filters * w[1] + c) * x[2] + a) * x[3] + b, ((o * w[1] + c) * w[2] + u) * w[3] + v,
                                      ((n * y[1] + o) * y[2] + i) * y[3] + j);
                            }
}

struct Case {
    Shape x, w, y;
    Conv2dGeometry g;
};

Case random_case(Random& random) {
    for (;;) {
        Case c;
        c.g.groups = random.integer(1, 3);
        for (std::size_t k = 0; k < 2; ++k)
            c.g.stride[k] = random.integer(1, 3), c.g.padding[k] = random.integer(0, 3), c.g.dilation[k] = random.integer(1, 3);
        if (random.chance(0.2)) c.g.stride = {1, 1}, c.g.padding = {0, 0};
        const Index side = random.chance(0.3) ? 1 : random.integer(1, 4);
        const Index images = random.chance(0.05) ? 0 : random.integer(1, 20), in = random.chance(0.05) ? 0 : random.integer(1, 3);
        c.x = {images, c.g.groups * in, random.integer(0, 11), random.integer(0, 11)};
        c.w = {c.g.groups * random.integer(1, 3), in, side, random.chance(0.7) ? side : random.integer(1, 4)};
        try {
            c.y = kernels::conv2d_shape(c.x, c.w, c.g);
            return c;
        } catch (const ShapeError&) {
        }  // the kernel does not fit: another one
    }
}

template <class T>
void require_near(const Array<T>& got, const std::vector<long double>& sums, const std::vector<long double>& scales, Index terms) {
    for (std::size_t i = 0; i < sums.size(); ++i)
        BOOST_REQUIRE_MESSAGE(near(got.memory[i], sums[i], scales[i], static_cast<long double>(terms + 2)),
                              to_string(got.view.shape) << " at " << i << ": got " << got.memory[i] << ", expected " << sums[i]);
}

template <class T>
struct Sums {
    std::vector<long double> sums, scales;
    explicit Sums(const Shape& shape) : sums(static_cast<std::size_t>(shape.size())), scales(sums) {}
    void add(Index to, T a, T b) {
        const long double term = static_cast<long double>(a) * static_cast<long double>(b);
        sums[static_cast<std::size_t>(to)] += term, scales[static_cast<std::size_t>(to)] += std::abs(term);
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(convolution)

BOOST_AUTO_TEST_CASE_TEMPLATE(all_three_kernels_equal_the_loops_of_their_definitions, T, Floats) {
    Random random(31);
    for (int round = 0; round < 250; ++round) {
        const Case c = random_case(random);
        const auto x = arranged<T>(random, c.x), w = arranged<T>(random, c.w), ybar = arranged<T>(random, c.y);
        auto y = contiguous<T>(c.y), xbar = contiguous<T>(c.x), wbar = contiguous<T>(c.w);  // NaN: must not be read
        kernels::conv2d(x.read(), w.read(), y.view, c.g);
        kernels::conv2d_input(ybar.read(), w.read(), xbar.view, c.g);
        kernels::conv2d_weight(x.read(), ybar.read(), wbar.view, c.g);
        Sums<T> sy(c.y), sx(c.x), sw(c.w);
        for_products(c.x, c.w, c.y, c.g, [&](Index i, Index j, Index k) {
            sy.add(k, at(x.view, i), at(w.view, j));
            sx.add(i, at(w.view, j), at(ybar.view, k));
            sw.add(j, at(x.view, i), at(ybar.view, k));
        });
        require_near(y, sy.sums, sy.scales, c.w.size());
        require_near(xbar, sx.sums, sx.scales, c.w.size());
        require_near(wbar, sw.sums, sw.scales, c.y.size());
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(images_of_several_bands_have_no_seams, T, Floats) {
    Random random(32);
    const Case cases[] = {{{2, 40, 60, 50}, {8, 40, 3, 3}, {}, {{1, 1}, {1, 1}, {1, 1}, 1}},
                          {{1, 64, 90, 30}, {4, 32, 3, 5}, {}, {{2, 1}, {2, 0}, {3, 2}, 2}},
                          {{2, 700, 40, 40}, {5, 700, 1, 1}, {}, {}}};
    for (const Case& given : cases) {
        const Shape shape = kernels::conv2d_shape(given.x, given.w, given.g);
        auto x = contiguous<T>(given.x), w = contiguous<T>(given.w), ybar = contiguous<T>(shape);
        for (auto* const array : {&x, &w, &ybar})  // small integers: every sum is exact
            for (Index i = 0; i < array->view.shape.size(); ++i) at(array->view, i) = static_cast<T>(random.integer(-2, 2));
        auto y = contiguous<T>(shape), xbar = contiguous<T>(given.x), wbar = contiguous<T>(given.w);
        kernels::conv2d(x.read(), w.read(), y.view, given.g);
        kernels::conv2d_input(ybar.read(), w.read(), xbar.view, given.g);
        kernels::conv2d_weight(x.read(), ybar.read(), wbar.view, given.g);
        auto ey = contiguous<T>(shape, T(0)), ex = contiguous<T>(given.x, T(0)), ew = contiguous<T>(given.w, T(0));
        for_products(given.x, given.w, shape, given.g, [&](Index i, Index j, Index k) {
            const auto a = static_cast<std::size_t>(i), b = static_cast<std::size_t>(j), c = static_cast<std::size_t>(k);
            ey.memory[c] += x.memory[a] * w.memory[b];
            ex.memory[a] += w.memory[b] * ybar.memory[c];
            ew.memory[b] += x.memory[a] * ybar.memory[c];
        });
        BOOST_TEST(std::equal(y.memory.get(), y.memory.get() + y.size, ey.memory.get()));
        BOOST_TEST(std::equal(xbar.memory.get(), xbar.memory.get() + xbar.size, ex.memory.get()));
        BOOST_TEST(std::equal(wbar.memory.get(), wbar.memory.get() + wbar.size, ew.memory.get()));
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_known_convolution_and_its_adjoints_are_exact, T, Floats) {
    auto x = contiguous<T>({1, 1, 3, 3}), k = contiguous<T>({1, 1, 2, 2}), ybar = contiguous<T>({1, 1, 2, 2});
    for (Index i = 0; i < 9; ++i) at(x.view, i) = static_cast<T>(i + 1);
    const T kernel[] = {1, 0, -1, 2};
    for (Index i = 0; i < 4; ++i) at(k.view, i) = kernel[i], at(ybar.view, i) = static_cast<T>(i + 1);
    auto y = contiguous<T>({1, 1, 2, 2}), xbar = contiguous<T>({1, 1, 3, 3}), kbar = contiguous<T>({1, 1, 2, 2});
    kernels::conv2d(x.read(), k.read(), y.view, {});
    kernels::conv2d_input(ybar.read(), k.read(), xbar.view, {});
    kernels::conv2d_weight(x.read(), ybar.read(), kbar.view, {});
    const T expected_y[] = {7, 9, 13, 15}, expected_k[] = {37, 47, 67, 77}, expected_x[] = {1, 2, 0, 2, 4, 4, -3, 2, 8};
    T loss = 0;
    for (Index i = 0; i < 4; ++i) {
        BOOST_TEST(at(y.view, i) == expected_y[i]);
        BOOST_TEST(at(kbar.view, i) == expected_k[i]);
        loss += at(y.view, i) * at(ybar.view, i);
    }
    BOOST_TEST(loss == T(124));
    for (Index i = 0; i < 9; ++i) BOOST_TEST(at(xbar.view, i) == expected_x[i]);
}

BOOST_AUTO_TEST_CASE(results_are_the_same_bits_for_one_and_for_four_threads) {
    Random random(33);
    const int before = kernels::threads();
    const Conv2dGeometry g{{1, 1}, {1, 1}, {1, 1}, 2};
    const Shape shape{21, 8, 30, 30}, kernel{6, 4, 3, 3}, result = kernels::conv2d_shape(shape, kernel, g);
    const auto x = arranged<float>(random, shape, Repeats::no), w = arranged<float>(random, kernel, Repeats::no);
    const auto ybar = arranged<float>(random, result, Repeats::no);
    std::vector<Array<float>> runs;
    for (const int count : {1, 4}) {
        kernels::set_threads(count);
        runs.push_back(contiguous<float>(result)), runs.push_back(contiguous<float>(shape)), runs.push_back(contiguous<float>(kernel));
        kernels::conv2d(x.read(), w.read(), runs[runs.size() - 3].view, g);
        kernels::conv2d_input(ybar.read(), w.read(), runs[runs.size() - 2].view, g);
        kernels::conv2d_weight(x.read(), ybar.read(), runs[runs.size() - 1].view, g);
    }
    kernels::set_threads(before);
    for (std::size_t k = 0; k < 3; ++k)
        BOOST_TEST(std::memcmp(runs[k].view.data, runs[k + 3].view.data, sizeof(float) * static_cast<std::size_t>(runs[k].size)) == 0);
}

BOOST_AUTO_TEST_CASE(misfits_are_named) {
    const Shape x{2, 4, 5, 5};
    using kernels::conv2d_shape;
    BOOST_CHECK_EXCEPTION(
        conv2d_shape({4, 5, 5}, {1, 4, 3, 3}, {}), ShapeError,
        says("conv2d: expected an input [n, in, h, w] and a kernel [out, in / groups, kh, kw], got [4, 5, 5] and [1, 4, 3, 3]"));
    BOOST_CHECK_EXCEPTION(conv2d_shape(x, {1, 3, 3, 3}, {}), ShapeError,
                          says("conv2d: expected a kernel [out, in / groups, kh, kw] for [2, 4, 5, 5] in 1 groups, got [1, 3, 3, 3]"));
    BOOST_CHECK_EXCEPTION(conv2d_shape(x, {3, 2, 3, 3}, {{1, 1}, {0, 0}, {1, 1}, 2}), ShapeError,
                          says("conv2d: expected a kernel [out, in / groups, kh, kw] for [2, 4, 5, 5] in 2 groups, got [3, 2, 3, 3]"));
    BOOST_CHECK_EXCEPTION(
        conv2d_shape(x, {1, 4, 3, 3}, {{1, 1}, {0, 0}, {3, 3}, 1}), ShapeError,
        says("conv2d: expected a kernel that spans at most 5 along axis 2, the padded input, got [1, 4, 3, 3] with dilation (3, 3)"));
    BOOST_CHECK_EXCEPTION(
        conv2d_shape(x, {1, 4, 3, 3}, {{0, 1}, {0, 0}, {1, 1}, 1}), ValueError,
        says("conv2d: expected stride, dilation and groups from 1 to 2147483647, got stride (0, 1), dilation (1, 1), groups 1"));
    BOOST_CHECK_EXCEPTION(conv2d_shape(x, {1, 4, 3, 3}, {{1, 1}, {0, -1}, {1, 1}, 1}), ValueError,
                          says("conv2d: expected a padding from 0 to 2147483647, got (0, -1)"));
    const auto image = contiguous<float>(x, 0.0f), kernel = contiguous<float>({1, 4, 3, 3}, 0.0f);
    auto y = contiguous<float>({2, 1, 3, 4});
    BOOST_CHECK_EXCEPTION(kernels::conv2d(image.read(), kernel.read(), y.view, {}), ShapeError,
                          says("conv2d: expected a result of shape [2, 1, 3, 3], got [2, 1, 3, 4]"));
}

BOOST_AUTO_TEST_SUITE_END()
