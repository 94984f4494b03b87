// SPDX-License-Identifier: MIT
// The convolution and its adjoints against the seven loops of their definitions, over random geometries and layouts.
#include "autodiff/kernels/conv.hpp"

#include "autodiff/kernels/conv_columns.hpp"
#include "autodiff/kernels/conv_direct.hpp"
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

/// Small images, or wide ones with filters for several registers.
Case random_case(Random& random, bool wide) {
    for (;;) {
        Case c;
        c.g.groups = random.integer(1, 3);
        for (std::size_t k = 0; k < 2; ++k)
            c.g.stride[k] = random.integer(1, 3), c.g.padding[k] = random.integer(0, 3), c.g.dilation[k] = random.integer(1, 3);
        if (random.chance(0.2)) c.g.stride = {1, 1}, c.g.padding = {0, 0};
        const Index side = random.chance(0.3) ? 1 : random.integer(1, 4);
        const Index images = random.chance(0.05) ? 0 : random.integer(1, wide ? 3 : 20),
                    in = random.chance(0.05) ? 0 : random.integer(1, 3);
        c.x = {images, c.g.groups * in, random.integer(0, wide ? 6 : 11), random.integer(0, wide ? 45 : 11)};
        c.w = {c.g.groups * random.integer(1, wide ? 21 : 3), in, side, random.chance(0.7) ? side : random.integer(1, 4)};
        if (random.chance(0.1)) c.w = {c.w[0], in, c.x[2], c.x[3]};  // as large as the image
        try {
            c.y = kernels::conv2d_shape(c.x, c.w, c.g);
            return c;
        } catch (const ShapeError&) {
        }  // the kernel does not fit: another one
    }
}

/// The three kernels; of row-major operands, either way.
template <class T>
struct Kernels {
    const char* name;
    void (*forward)(const Case& c, const View<const T>& x, const View<const T>& w, const View<T>& y);
    void (*input)(const Case& c, const View<const T>& ybar, const View<const T>& w, const View<T>& xbar);
    void (*weight)(const Case& c, const View<const T>& x, const View<const T>& ybar, const View<T>& wbar);
};
template <class T>
const Kernels<T> chosen{
    "chosen", [](const Case& c, const auto& x, const auto& w, const auto& y) { kernels::conv2d(x, w, y, c.g); },
    [](const Case& c, const auto& ybar, const auto& w, const auto& xbar) { kernels::conv2d_input(ybar, w, xbar, c.g); },
    [](const Case& c, const auto& x, const auto& ybar, const auto& wbar) { kernels::conv2d_weight(x, ybar, wbar, c.g); }};
kernels::ConvPlan plan(const Case& c) { return {c.x, c.w, c.y, c.g}; }
template <class T>
const Kernels<T> direct{
    "direct", [](const Case& c, const auto& x, const auto& w, const auto& y) { kernels::direct_conv2d(plan(c), x.data, w.data, y.data); },
    [](const Case& c, const auto& y, const auto& w, const auto& x) { kernels::direct_conv2d_input(plan(c), y.data, w.data, x.data); },
    [](const Case& c, const auto& x, const auto& y, const auto& w) { kernels::direct_conv2d_weight(plan(c), x.data, y.data, w.data); }};
template <class T>
const Kernels<T> columns{
    "columns", [](const Case& c, const auto& x, const auto& w, const auto& y) { kernels::columns_conv2d(plan(c), x.data, w.data, y.data); },
    [](const Case& c, const auto& y, const auto& w, const auto& x) { kernels::columns_conv2d_input(plan(c), y.data, w.data, x.data); },
    [](const Case& c, const auto& x, const auto& y, const auto& w) { kernels::columns_conv2d_weight(plan(c), x.data, y.data, w.data); }};

/// The same values in row-major order.
template <class T>
Array<T> dense(const Array<T>& a) {
    auto result = contiguous<T>(a.view.shape);
    for (Index i = 0; i < a.view.shape.size(); ++i) at(result.view, i) = at(a.view, i);
    return result;
}

/// Operands of a case with the results of kernels that are given them.
template <class T>
struct Results {
    Array<T> y, xbar, wbar;
    Results(const Kernels<T>& k, const Case& c, const Array<T>& x, const Array<T>& w, const Array<T>& ybar)
        : y(contiguous<T>(c.y)), xbar(contiguous<T>(c.x)), wbar(contiguous<T>(c.w)) {  // NaN: must not be read
        k.forward(c, x.read(), w.read(), y.view);
        k.input(c, ybar.read(), w.read(), xbar.view);
        k.weight(c, x.read(), ybar.read(), wbar.view);
    }
};

template <class T>
void require_near(const char* way, const Array<T>& got, const std::vector<long double>& sums, const std::vector<long double>& scales,
                  Index terms) {
    for (std::size_t i = 0; i < sums.size(); ++i)
        BOOST_REQUIRE_MESSAGE(near(got.memory[i], sums[i], scales[i], static_cast<long double>(terms + 2)),
                              way << ", " << to_string(got.view.shape) << " at " << i << ": got " << got.memory[i] << ", expected "
                                  << sums[i]);
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
    for (int round = 0; round < 400; ++round) {
        const Case c = random_case(random, round % 2 == 0);
        const auto x = arranged<T>(random, c.x), w = arranged<T>(random, c.w), ybar = arranged<T>(random, c.y);
        Sums<T> sy(c.y), sx(c.x), sw(c.w);
        for_products(c.x, c.w, c.y, c.g, [&](Index i, Index j, Index k) {
            sy.add(k, at(x.view, i), at(w.view, j));
            sx.add(i, at(w.view, j), at(ybar.view, k));
            sw.add(j, at(x.view, i), at(ybar.view, k));
        });
        const auto require_all = [&](const Kernels<T>& way, const Results<T>& got) {
            require_near(way.name, got.y, sy.sums, sy.scales, c.w.size());
            require_near(way.name, got.xbar, sx.sums, sx.scales, c.w.size());
            require_near(way.name, got.wbar, sw.sums, sw.scales, c.y.size());
        };
        require_all(chosen<T>, {chosen<T>, c, x, w, ybar});
        if (c.x.size() == 0 || c.w.size() == 0 || c.y.size() == 0) continue;
        const auto dense_x = dense(x), dense_w = dense(w), dense_ybar = dense(ybar);
        require_all(direct<T>, {direct<T>, c, dense_x, dense_w, dense_ybar});
        require_all(columns<T>, {columns<T>, c, dense_x, dense_w, dense_ybar});
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_three_kernels_are_adjoints_of_each_other, T, Floats) {
    Random random(34);
    const auto dot = [](const Array<T>& a, const Array<T>& b) {
        long double sum = 0, scale = 0;
        for (Index i = 0; i < a.view.shape.size(); ++i) {
            const long double term = static_cast<long double>(at(a.view, i)) * static_cast<long double>(at(b.view, i));
            sum += term, scale += std::abs(term);
        }
        return std::pair{sum, scale};
    };
    for (int round = 0; round < 100; ++round) {
        const Case c = random_case(random, round % 2 == 0);
        const auto x = arranged<T>(random, c.x), w = arranged<T>(random, c.w), ybar = arranged<T>(random, c.y);
        const Results<T> got(chosen<T>, c, x, w, ybar);
        const auto [by_y, scale_y] = dot(got.y, ybar);
        const auto [by_x, scale_x] = dot(got.xbar, x);
        const auto [by_w, scale_w] = dot(got.wbar, w);
        const long double scale = static_cast<long double>(c.w.size()) * (scale_x + scale_y + scale_w + 1);
        BOOST_REQUIRE(near(static_cast<T>(by_x), by_y, scale, 8));
        BOOST_REQUIRE(near(static_cast<T>(by_w), by_y, scale, 8));
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_nan_reaches_what_it_is_a_term_of_and_nothing_else, T, Floats) {
    Random random(35);
    const T nan = std::numeric_limits<T>::quiet_NaN();
    for (int round = 0; round < 200; ++round) {
        const Case c = random_case(random, round % 2 == 0);
        if (c.x.size() == 0 || c.w.size() == 0 || c.y.size() == 0) continue;
        const auto x = arranged<T>(random, c.x, Repeats::no), w = arranged<T>(random, c.w), ybar = arranged<T>(random, c.y, Repeats::no);
        const Index in_x = random.integer(0, c.x.size() - 1), in_y = random.integer(0, c.y.size() - 1);
        std::vector<bool> y(static_cast<std::size_t>(c.y.size())), xbar(static_cast<std::size_t>(c.x.size()));
        std::vector<bool> wbar(static_cast<std::size_t>(c.w.size()));
        for_products(c.x, c.w, c.y, c.g, [&](Index i, Index j, Index k) {
            if (i == in_x) y[static_cast<std::size_t>(k)] = true;
            if (k == in_y) xbar[static_cast<std::size_t>(i)] = true;
            if (i == in_x) wbar[static_cast<std::size_t>(j)] = true;
        });
        const Index filter = in_y / (c.y[2] * c.y[3]) % c.y[1], taps = c.w.size() / c.w[0];  // times the zeros outside as well
        std::fill_n(wbar.begin() + filter * taps, taps, true);
        at(x.view, in_x) = at(ybar.view, in_y) = nan;
        const Results<T> got(chosen<T>, c, x, w, ybar);
        const auto require_nan = [](const Array<T>& array, const std::vector<bool>& expected) {
            for (std::size_t i = 0; i < expected.size(); ++i) BOOST_REQUIRE_EQUAL(std::isnan(array.memory[i]), expected[i]);
        };
        require_nan(got.y, y), require_nan(got.xbar, xbar), require_nan(got.wbar, wbar);
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(images_of_several_bands_have_no_seams, T, Floats) {
    Random random(32);
    const Case cases[] = {{{2, 40, 60, 50}, {8, 40, 3, 3}, {}, {{1, 1}, {1, 1}, {1, 1}, 1}},
                          {{1, 64, 90, 30}, {4, 32, 3, 5}, {}, {{2, 1}, {2, 0}, {3, 2}, 2}},
                          {{2, 700, 40, 40}, {5, 700, 1, 1}, {}, {}}};
    for (Case c : cases) {
        c.y = kernels::conv2d_shape(c.x, c.w, c.g);
        auto x = contiguous<T>(c.x), w = contiguous<T>(c.w), ybar = contiguous<T>(c.y);
        for (auto* const array : {&x, &w, &ybar})  // small integers: every sum is exact
            for (Index i = 0; i < array->view.shape.size(); ++i) at(array->view, i) = static_cast<T>(random.integer(-2, 2));
        auto ey = contiguous<T>(c.y, T(0)), ex = contiguous<T>(c.x, T(0)), ew = contiguous<T>(c.w, T(0));
        for_products(c.x, c.w, c.y, c.g, [&](Index in_x, Index in_w, Index in_y) {
            const auto i = static_cast<std::size_t>(in_x), j = static_cast<std::size_t>(in_w), k = static_cast<std::size_t>(in_y);
            ey.memory[k] += x.memory[i] * w.memory[j];
            ex.memory[i] += w.memory[j] * ybar.memory[k];
            ew.memory[j] += x.memory[i] * ybar.memory[k];
        });
        for (const Kernels<T>* const way : {&direct<T>, &columns<T>}) {
            const Results<T> got(*way, c, x, w, ybar);
            BOOST_TEST(std::equal(got.y.memory.get(), got.y.memory.get() + got.y.size, ey.memory.get()), way->name);
            BOOST_TEST(std::equal(got.xbar.memory.get(), got.xbar.memory.get() + got.xbar.size, ex.memory.get()), way->name);
            BOOST_TEST(std::equal(got.wbar.memory.get(), got.wbar.memory.get() + got.wbar.size, ew.memory.get()), way->name);
        }
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

BOOST_AUTO_TEST_CASE_TEMPLATE(results_are_the_same_bits_for_every_number_of_threads, T, Floats) {
    Random random(33);
    const int before = kernels::threads();
    const auto same = [](const Array<T>& a, const Array<T>& b) {
        return std::memcmp(a.view.data, b.view.data, sizeof(T) * static_cast<std::size_t>(a.size)) == 0;
    };
    for (Case c : {Case{{21, 8, 30, 30}, {6, 4, 3, 3}, {}, {{1, 1}, {1, 1}, {1, 1}, 2}},
                   Case{{5, 3, 41, 37}, {24, 3, 5, 5}, {}, {{2, 2}, {2, 2}, {1, 1}, 1}}, Case{{1, 60, 90, 90}, {5, 60, 3, 3}, {}, {}}}) {
        c.y = kernels::conv2d_shape(c.x, c.w, c.g);
        const auto x = dense(arranged<T>(random, c.x)), w = dense(arranged<T>(random, c.w)), ybar = dense(arranged<T>(random, c.y));
        for (const Kernels<T>* const way : {&chosen<T>, &direct<T>, &columns<T>}) {
            std::vector<Results<T>> runs;
            for (const int count : {1, 2, 4}) {
                kernels::set_threads(count);
                runs.emplace_back(*way, c, x, w, ybar);
            }
            kernels::set_threads(before);
            for (const Results<T>& run : {std::cref(runs[1]), std::cref(runs[2])}) {
                BOOST_TEST(same(run.y, runs[0].y), way->name);
                BOOST_TEST(same(run.xbar, runs[0].xbar), way->name);
                BOOST_TEST(same(run.wbar, runs[0].wbar), way->name);
            }
        }
    }
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
