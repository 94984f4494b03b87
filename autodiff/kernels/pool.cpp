// SPDX-License-Identifier: MIT
// Windows are cut to the image first, so that the innermost loops know nothing of padding.
#include "autodiff/kernels/pool.hpp"

#include "autodiff/kernels/elementwise.hpp"
#include "autodiff/kernels/pool_lanes.hpp"
#include "autodiff/kernels/threads.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <limits>

namespace autodiff {
inline namespace v1 {
namespace kernels {

namespace {

constexpr Index largest_step = std::numeric_limits<std::int32_t>::max();  // so that positions do not overflow
constexpr Index windows_a_block = 16384;                                  // elements of windows that a thread takes at once

std::string listed(const std::array<Index, 2>& pair) { return fmt::format("({}, {})", pair[0], pair[1]); }

struct Range {
    Index begin, end;
    [[nodiscard]] Index size() const { return end - begin; }
};

/// The part in the image of window `i` along one direction.
Range cut(const Pool2dGeometry& g, std::size_t direction, Index i, Index extent) {
    const Index begin = i * g.stride[direction] - g.padding[direction];
    return {std::max<Index>(begin, 0), std::min(begin + g.window[direction], extent)};
}

Index planes_a_block(const Shape& y, const Pool2dGeometry& g) {
    return std::max<Index>(1, windows_a_block / std::max<Index>(1, y[2] * y[3] * g.window[0] * g.window[1]));
}

/// work(plane, n, c) for every channel of every image, in parallel.
template <class Work>
void for_planes(const Shape& y, const Pool2dGeometry& g, const Work& work) {
    parallel_for(y[0] * y[1], planes_a_block(y, g), [&](Index begin, Index end) {
        for (Index plane = begin; plane < end; ++plane) work(plane, plane / y[1], plane % y[1]);
    });
}

/// Windows of 2x2 that lie side by side.
bool quarters(const Pool2dGeometry& g) {
    const std::array<Index, 2> two{2, 2};
    return g.window == two && g.stride == two && g.padding == std::array<Index, 2>{0, 0};
}

/// kernel(planes of x from there on, planes of y, how many) for blocks of planes, in parallel.
template <class Kernel>
void for_quarters(const Shape& x, const Shape& y, const Pool2dGeometry& g, const Kernel& kernel) {
    parallel_for(y[0] * y[1], planes_a_block(y, g),
                 [&](Index begin, Index end) { kernel(begin * x[2] * x[3], begin * y[2] * y[3], end - begin); });
}

template <class Visit>
void for_windows(const Shape& x, const Shape& y, const Pool2dGeometry& g, const Visit& visit) {
    for (Index i = 0, at = 0; i < y[2]; ++i)
        for (Index j = 0; j < y[3]; ++j, ++at) visit(at, cut(g, 0, i, x[2]), cut(g, 1, j, x[3]));
}

template <class T>
void expect_result(const Shape& x, const View<T>& y, const Pool2dGeometry& g, std::string_view operation) {
    const Shape expected = pool2d_shape(x, g, operation);
    if (y.shape != expected) throw ShapeError(operation, "a result of shape " + to_string(expected), to_string(y.shape));
}

template <class T>
T weight(const Pool2dGeometry& g, const Range& rows, const Range& columns, bool count_include_pad) {
    return T(1) / static_cast<T>(count_include_pad ? g.window[0] * g.window[1] : rows.size() * columns.size());
}

}  // namespace

Shape pool2d_shape(const Shape& x, const Pool2dGeometry& g, std::string_view operation) {
    if (x.rank() != 4 || x[2] < 1 || x[3] < 1) throw ShapeError(operation, "an input [n, c, h, w] with h, w >= 1", to_string(x));
    std::array<Index, 2> out;
    for (std::size_t k = 0; k < 2; ++k) {
        if (std::min(g.window[k], g.stride[k]) < 1 || std::max(g.window[k], g.stride[k]) > largest_step)
            throw ValueError(operation, fmt::format("window and stride from 1 to {}", largest_step),
                             fmt::format("window {}, stride {}", listed(g.window), listed(g.stride)));
        if (g.padding[k] < 0 || g.padding[k] >= g.window[k])
            throw ValueError(operation, "a padding from 0 to less than the window",
                             fmt::format("padding {}, window {}", listed(g.padding), listed(g.window)));
        const Index axis = 2 + static_cast<Index>(k), padded = x[axis] + 2 * g.padding[k];
        if (g.window[k] > padded)
            throw ShapeError(operation, fmt::format("a window of at most {} along axis {} of the padded input", padded, axis),
                             fmt::format("window {} for {}", listed(g.window), to_string(x)));
        out[k] = (padded - g.window[k]) / g.stride[k] + 1;
    }
    return {x[0], x[1], out[0], out[1]};
}

template <class T>
void max_pool2d(const View<const T>& x, const View<T>& y, Winner<T>* winner, const Pool2dGeometry& g) {
    expect_result(x.shape, y, g, "max_pool2d");
    const Index h = x.shape[2], w = x.shape[3], plane_out = y.shape[2] * y.shape[3];
    if (y.shape.size() > 0 && static_cast<std::uint64_t>(h * w - 1) > std::numeric_limits<Winner<T>>::max())
        throw ShapeError("max_pool2d", fmt::format("at most {} elements in an image", std::numeric_limits<Winner<T>>::max()),
                         to_string(x.shape));
    if (quarters(g) && x.contiguous())
        return for_quarters(x.shape, y.shape, g, [&](Index in, Index out, Index planes) {
            pool_kernels<T>().max(x.data + in, planes, h, w, y.data + out, winner + out);
        });
    for_planes(y.shape, g, [&](Index plane, Index n, Index c) {
        const T* const image = x.data + n * x.strides[0] + c * x.strides[1];
        for_windows(x.shape, y.shape, g, [&](Index at, const Range& rows, const Range& columns) {
            Index place = rows.begin * w + columns.begin;
            T best = image[rows.begin * x.strides[2] + columns.begin * x.strides[3]];
            for (Index a = rows.begin; a < rows.end; ++a)
                for (Index b = columns.begin; b < columns.end; ++b) {
                    const T value = image[a * x.strides[2] + b * x.strides[3]];
                    const bool wins = bool(best == best) & !(value <= best);  // NaN wins against numbers; without a branch
                    best = wins ? value : best, place = wins ? a * w + b : place;
                }
            y.data[plane * plane_out + at] = best;
            winner[plane * plane_out + at] = static_cast<Winner<T>>(quarters(g) ? place / w % 2 * 2 + place % w % 2 : place);
        });
    });
}

namespace {

/// visit(plane, n, c, i, j, where in the image its winner is, row-major)
template <class T, class Visit>
void for_winners(const Shape& x, const Shape& y, const Winner<T>* winner, const Pool2dGeometry& g, const Visit& visit) {
    const bool in_window = quarters(g);
    for_planes(y, g, [&](Index plane, Index n, Index c) {
        const Winner<T>* next = winner + plane * y[2] * y[3];
        for (Index i = 0; i < y[2]; ++i)
            for (Index j = 0; j < y[3]; ++j) {
                const Index k = static_cast<Index>(*next++);
                visit(plane, n, c, i, j, in_window ? (2 * i + k / 2) * x[3] + 2 * j + k % 2 : k);
            }
    });
}

}  // namespace

template <class T>
void max_pool2d_pick(const View<const T>& x, const Winner<T>* winner, const View<T>& y, const Pool2dGeometry& g) {
    expect_result(x.shape, y, g, "max_pool2d");
    const Index w = x.shape[3];
    for_winners<T>(x.shape, y.shape, winner, g, [&](Index plane, Index n, Index c, Index i, Index j, Index at) {
        const Index from = at / w * x.strides[2] + at % w * x.strides[3];
        y.data[(plane * y.shape[2] + i) * y.shape[3] + j] = x.data[n * x.strides[0] + c * x.strides[1] + from];
    });
}

template <class T>
void max_pool2d_input(const View<const T>& ybar, const Winner<T>* winner, const View<T>& xbar, const Pool2dGeometry& g) {
    expect_result(xbar.shape, ybar, g, "max_pool2d");
    const Index h = xbar.shape[2], w = xbar.shape[3];
    if (quarters(g) && ybar.contiguous())
        return for_quarters(xbar.shape, ybar.shape, g, [&](Index in, Index out, Index planes) {
            pool_kernels<T>().max_input(ybar.data + out, winner + out, planes, h, w, xbar.data + in);
        });
    fill(xbar, T(0));
    for_winners<T>(xbar.shape, ybar.shape, winner, g, [&](Index plane, Index n, Index c, Index i, Index j, Index at) {
        xbar.data[plane * h * w + at] += ybar.data[n * ybar.strides[0] + c * ybar.strides[1] + i * ybar.strides[2] + j * ybar.strides[3]];
    });
}

template <class T>
void avg_pool2d(const View<const T>& x, const View<T>& y, const Pool2dGeometry& g, bool count_include_pad) {
    expect_result(x.shape, y, g, "avg_pool2d");
    const Index plane_out = y.shape[2] * y.shape[3];
    if (quarters(g) && x.contiguous())
        return for_quarters(x.shape, y.shape, g, [&](Index in, Index out, Index planes) {
            pool_kernels<T>().mean(x.data + in, planes, x.shape[2], x.shape[3], y.data + out);
        });
    for_planes(y.shape, g, [&](Index plane, Index n, Index c) {
        const T* const image = x.data + n * x.strides[0] + c * x.strides[1];
        for_windows(x.shape, y.shape, g, [&](Index at, const Range& rows, const Range& columns) {
            T sum = T(0);
            for (Index a = rows.begin; a < rows.end; ++a)
                for (Index b = columns.begin; b < columns.end; ++b) sum += image[a * x.strides[2] + b * x.strides[3]];
            y.data[plane * plane_out + at] = sum * weight<T>(g, rows, columns, count_include_pad);
        });
    });
}

template <class T>
void avg_pool2d_input(const View<const T>& ybar, const View<T>& xbar, const Pool2dGeometry& g, bool count_include_pad) {
    expect_result(xbar.shape, ybar, g, "avg_pool2d");
    if (quarters(g) && ybar.contiguous())
        return for_quarters(xbar.shape, ybar.shape, g, [&](Index in, Index out, Index planes) {
            pool_kernels<T>().mean_input(ybar.data + out, planes, xbar.shape[2], xbar.shape[3], xbar.data + in);
        });
    fill(xbar, T(0));
    const Index width = xbar.shape[3], plane_in = xbar.shape[2] * width, columns_out = ybar.shape[3];
    for_planes(ybar.shape, g, [&](Index plane, Index n, Index c) {
        const T* const upstream = ybar.data + n * ybar.strides[0] + c * ybar.strides[1];
        T* const image = xbar.data + plane * plane_in;
        for_windows(xbar.shape, ybar.shape, g, [&](Index at, const Range& rows, const Range& columns) {
            const T term = upstream[at / columns_out * ybar.strides[2] + at % columns_out * ybar.strides[3]] *
                           weight<T>(g, rows, columns, count_include_pad);
            for (Index a = rows.begin; a < rows.end; ++a)
                for (Index b = columns.begin; b < columns.end; ++b) image[a * width + b] += term;
        });
    });
}

#define WENGERT_INSTANTIATE(T)                                                                                                             \
    template void max_pool2d(const View<const T>&, const View<T>&, Winner<T>*, const Pool2dGeometry&);                                     \
    template void max_pool2d_pick(const View<const T>&, const Winner<T>*, const View<T>&, const Pool2dGeometry&);                          \
    template void max_pool2d_input(const View<const T>&, const Winner<T>*, const View<T>&, const Pool2dGeometry&);                         \
    template void avg_pool2d(const View<const T>&, const View<T>&, const Pool2dGeometry&, bool);                                           \
    template void avg_pool2d_input(const View<const T>&, const View<T>&, const Pool2dGeometry&, bool);
WENGERT_INSTANTIATE(float)
WENGERT_INSTANTIATE(double)
#undef WENGERT_INSTANTIATE

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff
